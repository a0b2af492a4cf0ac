//! `--report`: the report as a file of its own.

use std::path::{Path, PathBuf};

use super::super::output::{Piece, is_same, write};
use crate::error::{Error, Result};
use crate::report::{self, Language, Subject};
use crate::validate::{Policy, Report};
use crate::x509::algorithm::Digest;

#[derive(clap::Args)]
pub(super) struct ReportArguments {
    /// Writes the report for people (html, pdf) or programs (etsi: TS 119 102-2 XML); of one FILE.
    #[arg(long, value_enum, requires = "output")]
    report: Option<Form>,
    /// Where the report goes.
    #[arg(short, long, value_name = "F", requires = "report")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Form {
    Html,
    Pdf,
    Etsi,
}

impl ReportArguments {
    /// # Errors
    /// *Misuse*: a report wanted of several files, or in the place of the file itself.
    pub(super) fn check(&self, files: &[PathBuf]) -> Result<()> {
        if self.report.is_some() && files.len() != 1 {
            return Err(Error::misuse("--report", "it is written of one file"));
        }
        if let Some(output) = &self.output
            && files.iter().any(|file| is_same(file, output))
        {
            let reason = "it would take the place of the file that it is about";
            return Err(Error::misuse("--report", reason));
        }
        Ok(())
    }

    /// Whether the form wanted carries the certificates and answers themselves.
    pub(super) fn keeps_objects(&self) -> bool {
        matches!(self.report, Some(Form::Etsi))
    }

    /// Writes the report where one is wanted.
    pub(super) fn write(
        &self,
        report: &Report,
        file: &Path,
        document: &[u8],
        policy: &Policy,
        language: Language,
    ) -> Result<()> {
        let (Some(form), Some(output)) = (self.report, &self.output) else {
            return Ok(());
        };
        let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
        let subject = Subject {
            file_name: &name,
            size_bytes: document.len() as u64,
            sha256: sha256(document),
            judged_at: policy.now,
            control_time: policy.at,
        };
        let bytes = match form {
            Form::Html => report::html(report, &subject, language).into_bytes(),
            Form::Pdf => report::pdf(report, &subject, language)?,
            Form::Etsi => report::etsi(report, &subject).into_bytes(),
        };
        write(output, &[Piece::Bytes(&bytes)], || Ok(()))
    }
}

fn sha256(document: &[u8]) -> [u8; 32] {
    let mut value = [0; 32];
    value.copy_from_slice(&Digest::Sha256.hash(&[document]));
    value
}
