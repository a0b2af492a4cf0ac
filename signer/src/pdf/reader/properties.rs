//! What must hold whatever is read: parse after write is the identity, and no bytes make the reader panic.

use proptest::collection::vec;
use proptest::prelude::*;

use super::lexer::Lexer;
use super::*;
use crate::pdf::object::{Object, Reference};
use crate::pdf::writer::write;

/// Objects as the writer takes them, of every kind but streams, which only an indirect object can be.
fn written() -> impl Strategy<Value = lopdf::Object> {
    let name = || {
        vec(
            any::<u8>().prop_filter("no null in a name", |byte| *byte != 0),
            1..12,
        )
    };
    let format = prop_oneof![
        Just(lopdf::StringFormat::Literal),
        Just(lopdf::StringFormat::Hexadecimal)
    ];
    let leaf = prop_oneof![
        Just(lopdf::Object::Null),
        any::<bool>().prop_map(lopdf::Object::Boolean),
        any::<i64>().prop_map(lopdf::Object::Integer),
        // Thousandths are what coordinates are written in.
        (-30_000_000_i32..30_000_000).prop_map(|value| lopdf::Object::Real(value as f32 / 1000.0)),
        name().prop_map(lopdf::Object::Name),
        (vec(any::<u8>(), 0..40), format).prop_map(|(bytes, format)| lopdf::Object::String(bytes, format)),
        (1_u32..8_388_607, any::<u16>()).prop_map(lopdf::Object::Reference),
    ];
    leaf.prop_recursive(4, 48, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(lopdf::Object::Array),
            vec((name(), inner), 0..6).prop_map(|entries| {
                let mut dictionary = lopdf::Dictionary::new();
                for (key, value) in entries {
                    dictionary.set(key, value);
                }
                lopdf::Object::Dictionary(dictionary)
            }),
        ]
    })
}

fn is_what_was_written(read: &Object, written: &lopdf::Object) -> bool {
    match (read, written) {
        (Object::Null, lopdf::Object::Null) => true,
        (Object::Boolean(read), lopdf::Object::Boolean(written)) => read == written,
        (Object::Integer(read), lopdf::Object::Integer(written)) => read == written,
        // A real without a fraction is written as an integer.
        (Object::Real(_) | Object::Integer(_), lopdf::Object::Real(written)) => read
            .as_number()
            .is_some_and(|read| (read - f64::from(*written)).abs() <= f64::from(written.abs()) * 1e-6 + 1e-6),
        (Object::Name(read), lopdf::Object::Name(written)) => read == written,
        (Object::String(read), lopdf::Object::String(written, _)) => read.bytes == *written,
        (Object::Reference(read), lopdf::Object::Reference(written)) => {
            (read.number, read.generation) == *written
        }
        (Object::Array(read), lopdf::Object::Array(written)) => {
            read.len() == written.len()
                && read
                    .iter()
                    .zip(written)
                    .all(|(read, written)| is_what_was_written(read, written))
        }
        (Object::Dictionary(read), lopdf::Object::Dictionary(written)) => {
            read.len() == written.len()
                && written
                    .iter()
                    .all(|(key, value)| read.get(key).is_some_and(|read| is_what_was_written(read, value)))
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn parse_after_write_is_the_identity(object in written()) {
        let mut bytes = Vec::new();
        write(&mut bytes, &object).unwrap();
        bytes.push(b' ');
        let mut lexer = Lexer::in_file(&bytes, 0);
        let read = lexer.object().unwrap();
        prop_assert!(is_what_was_written(&read, &object), "{read:?} of {:?}", String::from_utf8_lossy(&bytes));
        lexer.skip_space();
        prop_assert_eq!(lexer.position, bytes.len());
    }

    #[test]
    fn an_object_read_has_its_strings_where_they_say(object in written()) {
        let mut bytes = Vec::new();
        write(&mut bytes, &object).unwrap();
        bytes.push(b' ');
        let read = Lexer::in_file(&bytes, 0).object().unwrap();
        let mut open = vec![&read];
        while let Some(object) = open.pop() {
            match object {
                Object::String(text) => {
                    let span = text.span.clone().unwrap();
                    let again = Lexer::in_buffer(&bytes[span.clone()], 0).object().unwrap();
                    prop_assert_eq!(again.as_text(), Some(text));
                    prop_assert_eq!(bytes[span.start] == b'<', text.hexadecimal);
                }
                Object::Array(items) => open.extend(items),
                Object::Dictionary(dictionary) => open.extend(dictionary.iter().map(|(_, value)| value)),
                _ => {}
            }
        }
    }

    /// Bytes that look like PDF get further than random ones.
    #[test]
    fn never_panics_on_any_tokens(tokens in vec(token(), 0..60), start in 0_usize..400) {
        let mut file = b"%PDF-1.7\n".to_vec();
        tokens.iter().for_each(|token| file.extend_from_slice(token.as_bytes()));
        file.extend(format!("\nstartxref\n{start}\n%%EOF").bytes());
        if let Ok(document) = Document::open(&file, None) {
            for number in 0..10 {
                let _ = document.latest().object(Reference { number, generation: 0 }).is_ok();
            }
        }
    }
}

fn token() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        " ",
        "\n",
        "\r",
        "%",
        "<<",
        ">>",
        "[",
        "]",
        "(",
        ")",
        "\\",
        "<",
        ">",
        "/",
        "#",
        "0",
        "1",
        "2",
        "10",
        "65535",
        "0000000009",
        "00000",
        " n \n",
        " f \n",
        " R ",
        " obj\n",
        "endobj\n",
        "xref\n",
        "0 2\n",
        "trailer\n",
        "stream\n",
        "\nendstream\n",
        "startxref\n",
        "%%EOF\n",
        "/Type",
        "/XRef",
        "/ObjStm",
        "/W[1 2 1]",
        "/Size 3",
        "/Index[0 2]",
        "/Length 4",
        "/Prev 9",
        "/Root 1 0 R",
        "/XRefStm 9",
        "/Filter/FlateDecode",
        "/N 1",
        "/First 3",
        "/Linearized 1",
        "/Encrypt 2 0 R",
        "-",
        "+",
        ".",
        "true",
        "null",
        "9999999999999999999",
    ])
}
