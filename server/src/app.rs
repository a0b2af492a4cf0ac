//! Composition root: builds the parts, returns bound addresses, drains on stop.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::api::{self, Traffic};
use crate::clock::Clock;
use crate::conference::Conferences;
use crate::config::Config;
use crate::custody::hsm::Hsm;
use crate::custody::{Custody, ReportSeal, csc};
use crate::domain::working_day::WorkingDays;
use crate::identity::{Directory, Passkeys, Provider};
use crate::jobs;
use crate::mail::{self, Mailer};
use crate::net::{self, tcp};
pub use crate::parts::App;
use crate::password::Passwords;
use crate::render::Typesetter;
use crate::secret::{self, ServerSecret};
use crate::store::{self, Store};
use crate::tls::{self, Tls};

/// Papers that are set at the same time: each takes tens of megabytes and a core.
const TYPESETTING: usize = 1;

/// What the server secret is asked for to make the passwords of the relay.
const TURN: &str = "turn";

/// Why the program cannot start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(transparent)]
    Secret(#[from] secret::Error),
    #[error("signing.tls_roots cannot be used: {0}")]
    TlsRoots(#[from] hoian_signer::error::Error),
    #[error("report.key cannot be used: {0}")]
    ReportKey(hoian_signer::error::Error),
    #[error("the settings of the HSM: {0}")]
    Hsm(hoian_signer::error::Error),
    #[error("the settings of mail: {0}")]
    Mail(#[from] mail::Unfit),
    #[error("TLS: {0}")]
    Tls(#[from] tls::Error),
    #[error("a service of the settings cannot be asked over TLS: {0}")]
    Client(#[from] tls::client::Error),
    #[error("counting what is answered: {0}")]
    Traffic(#[from] prometheus::Error),
    #[error(transparent)]
    Media(#[from] net::StartError),
    #[error("cannot listen on {address}: {source}")]
    Listen {
        address: SocketAddr,
        source: std::io::Error,
    },
}

impl App {
    /// Opens everything that needs no port: for commands that work beside or without a running server.
    ///
    /// # Errors
    /// When the store or the server secret cannot be opened.
    pub async fn open(config: Config, clock: Clock) -> Result<Self, Error> {
        let store = Store::open(&config).await?;
        let secret = ServerSecret::open_or_create(&config.data_folder.join("server.secret"), &clock)?;
        let outbox = Arc::new(jobs::signing::Outbox { clock: clock.clone() });
        let mailer = Mailer::new(&config.mail)?;
        let custody = Custody::new(
            store.clone(),
            clock.clone(),
            secret.clone(),
            config.signing.clone(),
            WorkingDays::without(config.work.days_off.clone()),
            mailer.clone(),
            outbox,
        )?
        .at(&config.origin(), config.http.public_origin.is_some())
        .with_report_seal(ReportSeal::open(&config.report).map_err(Error::ReportKey)?)
        .with_verifications_per_minute(config.http.verifications_per_minute)
        .with_hsm(Hsm::open(config.hsm.as_ref()).map_err(Error::Hsm)?);
        let remote = config.remote.as_ref();
        let remote = remote
            .map(|remote| csc::Service::new(remote, &clock))
            .transpose()?;
        let custody = custody.with_remote(remote);
        let directory = config.ldap.as_ref().map(Directory::new).transpose()?;
        let provider = config.oidc.as_ref();
        let provider = provider.map(|oidc| Provider::new(oidc, &clock)).transpose()?;
        Ok(Self {
            mailer,
            custody,
            typesetter: Typesetter::new(TYPESETTING),
            passwords: Passwords::new(&clock),
            directory,
            provider,
            passkeys: Passkeys::new(&config),
            conferences: Conferences::new(clock.clone(), store.clone(), secret.clone()),
            config: Arc::new(config),
            clock,
            store,
            secret,
            stopping: CancellationToken::new(),
        })
    }
}

/// The running program.
pub struct Running {
    /// Where HTTP is answered; the true port, also where port 0 was asked for.
    pub http: SocketAddr,
    /// Where media are received.
    pub media: Vec<SocketAddr>,
    /// The port on which they are taken over TCP, beside that of HTTP.
    pub media_tcp: Option<u16>,
    /// The parts, for whoever started the program in its own process.
    pub app: App,
    plane: net::Media,
    serving: tokio::task::JoinHandle<std::io::Result<()>>,
    worker: jobs::Worker,
    tls: Option<Tls>,
}

/// Starts everything and returns once it answers.
///
/// # Errors
/// When a part cannot be opened or a port cannot be bound.
pub async fn start(app: App) -> Result<Running, Error> {
    start_beside(app, Router::new()).await
}

/// As [`start`], with `services` answering beside the interface: without its sessions, limits and origin check, since
/// they are for programs of any origin, such as the demo's training PKI.
///
/// # Errors
/// As [`start`].
pub async fn start_beside(app: App, services: Router) -> Result<Running, Error> {
    let address = app.config.http.address;
    let failed = |source| Error::Listen { address, source };
    let http = &app.config.http;
    let tls = http.tls_certificate.as_deref().zip(http.tls_key.as_deref());
    let tls = tls
        .map(|(certificate, key)| Tls::open(certificate, key))
        .transpose()?;
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let http = listener.local_addr().map_err(failed)?;
    let doors = Doors::open(&app.config, http).await?;
    let media = start_media(&app, &doors)?;
    app.custody
        .give_back_interrupted_tries()
        .await
        .map_err(store::Error::from)?;
    app.conferences
        .settle_recordings()
        .await
        .map_err(store::Error::from)?;
    let worker = jobs::Worker::start(app.clone(), jobs::registry());
    let router = services.fallback_service(api::router(app.clone(), Traffic::new()?));
    let stopping = app.stopping.clone();
    let media_tcp = doors.media;
    let listener = doors
        .let_in(listener, tls.clone(), &app, media.clone())
        .map_err(failed)?;
    let serving = tokio::spawn(serve(listener, router, stopping));
    info!(http.address = %http, "listening");
    Ok(Running {
        http,
        media_tcp,
        media: media.addresses().to_vec(),
        plane: media,
        app,
        serving,
        worker,
        tls,
    })
}

async fn serve(
    listener: tcp::HttpListener,
    router: Router,
    stopping: CancellationToken,
) -> std::io::Result<()> {
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    // Tapped, because a listener of our own would not tell handlers who comes.
    axum::serve(listener.tap_io(|_| ()), service)
        .with_graceful_shutdown(stopping.cancelled_owned())
        .await
}

/// The TCP ports by which media come.
struct Doors {
    listener: Option<TcpListener>,
    /// Of the listener.
    media: Option<u16>,
    /// As browsers know it, where HTTP's carries media as well.
    http: Option<u16>,
}

impl Doors {
    async fn open(config: &Config, http: SocketAddr) -> Result<Self, Error> {
        let http = config
            .http
            .carries_media
            .then(|| config.public_port().unwrap_or(http.port()));
        let address = SocketAddr::from((Ipv4Addr::UNSPECIFIED, config.media.tcp_port));
        let failed = |source| Error::Listen { address, source };
        let listener = match config.media.tcp {
            true => Some(TcpListener::bind(address).await.map_err(failed)?),
            false => None,
        };
        let local = listener.as_ref().map(TcpListener::local_addr).transpose();
        let media = local.map_err(failed)?.map(|address| address.port());
        Ok(Self {
            listener,
            media,
            http,
        })
    }

    /// Those that candidates name, that which more networks let through last: it is HTTP's first of all.
    fn ports(&self) -> Vec<u16> {
        self.media.into_iter().chain(self.http).collect()
    }

    /// How the relay is reached. Browsers have use for it where nothing but TLS gets through; over TCP alone they come by
    /// ICE-TCP.
    fn turn_urls(&self, config: &Config) -> Vec<String> {
        let port = self
            .http
            .or(self.media)
            .filter(|_| config.http.tls_certificate.is_some());
        let host = config.public_host();
        port.map(|port| format!("turns:{host}:{port}?transport=tcp"))
            .into_iter()
            .collect()
    }

    /// Takes connections: for media on their own port, for HTTP on its own, and for both there where it carries both.
    fn let_in(
        self,
        http: TcpListener,
        tls: Option<Tls>,
        app: &App,
        media: net::Media,
    ) -> std::io::Result<tcp::HttpListener> {
        let ways = tcp::Ways::begin(media, app.clock.clone())?;
        if let Some(listener) = self.listener {
            tcp::listen(listener, tls.clone(), ways.clone(), app.stopping.clone());
        }
        let ways = self.http.map(|_| ways);
        tcp::listen_with_http(http, tls, ways, app.stopping.clone())
    }
}

fn start_media(app: &App, doors: &Doors) -> Result<net::Media, Error> {
    let config = &app.config.media;
    let bind = SocketAddr::from((Ipv4Addr::UNSPECIFIED, config.udp_port));
    let media = net::Media::start(net::Config {
        bind,
        shards: config.shards,
        advertise: config.addresses.clone(),
        tcp_ports: doors.ports(),
        turn: (!doors.ports().is_empty()).then(|| net::Turn {
            secret: *app.secret.derive(TURN),
            urls: doors.turn_urls(&app.config),
        }),
        ..net::Config::default()
    })?;
    app.conferences.begin(media.clone());
    Ok(media)
}

impl Running {
    /// Reads again what may be renewed while the program runs: certificate and key of TLS.
    ///
    /// # Errors
    /// When they cannot be used; those read before go on being used.
    pub fn read_again(&self) -> Result<(), tls::Error> {
        self.tls.as_ref().map_or(Ok(()), Tls::reload)
    }

    /// Takes no further request, lets those under way end, then closes everything.
    pub async fn stop(self) {
        let patience = Duration::from_secs(self.app.config.http.drain_seconds);
        self.app.stopping.cancel();
        self.app.conferences.stop().await;
        if tokio::time::timeout(patience, self.serving).await.is_err() {
            warn!("requests were still under way at the end of the drain");
        }
        if tokio::time::timeout(patience, self.plane.drain()).await.is_err() {
            warn!("meetings were still under way at the end of the drain");
        }
        self.worker.stop(patience).await;
        if let Err(error) = self.app.store.close().await {
            warn!(%error, "the database did not close cleanly");
        }
        info!("stopped");
    }
}
