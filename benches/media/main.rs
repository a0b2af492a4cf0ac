//! What forwarding costs, beside the floor of the same run: one publisher to many viewers over loopback, with
//! ICE, DTLS and SRTP, the packet sizes of Chromium, arrival reports from every viewer.
//!
//!     make bench AREA=media
//!
//! The media thread is pinned to the first core and has it alone as far as the machine allows; the load runs on
//! the others. Prints a table and writes target/bench/media.json.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark fails by panicking"
)]

mod floor;
mod server;

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use hoian_benches::media::address;
use hoian_benches::media::client::{Certified, Client};
use hoian_benches::media::publisher::{self, Publisher};
use hoian_benches::media::viewer::{self, Seen, Signals, Viewer};
use hoian_server::clock;
use serde_json::{Value, json};

use server::Remote;

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
        "subscribers  packets/s  Mbit/s   CPU  us/packet  floor  ratio    lost    held   p50 ms   p99 ms  kB/peer"
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

impl Run {
    fn measure(&self) -> Result<Vec<Value>> {
        let certified = Certified::new()?;
        let mut server = Remote::start()?;
        let empty = server.ask(&json!({ "figures": true }))?;
        let pictures = publisher::recorded()?;
        let (publisher, viewers) = self.join_all(&certified, &mut server)?;
        viewer::raise_buffers(&viewers);
        let full = server.ask(&json!({ "figures": true }))?;
        let began = clock::instant();
        let signals = Signals::default();
        let mut publisher = Publisher::new(publisher, pictures.clone());
        let (before, after, seen, viewers, passed) = thread::scope(|scope| {
            let watching = scope.spawn(|| {
                pin(0, LOAD_CORE)?;
                viewer::watch(viewers, began, &signals)
            });
            let sending = scope.spawn(|| {
                pin(0, LOAD_CORE)?;
                publisher.run(self.bits_per_second, began, &signals.stop)
            });
            // The estimates must first rise to what the picture takes.
            thread::sleep(WARM_UP);
            let before = server.ask(&json!({ "figures": true }))?;
            signals.count.store(true, Ordering::Relaxed);
            let from = clock::instant();
            thread::sleep(self.seconds);
            let after = server.ask(&json!({ "figures": true }))?;
            let passed = from.elapsed();
            signals.count.store(false, Ordering::Relaxed);
            signals.stop.store(true, Ordering::Relaxed);
            sending.join().expect("the publisher does not panic")?;
            let (seen, viewers) = watching.join().expect("the viewers do not panic")?;
            anyhow::Ok((before, after, seen, viewers, passed))
        })?;
        drop(server);
        let floor = self.floor(viewers, &pictures)?;
        let memory =
            (number(&full["memory_bytes"]) - number(&empty["memory_bytes"])) / self.subscribers as f64;
        self.print(&before, &after, seen, passed, floor, memory)
    }

    /// The publisher's connection, and the viewers'.
    fn join_all(&self, certified: &Certified, server: &mut Remote) -> Result<(Client, Vec<Viewer>)> {
        let joined = server.ask(&json!({ "join": true, "publish": certified.offer() }))?;
        let answer = joined["answer"].as_str().context("an answer")?;
        let publisher = Client::connect(certified, address(answer)?, answer)?;
        let mut viewers = Vec::new();
        for at in 0..self.subscribers {
            let joined = server.ask(&json!({ "join": true, "publish": null }))?;
            let offer = joined["offer"].as_str().context("an offer")?;
            let answer = certified.answer(offer);
            server.ask(&json!({ "accept": at + 1, "answer": answer }))?;
            let client = Client::connect(certified, address(offer)?, offer)?;
            // A few, spread over all, tell how long packets are on the way.
            viewers.push(Viewer::new(client, at % self.subscribers.div_ceil(8) == 0));
        }
        Ok((publisher, viewers))
    }

    fn floor(&self, viewers: Vec<Viewer>, pictures: &[Vec<usize>]) -> Result<f64> {
        let sockets = viewer::addresses(&viewers)?;
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

    fn print(
        &self,
        before: &Value,
        after: &Value,
        mut seen: Seen,
        passed: Duration,
        floor_ns: f64,
        memory: f64,
    ) -> Result<Vec<Value>> {
        let rise = |name: &str| number(&after[name]) - number(&before[name]);
        let (forwarded, repeated) = (rise("forwarded"), rise("sent_again"));
        let packets = forwarded + repeated;
        let (us, floor) = (rise("cpu_ns") / packets / 1e3, floor_ns / 1e3);
        seen.delays_us.sort_unstable();
        let delay = |share: f64| {
            let at = (seen.delays_us.len() as f64 * share) as usize;
            f64::from(seen.delays_us.get(at).copied().unwrap_or(0)) / 1e3
        };
        let (p50, p99) = (delay(0.5), delay(0.99));
        let rate = packets / passed.as_secs_f64();
        let megabits = rate * seen.bytes as f64 * 8.0 / seen.packets.max(1) as f64 / 1e6;
        let busy = rise("cpu_ns") / passed.as_nanos() as f64;
        // What the client's own sockets could not hold counts as lost: the load must not flatter.
        let lost = (1.0 - seen.packets as f64 / packets).max(0.0);
        let held_back = rise("dropped") / (packets + rise("dropped"));
        println!(
            "{:11}  {rate:9.0}  {megabits:6.0}  {:3.0} %  {us:9.2}  {floor:5.2}  {:5.2}  {:4.1} %  {:4.1} %  {p50:7.2}  {p99:7.2}  {:7.0}",
            self.subscribers,
            busy * 100.0,
            us / floor,
            lost * 100.0,
            held_back * 100.0,
            memory / 1024.0
        );
        let at = |name: &str| format!("{name}, {} subscribers", self.subscribers);
        let plain = |name: &str, value: f64, unit: &str| json!({ "name": at(name), "value": value, "unit": unit, "floor": null, "ratio": null, "peers": {} });
        Ok(vec![
            json!({ "name": at("CPU a forwarded packet"), "value": us, "unit": "us", "floor": floor, "ratio": us / floor, "peers": {} }),
            plain("packets sent", rate, "1/s"),
            plain("media rate", megabits, "Mbit/s"),
            plain("media thread busy", busy, "cores"),
            plain("packets lost", lost, "share"),
            plain("packets held back for slow viewers", held_back, "share"),
            plain("added latency p50", p50, "ms"),
            plain("added latency p99", p99, "ms"),
            plain("memory a subscriber", memory / 1024.0, "kB"),
        ])
    }
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

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

/// The media thread and the floor run on the first.
const LOAD_CORE: usize = 1;
const WARM_UP: Duration = Duration::from_secs(6);
