//! The SFU in a process of its own, as the program runs it, driven over standard streams.
//!
//!     in  {"join": ROOM, "publish": SDP or null}   out {"answer": SDP or null, "offer": SDP}
//!     in  {"accept": SEAT, "answer": SDP}          out {}
//!     in  {"figures": true}                        out {"forwarded", "sent_again", "dropped", "cpu_ns", "memory_bytes"}

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use hoian_benches::child;
use hoian_server::clock;
use hoian_server::media::stats::Drop;
use hoian_server::media::{ParticipantId, RoomId, Source};
use hoian_server::net::{Config, Events, Media, PublishedTrack, Renewal, Room, Seat, SlotPool};
use serde_json::{Value, json};
use uuid::Uuid;

use super::process::cpu_ns;
use super::{Figures, Sfu};

/// The end that the load client holds.
pub struct Remote {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    seats: u64,
}

impl Remote {
    pub fn start() -> Result<Remote> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        Ok(Remote {
            input: child.stdin.take().context("standard input")?,
            output: BufReader::new(child.stdout.take().context("standard output")?),
            child,
            seats: 0,
        })
    }

    fn join(&mut self, room: usize, publish: Option<&str>) -> Result<Value> {
        self.seats += 1;
        self.ask(&json!({ "join": room, "publish": publish }))
    }

    fn ask(&mut self, question: &Value) -> Result<Value> {
        writeln!(self.input, "{question}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }
}

impl Sfu for Remote {
    fn publish(&mut self, room: usize, offer: &str) -> Result<String> {
        Ok(self.join(room, Some(offer))?["answer"]
            .as_str()
            .context("an answer")?
            .to_owned())
    }

    fn subscribe(&mut self, room: usize, answer: &dyn Fn(&str) -> String) -> Result<String> {
        let seat = self.seats;
        let joined = self.join(room, None)?;
        let offer = joined["offer"].as_str().context("an offer")?;
        self.ask(&json!({ "accept": seat, "answer": answer(offer) }))?;
        Ok(offer.to_owned())
    }

    fn figures(&mut self) -> Result<Figures> {
        let told = self.ask(&json!({ "figures": true }))?;
        let number = |name: &str| told[name].as_u64().context("a figure");
        Ok(Figures {
            cpu_ns: number("cpu_ns")?,
            process_ns: cpu_ns(self.child.id())?,
            memory_bytes: number("memory_bytes")?,
            sent: Some(number("forwarded")? + number("sent_again")?),
            held_back: number("dropped")?,
        })
    }
}

impl std::ops::Drop for Remote {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs until standard input ends.
pub async fn serve() -> Result<()> {
    let media = Media::start(Config {
        bind: "127.0.0.1:0".parse()?,
        publisher_bitrate_kbps: 4_000,
        ..Config::default()
    })?;
    let mut rooms: Vec<(Room, Events)> = Vec::new();
    let thread = media_thread().await?;
    let mut seats: Vec<Seat> = Vec::new();
    for line in std::io::stdin().lock().lines() {
        let question: Value = serde_json::from_str(&line?)?;
        let answer = if let Some(number) = question["join"].as_u64() {
            while rooms.len() <= number as usize {
                rooms.push(
                    media
                        .open(RoomId(Uuid::from_u128(rooms.len() as u128 + 1)))
                        .await?,
                );
            }
            let (room, _) = &rooms[number as usize];
            join(room, &mut seats, question["publish"].as_str()).await?
        } else if let Some(seat) = question["accept"].as_u64() {
            let seat = seats.get(seat as usize).context("a seat")?;
            seat.accept(question["answer"].as_str().unwrap_or_default())
                .await?;
            json!({})
        } else {
            figures(&media, &thread).await?
        };
        for (_, events) in &mut rooms {
            while events.try_recv().is_ok() {}
        }
        println!("{answer}");
    }
    Ok(())
}

async fn join(room: &Room, seats: &mut Vec<Seat>, publish: Option<&str>) -> Result<Value> {
    let seat = room
        .join(ParticipantId(Uuid::from_u128(seats.len() as u128 + 1)))
        .await?;
    let track = |mid: &str, source| PublishedTrack {
        mid: mid.to_owned(),
        source,
    };
    let answer = match publish {
        Some(offer) => {
            let tracks = [track("0", Source::Microphone), track("1", Source::Camera)];
            Some(seat.publish(offer, &tracks).await?)
        }
        None => None,
    };
    let offer = seat.subscribe(SlotPool { seats: 9 }, Renewal::Grow).await?;
    seats.push(seat);
    Ok(json!({ "answer": answer, "offer": offer }))
}

async fn figures(media: &Media, thread: &Path) -> Result<Value> {
    let stats = media.stats().await?;
    let status = std::fs::read_to_string("/proc/self/status")?;
    let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = memory.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    let held_back =
        stats.dropped(Drop::NoRoom) + stats.dropped(Drop::TooManyWait) + stats.dropped(Drop::Overtaken);
    Ok(json!({
        "forwarded": stats.forwarded_packets,
        "sent_again": stats.retransmitted_packets + stats.probe_packets,
        "dropped": held_back,
        "cpu_ns": child::spent_ns(thread)?,
        "memory_bytes": kilobytes.unwrap_or(0) * 1024,
    }))
}

/// Where the system keeps the figures of the media thread, which is pinned to the first core. It gives itself its name once it
/// runs.
async fn media_thread() -> Result<PathBuf> {
    let until = clock::instant() + Duration::from_secs(1);
    loop {
        match child::thread("media-0") {
            Ok(path) => {
                let id = path.file_name().and_then(|name| name.to_str());
                crate::pin(id.context("a thread id")?.parse()?, 0)?;
                return Ok(path);
            }
            Err(_) if clock::instant() < until => tokio::time::sleep(Duration::from_millis(10)).await,
            Err(error) => return Err(error.into()),
        }
    }
}
