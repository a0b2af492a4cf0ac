//! A conference that runs meanwhile: the chair is on the stage, the others watch, and how long packets were on the way is
//! kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures::{SinkExt, StreamExt};
use hoian_benches::media::address;
use hoian_benches::media::client::{Certified, Client};
use hoian_benches::media::publisher::{self, Publisher};
use hoian_benches::media::viewer::{self, Entrance, Seen, Signals, Viewers};
use hoian_server::scheduling;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::people::LoggedIn;

pub struct Hall {
    /// None while a thread has them.
    viewers: Option<Viewers>,
    stop: Arc<AtomicBool>,
    publisher: Option<JoinHandle<Result<()>>>,
}

impl Hall {
    /// Calls a meeting as its chair and fills it with viewers who come by the link, and a few monitors.
    pub async fn open(origin: &str, chair: &LoggedIn, viewers: usize, bits_per_second: u64) -> Result<Hall> {
        let called = chair
            .client
            .post("/api/v1/meetings")
            .json(&json!({ "title": "Giao ban đầu tuần" }));
        let meeting: Value = called.send().await?.error_for_status()?.json().await?;
        let id = meeting["id"].as_str().context("an id")?;
        let link = meeting["link_code"].as_str().context("a link")?;
        let certified = Certified::new()?;
        let mut socket = Socket::open(origin, id, None, Some(&chair.cookie)).await?;
        let seat = socket.join(None).await?;
        let sender = socket.publish(&certified).await?;
        socket.stay();
        let (mut entrance, all) = viewer::hall()?;
        for at in 0..viewers {
            let mut socket = Socket::open(origin, id, Some(link), None).await?;
            socket.join(Some(&format!("Xã số {at}"))).await?;
            socket.subscribe(&certified, &seat, &mut entrance).await?;
            socket.stay();
        }
        for at in 0..MONITORS {
            watch_as_monitor(origin, chair, id, at, &certified, &mut entrance).await?;
        }
        let stop = Arc::new(AtomicBool::new(false));
        let mut publisher = Publisher::new(sender, publisher::recorded()?);
        let told = Arc::clone(&stop);
        let sending = thread::spawn(move || {
            // Where that is allowed.
            let _ = scheduling::renice(PUBLISHER_NICE);
            publisher.run(bits_per_second, &told)
        });
        Ok(Hall {
            viewers: Some(all),
            stop,
            publisher: Some(sending),
        })
    }

    /// Does `work` while the viewers watch; what they saw meanwhile comes back with it.
    pub async fn while_watched<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<(Seen, T)> {
        let signals = Arc::new(Signals::default());
        signals.count.store(true, Ordering::Relaxed);
        let mut viewers = self.viewers.take().context("the viewers are back")?;
        let told = Arc::clone(&signals);
        let watching = thread::spawn(move || {
            let _ = scheduling::renice(VIEWERS_NICE);
            (viewers.watch(&told), viewers)
        });
        let done = work.await;
        signals.stop.store(true, Ordering::Relaxed);
        let watched = tokio::task::spawn_blocking(|| watching.join()).await?;
        let (seen, viewers) = watched.expect("the viewers do not panic");
        self.viewers = Some(viewers);
        Ok((seen?, done?))
    }
}

impl Drop for Hall {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(publisher) = self.publisher.take() {
            publisher
                .join()
                .expect("the publisher does not panic")
                .expect("it sends");
        }
    }
}

/// Comes as the monitor of a hall does: by a token of its own, with an offer over HTTP (WHEP).
async fn watch_as_monitor(
    origin: &str,
    chair: &LoggedIn,
    meeting: &str,
    at: usize,
    certified: &Certified,
    entrance: &mut Entrance,
) -> Result<()> {
    let given = chair
        .client
        .post(&format!("/api/v1/meetings/{meeting}/devices"))
        .json(&json!({ "name": format!("Màn hình số {at}"), "purpose": "monitor" }));
    let given: Value = given.send().await?.error_for_status()?.json().await?;
    let text = |name: &str| given[name].as_str().context("a text");
    let offer = hoian_tests::tls::http()
        .build()?
        .post(format!("{origin}{}", text("path")?))
        .bearer_auth(text("token")?)
        .header("content-type", "application/sdp")
        .body(certified.offer_to_watch());
    let answer = offer.send().await?.error_for_status()?.text().await?;
    drop(tokio::task::block_in_place(|| {
        entrance.connect(certified, &answer)
    })?);
    Ok(())
}

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    async fn open(origin: &str, meeting: &str, link: Option<&str>, cookie: Option<&str>) -> Result<Socket> {
        let query = link.map(|link| format!("?link={link}")).unwrap_or_default();
        let url = format!("{origin}/api/v1/meetings/{meeting}/socket{query}").replace("http:", "ws:");
        let mut request = url.into_client_request()?;
        request.headers_mut().insert("origin", origin.parse()?);
        if let Some(cookie) = cookie {
            request.headers_mut().insert("cookie", cookie.parse()?);
        }
        Ok(Socket(connect_async(request).await?.0))
    }

    async fn say(&mut self, message: Value) -> Result<()> {
        Ok(self.0.send(Message::text(message.to_string())).await?)
    }

    async fn hear(&mut self, kind: &str) -> Result<Value> {
        while let Some(message) = tokio::time::timeout(PATIENCE, self.0.next()).await? {
            let Message::Text(text) = message? else { continue };
            let message: Value = serde_json::from_str(&text)?;
            if message["type"] == kind {
                return Ok(message);
            }
            if message["type"] == "error" {
                bail!("{message} instead of {kind}");
            }
        }
        bail!("closed instead of {kind}")
    }

    /// Comes in; the seat comes back.
    async fn join(&mut self, name: Option<&str>) -> Result<String> {
        self.say(json!({ "type": "join", "version": 1, "name": name, "place": null }))
            .await?;
        let welcome = self.hear("welcome").await?;
        Ok(welcome["id"].as_str().context("a seat")?.to_owned())
    }

    async fn publish(&mut self, certified: &Certified) -> Result<Client> {
        let tracks = json!([{ "mid": "0", "source": "microphone" }, { "mid": "1", "source": "camera" }]);
        self.say(json!({ "type": "publish_offer", "sdp": certified.offer(), "tracks": tracks }))
            .await?;
        let answer = self.hear("publish_answer").await?;
        let answer = answer["sdp"].as_str().context("a description")?;
        let from = "127.0.0.1:0".parse()?;
        let client =
            tokio::task::block_in_place(|| Client::connect(certified, from, address(answer)?, answer))?;
        for source in ["microphone", "camera"] {
            self.say(json!({ "type": "mute", "source": source, "muted": false }))
                .await?;
        }
        Ok(client)
    }

    async fn subscribe(
        &mut self,
        certified: &Certified,
        wanted: &str,
        entrance: &mut Entrance,
    ) -> Result<()> {
        let offer = self.hear("subscribe_offer").await?;
        let offer = offer["sdp"].as_str().context("a description")?;
        self.say(json!({ "type": "subscribe_answer", "sdp": certified.answer(offer) }))
            .await?;
        drop(tokio::task::block_in_place(|| {
            entrance.connect(certified, offer)
        })?);
        self.say(json!({ "type": "watch", "pictures": 1, "first": [wanted], "sound_only": false }))
            .await
    }

    /// Takes what comes and pings, until the benchmark ends.
    fn stay(mut self) {
        tokio::spawn(async move {
            let mut pings = tokio::time::interval(PING);
            loop {
                tokio::select! {
                    heard = self.0.next() => if !matches!(heard, Some(Ok(_))) { break },
                    _ = pings.tick() => if self.say(json!({ "type": "ping", "id": 1 })).await.is_err() { break },
                }
            }
        });
    }
}

/// Besides the pages.
const MONITORS: usize = 4;
const PATIENCE: Duration = Duration::from_secs(20);
/// As the page does.
const PING: Duration = Duration::from_secs(15);
/// The load shares the machine with the program; elsewhere it would take no core from it. The publisher goes ahead of all: what
/// a packet says of when it was sent must be so.
const PUBLISHER_NICE: i32 = -20;
/// Behind the program: the kernel says when a packet came, whenever it is taken.
const VIEWERS_NICE: i32 = 10;
