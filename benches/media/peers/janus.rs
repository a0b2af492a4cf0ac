//! Janus with its VideoRoom plugin, from Debian's packages, driven over its HTTP interface
//! (<https://janus.conf.meetecho.com/docs/rest.html>, `/docs/videoroom.html`).

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::sfu::{Figures, Process, Sfu};

pub struct Janus {
    process: Process,
    runtime: tokio::runtime::Runtime,
    http: reqwest::Client,
    /// Address of the session.
    session: String,
    /// The publisher's handle; afterwards the viewer's that came last.
    handle: u64,
    feed: Value,
    _folder: TempDir,
}

impl Janus {
    /// Starts one with a room; `None` where the package is not installed.
    ///
    /// # Errors
    /// It does not answer.
    pub fn start() -> Result<Option<Janus>> {
        if !Path::new("/usr/bin/janus").exists() {
            return Ok(None);
        }
        let folder = TempDir::new()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        configure(folder.path(), port)?;
        let log = std::fs::File::create(folder.path().join("log"))?;
        let child = Command::new("taskset")
            .args(["-c", "0", "janus", "-F"])
            .arg(folder.path())
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(Stdio::null())
            .spawn()?;
        let mut janus = Janus {
            process: Process(child),
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()?,
            http: reqwest::Client::new(),
            session: format!("http://127.0.0.1:{port}/janus"),
            handle: 0,
            feed: Value::Null,
            _folder: folder,
        };
        janus.open()?;
        Ok(Some(janus))
    }

    fn open(&mut self) -> Result<()> {
        let mut created = self.post("", &json!({ "janus": "create" }));
        for _ in 0..100 {
            if created.is_ok() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
            created = self.post("", &json!({ "janus": "create" }));
        }
        self.session = format!("{}/{}", self.session, created?["data"]["id"]);
        self.attach()?;
        let room = json!({ "request": "create", "room": 1, "publishers": 1, "bitrate": 20_000_000, "videocodec": "vp8", "audiocodec": "opus" });
        self.message(&room, None)?;
        Ok(())
    }

    fn attach(&mut self) -> Result<()> {
        let attached = self.post(
            "",
            &json!({ "janus": "attach", "plugin": "janus.plugin.videoroom" }),
        )?;
        self.handle = attached["data"]["id"].as_u64().context("a handle")?;
        Ok(())
    }

    /// Sends a message of the plugin; gives what comes back for it.
    fn message(&mut self, body: &Value, jsep: Option<(&str, &str)>) -> Result<Value> {
        let mut message = json!({ "janus": "message", "body": body });
        if let Some((kind, sdp)) = jsep {
            message["jsep"] = json!({ "type": kind, "sdp": sdp });
        }
        let answer = self.post(&format!("/{}", self.handle), &message)?;
        if answer["janus"] != "ack" {
            return check(answer);
        }
        loop {
            let event = self.get()?;
            if event["janus"] == "event" && event["sender"] == self.handle {
                return check(event);
            }
        }
    }

    fn post(&self, path: &str, message: &Value) -> Result<Value> {
        let mut message = message.clone();
        message["transaction"] = json!("load");
        let request = self.http.post(format!("{}{path}", self.session)).json(&message);
        let answer: Value = self
            .runtime
            .block_on(async { request.send().await?.json().await })?;
        if answer["janus"] == "error" {
            bail!("Janus says {answer}");
        }
        Ok(answer)
    }

    /// The next event of the session.
    fn get(&self) -> Result<Value> {
        let request = self.http.get(format!("{}?maxev=1", self.session));
        Ok(self
            .runtime
            .block_on(async { request.send().await?.json().await })?)
    }
}

impl Sfu for Janus {
    fn publish(&mut self, offer: &str) -> Result<String> {
        let body =
            json!({ "request": "joinandconfigure", "room": 1, "ptype": "publisher", "display": "load" });
        let event = self.message(&body, Some(("offer", offer)))?;
        self.feed = event["plugindata"]["data"]["id"].clone();
        sdp(&event)
    }

    fn view(&mut self) -> Result<String> {
        self.attach()?;
        let body = json!({ "request": "join", "room": 1, "ptype": "subscriber", "streams": [{ "feed": self.feed }] });
        let event = self.message(&body, None)?;
        sdp(&event)
    }

    fn accept(&mut self, answer: &str) -> Result<()> {
        self.message(
            &json!({ "request": "start", "room": 1 }),
            Some(("answer", answer)),
        )?;
        Ok(())
    }

    fn figures(&mut self) -> Result<Figures> {
        self.process.figures()
    }
}

fn check(answer: Value) -> Result<Value> {
    match &answer["plugindata"]["data"]["error"] {
        Value::Null => Ok(answer),
        error => bail!("Janus says {error}"),
    }
}

fn sdp(event: &Value) -> Result<String> {
    Ok(event["jsep"]["sdp"]
        .as_str()
        .with_context(|| format!("an SDP in {event}"))?
        .to_owned())
}

/// As a server for many would have it: ICE-lite, so that it does not check a thousand viewers; one event loop, as it has one core.
fn configure(folder: &Path, port: u16) -> Result<()> {
    let main = format!(
        "general: {{ configs_folder = \"{}\" debug_level = 1 session_timeout = 0 event_loops = 1 }}\n\
         media: {{ }}\nnat: {{ ice_lite = true full_trickle = false ignore_mdns = true }}\n",
        folder.display()
    );
    std::fs::write(folder.join("janus.jcfg"), main)?;
    let http =
        format!("general: {{ base_path = \"/janus\" http = true port = {port} ip = \"127.0.0.1\" }}\n");
    std::fs::write(folder.join("janus.transport.http.jcfg"), http)?;
    std::fs::write(folder.join("janus.plugin.videoroom.jcfg"), "general: { }\n")?;
    Ok(())
}
