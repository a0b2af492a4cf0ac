//! Keys on a token: SoftHSM2 stands for the tokens that cannot be had here, behind the same PKCS#11 as they have.

use std::path::{Path, PathBuf};
use std::process::Command;

use hoian_signer::error::Error;
use hoian_signer::shell::{clock, pkcs11};
use hoian_signer::sign::{Algorithm, Digest, Key as _};
use hoian_signer::validate::{Anchor, Policy, Verdict, validate};
use tempfile::TempDir;

use super::{blank, fixture, run};

/// One test: a module reads its settings once a process.
#[test]
fn tokens_sign_with_what_their_device_can() {
    let token = Token::new();
    let cases: [(&str, &[&str], Digest, Algorithm); 4] = [
        (
            "rsa",
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
            Digest::Sha256,
            Algorithm::RsaPss(Digest::Sha256),
        ),
        (
            "rsa-3072",
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
            Digest::Sha512,
            Algorithm::RsaPss(Digest::Sha512),
        ),
        (
            "p-256",
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            Digest::Sha256,
            Algorithm::EcdsaP256Sha256,
        ),
        (
            "p-384",
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
            Digest::Sha256,
            Algorithm::EcdsaP384Sha384,
        ),
    ];
    for (index, (name, making, digest, algorithm)) in cases.into_iter().enumerate() {
        token.import(name, index, making, true);
        let key = token.open(name, PIN, digest, &[]).unwrap();
        assert_eq!(key.algorithm(), algorithm);
        passes(&key);
        let wrong = token.open(name, "99999999", digest, &[]).err().unwrap();
        assert!(
            wrong.to_string().contains("another key of this process"),
            "{wrong}"
        );
        drop(key);
        if let Algorithm::RsaPss(digest) = algorithm {
            let key = token.open(name, PIN, digest, &[]).unwrap().with_pkcs1();
            assert_eq!(key.algorithm(), Algorithm::RsaPkcs1(digest));
            passes(&key);
        }
    }
    refuses_clearly(&token);
    takes_a_certificate_from_outside(&token);
}

fn refuses_clearly(token: &Token) {
    let refused = |result: Result<pkcs11::Key, Error>, words: &str| {
        let error = result.err().unwrap().to_string();
        assert!(error.contains(words), "{error}");
    };
    refused(
        token.open("nobody", PIN, Digest::Sha256, &[]),
        "it holds no key named",
    );
    refused(
        token.open("p-256", "99999999", Digest::Sha256, &[]),
        "the token's PIN is wrong",
    );
    let elsewhere = pkcs11::Label {
        token: "another",
        ..token.label("p-256")
    };
    refused(
        pkcs11::Key::open(elsewhere, PIN, Digest::Sha256, &[]),
        "no token is named",
    );
    let module = Path::new("/nowhere.so");
    let nowhere = pkcs11::Label {
        module,
        ..token.label("p-256")
    };
    refused(
        pkcs11::Key::open(nowhere, PIN, Digest::Sha256, &[]),
        "its module does not load",
    );
}

fn takes_a_certificate_from_outside(token: &Token) {
    let making = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
    let certificate = token.import("bare", 9, &making, false);
    let without = token.open("bare", PIN, Digest::Sha256, &[]).err().unwrap();
    assert!(
        without.to_string().contains("no certificate for the key"),
        "{without}"
    );
    passes(&token.open("bare", PIN, Digest::Sha256, &[certificate]).unwrap());
}

/// Signs, and holds our validator to the result.
fn passes(key: &pkcs11::Key) {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let request = fixture::request("Signature1", key.algorithm(), now);
    let signed = fixture::sign(&blank(), &request, key, &pki.time_stamps, now);
    let mut policy = Policy::new(now);
    policy.anchors.push(Anchor::new(key.chain()[0].clone(), "token"));
    let report = validate(&signed, &policy);
    assert_eq!(
        report.verdict,
        Verdict::TotalPassed,
        "{:?}: {report:#?}",
        key.algorithm()
    );
}

/// A token of its own in a folder of its own.
struct Token {
    folder: TempDir,
}

const PIN: &str = "12345678";
const LABEL: &str = "Văn phòng";

impl Token {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let settings = folder.path().join("softhsm2.conf");
        std::fs::write(
            &settings,
            format!(
                "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
                folder.path().display()
            ),
        )
        .unwrap();
        // SAFETY: no other thread of this test program reads or writes this variable: the module alone does, when it is
        // loaded after this.
        unsafe { std::env::set_var("SOFTHSM2_CONF", &settings) };
        run(Command::new("softhsm2-util").args([
            "--init-token",
            "--free",
            "--label",
            LABEL,
            "--pin",
            PIN,
            "--so-pin",
            "87654321",
        ]));
        Self { folder }
    }

    fn label<'a>(&self, key: &'a str) -> pkcs11::Label<'a> {
        pkcs11::Label {
            module: Path::new(module()),
            token: LABEL,
            key,
        }
    }

    fn open(
        &self,
        key: &str,
        pin: &str,
        digest: Digest,
        certificates: &[Vec<u8>],
    ) -> Result<pkcs11::Key, Error> {
        pkcs11::Key::open(self.label(key), pin, digest, certificates)
    }

    /// Makes a key and brings it onto the token, with its certificate or without; comes back with that.
    fn import(&self, name: &str, id: usize, making: &[&str], with_certificate: bool) -> Vec<u8> {
        let (_, certificate) = fixture::openssl_key(self.folder.path(), making, &[]);
        let (key, id) = (self.folder.path().join("key.pem"), format!("{:02x}", id + 1));
        run(Command::new("softhsm2-util")
            .args(["--import"])
            .arg(key)
            .args(["--token", LABEL, "--label", name, "--id", &id, "--pin", PIN]));
        let der: PathBuf = self.folder.path().join("certificate.der");
        run(Command::new("openssl")
            .args(["x509", "-outform", "DER", "-in"])
            .arg(certificate)
            .arg("-out")
            .arg(&der));
        if with_certificate {
            run(Command::new("pkcs11-tool")
                .args([
                    "--module",
                    module(),
                    "--token-label",
                    LABEL,
                    "--login",
                    "--pin",
                    PIN,
                ])
                .args(["--type", "cert", "--label", name, "--id", &id, "--write-object"])
                .arg(&der));
        }
        std::fs::read(der).unwrap()
    }
}

/// Where Debian puts it.
fn module() -> &'static str {
    "/usr/lib/softhsm/libsofthsm2.so"
}
