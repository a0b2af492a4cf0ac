//! Where others than this program know who somebody is.

use std::path::PathBuf;

use serde::Deserialize;

use super::is_tls_or_loopback;

/// A directory (LDAP) that keeps passwords: whoever has an account here logs in with the directory's password.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ldap {
    /// `ldaps://may-chu.langiang.gov.vn`, or `ldap://` with `starttls`; without either only on this machine.
    pub url: String,
    /// TLS begun within the line (RFC 4513 section 3.1). Default false.
    #[serde(default)]
    pub starttls: bool,
    /// A PEM file of certificates by which it is trusted, beside the roots of the system. Default: none.
    pub tls_roots: Option<PathBuf>,
    /// The name of a person's entry, `{}` for the user name: `uid={},ou=people,dc=langiang,dc=gov,dc=vn`. Either this, or
    /// `base` and `filter`.
    pub user_dn: Option<String>,
    /// Below which entry people are looked for.
    pub base: Option<String>,
    /// How they are found, `{}` for the user name: `(uid={})`, for Active Directory `(sAMAccountName={})`.
    pub filter: Option<String>,
    /// Who looks for them. Default: nobody by name.
    pub bind_dn: Option<String>,
    pub bind_password: Option<String>,
    /// User names whose password stays in this program. Default: none. Name one administrator, so that somebody can still log
    /// in while the directory is away.
    #[serde(default)]
    pub own_passwords: Vec<String>,
}

impl Ldap {
    pub(super) fn fault(&self) -> Option<&'static str> {
        let scheme = self.url.split("://").next();
        let has_place = |text: &Option<String>| text.as_deref().is_some_and(|text| text.contains("{}"));
        let searches = self.base.is_some() || self.filter.is_some();
        match scheme {
            Some("ldaps") => {}
            Some("ldap") if self.starttls || is_tls_or_loopback(&self.url) => {}
            Some("ldap") => return Some("ldap.url must begin with ldaps://, or ldap.starttls be true"),
            _ => return Some("ldap.url must begin with ldaps:// or ldap://"),
        }
        if url::Url::parse(&self.url).map_or(true, |url| url.host().is_none()) {
            return Some("ldap.url names no server");
        }
        let by_name = has_place(&self.user_dn) && !searches;
        let by_search = self.user_dn.is_none() && self.base.is_some() && has_place(&self.filter);
        (!by_name && !by_search)
            .then_some("ldap needs user_dn, or base and filter, with {} for the user name")
    }
}

// The password must not come into a log.
impl std::fmt::Debug for Ldap {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Ldap")
            .field("url", &self.url)
            .field("user_dn", &self.user_dn)
            .field("base", &self.base)
            .field("filter", &self.filter)
            .finish_non_exhaustive()
    }
}

/// A provider of OpenID Connect by which people who have an account here may log in.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// Its issuer identifier, below which `/.well-known/openid-configuration` stands: `https://dinhdanh.langiang.gov.vn`.
    pub issuer: String,
    /// How this program is registered there, with the log-in page as redirection address: `https://hop.langiang.gov.vn/dang-nhap`.
    pub client_id: String,
    /// Default: none, for a public client; the code is bound to the browser by PKCE in either case.
    pub client_secret: Option<String>,
    /// What the button on the log-in page says after "Đăng nhập bằng": `tài khoản công chức`.
    pub name: String,
    /// The claim that is the user name here. Default `preferred_username`; of `email` only a verified one is taken.
    #[serde(default = "preferred_username")]
    pub claim: String,
    /// Scopes asked for beside `openid`. Default `["profile"]`.
    #[serde(default = "profile")]
    pub scopes: Vec<String>,
    /// Whether the provider itself always asks for a second factor, so that this program asks for no one-time code. Default
    /// false. Set wrongly, it lets those who sign and administer in by a password alone.
    #[serde(default)]
    pub has_second_factor: bool,
    /// A PEM file of certificates by which it is trusted, beside the roots of the system. Default: none.
    pub tls_roots: Option<PathBuf>,
}

fn preferred_username() -> String {
    "preferred_username".to_owned()
}

fn profile() -> Vec<String> {
    vec!["profile".to_owned()]
}

impl Oidc {
    pub(super) fn fault(&self) -> Option<&'static str> {
        if !is_tls_or_loopback(&self.issuer) {
            return Some("oidc.issuer must begin with https://, unless it is on this machine");
        }
        let is_empty = self.client_id.is_empty() || self.name.is_empty() || self.claim.is_empty();
        is_empty.then_some("oidc.client_id, oidc.name and oidc.claim must not be empty")
    }
}

// The secret must not come into a log.
impl std::fmt::Debug for Oidc {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Oidc")
            .field("issuer", &self.issuer)
            .field("client_id", &self.client_id)
            .field("claim", &self.claim)
            .field("has_second_factor", &self.has_second_factor)
            .finish_non_exhaustive()
    }
}
