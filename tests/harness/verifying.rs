//! Another system that has many files verified: under a key of its own, over several connections.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::join_all;
use hoian_server::accounts::api_key;
use hoian_server::app::App;
use hoian_server::store::audit::Actor;
use reqwest::header::RETRY_AFTER;
use reqwest::multipart::{Form, Part};
use serde_json::Value;

use crate::hostile::{self, Random, mutate};

/// A file, and whether it must pass or must not; not known of one that was changed at random, which may have hit nothing.
#[derive(Clone)]
pub struct File {
    pub name: String,
    pub bytes: Arc<Vec<u8>>,
    pub passes: Option<bool>,
}

/// `count` files, every fifth of them hostile; those that are genuine are `signed`, one after another.
pub fn files(signed: &[Vec<u8>], count: usize) -> Vec<File> {
    let genuine: Vec<_> = signed.iter().map(|file| Arc::new(file.clone())).collect();
    let hostile: Vec<_> = hostile::files(&signed[0])
        .into_iter()
        .map(|(name, bytes)| (name, Arc::new(bytes)))
        .collect();
    let mut random = Random(0x5EED_0003);
    let mut file = |at: usize| {
        if at % 5 != 4 {
            return File {
                name: "genuine".to_owned(),
                bytes: Arc::clone(&genuine[at % genuine.len()]),
                passes: Some(true),
            };
        }
        // As many that somebody changed anywhere as of the other kinds together.
        match at / 5 % (2 * hostile.len()) {
            kind if kind < hostile.len() => {
                let (name, bytes) = hostile[kind].clone();
                File {
                    name: name.to_owned(),
                    bytes,
                    passes: Some(false),
                }
            }
            _ => File {
                name: "changed anywhere".to_owned(),
                bytes: Arc::new(mutate(&signed[0], &mut random)),
                passes: None,
            },
        }
    };
    (0..count).map(&mut file).collect()
}

/// A key that is given out for a system of this name.
pub async fn key(app: &App, name: &str) -> String {
    api_key::give(app, &Actor::System, name).await.expect("a key").1
}

/// What came of one file.
pub enum Answer {
    Judged {
        verdict: String,
        took: Duration,
    },
    /// 429, and the pause that was asked for.
    TooMany {
        wait: Duration,
    },
}

/// A system at work.
#[derive(Clone)]
pub struct System {
    pub origin: String,
    pub key: String,
    pub http: reqwest::Client,
}

impl System {
    pub fn new(origin: &str, key: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            key: key.to_owned(),
            http: crate::tls::http().build().expect("a client"),
        }
    }

    /// Has one file verified.
    pub async fn ask(&self, file: &[u8]) -> Answer {
        let began = now();
        let form = Form::new().part("file", Part::bytes(file.to_vec()).file_name("van-ban.pdf"));
        let request = self.http.post(format!("{}/api/v1/verifications", self.origin));
        let answer = request.bearer_auth(&self.key).multipart(form).send();
        let answer = answer.await.expect("an answer");
        if answer.status() == 429 {
            let wait = answer.headers()[RETRY_AFTER].to_str().expect("seconds").parse();
            return Answer::TooMany {
                wait: Duration::from_secs(wait.expect("seconds")),
            };
        }
        assert_eq!(answer.status(), 200);
        let body: Value = answer.json().await.expect("JSON");
        Answer::Judged {
            verdict: body["verdict"].as_str().expect("a verdict").to_owned(),
            took: began.elapsed(),
        }
    }

    /// Has all of them verified over so many connections; comes back as how long each took. `at` is told how many are done.
    ///
    /// # Panics
    /// When one is refused, a genuine one does not pass or another one does.
    pub async fn verify(&self, files: &[File], connections: usize, at: impl Fn(usize)) -> Vec<Duration> {
        let left = Mutex::new(files.iter().collect::<VecDeque<_>>());
        let times = Mutex::new(Vec::with_capacity(files.len()));
        let next = || left.lock().expect("nobody panicked").pop_front();
        let one = async || {
            while let Some(file) = next() {
                let Answer::Judged { verdict, took } = self.ask(&file.bytes).await else {
                    panic!("{} was refused", file.name)
                };
                if let Some(passes) = file.passes {
                    assert_eq!(verdict == "TOTAL-PASSED", passes, "{}: {verdict}", file.name);
                }
                let mut times = times.lock().expect("nobody panicked");
                times.push(took);
                at(times.len());
            }
        };
        join_all((0..connections).map(|_| one())).await;
        times.into_inner().expect("nobody panicked")
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "it measures a program that has a clock of its own"
)]
fn now() -> Instant {
    Instant::now()
}
