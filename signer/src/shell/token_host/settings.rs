//! The settings of this PC: written by its administrator, never by a page.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::message::Refusal;

/// `/etc/hoian-token.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settings {
    /// Origins of the pages that are served, as a browser writes them: `https://hop.tinh.gov.vn`. Without one, none is.
    #[serde(default)]
    pub origins: Vec<String>,
    /// PKCS#11 modules of tokens; those that are not on this PC are passed over.
    #[serde(default = "usual_modules")]
    pub modules: Vec<PathBuf>,
    /// The program that asks for a PIN (Assuan). Default: the first of those that Debian has.
    pub pinentry: Option<PathBuf>,
    /// Certificates (PEM) that servers of HTTPS are trusted by, besides those of the system.
    pub tls_roots: Option<PathBuf>,
}

impl Settings {
    /// Reads the settings of this PC; a PC without any serves no page.
    ///
    /// # Errors
    /// [`Refusal::Settings`]: a file that cannot be read or understood.
    pub fn read() -> Result<Self, Refusal> {
        let path = std::env::var_os(VARIABLE).map_or_else(|| PathBuf::from(PATH), PathBuf::from);
        let text = match fs::read_to_string(&path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            read => read.map_err(|error| unreadable(&path, &error))?,
        };
        toml::from_str(&text).map_err(|error| unreadable(&path, &error))
    }

    /// The modules that are on this PC.
    pub fn modules(&self) -> impl Iterator<Item = &Path> {
        self.modules
            .iter()
            .map(PathBuf::as_path)
            .filter(|path| path.exists())
    }

    /// The program that asks for a PIN, if there is one.
    pub fn pinentry(&self) -> Option<&Path> {
        let set = self.pinentry.as_deref();
        set.or_else(|| PINENTRIES.iter().map(Path::new).find(|path| path.exists()))
    }
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Refusal {
    eprintln!("hoian-token: {}: {error}", path.display());
    Refusal::Settings
}

const PATH: &str = if cfg!(windows) {
    "C:\\ProgramData\\Hoi An\\token.toml"
} else {
    "/etc/hoian-token.toml"
};

/// Names another file of settings.
const VARIABLE: &str = "HOIAN_TOKEN_SETTINGS";

/// With a window first: a browser has no terminal.
const PINENTRIES: [&str; 6] = [
    "/usr/bin/pinentry-gnome3",
    "/usr/bin/pinentry-qt",
    "/usr/bin/pinentry-gtk-2",
    "/usr/bin/pinentry-x11",
    "/usr/bin/pinentry",
    "C:\\Program Files (x86)\\GnuPG\\bin\\pinentry-basic.exe",
];

fn usual_modules() -> Vec<PathBuf> {
    MODULES.iter().map(PathBuf::from).collect()
}

/// OpenSC, SoftHSM 2 and p11-kit where Debian puts them; then the modules that makers of tokens and certification
/// authorities in Viet Nam install, by their usual names. Only those of Debian are tried out in the tests.
const MODULES: [&str; 15] = [
    "/usr/lib/x86_64-linux-gnu/opensc-pkcs11.so",
    "/usr/lib/aarch64-linux-gnu/opensc-pkcs11.so",
    "/usr/lib/softhsm/libsofthsm2.so",
    // Bit4id, as handed out by Ban Cơ yếu Chính phủ.
    "/usr/lib/libbit4ipki.so",
    "/usr/lib/libbit4xpki.so",
    "C:\\Windows\\System32\\bit4ipki.dll",
    // SafeNet eToken.
    "/usr/lib/libeTPkcs11.so",
    "C:\\Windows\\System32\\eTPKCS11.dll",
    // Feitian ePass, under several authorities' names.
    "/usr/lib/libcastle_v2.so.1.0.0",
    "/opt/ePass2003-Castle-20141128/i386/redist/libcastle.so.1.0.0",
    "C:\\Windows\\System32\\eps2003csp11.dll",
    "C:\\Windows\\System32\\vnptca_p11_v8.dll",
    "C:\\Windows\\System32\\viettel-ca_v6.dll",
    "C:\\Windows\\System32\\BkavCA.dll",
    "C:\\Windows\\System32\\fptca_v3.dll",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_settings_serve_nobody_and_unknown_ones_are_no_settings() {
        let none: Settings = toml::from_str("").unwrap();
        assert!(none.origins.is_empty() && !none.modules.is_empty());
        assert!(toml::from_str::<Settings>("origin = 'https://a'").is_err());
    }
}
