//! Files signed by us, judged by pyHanko, poppler's `pdfsig`, `qpdf` and OpenSSL.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::authority::{python, run, script};
use hoian_signer::shell::{clock, pkcs12};
use hoian_signer::sign::Key as _;
use hoian_tests::fixture::{self, Flow, Pki};
use hoian_tests::paper;
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn pyhanko_accepts_every_step_of_the_signed_flow() {
    let judged = Judged::new();
    let signed = judged.pyhanko(&judged.flow.signed);
    assert_eq!(
        summary(&signed),
        [("lanh_dao", true, "ENTIRE_FILE", "NONE", true)],
        "{signed:#}"
    );
    let numbered = judged.pyhanko(&judged.flow.numbered);
    assert_eq!(
        summary(&numbered),
        [("lanh_dao", true, "ENTIRE_REVISION", "FORM_FILLING", true)],
        "{numbered:#}"
    );
    let sealed = judged.pyhanko(&judged.flow.sealed);
    let expected = [
        ("lanh_dao", true, "ENTIRE_REVISION", "FORM_FILLING", true),
        ("co_quan", true, "ENTIRE_FILE", "NONE", true),
    ];
    assert_eq!(summary(&sealed), expected, "{sealed:#}");
}

#[test]
fn pyhanko_refuses_a_number_changed_after_the_seal() {
    let judged = Judged::new();
    let mut forged = judged.flow.sealed.clone();
    let text = b"(141)";
    let found = forged
        .windows(text.len())
        .rposition(|window| window == text)
        .unwrap();
    forged[found + 1] = b'9';
    let forged = judged.pyhanko(&forged);
    let seal = forged
        .as_array()
        .unwrap()
        .iter()
        .find(|verdict| verdict["field"] == "co_quan")
        .unwrap();
    assert_eq!(seal["intact"], false, "{seal:#}");
}

#[test]
fn pdfsig_finds_both_signatures_valid_and_trusted() {
    let judged = Judged::new();
    let path = judged.write("sealed.pdf", &judged.flow.sealed);
    let store = judged.nss();
    let directory = format!("sql:{}", store.display());
    let report = run(Command::new("pdfsig").arg("-nssdir").arg(directory).arg(path));
    for line in [
        "Signature Validation: Signature is Valid.",
        "Certificate Validation: Certificate is Trusted.",
    ] {
        assert_eq!(report.matches(line).count(), 2, "{report}");
    }
    assert_eq!(
        report.matches("Signature Type: ETSI.CAdES.detached").count(),
        2,
        "{report}"
    );
    assert!(report.contains("Total document signed"), "{report}");
}

#[test]
fn openssl_verifies_the_container_and_its_time_stamp() {
    let judged = Judged::new();
    let (content, container) = split(&judged.flow.signed);
    let content = judged.write("content", &content);
    let container = judged.write("container.der", &container);
    run(Command::new("openssl")
        .args([
            "cms", "-verify", "-binary", "-cades", "-purpose", "any", "-inform", "DER", "-in",
        ])
        .arg(container)
        .arg("-content")
        .arg(content)
        .arg("-CAfile")
        .arg(judged.root())
        .args(["-out", "/dev/null"]));
}

#[test]
fn openssl_verifies_our_time_stamp_response() {
    let judged = Judged::new();
    let now = clock::now();
    let data = judged.write("data", b"what is stamped");
    let query = judged.write("query.tsq", b"");
    run(Command::new("openssl")
        .args(["ts", "-query", "-sha256", "-cert", "-data"])
        .arg(&data)
        .arg("-out")
        .arg(&query));
    let question = std::fs::read(&query).unwrap();
    let answer = judged.write(
        "answer.tsr",
        &fixture::stamp(&question, &judged.pki.time_stamps, now),
    );
    let verdict = run(Command::new("openssl")
        .args(["ts", "-verify", "-queryfile"])
        .arg(query)
        .arg("-in")
        .arg(answer)
        .arg("-CAfile")
        .arg(judged.root()));
    assert!(verdict.contains("Verification: OK"), "{verdict}");
}

#[test]
fn every_version_passes_qpdf() {
    let judged = Judged::new();
    let Flow {
        prepared,
        signed,
        numbered,
        sealed,
    } = &judged.flow;
    for (name, version) in [("1", prepared), ("2", signed), ("3", numbered), ("4", sealed)] {
        run(Command::new("qpdf")
            .arg("--check")
            .arg(judged.write(name, version)));
    }
}

#[test]
fn keys_of_openssl_sign_files_that_pyhanko_accepts() {
    let judged = Judged::new();
    let now = clock::now();
    let paper = paper::paper(now);
    for (name, making, export) in fixture::OPENSSL_KEYS {
        let (file, root) = fixture::openssl_key(judged.folder.path(), making, export);
        let open = || pkcs12::Key::open(&file, fixture::OPENSSL_PASSWORD).unwrap();
        for key in [open(), open().with_pkcs1()] {
            let request = fixture::request("Signature1", key.algorithm(), now);
            let signed = fixture::sign(&paper, &request, &key, &judged.pki.time_stamps, now);
            let path = judged.write("key.pdf", &signed);
            let verdict = &pyhanko(&root, &path)[0];
            assert_eq!(
                verdict["bottom_line"],
                true,
                "{name} {:?}: {verdict:#}",
                key.algorithm()
            );
        }
    }
}

/// A flow on disk and its judges.
struct Judged {
    folder: TempDir,
    pki: Pki,
    flow: Flow,
}

impl Judged {
    fn new() -> Self {
        let now = clock::now();
        let pki = Pki::new(now);
        let flow = fixture::flow(&paper::paper(now), &pki, now);
        Self {
            folder: TempDir::new().unwrap(),
            pki,
            flow,
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn root(&self) -> PathBuf {
        self.write("root.pem", self.pki.root_pem.as_bytes())
    }

    fn pyhanko(&self, document: &[u8]) -> Value {
        pyhanko(&self.root(), &self.write("judged.pdf", document))
    }

    /// An NSS store that trusts the root, which is where `pdfsig` looks.
    fn nss(&self) -> PathBuf {
        let store = self.folder.path().join("nss");
        std::fs::create_dir(&store).unwrap();
        let directory = format!("sql:{}", store.display());
        let certutil = |arguments: &[&str]| {
            run(Command::new("certutil").args(["-d", &directory]).args(arguments));
        };
        certutil(&["-N", "--empty-password"]);
        let root = self.root();
        certutil(&["-A", "-n", "root", "-t", "CT,C,C", "-i", root.to_str().unwrap()]);
        store
    }
}

fn pyhanko(root: &Path, document: &Path) -> Value {
    let printed = run(Command::new(python())
        .arg(script("judge.py"))
        .arg(root)
        .arg(document));
    serde_json::from_str(&printed).unwrap()
}

/// Field, accepted, coverage, modification, time-stamp of each signature.
fn summary(verdicts: &Value) -> Vec<(&str, bool, &str, &str, bool)> {
    verdicts
        .as_array()
        .unwrap()
        .iter()
        .map(|verdict| {
            (
                verdict["field"].as_str().unwrap(),
                verdict["bottom_line"] == true && verdict["trusted"] == true,
                verdict["coverage"].as_str().unwrap(),
                verdict["modification"].as_str().unwrap(),
                verdict["time_stamp"] == true,
            )
        })
        .collect()
}

/// What the last signature covers, and its container, found as a stranger would: by its `/ByteRange`.
fn split(document: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let [start, end, length] = fixture::last_byte_range(document);
    let content = [&document[..start], &document[end..end + length]].concat();
    (content, fixture::last_container(document))
}
