//! An impaired line between real sockets: whoever sends to the relay's port reaches the server behind it, over the two
//! directions of one seeded [`Link`].

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use hoian_server::clock;
use tokio::net::UdpSocket;
use tokio::sync::{mpsc, oneshot};

use super::{Link, Quality};

/// A line for one site: all its connections share the rate. It ends when dropped.
pub struct Relay {
    port: u16,
    server: u16,
    qualities: Arc<Mutex<Qualities>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Clone, Copy)]
struct Qualities {
    up: Quality,
    down: Quality,
    /// The cable is pulled: nothing gets through.
    is_cut: bool,
    /// How often each datagram of the client goes out once more, as somebody would who replays it from its address.
    replays: u32,
}

impl Relay {
    /// Listens on a port of every address of this machine and leads to `server`.
    ///
    /// # Errors
    /// No port can be bound, or no thread started.
    pub fn start(server: SocketAddr, up: Quality, down: Quality, seed: u64) -> io::Result<Relay> {
        let front = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        front.set_nonblocking(true)?;
        let port = front.local_addr()?.port();
        let qualities = Arc::new(Mutex::new(Qualities {
            up,
            down,
            is_cut: false,
            replays: 0,
        }));
        let (stop, stopped) = oneshot::channel();
        let shared = qualities.clone();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name(format!("link-{port}"))
            .spawn(move || {
                runtime.block_on(async {
                    let front = UdpSocket::from_std(front).expect("a socket that does not block");
                    Line::new(front, server, shared, seed).work(stopped).await;
                });
            })?;
        Ok(Relay {
            port,
            server: server.port(),
            qualities,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The line is another from now on; what is under way still comes as it would have.
    pub fn change(&self, up: Quality, down: Quality) {
        self.with(|qualities| (qualities.up, qualities.down) = (up, down));
    }

    /// Pulls the cable, or puts it back.
    pub fn cut(&self, is_cut: bool) {
        self.with(|qualities| qualities.is_cut = is_cut);
    }

    /// From now on each datagram of the client reaches the server so many times more.
    pub fn replay(&self, replays: u32) {
        self.with(|qualities| qualities.replays = replays);
    }

    /// A description whose candidates lead over this line.
    #[must_use]
    pub fn through(&self, description: &str) -> String {
        let (from, to) = (
            format!(" {} typ host", self.server),
            format!(" {} typ host", self.port),
        );
        description.replace(&from, &to)
    }

    fn with(&self, change: impl FnOnce(&mut Qualities)) {
        change(&mut self.qualities.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // It panics only where a test's line did, and then the test has its own words for it.
            let _ = thread.join();
        }
    }
}

/// A datagram with the client's address.
#[derive(Clone)]
struct Datagram {
    client: SocketAddr,
    bytes: Vec<u8>,
}

impl AsRef<[u8]> for Datagram {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

struct Line {
    front: UdpSocket,
    server: SocketAddr,
    qualities: Arc<Mutex<Qualities>>,
    /// For each address of the client the socket that speaks for it to the server.
    ways: HashMap<SocketAddr, Arc<UdpSocket>>,
    up: Link<Datagram>,
    down: Link<Datagram>,
    answers: (mpsc::UnboundedSender<Datagram>, mpsc::UnboundedReceiver<Datagram>),
}

impl Line {
    fn new(front: UdpSocket, server: SocketAddr, qualities: Arc<Mutex<Qualities>>, seed: u64) -> Line {
        Line {
            front,
            server,
            qualities,
            ways: HashMap::new(),
            up: Link::new(Quality::default(), seed),
            down: Link::new(Quality::default(), seed.wrapping_add(1)),
            answers: mpsc::unbounded_channel(),
        }
    }

    async fn work(&mut self, mut stopped: oneshot::Receiver<()>) {
        let mut buffer = [0; 2048];
        loop {
            let next = [self.up.next(), self.down.next()].into_iter().flatten().min();
            tokio::select! {
                _ = &mut stopped => return,
                received = self.front.recv_from(&mut buffer) => {
                    // A refused port of a client that has gone is no end of the line.
                    if let Ok((length, client)) = received {
                        self.take_up(Datagram { client, bytes: buffer[..length].to_vec() }).await;
                    }
                }
                Some(datagram) = self.answers.1.recv() => {
                    let now = clock::instant();
                    if !self.impair().is_cut {
                        self.down.send(now, datagram);
                    }
                }
                () = at(next) => {}
            }
            self.deliver(clock::instant()).await;
        }
    }

    async fn take_up(&mut self, datagram: Datagram) {
        if !self.ways.contains_key(&datagram.client) {
            let way = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await.expect("a port");
            way.connect(self.server).await.expect("the server's address");
            let way = Arc::new(way);
            tokio::spawn(listen(way.clone(), datagram.client, self.answers.0.clone()));
            self.ways.insert(datagram.client, way);
        }
        if !self.impair().is_cut {
            self.up.send(clock::instant(), datagram);
        }
    }

    /// Lets both directions be what the test last said.
    fn impair(&mut self) -> Qualities {
        let qualities = *self.qualities.lock().unwrap_or_else(PoisonError::into_inner);
        self.up.quality = qualities.up;
        self.down.quality = qualities.down;
        qualities
    }

    async fn deliver(&mut self, now: Instant) {
        let replays = self.impair().replays;
        while let Some(datagram) = self.up.arrived(now) {
            if let Some(way) = self.ways.get(&datagram.client) {
                for _ in 0..=replays {
                    let _ = way.send(&datagram.bytes).await;
                }
            }
        }
        while let Some(datagram) = self.down.arrived(now) {
            let _ = self.front.send_to(&datagram.bytes, datagram.client).await;
        }
    }
}

/// What the server sends to one address of the client, until the line ends.
async fn listen(way: Arc<UdpSocket>, client: SocketAddr, answers: mpsc::UnboundedSender<Datagram>) {
    let mut buffer = [0; 2048];
    loop {
        let Ok(length) = way.recv(&mut buffer).await else {
            continue;
        };
        let bytes = buffer[..length].to_vec();
        if answers.send(Datagram { client, bytes }).is_err() {
            return;
        }
    }
}

async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    /// A client's datagrams reach the server and come back later by the delay; with the cable pulled nothing does.
    #[tokio::test]
    async fn delays_both_ways_and_carries_nothing_while_cut() {
        let server = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let delay = Duration::from_millis(30);
        let quality = Quality {
            delay,
            ..Quality::default()
        };
        let relay = Relay::start(server.local_addr().unwrap(), quality, quality, 1).unwrap();
        let client = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        client.connect(("127.0.0.1", relay.port)).await.unwrap();
        let mut buffer = [0; 100];
        relay.cut(true);
        client.send(b"lost").await.unwrap();
        relay.cut(false);
        let began = clock::instant();
        client.send(b"there").await.unwrap();
        let (mut length, mut way) = server.recv_from(&mut buffer).await.unwrap();
        // The thread may have taken the first one after the cable was back.
        if &buffer[..length] == b"lost" {
            (length, way) = server.recv_from(&mut buffer).await.unwrap();
        }
        assert_eq!(&buffer[..length], b"there");
        server.send_to(b"back", way).await.unwrap();
        let length = client.recv(&mut buffer).await.unwrap();
        assert_eq!(&buffer[..length], b"back");
        assert!(clock::instant() - began >= 2 * delay);
        let port = server.local_addr().unwrap().port();
        let line = format!("a=candidate:1 1 udp 1 10.0.0.1 {port} typ host\r\n");
        assert!(
            relay
                .through(&line)
                .contains(&format!(" {} typ host", relay.port))
        );
    }
}
