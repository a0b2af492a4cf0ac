//! Certificate policies (RFC 5280 sections 6.1.1 to 6.1.5), with any-policy asked for: what authorities above demand holds.
//!
//! The tree is kept as its lowest level, which is all that decides whether it is empty (RFC 9618 shows that the two agree).

use std::collections::{HashMap, HashSet};

use super::super::Certificate;
use crate::cms::ber::{Reader, tag};
use crate::error::{Error, Result};
use crate::limits;

type Policy = Vec<u8>;

/// What a certificate says about policies.
#[derive(Debug, Clone, Default)]
pub struct PolicyRules {
    /// `None` without the extension.
    policies: Option<HashSet<Policy>>,
    /// Issuer's policy, subject's policy.
    mappings: Vec<(Policy, Policy)>,
    require_explicit: Option<u32>,
    inhibit_mapping: Option<u32>,
    inhibit_any: Option<u32>,
}

/// anyPolicy (2.5.29.32.0).
const ANY: &[u8] = &[0x55, 0x1D, 32, 0];

impl PolicyRules {
    /// certificatePolicies; qualifiers decide nothing here.
    pub(in super::super) fn read_policies(&mut self, value: &[u8]) -> Result<()> {
        let mut reader = Reader::new(value).expect(tag::SEQUENCE)?.inside();
        let mut policies = HashSet::new();
        while !reader.is_empty() {
            let mut information = reader.expect(tag::SEQUENCE)?.inside();
            let policy = information.expect(tag::OBJECT_IDENTIFIER)?.content;
            if !policies.insert(policy.to_vec()) || policies.len() > limits::POLICIES {
                return Err(Error::refused("certificate", "a policy twice, or too many"));
            }
        }
        self.policies = Some(policies);
        Ok(())
    }

    /// policyMappings.
    pub(in super::super) fn read_mappings(&mut self, value: &[u8]) -> Result<()> {
        let mut reader = Reader::new(value).expect(tag::SEQUENCE)?.inside();
        while !reader.is_empty() {
            let mut pair = reader.expect(tag::SEQUENCE)?.inside();
            let issuer = pair.expect(tag::OBJECT_IDENTIFIER)?.content.to_vec();
            let subject = pair.expect(tag::OBJECT_IDENTIFIER)?.content.to_vec();
            // Section 6.1.4 (a).
            if issuer == ANY || subject == ANY || self.mappings.len() >= limits::POLICIES {
                return Err(Error::refused(
                    "certificate",
                    "a mapping of any policy, or too many",
                ));
            }
            self.mappings.push((issuer, subject));
        }
        Ok(())
    }

    /// policyConstraints.
    pub(in super::super) fn read_constraints(&mut self, value: &[u8]) -> Result<()> {
        let mut reader = Reader::new(value).expect(tag::SEQUENCE)?.inside();
        let mut skip = |kind| reader.optional(kind).map(|one| one.map(|one| count(one.content)));
        self.require_explicit = skip(0x80)?.transpose()?;
        self.inhibit_mapping = skip(0x81)?.transpose()?;
        reader.end()
    }

    /// inhibitAnyPolicy.
    pub(in super::super) fn read_inhibition(&mut self, value: &[u8]) -> Result<()> {
        let skip = Reader::new(value).expect(tag::INTEGER)?;
        self.inhibit_any = Some(count(skip.content)?);
        Ok(())
    }
}

/// `SkipCerts`; whatever is longer than any path says nothing.
fn count(content: &[u8]) -> Result<u32> {
    match content {
        [] | [0x80..=0xFF, ..] => Err(Error::malformed("certificate", "a negative count")),
        [one] => Ok(u32::from(*one)),
        _ => Ok(u32::MAX),
    }
}

/// The state variables of section 6.1.2, at one certificate after another.
struct State {
    /// Policies of the level, each with those that the next certificate may name for it. Empty: the tree is null.
    level: HashMap<Policy, HashSet<Policy>>,
    explicit: u32,
    mapping: u32,
    any: u32,
}

/// Whether a path, from the certificate judged to the anchor, keeps what its authorities demand.
///
/// # Errors
/// The rule that is broken.
pub(super) fn check(path: &[Certificate]) -> Result<(), String> {
    let below = &path[..path.len().saturating_sub(1)];
    let longest = u32::try_from(path.len()).unwrap_or(u32::MAX);
    let mut state = State {
        level: HashMap::from([(ANY.to_vec(), HashSet::from([ANY.to_vec()]))]),
        explicit: longest,
        mapping: longest,
        any: longest,
    };
    for (left, certificate) in below.iter().enumerate().rev() {
        let is_last = left == 0;
        state.descend(certificate, is_last);
        if !is_last {
            state.map(&certificate.policy_rules);
            state.prepare(certificate);
        } else if certificate.policy_rules.require_explicit == Some(0) {
            state.explicit = 0;
        } else {
            // Section 6.1.5 (a).
            state.explicit = state.explicit.saturating_sub(1);
        }
        if state.explicit == 0 && state.level.is_empty() {
            return Err(format!(
                "{} bears no certificate policy that an authority above asks for",
                certificate.subject.text
            ));
        }
    }
    Ok(())
}

impl State {
    /// Section 6.1.3 (d) and (e).
    fn descend(&mut self, certificate: &Certificate, is_last: bool) {
        let Some(policies) = &certificate.policy_rules.policies else {
            self.level.clear();
            return;
        };
        let expected: HashSet<Policy> = self.level.values().flatten().cloned().collect();
        let takes_any = expected.contains(ANY);
        let own = policies
            .iter()
            .filter(|policy| *policy != ANY && (takes_any || expected.contains(*policy)));
        let mut level: HashSet<Policy> = own.cloned().collect();
        let any_counts = self.any > 0 || (!is_last && certificate.is_self_issued());
        if policies.contains(ANY) && any_counts {
            level.extend(expected);
        }
        self.level = level
            .into_iter()
            .map(|policy| (policy.clone(), HashSet::from([policy])))
            .collect();
    }

    /// Section 6.1.4 (b).
    fn map(&mut self, rules: &PolicyRules) {
        let takes_any = self.level.contains_key(ANY);
        let mut mapped: HashMap<&Policy, HashSet<Policy>> = HashMap::new();
        for (issuer, subject) in &rules.mappings {
            mapped.entry(issuer).or_default().insert(subject.clone());
        }
        for (issuer, subjects) in mapped {
            if self.mapping == 0 {
                self.level.remove(issuer);
            } else if takes_any || self.level.contains_key(issuer) {
                self.level.insert(issuer.clone(), subjects);
            }
        }
    }

    /// Section 6.1.4 (h) to (j).
    fn prepare(&mut self, certificate: &Certificate) {
        let rules = &certificate.policy_rules;
        let step = u32::from(!certificate.is_self_issued());
        let lower = |state: &mut u32, limit: Option<u32>| {
            *state = state.saturating_sub(step).min(limit.unwrap_or(u32::MAX));
        };
        lower(&mut self.explicit, rules.require_explicit);
        lower(&mut self.mapping, rules.inhibit_mapping);
        lower(&mut self.any, rules.inhibit_any);
    }
}
