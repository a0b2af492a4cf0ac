//! One participant's side of a meeting: takes the messages of one socket in order and answers them.
//!
//! It knows nothing of WebSockets: text comes in by [`Talk::hear`], [`Out`] goes out by the [`Outbox`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use ring::digest;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::Limit;
use super::ballot_box::{MODULUS_BYTES, SigningKey, Unusable};
use super::command::{Admission, Entered};
use super::media_terms::{reported, to_media, watched};
use super::protocol::{
    self, Act, ClientMessage, CloseCode, ErrorName, MESSAGE_BYTES, OwnLine, PublishedTrack, Role,
    ServerMessage, Source, ViewedSlot,
};
use super::registry::Meeting;
use super::roster::{Entrant, Identity, Ticket};
use crate::domain::meeting::{DisplayName, NameError, SeatId, SiteId};
use crate::domain::meeting_right::may;
use crate::domain::procedure::Step;
use crate::media::{Viewport, Watch};
use crate::net;

/// What a socket is told to do.
#[derive(Debug, Clone)]
pub enum Out {
    Say(Arc<ServerMessage>),
    Close(CloseCode),
}

/// The way to a socket. It never waits: a socket that lets [`OUTBOX`] messages lie has missed something, and is cut
/// off to come back and be told everything anew.
#[derive(Debug, Clone)]
pub struct Outbox {
    sender: mpsc::Sender<Out>,
    cut_off: CancellationToken,
}

impl Outbox {
    /// An outbox and the end that the socket reads.
    #[must_use]
    pub fn new() -> (Self, mpsc::Receiver<Out>) {
        let (sender, receiver) = mpsc::channel(OUTBOX);
        (
            Self {
                sender,
                cut_off: CancellationToken::new(),
            },
            receiver,
        )
    }

    /// Cancelled when the socket is to be dropped without another word.
    #[must_use]
    pub fn cut_off(&self) -> CancellationToken {
        self.cut_off.clone()
    }

    pub(super) fn say(&self, message: ServerMessage) {
        self.put(Out::Say(Arc::new(message)));
    }

    pub(super) fn say_shared(&self, message: &Arc<ServerMessage>) {
        self.put(Out::Say(message.clone()));
    }

    pub(super) fn close(&self, code: CloseCode) {
        self.put(Out::Close(code));
    }

    fn put(&self, out: Out) {
        if self.sender.try_send(out).is_err() {
            self.cut_off.cancel();
        }
    }
}

/// Who stands behind a socket; settled before it was opened.
#[derive(Debug, Clone)]
pub struct Visitor {
    pub identity: Identity,
    /// The name of the account, shown when `join` gives none.
    pub account_name: Option<DisplayName>,
    /// Position and agency.
    pub title: Option<String>,
    pub role: Role,
    /// Where they sit.
    pub site: Option<SiteId>,
}

/// Whether the talk goes on after a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    Next,
    Close(CloseCode),
}

/// The talk of one socket.
pub struct Talk {
    meeting: Meeting,
    visitor: Visitor,
    outbox: Outbox,
    limit: Limit,
    entered: Option<Entered>,
    /// Before the door, as this seat.
    waits: Option<SeatId>,
    reported: Option<Instant>,
    /// The most pictures that the page had room for.
    seats: usize,
    /// The connection has fewer seats than that.
    lacks_seats: bool,
    /// An offer is not answered yet; there is one at a time.
    awaits_answer: bool,
}

impl Talk {
    pub(super) fn new(meeting: Meeting, visitor: Visitor, outbox: Outbox, now: Instant) -> Self {
        Self {
            meeting,
            visitor,
            outbox,
            limit: Limit::new(now),
            entered: None,
            waits: None,
            reported: None,
            seats: net::SlotPool::default().seats,
            lacks_seats: false,
            awaits_answer: false,
        }
    }

    /// Whether `join` was accepted, or they wait to be let in.
    #[must_use]
    pub fn is_known(&self) -> bool {
        self.entered.is_some() || self.waits.is_some()
    }

    /// Takes one text message.
    pub async fn hear(&mut self, text: &str, now: Instant) -> Turn {
        let done = match self.read(text, now) {
            Ok(message) => self.act(message, now).await,
            Err(error) => Err(error),
        };
        done.unwrap_or_else(|error| self.refuse(error))
    }

    /// Takes something that is no text message.
    pub fn mishear(&mut self) -> Turn {
        self.refuse(ErrorName::Malformed)
    }

    /// The socket is gone without a farewell: the seat is kept for a while.
    pub async fn lose(&mut self) {
        if let Some(entered) = self.entered.take() {
            self.meeting.lose(entered.ticket).await;
        }
        if let Some(seat) = self.waits.take() {
            self.meeting.stop_waiting(seat).await;
        }
    }

    fn read(&mut self, text: &str, now: Instant) -> Result<ClientMessage, ErrorName> {
        if !self.limit.take(now) {
            return Err(ErrorName::TooFast);
        }
        if text.len() > MESSAGE_BYTES {
            return Err(ErrorName::TooLarge);
        }
        serde_json::from_str(text).map_err(|error| {
            debug!(%error, "a message of a meeting could not be read");
            ErrorName::Malformed
        })
    }

    async fn act(&mut self, message: ClientMessage, now: Instant) -> Result<Turn, ErrorName> {
        match message {
            ClientMessage::Join {
                version,
                name,
                place,
                keep,
            } => self.join(version, name, place, keep).await?,
            ClientMessage::Ping { id } => self.outbox.say(ServerMessage::Pong { id }),
            ClientMessage::PublishOffer { sdp, tracks } => self.publish(&sdp, tracks).await?,
            ClientMessage::SubscribeAnswer { sdp } => {
                self.entered()?.media.accept(&sdp).await.map_err(described)?;
                self.awaits_answer = false;
                self.grow().await?;
            }
            ClientMessage::SubscribeAgain { keep: true } => {
                self.subscribe(net::Renewal::RestartIce, false).await?;
            }
            ClientMessage::SubscribeAgain { keep: false } => self.subscribe(net::Renewal::Anew, true).await?,
            ClientMessage::Watch {
                pictures,
                first,
                sound_only,
                mixed_sound,
            } => {
                let watch = watched(pictures, &first, sound_only, mixed_sound);
                self.watch(watch.ok_or(ErrorName::Malformed)?).await?;
            }
            ClientMessage::View { slots } => self.view(slots)?,
            ClientMessage::Mute { source, muted } => {
                let ticket = self.entered()?.ticket;
                // Falling silent is everyone's right; only opening asks for one.
                if !muted {
                    self.allowed(source.act())?;
                }
                self.meeting.mute(ticket, source, muted).await;
            }
            ClientMessage::Step { step } => {
                let ticket = self.entered()?.ticket;
                self.allowed(step.act())?;
                self.step(ticket, step).await?;
            }
            ClientMessage::Point { x, y } => self.meeting.point(self.entered()?.ticket, x, y).await,
            ClientMessage::Still { jpeg } => {
                let ticket = self.entered()?.ticket;
                self.allowed(Act::Speak)?;
                self.meeting.keep_still(ticket, still(&jpeg)?).await;
            }
            ClientMessage::Line { line } => self.report(line, now)?,
            ClientMessage::Check { check } => {
                let ticket = self.entered()?.ticket;
                self.allowed(Act::ReportSite)?;
                self.meeting.keep_check(ticket, check).await;
            }
            ClientMessage::Leave {} => {
                let ticket = self.entered()?.ticket;
                self.entered = None;
                self.meeting.leave(ticket).await;
                return Ok(Turn::Close(CloseCode::Left));
            }
            ClientMessage::End {} => {
                self.entered()?;
                self.allowed(Act::End)?;
                self.meeting
                    .end(&self.visitor.identity)
                    .await
                    .map_err(|_| ErrorName::MediaUnavailable)?;
            }
        }
        Ok(Turn::Next)
    }

    /// Making a key and signing with it take a processor for a while: neither keeps the meeting waiting.
    async fn step(&mut self, ticket: Ticket, step: Step) -> Result<(), ErrorName> {
        let key = match &step {
            Step::OpenVote { terms } if terms.is_secret => {
                let clock = self.meeting.clock();
                Some(apart(move || SigningKey::generate(&clock)).await?)
            }
            _ => None,
        };
        let asked = match &step {
            Step::AskToken { vote, voter, blinded } => Some((*vote, voter.clone(), unhexed(blinded)?)),
            _ => None,
        };
        // The record needs no more of it than to know it again.
        let step = match (step, &asked) {
            (Step::AskToken { vote, voter, .. }, Some((_, _, blinded))) => Step::AskToken {
                vote,
                voter,
                blinded: hex::encode(digest::digest(&digest::SHA256, blinded)),
            },
            (step, _) => step,
        };
        let signs = self.meeting.step(ticket, step, key).await?;
        if let (Some((vote, voter, blinded)), Some(key)) = (asked, signs) {
            let clock = self.meeting.clock();
            let signed = apart(move || key.sign(&blinded, &clock)).await?;
            self.outbox.say(ServerMessage::Token {
                vote,
                voter: voter.0,
                signed: hex::encode(signed),
            });
        }
        Ok(())
    }

    async fn join(
        &mut self,
        version: u32,
        name: Option<String>,
        place: Option<String>,
        keep: bool,
    ) -> Result<(), ErrorName> {
        if version != protocol::VERSION {
            return Err(ErrorName::UnsupportedVersion);
        }
        if self.entered.is_some() {
            return Err(ErrorName::AlreadyJoined);
        }
        let entrant = Entrant {
            identity: self.visitor.identity.clone(),
            name: self.name(name.as_deref())?,
            title: self.visitor.title.clone(),
            role: self.visitor.role,
            site: self.visitor.site.clone(),
            keeps_media: keep && place.is_some(),
        };
        let entered = match self.meeting.enter(entrant, place, self.outbox.clone()).await? {
            Admission::In(entered) => entered,
            Admission::Waits(seat) => {
                self.waits = Some(seat);
                return Ok(());
            }
        };
        self.waits = None;
        let is_kept = entered.is_kept;
        self.entered = Some(entered);
        if is_kept {
            return Ok(());
        }
        self.subscribe(net::Renewal::Grow, true).await
    }

    fn name(&self, wanted: Option<&str>) -> Result<DisplayName, ErrorName> {
        match (wanted.map(DisplayName::parse), &self.visitor.account_name) {
            (None | Some(Err(NameError::Missing)), Some(account)) => Ok(account.clone()),
            (None | Some(Err(NameError::Missing)), None) => Err(ErrorName::NameMissing),
            (Some(Ok(name)), _) => Ok(name),
            (Some(Err(_)), _) => Err(ErrorName::NameUnusable),
        }
    }

    async fn publish(&mut self, sdp: &str, tracks: Vec<PublishedTrack>) -> Result<(), ErrorName> {
        let Entered { ticket, media, .. } = self.entered()?.clone();
        let sources: Vec<Source> = tracks.iter().map(|track| track.source).collect();
        for source in &sources {
            self.allowed(source.act())?;
        }
        let tracks: Vec<net::PublishedTrack> = tracks
            .into_iter()
            .map(|track| net::PublishedTrack {
                mid: track.mid,
                source: to_media(track.source),
            })
            .collect();
        let answer = media.publish(sdp, &tracks).await.map_err(described)?;
        self.meeting.publish(ticket, sources).await;
        self.outbox.say(ServerMessage::PublishAnswer { sdp: answer });
        Ok(())
    }

    async fn subscribe(&mut self, renewal: net::Renewal, fresh: bool) -> Result<(), ErrorName> {
        let pool = net::SlotPool { seats: self.seats };
        let offer = self.entered()?.media.subscribe(pool, renewal).await;
        let sdp = offer.map_err(described)?;
        self.awaits_answer = true;
        self.lacks_seats = false;
        self.outbox.say(ServerMessage::SubscribeOffer { sdp, fresh });
        Ok(())
    }

    async fn watch(&mut self, watch: Watch) -> Result<(), ErrorName> {
        let media = self.entered()?.media.clone();
        let pictures = watch.pictures.unwrap_or(0);
        self.lacks_seats = media.watch(watch).await.map_err(described)?;
        self.seats = self.seats.max(pictures);
        self.grow().await
    }

    /// Offers the seats that are lacking, once no other offer is under way.
    async fn grow(&mut self) -> Result<(), ErrorName> {
        if !self.lacks_seats || self.awaits_answer {
            return Ok(());
        }
        self.subscribe(net::Renewal::Grow, false).await
    }

    /// More often than it is useful a line is not heard of.
    fn report(&mut self, line: OwnLine, now: Instant) -> Result<(), ErrorName> {
        let reported = reported(line).ok_or(ErrorName::Malformed)?;
        let media = &self.entered()?.media;
        let is_due = |at| now.saturating_duration_since(at) >= LEAST_BETWEEN_REPORTS;
        if self.reported.is_none_or(is_due) {
            media.report(reported);
            self.reported = Some(now);
        }
        Ok(())
    }

    fn view(&self, slots: Vec<ViewedSlot>) -> Result<(), ErrorName> {
        let media = &self.entered()?.media;
        if slots.len() > VIEWED_SLOTS {
            return Err(ErrorName::Malformed);
        }
        let viewport = |slot: ViewedSlot| {
            let viewport = Viewport {
                width: slot.width,
                height: slot.height,
            };
            (slot.mid, viewport)
        };
        media.view(slots.into_iter().map(viewport).collect());
        Ok(())
    }

    fn entered(&self) -> Result<&Entered, ErrorName> {
        self.entered.as_ref().ok_or(ErrorName::NotJoined)
    }

    fn allowed(&self, act: Act) -> Result<(), ErrorName> {
        if may(self.visitor.role, act) {
            Ok(())
        } else {
            Err(ErrorName::Refused)
        }
    }

    fn refuse(&mut self, error: ErrorName) -> Turn {
        self.outbox.say(error.message());
        error.closes().map_or(Turn::Next, Turn::Close)
    }
}

/// The bytes of a still: a JPEG (it begins with FF D8 FF) and not too large.
fn still(base64: &str) -> Result<Vec<u8>, ErrorName> {
    if base64.len() > STILL_BYTES * 4 / 3 + 4 {
        return Err(ErrorName::Unusable);
    }
    let jpeg = BASE64_STANDARD.decode(base64).map_err(|_| ErrorName::Unusable)?;
    if jpeg.starts_with(&[0xff, 0xd8, 0xff]) {
        Ok(jpeg)
    } else {
        Err(ErrorName::Unusable)
    }
}

/// What a voter wants to be signed: as long as the modulus of every vote's key.
fn unhexed(blinded: &str) -> Result<Vec<u8>, ErrorName> {
    let blinded = hex::decode(blinded).map_err(|_| ErrorName::Unusable)?;
    if blinded.len() == MODULUS_BYTES {
        Ok(blinded)
    } else {
        Err(ErrorName::Unusable)
    }
}

async fn apart<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Unusable> + Send + 'static,
) -> Result<T, ErrorName> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|_| ErrorName::NotKept)?
        .map_err(|_| ErrorName::Unusable)
}

pub(super) fn described(error: net::Error) -> ErrorName {
    warn!(%error, "a session description was not taken");
    match error {
        net::Error::Malformed(_) | net::Error::Unsupported(_) | net::Error::Refused(_) => {
            ErrorName::DescriptionUnusable
        }
        net::Error::Gone => ErrorName::MediaUnavailable,
    }
}

/// Clients report every five seconds; a network that holds messages back brings several at once.
const LEAST_BETWEEN_REPORTS: Duration = Duration::from_secs(2);
/// Above the sections that a subscribe connection can have.
const VIEWED_SLOTS: usize = 64;

/// A picture of 320 by 180 at a fair quality takes a third of it.
const STILL_BYTES: usize = 24 * 1024;
/// As many messages as a room of a hundred brings in a burst when a network comes back, doubled.
const OUTBOX: usize = 512;
