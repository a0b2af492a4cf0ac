//! What a client says of its transport alone (RFC 8840 section 9, `application/trickle-ice-sdpfrag`), and our answer where it
//! restarts ICE.

use std::fmt::Write as _;

use super::read::is_token;
use super::{Error, Local};

/// A fragment as it is read. Candidates are left where they are: an ICE-lite end learns every way from its checks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    pub user_fragment: Option<String>,
    pub has_password: bool,
    /// The first media section, in which the others are bundled: its kind and its mid.
    section: Option<(String, String)>,
}

impl Fragment {
    /// # Errors
    /// [`Error::Malformed`] where it is no fragment, or longer than 16 kB.
    pub fn parse(text: &str) -> Result<Fragment, Error> {
        if text.len() > MAXIMUM_BYTES {
            return Err(malformed("the fragment is longer than 16 kB"));
        }
        let mut fragment = Fragment {
            user_fragment: None,
            has_password: false,
            section: None,
        };
        let mut media = None;
        for line in text.lines().map(str::trim_end).filter(|line| !line.is_empty()) {
            let (kind, value) = line
                .split_once('=')
                .filter(|(kind, _)| kind.len() == 1)
                .ok_or_else(|| malformed("a line of a fragment is of the form a=..."))?;
            match (kind, value.split_once(':')) {
                ("m", _) => media = value.split(' ').next(),
                ("a", Some(("ice-ufrag", value))) => fragment.user_fragment = Some(ice_word(value, 4)?),
                ("a", Some(("ice-pwd", value))) => {
                    ice_word(value, 22)?;
                    fragment.has_password = true;
                }
                ("a", Some(("mid", mid))) if fragment.section.is_none() => {
                    fragment.section = Some((token(media.unwrap_or("audio"))?, token(mid)?));
                }
                _ => {}
            }
        }
        Ok(fragment)
    }

    /// Our side of the restart that the fragment asks for.
    pub fn answer(&self, local: &Local<'_>) -> String {
        let mut text = "a=ice-lite\r\n".to_owned();
        if let Some((media, mid)) = &self.section {
            let _ = write!(
                text,
                "a=group:BUNDLE {mid}\r\nm={media} 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:{mid}\r\n"
            );
        }
        local.write_credentials(&mut text);
        local.write_candidates(&mut text);
        text
    }
}

/// RFC 8839 section 5.4.
fn ice_word(word: &str, least: usize) -> Result<String, Error> {
    let is_ice = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    match (least..=256).contains(&word.len()) && word.bytes().all(is_ice) {
        true => Ok(word.to_owned()),
        false => Err(malformed("no user fragment or password of ICE")),
    }
}

fn token(word: &str) -> Result<String, Error> {
    match (1..=32).contains(&word.len()) && word.bytes().all(is_token) {
        true => Ok(word.to_owned()),
        false => Err(malformed("a media section without a token for its name")),
    }
}

fn malformed(reason: &str) -> Error {
    Error::Malformed(reason.to_owned())
}

/// Some tens of candidates at once are many.
const MAXIMUM_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_trickles_and_what_restarts() {
        let trickled = "a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n\
            a=mid:0\r\na=candidate:1 1 UDP 2122 192.0.2.1 61765 typ host\r\na=end-of-candidates\r\n";
        let read = Fragment::parse(trickled).unwrap();
        assert_eq!(read.user_fragment.as_deref(), Some("EsAw"));
        assert!(read.has_password);
        assert_eq!(read.section, Some(("video".to_owned(), "0".to_owned())));
        let empty = Fragment::parse("a=candidate:1 1 UDP 2 192.0.2.1 6 typ host\n").unwrap();
        assert_eq!((empty.user_fragment, empty.has_password), (None, false));
    }

    #[test]
    fn refuses_what_is_no_fragment() {
        let long = "a=candidate:1\r\n".repeat(2_000);
        for text in [
            "hello",
            "ab=c",
            "a=ice-ufrag:x",
            "a=ice-ufrag:has blank",
            "a=ice-pwd:short",
            "a=mid:",
            "a=mid:a b",
            "m=audio\ta 9\r\na=mid:0",
            &long,
        ] {
            assert!(Fragment::parse(text).is_err(), "{text:.40}");
        }
    }
}
