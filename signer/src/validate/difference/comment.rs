//! What a comment may look like that was added to a page: it marks what stands there and draws lines. Text, pictures and
//! opaque areas of its own would stand in its place.

use super::super::attack::Attack;
use super::Walk;
use super::annotation::corners;
use crate::error::Result;
use crate::pdf::object::{Dictionary, Object, Stream};

/// Streams looked at below one appearance.
const STREAMS: usize = 100;
/// Icons fill small shapes: points of one side.
const ICON: f64 = 40.0;

/// What the streams of an appearance do.
#[derive(Default)]
struct Look {
    imitates: bool,
    fills: bool,
    is_seen_through: bool,
}

impl Walk<'_> {
    pub(super) fn comment_look(&mut self, annotation: &Dictionary, label: &str) -> Result<()> {
        let mut look = Look::default();
        let mut open = vec![self.new.value(annotation, "AP")?];
        let mut streams = 0;
        while let Some(item) = open.pop() {
            match self.new.resolve(&item)? {
                Object::Dictionary(states) => open.extend(states.iter().map(|(_, value)| value.clone())),
                Object::Stream(stream) => {
                    streams += 1;
                    self.paint(&stream, &mut look, &mut open)?;
                }
                _ => {}
            }
            look.imitates |= streams + open.len() > STREAMS;
            if look.imitates {
                break;
            }
        }
        let is_icon = corners(self.new, annotation)?.is_some_and(|[left, bottom, right, top]| {
            (right - left).abs() <= ICON && (top - bottom).abs() <= ICON
        });
        if look.imitates || (look.fills && !look.is_seen_through && !is_icon) {
            let what = format!("a comment that was added to {label} covers what stands there");
            self.refuse(Attack::EvilAnnotation, what);
        }
        Ok(())
    }

    fn paint(&self, stream: &Stream, look: &mut Look, open: &mut Vec<Object>) -> Result<()> {
        look.imitates |= stream.dictionary.name("Subtype") == Some(b"Image");
        if look.imitates {
            return Ok(());
        }
        for operator in operators(&self.new.decode(stream)?) {
            match operator {
                b"Tj" | b"TJ" | b"'" | b"\"" | b"BI" | b"sh" => look.imitates = true,
                b"f" | b"F" | b"f*" | b"B" | b"B*" | b"b" | b"b*" => look.fills = true,
                _ => {}
            }
        }
        let Object::Dictionary(resources) = self.new.value(&stream.dictionary, "Resources")? else {
            return Ok(());
        };
        if let Object::Dictionary(objects) = self.new.value(&resources, "XObject")? {
            open.extend(objects.iter().map(|(_, value)| value.clone()));
        }
        if let Object::Dictionary(states) = self.new.value(&resources, "ExtGState")? {
            for (_, state) in states.iter() {
                if let Object::Dictionary(state) = self.new.resolve(state)? {
                    let blend = self.new.value(&state, "BM")?;
                    let opacity = self.new.value(&state, "ca")?.as_number();
                    look.is_seen_through |= matches!(blend.as_name(), Some(b"Multiply" | b"Darken"))
                        || opacity.is_some_and(|opacity| opacity <= 0.7);
                }
            }
        }
        Ok(())
    }
}

/// The words of a content stream that are neither names, numbers in strings, nor comments.
fn operators(content: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < content.len() {
        let rest = &content[at..];
        let length = match rest[0] {
            b'(' => string(rest),
            b'<' if !rest.starts_with(b"<<") => until(rest, |byte| byte == b'>') + 1,
            b'%' => until(rest, |byte| matches!(byte, b'\r' | b'\n')),
            b'/' => 1 + until(&rest[1..], is_delimiter),
            byte if is_delimiter(byte) => 1,
            _ => {
                let length = until(rest, is_delimiter);
                found.push(&rest[..length]);
                length
            }
        };
        at += length.max(1);
    }
    found
}

fn until(bytes: &[u8], ends: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|byte| ends(*byte)).unwrap_or(bytes.len())
}

/// The length of a literal string: brackets in it stand in pairs or behind a backslash.
fn string(bytes: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        at += 1;
        if depth == 0 {
            break;
        }
    }
    at
}

fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii_whitespace()
        || matches!(
            byte,
            0 | b'(' | b')' | b'<' | b'>' | b'[' | b']' | b'{' | b'}' | b'/' | b'%'
        )
}

#[cfg(test)]
mod tests {
    use super::operators;

    #[test]
    fn tells_operators_from_what_they_work_on() {
        let content = b"/f gs 0 g% f\n(a (f) \\) f)Tj<66>Tj[(f)-1]TJ 0 0 m f*";
        let words: Vec<&[u8]> = operators(content);
        let text: Vec<String> = words
            .iter()
            .map(|word| String::from_utf8_lossy(word).into_owned())
            .collect();
        assert_eq!(
            text,
            ["gs", "0", "g", "Tj", "Tj", "-1", "TJ", "0", "0", "m", "f*"]
        );
        assert!(operators(b"(never closed \\").is_empty());
    }
}
