//! Where connections come in: what each speaks is told by its first bytes, on every port in the same way.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use socket2::SockRef;
use tokio::io::AsyncBufReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc};
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{Ways, ice, relay};
use crate::media::framing::{MOST_OPENING, Opening};
use crate::media::stats::Way;
use crate::tls::Tls;

/// Where HTTP is spoken, in the clear or over TLS.
pub type HttpStream = Either<TcpStream, TlsStream<TcpStream>>;

/// Connections that speak HTTP. Each shakes hands in a task of its own: one that is slow holds up no other.
pub struct HttpListener {
    address: SocketAddr,
    ready: mpsc::Receiver<(HttpStream, SocketAddr)>,
}

impl Listener for HttpListener {
    type Io = HttpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        match self.ready.recv().await {
            Some(connection) => connection,
            // The program stops: nobody comes any more.
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.address)
    }
}

/// Takes connections for HTTP, and for media where there are `ways`, until `stopping`.
///
/// # Errors
/// When the socket does not know its own address.
pub fn listen_with_http(
    tcp: TcpListener,
    tls: Option<Tls>,
    ways: Option<Ways>,
    stopping: CancellationToken,
) -> io::Result<HttpListener> {
    let address = tcp.local_addr()?;
    let (http, ready) = mpsc::channel(64);
    let door = Door {
        tls,
        ways,
        http: Some(http),
    };
    tokio::spawn(take(tcp, Arc::new(door), stopping));
    Ok(HttpListener { address, ready })
}

/// Takes connections for media alone until `stopping`.
pub fn listen(tcp: TcpListener, tls: Option<Tls>, ways: Ways, stopping: CancellationToken) {
    let door = Door {
        tls,
        ways: Some(ways),
        http: None,
    };
    tokio::spawn(take(tcp, Arc::new(door), stopping));
}

struct Door {
    tls: Option<Tls>,
    ways: Option<Ways>,
    http: Option<mpsc::Sender<(HttpStream, SocketAddr)>>,
}

async fn take(tcp: TcpListener, door: Arc<Door>, stopping: CancellationToken) {
    let turns = Arc::new(Semaphore::new(AT_ONCE));
    loop {
        let Ok(turn) = Arc::clone(&turns).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = tcp.accept() => accepted,
            () = stopping.cancelled() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                warn!(%error, "cannot take a connection");
                tokio::time::sleep(EXHAUSTED).await;
                continue;
            }
        };
        let (door, stopping) = (door.clone(), stopping.clone());
        tokio::spawn(async move {
            let known = tokio::time::timeout(KNOWN, door.know(stream)).await;
            drop(turn);
            let served = match known {
                Ok(Ok(known)) => {
                    tokio::select! {
                        served = door.serve(known, peer) => served,
                        () = stopping.cancelled() => Ok(()),
                    }
                }
                Ok(Err(error)) => Err(error),
                Err(_) => Err(io::ErrorKind::TimedOut.into()),
            };
            if let Err(error) = served {
                debug!(%error, "a connection ended");
            }
        });
    }
}

/// A connection whose first bytes have told what it speaks.
enum Known {
    Http(HttpStream),
    IceTcp(TcpStream),
    Turn(HttpStream),
}

impl Door {
    async fn know(&self, stream: TcpStream) -> io::Result<Known> {
        let opening = match (&self.ways, &self.tls) {
            (Some(_), _) => peek(&stream).await?,
            (None, Some(_)) => Opening::Tls,
            (None, None) => Opening::Http,
        };
        match (opening, &self.tls) {
            (Opening::Http, None) => Ok(Known::Http(Either::Left(stream))),
            (Opening::IceTcp, _) => Ok(Known::IceTcp(stream)),
            (Opening::Turn, _) => Ok(Known::Turn(Either::Left(stream))),
            (Opening::Tls, Some(tls)) => self.know_inside(tls.acceptor().accept(stream).await?).await,
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    /// What is spoken within TLS. Browsers name HTTP, but TURN they do not (RFC 7443).
    async fn know_inside(&self, mut stream: TlsStream<TcpStream>) -> io::Result<Known> {
        let named = stream.get_ref().1.alpn_protocol();
        if named == Some(&b"http/1.1"[..]) || self.ways.is_none() {
            return Ok(Known::Http(Either::Right(stream)));
        }
        match Opening::of(stream.fill_buf().await?) {
            Ok(Some(Opening::Http)) => Ok(Known::Http(Either::Right(stream))),
            Ok(Some(Opening::Turn)) => Ok(Known::Turn(Either::Right(stream))),
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }

    async fn serve(&self, known: Known, peer: SocketAddr) -> io::Result<()> {
        let (known, ways) = match (known, &self.ways) {
            (Known::Http(stream), _) => {
                if let Some(http) = &self.http {
                    // It fails only where the program stops.
                    let _ = http.send((stream, peer)).await;
                }
                return Ok(());
            }
            (known, Some(ways)) => (known, ways.clone()),
            _ => return Ok(()),
        };
        let Some(_permit) = ways.0.limits.admit(peer.ip()) else {
            return Err(io::ErrorKind::QuotaExceeded.into());
        };
        match known {
            Known::IceTcp(stream) => {
                hasten(&stream)?;
                ice::serve(ways, stream, peer).await
            }
            Known::Turn(Either::Left(stream)) => {
                hasten(&stream)?;
                relay::serve(ways, stream, peer, Way::TurnTcp).await
            }
            Known::Turn(Either::Right(stream)) => {
                hasten(stream.get_ref().0)?;
                relay::serve(ways, stream, peer, Way::TurnTls).await
            }
            Known::Http(_) => Ok(()),
        }
    }
}

/// The first bytes, left where they are.
async fn peek(stream: &TcpStream) -> io::Result<Opening> {
    let mut bytes = [0; MOST_OPENING];
    loop {
        let count = stream.peek(&mut bytes).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let opening = Opening::of(bytes.get(..count).unwrap_or_default());
        match opening.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))? {
            Some(opening) => return Ok(opening),
            // They are there until they are read, so there is nothing to wait for but time.
            None => tokio::time::sleep(AGAIN).await,
        }
    }
}

/// Media that waits is media too late.
fn hasten(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_send_buffer_size(SEND_BUFFER)
}

/// How long a client may take to say what it speaks, and to shake hands.
const KNOWN: Duration = Duration::from_secs(10);
/// So many at the same time; more wait in the system's queue.
const AT_ONCE: usize = 1024;
/// Before the next attempt where the system has no more files to give.
const EXHAUSTED: Duration = Duration::from_secs(1);
const AGAIN: Duration = Duration::from_millis(20);
/// A second of a thin line.
const SEND_BUFFER: usize = 128 * 1024;
