//! Somebody comes in: their seat, their place in the media room, and what they are told first.

use std::sync::Arc;
use std::time::Duration;

use tracing::warn;
use uuid::Uuid;

use super::actor::{Actor, Socket};
use super::command::{Admission, Entered};
use super::lobby::Waiting;
use super::media_terms::{ice_server, publish_parameters};
use super::prepared;
use super::protocol::{CloseCode, ErrorName, IceServer, ServerMessage, Welcome};
use super::roster::{Entrant, Entry, Identity, SEAT_KEPT, Ticket};
use super::talk::Outbox;
use crate::domain::meeting::SeatId;
use crate::domain::meeting_right::acts_of;
use crate::media::ParticipantId;
use crate::net;

impl Actor {
    pub(super) async fn enter(
        &mut self,
        entrant: Entrant,
        place: Option<String>,
        outbox: Outbox,
    ) -> Result<Admission, ErrorName> {
        let fresh = self.fresh_seat(&entrant.identity, place.as_deref());
        let seat = SeatId(fresh.0.to_string());
        if !self.roster.has(fresh.0) && self.procedure.holds_back(&seat, entrant.role) {
            outbox.say(ServerMessage::Waiting { place: fresh.1 });
            self.knock(Waiting {
                seat: seat.clone(),
                entrant,
                outbox,
            });
            return Ok(Admission::Waits(seat));
        }
        let join_muted = self.roster.count() >= self.procedure.rules.muted_above as usize;
        self.write_entry(&entrant, fresh.0).await?;
        self.stop_waiting(&seat);
        self.sit(entrant, place, outbox, fresh, join_muted)
            .await
            .map(Admission::In)
    }

    /// The seat and the secret place of whoever comes: derived, so that both are the same after a restart.
    fn fresh_seat(&self, identity: &Identity, place: Option<&str>) -> (Uuid, String) {
        let drawn = || hex::encode(self.clock.random_bytes::<16>());
        let (seat, place) = match (identity, place) {
            (Identity::Guest, Some(known)) if prepared::is_place(known) => {
                (prepared::guest_seat(&self.meeting, known), known.to_owned())
            }
            (Identity::Guest, _) => {
                let place = drawn();
                (prepared::guest_seat(&self.meeting, &place), place)
            }
            (known, _) => (prepared::seat_of(&self.meeting, known), drawn()),
        };
        // A derived seat is a UUID, so the fallback, a random one, is never needed.
        let id = prepared::uuid_of(&seat).unwrap_or_else(|| self.random_id());
        (id, place)
    }

    async fn sit(
        &mut self,
        entrant: Entrant,
        given: Option<String>,
        outbox: Outbox,
        fresh: (Uuid, String),
        join_muted: bool,
    ) -> Result<Entered, ErrorName> {
        let (role, wants_to_keep) = (entrant.role, entrant.keeps_media);
        let Entry {
            ticket,
            place,
            replaced,
        } = self.roster.enter(entrant, given.as_deref(), fresh)?;
        let former = self.sockets.remove(&ticket.id);
        if let (Some(_), Some(former)) = (replaced, &former) {
            former.outbox.say(ServerMessage::Replaced {});
            former.outbox.close(CloseCode::Replaced);
        }
        let kept = former
            .filter(|_| wants_to_keep && given.as_ref() == Some(&place))
            .map(|former| former.media);
        let is_kept = kept.is_some();
        let media = match kept {
            Some(media) => media,
            None => self.seat_media(ticket).await?,
        };
        outbox.say(ServerMessage::Welcome(Box::new(Welcome {
            id: ticket.id.to_string(),
            place,
            role,
            may: acts_of(role),
            title: self.title.clone(),
            participants: self.roster.participants(),
            publish: publish_parameters(),
            ice_servers: self.ice_servers(ticket.id),
            procedure: self.procedure_state(ticket.id),
            join_muted,
            kept: is_kept,
            seat_kept_seconds: SEAT_KEPT.as_secs() as u32,
        })));
        self.sockets.insert(
            ticket.id,
            Socket {
                outbox,
                media: media.clone(),
            },
        );
        self.tell_of(ticket.id);
        self.tell_entry(&SeatId(ticket.id.to_string()));
        self.tell_knocks_to(ticket.id);
        if is_kept {
            // What changed while nobody listened.
            media.tell_again();
        }
        Ok(Entered {
            ticket,
            media,
            is_kept,
        })
    }

    /// A new place in the media room, everything muted.
    async fn seat_media(&mut self, ticket: Ticket) -> Result<Arc<net::Seat>, ErrorName> {
        let media = match self.room.join(ParticipantId(ticket.id)).await {
            Ok(seat) => Arc::new(seat),
            Err(error) => {
                warn!(%error, "the media room let nobody in");
                self.roster.leave(ticket);
                self.tell(&ServerMessage::Left {
                    id: ticket.id.to_string(),
                });
                return Err(ErrorName::MediaUnavailable);
            }
        };
        for source in crate::media::Source::ALL {
            media.mute(source, true);
        }
        Ok(media)
    }

    fn ice_servers(&self, participant: Uuid) -> Vec<IceServer> {
        let expires = self.clock.now().after(RELAYED).unix_seconds();
        let servers = self.room.ice_servers(ParticipantId(participant), expires);
        servers.into_iter().map(ice_server).collect()
    }

    fn random_id(&self) -> Uuid {
        uuid::Builder::from_random_bytes(self.clock.random_bytes()).into_uuid()
    }
}

/// How long a relay may be asked for: a working day, as a session lasts. One that stands is kept for longer.
pub(super) const RELAYED: Duration = Duration::from_secs(12 * 3_600);
