//! The attack or fault a refusal names: the first word of its reason, stable for those who count them.

use std::fmt;

/// Classes of what is done to signed files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attack {
    /// A signature dictionary without what it needs (USF).
    UniversalForgery,
    /// Signed bytes moved, or a range that leaves out more than its own `/Contents` (SWA).
    ByteRange,
    /// Bytes behind the signed revision that are no revision (ISA).
    IncrementalSaving,
    /// Objects shown, hidden or overridden after signing.
    Shadow,
    /// An annotation that may cover or imitate content (EAA).
    EvilAnnotation,
    /// A signature or its widget placed over content (SSA).
    SneakySignature,
    /// Readers would see different files.
    ParserDifferential,
    /// A key twice in a dictionary that decides the verdict.
    DuplicateKey,
    /// A signature dictionary that changed, or serves two fields.
    DictionarySpoofing,
    /// Validation data taken away.
    EvidenceRemoved,
}

impl Attack {
    /// The stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::UniversalForgery => "universal-forgery",
            Self::ByteRange => "byte-range",
            Self::IncrementalSaving => "incremental-saving",
            Self::Shadow => "shadow",
            Self::EvilAnnotation => "evil-annotation",
            Self::SneakySignature => "sneaky-signature",
            Self::ParserDifferential => "parser-differential",
            Self::DuplicateKey => "duplicate-key",
            Self::DictionarySpoofing => "dictionary-spoofing",
            Self::EvidenceRemoved => "evidence-removed",
        }
    }

    /// The code before what happened.
    pub(super) fn reason(self, what: impl fmt::Display) -> String {
        format!("{}: {what}", self.code())
    }
}
