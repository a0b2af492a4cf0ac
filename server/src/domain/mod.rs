//! Rules without I/O: values in, values out.

pub mod account;
pub mod copy;
pub mod dispatch;
pub mod document;
pub mod document_metadata;
pub mod holder;
pub mod id;
pub mod initial;
pub mod meeting;
pub mod numbering;
pub mod organisation;
pub mod party;
pub mod register;
pub mod relation;
pub mod role;
pub mod search;
pub mod secrecy;
pub mod trust;
