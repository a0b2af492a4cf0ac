//! `signer sign`: a PAdES signature on one file.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use ring::rand::{SecureRandom as _, SystemRandom};

use crate::appearance::Appearance;
use crate::error::{Error, Result};
use crate::pdf::place::{Place, Rect};
use crate::shell::fetch::{self, Fetcher};
use crate::shell::{clock, pkcs12};
use crate::sign::{self, Certification, Key as _, Level, Request, Signed};

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// The key and its certificates (PKCS#12).
    #[arg(long, value_name = "FILE")]
    p12: PathBuf,
    /// Holds the key's password in its first line.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Signs with RSASSA-PKCS1-v1_5 where the key is RSA, for receivers without PSS.
    #[arg(long)]
    pkcs1: bool,
    #[arg(long, value_enum, default_value = "B-B", ignore_case = true)]
    level: LevelArgument,
    /// The time-stamp authority's address; B-T needs it.
    #[arg(long, value_name = "URL", required_if_eq("level", "B-T"))]
    tsa: Option<String>,
    /// How the signature looks; default: the image where one is given, else nothing.
    #[arg(long, value_enum)]
    profile: Option<Profile>,
    /// The signature or seal as a PNG.
    #[arg(long, value_name = "PNG")]
    image: Option<PathBuf>,
    /// The page of a new visible field, from 1.
    #[arg(long, requires = "rect")]
    page: Option<u32>,
    /// The place of a new visible field, in points from the page's lower left corner.
    #[arg(long, value_name = "X,Y,W,H", value_parser = rect, requires = "page")]
    rect: Option<Rect>,
    /// Certifies: 1 no changes, 2 form filling, 3 annotations too.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    certify: Option<u8>,
    /// The signature field; an empty one is filled, else it is made.
    #[arg(long, value_name = "NAME", default_value = "Signature1")]
    field: String,
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[arg(value_name = "FILE")]
    input: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum LevelArgument {
    #[value(name = "B-B")]
    Basic,
    #[value(name = "B-T")]
    TimeStamped,
}

/// The appearances of Nghị định 30/2020/NĐ-CP, Annex I.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Profile {
    /// A competent person: the image alone.
    Leader,
    /// An agency: its seal alone.
    Agency,
    /// Lines of text: the signer and the time.
    Text,
    /// Nothing to be seen.
    None,
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    match sign(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("signer: {error}");
            ExitCode::from(if matches!(error, Error::Misuse { .. }) {
                super::USAGE
            } else {
                super::UNREADABLE
            })
        }
    }
}

fn sign(arguments: &Arguments) -> Result<()> {
    let key = key(arguments)?;
    let document = super::map(&arguments.input).map_err(|e| unreadable(&arguments.input, &e))?;
    let request = request(arguments, &key)?;
    let prepared = sign::prepare(&document, &request, key.chain())?;
    let value = key.sign(prepared.signed_attributes())?;
    let mut signed = prepared.with_signature(value)?;
    if let (true, Some(address)) = (signed.needs_time_stamp(), &arguments.tsa) {
        signed = time_stamp(signed, address)?;
    }
    signed.check(&document)?;
    write(&arguments.output, &document, &signed.update()?)
}

fn key(arguments: &Arguments) -> Result<pkcs12::Key> {
    let password = match &arguments.password_file {
        Some(path) => {
            String::from_utf8(read(path)?).map_err(|_| Error::malformed("password file", "not UTF-8"))?
        }
        None => String::new(),
    };
    let key = pkcs12::Key::open(
        &read(&arguments.p12)?,
        password.lines().next().unwrap_or_default(),
    )?;
    Ok(if arguments.pkcs1 { key.with_pkcs1() } else { key })
}

fn request(arguments: &Arguments, key: &pkcs12::Key) -> Result<Request> {
    let place = arguments
        .page
        .zip(arguments.rect)
        .map(|(page, rect)| Place { page, rect });
    Ok(Request {
        field: arguments.field.clone(),
        place,
        appearance: appearance(arguments, key)?,
        signing_time: clock::now(),
        algorithm: key.algorithm(),
        level: match arguments.level {
            LevelArgument::Basic => Level::BB,
            LevelArgument::TimeStamped => Level::BT,
        },
        name: None,
        reason: arguments.reason.clone(),
        location: None,
        certify: arguments.certify.map(|level| match level {
            1 => Certification::NoChanges,
            2 => Certification::FormFilling,
            _ => Certification::Annotations,
        }),
    })
}

fn appearance(arguments: &Arguments, key: &pkcs12::Key) -> Result<Option<Appearance>> {
    let profile = arguments.profile.unwrap_or(match arguments.image {
        Some(_) => Profile::Leader,
        None => Profile::None,
    });
    match (profile, &arguments.image) {
        (Profile::None, _) => Ok(None),
        (Profile::Leader | Profile::Agency, Some(image)) => Ok(Some(Appearance::Image { png: read(image)? })),
        (Profile::Leader | Profile::Agency, None) => Err(Error::misuse("profile", "it needs --image")),
        (Profile::Text, _) => {
            let time = crate::appearance::signing_time(clock::now())?;
            Ok(Some(Appearance::Text {
                lines: vec![sign::common_name(key.chain())?, time],
            }))
        }
    }
}

fn time_stamp(signed: Signed, address: &str) -> Result<Signed> {
    let mut nonce = [0; 8];
    let filled = SystemRandom::new().fill(&mut nonce);
    filled.map_err(|_| Error::unsupported("random source", "it gives nothing"))?;
    let nonce = u64::from_be_bytes(nonce);
    let hosts = fetch::host(address).into_iter().collect();
    let fetcher = Fetcher::new(hosts, TIME_STAMP_TIMEOUT)?;
    let response = fetcher.time_stamp(address, signed.time_stamp_request(nonce)?)?;
    signed.with_time_stamp(&response, nonce, clock::now())
}

/// Writes beside the output and renames, so that a broken run leaves no half file.
fn write(path: &Path, document: &[u8], update: &[u8]) -> Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".part");
    let parts = || {
        let mut file = std::fs::File::create(&beside)?;
        file.write_all(document)?;
        file.write_all(update)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    parts().map_err(|e| unreadable(path, &e))
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|e| unreadable(path, &e))
}

fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    Error::refused("file", format!("{}: {error}", path.display()))
}

fn rect(text: &str) -> Result<Rect, String> {
    let numbers: Vec<f64> = text
        .split(',')
        .filter_map(|number| number.trim().parse().ok())
        .collect();
    match numbers[..] {
        [x, y, width, height] if width > 0.0 && height > 0.0 => Ok(Rect { x, y, width, height }),
        _ => Err("four numbers are wanted: X,Y,W,H".into()),
    }
}

/// The state's authority has been measured at up to 131 s.
const TIME_STAMP_TIMEOUT: Duration = Duration::from_secs(180);
