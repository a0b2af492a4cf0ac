//! Real browsers over impaired lines: one site behind a line that loses, delays and narrows, both ways, the other on a
//! good one. `LINKS=all` takes every cell of the matrix (`make soak` does).

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use hoian_server::media::RoomId;
use hoian_server::net::{Config, Media};
use hoian_tests::link::Quality;
use hoian_tests::link::relay::Relay;
use serde_json::{Value, json};
use tempfile::NamedTempFile;
use tokio::process::Command;
use uuid::Uuid;

use crate::browser::{Browser, Site, number};
use crate::browsers::{ALICE, BOB, listen};

/// One line.
#[derive(Clone, Copy, Debug)]
struct Cell {
    loss_percent: u32,
    /// There and back.
    round_trip_ms: u64,
    kilobits: u64,
}

const SHORT: [Cell; 3] = [cell(10, 50, 5_000), cell(2, 400, 1_000), cell(0, 50, 300)];

const fn cell(loss_percent: u32, round_trip_ms: u64, kilobits: u64) -> Cell {
    Cell {
        loss_percent,
        round_trip_ms,
        kilobits,
    }
}

/// Those of `make test`, or all of them.
fn cells() -> Vec<Cell> {
    if std::env::var("LINKS").is_ok_and(|which| which == "all") {
        let losses = [0, 2, 5, 10, 20].into_iter();
        losses
            .flat_map(|loss| [50, 150, 400].map(|delay| (loss, delay)))
            .flat_map(|(loss, delay)| [300, 1_000, 5_000].map(|rate| cell(loss, delay, rate)))
            .collect()
    } else {
        SHORT.to_vec()
    }
}

/// Of Firefox: a tenth, and in the long run less and a longer way as well.
fn losing_cells() -> Vec<Cell> {
    let mut cells = vec![cell(10, 50, 5_000)];
    if std::env::var("LINKS").is_ok_and(|which| which == "all") {
        cells.extend([cell(2, 50, 1_000), cell(5, 150, 5_000), cell(10, 150, 5_000)]);
    }
    cells
}

impl Cell {
    fn quality(self) -> Quality {
        Quality {
            bits_per_second: self.kilobits * 1_000,
            delay: Duration::from_millis(self.round_trip_ms / 2),
            jitter: Duration::from_millis(5),
            loss: f64::from(self.loss_percent) / 100.0,
            reordered: 0.002,
            duplicated: 0.002,
            ..Quality::default()
        }
    }

    /// How much of the sound may be made up: where a tenth is lost, under three hundredths.
    fn most_concealed(self) -> f64 {
        if self.loss_percent <= 10 { 0.03 } else { 0.15 }
    }

    /// How long a picture may stand still: a second and the line's own time, two at the most usual loss.
    fn longest_pause_ms(self) -> f64 {
        if self.loss_percent <= 10 { 2_000.0 } else { 6_000.0 }
    }
}

/// Two browsers in a room: the first behind the line, the second without one.
pub struct Pair {
    pub media: Media,
    pub line: Relay,
    far: Browser,
    near: Browser,
}

impl Pair {
    pub async fn meet(far: &'static str, near: &'static str) -> Result<(Pair, hoian_server::net::Room)> {
        let media = listen(Config::default())?;
        // Not by loopback: Firefox takes no address there for its own.
        let server = media.addresses()[0];
        let line = Relay::start(server, Quality::default(), Quality::default(), 7)?;
        let (room, _events) = media.open(RoomId(Uuid::from_u128(1))).await?;
        let voice = voice().await?;
        let seen = json!({ "clock": true, "voice": voice.path() });
        let (first, second) = tokio::join!(
            Browser::join_with(far, &room, ALICE, &seen, Site::Behind(&line)),
            Browser::join_with(near, &room, BOB, &seen, Site::Near)
        );
        let pair = Pair {
            media,
            line,
            far: first?.context("the usual codec")?,
            near: second?.context("the usual codec")?,
        };
        Ok((pair, room))
    }

    /// Both decode each other.
    pub async fn decode(&mut self) -> Result<()> {
        self.far.decodes_the_other().await?;
        self.near.decodes_the_other().await?;
        Ok(())
    }

    /// Nothing of the line is to be heard or seen.
    pub async fn is_undisturbed(&mut self) -> Result<()> {
        self.pass(cell(0, 0, 100_000)).await
    }

    /// Over one line, as often as a busy machine needs: what the line itself does would fail every time.
    async fn pass(&mut self, cell: Cell) -> Result<()> {
        self.line.change(cell.quality(), cell.quality());
        let mut last = Ok(());
        for _ in 0..TRIES {
            last = self.judge(cell).await;
            match &last {
                Ok(()) => break,
                Err(error) => eprintln!("once more: {error}"),
            }
        }
        last
    }

    async fn judge(&mut self, cell: Cell) -> Result<()> {
        // What is under way when the line changes, and the time to find its rate, do not count.
        for viewer in [&mut self.far, &mut self.near] {
            viewer.watch().await?;
            viewer
                .until("hears for two seconds", |seen| heard(seen) > 2 * SECOND)
                .await?;
            viewer.watch().await?;
        }
        for viewer in [&mut self.far, &mut self.near] {
            let seen = viewer
                .until("hears for eight seconds", |seen| heard(seen) > 8 * SECOND)
                .await?;
            let concealed = number(&seen["audio"]["concealed"]) / heard(&seen) as f64;
            let pause = number(&seen["video"]["longest_ms"]);
            eprintln!(
                "{cell:?}: {} concealed {:.2} % of the sound, saw {} pictures of {} pixels, the longest pause {pause:.0} ms, age {}",
                viewer.name,
                concealed * 100.0,
                seen["video"]["shown"],
                seen["video"]["width"],
                seen["video"]["age_ms"],
            );
            ensure!(
                concealed < cell.most_concealed(),
                "{cell:?}: {:.2} % concealed",
                concealed * 100.0
            );
            ensure!(
                pause < cell.longest_pause_ms(),
                "{cell:?}: no picture for {pause:.0} ms"
            );
        }
        Ok(())
    }

    pub async fn close(self) -> Result<()> {
        eprintln!("{:?}", self.media.stats().await?);
        self.far.close().await?;
        self.near.close().await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_hears_and_sees_over_lines_that_lose_delay_and_narrow() -> Result<()> {
    let (mut pair, _room) = Pair::meet("chromium", "chromium").await?;
    let result = async {
        pair.decode().await?;
        for cell in cells() {
            pair.pass(cell).await?;
        }
        cable_is_pulled(&mut pair).await
    };
    let result = result.await;
    pair.close().await?;
    result
}

/// The same connections go on when it is back: nobody negotiates anything.
async fn cable_is_pulled(pair: &mut Pair) -> Result<()> {
    pair.line.change(Quality::default(), Quality::default());
    pair.far.decodes_the_other().await?;
    pair.line.cut(true);
    let pulled = |seen: &Value| number(&seen["video"]["longest_ms"]) > 10_000.0;
    pair.far.watch().await?;
    pair.far.until("misses pictures for ten seconds", pulled).await?;
    pair.line.cut(false);
    for viewer in [&mut pair.far, &mut pair.near] {
        viewer.watch().await?;
        let back = |seen: &Value| number(&seen["video"]["shown"]) > 15.0 && heard(seen) > SECOND;
        let seen = viewer.until("comes back", back).await?;
        ensure!(seen["connections"] == json!(["connected", "connected"]), "{seen}");
    }
    Ok(())
}

/// Firefox knows no redundancy: it is sent each packet twice while much is lost, and what it says is asked for again.
#[tokio::test(flavor = "multi_thread")]
async fn firefox_hears_and_sees_over_a_line_that_loses_a_tenth() -> Result<()> {
    let (mut pair, _room) = Pair::meet("firefox", "chromium").await?;
    let result = async {
        pair.decode().await?;
        for cell in losing_cells() {
            pair.pass(cell).await?;
        }
        Ok(())
    };
    let result = result.await;
    pair.close().await?;
    result
}

/// Somebody who talks without a pause: a browser protects speech by Opus's in-band FEC, but takes its own test tone for music.
async fn voice() -> Result<NamedTempFile> {
    let file = tempfile::Builder::new().suffix(".wav").tempfile()?;
    let status = Command::new("ffmpeg")
        .args(["-loglevel", "error", "-y", "-f", "lavfi", "-i", TALK])
        .args([
            "-af",
            "silenceremove=stop_periods=-1:stop_duration=0.05:stop_threshold=-45dB",
        ])
        .args(["-ar", "48000", "-ac", "1"])
        .arg(file.path())
        .status()
        .await?;
    ensure!(status.success(), "ffmpeg ended with {status}");
    Ok(file)
}

/// Samples of sound since the watch began.
fn heard(seen: &Value) -> u64 {
    number(&seen["audio"]["samples"]) as u64
}

/// What ffmpeg is to say.
const TALK: &str = "flite=voice=slt:text='Ladies and gentlemen\\, the committee now turns to the third item of its agenda\\, \
    the plan for roads and bridges of the coming year\\, of which the departments have told their opinion in writing.'";
/// Of sound, in samples.
const SECOND: u64 = 48_000;
const TRIES: usize = 3;
