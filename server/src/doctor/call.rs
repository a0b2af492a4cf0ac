//! `hoian doctor call LINK`: joins a meeting as any client would, through a WebRTC implementation that is
//! not the server's own packet path, speaks a soft tone and reports what the line is worth.

use std::fmt;
use std::time::{Duration, Instant};

use super::peer::{self, Heard, Peer};
use super::reports::Quality;
use super::signalling::{self, Signalling};
use crate::clock;
use crate::conference::protocol::{ClientMessage, PublishedTrack, ServerMessage, Source};

/// Why no report could be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Signalling(#[from] signalling::Error),
    #[error(transparent)]
    Peer(#[from] peer::Error),
    #[error("the server said {0:?}: {1}")]
    Refused(crate::conference::protocol::ErrorName, String),
    #[error("{0} did not come within {PATIENCE:?}")]
    Silence(&'static str),
}

/// What was found. Every line stands for itself, so that it can be read out over a telephone.
#[derive(Debug)]
pub struct Report {
    pub title: String,
    pub joined: Duration,
    pub sending: Leg,
    pub receiving: Leg,
    pub packets_sent: u64,
    /// As the server reports it of what we sent; nothing where no report came.
    pub quality: Option<Quality>,
    pub heard: Heard,
    /// Whether others were in the meeting to be heard.
    pub others: usize,
}

/// One connection: how long each step took, or that it never came.
#[derive(Clone, Copy, Debug, Default)]
pub struct Leg {
    pub ice: Option<Duration>,
    pub dtls: Option<Duration>,
}

impl Report {
    /// A line on which a meeting can be held.
    pub fn is_good(&self) -> bool {
        let connected = self.sending.dtls.is_some() && self.receiving.dtls.is_some();
        connected && self.loss().is_some_and(|lost| lost < MOST_LOST)
    }

    fn loss(&self) -> Option<f64> {
        let quality = self.quality?;
        Some(f64::from(quality.lost) / self.packets_sent.max(1) as f64)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            to,
            "meeting    {}: joined in {} ms",
            self.title,
            self.joined.as_millis()
        )?;
        for (name, leg) in [("sending", &self.sending), ("receiving", &self.receiving)] {
            write!(to, "{name:<10} ICE ")?;
            step(to, leg.ice)?;
            write!(to, ", DTLS ")?;
            step(to, leg.dtls)?;
            writeln!(to)?;
        }
        write!(to, "sent       {} packets", self.packets_sent)?;
        match self.loss() {
            Some(lost) => writeln!(to, ", {:.1} % lost", lost * 100.0)?,
            None => writeln!(to, ", the server has reported nothing of them")?,
        }
        match self.quality.and_then(|quality| quality.round_trip) {
            Some(time) => writeln!(to, "round trip {:.1} ms", time.as_secs_f64() * 1_000.0)?,
            None => writeln!(to, "round trip unknown")?,
        }
        let Heard {
            packets,
            lost,
            streams,
        } = self.heard;
        writeln!(
            to,
            "received   {packets} packets of {streams} streams, {lost} lost, from {} others",
            self.others
        )?;
        write!(
            to,
            "result     {}",
            if self.is_good() { "good" } else { "NOT good" }
        )
    }
}

fn step(to: &mut fmt::Formatter<'_>, time: Option<Duration>) -> fmt::Result {
    match time {
        Some(time) => write!(to, "connected in {} ms", time.as_millis()),
        None => write!(to, "NOT connected"),
    }
}

/// Joins the meeting behind `link`, speaks for `duration` and leaves.
///
/// # Errors
/// The link leads nowhere, the server refuses, or signalling breaks off. A media connection that does
/// not come about is no error: the report says so.
pub async fn call(link: &str, duration: Duration) -> Result<Report, Error> {
    let begun = clock::instant();
    let mut signalling = Signalling::join(link, "Kiểm tra đường truyền").await?;
    let joined = clock::instant() - begun;
    let (receiving, sending) = (Peer::new().await?, Peer::new().await?);
    let microphone = sending.add_microphone().await?;
    let offer = sending.offer().await?;
    let mut talk = Talk {
        signalling: &mut signalling,
        receiving: &receiving,
        others: 0,
        title: String::new(),
    };
    talk.until_welcome().await?;
    let tracks = vec![PublishedTrack {
        mid: microphone.mid().await?,
        source: Source::Microphone,
    }];
    talk.signalling
        .say(&ClientMessage::PublishOffer { sdp: offer, tracks })
        .await?;
    let answer = talk.until_answered().await?;
    sending.take_answer(answer).await?;
    talk.signalling
        .say(&ClientMessage::Mute {
            source: Source::Microphone,
            muted: false,
        })
        .await?;
    let until = clock::instant() + duration;
    let speaking = microphone.speak(duration, sending.connected(PATIENCE));
    let (packets_sent, listened) = tokio::join!(speaking, talk.listen_until(until));
    let packets_sent = packets_sent?;
    listened?;
    let (others, title) = (talk.others, std::mem::take(&mut talk.title));
    let report = Report {
        title,
        joined,
        sending: sending.leg(),
        receiving: receiving.leg(),
        packets_sent,
        quality: sending.quality(),
        heard: receiving.heard(),
        others,
    };
    signalling.leave().await;
    sending.close().await;
    receiving.close().await;
    Ok(report)
}

/// What is said while something is waited for: the server's offer may come at any time.
struct Talk<'t> {
    signalling: &'t mut Signalling,
    receiving: &'t Peer,
    others: usize,
    title: String,
}

impl Talk<'_> {
    async fn until_welcome(&mut self) -> Result<(), Error> {
        loop {
            if let ServerMessage::Welcome(welcome) = self.next("the welcome").await? {
                self.others = welcome.participants.len().saturating_sub(1);
                self.title = welcome.title;
                return Ok(());
            }
        }
    }

    async fn until_answered(&mut self) -> Result<String, Error> {
        loop {
            if let ServerMessage::PublishAnswer { sdp } = self.next("the answer").await? {
                return Ok(sdp);
            }
        }
    }

    /// Takes what has come by `deadline`.
    async fn listen_until(&mut self, deadline: Instant) -> Result<(), Error> {
        loop {
            let left = deadline
                .saturating_duration_since(clock::instant())
                .max(Duration::from_millis(1));
            match tokio::time::timeout(left, self.next("nothing")).await {
                Ok(message) => drop(message?),
                Err(_) => return Ok(()),
            }
        }
    }

    async fn next(&mut self, awaited: &'static str) -> Result<ServerMessage, Error> {
        let message = tokio::time::timeout(PATIENCE, self.signalling.hear()).await;
        let message = message.map_err(|_| Error::Silence(awaited))??;
        match message {
            ServerMessage::SubscribeOffer { ref sdp, .. } => {
                let sdp = self.receiving.answer(sdp.clone()).await?;
                self.signalling
                    .say(&ClientMessage::SubscribeAnswer { sdp })
                    .await?;
            }
            ServerMessage::Error { error, sentence } => return Err(Error::Refused(error, sentence)),
            _ => {}
        }
        Ok(message)
    }
}

/// Opus with in-band FEC is still well understood at this loss.
const MOST_LOST: f64 = 0.05;
/// Longer than a satellite line and a busy server need together.
const PATIENCE: Duration = Duration::from_secs(10);
