//! What forwarding costs, beside the floor of the same run: one publisher to many viewers over loopback, with
//! ICE, DTLS and SRTP, the packet sizes of Chromium, arrival reports from every viewer.
//!
//!     make bench AREA=media
//!     target/release/deps/media-… --rooms 20 --subscribers 19 --kbps 1500
//!     make bench AREA=sfus
//!
//! The media thread is pinned to the first core and has it alone as far as the machine allows; the load runs on
//! the others. The first who join wait for the first whole picture. Prints a table and writes target/bench/media.json.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark fails by panicking"
)]

mod floor;
mod peers;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use hoian_benches::media::address;
use hoian_benches::media::client::{Certified, Client};
use hoian_benches::media::inlet::{self, Inlet};
use hoian_benches::media::publisher::{self, Publisher};
use hoian_benches::media::viewer::{self, Entrance, Seen, Signals, await_picture};
use hoian_server::clock;
use serde_json::{Value, json};

use peers::{Figures, Sfu};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|word| word == "serve") {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        return runtime.block_on(peers::serve());
    }
    let option = |name: &str, usual: &str| {
        let at = arguments.iter().position(|word| word == name);
        at.and_then(|at| arguments.get(at + 1))
            .map_or(usual.to_owned(), Clone::clone)
    };
    let seconds = option("--seconds", "5").parse()?;
    let kbps: u64 = option("--kbps", "3000").parse()?;
    let sfus = option("--sfus", "hoian");
    let subscribers = option("--subscribers", "1,10,50,100,200,400,700,1000");
    let rooms = option("--rooms", "1").parse()?;
    let mut results = Vec::new();
    println!(
        "sfu      subscribers  packets/s  Mbit/s   CPU  us/packet  floor  ratio    lost    held   p50 ms   p99 ms  kB/peer  join CPU s  first picture ms"
    );
    for count in subscribers.split(',') {
        for sfu in sfus.split(',') {
            let run = Run {
                sfu: sfu.to_owned(),
                rooms,
                subscribers: count.trim().parse()?,
                seconds: Duration::from_secs(seconds),
                bits_per_second: kbps * 1_000,
            };
            results.extend(run.measure()?);
        }
    }
    let folder = std::path::Path::new("target/bench");
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("media.json"), serde_json::to_string_pretty(&results)?)?;
    Ok(())
}

struct Run {
    sfu: String,
    rooms: usize,
    /// In each room.
    subscribers: usize,
    seconds: Duration,
    bits_per_second: u64,
}

/// What one run gave.
struct Measured {
    before: Figures,
    after: Figures,
    seen: Seen,
    /// Packets that should have come, each to each viewer of its room.
    expected: u64,
    passed: Duration,
    floor_ns: f64,
    joining: Joining,
}

/// What it took until all had come.
struct Joining {
    /// Bytes a subscriber.
    memory: f64,
    /// CPU of the whole process.
    cpu: Duration,
    /// From the click to the first whole picture, the shortest first.
    first_picture: Vec<Duration>,
}

impl Run {
    fn measure(&self) -> Result<Vec<Value>> {
        let certified = Certified::new()?;
        let mut sfu = peers::start(&self.sfu)?;
        let pictures = publisher::recorded()?;
        let mut publishers = Vec::new();
        for room in 0..self.rooms {
            let answer = sfu.publish(room, &certified.offer())?;
            let client = Client::connect(&certified, inlet::publishers(), address(&answer)?, &answer)?;
            publishers.push(Publisher::new(client, pictures.clone()));
        }
        let sent: Vec<_> = publishers.iter().map(Publisher::sent).collect();
        let sent = || sent.iter().map(|sent| sent.load(Ordering::Relaxed)).sum::<u64>();
        let signals = Signals::default();
        let (mut entrance, mut viewers) = viewer::hall()?;
        let (joining, before, after, seen, published, passed) = thread::scope(|scope| {
            let sending: Vec<_> = publishers
                .iter_mut()
                .map(|publisher| {
                    scope.spawn(|| {
                        pin(0, LOAD_CORE)?;
                        publisher.run(self.bits_per_second, &signals.stop)
                    })
                })
                .collect();
            let watching = scope.spawn(|| {
                pin(0, LOAD_CORE)?;
                viewers.watch(&signals)
            });
            let joining = self.join_all(&certified, sfu.as_mut(), &mut entrance);
            // The estimates must first rise to what the picture takes.
            thread::sleep(WARM_UP);
            let before = sfu.figures();
            signals.count.store(true, Ordering::Relaxed);
            let published = sent();
            let from = clock::instant();
            thread::sleep(self.seconds);
            let after = sfu.figures();
            let (published, passed) = (sent() - published, from.elapsed());
            signals.count.store(false, Ordering::Relaxed);
            signals.stop.store(true, Ordering::Relaxed);
            for publisher in sending {
                publisher.join().expect("the publisher does not panic")?;
            }
            let seen = watching.join().expect("the viewers do not panic")?;
            anyhow::Ok((joining?, before?, after?, seen, published, passed))
        })?;
        drop(sfu);
        let floor_ns = self.floor(&entrance.addresses(), &pictures)?;
        Ok(self.print(Measured {
            before,
            after,
            seen,
            expected: published * self.subscribers as u64,
            passed,
            floor_ns,
            joining,
        }))
    }

    /// All viewers come, one after the other; a few wait for the first picture, since a publisher is asked for no more than two
    /// key frames a second.
    fn join_all(&self, certified: &Certified, sfu: &mut dyn Sfu, entrance: &mut Entrance) -> Result<Joining> {
        let empty = sfu.figures()?;
        let mut first_picture = Vec::new();
        for room in 0..self.rooms {
            for _ in 0..self.subscribers {
                let clicked = clock::instant();
                let offer = sfu.subscribe(room, &|offer| certified.answer(offer))?;
                let socket = entrance.connect(certified, &offer)?;
                if first_picture.len() < WAITING {
                    await_picture(&socket, &offer)?;
                    first_picture.push(clicked.elapsed());
                }
            }
        }
        first_picture.sort_unstable();
        let full = sfu.figures()?;
        let rise = full.memory_bytes.saturating_sub(empty.memory_bytes);
        Ok(Joining {
            memory: rise as f64 / (self.rooms * self.subscribers) as f64,
            cpu: Duration::from_nanos(full.process_ns - empty.process_ns),
            first_picture,
        })
    }

    fn floor(&self, addresses: &[SocketAddr], pictures: &[Vec<usize>]) -> Result<f64> {
        let port = addresses.first().context("a viewer")?.port();
        let mut inlet = Inlet::open(port)?;
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let draining = scope.spawn(|| {
                pin(0, LOAD_CORE)?;
                while !stop.load(Ordering::Relaxed) {
                    inlet.receive(|_| ())?;
                }
                anyhow::Ok(())
            });
            let measured = scope.spawn(|| floor::measure(addresses, pictures, &stop));
            thread::sleep(self.seconds.min(Duration::from_secs(3)));
            stop.store(true, Ordering::Relaxed);
            draining.join().expect("draining does not panic")?;
            measured.join().expect("the floor does not panic")
        })
    }

    fn print(&self, run: Measured) -> Vec<Value> {
        let mut delays_us = run.seen.delays_us;
        delays_us.sort_unstable();
        let delay = |share: f64| {
            let at = (delays_us.len() as f64 * share) as usize;
            f64::from(delays_us.get(at).copied().unwrap_or(0)) / 1e3
        };
        let (p50, p99) = (delay(0.5), delay(0.99));
        let seen = run.seen.packets as f64;
        let sent = run.before.sent.zip(run.after.sent);
        let packets = sent.map_or(seen, |(before, after)| (after - before) as f64);
        let cpu_ns = (run.after.cpu_ns - run.before.cpu_ns) as f64;
        let (us, floor) = (cpu_ns / packets / 1e3, run.floor_ns / 1e3);
        let rate = packets / run.passed.as_secs_f64();
        let megabits = rate * run.seen.bytes as f64 * 8.0 / seen.max(1.0) / 1e6;
        let busy = cpu_ns / run.passed.as_nanos() as f64;
        // What the load's own socket could not hold counts as lost: the load must not flatter.
        let once = seen - run.seen.repeats as f64;
        let lost = (1.0 - once / run.expected as f64).max(0.0);
        let dropped = (run.after.held_back - run.before.held_back) as f64;
        let held_back = dropped / (packets + dropped);
        let waits = &run.joining.first_picture;
        let milliseconds = |wait: Duration| wait.as_secs_f64() * 1e3;
        println!(
            "{:7}  {:11}  {rate:9.0}  {megabits:6.0}  {:3.0} %  {us:9.2}  {floor:5.2}  {:5.2}  {:4.1} %  {:4.1} %  {p50:7.2}  {p99:7.2}  {:7.0}  {:10.2}  {:4.0} to {:4.0}",
            self.sfu,
            format!("{} x {}", self.rooms, self.subscribers),
            busy * 100.0,
            us / floor,
            lost * 100.0,
            held_back * 100.0,
            run.joining.memory / 1024.0,
            run.joining.cpu.as_secs_f64(),
            milliseconds(waits[waits.len() / 2]),
            milliseconds(waits[waits.len() - 1]),
        );
        let at = |name: &str| {
            let (rooms, subscribers) = (self.rooms, self.subscribers);
            format!("{}: {name}, {rooms} x {subscribers} subscribers", self.sfu)
        };
        let plain = |name: &str, value: f64, unit: &str| json!({ "name": at(name), "value": value, "unit": unit, "floor": null, "ratio": null, "peers": {} });
        vec![
            json!({ "name": at("CPU a forwarded packet"), "value": us, "unit": "us", "floor": floor, "ratio": us / floor, "peers": {} }),
            plain("packets sent", rate, "1/s"),
            plain("media rate", megabits, "Mbit/s"),
            plain("media thread busy", busy, "cores"),
            plain("packets lost", lost, "share"),
            plain("packets held back for slow viewers", held_back, "share"),
            plain("added latency p50", p50, "ms"),
            plain("added latency p99", p99, "ms"),
            plain("CPU of all joining", run.joining.cpu.as_secs_f64(), "s"),
            plain(
                "first picture, longest",
                milliseconds(waits[waits.len() - 1]),
                "ms",
            ),
            plain("memory a subscriber", run.joining.memory / 1024.0, "kB"),
        ]
    }
}

/// Ties a thread (0: this one) to a core.
fn pin(thread: libc::pid_t, core: usize) -> Result<()> {
    // SAFETY: zero bytes are a valid, empty set; the call reads as many bytes as it is told.
    let failed = unsafe {
        let mut set: libc::cpu_set_t = std::mem::zeroed();
        libc::CPU_SET(core, &mut set);
        libc::sched_setaffinity(thread, size_of::<libc::cpu_set_t>(), &raw const set) != 0
    };
    if failed {
        return Err(std::io::Error::last_os_error().into());
    }
    Ok(())
}

/// So many wait for the first picture.
const WAITING: usize = 12;
/// The media thread and the floor run on the first.
const LOAD_CORE: usize = 1;
const WARM_UP: Duration = Duration::from_secs(6);
