//! Chromium at both ends with the codecs that are not the usual one: negotiated, entered at a key frame, and, where the
//! stream has its layers within it, shown by the layer that the viewer has room for.

use anyhow::{Context, Result, ensure};
use hoian_server::media::RoomId;
use hoian_server::net::Config;
use serde_json::json;
use uuid::Uuid;

use crate::browser::{Browser, Site, number};
use crate::browsers::{ALICE, BOB, listen};

#[tokio::test(flavor = "multi_thread")]
async fn chromium_decodes_vp9_by_its_layers() -> Result<()> {
    meets_in("VP9", Some("L3T3_KEY")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_decodes_av1_by_its_layers() -> Result<()> {
    meets_in("AV1", Some("L2T2")).await
}

#[tokio::test(flavor = "multi_thread")]
async fn chromium_decodes_h264() -> Result<()> {
    meets_in("H264", None).await
}

/// Where the browser lacks the codec there is nothing to show; the packets themselves are tested without it.
async fn meets_in(codec: &str, mode: Option<&str>) -> Result<()> {
    let media = listen(Config::default())?;
    let (room, _events) = media.open(RoomId(Uuid::from_u128(1))).await?;
    let options = json!({ "codec": codec, "mode": mode });
    let sender = Browser::join_with("chromium", &room, ALICE, &options, Site::Near).await?;
    let Some(sender) = sender else {
        eprintln!("this browser has no {codec}");
        return Ok(());
    };
    let mut viewer = Browser::join("chromium", &room, BOB).await?;
    let result = async {
        let seen = viewer.decodes_the_other().await?;
        let decoded = seen["video"]["codec"].as_str().context("a codec")?;
        ensure!(decoded == format!("video/{codec}"), "{seen}");
        if mode.is_some() {
            shows_layers(&mut viewer).await?;
        }
        anyhow::Ok(())
    };
    let result = result.await;
    eprintln!("{:#?}\n{:?}", room.sites().await?, media.stats().await?);
    sender.close().await?;
    viewer.close().await?;
    result
}

/// Down at once and up again, with pictures all the way.
async fn shows_layers(viewer: &mut Browser) -> Result<()> {
    // The whole picture: a line that is not known yet may first be given a layer that is not the largest.
    let large = viewer.sees(960, 540, |width| width >= 960.0).await?;
    let small = viewer
        .sees(160, 90, |width| width > 0.0 && width <= large / 2.0)
        .await?;
    let again = viewer.sees(960, 540, |width| width >= 2.0 * small).await?;
    eprintln!("shown {large}, {small} and again {again} pixels");
    viewer.watch().await?;
    let flows = viewer
        .until("goes on", |seen| number(&seen["video"]["shown"]) > 20.0)
        .await?;
    ensure!(number(&flows["video"]["longest_ms"]) < 5_000.0, "{flows}");
    Ok(())
}
