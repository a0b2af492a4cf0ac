//! Time-stamps (RFC 3161): requests, responses, tokens, and the issuing of them.

use time::OffsetDateTime;

use crate::error::{Error, Result};
use crate::sign::{Digest, Key};

/// Builds a `TimeStampReq` that asks for the authority's certificate.
pub fn request(digest: Digest, imprint: &[u8], nonce: u64) -> Result<Vec<u8>> {
    let _ = (digest, imprint, nonce);
    Err(Error::unsupported("time-stamp", "not built yet"))
}

/// Issues a `TimeStampResp` for a `TimeStampReq`, as an authority does. `key`'s certificate must be for time-stamping alone
/// (RFC 3161, 2.3). A request that cannot be served gets a response that rejects it, not an error.
///
/// # Errors
/// The key fails.
pub fn issue(
    request: &[u8],
    key: &dyn Key,
    policy: &str,
    serial: u64,
    now: OffsetDateTime,
) -> Result<Vec<u8>> {
    let _ = (request, key, policy, serial, now);
    Err(Error::unsupported("time-stamp", "not built yet"))
}
