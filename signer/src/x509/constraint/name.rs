//! Name constraints (RFC 5280 section 4.2.1.10).

use super::super::{Certificate, Name};
use crate::cms::ber::{Element, Reader, tag};
use crate::error::{Error, Result};
use crate::limits;

/// A `GeneralName` of a certificate: the tag of its kind, and its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlternativeName {
    kind: u8,
    content: Vec<u8>,
}

/// Subtrees in which the names of certificates below must lie, and in which they must not.
#[derive(Debug, Clone)]
pub struct NameConstraints {
    permitted: Vec<Subtree>,
    excluded: Vec<Subtree>,
}

#[derive(Debug, Clone)]
enum Subtree {
    Directory(Box<Name>),
    /// rfc822Name, dNSName or URI, in small letters.
    Text {
        kind: u8,
        base: String,
    },
    /// Address and mask.
    Network(Vec<u8>),
    /// A kind without a rule here: whoever bears a name of that kind is refused.
    Unknown(u8),
}

/// Tags of `GeneralName`.
const MAIL: u8 = 0x81;
const HOST: u8 = 0x82;
const DIRECTORY: u8 = 0xA4;
const ADDRESS: u8 = 0x86;
const NETWORK: u8 = 0x87;

/// Reads a subjectAltName.
///
/// # Errors
/// [`Error::Malformed`].
pub fn alternative_names(value: &[u8]) -> Result<Vec<AlternativeName>> {
    let mut reader = Reader::new(value).expect(tag::SEQUENCE)?.inside();
    let mut names = Vec::new();
    while !reader.is_empty() {
        let name = reader.any()?;
        names.push(AlternativeName {
            kind: name.tag,
            content: name.content.to_vec(),
        });
    }
    Ok(names)
}

impl NameConstraints {
    /// Reads the extension.
    ///
    /// # Errors
    /// [`Error::Malformed`], [`Error::Unsupported`] for distances, [`Error::Refused`] beyond the limits.
    pub fn read(value: &[u8]) -> Result<Self> {
        let mut reader = Reader::new(value).expect(tag::SEQUENCE)?.inside();
        let permitted = subtrees(reader.optional(0xA0)?)?;
        let excluded = subtrees(reader.optional(0xA1)?)?;
        reader.end()?;
        Ok(Self { permitted, excluded })
    }

    /// Whether every name of `certificate` lies where it may.
    ///
    /// # Errors
    /// The name that does not.
    pub(super) fn check(&self, certificate: &Certificate) -> Result<(), String> {
        let subject = &certificate.subject;
        if !subject.is_empty() {
            self.allow(
                DIRECTORY,
                &subject.text,
                |subtree| matches!(subtree, Subtree::Directory(base) if subject.is_under(base)),
            )?;
        }
        let names = &certificate.alternative_names;
        if names.iter().all(|name| name.kind != MAIL) {
            for address in subject.mail_addresses() {
                self.allow(MAIL, address, |subtree| subtree.holds_text(address))?;
            }
        }
        names.iter().try_for_each(|name| self.allow_alternative(name))
    }

    fn allow_alternative(&self, name: &AlternativeName) -> Result<(), String> {
        let text = String::from_utf8_lossy(&name.content).to_lowercase();
        match name.kind {
            MAIL | HOST => self.allow(name.kind, &text, |subtree| subtree.holds_text(&text)),
            ADDRESS => match host(&text) {
                Some(host) => self.allow(ADDRESS, &text, |subtree| subtree.holds_text(host)),
                None if self.kinds().any(|kind| kind == ADDRESS) => Err(refused(&text)),
                None => Ok(()),
            },
            NETWORK => self.allow(
                NETWORK,
                "an IP address",
                |subtree| matches!(subtree, Subtree::Network(base) if is_in(base, &name.content)),
            ),
            DIRECTORY => match Name::parse(&name.content) {
                Ok(directory) => self.allow(
                    DIRECTORY,
                    &directory.text,
                    |subtree| matches!(subtree, Subtree::Directory(base) if directory.is_under(base)),
                ),
                Err(_) => Err(refused("a directory name")),
            },
            kind if self.kinds().any(|known| known == kind) => Err(refused("a name of an unknown kind")),
            _ => Ok(()),
        }
    }

    fn kinds(&self) -> impl Iterator<Item = u8> {
        self.permitted.iter().chain(&self.excluded).map(Subtree::kind)
    }

    /// A kind that no permitted subtree speaks of is free (section 4.2.1.10).
    fn allow(&self, kind: u8, name: &str, holds: impl Fn(&Subtree) -> bool) -> Result<(), String> {
        let mut permitted = self.permitted.iter().filter(|one| one.kind() == kind).peekable();
        let outside = permitted.peek().is_some() && !permitted.any(&holds);
        let excluded = self.excluded.iter().any(|one| one.kind() == kind && holds(one));
        if outside || excluded {
            return Err(refused(name));
        }
        Ok(())
    }
}

fn refused(name: &str) -> String {
    format!("the name {name} is outside the name constraints of an authority above")
}

fn subtrees(list: Option<Element<'_>>) -> Result<Vec<Subtree>> {
    let mut found = Vec::new();
    let Some(list) = list else { return Ok(found) };
    let mut reader = list.inside();
    while !reader.is_empty() {
        if found.len() >= limits::NAME_CONSTRAINTS {
            return Err(Error::refused("certificate", "too many name constraints"));
        }
        let mut subtree = reader.expect(tag::SEQUENCE)?.inside();
        found.push(Subtree::read(subtree.any()?)?);
        // Minimum and maximum are not used within RFC 5280 (section 4.2.1.10).
        let minimum = subtree.optional(0x80)?;
        if minimum.is_some_and(|minimum| minimum.content != [0]) || !subtree.is_empty() {
            return Err(Error::unsupported("certificate", "distances in name constraints"));
        }
    }
    Ok(found)
}

impl Subtree {
    fn read(base: Element<'_>) -> Result<Self> {
        Ok(match base.tag {
            kind @ (MAIL | HOST | ADDRESS) => Self::Text {
                kind,
                base: String::from_utf8_lossy(base.content).to_lowercase(),
            },
            DIRECTORY => Self::Directory(Box::new(Name::parse(base.content)?)),
            NETWORK => Self::Network(base.content.to_vec()),
            kind => Self::Unknown(kind),
        })
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Directory(_) => DIRECTORY,
            Self::Text { kind, .. } | Self::Unknown(kind) => *kind,
            Self::Network(_) => NETWORK,
        }
    }

    /// `text`: a mail address, a host, or the host of an address, in small letters.
    fn holds_text(&self, text: &str) -> bool {
        let Self::Text { kind, base } = self else {
            return false;
        };
        let below = |host: &str, domain: &str| host.len() > domain.len() && host.ends_with(domain);
        match *kind {
            HOST => {
                let domain = base.strip_prefix('.').unwrap_or(base);
                let is_top = !base.starts_with('.') && (domain.is_empty() || text == domain);
                is_top || below(text, &format!(".{domain}"))
            }
            MAIL if base.contains('@') => text == base,
            MAIL => {
                let host = text.rsplit('@').next().unwrap_or_default();
                text.contains('@') && (host == base || (base.starts_with('.') && below(host, base)))
            }
            _ => text == base || (base.starts_with('.') && below(text, base)),
        }
    }
}

/// The host of a URI (RFC 3986 section 3.2.2), where it is a name.
fn host(uri: &str) -> Option<&str> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit('@').next()?;
    let host = host.split(':').next()?;
    let is_number = host.starts_with('[') || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    (!host.is_empty() && !is_number).then_some(host)
}

fn is_in(base: &[u8], address: &[u8]) -> bool {
    let (network, mask) = base.split_at(base.len() / 2);
    base.len() == address.len() * 2
        && address
            .iter()
            .zip(network.iter().zip(mask))
            .all(|(byte, (network, mask))| byte & mask == network & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(kind: u8, base: &str) -> Subtree {
        Subtree::Text {
            kind,
            base: base.to_owned(),
        }
    }

    #[test]
    fn measures_hosts_mail_addresses_and_uris() {
        let cases = [
            (HOST, "lamgiang.gov.vn", "lamgiang.gov.vn", true),
            (HOST, "lamgiang.gov.vn", "so.lamgiang.gov.vn", true),
            (HOST, "lamgiang.gov.vn", "xlamgiang.gov.vn", false),
            (HOST, ".lamgiang.gov.vn", "lamgiang.gov.vn", false),
            (HOST, "", "any.example", true),
            (MAIL, "ha@lamgiang.gov.vn", "ha@lamgiang.gov.vn", true),
            (MAIL, "lamgiang.gov.vn", "ha@lamgiang.gov.vn", true),
            (MAIL, "lamgiang.gov.vn", "ha@so.lamgiang.gov.vn", false),
            (MAIL, ".lamgiang.gov.vn", "ha@so.lamgiang.gov.vn", true),
            (MAIL, ".lamgiang.gov.vn", "ha@lamgiang.gov.vn", false),
            (MAIL, "lamgiang.gov.vn", "lamgiang.gov.vn", false),
            (ADDRESS, "ca.gov.vn", "ca.gov.vn", true),
            (ADDRESS, ".gov.vn", "ca.gov.vn", true),
            (ADDRESS, "gov.vn", "ca.gov.vn", false),
        ];
        for (kind, base, name, inside) in cases {
            assert_eq!(text(kind, base).holds_text(name), inside, "{base} {name}");
        }
        let hosts = [
            ("http://ha@ca.gov.vn:8080/a?b", Some("ca.gov.vn")),
            ("http://10.0.0.1/", None),
            ("http://[::1]/", None),
            ("urn:oid:1.2", None),
        ];
        for (uri, wanted) in hosts {
            assert_eq!(host(uri), wanted, "{uri}");
        }
        assert!(is_in(&[10, 0, 0, 0, 255, 0, 0, 0], &[10, 9, 8, 7]));
        assert!(!is_in(&[10, 0, 0, 0, 255, 0, 0, 0], &[11, 9, 8, 7]));
        assert!(!is_in(&[10, 0, 0], &[10, 9, 8, 7]));
    }

    #[test]
    fn refuses_distances_and_data_it_cannot_read() {
        use crate::cms::ber::element;
        let subtree = |extra: &[u8]| {
            let base = element(HOST, b"gov.vn");
            let one = element(tag::SEQUENCE, &[&base, extra].concat());
            element(tag::SEQUENCE, &element(0xA0, &one))
        };
        assert!(NameConstraints::read(&subtree(&[])).is_ok());
        assert!(NameConstraints::read(&subtree(&[0x80, 1, 0])).is_ok());
        assert!(NameConstraints::read(&subtree(&[0x80, 1, 1])).is_err());
        assert!(NameConstraints::read(&subtree(&[0x81, 1, 1])).is_err());
        assert!(NameConstraints::read(&[0x30, 5, 1]).is_err());
    }
}
