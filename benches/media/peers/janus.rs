//! Janus of Debian, its plug-in VideoRoom, with one event loop: the same core as the others have.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hoian_server::clock;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Message;

use super::process::Process;
use super::socket::Socket;
use super::{Figures, Sfu};

pub struct Janus {
    process: Process,
    socket: Socket,
    session: u64,
    /// Its settings.
    _folder: TempDir,
}

impl Janus {
    /// Whether this machine has it.
    pub fn is_here() -> bool {
        Path::new(PROGRAM).exists()
    }

    /// Starts it without rooms.
    ///
    /// # Errors
    /// It does not start, or does not answer as its documentation says.
    pub fn start(interface: &str) -> Result<Janus> {
        let folder = tempfile::tempdir()?;
        write_settings(folder.path(), interface)?;
        let mut command = Command::new(PROGRAM);
        command.arg("--configs-folder").arg(folder.path());
        let process = Process::start(command)?;
        let url = format!("ws://127.0.0.1:{PORT}/");
        let mut socket = Socket::open(&url, Some("janus-protocol"))?;
        let created = ask(&mut socket, json!({ "janus": "create" }))?;
        let session = created["data"]["id"].as_u64().context("a session")?;
        Ok(Janus {
            process,
            socket,
            session,
            _folder: folder,
        })
    }

    fn attach(&mut self) -> Result<u64> {
        let asked =
            json!({ "janus": "attach", "session_id": self.session, "plugin": "janus.plugin.videoroom" });
        let attached = ask(&mut self.socket, asked)?;
        attached["data"]["id"].as_u64().context("a handle")
    }

    /// No candidates will come: it learns of them from the checks.
    fn complete(&mut self, handle: u64) -> Result<()> {
        let completed = json!({ "completed": true });
        let trickle = json!({ "janus": "trickle", "session_id": self.session, "handle_id": handle, "candidate": completed });
        ask(&mut self.socket, trickle)?;
        Ok(())
    }

    /// Sends a request to the plug-in; its answer comes back, after the acknowledgement where that comes first.
    fn message(&mut self, handle: u64, body: &Value, jsep: Option<Value>) -> Result<Value> {
        let mut asked =
            json!({ "janus": "message", "session_id": self.session, "handle_id": handle, "body": body });
        if let Some(jsep) = jsep {
            asked["jsep"] = jsep;
        }
        let answer = ask(&mut self.socket, asked)?;
        if let Some(error) = answer["plugindata"]["data"]["error"].as_str() {
            bail!("Janus: {error}");
        }
        Ok(answer)
    }
}

impl Sfu for Janus {
    fn publish(&mut self, room: usize, offer: &str) -> Result<String> {
        let handle = self.attach()?;
        let created = json!({
            "request": "create", "room": room + 1, "publishers": 2, "videocodec": "vp8", "audiocodec": "opus", "bitrate": 0,
        });
        self.message(handle, &created, None)?;
        let body =
            json!({ "request": "joinandconfigure", "ptype": "publisher", "room": room + 1, "id": PUBLISHER });
        let answer = self.message(handle, &body, Some(json!({ "type": "offer", "sdp": offer })))?;
        self.complete(handle)?;
        Ok(answer["jsep"]["sdp"].as_str().context("an answer")?.to_owned())
    }

    fn subscribe(&mut self, room: usize, answer: &dyn Fn(&str) -> String) -> Result<String> {
        let handle = self.attach()?;
        let streams = json!([{ "feed": PUBLISHER }]);
        let body = json!({ "request": "join", "ptype": "subscriber", "room": room + 1, "streams": streams });
        // It knows of a publisher once the media come, a moment after the handshake.
        let until = clock::instant() + PATIENCE;
        let joined = loop {
            match self.message(handle, &body, None) {
                Err(_) if clock::instant() < until => thread::sleep(Duration::from_millis(20)),
                answer => break answer?,
            }
        };
        let offer = joined["jsep"]["sdp"].as_str().context("an offer")?;
        let jsep = json!({ "type": "answer", "sdp": answer(offer) });
        self.message(handle, &json!({ "request": "start" }), Some(jsep))?;
        self.complete(handle)?;
        Ok(offer.to_owned())
    }

    fn figures(&mut self) -> Result<Figures> {
        ask(
            &mut self.socket,
            json!({ "janus": "keepalive", "session_id": self.session }),
        )?;
        self.process.figures()
    }
}

/// Asks; what answers this question comes back, but for the acknowledgement of what is answered later.
fn ask(socket: &mut Socket, mut question: Value) -> Result<Value> {
    let transaction = socket.next_number().to_string();
    question["transaction"] = json!(transaction);
    let is_all = question["janus"] == "keepalive" || question["janus"] == "trickle";
    socket.say(Message::text(question.to_string()))?;
    let answer = socket.hear(|heard| {
        let heard: Value = serde_json::from_str(heard.to_text().ok()?).ok()?;
        let is_it = heard["transaction"] == transaction.as_str() && (is_all || heard["janus"] != "ack");
        is_it.then_some(heard)
    })?;
    if answer["janus"] == "error" {
        bail!("Janus: {}", answer["error"]["reason"]);
    }
    Ok(answer)
}

fn write_settings(folder: &Path, interface: &str) -> Result<()> {
    let mut all = String::new();
    write!(
        all,
        "general: {{ configs_folder = \"{0}\", plugins_folder = \"{LIBRARIES}/plugins\", transports_folder = \"{LIBRARIES}/transports\", \
         debug_level = 2, event_loops = 1, session_timeout = 0 }}\n\
         media: {{ ipv6 = false }}\n\
         nat: {{ ice_lite = true, ice_enforce_list = \"{interface}\", full_trickle = false }}\n\
         plugins: {{ disable = \"{UNUSED}\" }}\n\
         transports: {{ disable = \"libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,libjanus_rabbitmq.so\" }}\n",
        folder.display()
    )?;
    std::fs::write(folder.join("janus.jcfg"), all)?;
    let sockets = format!(
        "general: {{ json = \"plain\", ws = true, ws_port = {PORT}, ws_ip = \"127.0.0.1\", wss = false }}\n"
    );
    std::fs::write(folder.join("janus.transport.websockets.jcfg"), sockets)?;
    std::fs::write(folder.join("janus.plugin.videoroom.jcfg"), "general: { }\n")?;
    Ok(())
}

const PROGRAM: &str = "/usr/bin/janus";
const LIBRARIES: &str = "/usr/lib/x86_64-linux-gnu/janus";
const UNUSED: &str = "libjanus_audiobridge.so,libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,\
                      libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,libjanus_videocall.so,\
                      libjanus_voicemail.so";
const PORT: u16 = 18_188;
const PUBLISHER: u64 = 1;
const PATIENCE: Duration = Duration::from_secs(2);
