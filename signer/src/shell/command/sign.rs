//! `signer sign`: a PAdES signature on one file.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::key::KeyArguments;
use super::look::{LookArguments, Signer};
use super::network::NetworkArguments;
use super::output::{Piece, Progress, unreadable, write};
use crate::error::{Error, Result};
use crate::shell::clock;
use crate::shell::raise::{Means, Target};
use crate::sign::{self, Certification, Key, Level, Opening, Request, Signed, Wishes};

#[derive(clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    key: KeyArguments,
    #[command(flatten)]
    wish: WishArguments,
    #[command(flatten)]
    network: NetworkArguments,
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    #[arg(value_name = "FILE")]
    input: PathBuf,
}

/// What is to be signed, apart from the key.
#[derive(clap::Args)]
pub(super) struct WishArguments {
    /// The level; default: B-B, or B-T where the form requires a time-stamp.
    #[arg(long, value_enum, ignore_case = true)]
    level: Option<LevelArgument>,
    #[command(flatten)]
    look: LookArguments,
    /// Certifies: 1 no changes, 2 form filling, 3 annotations too.
    #[arg(long, value_parser = clap::value_parser!(u8).range(1..=3))]
    certify: Option<u8>,
    /// The signature field; an empty one is filled, else it is made.
    #[arg(long, value_name = "NAME", default_value = "Signature1")]
    field: String,
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[arg(long, value_name = "TEXT")]
    location: Option<String>,
    /// User or owner password of an encrypted file.
    #[arg(long, env = "SIGNER_PASSWORD", hide_env_values = true)]
    pub(super) password: Option<String>,
}

/// Levels of EN 319 142-1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum LevelArgument {
    #[value(name = "B-B")]
    Basic,
    #[value(name = "B-T")]
    TimeStamped,
    #[value(name = "B-LT")]
    LongTerm,
    #[value(name = "B-LTA")]
    Archival,
}

impl LevelArgument {
    pub(super) fn target(self) -> Option<Target> {
        match self {
            Self::Basic => None,
            Self::TimeStamped => Some(Target::BT),
            Self::LongTerm => Some(Target::BLT),
            Self::Archival => Some(Target::BLTA),
        }
    }
}

pub(super) fn run(arguments: &Arguments) -> ExitCode {
    super::finish(sign(arguments))
}

fn sign(arguments: &Arguments) -> Result<()> {
    let wish = &arguments.wish;
    let document = super::map(&arguments.input).map_err(|e| unreadable(&arguments.input, &e))?;
    let progress = Progress::new(&document);
    progress.step("reading and hashing");
    let password = wish.password.as_deref();
    let opening = Opening::of(&document, password)?;
    let wishes = opening.wishes(&wish.field)?;
    let authority = arguments.network.authority(address(&wishes));
    let level = wish.level(&wishes);
    if level != LevelArgument::Basic {
        arguments.network.check(authority)?;
    }
    let key = arguments.key.open(&wishes)?;
    let request = wish.request(&document, level, key.chain(), key.algorithm())?;
    let prepared = opening.prepare(&request, key.chain())?;
    let value = key.sign(prepared.signed_attributes())?;
    let signed = prepared.with_signature(value)?;
    let finishing = Finishing {
        network: &arguments.network,
        authority,
        level,
        password,
        own_chain: key.chain(),
        progress: &progress,
    };
    let parts = finishing.finish(signed, &document)?;
    progress.step("writing");
    parts.write(&arguments.output, &arguments.input, &document, || Ok(()))
}

/// The time-stamp authority that the form names.
fn address(wishes: &Wishes) -> Option<&str> {
    wishes.time_stamp.as_ref()?.address.as_deref()
}

impl WishArguments {
    pub(super) fn field(&self) -> &str {
        &self.field
    }

    pub(super) fn level(&self, wishes: &Wishes) -> LevelArgument {
        let required = wishes.time_stamp.as_ref().is_some_and(|stamp| stamp.required);
        self.level.unwrap_or(match required {
            true => LevelArgument::TimeStamped,
            false => LevelArgument::Basic,
        })
    }

    pub(super) fn request(
        &self,
        document: &[u8],
        level: LevelArgument,
        chain: &[Vec<u8>],
        algorithm: sign::Algorithm,
    ) -> Result<Request> {
        let now = clock::now();
        let (appearance, place) = self.look.of(&Signer {
            document,
            password: self.password.as_deref(),
            // A certificate without a name can still sign what shows none.
            name: sign::common_name(chain).unwrap_or_default(),
            field: &self.field,
            now,
        })?;
        Ok(Request {
            field: self.field.clone(),
            place,
            appearance,
            signing_time: now,
            algorithm,
            level: match level {
                LevelArgument::Basic => Level::BB,
                _ => Level::BT,
            },
            name: None,
            reason: self.reason.clone(),
            location: self.location.clone(),
            certify: self.certify.map(|level| match level {
                1 => Certification::NoChanges,
                2 => Certification::FormFilling,
                _ => Certification::Annotations,
            }),
        })
    }
}

/// From the signature value to the bytes of the new file.
pub(super) struct Finishing<'a> {
    pub network: &'a NetworkArguments,
    /// The time-stamp authority's address.
    pub authority: Option<&'a str>,
    pub level: LevelArgument,
    pub password: Option<&'a str>,
    pub own_chain: &'a [Vec<u8>],
    pub progress: &'a Progress,
}

/// A new file: the old one and what follows it, or all of it.
pub(super) enum Parts {
    Update(Vec<u8>, Box<Signed>),
    Whole(Vec<u8>),
}

impl Parts {
    /// Writes the new file. Meanwhile the document is hashed once more: it may have changed since it was prepared, and then
    /// nothing is left behind. `before_it_counts` runs last.
    pub(super) fn write(
        &self,
        output: &Path,
        input: &Path,
        document: &[u8],
        before_it_counts: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        let (update, signed) = match self {
            Self::Update(update, signed) => (update, signed),
            Self::Whole(file) => return write(output, &[Piece::Bytes(file)], before_it_counts),
        };
        let old = Piece::File {
            path: input,
            size_bytes: document.len(),
        };
        std::thread::scope(|scope| {
            let check = scope.spawn(|| signed.check(document));
            write(output, &[old, Piece::Bytes(update)], || {
                let checked = check.join();
                checked.map_err(|_| Error::misuse("document", "its check ended in a panic"))??;
                before_it_counts()
            })
        })
    }
}

impl Finishing<'_> {
    pub(super) fn finish(&self, mut signed: Signed, document: &[u8]) -> Result<Parts> {
        if self.level == LevelArgument::Basic {
            return Ok(Parts::Update(signed.update()?, Box::new(signed)));
        }
        let fetcher = self.network.fetcher(self.authority, self.own_chain)?;
        let anchors = self.network.anchors()?;
        let means = Means {
            fetcher: &fetcher,
            tsa: self.authority,
            anchors: &anchors,
            certificates: self.own_chain,
            password: self.password,
            progress: &|what| self.progress.wait(what),
        };
        if signed.needs_time_stamp() {
            signed = means.time_stamp(signed)?;
        }
        match self.level.target() {
            None | Some(Target::BT) => Ok(Parts::Update(signed.update()?, Box::new(signed))),
            Some(target) => {
                let mut file = signed.complete(document)?;
                means.raise(&mut file, target)?;
                Ok(Parts::Whole(file))
            }
        }
    }
}
