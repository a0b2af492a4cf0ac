//! How much is read for what fields show: forms within forms and ranges of characters are short to write and long to read.

use crate::error::{Error, Result};
use crate::limits;

/// Bytes that may still be read.
pub(super) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(limits::SHOWN_BYTES)
    }
}

impl Budget {
    /// # Errors
    /// *Refused*: nothing is left, for this reading and each that follows.
    pub(super) fn spend(&mut self, cost: usize) -> Result<()> {
        let left = self.0.checked_sub(cost);
        self.0 = left.unwrap_or(0);
        left.filter(|left| *left > 0)
            .map(drop)
            .ok_or_else(|| Error::refused("PDF", "appearances that show more than the limit"))
    }
}
