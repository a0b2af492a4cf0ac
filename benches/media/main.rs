//! What forwarding costs, beside the floor of the same run: one publisher to many viewers over loopback, with
//! ICE, DTLS and SRTP, the packet sizes of Chromium, arrival reports from every viewer.
//!
//!     make bench AREA=media
//!
//! The media thread is pinned to the first core and has it alone as far as the machine allows; the load runs on
//! the others. Other SFUs that are installed take the same load afterwards, their whole process pinned to that core; of
//! ours the CPU of the media thread counts, of theirs that of all threads. Prints a table and writes target/bench/media.json.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark fails by panicking"
)]

mod client;
mod floor;
mod load;
mod peers;
mod publisher;
mod server;
mod sfu;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use hoian_server::clock;
use serde_json::{Value, json};

use client::{Certified, Client};
use load::{Seen, Signals, Viewer};
use peers::janus::Janus;
use publisher::Publisher;
use server::Remote;
use sfu::{Figures, Sfu};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|word| word == "serve") {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        return runtime.block_on(server::serve());
    }
    let option = |name: &str, usual: &str| {
        let at = arguments.iter().position(|word| word == name);
        at.and_then(|at| arguments.get(at + 1))
            .map_or(usual.to_owned(), Clone::clone)
    };
    let seconds = option("--seconds", "5").parse()?;
    let kbps: u64 = option("--kbps", "3000").parse()?;
    let subscribers = option("--subscribers", "1,10,50,100,200,400,700,1000");
    let mut results = Vec::new();
    println!(
        "subscribers  SFU      packets/s  Mbit/s    CPU  us/packet  floor  ratio    lost    held   p50 ms   p99 ms  kB/peer"
    );
    for count in subscribers.split(',') {
        let run = Run {
            subscribers: count.trim().parse()?,
            seconds: Duration::from_secs(seconds),
            bits_per_second: kbps * 1_000,
        };
        results.extend(run.measure()?);
    }
    let folder = std::path::Path::new("target/bench");
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join("media.json"), serde_json::to_string_pretty(&results)?)?;
    Ok(())
}

struct Run {
    subscribers: usize,
    seconds: Duration,
    bits_per_second: u64,
}

/// What came of a load.
struct Loaded {
    before: Figures,
    after: Figures,
    seen: Seen,
    /// Packets of the publisher meanwhile.
    offered: u64,
    passed: Duration,
    memory_bytes: f64,
    viewers: Vec<Viewer>,
}

impl Run {
    fn measure(&self) -> Result<Vec<Value>> {
        let certified = Certified::new()?;
        let pictures = publisher::recorded()?;
        let mut ours = self.load(&mut Remote::start()?, &certified, &pictures)?;
        let floor = self.floor(std::mem::take(&mut ours.viewers), &pictures)?;
        let mut peers = BTreeMap::new();
        if let Some(mut janus) = Janus::start()? {
            peers.insert("Janus", self.load(&mut janus, &certified, &pictures));
        }
        Ok(self.table(ours, floor, peers))
    }

    fn load(&self, sfu: &mut dyn Sfu, certified: &Certified, pictures: &[Vec<usize>]) -> Result<Loaded> {
        let empty = sfu.figures()?;
        let (publisher, viewers) = self.join_all(certified, sfu)?;
        load::raise_buffers(&viewers);
        let full = sfu.figures()?;
        let began = clock::instant();
        let signals = Signals::default();
        let mut publisher = Publisher::new(publisher, pictures.to_vec());
        thread::scope(|scope| {
            let watching = scope.spawn(|| load::watch(viewers, began, &signals));
            let sending = scope.spawn(|| publisher.run(self.bits_per_second, began, &signals));
            // The estimates must first rise to what the picture takes.
            thread::sleep(WARM_UP);
            let before = sfu.figures()?;
            signals.count.store(true, Ordering::Relaxed);
            let from = clock::instant();
            thread::sleep(self.seconds);
            let after = sfu.figures()?;
            let passed = from.elapsed();
            signals.count.store(false, Ordering::Relaxed);
            signals.stop.store(true, Ordering::Relaxed);
            let offered = sending.join().expect("the publisher does not panic")?;
            let (seen, viewers) = watching.join().expect("the viewers do not panic")?;
            Ok(Loaded {
                before,
                after,
                seen,
                offered,
                passed,
                memory_bytes: full.memory_bytes - empty.memory_bytes,
                viewers,
            })
        })
    }

    /// The publisher's connection, and the viewers'.
    fn join_all(&self, certified: &Certified, sfu: &mut dyn Sfu) -> Result<(Client, Vec<Viewer>)> {
        let answer = sfu.publish(&certified.offer())?;
        let publisher = Client::connect(certified, address(&answer)?, &answer)?;
        let mut viewers = Vec::new();
        for at in 0..self.subscribers {
            let offer = sfu.view()?;
            sfu.accept(&certified.answer(&offer))?;
            let client = Client::connect(certified, address(&offer)?, &offer)?;
            // A few, spread over all, tell how long packets are on the way.
            viewers.push(Viewer::new(client, at % self.subscribers.div_ceil(8) == 0));
        }
        Ok((publisher, viewers))
    }

    fn floor(&self, viewers: Vec<Viewer>, pictures: &[Vec<usize>]) -> Result<f64> {
        let sockets = load::addresses(&viewers)?;
        // They were connected to the server; fresh ones at the same addresses take what anybody sends.
        drop(viewers);
        let drains: Vec<std::net::UdpSocket> = sockets
            .iter()
            .map(|address| std::net::UdpSocket::bind(*address))
            .collect::<Result<_, _>>()?;
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            let draining = scope.spawn(|| drain(&drains, &stop));
            let measured = scope.spawn(|| floor::measure(&sockets, pictures, &stop));
            thread::sleep(self.seconds.min(Duration::from_secs(3)));
            stop.store(true, Ordering::Relaxed);
            draining.join().expect("draining does not panic")?;
            measured.join().expect("the floor does not panic")
        })
    }

    /// Prints a line for ours and one for each peer; gives the figures.
    fn table(&self, ours: Loaded, floor_ns: f64, peers: BTreeMap<&str, Result<Loaded>>) -> Vec<Value> {
        let ours = self.summary(ours);
        let floor = floor_ns / 1e3;
        self.print("Hội Ấn", &ours, floor);
        let mut others: BTreeMap<&str, Summary> = BTreeMap::new();
        for (name, loaded) in peers {
            match loaded {
                Ok(loaded) => {
                    let summary = self.summary(loaded);
                    self.print(name, &summary, floor);
                    others.insert(name, summary);
                }
                Err(error) => println!("{:>11}  {name}: {error:#}", self.subscribers),
            }
        }
        let figure = |name: &str, of: fn(&Summary) -> f64, unit: &str, floor: Option<f64>| {
            let value = of(&ours);
            let peers: BTreeMap<_, _> = others.iter().map(|(name, peer)| (name, of(peer))).collect();
            json!({
                "name": format!("{name}, {} subscribers", self.subscribers),
                "value": value, "unit": unit, "floor": floor, "ratio": floor.map(|floor| value / floor), "peers": peers,
            })
        };
        vec![
            figure("CPU a forwarded packet", |of| of.us, "us", Some(floor)),
            figure("packets sent", |of| of.rate, "1/s", None),
            figure("media rate", |of| of.megabits, "Mbit/s", None),
            figure("CPU busy", |of| of.busy, "cores", None),
            figure("packets lost", |of| of.lost, "share", None),
            figure(
                "packets held back for slow viewers",
                |of| of.held_back,
                "share",
                None,
            ),
            figure("added latency p50", |of| of.p50_ms, "ms", None),
            figure("added latency p99", |of| of.p99_ms, "ms", None),
            figure("memory a subscriber", |of| of.memory_kb, "kB", None),
        ]
    }

    fn print(&self, name: &str, of: &Summary, floor: f64) {
        println!(
            "{:11}  {name:7}  {:9.0}  {:6.0}  {:3.0} %  {:9.2}  {floor:5.2}  {:5.2}  {:4.1} %  {:4.1} %  {:7.2}  {:7.2}  {:7.0}",
            self.subscribers,
            of.rate,
            of.megabits,
            of.busy * 100.0,
            of.us,
            of.us / floor,
            of.lost * 100.0,
            of.held_back * 100.0,
            of.p50_ms,
            of.p99_ms,
            of.memory_kb
        );
    }

    fn summary(&self, loaded: Loaded) -> Summary {
        let Loaded {
            before,
            after,
            mut seen,
            offered,
            passed,
            memory_bytes,
            ..
        } = loaded;
        // Who does not say what it sent is taken by what arrived, and its loss by what the publisher sent.
        let wanted = offered as f64 * self.subscribers as f64;
        let sent = before.sent.zip(after.sent).map(|(before, after)| after - before);
        let packets = sent.unwrap_or(seen.packets as f64);
        let cpu_ns = after.cpu_ns - before.cpu_ns;
        let held_back = after.held_back - before.held_back;
        seen.delays_us.sort_unstable();
        let delay = |share: f64| {
            let at = (seen.delays_us.len() as f64 * share) as usize;
            f64::from(seen.delays_us.get(at).copied().unwrap_or(0)) / 1e3
        };
        let rate = packets / passed.as_secs_f64();
        Summary {
            rate,
            megabits: rate * seen.bytes as f64 * 8.0 / seen.packets.max(1) as f64 / 1e6,
            busy: cpu_ns / passed.as_nanos() as f64,
            us: cpu_ns / packets / 1e3,
            // What the client's own sockets could not hold counts as lost: the load must not flatter.
            lost: (1.0 - seen.packets as f64 / sent.unwrap_or(wanted)).max(0.0),
            held_back: held_back / (packets + held_back),
            p50_ms: delay(0.5),
            p99_ms: delay(0.99),
            memory_kb: memory_bytes / self.subscribers as f64 / 1024.0,
        }
    }
}

struct Summary {
    rate: f64,
    megabits: f64,
    busy: f64,
    /// Microseconds of CPU a packet.
    us: f64,
    lost: f64,
    held_back: f64,
    p50_ms: f64,
    p99_ms: f64,
    memory_kb: f64,
}

/// Takes whatever comes and throws it away.
fn drain(sockets: &[std::net::UdpSocket], stop: &AtomicBool) -> Result<()> {
    pin(0, LOAD_CORE)?;
    let mut buffer = [0; 2048];
    for socket in sockets {
        socket.set_nonblocking(true)?;
    }
    while !stop.load(Ordering::Relaxed) {
        for socket in sockets {
            while socket.recv(&mut buffer).is_ok() {}
        }
    }
    Ok(())
}

/// The first candidate of a description.
fn address(description: &str) -> Result<std::net::SocketAddr> {
    let line = description
        .lines()
        .find_map(|line| line.strip_prefix("a=candidate:"))
        .context("a candidate")?;
    let words: Vec<&str> = line.split(' ').collect();
    Ok(format!("{}:{}", words[4], words[5]).parse()?)
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

/// The media thread and the floor run on the first.
const LOAD_CORE: usize = 1;
const WARM_UP: Duration = Duration::from_secs(6);
