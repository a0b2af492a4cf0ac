//! A ballot that its voter signs with their own certificate (phiếu có ký số): what is signed, word for word.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hoian_signer::error::Error;
use hoian_signer::validate::check_statement;
use hoian_signer::x509::Certificate;
use serde::{Deserialize, Serialize};

use super::ballot::{Choice, VoteId, Voter};
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

/// What a voter states.
#[derive(Debug, Clone, Copy)]
pub struct Statement<'a> {
    pub meeting: &'a MeetingId,
    pub vote: VoteId,
    pub question: &'a str,
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
            voter,
            ..
        } = self;
        let (name, seat) = (&voter.name, &voter.seat);
        format!(
            "hoian ballot 1\nmeeting: {meeting}\nvote: {vote}\nquestion: {question}\nchoice: {choice}\nvoter: {name}\nseat: {seat}\nat: {at}\n"
        )
    }

    /// The certificate that signed it.
    ///
    /// # Errors
    /// Where the signature is none, or not over these words.
    pub fn signer(&self, signed: &SignedBallot) -> Result<Certificate, Error> {
        let cms = BASE64_STANDARD.decode(&signed.cms);
        let cms = cms.map_err(|error| Error::malformed("ballot", error.to_string()))?;
        check_statement(self.words(signed.at).as_bytes(), &cms)
    }
}
