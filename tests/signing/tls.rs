//! Time-stamps over TLS: the server is trusted by a certificate that is named, and a redirect stays where it may.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::Arc;

use hoian_signer::shell::clock;
use hoian_tests::binary;
use hoian_tests::tls::{Answer, Authority};
use tempfile::TempDir;

use super::{blank, fixture};

#[test]
fn an_authority_over_tls_is_trusted_by_the_certificate_that_is_named() {
    let desk = Desk::new();
    let tsa = desk.stamping("localhost");
    let by_option = desk.sign(&tsa, &["--tls-ca", "tls-root.pem"], None);
    assert!(by_option.status.success(), "{}", said(&by_option));
    desk.check();
    let by_environment = desk.sign(&tsa, &[], Some("tls-root.pem"));
    assert!(by_environment.status.success(), "{}", said(&by_environment));
    desk.check();

    for (output, words) in [
        (desk.sign(&tsa, &[], Some("other-root.pem")), "UnknownIssuer"),
        (
            desk.sign(&tsa, &["--tls-ca", "other-root.pem"], Some("other-root.pem")),
            "UnknownIssuer",
        ),
        (
            desk.sign(
                &desk.stamping("elsewhere.example"),
                &["--tls-ca", "tls-root.pem"],
                None,
            ),
            "not valid for",
        ),
    ] {
        assert_eq!(output.status.code(), Some(69), "{}", said(&output));
        assert!(said(&output).contains(words), "{words}: {}", said(&output));
        assert!(!desk.path("out.pdf").exists());
    }
}

#[test]
fn a_root_that_is_none_is_said_before_anything_is_asked() {
    let desk = Desk::new();
    for (file, code) in [("nowhere.pem", 66), ("password", 65)] {
        let output = desk.sign("https://localhost:9/", &["--tls-ca", file], None);
        assert_eq!(output.status.code(), Some(code), "{}", said(&output));
    }
}

#[test]
fn redirects_stay_inside_the_list_and_inside_tls() {
    let desk = Desk::new();
    let tsa = desk.stamping("localhost");
    let trusted = ["--tls-ca", "tls-root.pem"];
    let leads = |status: u16, to: &str| {
        let to = to.to_owned();
        desk.authority
            .serve("localhost", move |_| Answer::redirect(status, &to))
    };
    let inside = leads(307, &tsa);
    let output = desk.sign(&inside, &trusted, None);
    assert!(output.status.success(), "{}", said(&output));
    desk.check();

    let by_number = tsa.replace("localhost", "127.0.0.1");
    let plain = tsa.replace("https", "http");
    for (server, words) in [
        (
            leads(307, &by_number),
            "is not on the list: --allow 127.0.0.1 puts it there",
        ),
        (leads(308, &plain), "leads from HTTPS to http://"),
        // A question with a body is not asked again by another method.
        (leads(302, &tsa), "answers with status 302"),
        (
            desk.authority.serve("localhost", |_| Answer::status(503)),
            "answers with status 503",
        ),
    ] {
        let output = desk.sign(&server, &trusted, None);
        assert_eq!(output.status.code(), Some(69), "{words}: {}", said(&output));
        assert!(said(&output).contains(words), "{words}: {}", said(&output));
    }
}

/// A folder with a key, a paper and the roots of two TLS authorities.
struct Desk {
    folder: TempDir,
    pki: Arc<fixture::Pki>,
    authority: Authority,
}

impl Desk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let making = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
        fixture::openssl_key(folder.path(), &making, &[]);
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write("password", fixture::OPENSSL_PASSWORD.as_bytes());
        write("paper.pdf", &blank());
        let authority = Authority::new("Một");
        write("tls-root.pem", authority.pem.as_bytes());
        write("other-root.pem", Authority::new("Hai").pem.as_bytes());
        Self {
            folder,
            pki: Arc::new(fixture::Pki::new(clock::now())),
            authority,
        }
    }

    /// A server that stamps, and whose certificate is for `name`.
    fn stamping(&self, name: &str) -> String {
        let pki = Arc::clone(&self.pki);
        self.authority.serve(name, move |question| {
            Answer::of(fixture::stamp(question, &pki.time_stamps, clock::now()))
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn sign(&self, tsa: &str, options: &[&str], roots: Option<&str>) -> Output {
        let _ = std::fs::remove_file(self.path("out.pdf"));
        let mut command = Command::new(binary::signer());
        command
            .args([
                "sign",
                "--p12",
                "key.p12",
                "--password-file",
                "password",
                "--level",
                "B-T",
                "--tsa",
                tsa,
            ])
            .args(options)
            .args(["-o", "out.pdf", "paper.pdf"])
            .current_dir(self.folder.path())
            .env("LC_ALL", "C")
            .env_remove("SSL_CERT_DIR");
        match roots {
            Some(file) => command.env("SSL_CERT_FILE", self.path(file)),
            None => command.env_remove("SSL_CERT_FILE"),
        };
        command.output().unwrap()
    }

    fn check(&self) {
        let judged = Command::new(binary::signer())
            .args(["verify", "--json", "--trust-embedded"])
            .arg(self.path("out.pdf"))
            .output()
            .unwrap();
        let report: serde_json::Value = serde_json::from_slice(&judged.stdout).unwrap();
        assert_eq!(report["verdict"], "TOTAL-PASSED", "{report:#}");
        assert_eq!(report["signatures"][0]["level"], "B-T", "{report:#}");
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
