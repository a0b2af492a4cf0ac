//! Receivers outside this system: Nghị định 30/2020/NĐ-CP, article 18, and the register of postal sendings of annex IV.
//!
//! ```text
//! by mail:  waiting → sent          by post, by hand over: sent
//!           ↓    ↑
//!          refused (the clerk gives another address)
//! ```

use std::time::Duration;

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// How a document leaves the system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[schema(as = OutsideWay)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Way {
    /// The signed files in a letter, by electronic mail.
    Mail,
    /// The package of files, metadata and verification report, handed over.
    Export,
    /// Paper in an envelope, by the postal service.
    Post,
}

/// How a sending stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[schema(as = OutsideStanding)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Standing {
    /// The mail server has not taken it yet.
    Waiting,
    Sent,
    /// The mail server never will.
    Refused,
}

/// One receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sending {
    pub way: Way,
    pub receiver: String,
    /// Of mail or post; empty for what is handed over.
    pub address: String,
    pub copies: i32,
}

/// What is wrong with a sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the receiver's name is missing or longer than 200 characters")]
    Receiver,
    #[error("what goes by post needs an address of at most 300 characters")]
    Address,
    #[error("the mail address is no address")]
    MailAddress,
    #[error("there are from 1 to 999 copies")]
    Copies,
    #[error("a tracking code has from 1 to 40 characters")]
    TrackingCode,
    #[error("there are more than 200 receivers at once")]
    TooMany,
    #[error("no mail server is set up")]
    NoMail,
    #[error("the files are larger than a letter may be")]
    TooLarge,
    #[error("this sending was not refused")]
    NotRefused,
}

/// How many receivers are sent to at once.
pub const MOST_RECEIVERS: usize = 200;

/// After so long a letter that no server took counts as refused (RFC 5321, 4.5.4.1: at least four to five days).
pub const GIVE_UP_AFTER: Duration = Duration::from_secs(5 * 24 * 3600);

impl Way {
    /// How a new sending by this way stands.
    pub fn first_standing(self) -> Standing {
        match self {
            Way::Mail => Standing::Waiting,
            Way::Export | Way::Post => Standing::Sent,
        }
    }
}

impl Sending {
    /// The sending without blanks around words, once its limits are kept.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn checked(self) -> Result<Self, Refusal> {
        let receiver = self.receiver.trim().to_owned();
        if receiver.is_empty() || receiver.chars().count() > 200 || receiver.contains(char::is_control) {
            return Err(Refusal::Receiver);
        }
        let address = match self.way {
            Way::Mail => mail_address(&self.address)?,
            Way::Post => postal_address(&self.address)?,
            Way::Export => String::new(),
        };
        if !(1..=999).contains(&self.copies) {
            return Err(Refusal::Copies);
        }
        Ok(Self {
            receiver,
            address,
            ..self
        })
    }
}

/// An address of one mailbox, as clerks write it: no comments, no quotes, no second address (RFC 5321, 4.1.2).
///
/// # Errors
/// [`Refusal::MailAddress`].
pub fn mail_address(address: &str) -> Result<String, Refusal> {
    let address = address.trim();
    let fits = |part: &str, most: usize, others: &str| {
        let known = |letter: char| letter.is_ascii_alphanumeric() || others.contains(letter);
        (1..=most).contains(&part.len())
            && part.chars().all(known)
            && !part.starts_with('.')
            && !part.ends_with('.')
            && !part.contains("..")
    };
    let whole = address
        .split_once('@')
        .is_some_and(|(local, domain)| fits(local, 64, ".!#$%&'*+-/=?^_`{|}~") && fits(domain, 255, ".-"));
    whole.then(|| address.to_owned()).ok_or(Refusal::MailAddress)
}

fn postal_address(address: &str) -> Result<String, Refusal> {
    let address = address.trim();
    let fits = (1..=300).contains(&address.chars().count()) && !address.contains(char::is_control);
    fits.then(|| address.to_owned()).ok_or(Refusal::Address)
}

/// The code of the postal service without blanks around it.
///
/// # Errors
/// [`Refusal::TrackingCode`].
pub fn tracking_code(code: &str) -> Result<String, Refusal> {
    let code = code.trim();
    let fits = (1..=40).contains(&code.chars().count()) && !code.contains(char::is_control);
    fits.then(|| code.to_owned()).ok_or(Refusal::TrackingCode)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_has_the_address_it_needs() {
        let sending = |way, receiver: &str, address: &str, copies| Sending {
            way,
            receiver: receiver.into(),
            address: address.into(),
            copies,
        };
        let clean = sending(Way::Post, " Công ty A ", " 1 Trần Phú ", 2)
            .checked()
            .unwrap();
        assert_eq!(
            (clean.receiver.as_str(), clean.address.as_str()),
            ("Công ty A", "1 Trần Phú")
        );
        assert!(sending(Way::Export, "Công ty A", "", 1).checked().is_ok());
        let refused = [
            (sending(Way::Post, "Công ty A", " ", 1), Refusal::Address),
            (sending(Way::Post, " ", "1 Trần Phú", 1), Refusal::Receiver),
            (sending(Way::Mail, "A\r\nBcc: b", "a@b.vn", 1), Refusal::Receiver),
            (
                sending(Way::Mail, "Công ty A", "1 Trần Phú", 1),
                Refusal::MailAddress,
            ),
            (sending(Way::Export, "Công ty A", "", 0), Refusal::Copies),
            (sending(Way::Export, "Công ty A", "", 1000), Refusal::Copies),
        ];
        for (sending, refusal) in refused {
            assert_eq!(sending.checked(), Err(refusal));
        }
        assert_eq!(tracking_code(" RR123VN "), Ok("RR123VN".to_owned()));
        assert!(tracking_code(" ").is_err());
    }

    #[test]
    fn a_mail_address_is_one_mailbox() {
        for fine in ["a@b.vn", " van.thu+1@so-nv.langiang.gov.vn "] {
            assert_eq!(mail_address(fine).as_deref(), Ok(fine.trim()));
        }
        for no in [
            "",
            "a",
            "@b.vn",
            "a@",
            "a@b@c",
            "a b@c.vn",
            "a@b.vn,c@d.vn",
            "a@b.vn\r\nX: y",
            "<a@b.vn>",
            ".a@b.vn",
            "a@b..vn",
            "ạ@b.vn",
        ] {
            assert_eq!(mail_address(no), Err(Refusal::MailAddress), "{no}");
        }
    }
}
