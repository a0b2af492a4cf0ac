//! The meeting's socket as a client sees it (`server/PROTOCOL.md`).

use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::{self, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};
use url::Url;

use crate::conference::protocol::{ClientMessage, ServerMessage, VERSION};
use crate::tls::client;

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{0:?} is no link of a meeting; one looks like http://host:8080/hop/CODE")]
    Link(String),
    #[error("the server cannot be asked: {0}")]
    Http(#[from] reqwest::Error),
    #[error("the server cannot be asked over TLS: {0}")]
    Tls(#[from] client::Error),
    #[error("the server knows no meeting behind this link")]
    NotFound,
    #[error("the meeting's socket: {0}")]
    Socket(#[from] Box<tungstenite::Error>),
    #[error("a message is not of the protocol: {0}")]
    Message(#[from] serde_json::Error),
    #[error("the server has closed the meeting's socket")]
    Closed,
}

pub struct Signalling(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Signalling {
    /// Opens the socket of the meeting behind `link` and asks to be let in as a guest.
    pub async fn join(link: &str, name: &str) -> Result<Signalling, Error> {
        let (base, code) = read_link(link).ok_or_else(|| Error::Link(link.to_owned()))?;
        let id = find(&base, &code).await?;
        let mut socket = base.clone();
        let scheme = if base.scheme() == "https" { "wss" } else { "ws" };
        // Both pairs of schemes are special, so the change is always allowed.
        let _ = socket.set_scheme(scheme);
        socket.set_path(&format!("/api/v1/meetings/{id}/socket"));
        socket.query_pairs_mut().clear().append_pair("link", &code);
        let (stream, _) = tokio_tungstenite::connect_async(socket.as_str())
            .await
            .map_err(Box::new)?;
        let mut signalling = Signalling(stream);
        let join = ClientMessage::Join {
            version: VERSION,
            name: Some(name.to_owned()),
            place: None,
            keep: false,
        };
        signalling.say(&join).await?;
        Ok(signalling)
    }

    pub async fn say(&mut self, message: &ClientMessage) -> Result<(), Error> {
        let text = serde_json::to_string(message)?;
        Ok(self.0.send(Message::text(text)).await.map_err(Box::new)?)
    }

    /// The next message of the protocol.
    pub async fn hear(&mut self) -> Result<ServerMessage, Error> {
        loop {
            match self.0.next().await.ok_or(Error::Closed)?.map_err(Box::new)? {
                Message::Text(text) => return Ok(serde_json::from_str(&text)?),
                Message::Close(_) => return Err(Error::Closed),
                _ => {}
            }
        }
    }

    pub async fn leave(mut self) {
        // Whoever is gone already needs no good-bye.
        let _ = self.say(&ClientMessage::Leave {}).await;
        let _ = self.0.close(None).await;
    }
}

/// The server and the code of a link: its last segment, whatever the pages before it are called.
fn read_link(link: &str) -> Option<(Url, String)> {
    let url = Url::parse(link).ok()?;
    if !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    let code = url
        .path_segments()?
        .rfind(|segment| !segment.is_empty())?
        .to_owned();
    let mut base = url;
    base.set_path("/");
    base.set_query(None);
    base.set_fragment(None);
    Some((base, code))
}

async fn find(base: &Url, code: &str) -> Result<String, Error> {
    #[derive(Deserialize)]
    struct Door {
        id: String,
    }
    let mut url = base.clone();
    url.set_path(&format!("/api/v1/meetings/by-link/{code}"));
    let response = client::http(None)?.get(url).send().await?;
    if response.status() == reqwest::StatusCode::NOT_FOUND {
        return Err(Error::NotFound);
    }
    Ok(response.error_for_status()?.json::<Door>().await?.id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_server_and_the_code_of_a_link() {
        let (base, code) = read_link("http://localhost:8080/hop/abc-def-ghi?x=1").unwrap();
        assert_eq!(
            (base.as_str(), code.as_str()),
            ("http://localhost:8080/", "abc-def-ghi")
        );
        for link in ["abc-def", "ftp://host/hop/x", "http://host/"] {
            assert!(read_link(link).is_none(), "{link}");
        }
    }
}
