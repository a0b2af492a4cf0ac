//! The report of a verification as a paper of its own: PDF/A, signed by the service that made it.
//!
//! The service signs by itself, so its key is neither a person's nor an agency's: it says who judged, not that somebody
//! answers for the document.

use std::sync::Arc;

use bytes::Bytes;
use hoian_signer::report::{self, Language, Subject};
use hoian_signer::shell::pkcs12;
use hoian_signer::sign::{self, Key as _, Level, Request};
use hoian_signer::validate;
use ring::digest;
use time::OffsetDateTime;

use super::Custody;
use super::arrival::Visitor;
use super::error::{Error, Result};
use crate::config;

/// The key of the service; cheap to clone.
#[derive(Clone)]
pub struct ReportSeal(Arc<pkcs12::Key>);

impl ReportSeal {
    /// Opens the key that the settings name, if they name one.
    ///
    /// # Errors
    /// When the file cannot be read, or its password is wrong.
    pub fn open(settings: &config::Report) -> Result<Option<Self>, hoian_signer::error::Error> {
        let Some(path) = &settings.key else {
            return Ok(None);
        };
        let file = std::fs::read(path).map_err(|error| {
            hoian_signer::error::Error::refused("report.key", format!("{}: {error}", path.display()))
        })?;
        let key = pkcs12::Key::open(&file, &settings.password)?;
        Ok(Some(Self(Arc::new(key))))
    }
}

impl Custody {
    /// Judges a visitor's file and comes back with the report as PDF/A, signed where the house has a key for it.
    ///
    /// # Errors
    /// [`Error::Pool`]; the signer's.
    pub async fn report_for_anyone(
        &self,
        visitor: Visitor,
        document: Bytes,
        file_name: String,
        language: Language,
    ) -> Result<Bytes> {
        let report = self.verify_for_anyone(visitor, document.clone()).await?;
        let paper = self.report_paper(report, document, file_name, language).await?;
        match self.report_seal.clone() {
            Some(seal) => self.seal_report(seal, paper).await,
            None => Ok(paper),
        }
    }

    /// A report as PDF/A-2u.
    pub(super) async fn report_paper(
        &self,
        report: validate::Report,
        document: Bytes,
        file_name: String,
        language: Language,
    ) -> Result<Bytes> {
        let judged_at = self.clock.now_utc();
        let paper = self.run(move || {
            let mut sha256 = [0; 32];
            sha256.copy_from_slice(digest::digest(&digest::SHA256, &document).as_ref());
            let subject = Subject {
                file_name: &file_name,
                size_bytes: document.len() as u64,
                sha256,
                judged_at,
                control_time: None,
            };
            report::pdf(&report, &subject, language)
        });
        Ok(paper.await??.into())
    }

    async fn seal_report(&self, ReportSeal(key): ReportSeal, paper: Bytes) -> Result<Bytes> {
        let signing_time = self.clock.now_utc();
        let base = paper.clone();
        let made = self.run(move || {
            let request = request(&key, signing_time)?;
            let ready = sign::prepare(&base, &request, key.chain())?;
            let signature = key.sign(ready.signed_attributes())?;
            Ok::<_, Error>(ready.with_signature(signature)?)
        });
        // Whoever asks waits for it, and a report of today needs no proof for years.
        let (signed, _) = self.stamped_if_heard(made.await??).await?;
        Ok(self.run(move || signed.complete(&paper)).await??.into())
    }
}

fn request(key: &pkcs12::Key, signing_time: OffsetDateTime) -> Result<Request> {
    Ok(Request {
        field: "Report".to_owned(),
        place: None,
        appearance: None,
        signing_time,
        algorithm: key.algorithm(),
        level: Level::BT,
        name: Some(sign::common_name(key.chain())?),
        reason: None,
        location: None,
        certify: None,
    })
}
