//! Descriptions of devices, which offer on either side: a camera what it sends (WHIP, RFC 9725), a monitor what it receives
//! (WHEP, draft-ietf-wish-whep).

use std::time::Instant;

use super::Sfu;
use super::control::{Error, MemberKey, PublishedTrack};
use crate::media::bandwidth::Egress;
use crate::media::name::{Side, Source};
use crate::media::room::pool::Pool;
use crate::media::sdp::{self, Description, Fragment, Kind, Local, Setup};
use crate::media::speaker::MOST_VOICES;
use crate::media::transport::ice_lite::Credentials;
use crate::media::transport::outbox::Outbox;

/// Whether the offer of a device can be answered, so that nobody is disturbed for one that cannot.
///
/// # Errors
/// [`Error::Malformed`], [`Error::Unsupported`].
pub fn check_offer(side: Side, offer: &str) -> Result<(), Error> {
    let offer = Description::parse(offer)?;
    match side {
        Side::Publish => first_tracks(&offer).map(drop),
        Side::Subscribe => Ok(sdp::shown(&offer, MOST_VOICES).map(drop)?),
    }
}

/// Whether it is a fragment that can be read.
///
/// # Errors
/// [`Error::Malformed`].
pub fn check_fragment(fragment: &str) -> Result<(), Error> {
    Ok(Fragment::parse(fragment).map(drop)?)
}

impl Sfu {
    /// Takes an offer of a camera: its first sound becomes the microphone, its first picture the camera. Gives the answer and
    /// what is published.
    ///
    /// # Errors
    /// As [`Self::publish`]; [`Error::Unsupported`] where nothing is sent.
    pub fn publish_first(
        &mut self,
        now: Instant,
        key: MemberKey,
        offer: &str,
        out: &mut Outbox,
    ) -> Result<(String, Vec<Source>), Error> {
        let tracks = first_tracks(&Description::parse(offer)?)?;
        let answer = self.publish(now, key, offer, &tracks, out)?;
        Ok((answer, tracks.iter().map(|track| track.source).collect()))
    }

    /// Takes an offer of a monitor, in place of what it had, and gives the answer.
    ///
    /// # Errors
    /// Every kind of [`Error`]; nothing has changed then.
    pub fn show(
        &mut self,
        now: Instant,
        key: MemberKey,
        offer: &str,
        out: &mut Outbox,
    ) -> Result<String, Error> {
        let standing = self.member(key)?.subscribe;
        let offer = Description::parse(offer)?;
        let (shown, extensions, reports) = sdp::shown(&offer, MOST_VOICES)?;
        if let Some(at) = standing {
            self.drop_connection(now, at, out);
        }
        let credentials = Credentials::generate(&mut self.random, self.settings.shard);
        let at = self.connect(now, key, Side::Subscribe, credentials);
        let version = self.describe(key)?;
        let named: Vec<_> = shown
            .iter()
            .map(|shown| (offer.sections[shown.section].mid.as_str(), *shown))
            .collect();
        let pool = Pool::of_monitor(&named, &mut self.random);
        let slots: Vec<_> = pool.slots.iter().map(|slot| slot.section.clone()).collect();
        let room = self.room(key.room)?;
        room.members[key.at].pool = pool;
        room.begin_viewing(key.at);
        let connection = &mut self.connections[at];
        connection.extensions = extensions;
        connection.egress = reports.then(|| Box::new(Egress::new(now)));
        connection.transport.restarts(&offer.user_fragment);
        let transport = &mut connection.transport;
        let change = transport.begin(now, &self.identity, offer.fingerprints.clone(), out);
        let local = self.answering(at);
        let answer = sdp::answer_viewer(&offer, &shown, &slots, &local, version);
        self.changed(now, at, change, out);
        self.settle(now, out);
        Ok(answer)
    }

    /// Takes what a device says of its transport: of one that restarts ICE our side comes back. Its candidates need not be
    /// known: its checks show every way.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Gone`] where there is no such connection.
    pub fn trickle(&mut self, key: MemberKey, side: Side, fragment: &str) -> Result<Option<String>, Error> {
        let member = self.member(key)?;
        let at = match side {
            Side::Publish => member.publish,
            Side::Subscribe => member.subscribe,
        };
        let at = at.ok_or(Error::Gone)?;
        let fragment = Fragment::parse(fragment)?;
        let restarts = match &fragment.user_fragment {
            Some(word) if fragment.has_password => self.connections[at].transport.restarts(word),
            _ => false,
        };
        if !restarts {
            return Ok(None);
        }
        self.restart_ice(at);
        Ok(Some(fragment.answer(&self.answering(at))))
    }

    fn answering(&self, at: usize) -> Local<'_> {
        self.local(&self.connections[at].transport.ice.local, "passive")
    }
}

/// The first sound and the first picture that a camera sends and that can be forwarded.
fn first_tracks(offer: &Description) -> Result<Vec<PublishedTrack>, Error> {
    if offer.setup == Setup::Passive {
        return Err(Error::Unsupported(
            "the client must take the active DTLS role".to_owned(),
        ));
    }
    let first = |kind: Kind, source: Source| {
        let mut sections = offer.sections.iter();
        let section =
            sections.find(|each| each.kind == kind && each.direction.sends() && sdp::is_carried(each))?;
        let mid = section.mid.clone();
        Some(PublishedTrack { mid, source })
    };
    let sound = first(Kind::Audio, Source::Microphone);
    let picture = first(Kind::Video, Source::Camera);
    let tracks: Vec<PublishedTrack> = sound.into_iter().chain(picture).collect();
    if tracks.is_empty() {
        return Err(Error::Unsupported(
            "the offer sends neither Opus nor a video codec that is forwarded".to_owned(),
        ));
    }
    Ok(tracks)
}
