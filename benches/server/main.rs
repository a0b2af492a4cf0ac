//! Half past seven in a province: everybody logs in and reads, a paper goes to 250 receivers, and a conference runs.
//!
//!     make bench AREA=server
//!     target/release/deps/server-… --people 200 --burst-seconds 20 --viewers 10
//!     target/release/deps/server-… --people 50 --burst-seconds 10 --viewers 200 --verifications 500
//!
//! The load shares the machine with the program. Floors: one Argon2id hash with nothing else to do, one round trip of
//! `/healthz`, and for packets the same conference in the quiet before the first log-in.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark fails by panicking"
)]

mod hall;
mod pages;
mod people;
mod program;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use argon2::Argon2;
use hoian_benches::figure::{self, Figure, median, percentile};
use hoian_benches::media::viewer::Seen;
use hoian_benches::province::papers;
use hoian_server::clock;
use hoian_server::domain::role::Role;
use hoian_tests::Client;
use hoian_tests::signing::{Office, TrainingAuthority, act, content, expect};
use hoian_tests::verifying::{self, File, System};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use hall::Hall;
use pages::Waits;
use people::{LoggedIn, Person, milliseconds};
use program::Program;

/// How large the day is.
#[derive(Clone, Copy)]
struct Day {
    people: usize,
    receivers: usize,
    papers: usize,
    viewers: usize,
    kbps: u64,
    quiet: Duration,
    burst: Duration,
    /// Files that another system has verified while all log in.
    verifications: usize,
    reading: Duration,
    /// Between two pages of one person.
    pause: Duration,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str, usual: u64| -> Result<u64> {
        let at = arguments.iter().position(|word| word == name);
        let given = at.and_then(|at| arguments.get(at + 1));
        Ok(given.map(|word| word.parse()).transpose()?.unwrap_or(usual))
    };
    let day = Day {
        people: option("--people", 3_000)? as usize,
        receivers: option("--receivers", 250)? as usize,
        papers: option("--papers", 20_000)? as usize,
        viewers: option("--viewers", 50)? as usize,
        kbps: option("--kbps", 3_000)?,
        quiet: Duration::from_secs(option("--quiet-seconds", 30)?),
        burst: Duration::from_secs(option("--burst-seconds", 180)?),
        verifications: option("--verifications", 0)? as usize,
        reading: Duration::from_secs(option("--reading-seconds", 90)?),
        pause: Duration::from_secs(option("--pause-seconds", 60)?),
    };
    program::raise_open_files()?;
    let figures = tokio::runtime::Runtime::new()?.block_on(day.play())?;
    figure::print("server", &figures);
    println!("\n{}", figure::write("server", &figures)?.display());
    Ok(())
}

/// What is ready before the program starts.
struct Morning {
    folder: TempDir,
    authority: TrainingAuthority,
    people: Vec<Arc<Person>>,
    chair: Person,
    clerk: Person,
    /// A paper that is sealed and waits for its issue.
    paper: String,
    receivers: Vec<String>,
    /// A signed file, and the key of the system that asks about it.
    file: Vec<u8>,
    key: String,
}

impl Day {
    async fn play(self) -> Result<Vec<Figure>> {
        let hash_ms = hash_floor();
        println!("putting {} people and {} papers in ...", self.people, self.papers);
        let morning = self.prepare().await?;
        let program = Program::start(morning.folder.path(), &morning.authority).await?;
        let trip_ms = round_trip(program.origin()).await?;
        let chair = people::log_in(program.origin(), &morning.chair).await?;
        let mut hall = Hall::open(program.origin(), &chair, self.viewers, self.kbps * 1_000).await?;
        // The estimates must first rise to what the picture takes.
        hall.while_watched(nap(WARM_UP)).await?;
        println!("{} people watch; {:?} of quiet ...", self.viewers, self.quiet);
        let (quiet, _) = self.watched(&mut hall, &program, nap(self.quiet)).await?;
        println!(
            "{} people log in within {:?}, and {} files are verified ...",
            self.people, self.burst, self.verifications
        );
        let began = program.cpu_seconds()?;
        let burst = async {
            let verified = self.verify_all(&program, &morning);
            let (logged_in, verified) = tokio::join!(self.log_all_in(&program, &morning.people), verified);
            Ok((logged_in?, verified))
        };
        let (busy, (logged_in, verified)) = self.watched(&mut hall, &program, burst).await?;
        let log_in_cpu = program.cpu_seconds()? - began;
        println!("all read for {:?}, and a paper is issued ...", self.reading);
        let reading = self.read_and_issue(&program, &morning, &logged_in);
        let (read, issued) = self.watched(&mut hall, &program, reading).await?;
        let mut figures = self.of_log_ins(&logged_in, hash_ms);
        figures.push(
            Figure::new(
                "log-ins: CPU of each",
                log_in_cpu * 1000.0 / self.people as f64,
                "ms",
            )
            .floor(hash_ms),
        );
        if !verified.is_empty() {
            figures.extend(both("file verified meanwhile", &verified, trip_ms));
        }
        figures.extend(issued.figures(trip_ms));
        figures.extend(of_packets("while all log in", &busy, &quiet));
        figures.extend(of_packets("while all read, and the issue", &read, &quiet));
        figures.push(Figure::new("CPU of the whole day", program.cpu_seconds()?, "s"));
        figures.push(Figure::new("peak memory", program.peak_megabytes()?, "MB"));
        Ok(figures)
    }

    async fn prepare(&self) -> Result<Morning> {
        let office = Office::open().await;
        let app = office.app();
        papers::fill(app, self.receivers, self.papers).await?;
        let people = people::fill(app, self.people).await?;
        let paper = office.sealed().await;
        let key = verifying::key(app, "Cổng dịch vụ công").await;
        let file = content(&office.server.log_in("vanthu").await, &paper, "latest").await;
        let chair = people::known(app, "chutich", Role::Leader).await?;
        let clerk = people::known(app, "vanthu", Role::Clerk).await?;
        let Office { server, authority } = office;
        Ok(Morning {
            folder: server.stop().await,
            authority,
            people,
            chair,
            clerk,
            paper,
            receivers: (0..self.receivers).map(|at| format!("agency-{at:03}")).collect(),
            file,
            key,
        })
    }

    /// Everybody at a moment of their own; who waits does not make others come later.
    async fn log_all_in(
        &self,
        program: &Program,
        people: &[Arc<Person>],
    ) -> Result<Vec<(Arc<Person>, LoggedIn)>> {
        let mut random = StdRng::seed_from_u64(730);
        let mut coming = JoinSet::new();
        for person in people {
            let (person, origin) = (Arc::clone(person), program.origin().to_owned());
            let at = self.burst.mul_f64(random.random());
            coming.spawn(async move {
                tokio::time::sleep(at).await;
                let logged_in = people::log_in(&origin, &person).await?;
                anyhow::Ok((person, logged_in))
            });
        }
        coming.join_all().await.into_iter().collect()
    }

    /// In milliseconds, each as long as it took.
    async fn verify_all(&self, program: &Program, morning: &Morning) -> Vec<f64> {
        let file = File {
            name: "genuine".to_owned(),
            bytes: Arc::new(morning.file.clone()),
            passes: Some(true),
        };
        let system = System::new(program.origin(), &morning.key);
        let files = vec![file; self.verifications];
        let times = system.verify(&files, VERIFIED_AT_ONCE, drop).await;
        times.iter().map(|time| time.as_secs_f64() * 1e3).collect()
    }

    async fn read_and_issue(
        &self,
        program: &Program,
        morning: &Morning,
        logged_in: &[(Arc<Person>, LoggedIn)],
    ) -> Result<Issued> {
        let (mut readers, waits) = (JoinSet::new(), Waits::default());
        for (at, (_, one)) in logged_in.iter().enumerate() {
            readers.spawn(pages::read(
                one.client.clone(),
                at as u64,
                self.pause,
                waits.clone(),
            ));
        }
        let began = clock::instant();
        tokio::time::sleep(self.reading / 3).await;
        let clerk = people::log_in(program.origin(), &morning.clerk).await?.client;
        let is_receiver =
            |person: &Person| person.role == Role::Clerk && morning.receivers.contains(&person.agency.0);
        let receivers = logged_in.iter().filter(|(person, _)| is_receiver(person));
        let receivers: Vec<_> = receivers.take(PROBES).collect();
        let mut counting = JoinSet::new();
        for (_, one) in &receivers {
            let before = pages::waiting(&one.client).await?;
            counting.spawn(arrival(one.client.clone(), before));
        }
        let pressed = clock::instant();
        let body = json!({ "receivers": morning.receivers });
        let issued = expect(act(&clerk, &morning.paper, "issue", body).await, 200).await;
        let answered_ms = milliseconds(pressed);
        let mut verifying = JoinSet::new();
        for (person, one) in receivers {
            let dispatch = dispatch_to(&issued, &person.agency.0).context("a dispatch")?;
            verifying.spawn(verified(one.client.clone(), dispatch));
        }
        let arrived_ms = since(pressed, counting).await?;
        let verified_ms = since(pressed, verifying).await?;
        tokio::time::sleep(self.reading.saturating_sub(began.elapsed())).await;
        let seconds = began.elapsed().as_secs_f64();
        // Whoever reads does so until the day ends; an error would have ended them before.
        if let Some(ended) = readers.try_join_next() {
            ended??;
        }
        readers.shutdown().await;
        Ok(Issued {
            receivers: morning.receivers.len(),
            answered_ms,
            arrived_ms,
            verified_ms,
            seconds,
            waits,
        })
    }

    /// What viewers saw while something was done.
    async fn watched<T>(
        &self,
        hall: &mut Hall,
        program: &Program,
        work: impl Future<Output = Result<T>>,
    ) -> Result<(Watched, T)> {
        let before = program.packets_sent().await?;
        let (seen, done) = hall.while_watched(work).await?;
        let sent = program.packets_sent().await? - before;
        ensure!(seen.packets > 0, "no packet came to the viewers");
        Ok((Watched { seen, sent }, done))
    }

    fn of_log_ins(&self, logged_in: &[(Arc<Person>, LoggedIn)], hash_ms: f64) -> Vec<Figure> {
        let of = |presses: usize| -> Vec<f64> {
            let those = logged_in.iter().filter(|(_, one)| one.waits.len() == presses);
            those.map(|(_, one)| one.waits.iter().sum()).collect()
        };
        let busy: usize = logged_in.iter().map(|(_, one)| one.busy).sum();
        let mut figures = Vec::new();
        for (name, waits, hashes) in [("password", of(1), 1.0), ("password, then code", of(2), 2.0)] {
            if !waits.is_empty() {
                figures.extend(both(&format!("log-in: {name}"), &waits, hash_ms * hashes));
            }
        }
        figures.push(Figure::new("log-ins told to come back", busy as f64, "").target("0", busy == 0));
        figures
    }
}

/// What came of the reading and the issue.
struct Issued {
    receivers: usize,
    answered_ms: f64,
    arrived_ms: Vec<f64>,
    verified_ms: Vec<f64>,
    seconds: f64,
    waits: Waits,
}

impl Issued {
    fn figures(self, trip_ms: f64) -> Vec<Figure> {
        let waits = self.waits.take();
        let pages: usize = waits.values().map(Vec::len).sum();
        let mut figures = vec![Figure::new(
            "pages and their parts shown",
            pages as f64 / self.seconds,
            "1/s",
        )];
        for (name, waits) in waits {
            figures.extend(both(&format!("page: {name}"), &waits, trip_ms));
        }
        let to = format!("issue to {} receivers", self.receivers);
        figures.push(Figure::new(format!("{to}: answered"), self.answered_ms, "ms").floor(trip_ms));
        figures.extend(both(
            &format!("{to}: counted in an inbox"),
            &self.arrived_ms,
            trip_ms,
        ));
        let last = percentile(self.verified_ms.clone(), 1.0);
        let [p50, p99] = both(&format!("{to}: verified"), &self.verified_ms, trip_ms);
        figures.extend([p50, p99.target("a minute", last < A_MINUTE_MS)]);
        figures
    }
}

struct Watched {
    seen: Seen,
    /// By the program, to all viewers.
    sent: f64,
}

/// Packets while something goes on, beside those of the quiet.
fn of_packets(when: &str, now: &Watched, quiet: &Watched) -> Vec<Figure> {
    let delays = |watched: &Watched| -> Vec<f64> {
        watched
            .seen
            .delays_us
            .iter()
            .map(|us| f64::from(*us) / 1e3)
            .collect()
    };
    let (now_ms, quiet_ms) = (delays(now), delays(quiet));
    let lost = |watched: &Watched| (1.0 - watched.seen.packets as f64 / watched.sent).max(0.0) * 100.0;
    let mut figures = Vec::new();
    for (name, share) in [("p50", 0.5), ("p99", 0.99), ("p99.9", 0.999)] {
        let value = percentile(now_ms.clone(), share);
        let figure = Figure::new(format!("packets {when}: latency {name}"), value, "ms");
        let figure = figure.floor(percentile(quiet_ms.clone(), share));
        figures.push(match name {
            "p99" => figure.target(format!("{PACKETS_P99_MS} ms"), value < PACKETS_P99_MS),
            _ => figure,
        });
    }
    let share = Figure::new(format!("packets {when}: lost"), lost(now), "%");
    figures.push(share.floor(lost(quiet)));
    figures
}

fn both(name: &str, waits: &[f64], floor: f64) -> [Figure; 2] {
    let of = |word, share| {
        let value = percentile(waits.to_vec(), share);
        Figure::new(format!("{name}, {word}"), value, "ms").floor(floor)
    };
    [of("p50", 0.5), of("p99", 0.99)]
}

/// One hash with nothing else to do, at the cost of every password here.
fn hash_floor() -> f64 {
    let times = (0..ROUNDS).map(|_| {
        let began = clock::instant();
        let mut out = [0; 32];
        Argon2::default()
            .hash_password_into(b"mat khau cua mot nguoi", &[7; 16], &mut out)
            .expect("the lengths are Argon2's");
        milliseconds(began)
    });
    median(times.collect())
}

async fn round_trip(origin: &str) -> Result<f64> {
    let client = Client::new(origin.to_owned());
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let began = clock::instant();
        client
            .get("/healthz")
            .send()
            .await?
            .error_for_status()?
            .bytes()
            .await?;
        times.push(milliseconds(began));
    }
    Ok(median(times))
}

async fn nap(time: Duration) -> Result<()> {
    tokio::time::sleep(time).await;
    Ok(())
}

/// How long after `pressed` each of these ended, in milliseconds.
async fn since(pressed: Instant, ends: JoinSet<Result<Instant>>) -> Result<Vec<f64>> {
    let ends: Result<Vec<_>> = ends.join_all().await.into_iter().collect();
    Ok(ends?
        .into_iter()
        .map(|end| (end - pressed).as_secs_f64() * 1000.0)
        .collect())
}

/// When an inbox counts one more than before.
async fn arrival(client: Client, before: u64) -> Result<Instant> {
    while pages::waiting(&client).await? <= before {
        tokio::time::sleep(LOOK).await;
    }
    Ok(clock::instant())
}

/// The dispatch of an issued paper that went to this agency.
fn dispatch_to(issued: &Value, agency: &str) -> Option<String> {
    let mut sent = issued["dispatches"].as_array()?.iter();
    let to = sent.find(|one| one["receiver"]["id"] == agency)?;
    Some(to["id"].as_str()?.to_owned())
}

/// When the receiver sees what the verification on arrival has said.
async fn verified(client: Client, dispatch: String) -> Result<Instant> {
    while pages::dispatch(&client, &dispatch).await?["verdict"].is_null() {
        tokio::time::sleep(LOOK).await;
    }
    Ok(clock::instant())
}

const ROUNDS: usize = 25;
const WARM_UP: Duration = Duration::from_secs(6);
/// Connections of the system that has files verified.
const VERIFIED_AT_ONCE: usize = 4;
/// Inboxes that are asked over and over for what was issued; all would be a load of their own.
const PROBES: usize = 25;
const LOOK: Duration = Duration::from_millis(200);
const A_MINUTE_MS: f64 = 60_000.0;
/// What may be added to a packet's way while the house is busy.
const PACKETS_P99_MS: f64 = 5.0;
