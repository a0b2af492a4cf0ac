//! LiveKit's server, built from its module by `benches/media/peers/install`; its signalling is Protocol Buffers on a WebSocket
//! (`livekit_rtc.proto`, of which what is needed stands here).

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use prost::Message as _;
use ring::hmac;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::Message;

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

    fn join(room: usize, identity: &str, protocol: u8) -> Result<Socket> {
        let token = token(room, identity);
        let url =
            format!("ws://127.0.0.1:17880/rtc?access_token={token}&auto_subscribe=1&protocol={protocol}");
        Socket::open(&url, None)
    }

    /// Some are offered once more what they have.
    fn tend(&mut self, answer: &dyn Fn(&str) -> String) -> Result<()> {
        for socket in &mut self.subscribers {
            while let Some(heard) = socket.heard()? {
                if let Some(offer) = response(heard).and_then(|response| response.offer) {
                    let answer = Description::of("answer", answer(&offer.sdp));
                    say(socket, Request::Answer(answer))?;
                }
            }
        }
        Ok(())
    }
}

impl Sfu for LiveKit {
    fn publish(&mut self, room: usize, offer: &str) -> Result<String> {
        let mut socket = Self::join(room, "publisher", PUBLISHES_FIRST)?;
        for (cid, kind, source) in [("sound", 0, 2), ("picture", 1, 1)] {
            let track = AddTrack {
                cid: cid.to_owned(),
                name: cid.to_owned(),
                kind,
                source,
                width: 1280,
                height: 720,
            };
            say(&mut socket, Request::AddTrack(track))?;
            socket.hear(|heard| response(heard)?.track_published)?;
        }
        let offer = offer
            .replace("a=mid:0\r\n", "a=mid:0\r\na=msid:hall sound\r\n")
            .replace("a=mid:1\r\n", "a=mid:1\r\na=msid:hall picture\r\n");
        say(&mut socket, Request::Offer(Description::of("offer", offer)))?;
        let answer = socket.hear(|heard| response(heard)?.answer)?;
        self.publishers.push(socket);
        Ok(answer.with_address())
    }

    /// The first offer has a data channel alone, the next ones have what is published as well.
    fn subscribe(&mut self, room: usize, answer: &dyn Fn(&str) -> String) -> Result<String> {
        self.tend(answer)?;
        let mut socket = Self::join(
            room,
            &format!("viewer {}", self.subscribers.len()),
            SUBSCRIBES_FIRST,
        )?;
        loop {
            let offer = socket.hear(|heard| response(heard)?.offer)?.with_address();
            say(
                &mut socket,
                Request::Answer(Description::of("answer", answer(&offer))),
            )?;
            if offer.contains("m=audio") && offer.contains("m=video") {
                self.subscribers.push(socket);
                return Ok(offer);
            }
        }
    }

    fn figures(&mut self) -> Result<Figures> {
        for socket in self.publishers.iter_mut().chain(&mut self.subscribers) {
            say(socket, Request::Ping(0))?;
        }
        self.process.figures()
    }
}

fn say(socket: &mut Socket, request: Request) -> Result<()> {
    let request = SignalRequest {
        request: Some(request),
    };
    socket.say(Message::binary(request.encode_to_vec()))
}

fn response(message: Message) -> Option<SignalResponse> {
    SignalResponse::decode(message.into_data()).ok()
}

#[derive(prost::Message)]
struct SignalRequest {
    #[prost(oneof = "Request", tags = "1, 2, 4, 14")]
    request: Option<Request>,
}

#[derive(prost::Oneof)]
enum Request {
    #[prost(message, tag = "1")]
    Offer(Description),
    #[prost(message, tag = "2")]
    Answer(Description),
    #[prost(message, tag = "4")]
    AddTrack(AddTrack),
    #[prost(int64, tag = "14")]
    Ping(i64),
}

/// A microphone is of kind 0 and source 2, a camera of kind 1 and source 1.
#[derive(prost::Message)]
struct AddTrack {
    #[prost(string, tag = "1")]
    cid: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(int32, tag = "3")]
    kind: i32,
    #[prost(uint32, tag = "4")]
    width: u32,
    #[prost(uint32, tag = "5")]
    height: u32,
    #[prost(int32, tag = "8")]
    source: i32,
}

#[derive(prost::Message)]
struct SignalResponse {
    #[prost(message, optional, tag = "2")]
    answer: Option<Description>,
    #[prost(message, optional, tag = "3")]
    offer: Option<Description>,
    #[prost(message, optional, tag = "6")]
    track_published: Option<TrackPublished>,
}

#[derive(prost::Message)]
struct TrackPublished {
    #[prost(string, tag = "1")]
    cid: String,
}

#[derive(prost::Message)]
struct Description {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(string, tag = "2")]
    sdp: String,
}

impl Description {
    fn of(kind: &str, sdp: String) -> Description {
        Description {
            kind: kind.to_owned(),
            sdp,
        }
    }

    /// With the candidate that comes apart from it.
    fn with_address(self) -> String {
        format!("{}a=candidate:1 1 udp 1 127.0.0.1 17882 typ host\r\n", self.sdp)
    }
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

/// Versions of the protocol: from 3 on, who joins has come once what they take is connected.
const PUBLISHES_FIRST: u8 = 2;
const SUBSCRIBES_FIRST: u8 = 9;
/// The token's key is for this program alone, which nobody else reaches.
const SECRET: &str = "for-benches-on-the-loopback-alone";
const SETTINGS: &str = "
port: 17880
bind_addresses: [127.0.0.1]
rtc: { udp_port: 17882, tcp_port: 0, node_ip: 127.0.0.1, use_ice_lite: true, enable_loopback_candidate: true, interfaces: { includes: [lo] } }
keys: { benches: for-benches-on-the-loopback-alone }
logging: { level: error }
";
