//! Real browsers at both ends of the SFU, and nothing else: the protocols are right where Chromium and
//! Firefox decode each other.

use std::time::Duration;

use anyhow::{Result, ensure};
use hoian_server::media::{Event, ParticipantId, RoomId, Side, Watch};
use hoian_server::net::{Config, Events, Media, Room};
use serde_json::Value;
use uuid::Uuid;

use crate::browser::{Browser, number};

pub const ALICE: ParticipantId = ParticipantId(Uuid::from_u128(1));
pub const BOB: ParticipantId = ParticipantId(Uuid::from_u128(2));

/// The test by which it was decided that webrtc-rs comes in crate by crate under our own packet path.
#[tokio::test(flavor = "multi_thread")]
async fn chromium_and_firefox_decode_each_other() -> Result<()> {
    let media = listen(Config::default())?;
    let (room, mut events) = media.open(RoomId(Uuid::from_u128(1))).await?;
    let (chromium, firefox) = tokio::join!(
        Browser::join("chromium", &room, ALICE),
        Browser::join("firefox", &room, BOB)
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
    for participant in [ALICE, BOB] {
        for side in [Side::Publish, Side::Subscribe] {
            ensure!(
                seen.contains(&Event::Connected { participant, side }),
                "{participant:?} {side:?}"
            );
        }
    }
    Ok(())
}

/// Media on a port of every address; Firefox sends nothing to a loopback one.
pub fn listen(config: Config) -> Result<Media> {
    let bind = "0.0.0.0:0".parse()?;
    let media = Media::start(Config { bind, ..config })?;
    ensure!(
        media
            .addresses()
            .iter()
            .any(|address| !address.ip().is_loopback()),
        "Firefox needs another address"
    );
    Ok(media)
}

/// Each on a shard of their own: every packet crosses once. One then hears the other mixed, from a thread that is neither's.
/// The shards drain, which nobody notices, until both are told to come anew elsewhere.
#[tokio::test(flavor = "multi_thread")]
async fn chromium_and_firefox_decode_each_other_over_two_shards_which_then_drain() -> Result<()> {
    let config = || Config {
        shards: 2,
        people_per_shard: 1,
        ..Config::default()
    };
    let media = listen(config())?;
    let id = RoomId(Uuid::from_u128(1));
    let (room, mut events) = media.open(id).await?;
    let (chromium, firefox) = tokio::join!(
        Browser::join("chromium", &room, ALICE),
        Browser::join("firefox", &room, BOB)
    );
    let (mut chromium, mut firefox) = (chromium?, firefox?);
    let spread = room.spread().await;
    let decode = async |chromium: &mut Browser, firefox: &mut Browser| {
        chromium.decodes_the_other().await?;
        firefox.decodes_the_other().await?;
        for viewer in [chromium, firefox] {
            let small = viewer
                .sees(160, 90, |width| (1.0..=320.0).contains(&width))
                .await?;
            viewer.sees(960, 540, |width| width >= 2.0 * small).await?;
        }
        anyhow::Ok(())
    };
    let result = async {
        decode(&mut chromium, &mut firefox).await?;
        hears_mixed(&room, &mut events, &mut chromium).await?;
        ensure!(
            media.metrics().await?.contains("\nhoian_media_mixed_streams 1\n"),
            "one stream is mixed"
        );
        let draining = media.clone();
        let drained = tokio::spawn(async move { draining.drain().await });
        decode(&mut chromium, &mut firefox).await?;
        ensure!(!drained.is_finished(), "the room still runs");
        ensure!(
            media.open(RoomId(Uuid::from_u128(2))).await.is_err(),
            "and no other begins"
        );
        eprintln!("{:#?}", media.stats().await?);
        ensure!(media.stats().await?.crossed_packets > 500, "both ways");
        anyhow::Ok(drained)
    };
    let result = result.await;
    chromium.close().await?;
    firefox.close().await?;
    let drained = result?;
    drop(room);
    while events.recv().await.is_some() {}
    drained.await?;
    ensure!(
        spread.len() == 2 && spread.iter().all(|(_, people)| *people == 1),
        "{spread:?}"
    );
    Ok(())
}

/// Alice asks for mixed sound, is given it, and goes on hearing the other.
async fn hears_mixed(room: &Room, events: &mut Events, alice: &mut Browser) -> Result<()> {
    let watch = Watch {
        mixed_sound: true,
        ..Watch::default()
    };
    alice.seat.watch(watch).await?;
    room.mix().await?;
    let is_mixed = |event: &Event| match event {
        Event::Slots { viewer: ALICE, slots } => slots.iter().any(|slot| slot.participant.is_none()),
        _ => false,
    };
    let given = async {
        while let Some(event) = events.recv().await {
            if is_mixed(&event) {
                return true;
            }
        }
        false
    };
    ensure!(
        tokio::time::timeout(Duration::from_secs(60), given).await?,
        "a mixed stream"
    );
    let before = number(&alice.report().await?["audio"]["energy"]);
    let hears = |report: &Value| number(&report["audio"]["energy"]) > before * 1.5;
    alice.until("hears the other mixed", hears).await?;
    Ok(())
}

fn seen(events: &mut Events) -> Vec<Event> {
    std::iter::from_fn(|| events.try_recv().ok()).collect()
}
