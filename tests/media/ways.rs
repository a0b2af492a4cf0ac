//! The ways in that are no UDP, with real browsers behind real filters and with other people's TURN client.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::Router;
use axum::routing::get;
use hoian_server::clock::{self, Clock};
use hoian_server::media::stats::Way;
use hoian_server::media::turn::{Credential, Secret};
use hoian_server::media::{ParticipantId, RoomId, Source};
use hoian_server::net::{Config, Media, PublishedTrack, Room, Turn, tcp};
use hoian_server::tls::Tls;
use hoian_tests::network::{NAME, Network};
use hoian_tests::tls::Authority;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::process::Command;
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::browser::{Browser, Site};
use crate::browsers::{ALICE, BOB};
use crate::peer::Peer;

const SECRET: [u8; 32] = [7; 32];
const ROOM: RoomId = RoomId(Uuid::from_u128(1));
const HELLO: &str = "the page";

/// Media with one TCP port, which is that of HTTP over TLS as well.
struct Server {
    media: Media,
    port: u16,
    host: Ipv4Addr,
    folder: TempDir,
    _stop: DropGuard,
}

impl Server {
    /// At `host`; with `announces`, candidates name the TCP port. It has two media ports, one beside the other.
    async fn start(host: Ipv4Addr, announces: bool) -> Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
        let port = listener.local_addr()?.port();
        let media = Media::start(Config {
            bind: (Ipv4Addr::UNSPECIFIED, two_free_ports()?).into(),
            shards: 2,
            advertise: vec![host.into()],
            tcp_ports: announces.then_some(port).into_iter().collect(),
            turn: Some(Turn {
                secret: SECRET,
                urls: vec![format!("turns:{NAME}:{port}?transport=tcp")],
            }),
            ..Config::default()
        })?;
        let folder = tempfile::tempdir()?;
        let authority = Authority::new("Tests");
        let (certificate, key) = authority.certify(NAME);
        let path = |name: &str| folder.path().join(name);
        std::fs::write(path("ca.pem"), &authority.pem)?;
        std::fs::write(path("chain.pem"), certificate + &authority.pem)?;
        std::fs::write(path("key.pem"), key)?;
        let tls = Tls::open(&path("chain.pem"), &path("key.pem"))?;
        let stop = CancellationToken::new();
        let ways = tcp::Ways::begin(media.clone(), Clock::system())?;
        let http = tcp::listen_with_http(listener, Some(tls), Some(ways), stop.clone())?;
        let page = Router::new().route("/", get(|| async { HELLO }));
        tokio::spawn(async move { axum::serve(http, page).await });
        Ok(Server {
            media,
            port,
            host,
            folder,
            _stop: stop.drop_guard(),
        })
    }

    fn authority(&self) -> String {
        self.folder.path().join("ca.pem").display().to_string()
    }

    /// As the page's own requests, on the port where everything else is.
    async fn answers_https(&self) -> Result<()> {
        let trusted = CertificateDer::from_pem_file(self.authority())?;
        let roots = {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(trusted)?;
            roots
        };
        let config = hoian_server::tls::client::trusting(roots)?;
        let client = reqwest::Client::builder()
            .tls_backend_preconfigured(config)
            .resolve(NAME, self.address())
            .build()?;
        let answer = client
            .get(format!("https://{NAME}:{}/", self.port))
            .send()
            .await?;
        ensure!(answer.text().await? == HELLO);
        Ok(())
    }

    fn address(&self) -> SocketAddr {
        (self.host, self.port).into()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_meet_over_ice_tcp_where_udp_is_blocked() -> Result<()> {
    let network = Network::new()?;
    network.filter(&["meta l4proto tcp accept"])?;
    let server = Server::start(network.server, true).await?;
    meet(&server, &network, |_| json!({}), Way::Tcp).await
}

#[tokio::test(flavor = "multi_thread")]
async fn browsers_meet_over_turn_and_tls_where_one_port_is_open() -> Result<()> {
    let network = Network::new()?;
    let server = Server::start(network.server, false).await?;
    let port = server.port;
    network.filter(&[
        &format!("tcp dport {port} accept"),
        &format!("tcp sport {port} accept"),
    ])?;
    let relay = |seat: &Room, participant| {
        let servers = seat.ice_servers(participant, Clock::system().now().unix_seconds() + 600);
        let describe = |server: &hoian_server::net::IceServer| {
            let Credential { user_name, password } = &server.credential;
            json!({ "urls": server.urls, "username": user_name, "credential": password })
        };
        servers.iter().map(describe).collect::<Value>()
    };
    let options = |(room, participant): (&Room, ParticipantId)| json!({ "iceServers": relay(room, participant), "trust": server.authority() });
    meet(&server, &network, options, Way::TurnTls).await
}

/// Chromium and Firefox in the same network decode each other, by the way that is left, and the page is served beside them.
async fn meet(
    server: &Server,
    network: &Network,
    options: impl Fn((&Room, ParticipantId)) -> Value,
    way: Way,
) -> Result<()> {
    let (room, _events) = server.media.open(ROOM).await?;
    let join = async |name, participant| {
        let options = options((&room, participant));
        let browser = Browser::join_with(name, &room, participant, &options, Site::Apart(network)).await?;
        browser.context("the usual codec")
    };
    let (chromium, firefox) = tokio::join!(join("chromium", ALICE), join("firefox", BOB));
    let (mut chromium, mut firefox) = (chromium?, firefox?);
    let result = async {
        chromium.decodes_the_other().await?;
        firefox.decodes_the_other().await?;
        for site in room.sites().await? {
            let path = site.way_in.context("a way in")?;
            eprintln!("{:?} comes by {path:?}", site.participant);
            ensure!(path.way == way, "{path:?} in place of {way:?}");
            ensure!(
                path.is_relayed() || path.address.ip() == IpAddr::from(network.client),
                "{path:?}"
            );
        }
        server.answers_https().await
    };
    let result = result.await;
    chromium.close().await?;
    firefox.close().await?;
    eprintln!("{:?}", server.media.stats().await?);
    result
}

/// The judge: coturn's own client, over TCP and over TLS.
#[tokio::test(flavor = "multi_thread")]
async fn turnutils_uclient_relays_to_a_media_port_with_good_credentials_alone() -> Result<()> {
    let server = Server::start(Ipv4Addr::LOCALHOST, true).await?;
    let now = Clock::system().now().unix_seconds();
    let media = server.media.addresses()[0];
    let good = Secret::new(&SECRET).issue((ROOM, ALICE), now + 60);
    let ended = Secret::new(&SECRET).issue((ROOM, ALICE), now - 1);
    let forged = Secret::new(&[8; 32]).issue((ROOM, ALICE), now + 60);
    for secured in [false, true] {
        let before = server.media.stats().await?.received_packets;
        let said = uclient(&server, &good, media, secured).await?;
        let reached = server.media.stats().await?.received_packets - before;
        ensure!(reached >= 5, "{reached} datagrams reached the shard: {said}");
        for (credential, why) in [(&ended, "ended"), (&forged, "forged")] {
            let before = server.media.stats().await?.received_packets;
            let said = uclient(&server, credential, media, secured).await?;
            // It asks again and again, and never says what was answered.
            ensure!(said.contains("Cannot complete Allocation"), "{why}: {said}");
            ensure!(
                server.media.stats().await?.received_packets == before,
                "{why}: {said}"
            );
        }
    }
    for elsewhere in ["10.0.0.1:8081", "127.0.0.1:22"] {
        let said = uclient(&server, &good, elsewhere.parse()?, false).await?;
        ensure!(said.contains("403"), "{elsewhere}: {said}");
    }
    Ok(())
}

/// An even port that is free, as is the next one.
fn two_free_ports() -> Result<u16> {
    for _ in 0..100 {
        let first = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        let port = first.local_addr()?.port();
        if port.is_multiple_of(2) && UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port + 1)).is_ok() {
            return Ok(port);
        }
    }
    anyhow::bail!("there are no two ports side by side")
}

/// What `turnutils_uclient` says. It binds a channel to the next port as well.
async fn uclient(
    server: &Server,
    credential: &Credential,
    peer: SocketAddr,
    secured: bool,
) -> Result<String> {
    let mut client = Command::new("turnutils_uclient");
    client
        .args(["-t", "-v", "-c", "-n", "5", "-m", "1", "-l", "100"])
        .args(["-u", &credential.user_name, "-w", &credential.password])
        .args(["-e", &peer.ip().to_string(), "-r", &peer.port().to_string()])
        .args(["-p", &server.port.to_string()])
        .args(secured.then_some("-S"))
        .arg(server.host.to_string())
        .stdin(Stdio::null())
        .kill_on_drop(true);
    // Nobody echoes, so it waits for answers until it gives up.
    let ended = tokio::time::timeout(Duration::from_secs(30), client.output()).await;
    let output = ended
        .context("turnutils_uclient does not end")?
        .context("turnutils_uclient starts")?;
    let said = [output.stdout, output.stderr].concat();
    Ok(String::from_utf8_lossy(&said).into_owned())
}

/// Nothing that begins like a way in and goes on otherwise stays connected, or disturbs those who are there.
#[tokio::test(flavor = "multi_thread")]
async fn garbage_is_shown_out() -> Result<()> {
    let server = Server::start(Ipv4Addr::LOCALHOST, true).await?;
    let mut random = StdRng::seed_from_u64(3);
    let cookie = [0x21, 0x12, 0xa4, 0x42];
    for beginning in [
        &[0xff][..],
        &[0; 12],
        &[&[0, 40, 0, 1, 0, 20][..], &cookie].concat(),
        &[&[0, 3, 0, 8][..], &cookie].concat(),
        b"\x16\x03\x01\x00\x05hello",
        b"NONSENSE\r\n\r\n",
    ] {
        let mut stream = TcpStream::connect(server.address()).await?;
        let mut rest = vec![0; 4_000];
        random.fill(&mut rest[..]);
        stream.write_all(&[beginning, &rest].concat()).await?;
        let mut answer = Vec::new();
        let closed = tokio::time::timeout(Duration::from_secs(15), stream.read_to_end(&mut answer)).await;
        closed
            .with_context(|| format!("{beginning:?} stays connected"))?
            .ok();
    }
    server.answers_https().await
}

/// Whoever asks and asks and reads no answer is shown out, and the shard has time for everybody else.
#[tokio::test(flavor = "multi_thread")]
async fn who_reads_nothing_is_shown_out_and_disturbs_nobody() -> Result<()> {
    let server = Server::start(Ipv4Addr::LOCALHOST, true).await?;
    let (room, _events) = server.media.open(ROOM).await?;
    let seat = room.join(ALICE).await?;
    let mut peer = Peer::gcm(4001);
    let camera = PublishedTrack {
        mid: "1".to_owned(),
        source: Source::Camera,
    };
    let answer = seat.publish(&peer.offer(), &[camera]).await?;
    ensure!(
        answer.contains(&format!(" {} typ host tcptype passive", server.port)),
        "{answer}"
    );
    peer.learn(&answer);
    let check = peer.check(None);
    let frame = [&u16::try_from(check.len())?.to_be_bytes()[..], &check].concat();

    let socket = TcpSocket::new_v4()?;
    socket.set_recv_buffer_size(4_096)?;
    let mut deaf = socket.connect(server.address()).await?;
    let asking = tokio::spawn(async move {
        let many = frame.repeat(500);
        while deaf.write_all(&many).await.is_ok() {}
    });
    let udp = tokio::net::UdpSocket::bind("127.0.0.1:0").await?;
    let port = answer
        .lines()
        .find(|line| line.contains(" udp ") && line.contains("candidate"))
        .and_then(|line| line.split(' ').nth(5)?.parse::<u16>().ok())
        .context("a candidate")?;
    let mut bytes = [0; 1_500];
    let mut longest = Duration::ZERO;
    let began = clock::instant();
    while !asking.is_finished() {
        ensure!(began.elapsed() < Duration::from_secs(40), "it stays connected");
        let asked = clock::instant();
        udp.send_to(&check, (Ipv4Addr::LOCALHOST, port)).await?;
        tokio::time::timeout(Duration::from_secs(1), udp.recv_from(&mut bytes)).await??;
        longest = longest.max(asked.elapsed());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    eprintln!(
        "shown out after {:?}; the longest answer to another took {longest:?}",
        began.elapsed()
    );
    Ok(())
}
