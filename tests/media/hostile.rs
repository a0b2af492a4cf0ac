//! What strangers and replays do to a meeting of real browsers: nothing. `LINKS=all` floods with 100,000 datagrams a second.

use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use hoian_server::clock;
use hoian_server::media::stats::Drop;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use crate::links::Pair;

/// Garbage that begins as every protocol does, from an address nobody knows; every packet of one site many times over,
/// from its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_garbage_and_replays_does_not_disturb_a_meeting() -> Result<()> {
    let is_long = std::env::var("LINKS").is_ok_and(|which| which == "all");
    let per_second = if is_long { 100_000 } else { 20_000 };
    let (mut pair, _room) = Pair::meet("chromium", "chromium").await?;
    let flood = Flood::default();
    let target = pair.media.addresses()[0];
    let result = std::thread::scope(|scope| {
        scope.spawn(|| flood.run(target, per_second));
        let result = tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async {
                pair.decode().await?;
                pair.line.replay(if is_long { 50 } else { 10 });
                pair.is_undisturbed().await
            })
        });
        flood.stop.store(true, Ordering::Relaxed);
        result
    });
    let (stats, sent) = (pair.media.stats().await?, flood.sent.load(Ordering::Relaxed));
    let stray = [Drop::NotOurs, Drop::UnknownAddress, Drop::StrayStun];
    let refused: u64 = stray.into_iter().map(|reason| stats.dropped(reason)).sum();
    eprintln!(
        "{sent} datagrams of garbage, {refused} of them taken and dropped; {} replays",
        stats.dropped(Drop::Replayed)
    );
    pair.close().await?;
    result?;
    ensure!(refused > 10_000, "the garbage must reach the port: {stats:?}");
    ensure!(stats.dropped(Drop::Replayed) > 1_000, "{stats:?}");
    Ok(())
}

#[derive(Default)]
struct Flood {
    sent: AtomicU64,
    stop: AtomicBool,
}

impl Flood {
    /// In steps of a hundredth of a second; a machine that cannot keep up sends less.
    fn run(&self, target: SocketAddr, per_second: u64) {
        let socket = UdpSocket::bind("0.0.0.0:0").expect("a port");
        let mut random = StdRng::seed_from_u64(1);
        let mut bytes = [0; 300];
        let began = clock::instant();
        while !self.stop.load(Ordering::Relaxed) {
            let due = began.elapsed().as_millis() as u64 * per_second / 1_000;
            let step = due
                .saturating_sub(self.sent.load(Ordering::Relaxed))
                .min(per_second / 50);
            for _ in 0..step {
                random.fill(&mut bytes[..]);
                bytes[0] = FIRST[random.random_range(0..FIRST.len())];
                let length = random.random_range(1..bytes.len());
                // A full socket refuses, and that is as good as lost on the way.
                let _ = socket.send_to(&bytes[..length], target);
            }
            self.sent.fetch_add(step, Ordering::Relaxed);
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// STUN, DTLS, RTP, RTCP and nothing of these.
const FIRST: [u8; 7] = [0, 1, 22, 23, 0x80, 0x90, 0xff];
