//! What goes out by mail, and calendars.

pub mod icalendar;
mod smtp;

pub use smtp::{Attachment, Letter, Mailer, NotSent, Unfit};
