//! One TOML file and the environment; unknown keys fail; every default is documented.
//!
//! A value is taken from the environment if a variable `HOIAN_<SECTION>__<KEY>` exists (two underscores between section
//! and key, as in `HOIAN_HTTP__ADDRESS`), else from the file, else from the default written at its field.

mod hsm;
mod identity;
mod mail;
mod remote;
mod report;
mod s3;
mod said;
mod work;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

pub use hsm::Hsm;
pub use identity::{Ldap, Oidc};
pub use mail::{Encryption, Mail};
pub use remote::Remote;
pub use report::Report;
pub use s3::S3;
pub use said::Fault;
use said::Said;
pub use work::Work;

/// All settings of the program.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where the program keeps what it owns: the SQLite database, blobs, the server secret. Default `data`, relative to
    /// the working directory. Back it up whole, but keep `server.secret` apart from the backup.
    pub data_folder: PathBuf,
    /// Where files are kept: `s3://bucket/prefix`, reached as `[s3]` says. Default: the folder `blobs` in the data folder.
    pub blobs: Option<String>,
    pub s3: S3,
    pub database: Database,
    pub http: Http,
    pub session: Session,
    /// Default: none; every password is kept here.
    pub ldap: Option<Ldap>,
    /// Default: none; people log in with their password.
    pub oidc: Option<Oidc>,
    pub media: Media,
    pub signing: Signing,
    /// Default: none; keys of agencies are kept here as those of people are.
    pub hsm: Option<Hsm>,
    /// Default: none; nobody signs from afar.
    pub remote: Option<Remote>,
    pub report: Report,
    pub mail: Mail,
    pub work: Work,
    pub log: Log,
}

/// Where rows are kept.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Database {
    /// `postgres://user:password@host/name` or `sqlite:///path/to/file`. Default: `hoian.db` in the data folder.
    pub url: Option<String>,
}

/// How the program is reached over HTTP.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// The address that is listened on; port 0 lets the system choose. Default `127.0.0.1:8080`: a proxy that ends TLS
    /// stands in front.
    pub address: SocketAddr,
    /// The origin that browsers see, such as `https://hop.langiang.gov.vn`. It decides whether cookies are `Secure` and
    /// HSTS is sent, and it is the one origin that may change anything. Default: none, then the `Host` of the request
    /// over plain HTTP, which serves a trial on one machine.
    pub public_origin: Option<String>,
    /// The largest body of a JSON request. Default 1 MiB.
    pub body_limit_bytes: usize,
    /// The largest uploaded file. Default 200 MB; more is answered with 413. The file streams to disk, so the danger of
    /// a larger limit is time, not memory.
    pub upload_limit_bytes: u64,
    /// How long requests that are under way may take after a stop was asked for. Default 20.
    pub drain_seconds: u64,
    /// A file of certificates (PEM), the program's own first: then it ends TLS itself, and no proxy is needed. Read again on
    /// SIGHUP. Default: none.
    pub tls_certificate: Option<PathBuf>,
    /// The file of its key (PEM). Needed with `tls_certificate`.
    pub tls_key: Option<PathBuf>,
    /// How many files another system may have verified in a minute under one key. Default 3000: beyond what two cores do, and a
    /// limit for a system that has lost its way.
    pub verifications_per_minute: u32,
    /// Whether sound and picture are taken on this port as well, ICE-TCP in the clear and TURN over the program's own TLS, so
    /// that one open TCP port, such as 443, is enough for a meeting. Default false. It serves where no proxy stands in front:
    /// set `tls_certificate` and `public_origin`, and listen on an address that people reach.
    pub carries_media: bool,
    /// Who sends this as a bearer token may read `/metrics`. Default: none, then nobody may.
    pub metrics_token: Option<String>,
}

/// How long a person stays logged in.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Session {
    /// Minutes without a request after which a session ends. Default 60: a meeting without a click is longer than the
    /// usual 15, and its socket counts as use.
    pub idle_minutes: u64,
    /// Hours after which a session ends in any case. Default 12: one working day.
    pub absolute_hours: u64,
}

/// Where sound and picture flow.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Media {
    /// The one UDP port of all meetings; 0 lets the system choose. Default 8081. Firewalls must let it in.
    pub udp_port: u16,
    /// Whether those whose network blocks UDP are taken over TCP: ICE-TCP, and TURN. Default true.
    pub tcp: bool,
    /// The TCP port for them; 0 lets the system choose. Default 8081, as of UDP.
    pub tcp_port: u16,
    /// How many threads carry media, each on a UDP port of its own, from `udp_port` on. Default 1: a core carries a
    /// province's largest meeting; more serve more meetings at once.
    pub shards: usize,
    /// The addresses told to browsers. Default: every address of this machine. Set it behind NAT.
    pub addresses: Vec<IpAddr>,
}

/// Time-stamps and revocation: what is asked of the authorities, and how long.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Signing {
    /// The time-stamp authority (RFC 3161), such as `http://tsa.ca.gov.vn/`. Default: none; then every signature waits.
    pub tsa_url: Option<String>,
    /// How long the authority may take to answer a job. Default 180: the state's was measured at up to 131 s.
    pub time_stamp_seconds: u64,
    /// How long a person waits for the authority before the signature is left to a job. Default 4000.
    pub wait_milliseconds: u64,
    /// How long a revocation list may take while a person waits. Default 5.
    pub revocation_seconds: u64,
    /// Hosts that may be asked about revocation, with the port where it is not the scheme's, as in `ocsp.ca.gov.vn`. The
    /// authority for time-stamps is allowed by itself. Addresses come out of certificates, so from strangers: a wide list
    /// lets them reach into your network.
    pub allowed_hosts: Vec<String>,
    /// Hosts that stand in old certificates and are gone, and who answers for them: `"ocsp.ca.ptc" = "ocsp.ca.gov.vn"`.
    pub mapped_hosts: BTreeMap<String, String>,
    /// A PEM or DER file of certificates by which authorities that answer over HTTPS are trusted, beside the roots of the
    /// system. Default: none. It says nothing of signatures, whose roots are in the trust store.
    pub tls_roots: Option<PathBuf>,
    /// Whether papers get a QR code in the margin that leads to their record. Default true.
    pub codes: bool,
    /// Where the state's desktop tool answers at people's own PCs: `wss://127.0.0.1:8987`. Pages may reach that address then.
    /// Default: none; nobody signs with it.
    pub desktop_tool: Option<String>,
}

/// What is logged, and how.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// `text` for people, `json` for a collector. Default `text`.
    pub format: LogFormat,
    /// What is logged, as in `info,hoian_server=debug`. Default `info`.
    pub filter: String,
}

/// The shape of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_folder: "data".into(),
            blobs: None,
            s3: S3::default(),
            database: Database::default(),
            http: Http::default(),
            session: Session::default(),
            ldap: None,
            oidc: None,
            media: Media::default(),
            signing: Signing::default(),
            hsm: None,
            remote: None,
            report: Report::default(),
            mail: Mail::default(),
            work: Work::default(),
            log: Log::default(),
        }
    }
}

impl Default for Http {
    fn default() -> Self {
        Self {
            address: SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
            public_origin: None,
            body_limit_bytes: 1024 * 1024,
            upload_limit_bytes: 200_000_000,
            drain_seconds: 20,
            tls_certificate: None,
            tls_key: None,
            verifications_per_minute: 3000,
            carries_media: false,
            metrics_token: None,
        }
    }
}

impl Default for Session {
    fn default() -> Self {
        Self {
            idle_minutes: 60,
            absolute_hours: 12,
        }
    }
}

impl Default for Media {
    fn default() -> Self {
        Self {
            udp_port: 8081,
            tcp: true,
            tcp_port: 8081,
            shards: 1,
            addresses: Vec::new(),
        }
    }
}

impl Default for Signing {
    fn default() -> Self {
        Self {
            tsa_url: None,
            time_stamp_seconds: 180,
            wait_milliseconds: 4000,
            revocation_seconds: 5,
            allowed_hosts: ["ocsp.ca.gov.vn", "crl.ca.gov.vn", "tsa.ca.gov.vn"]
                .map(str::to_owned)
                .into(),
            mapped_hosts: BTreeMap::from([("ocsp.ca.ptc".to_owned(), "ocsp.ca.gov.vn".to_owned())]),
            tls_roots: None,
            codes: true,
            desktop_tool: None,
        }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self {
            format: LogFormat::default(),
            filter: "info".into(),
        }
    }
}

/// Why the settings cannot be used; each names the place.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("cannot read the settings in {path}: {source}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("the settings in {0} are not TOML: {1}")]
    Malformed(PathBuf, toml::de::Error),
    #[error("the settings are refused: {0}")]
    Refused(Fault),
    #[error("the environment variable {0} does not name a setting")]
    UnknownVariable(String),
    #[error("http.public_origin must be an origin such as https://hop.langiang.gov.vn, without a path: {0}")]
    PublicOrigin(String),
    #[error("http.tls_certificate and http.tls_key are set together or not at all")]
    HalfOfTls,
    #[error("{0}")]
    Unfit(&'static str),
}

impl Config {
    /// Reads `file` (where given) and lays `environment` over it.
    ///
    /// # Errors
    /// When the file cannot be read, or anything in it or in the environment is unknown or of the wrong kind.
    pub fn load(
        file: Option<&Path>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Result<Self, Error> {
        let table = match file {
            Some(path) => read(path)?,
            None => toml::Table::new(),
        };
        let mut said = Said::from(table);
        for (name, value) in environment {
            overlay(&mut said, &name, value)?;
        }
        Self::deserialize(said).map_err(Error::Refused)?.checked()
    }

    /// Where the rows are: the configured URL, or the SQLite file in the data folder.
    pub fn database_url(&self) -> String {
        let default = || format!("sqlite://{}", self.data_folder.join("hoian.db").display());
        self.database.url.clone().unwrap_or_else(default)
    }

    /// Whether browsers reach the program over TLS.
    pub fn is_tls(&self) -> bool {
        let origin = self.http.public_origin.as_deref();
        origin.map_or(self.http.tls_certificate.is_some(), |origin| {
            origin.starts_with("https://")
        })
    }

    /// The origin that browsers see; where none is configured, that of this machine.
    pub fn origin(&self) -> String {
        let own = || format!("{}localhost:{}", self.scheme(), self.http.address.port());
        self.http.public_origin.clone().unwrap_or_else(own)
    }

    /// The host by which browsers reach the program.
    pub fn public_host(&self) -> String {
        let origin = url::Url::parse(&self.origin()).ok();
        let host = origin.and_then(|origin| origin.host_str().map(str::to_owned));
        host.unwrap_or_else(|| "localhost".to_owned())
    }

    /// The port by which they do, where an origin is configured.
    pub fn public_port(&self) -> Option<u16> {
        let origin = url::Url::parse(self.http.public_origin.as_deref()?).ok()?;
        origin.port_or_known_default()
    }

    /// What stands before the host in an origin of this program.
    pub fn scheme(&self) -> &'static str {
        if self.is_tls() { "https://" } else { "http://" }
    }

    fn checked(self) -> Result<Self, Error> {
        if self.http.verifications_per_minute == 0 {
            return Err(Error::Unfit("http.verifications_per_minute must be 1 or more"));
        }
        if self.http.tls_certificate.is_some() != self.http.tls_key.is_some() {
            return Err(Error::HalfOfTls);
        }
        let blobs = self.blobs.as_deref().and_then(|blobs| self.s3.fault(blobs));
        let ldap = self.ldap.as_ref().and_then(Ldap::fault);
        let oidc = self.oidc.as_ref().and_then(Oidc::fault);
        let hsm = self.hsm.as_ref().and_then(Hsm::fault);
        let remote = self.remote.as_ref().and_then(Remote::fault);
        let signing = self.signing.fault();
        if let Some(fault) = blobs.or(ldap).or(oidc).or(hsm).or(remote).or(signing) {
            return Err(Error::Unfit(fault));
        }
        if let Some(origin) = &self.http.public_origin {
            let parsed = url::Url::parse(origin).map_err(|_| Error::PublicOrigin(origin.clone()))?;
            if parsed.origin().ascii_serialization() != *origin {
                return Err(Error::PublicOrigin(origin.clone()));
            }
        }
        Ok(self)
    }
}

impl Signing {
    fn fault(&self) -> Option<&'static str> {
        let fits = |address: &str| {
            let url = url::Url::parse(address).ok();
            // What is said here stands in the policy of every page, so it is an origin and no more.
            let plain = url.filter(|url| url.origin().ascii_serialization() == address);
            plain.is_some_and(|url| matches!(url.scheme(), "ws" | "wss") && is_loopback(&url))
        };
        let faulty = self.desktop_tool.as_deref().is_some_and(|address| !fits(address));
        faulty.then_some("signing.desktop_tool must be wss:// or ws://, this machine, and a port")
    }

    /// How long a job waits for the time-stamp authority.
    pub fn time_stamp_time(&self) -> Duration {
        Duration::from_secs(self.time_stamp_seconds)
    }

    /// How long a person waits for it.
    pub fn wait(&self) -> Duration {
        Duration::from_millis(self.wait_milliseconds)
    }

    /// How long a revocation list may take.
    pub fn revocation_time(&self) -> Duration {
        Duration::from_secs(self.revocation_seconds)
    }

    /// Every host that may be asked, with its port where one is written.
    pub fn hosts(&self) -> BTreeSet<String> {
        let authority = self
            .tsa_url
            .as_deref()
            .and_then(|address| url::Url::parse(address).ok());
        let authority = authority.and_then(|url| {
            let host = url.host_str()?.to_owned();
            Some(
                url.port()
                    .map_or_else(|| host.clone(), |port| format!("{host}:{port}")),
            )
        });
        self.allowed_hosts.iter().cloned().chain(authority).collect()
    }
}

impl Session {
    /// How long a session lives without a request.
    pub fn idle(&self) -> Duration {
        Duration::from_secs(self.idle_minutes * 60)
    }

    /// How long a session lives at most.
    pub fn absolute(&self) -> Duration {
        Duration::from_secs(self.absolute_hours * 3600)
    }
}

/// Whether a line to `address` cannot be listened to by others.
fn is_tls_or_loopback(address: &str) -> bool {
    let Ok(url) = url::Url::parse(address) else {
        return false;
    };
    url.scheme() == "https" || is_loopback(&url)
}

fn is_loopback(url: &url::Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn read(path: &Path) -> Result<toml::Table, Error> {
    let text = std::fs::read_to_string(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })?;
    text.parse()
        .map_err(|error| Error::Malformed(path.to_owned(), error))
}

/// Variables with the prefix that are not settings: the file's own place, and the switch of `fail_point`.
const NOT_SETTINGS: [&str; 2] = ["HOIAN_CONFIG", "HOIAN_FAIL_POINT"];

fn overlay(said: &mut Said, name: &str, text: String) -> Result<(), Error> {
    let Some(path) = name
        .strip_prefix("HOIAN_")
        .filter(|_| !NOT_SETTINGS.contains(&name))
    else {
        return Ok(());
    };
    let mut here = said;
    let path = path.to_lowercase();
    let (section, key) = path
        .split_once("__")
        .map_or((None, &*path), |(section, key)| (Some(section), key));
    let unknown = || Error::UnknownVariable(name.to_owned());
    if let Some(section) = section {
        let table = here.table().ok_or_else(unknown)?;
        let section = table.entry(section.to_owned());
        here = section.or_insert_with(|| Said::Table(BTreeMap::new()));
    }
    here.table()
        .ok_or_else(unknown)?
        .insert(key.to_owned(), Said::Text(text));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Config, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hoian.toml");
        std::fs::write(&path, file).unwrap();
        let environment = environment
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_string()));
        Config::load(Some(&path), environment)
    }

    #[test]
    fn environment_wins_over_file_and_file_over_default() {
        let config = load(
            "[http]\naddress = '0.0.0.0:80'\nbody_limit_bytes = 5",
            &[
                ("HOIAN_HTTP__ADDRESS", "127.0.0.1:0"),
                ("HOIAN_MEDIA__ADDRESSES", "['10.0.0.1']"),
                ("HOIAN_DATA_FOLDER", "/srv/hoian"),
                ("HOIAN_WORK__DAYS_OFF", "['2027-02-05']"),
                ("HOIAN_FAIL_POINT", "x"),
                ("PATH", "/bin"),
            ],
        )
        .unwrap();
        assert_eq!(config.http.address.port(), 0);
        assert_eq!(config.http.body_limit_bytes, 5);
        assert_eq!(config.media.addresses, [IpAddr::from([10, 0, 0, 1])]);
        assert_eq!(config.session.idle_minutes, 60);
        assert_eq!(config.work.days_off.len(), 1);
        assert_eq!(config.database_url(), "sqlite:///srv/hoian/hoian.db");
    }

    #[test]
    fn a_text_of_the_environment_is_what_its_setting_is() {
        let file = "[ldap]\nurl = 'ldaps://may'\nuser_dn = 'uid={}'\n[mail]\nport = 25";
        let environment = [
            ("HOIAN_MAIL__PASSWORD", "20261129"),
            ("HOIAN_MAIL__PORT", "2525"),
            ("HOIAN_MAIL__ENCRYPTION", "none"),
            ("HOIAN_LDAP__BIND_PASSWORD", "1e5"),
            ("HOIAN_LDAP__STARTTLS", "true"),
            ("HOIAN_LDAP__OWN_PASSWORDS", "['quantri']"),
            ("HOIAN_HTTP__METRICS_TOKEN", "1_000"),
            ("HOIAN_S3__ACCESS_KEY_ID", "true"),
            ("HOIAN_S3__SECRET_ACCESS_KEY", "2026-11-29"),
            ("HOIAN_DATA_FOLDER", "7"),
            ("HOIAN_LOG__FORMAT", "json"),
        ];
        let config = load(file, &environment).unwrap();
        let ldap = config.ldap.unwrap();
        let texts = [
            config.mail.password.as_deref(),
            ldap.bind_password.as_deref(),
            config.http.metrics_token.as_deref(),
            config.s3.access_key_id.as_deref(),
            config.s3.secret_access_key.as_deref(),
            config.data_folder.to_str(),
        ];
        let expected = ["20261129", "1e5", "1_000", "true", "2026-11-29", "7"];
        assert_eq!(texts, expected.map(Some));
        assert_eq!(config.mail.port, Some(2525));
        assert_eq!(config.mail.encryption, Encryption::None);
        assert_eq!(
            (ldap.starttls, ldap.own_passwords),
            (true, vec!["quantri".to_owned()])
        );
        assert_eq!(config.log.format, LogFormat::Json);
    }

    #[test]
    fn a_refusal_names_the_place() {
        type Case = (
            &'static str,
            &'static [(&'static str, &'static str)],
            &'static str,
        );
        let table: [Case; 4] = [
            ("[http]\naddress = 'nowhere'", &[], "http.address: "),
            ("[mail]\nport = 'x'", &[], "mail.port: "),
            ("", &[("HOIAN_MEDIA__UDP_PORT", "many")], "media.udp_port: "),
            ("", &[("HOIAN_LOG__FORMAT", "xml")], "log.format: "),
        ];
        for (file, environment, place) in table {
            let refusal = load(file, environment).unwrap_err().to_string();
            assert!(refusal.contains(place), "{refusal}");
        }
    }

    #[test]
    fn the_keys_of_the_object_store_come_into_no_log() {
        let keys = [
            ("HOIAN_S3__ACCESS_KEY_ID", "khoa-1"),
            ("HOIAN_S3__SECRET_ACCESS_KEY", "khoa-2"),
        ];
        let config = load(
            "blobs = 's3://kho/tep'\n[s3]\nendpoint = 'http://[::1]:9000'",
            &keys,
        )
        .unwrap();
        assert_eq!(config.s3.secret_access_key.as_deref(), Some("khoa-2"));
        assert!(!format!("{config:?}").contains("khoa-"));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        let keys = [
            ("HOIAN_S3__ACCESS_KEY_ID", "a"),
            ("HOIAN_S3__SECRET_ACCESS_KEY", "b"),
        ];
        let refused: [(&str, &[(&str, &str)]); 21] = [
            ("[signing]\ndesktop_tool = 'wss://127.0.0.1:8987/'", &[]),
            ("[signing]\ndesktop_tool = 'wss://ky.vn:8987'", &[]),
            ("[signing]\ndesktop_tool = 'https://127.0.0.1:8987'", &[]),
            (
                "[signing]\ndesktop_tool = \"ws://127.0.0.1:1; script-src *\"",
                &[],
            ),
            (
                "[remote]\nurl = 'http://ky.vn/csc/v2'\nclient_id = 'a'\nclient_secret = 'b'\nname = 'c'",
                &[],
            ),
            (
                "[remote]\nurl = 'https://ky.vn/csc/v2'\nclient_id = 'a'\nclient_secret = ''\nname = 'c'",
                &[],
            ),
            ("[http]\nverifications_per_minute = 0", &[]),
            ("[hsm]\nmodule = '/m.so'\ntoken = 'a'", &[]),
            ("[hsm]\nmodule = '/m.so'\ntoken = ' '\npin_file = '/pin'", &[]),
            ("blobs = 's3://kho'", &[]),
            ("blobs = 's3:///tep'", &keys),
            ("blobs = '/srv/tep'", &keys),
            ("blobs = 's3://kho'\n[s3]\nendpoint = 'http://kho.vn'", &keys),
            ("[http]\ntls_certificate = 'x.pem'", &[]),
            ("speed = 1", &[]),
            ("[http]\nadress = 'x'", &[]),
            ("[http]\naddress = 'nowhere'", &[]),
            ("[http]\npublic_origin = 'https://hop.vn/path'", &[]),
            ("[work]\ndays_off = ['mùng một Tết']", &[]),
            ("", &[("HOIAN_HTTP__ADRESS", "127.0.0.1:0")]),
            ("", &[("HOIAN_SPEED", "1")]),
        ];
        for (file, environment) in refused {
            assert!(load(file, environment).is_err(), "{file} {environment:?}");
        }
    }
}
