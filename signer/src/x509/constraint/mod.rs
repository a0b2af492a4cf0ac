//! What authorities let those below them do (RFC 5280 section 6.1): name constraints and certificate policies.

mod name;
mod policy;

pub use name::{AlternativeName, NameConstraints, alternative_names};
pub use policy::PolicyRules;

use super::Certificate;

/// Checks a path, from the certificate judged to the anchor.
///
/// # Errors
/// The rule that is broken. An anchor's own constraints hold too (RFC 5937).
pub(super) fn check(path: &[Certificate]) -> Result<(), String> {
    for (above, authority) in path.iter().enumerate().skip(1) {
        let Some(constraints) = &authority.name_constraints else {
            continue;
        };
        for (index, certificate) in path[..above].iter().enumerate() {
            // Section 6.1.3 (b): self-issued certificates between are not measured, the one judged is.
            if index == 0 || !certificate.is_self_issued() {
                constraints.check(certificate)?;
            }
        }
    }
    policy::check(path)
}
