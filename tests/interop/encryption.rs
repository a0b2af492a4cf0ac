//! Files that qpdf encrypts: passwords in any spelling, and what their owner lets users do.

use std::path::Path;
use std::process::Command;

use hoian_signer::shell::clock;
use hoian_signer::sign::{self, Key as _};
use hoian_signer::validate::{Anchor, Policy, Problem, Report, Verdict, Warning, validate};
use hoian_tests::{fixture, paper};
use tempfile::TempDir;
use unicode_normalization::UnicodeNormalization as _;

fn encrypt(folder: &Path, paper: &[u8], user: &str, options: &[&str]) -> Vec<u8> {
    let (from, to) = (folder.join("plain.pdf"), folder.join("encrypted.pdf"));
    std::fs::write(&from, paper).unwrap();
    let output = Command::new("qpdf")
        .args(["--encrypt", user, "owner", "256"])
        .args(options)
        .arg("--")
        .args([&from, &to])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    std::fs::read(to).unwrap()
}

struct Signed {
    pki: fixture::Pki,
    bytes: Vec<u8>,
}

/// Signs in a new field, with the file opened by `password`.
fn sign(document: &[u8], password: &str) -> Signed {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let request = fixture::request("lanh_dao", pki.leader.algorithm(), now);
    let prepared = sign::prepare_with(document, Some(password), &request, pki.leader.chain()).unwrap();
    let value = pki.leader.sign(prepared.signed_attributes()).unwrap();
    let bytes = prepared
        .with_signature(value)
        .unwrap()
        .complete(document)
        .unwrap();
    Signed { pki, bytes }
}

fn judge(signed: &Signed, password: &str) -> Report {
    let mut policy = Policy::new(clock::now());
    policy
        .anchors
        .push(Anchor::new(signed.pki.leader.chain()[1].clone(), "kiểm thử"));
    policy.password = Some(password.to_owned());
    validate(&signed.bytes, &policy)
}

#[test]
fn a_password_opens_in_either_spelling_of_its_marks() {
    let folder = TempDir::new().unwrap();
    let (composed, decomposed): (String, String) = ("mật khẩu".nfc().collect(), "mật khẩu".nfd().collect());
    assert_ne!(composed, decomposed);
    let encrypted = encrypt(folder.path(), &paper::paper(clock::now()), &composed, &[]);
    let signed = sign(&encrypted, &decomposed);
    for password in [&composed, &decomposed, "owner"] {
        let report = judge(&signed, password);
        assert_eq!(report.verdict, Verdict::TotalPassed, "{report:#?}");
        assert!(
            !report.signatures[0]
                .warnings
                .contains(&Warning::AgainstOwnersPermission)
        );
    }
    assert_eq!(judge(&signed, "mat khau").problem, Some(Problem::PasswordNeeded));
}

#[test]
fn a_signature_that_the_owner_lets_no_user_make_is_warned_of() {
    let folder = TempDir::new().unwrap();
    let paper = paper::paper(clock::now());
    for (options, forbidden) in [
        (&["--modify=all"][..], false),
        // Fields may be filled, and none added: this signature brought its own.
        (&["--modify=form"], true),
        (&["--modify=none"], true),
    ] {
        let encrypted = encrypt(folder.path(), &paper, "", options);
        let report = judge(&sign(&encrypted, "owner"), "");
        assert_eq!(report.verdict, Verdict::TotalPassed, "{options:?}: {report:#?}");
        let warned = report.signatures[0]
            .warnings
            .contains(&Warning::AgainstOwnersPermission);
        assert_eq!(warned, forbidden, "{options:?}: {report:#?}");
    }
}
