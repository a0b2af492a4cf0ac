//! A real browser as a bare media peer: `tests/browsers/media-peer.mjs`, spoken to in lines of JSON.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use hoian_server::media::{ParticipantId, Source, Viewport};
use hoian_server::net::{PublishedTrack, Renewal, Room, Seat, SlotPool};
use hoian_tests::link::relay::Relay;
use hoian_tests::network::Network;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// A browser with its microphone and camera published and its slots accepted.
pub struct Browser {
    pub name: &'static str,
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    pub seat: Seat,
}

/// Where a browser stands.
#[derive(Clone, Copy)]
pub enum Site<'s> {
    Near,
    /// Over an impaired line.
    Behind(&'s Relay),
    /// In a network of its own.
    Apart(&'s Network),
}

impl Browser {
    pub async fn join(name: &'static str, room: &Room, participant: ParticipantId) -> Result<Browser> {
        let browser = Browser::join_with(name, room, participant, &json!({}), Site::Near).await?;
        browser.context("every browser has the usual codec")
    }

    /// As `options` of the script say, from somewhere; nothing where the browser lacks the codec.
    pub async fn join_with(
        name: &'static str,
        room: &Room,
        participant: ParticipantId,
        options: &Value,
        site: Site<'_>,
    ) -> Result<Option<Browser>> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/browsers/media-peer.mjs");
        let mut node = match site {
            Site::Apart(network) => Command::from(network.command("node")),
            _ => Command::new("node"),
        };
        let mut process = node
            .args([script, name, &options.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("node starts")?;
        let input = process.stdin.take().context("standard input")?;
        let output = BufReader::new(process.stdout.take().context("standard output")?).lines();
        let mut browser = Browser {
            name,
            process,
            input,
            output,
            seat: room.join(participant).await?,
        };
        let offer = browser.hear_any().await?;
        if offer["type"] == "lacks" {
            browser.close().await?;
            return Ok(None);
        }
        let over = |sdp: String| match site {
            Site::Behind(line) => line.through(&sdp),
            _ => sdp,
        };
        browser.publish(&offer, over).await?;
        browser.subscribe(over).await?;
        Ok(Some(browser))
    }

    async fn publish(&mut self, offer: &Value, over: impl Fn(String) -> String) -> Result<()> {
        let tracks: Vec<PublishedTrack> = offer["tracks"]
            .as_array()
            .context("tracks")?
            .iter()
            .map(|track| PublishedTrack {
                mid: text(&track["mid"]),
                source: source(&track["source"]),
            })
            .collect();
        let answer = over(self.seat.publish(&text(&offer["sdp"]), &tracks).await?);
        self.say(json!({ "type": "answer", "sdp": answer })).await
    }

    async fn subscribe(&mut self, over: impl Fn(String) -> String) -> Result<()> {
        let offer = over(self.seat.subscribe(SlotPool { seats: 2 }, Renewal::Grow).await?);
        self.say(json!({ "type": "subscribe", "sdp": offer })).await?;
        let accept = self.hear("accept").await?;
        self.seat.accept(&text(&accept["sdp"])).await?;
        Ok(())
    }

    /// Waits until both a picture and a sound of the other are decoded.
    pub async fn decodes_the_other(&mut self) -> Result<Value> {
        let seen = self.until("decodes the other", |report| {
            let sees = number(&report["video"]["frames"]) > 20.0 && number(&report["video"]["colours"]) > 2.0;
            sees && number(&report["audio"]["energy"]) > 0.0
        });
        let seen = seen.await?;
        eprintln!("{} decodes: {seen}", self.name);
        Ok(seen)
    }

    /// Says how large the other's camera is shown, and waits until a picture as wide as `wanted` says comes.
    pub async fn sees(&mut self, width: u16, height: u16, wanted: impl Fn(f64) -> bool) -> Result<f64> {
        let view = ("v0".to_owned(), Viewport { width, height });
        self.seat.view(vec![view]);
        let what = format!("is shown the layer that {width} by {height} wants");
        let seen = self
            .until(&what, |report| wanted(number(&report["video"]["width"])))
            .await?;
        Ok(number(&seen["video"]["width"]))
    }

    /// Looks again and again until a report is as wanted. The report's `audio` and `video` are what arrives of the other.
    pub async fn until(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let mut last = Value::Null;
        for _ in 0..120 {
            last = self.report().await?;
            if wanted(&last) {
                return Ok(last);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        bail!("{} never {what}: {last}", self.name)
    }

    pub async fn report(&mut self) -> Result<Value> {
        self.say(json!({ "type": "report" })).await?;
        let mut report = self.hear("report").await?;
        for kind in ["audio", "video"] {
            let inbound = report["inbound"].as_array().context("inbound")?;
            let found = inbound.iter().find(|each| each["kind"] == kind);
            report[kind] = found.cloned().unwrap_or(Value::Null);
        }
        Ok(report)
    }

    /// What reports sum up counts from here.
    pub async fn watch(&mut self) -> Result<()> {
        self.say(json!({ "type": "watch" })).await
    }

    /// The script closes its browser when nobody speaks to it any more; killed, it would leave the browser running.
    pub async fn close(self) -> Result<()> {
        let Browser {
            name,
            mut process,
            input,
            ..
        } = self;
        drop(input);
        let ended = tokio::time::timeout(Duration::from_secs(60), process.wait()).await;
        let status = ended.with_context(|| format!("{name} does not close"))??;
        ensure!(status.success(), "{name} ended with {status}");
        Ok(())
    }

    async fn say(&mut self, message: Value) -> Result<()> {
        self.input.write_all(format!("{message}\n").as_bytes()).await?;
        Ok(self.input.flush().await?)
    }

    async fn hear(&mut self, kind: &str) -> Result<Value> {
        let message = self.hear_any().await?;
        ensure!(
            message["type"] == kind,
            "{} said {message} in place of {kind}",
            self.name
        );
        Ok(message)
    }

    async fn hear_any(&mut self) -> Result<Value> {
        let line = tokio::time::timeout(Duration::from_secs(90), self.output.next_line()).await;
        let line = line.with_context(|| format!("{} says nothing", self.name))??;
        Ok(serde_json::from_str(&line.context("the browser has ended")?)?)
    }
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

pub fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}
