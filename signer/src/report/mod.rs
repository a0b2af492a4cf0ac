//! A validation report as people and other programs read it: HTML, PDF/A-2u, and the XML of ETSI TS 119 102-2.
//!
//! Pure functions over [`crate::validate::Report`]: the verdict in one sentence, then the evidence that Thông tư 15/2025/TT-BKHCN asks
//! a verifier to show. What a document says about itself is only ever shown as text.

mod etsi;
mod html;
mod outline;
mod pdf;
mod words;
mod xml;

use time::OffsetDateTime;

pub use etsi::etsi;
pub use html::html;
pub use pdf::pdf;

/// What was judged, and when.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// As its reader knows it.
    pub file_name: &'a str,
    pub size_bytes: u64,
    pub sha256: [u8; 32],
    /// The clock when it was judged.
    pub judged_at: OffsetDateTime,
    /// The moment it was judged for, where the caller chose one.
    pub control_time: Option<OffsetDateTime>,
}

/// The language of a report for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    Vietnamese,
    English,
}

impl Language {
    fn pick<'a>(self, vietnamese: &'a str, english: &'a str) -> &'a str {
        match self {
            Self::Vietnamese => vietnamese,
            Self::English => english,
        }
    }

    /// BCP 47.
    fn tag(self) -> &'static str {
        match self {
            Self::Vietnamese => "vi-VN",
            Self::English => "en",
        }
    }
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod catalog;
#[cfg(test)]
mod samples;
