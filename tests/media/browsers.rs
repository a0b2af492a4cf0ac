//! Real browsers at both ends of the SFU, and nothing else: the protocols are right where Chromium and
//! Firefox decode each other.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hoian_server::media::{Event, ParticipantId, RoomId, Side, Source, Viewport};
use hoian_server::net::{Config, Events, Media, PublishedTrack, Renewal, Room, Seat, SlotPool};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use uuid::Uuid;

/// A browser with its microphone and camera published and its slots accepted.
struct Browser {
    name: &'static str,
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    seat: Seat,
}

impl Browser {
    async fn join(name: &'static str, room: &Room, participant: ParticipantId) -> Result<Browser> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browsers/media-peer.mjs");
        let mut process = Command::new("node")
            .args([script, name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node starts")?;
        let input = process.stdin.take().context("standard input")?;
        let output = BufReader::new(process.stdout.take().context("standard output")?).lines();
        let seat = room.join(participant).await?;
        let mut browser = Browser {
            name,
            process,
            input,
            output,
            seat,
        };
        browser.publish().await?;
        browser.subscribe().await?;
        Ok(browser)
    }

    async fn publish(&mut self) -> Result<()> {
        let offer = self.hear("offer").await?;
        let tracks: Vec<PublishedTrack> = offer["tracks"]
            .as_array()
            .context("tracks")?
            .iter()
            .map(|track| PublishedTrack {
                mid: text(&track["mid"]),
                source: source(&track["source"]),
            })
            .collect();
        let answer = self.seat.publish(&text(&offer["sdp"]), &tracks).await?;
        self.say(json!({ "type": "answer", "sdp": answer })).await
    }

    async fn subscribe(&mut self) -> Result<()> {
        let offer = self.seat.subscribe(SlotPool { seats: 2 }, Renewal::Grow).await?;
        self.say(json!({ "type": "subscribe", "sdp": offer })).await?;
        let accept = self.hear("accept").await?;
        self.seat.accept(&text(&accept["sdp"])).await?;
        Ok(())
    }

    /// Waits until both a picture and a sound of the other are decoded.
    async fn decodes_the_other(&mut self) -> Result<()> {
        let mut last = Value::Null;
        for _ in 0..60 {
            self.say(json!({ "type": "report" })).await?;
            last = self.hear("report").await?;
            let inbound = last["inbound"].as_array().context("inbound")?;
            let sees = inbound.iter().any(|each| {
                each["kind"] == "video" && number(&each["frames"]) > 20.0 && number(&each["colours"]) > 2.0
            });
            let hears = inbound
                .iter()
                .any(|each| each["kind"] == "audio" && number(&each["energy"]) > 0.0);
            if sees && hears {
                eprintln!("{} decodes: {last}", self.name);
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        bail!("{} does not decode the other: {last}", self.name)
    }

    /// Says how large the other's camera is shown, and waits until a picture as wide as `wanted` says comes.
    async fn sees(&mut self, width: u16, height: u16, wanted: impl Fn(f64) -> bool) -> Result<f64> {
        let view = ("v0".to_owned(), Viewport { width, height });
        self.seat.view(vec![view]);
        let mut last = Value::Null;
        for _ in 0..40 {
            self.say(json!({ "type": "report" })).await?;
            last = self.hear("report").await?;
            let inbound = last["inbound"].as_array().context("inbound")?;
            let video = inbound.iter().find(|each| each["kind"] == "video");
            let seen = video.map_or(0.0, |each| number(&each["width"]));
            if wanted(seen) {
                return Ok(seen);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        bail!(
            "{} is shown another layer than {width} by {height} wants: {last}",
            self.name
        )
    }

    /// The script closes its browser when nobody speaks to it any more; killed, it would leave the browser running.
    async fn close(self) -> Result<()> {
        let Browser {
            name,
            mut process,
            input,
            ..
        } = self;
        drop(input);
        let ended = tokio::time::timeout(Duration::from_secs(30), process.wait()).await;
        let status = ended.with_context(|| format!("{name} does not close"))??;
        ensure!(status.success(), "{name} ended with {status}");
        Ok(())
    }

    async fn say(&mut self, message: Value) -> Result<()> {
        self.input.write_all(format!("{message}\n").as_bytes()).await?;
        Ok(self.input.flush().await?)
    }

    async fn hear(&mut self, kind: &str) -> Result<Value> {
        let line = tokio::time::timeout(Duration::from_secs(60), self.output.next_line()).await;
        let line = line.with_context(|| format!("{} says nothing of {kind}", self.name))??;
        let message: Value = serde_json::from_str(&line.context("the browser has ended")?)?;
        ensure!(
            message["type"] == kind,
            "{} said {message} in place of {kind}",
            self.name
        );
        Ok(message)
    }
}

/// The test by which it was decided that webrtc-rs comes in crate by crate under our own packet path.
#[tokio::test(flavor = "multi_thread")]
async fn chromium_and_firefox_decode_each_other() -> Result<()> {
    let config = Config {
        bind: "0.0.0.0:0".parse()?,
        ..Config::default()
    };
    let media = Media::start(config)?;
    ensure!(
        media
            .addresses()
            .iter()
            .any(|address| !address.ip().is_loopback()),
        "Firefox needs another address"
    );
    let (room, mut events) = media.open(RoomId(Uuid::from_u128(1))).await?;
    let people = [
        ParticipantId(Uuid::from_u128(1)),
        ParticipantId(Uuid::from_u128(2)),
    ];
    let (chromium, firefox) = tokio::join!(
        Browser::join("chromium", &room, people[0]),
        Browser::join("firefox", &room, people[1])
    );
    let (mut chromium, mut firefox) = (chromium?, firefox?);
    let result = async {
        chromium.decodes_the_other().await?;
        firefox.decodes_the_other().await?;
        for viewer in [&mut chromium, &mut firefox] {
            let small = viewer
                .sees(160, 90, |width| (1.0..=320.0).contains(&width))
                .await?;
            let large = viewer.sees(960, 540, |width| width >= 2.0 * small).await?;
            eprintln!("{} is shown {small} and then {large} pixels", viewer.name);
            viewer.decodes_the_other().await?;
        }
        anyhow::Ok(())
    };
    let result = result.await;
    chromium.close().await?;
    firefox.close().await?;
    let seen = seen(&mut events);
    eprintln!("events: {seen:#?}\n{:#?}", media.stats().await?);
    eprintln!("{}", media.metrics().await?);
    result?;
    for participant in people {
        for side in [Side::Publish, Side::Subscribe] {
            ensure!(
                seen.contains(&Event::Connected { participant, side }),
                "{participant:?} {side:?}"
            );
        }
    }
    Ok(())
}

fn seen(events: &mut Events) -> Vec<Event> {
    std::iter::from_fn(|| events.try_recv().ok()).collect()
}

fn source(name: &Value) -> Source {
    match name.as_str() {
        Some("microphone") => Source::Microphone,
        Some("camera") => Source::Camera,
        Some("screen") => Source::Screen,
        _ => Source::ScreenAudio,
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}
