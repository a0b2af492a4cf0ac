//! Which certificates an office trusts: under which law, since when and why, until when and why no more.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use time::OffsetDateTime;
use utoipa::ToSchema;

/// The trust stores, kept apart: a verdict names the one it fell under.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Regime {
    /// Chuyên dùng Chính phủ: officials and agencies, under Ban Cơ yếu Chính phủ.
    Government,
    /// Công cộng: citizens and firms, under Vietnam National Root CA.
    Public,
    /// The demo's own authority; never trusted by `serve`.
    Training,
}

impl Regime {
    /// The name in reports, for people.
    pub fn name(self) -> &'static str {
        match self {
            Regime::Government => "Chuyên dùng Chính phủ",
            Regime::Public => "Công cộng",
            Regime::Training => "Huấn luyện",
        }
    }
}

/// What a stored certificate is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[schema(as = TrustStanding)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Standing {
    /// Trusted by itself.
    Root,
    /// Completes a chain; trusted only through a root.
    Intermediate,
}

/// A certificate that an office is about to trust.
#[derive(Debug, Clone)]
pub struct Offered {
    /// SHA-256 of its DER, lower-case hexadecimal.
    pub fingerprint: String,
    /// It may sign other certificates.
    pub is_authority: bool,
    pub not_after: OffsetDateTime,
}

/// With which words somebody makes the office trust it.
#[derive(Debug, Clone)]
pub struct Trusting {
    pub regime: Regime,
    pub standing: Standing,
    /// SHA-256 as its authority publishes it, read elsewhere than in the file: hexadecimal, colons and spaces as one likes.
    pub published: String,
    pub reason: String,
}

/// Why trust stays as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("what is published is not the fingerprint of this certificate")]
    OtherFingerprint,
    #[error("a reason is asked for, of at most {LONGEST_REASON} characters")]
    Reason,
    #[error("the certificate is no certification authority's")]
    NoAuthority,
    #[error("the certificate has expired")]
    Expired,
    #[error("the training regime belongs to the demo")]
    Training,
    #[error("the certificate is trusted already, or was once")]
    Known,
    #[error("trust in the certificate has ended already")]
    Ended,
}

/// No reason is longer, in characters.
pub const LONGEST_REASON: usize = 500;

impl Trusting {
    /// Whether the office may trust it at `now`.
    ///
    /// # Errors
    /// The refusal.
    pub fn check(&self, offered: &Offered, now: OffsetDateTime) -> Result<(), Refusal> {
        let published: String = self
            .published
            .chars()
            .filter(|one| !one.is_whitespace() && *one != ':')
            .collect();
        if self.regime == Regime::Training {
            Err(Refusal::Training)
        } else if !published.eq_ignore_ascii_case(&offered.fingerprint) {
            Err(Refusal::OtherFingerprint)
        } else if !offered.is_authority {
            Err(Refusal::NoAuthority)
        } else if offered.not_after < now {
            Err(Refusal::Expired)
        } else {
            reason(&self.reason).map(|_| ())
        }
    }
}

/// A reason as it is kept.
///
/// # Errors
/// [`Refusal::Reason`].
pub fn reason(text: &str) -> Result<&str, Refusal> {
    let text = text.trim();
    match text.chars().count() {
        1..=LONGEST_REASON => Ok(text),
        _ => Err(Refusal::Reason),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn a_root_is_pinned_by_what_its_authority_publishes_elsewhere() {
        let now = datetime!(2026-11-02 08:00 UTC);
        let offered = Offered {
            fingerprint: "ab12".repeat(16),
            is_authority: true,
            not_after: datetime!(2040-01-01 00:00 UTC),
        };
        let trusting = Trusting {
            regime: Regime::Government,
            standing: Standing::Root,
            published: "AB:12 ".repeat(16),
            reason: "Công văn của Cục Chứng thực số".into(),
        };
        assert_eq!(trusting.check(&offered, now), Ok(()));
        let refused = |change: &dyn Fn(&mut Trusting, &mut Offered)| {
            let (mut trusting, mut offered) = (trusting.clone(), offered.clone());
            change(&mut trusting, &mut offered);
            trusting.check(&offered, now).unwrap_err()
        };
        assert_eq!(
            refused(&|said, _| said.published = String::new()),
            Refusal::OtherFingerprint
        );
        assert_eq!(
            refused(&|said, _| {
                said.published.pop();
                said.published.pop();
            }),
            Refusal::OtherFingerprint
        );
        assert_eq!(refused(&|said, _| said.reason = "  ".into()), Refusal::Reason);
        assert_eq!(
            refused(&|said, _| said.reason = "x".repeat(LONGEST_REASON + 1)),
            Refusal::Reason
        );
        assert_eq!(
            refused(&|said, _| said.regime = Regime::Training),
            Refusal::Training
        );
        assert_eq!(
            refused(&|_, offered| offered.is_authority = false),
            Refusal::NoAuthority
        );
        assert_eq!(
            refused(&|_, offered| offered.not_after = datetime!(2020-01-01 00:00 UTC)),
            Refusal::Expired
        );
    }
}
