//! What is signed and verified: a small PKI, papers of one page, and a file of 123 MB.

mod paper;
mod pki;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use hoian_signer::sign::{self, Key as _, Level, Request};
use hoian_signer::tsp;
use tempfile::TempDir;
use time::OffsetDateTime;

pub use pki::Pki;

/// Everything in one folder, deleted with this value.
pub struct Materials {
    pub folder: TempDir,
    pub pki: Pki,
    /// Without a signature.
    pub page: PathBuf,
    pub large: PathBuf,
    /// One page at level B-LT.
    pub long_term: PathBuf,
    /// 123 MB with two signatures.
    pub large_signed: PathBuf,
    /// Many different papers of one page at level B-LT.
    pub many: Vec<PathBuf>,
}

/// What the issue of a province's morning looks like: enough to keep all cores busy for a second.
const MANY: usize = 1000;
/// As large as a scanned dossier gets.
const LARGE_BYTES: usize = 123_000_000;

impl Materials {
    pub fn make(signer: &Path, now: OffsetDateTime) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let at = |name: &str| folder.path().join(name);
        let pki = Pki::make(folder.path(), now)?;
        let (page, large) = (at("page.pdf"), at("large.pdf"));
        std::fs::write(&page, paper::page("Van ban mot trang"))?;
        std::fs::write(&large, paper::images(LARGE_BYTES))?;
        let (once, large_signed) = (at("large-once.pdf"), at("large-signed.pdf"));
        for (field, input, output) in [("Lanh_dao", &large, &once), ("Co_quan", &once, &large_signed)] {
            let status = sign(signer, &pki, field, input, output).status()?;
            ensure!(status.success(), "signing {} failed", input.display());
        }
        std::fs::remove_file(once)?;
        let many = (0..MANY).map(|number| {
            let path = at(&format!("paper-{number:04}.pdf"));
            std::fs::write(
                &path,
                long_term(&paper::page(&format!("Van ban so {number}")), &pki, now)?,
            )?;
            Ok(path)
        });
        let many = many.collect::<Result<Vec<_>>>()?;
        Ok(Self {
            page,
            large,
            long_term: many.first().context("no paper")?.clone(),
            large_signed,
            many,
            pki,
            folder,
        })
    }
}

/// `signer sign` at level B-B.
pub fn sign(signer: &Path, pki: &Pki, field: &str, input: &Path, output: &Path) -> Command {
    let mut command = Command::new(signer);
    command.arg("sign").arg("--p12").arg(&pki.package);
    command.arg("--password-file").arg(&pki.password_file);
    command.args(["--field", field, "-o"]).arg(output).arg(input);
    command
}

/// A paper signed at level B-T, and the evidence of its certificates in a DSS.
fn long_term(document: &[u8], pki: &Pki, now: OffsetDateTime) -> Result<Vec<u8>> {
    let request = Request {
        field: "Lanh_dao".into(),
        place: None,
        appearance: None,
        signing_time: now,
        algorithm: pki.key.algorithm(),
        level: Level::BT,
        name: None,
        reason: None,
        location: None,
        certify: None,
    };
    let prepared = sign::prepare(document, &request, pki.key.chain())?;
    let value = pki.key.sign(prepared.signed_attributes())?;
    let signed = prepared.with_signature(value)?;
    let terms = tsp::Terms {
        policy: "1.3.6.1.4.1.99999.1".parse()?,
        serial_number: 7,
        accuracy_seconds: 1,
    };
    let question = signed.time_stamp_request(NONCE)?;
    let answer = tsp::issue(&question, &pki.time_stamps, &terms, now)?;
    let signed = signed.with_time_stamp(&answer, NONCE, now)?.complete(document)?;
    Ok(paper::with_security_store(
        signed,
        &pki.root,
        &pki.revocation_list,
    ))
}

const NONCE: u64 = 0xFEDC_BA98_7654_3210;
