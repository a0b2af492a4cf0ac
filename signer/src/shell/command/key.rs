//! The key of `signer sign`, and the certificates around it.

use std::path::PathBuf;

use crate::error::{Error, Result};
use crate::shell::{certificates, pkcs11, pkcs12};
use crate::sign::{self, Digest, Wishes};

#[derive(clap::Args)]
pub(super) struct KeyArguments {
    /// The key and its certificates (PKCS#12).
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with = "pkcs11",
        required_unless_present = "pkcs11"
    )]
    p12: Option<PathBuf>,
    /// The PKCS#11 module of a token or HSM.
    #[arg(long, value_name = "MODULE", requires_all = ["token", "key"])]
    pkcs11: Option<PathBuf>,
    /// The token's label.
    #[arg(long, value_name = "LABEL", requires = "pkcs11")]
    token: Option<String>,
    /// The key's label on the token.
    #[arg(long, value_name = "LABEL", requires = "pkcs11")]
    key: Option<String>,
    /// Holds the key's password, or the token's PIN, in its first line.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// Signs with RSASSA-PKCS1-v1_5 where the key is RSA, for receivers without PSS.
    #[arg(long)]
    pkcs1: bool,
    /// The digest where the key is RSA; a curve has its own. Default: what the form wants, else sha256.
    #[arg(long, value_enum)]
    digest: Option<DigestArgument>,
    /// Certificates (DER or PEM) that complete the chain; for a token without certificate its own first.
    #[arg(long, value_name = "FILE")]
    chain: Vec<PathBuf>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum DigestArgument {
    Sha256,
    Sha384,
    Sha512,
}

impl DigestArgument {
    /// The digest named, else the first that the form takes.
    pub(super) fn of(named: Option<Self>, wishes: &Wishes) -> Digest {
        let wanted = wishes.digests.first().copied();
        named.map_or(wanted.unwrap_or(Digest::Sha256), Self::digest)
    }

    fn digest(self) -> Digest {
        match self {
            Self::Sha256 => Digest::Sha256,
            Self::Sha384 => Digest::Sha384,
            Self::Sha512 => Digest::Sha512,
        }
    }
}

/// A key with its chain completed from the command line.
pub(super) struct Chained {
    key: Box<dyn sign::Key>,
    chain: Vec<Vec<u8>>,
}

impl KeyArguments {
    pub(super) fn open(&self, wishes: &Wishes) -> Result<Chained> {
        let digest = DigestArgument::of(self.digest, wishes);
        let secret = self.secret()?;
        let given = certificates(&self.chain)?;
        let key: Box<dyn sign::Key> = match (&self.p12, &self.pkcs11, &self.token, &self.key) {
            (Some(file), ..) => Box::new(self.of_file(&super::output::read(file)?, &secret, digest)?),
            (None, Some(module), Some(token), Some(key)) => {
                let label = pkcs11::Label { module, token, key };
                let key = pkcs11::Key::open(label, &secret, digest, &given)?;
                Box::new(if self.pkcs1 { key.with_pkcs1() } else { key })
            }
            _ => return Err(Error::misuse("key", "--p12, or --pkcs11 with --token and --key")),
        };
        let own = key.chain().first().cloned();
        let own = own.ok_or_else(|| Error::refused("key", "without certificate"))?;
        let chain = pkcs11::complete(own, &[key.chain(), &given].concat())?;
        Ok(Chained { key, chain })
    }

    fn of_file(&self, bytes: &[u8], password: &str, digest: Digest) -> Result<pkcs12::Key> {
        let key = pkcs12::Key::open(bytes, password)?.with_digest(digest);
        Ok(if self.pkcs1 { key.with_pkcs1() } else { key })
    }

    fn secret(&self) -> Result<String> {
        let Some(path) = &self.password_file else {
            return Ok(String::new());
        };
        let text = String::from_utf8(super::output::read(path)?);
        let text = text.map_err(|_| Error::malformed("password file", "not UTF-8"))?;
        Ok(text.lines().next().unwrap_or_default().to_owned())
    }
}

/// The certificates of all these files.
pub(super) fn certificates(paths: &[PathBuf]) -> Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for path in paths {
        found.extend(certificates::certificates(path)?);
    }
    Ok(found)
}

impl sign::Key for Chained {
    fn algorithm(&self) -> sign::Algorithm {
        self.key.algorithm()
    }

    fn chain(&self) -> &[Vec<u8>] {
        &self.chain
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        self.key.sign(message)
    }
}
