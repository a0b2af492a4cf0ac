//! Whether those who signed their ballots did so with certificates that lead to something the reader trusts.

use hoian_signer::x509::Certificate;

use super::{Finding, Report, Wrong};
use crate::domain::signed_ballot::SignedBallot;

/// A ballot that its voter signed, and with which certificate.
#[derive(Debug)]
pub struct SignedEntry {
    pub line: usize,
    pub entry: u64,
    pub signer: Certificate,
    pub signed: SignedBallot,
}

/// What was asked of the certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// No anchor was given: the signatures fit, of whom they are is as the certificates say.
    NotAsked,
    /// Each leads to one of the anchors, or stands among the findings.
    Asked,
}

impl Report {
    /// Asks of each signed ballot whether its signer's certificate leads to one of `anchors` (DER) at the time that the ballot
    /// names. No network: whether a certificate was revoked then is not asked.
    ///
    /// Cost: the search of a path for each signed ballot.
    pub fn judge_signers(&mut self, anchors: &[Vec<u8>]) {
        self.trust = Trust::Asked;
        let untrusted = self.ballots.iter().filter_map(|ballot| {
            let reason = ballot.signed.trusted(&ballot.signer, anchors).err()?;
            Some(Finding {
                line: Some(ballot.line),
                entry: ballot.entry,
                wrong: Wrong::Untrusted {
                    signer: ballot.signer.subject.text.clone(),
                    reason: reason.to_string(),
                },
            })
        });
        let untrusted: Vec<Finding> = untrusted.collect();
        self.findings.extend(untrusted);
    }
}
