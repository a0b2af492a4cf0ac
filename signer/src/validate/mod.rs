//! Validation by EN 319 102-1.
