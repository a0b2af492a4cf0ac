//! One connection: messages are cut out of what comes, and what the shard sends is written as fast as the other end reads.

use std::io;
use std::time::{Duration, Instant};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::mpsc;

use super::Sent;
use crate::clock;
use crate::media::framing::{Frame, Malformed};

/// What is spoken over a connection.
pub trait Speech {
    /// The first message of what has come; `None` where it is not whole.
    fn cut(bytes: &[u8]) -> Result<Option<Frame>, Malformed>;

    /// Takes a message; what is to be answered goes behind `out`.
    fn hear(&mut self, message: &[u8], out: &mut BytesMut) -> Result<Heard, Malformed>;

    /// No more messages lie here for now.
    fn pause(&mut self);

    /// Writes what a shard sends.
    fn write(&mut self, sent: &Sent, out: &mut BytesMut);

    /// The other end has proven to be somebody; until then it has little time.
    fn is_known(&self) -> bool;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    Taken,
    /// The shard has too much to do: the connection is read more slowly.
    Busy,
}

/// Carries until either end closes, falls silent or does not read. `began` are bytes that came before.
pub async fn carry<S>(
    stream: S,
    began: &[u8],
    speech: &mut impl Speech,
    sent: &mut mpsc::Receiver<Sent>,
) -> io::Result<()>
where
    S: AsyncRead + AsyncWrite,
{
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut incoming = BytesMut::with_capacity(READ_AT_ONCE);
    incoming.extend_from_slice(began);
    let mut outgoing = BytesMut::new();
    let mut times = Times::new(clock::instant());
    let mut rest = take(&mut incoming, speech, &mut outgoing)?;
    let mut is_flushed = true;
    loop {
        if outgoing.is_empty() {
            times.written = clock::instant();
        }
        let ends = times.ends(speech.is_known(), outgoing.is_empty());
        let is_writable = outgoing.len() < MOST_OUTGOING;
        tokio::select! {
            count = reader.read_buf(&mut incoming), if is_writable && !rest => {
                if count? == 0 {
                    return Ok(());
                }
                times.heard = clock::instant();
                rest = take(&mut incoming, speech, &mut outgoing)?;
            }
            () = tokio::time::sleep(BUSY), if rest => {
                rest = take(&mut incoming, speech, &mut outgoing)?;
            }
            Some(first) = sent.recv(), if is_writable => {
                speech.write(&first, &mut outgoing);
                while outgoing.len() < MOST_OUTGOING && let Ok(next) = sent.try_recv() {
                    speech.write(&next, &mut outgoing);
                }
            }
            count = write(&mut writer, &outgoing), if !outgoing.is_empty() || !is_flushed => {
                is_flushed = outgoing.is_empty();
                outgoing.advance(count?);
                times.written = clock::instant();
            }
            () = tokio::time::sleep_until(ends.into()) => return Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

/// Some of the bytes; where there are none, what TLS still holds.
async fn write(writer: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<usize> {
    match bytes {
        [] => writer.flush().await.map(|()| 0),
        bytes => writer.write(bytes).await,
    }
}

/// Takes the messages that are whole; `true` where some wait until the shard has time for them.
fn take(incoming: &mut BytesMut, speech: &mut impl Speech, out: &mut BytesMut) -> io::Result<bool> {
    let malformed = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut is_busy = false;
    while !is_busy && let Some(frame) = cut(speech, incoming).map_err(malformed)? {
        let heard = speech.hear(&incoming[frame.message], out).map_err(malformed)?;
        is_busy = heard == Heard::Busy;
        incoming.advance(frame.end);
    }
    speech.pause();
    Ok(is_busy)
}

fn cut<S: Speech>(_: &S, bytes: &[u8]) -> Result<Option<Frame>, Malformed> {
    S::cut(bytes)
}

/// By which a connection ends.
struct Times {
    began: Instant,
    heard: Instant,
    /// When the other end last took something, or there was nothing to take.
    written: Instant,
}

impl Times {
    fn new(now: Instant) -> Times {
        Times {
            began: now,
            heard: now,
            written: now,
        }
    }

    fn ends(&self, is_known: bool, is_written: bool) -> Instant {
        let silent = self.heard + SILENCE;
        let stuck = if is_written { silent } else { self.written + STUCK };
        let unknown = if is_known { silent } else { self.began + UNKNOWN };
        silent.min(stuck).min(unknown)
    }
}

/// Some ten datagrams.
const READ_AT_ONCE: usize = 16 * 1024;
/// No more is taken out of the queue before this was written.
const MOST_OUTGOING: usize = 32 * 1024;
/// A shard does a batch in less.
const BUSY: Duration = Duration::from_millis(5);
/// To prove a check, or to log in to the relay.
const UNKNOWN: Duration = Duration::from_secs(10);
/// Checks come every few seconds (RFC 7675), through a relay as well.
const SILENCE: Duration = Duration::from_secs(60);
/// Whoever reads nothing for so long has gone.
const STUCK: Duration = Duration::from_secs(10);
