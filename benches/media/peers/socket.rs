//! A WebSocket on which a peer's signalling is spoken, one message after the other.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use hoian_server::clock;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::WebSocket;
use tokio_tungstenite::tungstenite::{Error, Message, client};

pub struct Socket {
    socket: WebSocket<TcpStream>,
    number: u64,
}

impl Socket {
    /// Connects to a program that may still be starting.
    ///
    /// # Errors
    /// It does not answer in time.
    pub fn open(url: &str, protocol: Option<&'static str>) -> Result<Socket> {
        let until = clock::instant() + PATIENCE;
        loop {
            match try_open(url, protocol) {
                Ok(socket) => return Ok(Socket { socket, number: 0 }),
                Err(_) if clock::instant() < until => std::thread::sleep(Duration::from_millis(100)),
                Err(error) => return Err(error.context(url.to_owned())),
            }
        }
    }

    /// A number that was not used on this socket.
    pub fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    pub fn say(&mut self, message: Message) -> Result<()> {
        Ok(self.socket.send(message)?)
    }

    /// What `read` makes of the next message of which it makes something; those before are passed over.
    pub fn hear<T>(&mut self, read: impl Fn(Message) -> Option<T>) -> Result<T> {
        let until: Instant = clock::instant() + PATIENCE;
        while clock::instant() < until {
            if let Some(read) = read(self.socket.read()?) {
                return Ok(read);
            }
        }
        bail!("no answer in time")
    }

    /// A message that has come already.
    pub fn heard(&mut self) -> Result<Option<Message>> {
        self.socket.get_ref().set_nonblocking(true)?;
        let read = self.socket.read();
        self.socket.get_ref().set_nonblocking(false)?;
        match read {
            Ok(message) => Ok(Some(message)),
            Err(Error::Io(error)) if error.kind() == ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

fn try_open(url: &str, protocol: Option<&'static str>) -> Result<WebSocket<TcpStream>> {
    let mut request = url.into_client_request()?;
    if let Some(protocol) = protocol {
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol.parse()?);
    }
    let authority = request.uri().authority().context("an authority")?.to_string();
    let stream = TcpStream::connect(authority)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    let (socket, _) = client(request, stream).map_err(|error| anyhow::anyhow!("{error}"))?;
    Ok(socket)
}

const PATIENCE: Duration = Duration::from_secs(15);
