//! The rows, one table a file. A list of columns with their meaning; the rules stand in `domain`.

pub mod agency;
pub mod audit_entry;
pub mod audit_head;
pub mod blob;
pub mod dispatch;
pub mod dispatch_status;
pub mod dispatch_support;
pub mod document;
pub mod document_version;
pub mod idempotent_request;
pub mod job;
pub mod login_attempts;
pub mod meeting;
pub mod meeting_member;
pub mod membership;
pub mod number_grouping;
pub mod number_reservation;
pub mod number_sequence;
pub mod person;
pub mod session;
pub mod setting;
pub mod signature_image;
pub mod signature_pending;
pub mod signing_key;
pub mod trust_anchor;
pub mod verification;
