//! Ten thousand files of another system, every fifth hostile, verified through the interface, while a second system sends without
//! end and is held to its share.
//!
//!     make bench AREA=verify
//!     target/release/deps/verify-… --files 1000 --connections 8
//!
//! Floor: the library over the same files in this process, on as many threads as the program judges on, without HTTP, authorities
//! and database.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark fails by panicking"
)]

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, ensure};
use hoian_benches::child;
use hoian_benches::figure::{self, Figure, percentile};
use hoian_server::clock;
use hoian_signer::validate::{Anchor, Policy, Revocation, validate};
use hoian_tests::binary::{self, Process};
use hoian_tests::signing::{Office, content};
use hoian_tests::verifying::{Answer, File, System, files, key};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str, usual: usize| -> Result<usize> {
        let at = arguments.iter().position(|word| word == name);
        let given = at.and_then(|at| arguments.get(at + 1));
        Ok(given.map(|word| word.parse()).transpose()?.unwrap_or(usual))
    };
    let (count, connections) = (option("--files", 10_000)?, option("--connections", 8)?);
    let figures = tokio::runtime::Runtime::new()?.block_on(run(count, connections))?;
    figure::print("verify", &figures);
    println!("\n{}", figure::write("verify", &figures)?.display());
    Ok(())
}

async fn run(count: usize, connections: usize) -> Result<Vec<Figure>> {
    let office = Office::open().await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    // As its leader signed it, and as it was sealed.
    let signed = [
        content(&clerk, &id, "3").await,
        content(&clerk, &id, "latest").await,
    ];
    let (ours, theirs) = (
        key(office.app(), "Cổng").await,
        key(office.app(), "Một cửa").await,
    );
    let files = files(&signed, count);
    let mut policy = Policy::new(office.server.clock.now_utc());
    policy.revocation = Revocation::IfAvailable;
    policy
        .anchors
        .push(Anchor::new(office.authority.root.clone(), "training"));
    let Office { server, authority } = office;
    let folder = server.stop().await;

    println!("the library judges {count} files ...");
    let floor = alone(&files, &policy);

    let mut serve = binary::command_of(&child::beside("hoian")?, folder.path(), &["serve"]);
    let host = authority.base_url.replace("http://", "");
    serve
        .env("HOIAN_SIGNING__ALLOWED_HOSTS", format!("['{host}']"))
        // More than the machine does, so that the one who is measured is never held back, and less than a flood sends.
        .env("HOIAN_HTTP__VERIFICATIONS_PER_MINUTE", "12000")
        // Authorities in hostile files are not allowed, and each is told of.
        .env("HOIAN_LOG__FILTER", "error,hoian_server::app=info");
    let process = Process::start(serve).await;
    println!("the program judges them over {connections} connections ...");
    let system = System::new(&process.origin, &ours);
    let memory = Mutex::new(vec![process.resident_megabytes()]);
    let measure = |done: usize| {
        if done.is_multiple_of((count / 10).max(1)) {
            let now = process.resident_megabytes();
            println!("  {done} files, {now:.0} MB");
            memory.lock().unwrap().push(now);
        }
    };
    let began = clock::instant();
    let half = count / 2;
    let mut times = system.verify(&files[..half], connections, measure).await;
    let quiet = (half as f64) / began.elapsed().as_secs_f64();
    let quiet_p99 = percentile(milliseconds(&times), 0.99);
    // The second half beside one who sends as fast as it is answered.
    let flooding = tokio::spawn(flood(System::new(&process.origin, &theirs)));
    let began = clock::instant();
    let others = system
        .verify(&files[half..], connections, |done| measure(half + done))
        .await;
    let beside = ((count - half) as f64) / began.elapsed().as_secs_f64();
    let beside_p99 = percentile(milliseconds(&others), 0.99);
    flooding.abort();
    times.extend(others);
    ensure!(times.len() == count, "every file was answered");

    let memory = memory.into_inner().unwrap();
    let at = |share: usize| memory[(memory.len() - 1) * share / 10];
    let grown = at(10) - at(2);
    let of = |share| percentile(milliseconds(&times), share);
    Ok(vec![
        Figure::new("files verified, alone", quiet, "1/s").floor(floor.per_second),
        Figure::new("files verified, beside a flood", beside, "1/s").floor(floor.per_second),
        Figure::new("a file, p50", of(0.5), "ms").floor(floor.p50_ms),
        Figure::new("a file, p99", of(0.99), "ms").floor(floor.p99_ms),
        Figure::new("a file beside a flood, p99", beside_p99, "ms").floor(quiet_p99),
        Figure::new("flood: judged", JUDGED.load(Ordering::Relaxed) as f64, ""),
        Figure::new(
            "flood: refused with 429",
            REFUSED.load(Ordering::Relaxed) as f64,
            "",
        ),
        Figure::new("memory at the start", memory[0], "MB"),
        Figure::new("memory in the middle", at(5), "MB"),
        Figure::new("memory at the end", at(10), "MB").target("64 MB over that of a fifth", grown < 64.0),
    ])
}

/// What the same files cost the library.
struct Floor {
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
}

fn alone(files: &[File], policy: &Policy) -> Floor {
    let (next, times) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let began = clock::instant();
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let began = clock::instant();
                    std::hint::black_box(validate(&file.bytes, policy));
                    times.lock().unwrap().push(began.elapsed());
                }
            });
        }
    });
    let per_second = files.len() as f64 / began.elapsed().as_secs_f64();
    let times = milliseconds(&times.into_inner().unwrap());
    Floor {
        per_second,
        p50_ms: percentile(times.clone(), 0.5),
        p99_ms: percentile(times, 0.99),
    }
}

/// Sends what is no PDF over many connections, and comes back at once when it is told to wait.
async fn flood(system: System) {
    let one = |system: System| async move {
        loop {
            match system.ask(b"no PDF").await {
                Answer::Judged { .. } => JUDGED.fetch_add(1, Ordering::Relaxed),
                Answer::TooMany { .. } => REFUSED.fetch_add(1, Ordering::Relaxed),
            };
            // A client that does not listen, and yet leaves a core to those who are measured.
            tokio::time::sleep(BREATH).await;
        }
    };
    futures::future::join_all((0..FLOODING).map(|_| one(system.clone()))).await;
}

fn milliseconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(|time| time.as_secs_f64() * 1000.0).collect()
}

static JUDGED: AtomicUsize = AtomicUsize::new(0);
static REFUSED: AtomicUsize = AtomicUsize::new(0);
const THREADS: usize = 2;
const FLOODING: usize = 24;
const BREATH: Duration = Duration::from_millis(50);
