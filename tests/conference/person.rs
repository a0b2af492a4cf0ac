//! Somebody with a socket.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use hoian_tests::{PASSWORD, Server};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// How long anything may take before a test gives up waiting for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// A meeting that `chutich` has called, with `vanthu` as a delegate.
pub struct Meeting {
    pub id: String,
    pub code: String,
}

/// Calls a meeting and returns it.
pub async fn call(server: &Server) -> Meeting {
    let chair = server.log_in("chutich").await;
    let people: Value = chair
        .get("/api/v1/people")
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let clerk = people["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["full_name"] == "Lê Thị Hoa")
        .unwrap();
    let body =
        json!({ "title": "Giao ban tuần", "members": [{ "person_id": clerk["id"], "role": "delegate" }] });
    let response = chair.post("/api/v1/meetings").json(&body).send().await.unwrap();
    assert_eq!(response.status(), 201);
    let meeting: Value = response.json().await.unwrap();
    assert_eq!(meeting["my_role"], "chair");
    let text = |name: &str| meeting[name].as_str().unwrap().to_owned();
    Meeting {
        id: text("id"),
        code: text("link_code"),
    }
}

/// The `Cookie` header of somebody logged in.
pub async fn cookie(server: &Server, user_name: &str) -> String {
    server.clock.advance(Duration::from_secs(30));
    let code = hoian_server::accounts::current_code(server.app(), user_name)
        .await
        .ok();
    let body = json!({ "user_name": user_name, "password": PASSWORD, "one_time_code": code });
    let response = server
        .client()
        .post("/api/v1/session")
        .json(&body)
        .send()
        .await
        .unwrap();
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}

/// A participant's end of the socket.
pub struct Person {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
}

impl Person {
    /// Opens the socket, or gives the status with which it was refused.
    pub async fn open(
        server: &Server,
        meeting: &str,
        link: Option<&str>,
        cookie: Option<&str>,
        origin: Option<&str>,
    ) -> Result<Self, u16> {
        let query = link.map(|link| format!("?link={link}")).unwrap_or_default();
        let path = format!("/api/v1/meetings/{meeting}/socket{query}");
        Self::at(server, &path, cookie, origin).await
    }

    /// The same at any address.
    pub async fn at(
        server: &Server,
        path: &str,
        cookie: Option<&str>,
        origin: Option<&str>,
    ) -> Result<Self, u16> {
        let url = server.url(path).replace("http:", "ws:");
        let mut request = url.into_client_request().unwrap();
        if let Some(cookie) = cookie {
            request.headers_mut().insert("cookie", cookie.parse().unwrap());
        }
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        match connect_async(request).await {
            Ok((socket, _)) => Ok(Self { socket }),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// A guest, who came by the link.
    pub async fn guest(server: &Server, meeting: &Meeting) -> Self {
        let origin = server.origin();
        Self::open(server, &meeting.id, Some(&meeting.code), None, Some(&origin))
            .await
            .expect("the link opens")
    }

    /// Somebody with an account.
    pub async fn member(server: &Server, meeting: &Meeting, user_name: &str) -> Self {
        let cookie = cookie(server, user_name).await;
        let origin = server.origin();
        Self::open(server, &meeting.id, None, Some(&cookie), Some(&origin))
            .await
            .expect("a member may enter")
    }

    pub async fn say(&mut self, message: Value) {
        self.send(Message::text(message.to_string())).await;
    }

    pub async fn send(&mut self, message: Message) {
        // A socket that the server has just closed takes nothing more, which is what some tests want.
        let _ = self.socket.send(message).await;
    }

    /// Joins and returns the `welcome`; the server's offer has then been heard as well.
    pub async fn join(&mut self, name: Option<&str>, place: Option<&str>) -> Value {
        self.say(json!({ "type": "join", "version": 1, "name": name, "place": place }))
            .await;
        let welcome = self.hear("welcome").await;
        let offer = self.hear("subscribe_offer").await;
        assert!(offer["sdp"].as_str().unwrap().starts_with("v=0"));
        welcome
    }

    /// The next message of this type, whatever comes before it.
    pub async fn hear(&mut self, kind: &str) -> Value {
        self.hear_where(kind, |_| true).await
    }

    /// The next message of this type for which `wanted` holds.
    pub async fn hear_where(&mut self, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            match self.next().await {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] == kind && wanted(&message) {
                        return message;
                    }
                }
                Message::Close(frame) => panic!("closed with {frame:?} instead of {kind}"),
                _ => {}
            }
        }
    }

    /// The error named before the pong with this number, if any.
    pub async fn error_before_pong(&mut self, id: u32) -> Option<String> {
        let mut error = None;
        loop {
            let Message::Text(text) = self.next().await else {
                continue;
            };
            let message: Value = serde_json::from_str(&text).expect("JSON");
            if message["type"] == "error" {
                error = message["error"].as_str().map(str::to_owned);
            }
            if message["type"] == "pong" && message["id"] == id {
                return error;
            }
        }
    }

    /// The code with which the server closes, and the last error it named before.
    pub async fn closing(&mut self) -> (u16, Option<String>) {
        let mut error = None;
        loop {
            match self.next().await {
                Message::Text(text) => {
                    let message: Value = serde_json::from_str(&text).expect("JSON");
                    if message["type"] == "error" {
                        error = message["error"].as_str().map(str::to_owned);
                    }
                }
                Message::Close(frame) => return (frame.expect("a code").code.into(), error),
                _ => {}
            }
        }
    }

    pub async fn next(&mut self) -> Message {
        let message = tokio::time::timeout(PATIENCE, self.socket.next())
            .await
            .expect("an answer in time");
        message.expect("the socket stands").expect("a message")
    }
}
