//! What goes out by mail, and calendars.

pub mod icalendar;
