//! The rows, one table a file. A list of columns with their meaning; the rules stand in `domain`.

pub mod agency;
pub mod audit_entry;
pub mod audit_head;
pub mod blob;
pub mod idempotent_request;
pub mod job;
pub mod login_attempts;
pub mod membership;
pub mod person;
pub mod session;
pub mod setting;
