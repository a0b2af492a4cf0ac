//! Which pages are served.

use url::{Host, Url};

use super::message::Refusal;

/// Whether a page of this origin is served: the administrator of this PC has listed it, and nobody on the way can change what
/// it says.
///
/// # Errors
/// [`Refusal::OriginRefused`].
pub(super) fn check(origin: &str, listed: &[String]) -> Result<Url, Refusal> {
    let url = Url::parse(origin).ok();
    let url = url.filter(|url| url.origin().ascii_serialization() == origin && is_safe(url));
    match url {
        Some(url) if listed.iter().any(|one| one == origin) => Ok(url),
        _ => Err(Refusal::OriginRefused),
    }
}

/// HTTPS, or this very machine.
fn is_safe(url: &Url) -> bool {
    let is_here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_origins_are_served_and_only_where_nobody_listens() {
        let listed = [
            "https://hop.langiang.gov.vn",
            "http://hop.langiang.gov.vn",
            "http://localhost:8080",
            "http://127.0.0.1:8080",
            "null",
        ]
        .map(str::to_owned);
        for (origin, served) in [
            ("https://hop.langiang.gov.vn", true),
            ("http://localhost:8080", true),
            ("http://127.0.0.1:8080", true),
            // Listed, and yet anybody on the way could change it.
            ("http://hop.langiang.gov.vn", false),
            ("http://localhost:8081", false),
            ("https://hop.langiang.gov.vn/", false),
            ("https://hop.langiang.gov.vn:443", false),
            ("https://hop.langiang.gov.vn.evil.vn", false),
            ("https://evil.vn", false),
            ("null", false),
            ("", false),
        ] {
            assert_eq!(check(origin, &listed).is_ok(), served, "{origin}");
        }
    }
}
