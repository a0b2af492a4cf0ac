//! `signer prepare` and `signer complete`: the key is elsewhere, the state waits in a file.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

use super::key::{DigestArgument, certificates};
use super::network::NetworkArguments;
use super::output::{Piece, Progress, read, unreadable, write};
use super::sign::{Finishing, LevelArgument, WishArguments};
use crate::error::{Error, Result};
use crate::shell::pkcs11;
use crate::shell::state::{Keeper, State};
use crate::sign::{self, Algorithm, Opening, Prepared, Signed};

#[derive(clap::Args)]
pub(super) struct PrepareArguments {
    /// The signer's certificate (DER or PEM) and those above it; may be repeated.
    #[arg(long, value_name = "FILE", required = true)]
    certificate: Vec<PathBuf>,
    /// The key signs with RSASSA-PKCS1-v1_5 where it is RSA.
    #[arg(long)]
    pkcs1: bool,
    /// The digest where the key is RSA; a curve has its own. Default: what the form wants, else sha256.
    #[arg(long, value_enum)]
    digest: Option<DigestArgument>,
    #[command(flatten)]
    wish: WishArguments,
    #[command(flatten)]
    keeping: KeepingArguments,
    #[arg(value_name = "FILE")]
    input: PathBuf,
}

#[derive(clap::Args)]
pub(super) struct CompleteArguments {
    #[command(flatten)]
    keeping: KeepingArguments,
    /// The signature value: RSA's octets, or ECDSA's as DER or as r and s.
    #[arg(long, value_name = "FILE", required_unless_present = "cms")]
    signature: Option<PathBuf>,
    /// A detached CMS (DER) made over the document's digest.
    #[arg(long, value_name = "FILE", conflicts_with = "signature")]
    cms: Option<PathBuf>,
    #[command(flatten)]
    network: NetworkArguments,
    /// User or owner password of an encrypted file.
    #[arg(long, env = "SIGNER_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// The document that was prepared.
    #[arg(value_name = "FILE")]
    input: PathBuf,
}

#[derive(clap::Args)]
struct KeepingArguments {
    /// The file of the state.
    #[arg(long, value_name = "FILE")]
    state: PathBuf,
    /// Holds the key that authenticates states, and the memory of those used.
    #[arg(long, value_name = "DIR", env = "SIGNER_STATE_DIR")]
    state_dir: Option<PathBuf>,
}

/// What is to be signed elsewhere, for a program to read.
#[derive(Serialize)]
struct Task {
    algorithm: &'static str,
    digest_algorithm: &'static str,
    /// DER of the signed attributes: what a key signs that hashes itself.
    attributes: String,
    /// Their digest: what a service signs that is given a hash.
    attributes_digest: String,
    /// The digest of the document's bytes, for a service that makes the CMS.
    document_digest: String,
}

pub(super) fn run_prepare(arguments: &PrepareArguments) -> ExitCode {
    super::finish(prepare(arguments))
}

pub(super) fn run_complete(arguments: &CompleteArguments) -> ExitCode {
    super::finish(complete(arguments))
}

fn prepare(arguments: &PrepareArguments) -> Result<()> {
    let keeper = arguments.keeping.keeper()?;
    let given = certificates(&arguments.certificate)?;
    let own = given
        .first()
        .cloned()
        .ok_or_else(|| Error::misuse("certificate", "the file holds none"))?;
    let chain = pkcs11::complete(own, &given)?;
    let document = super::map(&arguments.input).map_err(|e| unreadable(&arguments.input, &e))?;
    Progress::new(&document).step("reading and hashing");
    let opening = Opening::of(&document, arguments.wish.password.as_deref())?;
    let wishes = opening.wishes(arguments.wish.field())?;
    let digest = DigestArgument::of(arguments.digest, &wishes);
    let algorithm = match Algorithm::for_certificate(&chain[0])? {
        Algorithm::RsaPss(_) if arguments.pkcs1 => Algorithm::RsaPkcs1(digest),
        Algorithm::RsaPss(_) => Algorithm::RsaPss(digest),
        other => other,
    };
    let level = arguments.wish.level(&wishes);
    let request = arguments.wish.request(&document, level, &chain, algorithm)?;
    let prepared = opening.prepare(&request, &chain)?;
    let level = level_name(level);
    let state = keeper.store(&prepared, level)?;
    write(
        &arguments.keeping.state,
        &[Piece::Bytes(state.as_bytes())],
        || Ok(()),
    )?;
    print(&task(&prepared))
}

fn complete(arguments: &CompleteArguments) -> Result<()> {
    let keeper = arguments.keeping.keeper()?;
    let text = String::from_utf8(read(&arguments.keeping.state)?);
    let text = text.map_err(|_| Error::malformed("state", "not UTF-8"))?;
    let State { prepared, level, id } = keeper.open_state(&text)?;
    let level = level_of(&level)?;
    let authority = arguments.network.authority(None);
    if level != LevelArgument::Basic {
        arguments.network.check(authority)?;
    }
    let document = super::map(&arguments.input).map_err(|e| unreadable(&arguments.input, &e))?;
    let progress = Progress::new(&document);
    progress.step("checking the document");
    prepared.check(&document)?;
    let chain = prepared.chain().to_vec();
    let signed = arguments.signed(prepared)?;
    let finishing = Finishing {
        network: &arguments.network,
        authority,
        level,
        password: arguments.password.as_deref(),
        own_chain: &chain,
        progress: &progress,
    };
    let parts = finishing.finish(signed, &document)?;
    parts.write(&arguments.output, &arguments.input, &document, || {
        keeper.use_up(&id)
    })
}

impl CompleteArguments {
    fn signed(&self, prepared: Prepared) -> Result<Signed> {
        if let Some(path) = &self.cms {
            return prepared.with_container(&read(path)?);
        }
        let path = self.signature.as_ref();
        let path = path.ok_or_else(|| Error::misuse("signature", "--signature or --cms must give it"))?;
        let value = read(path)?;
        let value = match (prepared.algorithm(), value.len()) {
            // A DER value of exactly this length is not made of two integers of full length.
            (Algorithm::EcdsaP256Sha256, 64) | (Algorithm::EcdsaP384Sha384, 96) => {
                pkcs11::ecdsa_value(&value)?
            }
            _ => value,
        };
        prepared.with_signature(value)
    }
}

impl KeepingArguments {
    fn keeper(&self) -> Result<Keeper> {
        let folder = match (
            &self.state_dir,
            std::env::var_os("XDG_STATE_HOME"),
            std::env::home_dir(),
        ) {
            (Some(folder), ..) => folder.clone(),
            (None, Some(home), _) => PathBuf::from(home).join("signer"),
            (None, None, Some(home)) => home.join(".local/state/signer"),
            _ => return Err(Error::misuse("state", "--state-dir must name a folder")),
        };
        Keeper::open(&folder)
    }
}

fn task(prepared: &Prepared) -> Task {
    let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let algorithm = prepared.algorithm();
    Task {
        algorithm: match algorithm {
            Algorithm::EcdsaP256Sha256 => "ECDSA P-256",
            Algorithm::EcdsaP384Sha384 => "ECDSA P-384",
            Algorithm::RsaPss(_) => "RSASSA-PSS",
            Algorithm::RsaPkcs1(_) => "RSASSA-PKCS1-v1_5",
        },
        digest_algorithm: match algorithm.digest() {
            sign::Digest::Sha256 => "SHA-256",
            sign::Digest::Sha384 => "SHA-384",
            sign::Digest::Sha512 => "SHA-512",
        },
        attributes: STANDARD.encode(prepared.signed_attributes()),
        attributes_digest: hexadecimal(&prepared.attributes_digest()),
        document_digest: hexadecimal(prepared.message_digest()),
    }
}

fn print(task: &Task) -> Result<()> {
    let line = serde_json::to_string(task).map_err(|e| Error::misuse("output", e.to_string()))?;
    writeln!(std::io::stdout(), "{line}").map_err(|e| Error::refused("file", e.to_string()))
}

fn level_name(level: LevelArgument) -> &'static str {
    match level {
        LevelArgument::Basic => "B-B",
        LevelArgument::TimeStamped => "B-T",
        LevelArgument::LongTerm => "B-LT",
        LevelArgument::Archival => "B-LTA",
    }
}

fn level_of(name: &str) -> Result<LevelArgument> {
    <LevelArgument as clap::ValueEnum>::from_str(name, false).map_err(|e| Error::malformed("state", e))
}
