//! Rules without I/O: values in, values out.

pub mod account;
pub mod calendar;
pub mod copy;
pub mod dispatch;
pub mod document;
pub mod document_metadata;
pub mod floor;
pub mod holder;
pub mod id;
pub mod initial;
pub mod meeting;
pub mod meeting_plan;
pub mod meeting_right;
pub mod numbering;
pub mod organisation;
pub mod outside;
pub mod party;
pub mod procedure;
pub mod register;
pub mod relation;
pub mod role;
pub mod roll;
pub mod search;
pub mod secrecy;
pub mod step;
pub mod trust;
