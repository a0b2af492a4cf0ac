//! LiveKit's server, built from its module by `benches/media/peers/install`; its signalling as JSON.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::process::Process;
use super::socket::Socket;
use super::{Figures, Sfu};

pub struct LiveKit {
    process: Process,
    publishers: Vec<Socket>,
    subscribers: Vec<Socket>,
    /// Its settings.
    _folder: TempDir,
}

impl LiveKit {
    /// Where the script puts it.
    pub fn program() -> Option<PathBuf> {
        let path = super::folder()?.join("livekit-server");
        path.exists().then_some(path)
    }

    /// Starts it without a room: the first who comes opens that.
    ///
    /// # Errors
    /// It does not start.
    pub fn start(program: PathBuf) -> Result<LiveKit> {
        let folder = tempfile::tempdir()?;
        let settings = folder.path().join("livekit.yaml");
        std::fs::write(&settings, SETTINGS)?;
        let mut command = Command::new(program);
        command.arg("--config").arg(settings);
        Ok(LiveKit {
            process: Process::start(command)?,
            publishers: Vec::new(),
            subscribers: Vec::new(),
            _folder: folder,
        })
    }

    fn join(room: usize, identity: &str) -> Result<Socket> {
        let url = format!(
            "ws://127.0.0.1:17880/rtc?access_token={}&auto_subscribe=1&protocol=9",
            token(room, identity)
        );
        let mut socket = Socket::open(&url, None)?;
        // Who speaks JSON is answered so.
        socket.say(&json!({ "ping": "0" }))?;
        Ok(socket)
    }
}

impl Sfu for LiveKit {
    fn publish(&mut self, room: usize, offer: &str) -> Result<String> {
        let mut socket = Self::join(room, "publisher")?;
        for (cid, kind, source) in [("sound", "AUDIO", "MICROPHONE"), ("picture", "VIDEO", "CAMERA")] {
            let track = json!({ "cid": cid, "name": cid, "type": kind, "source": source, "width": 1280, "height": 720 });
            socket.say(&json!({ "addTrack": track }))?;
            socket.hear(|heard| heard["trackPublished"]["cid"] == cid)?;
        }
        // It would be the client of DTLS, which the load is.
        let offer = offer
            .replace("a=setup:actpass", "a=setup:active")
            .replace("a=mid:0\r\n", "a=mid:0\r\na=msid:hall sound\r\n")
            .replace("a=mid:1\r\n", "a=mid:1\r\na=msid:hall picture\r\n");
        socket.say(&json!({ "offer": { "type": "offer", "sdp": offer } }))?;
        let answer = socket.hear(|heard| heard["answer"].is_object())?;
        self.publishers.push(socket);
        described(&answer["answer"])
    }

    fn subscribe(&mut self, room: usize) -> Result<String> {
        let mut socket = Self::join(room, &format!("viewer {}", self.subscribers.len()))?;
        let has_both = |offer: &str| offer.contains("m=audio") && offer.contains("m=video");
        let offer = socket.hear(|heard| heard["offer"]["sdp"].as_str().is_some_and(has_both))?;
        self.subscribers.push(socket);
        described(&offer["offer"])
    }

    fn accept(&mut self, answer: &str) -> Result<()> {
        let socket = self.subscribers.last_mut().context("a viewer")?;
        socket.say(&json!({ "answer": { "type": "answer", "sdp": answer } }))
    }

    fn figures(&mut self) -> Result<Figures> {
        for socket in self.publishers.iter_mut().chain(&mut self.subscribers) {
            socket.say(&json!({ "ping": "0" }))?;
        }
        self.process.figures()
    }
}

/// The description, with the address that comes apart from it.
fn described(description: &Value) -> Result<String> {
    let sdp = description["sdp"].as_str().context("a description")?;
    Ok(format!("{sdp}a=candidate:1 1 udp 1 127.0.0.1 17882 typ host\r\n"))
}

/// A JSON Web Token that lets in for an hour.
fn token(room: usize, identity: &str) -> String {
    let until = super::unix_seconds() + 3_600;
    let may =
        json!({ "roomJoin": true, "room": format!("room {room}"), "canPublish": true, "canSubscribe": true });
    let claims = json!({ "iss": "benches", "sub": identity, "exp": until, "video": may });
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!(
        "{}.{}",
        part(&json!({ "alg": "HS256", "typ": "JWT" })),
        part(&claims)
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let tag = hmac::sign(&key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(tag))
}

/// The token's key is for this program alone, which nobody else reaches.
const SECRET: &str = "for-benches-on-the-loopback-alone";
const SETTINGS: &str = "
port: 17880
bind_addresses: [127.0.0.1]
rtc: { udp_port: 17882, tcp_port: 0, node_ip: 127.0.0.1, use_ice_lite: true, enable_loopback_candidate: true, interfaces: { includes: [lo] } }
keys: { benches: for-benches-on-the-loopback-alone }
logging: { level: error }
";
