//! A ballot that its voter signs with their own certificate (phiếu có ký số): what is signed, word for word.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hoian_signer::error::Error;
use hoian_signer::validate::{check_statement, trust_statement};
use hoian_signer::x509::Certificate;
use serde::{Deserialize, Serialize};

use super::ballot::{Choice, VoteId, Voter};
use super::called::Enclosed;
use super::meeting::MeetingId;
use crate::clock::Timestamp;

/// The signature of a ballot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedBallot {
    /// The time that the voter's statement names.
    pub at: Timestamp,
    /// A detached CMS over the statement, in base64.
    pub cms: String,
}

impl SignedBallot {
    /// Whether `signer` leads to one of `anchors` (DER) at the time that the ballot names.
    ///
    /// # Errors
    /// Why it does not.
    pub fn trusted(&self, signer: &Certificate, anchors: &[Vec<u8>]) -> Result<(), Error> {
        trust_statement(&self.cms()?, signer, anchors, self.at.to_offset_date_time())
    }

    fn cms(&self) -> Result<Vec<u8>, Error> {
        let cms = BASE64_STANDARD.decode(&self.cms);
        cms.map_err(|error| Error::malformed("ballot", error.to_string()))
    }
}

/// What a voter states.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    pub meeting: &'a MeetingId,
    pub vote: VoteId,
    pub question: &'a str,
    /// What was to be read before it.
    pub papers: &'a [Enclosed],
    pub voter: &'a Voter,
    pub choice: Choice,
}

impl Statement<'_> {
    /// The words that are signed, in UTF-8: a line for each thing, none of which can hold a line's end.
    pub fn words(&self, at: Timestamp) -> String {
        let choice = match self.choice {
            Choice::InFavour => "in_favour",
            Choice::Against => "against",
            Choice::Abstaining => "abstaining",
        };
        let Self {
            meeting,
            vote,
            question,
            papers,
            voter,
            ..
        } = self;
        let (name, seat) = (&voter.name, &voter.seat);
        let papers: String = papers
            .iter()
            .map(|paper| format!("paper: {}\n", paper.digest))
            .collect();
        format!(
            "hoian ballot 1\nmeeting: {meeting}\nvote: {vote}\nquestion: {question}\n{papers}choice: {choice}\nvoter: {name}\nseat: {seat}\nat: {at}\n"
        )
    }

    /// The certificate that signed it.
    ///
    /// # Errors
    /// Where the signature is none, or not over these words.
    pub fn signer(&self, signed: &SignedBallot) -> Result<Certificate, Error> {
        check_statement(self.words(signed.at).as_bytes(), &signed.cms()?)
    }
}
