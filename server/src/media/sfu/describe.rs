//! Descriptions, both ways: what a client offers to publish, and what it is offered to watch.

use std::time::Instant;

use super::control::{Error, MAXIMUM_SEATS, MemberKey, PublishedTrack, Renewal};
use super::{Numbered, Sfu};
use crate::media::bandwidth::Egress;
use crate::media::bandwidth::arrivals::Arrivals;
use crate::media::codec::Codec;
use crate::media::name::{Event, Side, Source, TrackState};
use crate::media::room::stream::{Announced, AnnouncedLayer, Stream};
use crate::media::sdp::{self, Accepted, Description, Kind, Local, Section, Setup, payload_type};
use crate::media::transport::ice_lite::Credentials;
use crate::media::transport::outbox::Outbox;

impl Sfu {
    /// Takes an offer of what a client sends; gives the answer.
    ///
    /// # Errors
    /// Every kind of [`Error`]; nothing has changed then.
    pub fn publish(
        &mut self,
        now: Instant,
        key: MemberKey,
        offer: &str,
        tracks: &[PublishedTrack],
        out: &mut Outbox,
    ) -> Result<String, Error> {
        self.member(key)?;
        let offer = Description::parse(offer)?;
        let wanted = wanted(&offer, tracks)?;
        // A dry run: it fails where the answer would.
        let credentials = Credentials::generate(&mut self.random, self.settings.shard);
        let sections: Vec<usize> = wanted.iter().map(|(section, _)| *section).collect();
        self.write_answer(&offer, &sections, &credentials, 0)?;
        let connection = self.publishing(now, key, &offer, credentials, out);
        let version = self.describe(key)?;
        let local = self.connections[connection].transport.ice.local.clone();
        let (answer, accepted) = self.write_answer(&offer, &sections, &local, version)?;
        self.announce(now, key, &offer, &wanted, &accepted)?;
        self.settle(now, out);
        Ok(answer)
    }

    /// Offers places.
    ///
    /// # Errors
    /// [`Error::Refused`] for a number of seats that cannot be, [`Error::Gone`].
    pub fn subscribe(
        &mut self,
        now: Instant,
        key: MemberKey,
        seats: usize,
        renewal: Renewal,
        out: &mut Outbox,
    ) -> Result<String, Error> {
        if !(1..=MAXIMUM_SEATS).contains(&seats) {
            return Err(Error::Refused("between 1 and 25 seats"));
        }
        let standing = self.member(key)?.subscribe;
        if let Some(at) = standing.filter(|_| renewal == Renewal::Anew) {
            self.drop_connection(now, at, out);
            let room = self.room(key.room)?;
            room.viewers.retain(|viewer| *viewer != key.at);
            room.members[key.at].pool = Default::default();
        }
        let connection = match self.member(key)?.subscribe {
            Some(connection) => {
                if renewal == Renewal::RestartIce {
                    self.restart_ice(connection);
                }
                connection
            }
            None => {
                let credentials = Credentials::generate(&mut self.random, self.settings.shard);
                self.connect(now, key, Side::Subscribe, credentials)
            }
        };
        let version = self.describe(key)?;
        let member = &mut self.rooms[key.room.at].members[key.at];
        member.pool.grow(seats, &mut self.random);
        let sections: Vec<_> = member
            .pool
            .slots
            .iter()
            .map(|slot| slot.section.clone())
            .collect();
        let credentials = &self.connections[connection].transport.ice.local;
        Ok(sdp::offer(
            &sections,
            &self.local(credentials, "actpass"),
            version,
        ))
    }

    /// Takes the answer to the last offer.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`], [`Error::Refused`] without an offer, [`Error::Gone`].
    pub fn accept(
        &mut self,
        now: Instant,
        key: MemberKey,
        answer: &str,
        out: &mut Outbox,
    ) -> Result<(), Error> {
        let Some(connection) = self.member(key)?.subscribe else {
            return Err(Error::Refused("an answer without an offer"));
        };
        let answer = Description::parse(answer)?;
        if answer.setup != Setup::Active {
            return Err(Error::Unsupported(
                "the client must take the active DTLS role".to_owned(),
            ));
        }
        let room = self.room(key.room)?;
        for slot in &mut room.members[key.at].pool.slots {
            let section = answer
                .sections
                .iter()
                .find(|section| takes(section, &slot.section.mid));
            slot.usable = section.is_some();
            slot.redundancy = section.is_some_and(takes_redundancy);
            if slot.usable && slot.source.is_audio() {
                slot.copies.get_or_insert_default();
            }
            slot.codecs = Codec::ALL.map(|codec| section.is_some_and(|section| decodes(section, codec)));
        }
        room.begin_viewing(key.at);
        let reports = answer.sections.iter().any(reports_arrivals);
        let standing = &mut self.connections[connection];
        if reports && standing.egress.is_none() {
            standing.egress = Some(Box::new(Egress::new(now)));
        }
        let transport = &mut standing.transport;
        let change = transport.begin(now, &self.identity, answer.fingerprints, out);
        self.changed(now, connection, change, out);
        self.settle(now, out);
        Ok(())
    }

    pub(super) fn describe(&mut self, key: MemberKey) -> Result<u64, Error> {
        let member = self.member(key)?;
        member.descriptions += 1;
        Ok(member.descriptions)
    }

    fn write_answer(
        &self,
        offer: &Description,
        sections: &[usize],
        credentials: &Credentials,
        version: u64,
    ) -> Result<(String, Vec<Accepted>), Error> {
        let local = self.local(credentials, "passive");
        let most_kbps = self.settings.publisher_bitrate_kbps;
        Ok(sdp::answer(offer, sections, &local, version, most_kbps)?)
    }

    pub(super) fn local<'s>(&'s self, credentials: &'s Credentials, setup: &'static str) -> Local<'s> {
        Local {
            credentials,
            fingerprint: &self.identity.fingerprint,
            addresses: &self.settings.addresses,
            tcp_addresses: &self.settings.tcp_addresses,
            setup,
        }
    }

    /// The connection that an offer is about: the one that stands, that one with ICE restarted, or, where
    /// the certificate is another, a new one.
    fn publishing(
        &mut self,
        now: Instant,
        key: MemberKey,
        offer: &Description,
        credentials: Credentials,
        out: &mut Outbox,
    ) -> usize {
        let standing = self.rooms[key.room.at].members[key.at].publish;
        if let Some(at) = standing {
            let transport = &mut self.connections[at].transport;
            if transport.is_same_peer(&offer.fingerprints) {
                if transport.restarts(&offer.user_fragment) {
                    self.restart_ice(at);
                }
                return at;
            }
            self.drop_connection(now, at, out);
        }
        let at = self.connect(now, key, Side::Publish, credentials);
        let transport = &mut self.connections[at].transport;
        transport.restarts(&offer.user_fragment);
        transport.begin(now, &self.identity, offer.fingerprints.clone(), out);
        at
    }

    pub(super) fn restart_ice(&mut self, at: usize) {
        let credentials = Credentials::generate(&mut self.random, self.settings.shard);
        if let Some(connection) = self.connections.get_mut(at) {
            self.by_user_fragment
                .insert(credentials.user_fragment.clone(), at);
            connection.transport.ice.restart(credentials);
        }
    }

    fn announce(
        &mut self,
        now: Instant,
        key: MemberKey,
        offer: &Description,
        wanted: &[(usize, Source)],
        accepted: &[Accepted],
    ) -> Result<(), Error> {
        let transport_cc = accepted.iter().find_map(|each| each.transport_cc);
        let publish = self.member(key)?.publish;
        if let Some(connection) = publish.and_then(|at| self.connections.get_mut(at)) {
            let standing = connection.arrivals.take();
            connection.arrivals = transport_cc.map(|extension| Numbered {
                extension,
                ssrc: standing.as_ref().map_or(0, |standing| standing.ssrc),
                arrivals: standing.map_or_else(Arrivals::default, |standing| standing.arrivals),
            });
        }
        let member = self.member(key)?;
        let mut gone = Vec::new();
        for source in Source::ALL {
            let section = wanted
                .iter()
                .find(|(_, wanted)| *wanted == source)
                .map(|(section, _)| *section);
            let kept = section.and_then(|at| {
                Some((
                    &offer.sections[at],
                    accepted.iter().find(|each| each.section == at)?,
                ))
            });
            let announced = kept
                .filter(|(section, _)| section.direction.sends() && !section.rejected)
                .map(|(section, accepted)| announced(source, section, accepted));
            let standing = &mut member.streams[source as usize];
            if standing.as_ref().map(|stream| &stream.announced) == announced.as_ref() {
                continue;
            }
            if standing.as_ref().is_some_and(Stream::is_shown) {
                gone.push(Event::Track {
                    participant: member.id,
                    source,
                    state: TrackState::Gone,
                });
            }
            *standing = announced.map(Stream::new);
            member.is_news = true;
        }
        let room = self.room(key.room)?;
        room.unsettled = true;
        room.observe(now, key.at, |event| gone.push(event));
        self.events
            .extend(gone.into_iter().map(|event| (key.room, event)));
        Ok(())
    }
}

/// The sections that carry the tracks, with their sources.
fn wanted(offer: &Description, tracks: &[PublishedTrack]) -> Result<Vec<(usize, Source)>, Error> {
    let mut wanted: Vec<(usize, Source)> = Vec::new();
    for track in tracks {
        let at = offer.sections.iter().position(|section| section.mid == track.mid);
        let at = at.ok_or_else(|| Error::Malformed(format!("no media section has mid {:?}", track.mid)))?;
        let kind = if track.source.is_audio() {
            Kind::Audio
        } else {
            Kind::Video
        };
        if offer.sections[at].kind != kind {
            return Err(Error::Malformed(format!(
                "section {:?} is of another kind than its source",
                track.mid
            )));
        }
        if wanted
            .iter()
            .any(|(section, source)| *section == at || *source == track.source)
        {
            return Err(Error::Malformed(
                "a source or a section is named twice".to_owned(),
            ));
        }
        wanted.push((at, track.source));
    }
    Ok(wanted)
}

fn announced(source: Source, section: &Section, accepted: &Accepted) -> Announced {
    let layer = |rid: &String| AnnouncedLayer {
        rid: Some(rid.clone()),
        // Which of the SSRCs belongs to which layer, its packets tell.
        ssrc: None,
    };
    let mut layers: Vec<AnnouncedLayer> = section.layers.iter().map(layer).collect();
    if layers.is_empty() {
        layers.push(AnnouncedLayer {
            rid: None,
            ssrc: section.ssrcs.first().copied(),
        });
    }
    Announced {
        source,
        mid: section.mid.clone(),
        layers,
        repairs: section.repairs.clone(),
        codec: accepted.codec,
        payload_type: accepted.payload_type,
        repair_payload_type: accepted.repair_payload_type,
        redundancy_payload_type: accepted.redundancy_payload_type,
        clock_rate: accepted.clock_rate,
        audio_level: accepted.audio_level,
        mid_extension: accepted.mid,
        rid_extension: accepted.rid,
        repaired_rid_extension: accepted.repaired_rid,
        dependency_extension: accepted.dependency,
    }
}

/// Whether RED, as we offered it, is in the viewer's answer.
fn takes_redundancy(section: &Section) -> bool {
    let is_red = |codec: &sdp::Codec| codec.payload_type == payload_type::RED && codec.name == "red";
    section.codecs.iter().any(is_red)
}

/// Whether a video codec, as we offered it, is in the viewer's answer.
fn decodes(section: &Section, codec: Codec) -> bool {
    let (payload_type, _) = payload_type::video(codec);
    let is_it =
        |each: &sdp::Codec| each.payload_type == payload_type && each.name.eq_ignore_ascii_case(codec.name());
    section.codecs.iter().any(is_it)
}

/// Whether the viewer's browser reports arrivals by the number that we offered.
fn reports_arrivals(section: &Section) -> bool {
    let id = section.extension(sdp::TRANSPORT_CC);
    id == Some(sdp::extension::TRANSPORT_CC)
        && section
            .codecs
            .iter()
            .any(|codec| section.transport_cc(codec).is_some())
}

/// Whether the viewer's answer takes the section.
fn takes(section: &Section, mid: &str) -> bool {
    section.mid == mid && !section.rejected && section.direction != sdp::Direction::Inactive
}
