//! Rules without I/O: values in, values out.

pub mod account;
pub mod id;
pub mod organisation;
pub mod role;
pub mod dispatch;
pub mod document;
pub mod numbering;
pub mod secrecy;
