//! How long people wait for a page of results among a million documents, over HTTP, on SQLite and on PostgreSQL.
//!
//!     make bench AREA=documents
//!     target/release/deps/documents-… --documents 100000 --databases sqlite
//!
//! The floor is the answer to a question about the session alone, over the same line in the same run.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark fails by panicking"
)]
#![allow(
    clippy::disallowed_methods,
    reason = "a benchmark reads the clock; it is no part of the product"
)]

use std::time::Instant;

use anyhow::{Context, Result};
use hoian_benches::figure::{self, Figure, median};
use hoian_benches::province::papers;
use hoian_server::store::Tx;
use hoian_tests::postgres::Postgres;
use hoian_tests::{Client, Server};
use sea_orm::ConnectionTrait;
use serde_json::Value;

/// What each page may take.
const TARGET_MS: f64 = 200.0;
const ROUNDS: usize = 9;
/// Agencies besides those of the harness: a province has about 115.
const MORE_AGENCIES: usize = 112;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str, usual: &str| {
        let at = arguments.iter().position(|word| word == name);
        at.and_then(|at| arguments.get(at + 1))
            .map_or(usual.to_owned(), Clone::clone)
    };
    let count: usize = option("--documents", "1000000").parse()?;
    let databases = option("--databases", "sqlite,postgresql");
    let runtime = tokio::runtime::Runtime::new()?;
    let mut figures = Vec::new();
    for database in databases.split(',') {
        figures.extend(runtime.block_on(measure(database, count))?);
    }
    figure::print("documents", &figures);
    println!("\n{}", figure::write("documents", &figures)?.display());
    Ok(())
}

async fn measure(database: &str, count: usize) -> Result<Vec<Figure>> {
    let postgres = match database {
        "postgresql" => Some(Postgres::start().await.context("PostgreSQL is not installed")?),
        _ => None,
    };
    let server = Server::start_with(|config| {
        config.database.url = postgres.as_ref().map(Postgres::url);
    })
    .await;
    println!("{database}: putting {count} documents in ...");
    let began = Instant::now();
    papers::fill(server.app(), MORE_AGENCIES, count).await?;
    if postgres.is_some() {
        // What its autovacuum does by itself while documents come one by one.
        let analyze = async |tx: &Tx| tx.execute_unprepared("ANALYZE").await.map(|_| ());
        server.app().store.write(analyze).await?;
    }
    println!(
        "{database}: {count} documents in {:.0} s",
        began.elapsed().as_secs_f64()
    );
    let mut figures = Vec::new();
    // Who finds most, and who finds little among much.
    for (who, user_name) in [
        ("province", "vanthu"),
        ("commune", "vanthu.anphu"),
        ("officer", "chuyenvien"),
    ] {
        let client = server.log_in(user_name).await;
        let floor = floor(&client).await?;
        for (name, path) in QUESTIONS {
            let wait = first_page(&client, path).await?;
            figures.push(figure(database, who, name, wait, floor));
            println!("{}", said(figures.last()));
        }
        for (name, path) in DEEP {
            // Officers do not read registers, and not everybody has fifty pages.
            if let Ok(Some(wait)) = fiftieth_page(&client, path).await {
                figures.push(figure(database, who, name, wait, floor));
                println!("{}", said(figures.last()));
            }
        }
    }
    server.stop().await;
    Ok(figures)
}

fn figure(database: &str, who: &str, name: &str, wait: Wait, floor: f64) -> Figure {
    Figure::new(format!("{database}, {who}: {name}"), wait.median_ms, "ms")
        .floor(floor)
        .peer("longest", Some(wait.longest_ms))
        .peer("found", Some(wait.found as f64))
        .target(format!("{TARGET_MS} ms"), wait.longest_ms <= TARGET_MS)
}

/// A figure as soon as it is there: a run takes long, and what it found must not be lost with its end.
fn said(figure: Option<&Figure>) -> String {
    figure.map_or_else(String::new, |figure| {
        format!("  {}: {:.1} ms {:?}", figure.name, figure.value, figure.peers)
    })
}

struct Wait {
    median_ms: f64,
    longest_ms: f64,
    /// On the page.
    found: usize,
}

async fn floor(client: &Client) -> Result<f64> {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        times.push(ask(client, "/api/v1/session").await?.0);
    }
    Ok(median(times))
}

async fn first_page(client: &Client, path: &str) -> Result<Wait> {
    let (mut times, mut found) = (Vec::new(), 0);
    for _ in 0..ROUNDS {
        let (time, page) = ask(client, path).await?;
        times.push(time);
        found = items(&page);
    }
    Ok(wait(times, found))
}

/// The fiftieth page, reached as a person reaches it; none where there are fewer.
async fn fiftieth_page(client: &Client, path: &str) -> Result<Option<Wait>> {
    let mut here = path.to_owned();
    for _ in 1..50 {
        let (_, page) = ask(client, &here).await?;
        let Some(next) = page["next"].as_str() else {
            return Ok(None);
        };
        here = format!("{path}&after={next}");
    }
    first_page(client, &here).await.map(Some)
}

async fn ask(client: &Client, path: &str) -> Result<(f64, Value)> {
    let began = Instant::now();
    let answer = client.get(path).send().await?.error_for_status()?;
    let body = answer.bytes().await?;
    let time = began.elapsed().as_secs_f64() * 1000.0;
    Ok((time, serde_json::from_slice(&body)?))
}

fn items(page: &Value) -> usize {
    page["items"].as_array().map_or(0, Vec::len)
}

fn wait(times: Vec<f64>, found: usize) -> Wait {
    Wait {
        longest_ms: times.iter().copied().fold(0.0, f64::max),
        median_ms: median(times),
        found,
    }
}

const QUESTIONS: [(&str, &str); 18] = [
    ("a word of all", "/api/v1/search?q=nhân%20dân"),
    (
        "words of many, the last unfinished",
        "/api/v1/search?q=cai%20cach%20hanh%20ch",
    ),
    ("two letters", "/api/v1/search?q=ng"),
    ("an unfinished syllable", "/api/v1/search?q=thuo"),
    ("a name, one spelling", "/api/v1/search?q=xã%20Hòa%20Bình"),
    ("a name, the other spelling", "/api/v1/search?q=xã%20Hoà%20Bình"),
    ("a rare word", "/api/v1/search?q=xeroderma"),
    (
        "a rare word and words of all",
        "/api/v1/search?q=xeroderma%20nhan%20dan",
    ),
    ("a word of none", "/api/v1/search?q=khongcotunao"),
    ("a number and symbol", "/api/v1/search?q=141023/KH-UBND"),
    (
        "a kind and a year long past",
        "/api/v1/search?q=nhan%20dan&kind=QĐ&year=2019",
    ),
    (
        "what came in only",
        "/api/v1/search?q=nhan%20dan&direction=incoming",
    ),
    ("of one issuer", "/api/v1/search?q=ngan%20sach&issuer=agency-007"),
    ("the inbox, its counts", "/api/v1/dispatches/counts"),
    ("the inbox, what waits", "/api/v1/dispatches?box=waiting"),
    ("the inbox, what is late", "/api/v1/dispatches?box=late"),
    ("the inbox, what is over", "/api/v1/dispatches?box=over"),
    ("what was sent", "/api/v1/documents?box=issued"),
];

const DEEP: [(&str, &str); 5] = [
    ("a word of all, page 50", "/api/v1/search?q=nhân%20dân"),
    ("unfinished, page 50", "/api/v1/search?q=ngan%20sach%20ch"),
    ("the inbox, what is over, page 50", "/api/v1/dispatches?box=over"),
    ("what was sent, page 50", "/api/v1/documents?box=issued"),
    ("the register, page 50", "/api/v1/registers/incoming?year=2020"),
];
