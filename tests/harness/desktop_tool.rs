//! The state's desktop tool at somebody's PC, which cannot be had here: a simulator that follows its messages. A page sends JSON
//! over a WebSocket on loopback (`/SignApproved`); the tool fetches `FileName`, signs the file in a field of its own and posts
//! it to `FileUploadHandler` as the part `uploadfile`; then it answers the page with `Status`, `Message`, `FileName`,
//! `FileServer`. The real one speaks TLS and asks for the token's PIN; this one signs with a key that it was given.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use hoian_server::clock::Clock;
use hoian_signer::appearance::Appearance;
use hoian_signer::pdf::form::{self, Alignment, Face, NewField};
use hoian_signer::pdf::place::{Place, Rect};
use hoian_signer::shell::pkcs12;
use hoian_signer::sign::{self, Key as _, Level, Request};
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// How the tool's user behaves, or who sits in its place.
#[derive(Debug, Clone, Default)]
pub enum Mode {
    /// Signs what it fetched.
    #[default]
    Success,
    /// Closes the window of the PIN.
    Cancel,
    /// Never answers.
    Timeout,
    /// Signs, and changes a byte of what it fetched.
    Tampered,
    /// Writes a text into the file and signs over that.
    Retouched,
    /// Signs this file in the place of the one that it fetched.
    OtherDocument(Vec<u8>),
    /// Sends the signed file twice.
    Replay,
    /// Sends the file back as it was.
    Unsigned,
}

/// The tool, listening.
pub struct DesktopTool {
    /// `ws://127.0.0.1:…`
    pub address: String,
    inner: Inner,
}

#[derive(Clone)]
struct Inner {
    key: Arc<pkcs12::Key>,
    modes: Arc<Mutex<VecDeque<Mode>>>,
    http: reqwest::Client,
}

impl DesktopTool {
    /// Opens it at a PC whose token has the key of this PKCS#12.
    pub async fn open(package: &[u8], password: &str) -> Self {
        let inner = Inner {
            key: Arc::new(pkcs12::Key::open(package, password).unwrap()),
            modes: Arc::default(),
            http: crate::tls::http().build().unwrap(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("ws://{}", listener.local_addr().unwrap());
        let routes = axum::Router::new()
            .route("/SignApproved", any(connected))
            .with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, routes).await });
        Self { address, inner }
    }

    /// Behaves so from now on.
    pub fn behave(&self, mode: Mode) {
        self.behave_in_turn([mode]);
    }

    /// Behaves so from one question to the next, and at last always in the same way.
    pub fn behave_in_turn(&self, modes: impl IntoIterator<Item = Mode>) {
        *self.inner.modes.lock().unwrap() = modes.into_iter().collect();
    }

    /// What the tool answers to a page's question, and what the server answered it each time.
    pub async fn ask(&self, question: &Value) -> (Value, Vec<(u16, Value)>) {
        self.inner.answer(question).await
    }
}

/// The question that a page asks.
pub fn question(address: &Value) -> Value {
    json!({
        "FileUploadHandler": address, "SessionId": "", "JWTToken": "", "FileName": address, "MetaData": [],
    })
}

async fn connected(State(tool): State<Inner>, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(move |socket| serve(tool, socket))
}

async fn serve(tool: Inner, mut socket: WebSocket) {
    while let Some(Ok(Message::Text(text))) = socket.recv().await {
        let question = serde_json::from_str(&text).unwrap();
        let (answer, _) = tool.answer(&question).await;
        if socket
            .send(Message::Text(answer.to_string().into()))
            .await
            .is_err()
        {
            break;
        }
    }
}

impl Inner {
    fn mode(&self) -> Mode {
        let mut modes = self.modes.lock().unwrap();
        match modes.len() {
            0 | 1 => modes.front().cloned().unwrap_or_default(),
            _ => modes.pop_front().unwrap_or_default(),
        }
    }

    async fn answer(&self, question: &Value) -> (Value, Vec<(u16, Value)>) {
        let refused =
            |message: &str| json!({ "Status": 1, "Message": message, "FileName": "", "FileServer": "" });
        let mode = self.mode();
        let from = question["FileName"].as_str().unwrap();
        let fetched = self.http.get(from).send().await.unwrap();
        if fetched.status() != 200 {
            return (
                refused("Không tải được tệp"),
                vec![(fetched.status().as_u16(), Value::Null)],
            );
        }
        let file = fetched.bytes().await.unwrap().to_vec();
        let signed = match &mode {
            Mode::Cancel => return (refused("Người dùng đã hủy"), Vec::new()),
            Mode::Timeout => {
                tokio::time::sleep(Duration::from_secs(3600)).await;
                unreachable!("nobody waits so long")
            }
            Mode::Success | Mode::Replay => self.sign(&file),
            Mode::Unsigned => file,
            Mode::OtherDocument(other) => self.sign(other),
            Mode::Tampered => {
                let mut signed = self.sign(&file);
                let at = file.len() / 2;
                signed[at] ^= 1;
                signed
            }
            Mode::Retouched => self.sign(&retouched(&file)),
        };
        let to = question["FileUploadHandler"].as_str().unwrap();
        let mut said = vec![self.send(to, &signed).await];
        if matches!(mode, Mode::Replay) {
            said.push(self.send(to, &signed).await);
        }
        let answer = match &said[0] {
            (200, answer) => answer.clone(),
            (status, _) => refused(&format!("Máy chủ trả lời {status}")),
        };
        (answer, said)
    }

    async fn send(&self, to: &str, file: &[u8]) -> (u16, Value) {
        let part = Part::bytes(file.to_vec()).file_name("van-ban.signed.pdf");
        let sent = self.http.post(to).multipart(Form::new().part("uploadfile", part));
        let sent = sent.send().await.unwrap();
        let status = sent.status().as_u16();
        (status, sent.json().await.unwrap_or(Value::Null))
    }

    /// A signature as the tool makes one: in a field of its own, in sight, without a time-stamp.
    fn sign(&self, file: &[u8]) -> Vec<u8> {
        let request = Request {
            field: "Signature1".to_owned(),
            place: Some(Place {
                page: 1,
                rect: Rect {
                    x: 320.0,
                    y: 90.0,
                    width: 150.0,
                    height: 60.0,
                },
            }),
            appearance: Some(Appearance::Image {
                png: crate::fixture::signature_png(),
            }),
            signing_time: Clock::system().now_utc(),
            algorithm: self.key.algorithm(),
            level: Level::BB,
            name: None,
            reason: None,
            location: None,
            certify: None,
        };
        let prepared = sign::prepare(file, &request, self.key.chain()).unwrap();
        let value = self.key.sign(prepared.signed_attributes()).unwrap();
        prepared.with_signature(value).unwrap().complete(file).unwrap()
    }
}

/// The file with a text field more: what nobody approved.
fn retouched(file: &[u8]) -> Vec<u8> {
    let field = NewField::Text {
        name: "them".to_owned(),
        place: Place {
            page: 1,
            rect: Rect {
                x: 100.0,
                y: 400.0,
                width: 200.0,
                height: 20.0,
            },
        },
        font_size: 13.0,
        face: Face::Regular,
        alignment: Alignment::Left,
    };
    form::prepare_fields(file, &[field]).unwrap()
}
