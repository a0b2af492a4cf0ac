//! Object streams (ISO 32000-2, 7.5.7).

use super::lexer::Lexer;
use crate::error::{Error, Result};
use crate::pdf::object::{Dictionary, Object};

/// A decoded object stream.
pub(super) struct Container {
    pub(super) data: Vec<u8>,
    /// Object number and offset of each.
    index: Vec<(u32, usize)>,
}

impl Container {
    pub(super) fn read(data: Vec<u8>, dictionary: &Dictionary) -> Result<Self> {
        let fault = || Error::malformed("PDF", "object stream");
        let bounded = |key: &str| {
            dictionary
                .integer(key)
                .and_then(|value| usize::try_from(value).ok())
        };
        let (count, first) = (
            bounded("N").ok_or_else(fault)?,
            bounded("First").ok_or_else(fault)?,
        );
        if count > data.len() {
            return Err(fault());
        }
        let mut index = Vec::with_capacity(count);
        let mut lexer = Lexer::in_buffer(&data, 0);
        for _ in 0..count {
            lexer.skip_space();
            let number = u32::try_from(lexer.digits()?).map_err(|_| fault())?;
            lexer.skip_space();
            let offset = usize::try_from(lexer.digits()?).map_err(|_| fault())?;
            index.push((
                number,
                first
                    .checked_add(offset)
                    .filter(|at| *at <= data.len())
                    .ok_or_else(fault)?,
            ));
        }
        Ok(Self { data, index })
    }

    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.index.iter().map(|(number, _)| *number)
    }

    pub(super) fn object(&self, number: u32, index: u32) -> Result<Object> {
        match self.index.get(index as usize) {
            Some((found, offset)) if *found == number => Lexer::in_buffer(&self.data, *offset).object(),
            _ => Err(Error::malformed(
                "PDF",
                format!("object stream does not hold object {number} where it should"),
            )),
        }
    }
}
