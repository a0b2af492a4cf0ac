//! Stream filters the verdict needs: Flate with predictors, ASCII (ISO 32000-2, 7.4).

use std::borrow::Cow;
use std::io::Read;

use crate::error::{Error, Result};
use crate::limits;
use crate::pdf::object::{Dictionary, Object};

/// Undoes the filters of a stream. Filters and parameters must be direct objects.
///
/// # Errors
/// Unsupported filters (images' among them), data that does not decode, and output beyond
/// [`limits::DECODED_STREAM_BYTES`].
pub(super) fn decode<'a>(raw: &'a [u8], dictionary: &Dictionary) -> Result<Cow<'a, [u8]>> {
    let filters = one_or_many(dictionary.get("Filter"));
    let parameters = one_or_many(dictionary.get("DecodeParms"));
    let mut data = Cow::Borrowed(raw);
    for (index, filter) in filters.iter().enumerate() {
        let parameters = parameters.get(index).and_then(|value| value.as_dictionary());
        data = Cow::Owned(match filter.as_name() {
            Some(b"FlateDecode" | b"Fl") => predict(inflate(&data)?, parameters)?,
            Some(b"ASCIIHexDecode" | b"AHx") => ascii_hexadecimal(&data)?,
            Some(b"ASCII85Decode" | b"A85") => ascii_85(&data)?,
            Some(b"Crypt") => data.into_owned(),
            _ => return Err(Error::unsupported("PDF", "stream filter")),
        });
    }
    Ok(data)
}

fn one_or_many(value: Option<&Object>) -> &[Object] {
    match value {
        None | Some(Object::Null) => &[],
        Some(Object::Array(items)) => items,
        Some(single) => std::slice::from_ref(single),
    }
}

fn inflate(data: &[u8]) -> Result<Vec<u8>> {
    let mut output = Vec::new();
    let limit = limits::DECODED_STREAM_BYTES as u64 + 1;
    flate2::read::ZlibDecoder::new(data)
        .take(limit)
        .read_to_end(&mut output)
        .map_err(|error| Error::malformed("PDF", format!("compressed stream: {error}")))?;
    if output.len() > limits::DECODED_STREAM_BYTES {
        return Err(Error::refused("PDF", "a stream decodes beyond the limit"));
    }
    Ok(output)
}

fn predict(data: Vec<u8>, parameters: Option<&Dictionary>) -> Result<Vec<u8>> {
    let parameter =
        |name: &str, default: usize| match parameters.and_then(|parameters| parameters.integer(name)) {
            None => Ok(default),
            Some(value) => usize::try_from(value)
                .ok()
                .filter(|value| *value <= 1 << 20)
                .ok_or_else(|| Error::malformed("PDF", "predictor parameter")),
        };
    let predictor = parameter("Predictor", 1)?;
    if predictor == 1 {
        return Ok(data);
    }
    let bits = parameter("Colors", 1)? * parameter("BitsPerComponent", 8)?;
    let pixel = bits.div_ceil(8).max(1);
    let row = (bits * parameter("Columns", 1)?).div_ceil(8).max(1);
    match predictor {
        2 if bits.is_multiple_of(8) => Ok(tiff_rows(data, pixel, row)),
        10..=15 => png_rows(&data, pixel, row),
        _ => Err(Error::unsupported("PDF", "predictor")),
    }
}

fn tiff_rows(mut data: Vec<u8>, pixel: usize, row: usize) -> Vec<u8> {
    for line in data.chunks_mut(row) {
        for index in pixel..line.len() {
            line[index] = line[index].wrapping_add(line[index - pixel]);
        }
    }
    data
}

fn png_rows(data: &[u8], pixel: usize, row: usize) -> Result<Vec<u8>> {
    let mut output: Vec<u8> = Vec::with_capacity(data.len());
    let mut previous = vec![0_u8; row];
    for chunk in data.chunks(row + 1) {
        let (kind, line) = (chunk[0], &chunk[1..]);
        let mut current = vec![0_u8; row];
        for (index, value) in line.iter().enumerate() {
            let left = index.checked_sub(pixel).map_or(0, |left| current[left]);
            let up = previous[index];
            let corner = index.checked_sub(pixel).map_or(0, |left| previous[left]);
            current[index] = value.wrapping_add(match kind {
                0 => 0,
                1 => left,
                2 => up,
                3 => u16::midpoint(u16::from(left), u16::from(up)) as u8,
                4 => paeth(left, up, corner),
                _ => return Err(Error::malformed("PDF", "PNG predictor")),
            });
        }
        output.extend_from_slice(&current[..line.len()]);
        previous = current;
    }
    Ok(output)
}

/// RFC 2083 section 6.6.
fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let estimate = i16::from(left) + i16::from(up) - i16::from(corner);
    let distance = |value: u8| (estimate - i16::from(value)).abs();
    if distance(left) <= distance(up) && distance(left) <= distance(corner) {
        left
    } else if distance(up) <= distance(corner) {
        up
    } else {
        corner
    }
}

fn ascii_hexadecimal(data: &[u8]) -> Result<Vec<u8>> {
    let mut output = Vec::with_capacity(data.len() / 2);
    let mut half = None;
    for byte in data
        .iter()
        .copied()
        .filter(|byte| !super::lexer::is_whitespace(*byte))
    {
        if byte == b'>' {
            break;
        }
        let digit =
            super::lexer::hexadecimal(byte).ok_or_else(|| Error::malformed("PDF", "ASCIIHexDecode"))?;
        match half.take() {
            None => half = Some(digit),
            Some(high) => output.push((high << 4) | digit),
        }
    }
    output.extend(half.map(|high: u8| high << 4));
    Ok(output)
}

fn ascii_85(data: &[u8]) -> Result<Vec<u8>> {
    let fault = || Error::malformed("PDF", "ASCII85Decode");
    let mut output = Vec::with_capacity(data.len());
    let mut group: Vec<u32> = Vec::with_capacity(5);
    for byte in data
        .iter()
        .copied()
        .filter(|byte| !super::lexer::is_whitespace(*byte))
    {
        match byte {
            b'~' => break,
            b'z' if group.is_empty() => output.extend_from_slice(&[0; 4]),
            b'!'..=b'u' => group.push(u32::from(byte - b'!')),
            _ => return Err(fault()),
        }
        if group.len() == 5 {
            output.extend_from_slice(&ascii_85_group(&group).ok_or_else(fault)?);
            group.clear();
        }
    }
    if group.len() == 1 {
        return Err(fault());
    }
    if !group.is_empty() {
        let kept = group.len() - 1;
        group.resize(5, 84);
        output.extend_from_slice(&ascii_85_group(&group).ok_or_else(fault)?[..kept]);
    }
    Ok(output)
}

fn ascii_85_group(group: &[u32]) -> Option<[u8; 4]> {
    let value = group
        .iter()
        .try_fold(0_u32, |value, digit| value.checked_mul(85)?.checked_add(*digit))?;
    Some(value.to_be_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decodes_ascii_filters() {
        assert_eq!(ascii_hexadecimal(b"48 65 6C6c6F>").unwrap(), b"Hello");
        assert_eq!(ascii_85(b"87cURD]i,\"Ebo80~>").unwrap(), b"Hello World!");
        assert!(ascii_85(b"uuuuu").is_err());
    }

    #[test]
    fn undoes_png_rows() {
        // Up over two rows of two bytes.
        assert_eq!(png_rows(&[2, 1, 2, 2, 1, 1], 1, 2).unwrap(), [1, 2, 2, 3]);
        assert!(png_rows(&[9, 1, 2], 1, 2).is_err());
    }

    #[test]
    fn stops_at_the_limit() {
        use std::io::Write;
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder
            .write_all(&vec![0; limits::DECODED_STREAM_BYTES + 1])
            .unwrap();
        assert!(matches!(
            inflate(&encoder.finish().unwrap()),
            Err(Error::Refused { .. })
        ));
    }
}
