//! Names and strings (ISO 32000-2, 7.3.4 and 7.3.5).

use super::{Lexer, hexadecimal, is_regular, is_whitespace};
use crate::error::Result;
use crate::pdf::object::Text;

impl Lexer<'_> {
    pub(super) fn name(&mut self) -> Result<Vec<u8>> {
        self.position += 1;
        let mut name = Vec::new();
        while let Some(byte) = self.peek().filter(|byte| is_regular(*byte)) {
            self.position += 1;
            let escaped = (byte == b'#')
                .then(|| self.bytes.get(self.position..self.position + 2))
                .flatten()
                .and_then(|pair| Some((hexadecimal(pair[0])? << 4) | hexadecimal(pair[1])?));
            if let Some(value) = escaped {
                self.position += 2;
                name.push(value);
            } else {
                name.push(byte);
            }
        }
        Ok(name)
    }

    fn text(&self, bytes: Vec<u8>, start: usize, hexadecimal: bool) -> Text {
        Text {
            bytes,
            span: self.in_file.then_some(start..self.position),
            hexadecimal,
        }
    }

    pub(super) fn hexadecimal_string(&mut self) -> Result<Text> {
        let start = self.position;
        self.position += 1;
        let mut bytes = Vec::new();
        let mut half = None;
        loop {
            let Some(byte) = self.peek() else {
                return self.fault("unfinished hexadecimal string");
            };
            self.position += 1;
            if byte == b'>' {
                bytes.extend(half.map(|high: u8| high << 4));
                return Ok(self.text(bytes, start, true));
            }
            if is_whitespace(byte) {
                continue;
            }
            let Some(digit) = hexadecimal(byte) else {
                return self.fault("no hexadecimal digit");
            };
            match half.take() {
                None => half = Some(digit),
                Some(high) => bytes.push((high << 4) | digit),
            }
        }
    }

    pub(super) fn literal_string(&mut self) -> Result<Text> {
        let start = self.position;
        self.position += 1;
        let mut bytes = Vec::new();
        let mut open = 1_usize;
        loop {
            let Some(byte) = self.peek() else {
                return self.fault("unfinished string");
            };
            self.position += 1;
            match byte {
                b'(' => open += 1,
                b')' if open == 1 => return Ok(self.text(bytes, start, false)),
                b')' => open -= 1,
                b'\\' => {
                    self.escape(&mut bytes);
                    continue;
                }
                // An end of line of either kind reads as one line feed (7.3.4.2).
                b'\r' => {
                    if self.peek() == Some(b'\n') {
                        self.position += 1;
                    }
                    bytes.push(b'\n');
                    continue;
                }
                _ => {}
            }
            bytes.push(byte);
        }
    }

    fn escape(&mut self, bytes: &mut Vec<u8>) {
        let Some(byte) = self.peek() else { return };
        self.position += 1;
        match byte {
            b'n' => bytes.push(b'\n'),
            b'r' => bytes.push(b'\r'),
            b't' => bytes.push(b'\t'),
            b'b' => bytes.push(8),
            b'f' => bytes.push(0x0C),
            b'\n' => {}
            b'\r' => {
                if self.peek() == Some(b'\n') {
                    self.position += 1;
                }
            }
            b'0'..=b'7' => {
                let mut value = u16::from(byte - b'0');
                for _ in 0..2 {
                    let Some(digit) = self.peek().filter(|byte| matches!(byte, b'0'..=b'7')) else {
                        break;
                    };
                    self.position += 1;
                    value = value * 8 + u16::from(digit - b'0');
                }
                bytes.push((value & 0xFF) as u8);
            }
            other => bytes.push(other),
        }
    }
}
