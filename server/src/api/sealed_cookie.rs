//! What a browser carries from one step of a log-in to the next: sealed, so that it can neither read nor change it, and for a
//! few minutes alone.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue};
use axum_extra::extract::CookieJar;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;
use crate::parts::App;

/// How long a step may take: somebody types a password and a code elsewhere.
const LASTS: Duration = Duration::from_secs(10 * 60);

/// A cookie of one purpose.
pub(super) struct SealedCookie {
    /// Its name without prefix, and what its content is sealed for.
    pub(super) name: &'static str,
}

#[derive(Serialize, Deserialize)]
struct Carried<T> {
    until: Timestamp,
    value: T,
}

impl SealedCookie {
    /// The header that gives it to the browser.
    pub(super) fn give<T: Serialize>(&self, app: &App, value: T) -> HeaderValue {
        let until = app.clock.now().after(LASTS);
        // Values here are strings and numbers, which always serialise.
        let plain = serde_json::to_vec(&Carried { until, value }).unwrap_or_default();
        let sealed = app.secret.seal(self.name, &plain, &app.clock);
        self.header(app, &BASE64_URL_SAFE_NO_PAD.encode(sealed), LASTS.as_secs())
    }

    /// What it carries, while it lasts.
    pub(super) fn read<T: DeserializeOwned>(&self, app: &App, headers: &HeaderMap) -> Option<T> {
        let jar = CookieJar::from_headers(headers);
        let sealed = BASE64_URL_SAFE_NO_PAD
            .decode(jar.get(&self.full_name(app))?.value())
            .ok()?;
        let plain = app.secret.open(self.name, &sealed).ok()?;
        let carried: Carried<T> = serde_json::from_slice(&plain).ok()?;
        (app.clock.now() < carried.until).then_some(carried.value)
    }

    /// The header that takes it away.
    pub(super) fn take(&self, app: &App) -> HeaderValue {
        self.header(app, "", 0)
    }

    /// Under TLS the prefix keeps other hosts of the domain from setting it, as with the session's.
    fn full_name(&self, app: &App) -> String {
        let prefix = if app.config.is_tls() { "__Host-" } else { "" };
        format!("{prefix}hoian-{}", self.name)
    }

    #[expect(
        clippy::expect_used,
        reason = "a name, base64url text and numbers are visible ASCII"
    )]
    fn header(&self, app: &App, value: &str, max_age_seconds: u64) -> HeaderValue {
        let secure = if app.config.is_tls() { "; Secure" } else { "" };
        let name = self.full_name(app);
        let cookie =
            format!("{name}={value}; Path=/; Max-Age={max_age_seconds}; HttpOnly; SameSite=Strict{secure}");
        HeaderValue::from_str(&cookie).expect("visible ASCII")
    }
}
