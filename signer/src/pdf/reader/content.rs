//! Content streams and character maps as operators with their operands (ISO 32000-2, 7.8.2).

use super::lexer::Lexer;
use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::Object;

/// One operator and what it works on.
#[derive(Debug, PartialEq)]
pub struct Operation<'a> {
    pub operator: &'a [u8],
    pub operands: Vec<Object>,
}

/// The operations of a decoded stream.
///
/// # Errors
/// Operands that are none, an image in the stream itself; *refused* beyond [`limits::CONTENT_BYTES`].
pub fn operations(content: &[u8]) -> Result<Vec<Operation<'_>>> {
    if content.len() > limits::CONTENT_BYTES {
        return Err(Error::refused("PDF", "a content stream beyond the limit"));
    }
    let mut lexer = Lexer::in_buffer(content, 0);
    let (mut found, mut operands) = (Vec::new(), Vec::new());
    loop {
        lexer.skip_space();
        let Some(first) = lexer.peek() else {
            return Ok(found);
        };
        let word = lexer.word();
        if word.is_empty() || matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.') {
            operands.push(lexer.object()?);
            continue;
        }
        lexer.position += word.len();
        match word {
            b"true" => operands.push(Object::Boolean(true)),
            b"false" => operands.push(Object::Boolean(false)),
            b"null" => operands.push(Object::Null),
            b"BI" => return Err(Error::unsupported("PDF", "an image inside a content stream")),
            operator => found.push(Operation {
                operator,
                operands: std::mem::take(&mut operands),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_each_operator_its_operands() {
        let found = operations(b"q 1 0 0 1 2 -.5 cm % x\n/F1 9 Tf [(a)-1<62>]TJ(c)' Q").unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|one| {
                (
                    String::from_utf8_lossy(one.operator).into_owned(),
                    one.operands.len(),
                )
            })
            .collect();
        let wanted = [("q", 0), ("cm", 6), ("Tf", 2), ("TJ", 1), ("'", 1), ("Q", 0)];
        assert_eq!(told, wanted.map(|(operator, count)| (operator.to_owned(), count)));
        assert_eq!(found[2].operands[0], Object::Name(b"F1".to_vec()));
    }

    #[test]
    fn refuses_what_it_cannot_read() {
        for content in [&b"(open"[..], b"[1 2", b"BI /W 1 ID x EI", b"<4x> Tj", b") Tj"] {
            assert!(operations(content).is_err(), "{content:?}");
        }
    }
}
