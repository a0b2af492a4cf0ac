//! The content of a time-stamp token (RFC 3161 section 2.4.2).

use ::time::OffsetDateTime;

use super::ber::{Reader, tag};
use super::signed_data::{AlgorithmIdentifier, SignedData};
use super::{oid, time};
use crate::error::{Error, Result};

/// A token, read but not yet judged.
#[derive(Debug, Clone)]
pub struct TimeStamp {
    pub signed_data: SignedData,
    pub imprint_algorithm: Vec<u8>,
    pub imprint: Vec<u8>,
    pub time: OffsetDateTime,
}

impl TimeStamp {
    /// Reads a token.
    pub fn parse(token: &[u8]) -> Result<Self> {
        let signed_data = SignedData::parse(token)?;
        if signed_data.content_type != oid::TST_INFO {
            return Err(Error::malformed("time-stamp", "no TSTInfo inside"));
        }
        let content = signed_data.content.clone();
        let content = content.ok_or_else(|| Error::malformed("time-stamp", "no content"))?;
        let mut reader = Reader::new(&content).expect(tag::SEQUENCE)?.inside();
        reader.expect(tag::INTEGER)?;
        reader.expect(tag::OBJECT_IDENTIFIER)?;
        let mut imprint = reader.expect(tag::SEQUENCE)?.inside();
        let imprint_algorithm = AlgorithmIdentifier::parse(imprint.expect(tag::SEQUENCE)?)?.algorithm;
        let hash = imprint.expect(tag::OCTET_STRING)?.content.to_vec();
        reader.expect(tag::INTEGER)?;
        let moment = time::parse(&reader.expect(tag::GENERALIZED_TIME)?);
        let moment = moment.ok_or_else(|| Error::malformed("time-stamp", "its time"))?;
        Ok(Self {
            signed_data,
            imprint_algorithm,
            imprint: hash,
            time: moment,
        })
    }
}
