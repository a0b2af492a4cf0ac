//! The SFU core, sans-IO.
