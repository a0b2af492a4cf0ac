//! The exit code over all files.

use crate::shell::command::UNREADABLE;
use crate::validate::Verdict;

/// What was seen over all files; the exit code tells the worst.
#[derive(Default)]
pub(super) struct Outcome {
    passed: bool,
    failed: bool,
    indeterminate: bool,
    pub(super) unreadable: bool,
}

impl Outcome {
    pub(super) fn add(&mut self, verdict: Verdict) {
        match verdict {
            Verdict::TotalPassed => self.passed = true,
            Verdict::TotalFailed | Verdict::Malformed => self.failed = true,
            Verdict::Indeterminate => self.indeterminate = true,
            Verdict::NoSignature => {}
        }
    }

    /// 0 all passed, 1 any failed or malformed, 2 any indeterminate, 3 no signature in any, 66 unreadable input.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self { failed: true, .. } => 1,
            Self { unreadable: true, .. } => UNREADABLE,
            Self {
                indeterminate: true, ..
            } => 2,
            Self { passed: true, .. } => 0,
            _ => 3,
        }
    }
}
