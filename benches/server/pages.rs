//! What the pages ask for while people read: the bell once a minute, and with each page what it shows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::try_join_all;
use hoian_server::clock;
use hoian_tests::Client;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::Value;

use crate::people::milliseconds;

/// How long each thing took, in milliseconds.
#[derive(Clone, Default)]
pub struct Waits(Arc<Mutex<BTreeMap<&'static str, Vec<f64>>>>);

impl Waits {
    fn add(&self, name: &'static str, wait: f64) {
        let mut waits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waits.entry(name).or_default().push(wait);
    }

    pub fn take(&self) -> BTreeMap<&'static str, Vec<f64>> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One person at a page, until the task is ended. `pause` is the middle time between two pages.
pub async fn read(client: Client, seed: u64, pause: Duration, waits: Waits) -> Result<()> {
    let mut random = StdRng::seed_from_u64(seed);
    let mut bell =
        tokio::time::interval_at(tokio::time::Instant::now() + BELL.mul_f64(random.random()), BELL);
    let mut papers = Vec::new();
    loop {
        // Pauses between 0 and twice the middle one.
        let next = tokio::time::sleep(pause.mul_f64(2.0 * random.random::<f64>()));
        tokio::pin!(next);
        loop {
            tokio::select! {
                _ = bell.tick() => drop(page(&client, BELL_ASKS, &waits).await?),
                () = &mut next => break,
            }
        }
        let at = random.random_range(0..PAGES.len() + 1);
        let shown = match PAGES.get(at) {
            Some(asked) => page(&client, *asked, &waits).await?,
            None => paper(&client, &papers, &mut random, &waits).await?,
        };
        papers.extend(shown.iter().flat_map(ids));
        // The bar counts again with each page.
        page(&client, BAR_ASKS, &waits).await?;
    }
}

/// A page, or a part of one: its name, and what it asks for at once.
type Asked = (&'static str, &'static [&'static str]);

async fn page(client: &Client, (name, paths): Asked, waits: &Waits) -> Result<Vec<Value>> {
    let began = clock::instant();
    let shown = try_join_all(paths.iter().map(|path| ask(client, path))).await?;
    waits.add(name, milliseconds(began));
    Ok(shown)
}

/// One of the papers that lists have shown.
async fn paper(client: &Client, papers: &[String], random: &mut StdRng, waits: &Waits) -> Result<Vec<Value>> {
    if papers.is_empty() {
        return Ok(Vec::new());
    }
    let began = clock::instant();
    dispatch(client, &papers[random.random_range(0..papers.len())]).await?;
    waits.add("a paper that came", milliseconds(began));
    Ok(Vec::new())
}

/// A paper as it came to the agency of who asks.
pub async fn dispatch(client: &Client, id: &str) -> Result<Value> {
    ask(client, &format!("/api/v1/dispatches/{id}")).await
}

async fn ask(client: &Client, path: &str) -> Result<Value> {
    let answer = client.get(path).send().await?.error_for_status()?;
    Ok(answer.json().await?)
}

/// The papers that a list of what came has shown.
fn ids(shown: &Value) -> Vec<String> {
    let items = shown["items"].as_array().into_iter().flatten();
    let came = items.filter(|item| item["sent_at"].is_string());
    came.filter_map(|item| Some(item["id"].as_str()?.to_owned()))
        .collect()
}

/// How many papers wait for the clerk who asks.
pub async fn waiting(client: &Client) -> Result<u64> {
    let counts = ask(client, "/api/v1/dispatches/counts").await?;
    counts["waiting"].as_u64().context("a count")
}

/// Once a minute, as the page does.
const BELL: Duration = Duration::from_secs(60);
const BELL_ASKS: Asked = ("the bell", &["/api/v1/notices/count"]);
const BAR_ASKS: Asked = (
    "the bar of a page",
    &[
        "/api/v1/notices/count",
        "/api/v1/documents?box=waiting",
        "/api/v1/dispatches/counts",
    ],
);
const PAGES: [Asked; 4] = [
    (
        "my work",
        &[
            "/api/v1/documents?box=waiting",
            "/api/v1/dispatches?box=waiting",
            "/api/v1/meetings",
        ],
    ),
    (
        "the inbox",
        &[
            "/api/v1/dispatches?box=waiting&limit=100",
            "/api/v1/dispatches/counts",
        ],
    ),
    ("what is over", &["/api/v1/dispatches?box=over&limit=100"]),
    ("a search", &["/api/v1/search?q=cai%20cach%20hanh%20ch"]),
];
