//! iCalendar (RFC 5545) and its scheduling (iTIP, RFC 5546): what we write, nothing is read.

use std::fmt::Write as _;

use crate::clock::Timestamp;

/// A calendar as a text.
pub struct Calendar {
    /// `REQUEST` asks the reader to come, `CANCEL` takes it back (RFC 5546 section 1.4); a feed has none.
    pub method: Option<&'static str>,
    pub entries: Vec<Entry>,
}

/// A meeting in a calendar.
pub struct Entry {
    /// The same for the same meeting, whenever it is written.
    pub uid: String,
    /// Raised with each change (section 3.8.7.4).
    pub sequence: i32,
    /// When this was written.
    pub stamp: Timestamp,
    pub starts_at: Timestamp,
    pub ends_at: Timestamp,
    pub summary: String,
    pub location: String,
    pub url: Option<String>,
    pub status: Status,
    /// Name and address.
    pub organizer: Option<(String, String)>,
    pub attendee: Option<(String, String)>,
}

/// How sure it is (RFC 5545 section 3.8.1.11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    Tentative,
    Confirmed,
    Cancelled,
}

impl Calendar {
    /// Lines end in CRLF and are folded at 75 octets (section 3.1).
    pub fn to_text(&self) -> String {
        let mut lines = Lines(String::new());
        lines.put("BEGIN", "VCALENDAR");
        lines.put("VERSION", "2.0");
        lines.put("PRODID", "-//Hoi An//Hop//VI");
        if let Some(method) = self.method {
            lines.put("METHOD", method);
        }
        for entry in &self.entries {
            entry.write(&mut lines);
        }
        lines.put("END", "VCALENDAR");
        lines.0
    }
}

impl Entry {
    fn write(&self, lines: &mut Lines) {
        lines.put("BEGIN", "VEVENT");
        lines.put("UID", &escaped(&self.uid));
        lines.put("SEQUENCE", &self.sequence.to_string());
        lines.put("DTSTAMP", &moment(self.stamp));
        lines.put("DTSTART", &moment(self.starts_at));
        lines.put("DTEND", &moment(self.ends_at));
        lines.put("SUMMARY", &escaped(&self.summary));
        if !self.location.is_empty() {
            lines.put("LOCATION", &escaped(&self.location));
        }
        if let Some(url) = &self.url {
            lines.put("URL", url);
        }
        let status = match self.status {
            Status::Tentative => "TENTATIVE",
            Status::Confirmed => "CONFIRMED",
            Status::Cancelled => "CANCELLED",
        };
        lines.put("STATUS", status);
        if let Some((name, address)) = &self.organizer {
            lines.put(
                &format!("ORGANIZER;CN={}", quoted(name)),
                &format!("mailto:{address}"),
            );
        }
        if let Some((name, address)) = &self.attendee {
            let property = format!("ATTENDEE;CN={};PARTSTAT=NEEDS-ACTION;RSVP=TRUE", quoted(name));
            lines.put(&property, &format!("mailto:{address}"));
        }
        lines.put("END", "VEVENT");
    }
}

struct Lines(String);

impl Lines {
    fn put(&mut self, name: &str, value: &str) {
        let mut room = LINE_OCTETS;
        for character in name.chars().chain([':']).chain(value.chars()) {
            let length = character.len_utf8();
            if length > room {
                self.0.push_str("\r\n ");
                room = LINE_OCTETS - 1;
            }
            self.0.push(character);
            room -= length;
        }
        self.0.push_str("\r\n");
    }
}

/// Text values escape backslash, semicolon, comma and line breaks (section 3.3.11).
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\\' | ';' | ',' => out.extend(['\\', character]),
            '\n' => out.push_str("\\n"),
            character if character.is_control() => {}
            character => out.push(character),
        }
    }
    out
}

/// A parameter value in quotes, which may hold neither quotes nor control characters (section 3.2).
fn quoted(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|one| *one != '"' && !one.is_control())
        .collect();
    format!("\"{plain}\"")
}

/// A moment in UTC (form 2 of section 3.3.5).
fn moment(at: Timestamp) -> String {
    let at = at.to_offset_date_time();
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "{:04}{:02}{:02}T{:02}{:02}{:02}Z",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    );
    text
}

/// The most octets of a line without its break.
const LINE_OCTETS: usize = 75;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn entry(summary: &str) -> Entry {
        Entry {
            uid: "meeting-1@hoian".into(),
            sequence: 2,
            stamp: Timestamp(1_795_500_000_000),
            starts_at: Timestamp(1_795_590_000_000),
            ends_at: Timestamp(1_795_597_200_000),
            summary: summary.into(),
            location: "Hội trường UBND tỉnh".into(),
            url: None,
            status: Status::Confirmed,
            organizer: Some(("Văn phòng \"UBND\"".into(), "vp@langiang.example".into())),
            attendee: None,
        }
    }

    fn unfolded(text: &str) -> String {
        text.replace("\r\n ", "")
    }

    #[test]
    fn writes_what_calendar_programs_read() {
        let text = Calendar {
            method: Some("REQUEST"),
            entries: vec![entry("Giao ban; tuần 48, tháng 11")],
        }
        .to_text();
        let text = unfolded(&text);
        for line in [
            "METHOD:REQUEST\r\n",
            "SEQUENCE:2\r\n",
            "DTSTART:20261125T070000Z\r\n",
            "SUMMARY:Giao ban\\; tuần 48\\, tháng 11\r\n",
            "ORGANIZER;CN=\"Văn phòng UBND\":mailto:vp@langiang.example\r\n",
        ] {
            assert!(text.contains(line), "{line} is missing in {text}");
        }
    }

    proptest! {
        #[test]
        fn no_line_is_longer_than_75_octets_and_nothing_can_break_out(summary in "\\PC{0,200}|[\\r\\n;,\\\\a-z]{0,80}") {
            let text = Calendar { method: None, entries: vec![entry(&summary)] }.to_text();
            for line in text.split("\r\n") {
                prop_assert!(line.len() <= 75, "{line}");
                prop_assert!(!line.contains('\n') && !line.contains('\r'));
            }
            prop_assert_eq!(unfolded(&text).lines().filter(|line| line.starts_with("BEGIN:")).count(), 2);
        }
    }
}
