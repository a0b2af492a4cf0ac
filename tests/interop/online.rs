//! `signer verify --online` against the live responder, lists and certificates of an independent PKI, and against every
//! way in which they fail.

use std::process::{Command, Output};

use hoian_signer::shell::{clock, pkcs12};
use hoian_signer::sign::{self, Key as _, Level};
use hoian_tests::{fixture, paper};
use serde_json::Value;
use time::OffsetDateTime;
use time::macros::datetime;

use super::authority::{Authority, run};
use super::relay::{Behaviour, Relay};

#[test]
fn a_good_status_is_fetched_and_required() {
    let desk = Desk::new();
    desk.sign("p-256", "B-T", "signed.pdf");
    // Nothing is asked without the word.
    desk.expect("signed.pdf", &["--revocation", "require"], 2, "INDETERMINATE");
    let plain = desk.expect("signed.pdf", &[], 0, "TOTAL-PASSED");
    assert!(warns(&plain, "revocation_unknown"), "{plain:#}");
    assert_eq!(desk.relay.asked(), [""; 0]);

    let online = ["--online", "--allow", "127.0.0.1"];
    let required = ["--revocation", "require", "--online", "--allow", "127.0.0.1"];
    for arguments in [&online[..], &required] {
        let report = desk.expect("signed.pdf", arguments, 0, "TOTAL-PASSED");
        assert!(!warns(&report, "revocation_unknown"), "{report:#}");
    }
    assert!(
        desk.relay.asked().iter().any(|path| path.contains("/ocsp/")),
        "{:?}",
        desk.relay.asked()
    );
}

#[test]
fn a_missing_issuer_is_fetched_where_the_certificate_names_it() {
    let desk = Desk::new();
    desk.leaf_alone("p-256");
    desk.sign("leaf", "B-B", "signed.pdf");
    let alone = desk.expect("signed.pdf", &[], 2, "INDETERMINATE");
    assert_eq!(
        alone["signatures"][0]["sub_indication"], "NO_CERTIFICATE_CHAIN_FOUND",
        "{alone:#}"
    );
    desk.expect(
        "signed.pdf",
        &["--revocation", "require", "--online", "--allow", "127.0.0.1"],
        0,
        "TOTAL-PASSED",
    );
    assert!(
        desk.relay.asked().iter().any(|path| path.contains("/certs/")),
        "{:?}",
        desk.relay.asked()
    );
}

#[test]
fn a_revocation_counts_from_its_time() {
    let desk = Desk::new();
    // The certificate was revoked on 1 January 2021, because its key was lost.
    let before = datetime!(2020-06-01 00:00 UTC);
    desk.sign_as("revoked", "stamped-before.pdf", before, Level::BT);
    desk.sign_as("revoked", "claimed-before.pdf", before, Level::BB);
    desk.sign_as("revoked", "after.pdf", clock::now(), Level::BB);
    let online = ["--online", "--allow", "127.0.0.1", "--revocation", "require"];
    desk.expect("stamped-before.pdf", &online, 0, "TOTAL-PASSED");
    for (file, what) in [
        ("claimed-before.pdf", "a claimed time proves nothing"),
        ("after.pdf", "revoked before it signed"),
    ] {
        let report = desk.judge(file, &online).1;
        let signature = &report["signatures"][0];
        assert_ne!(report["verdict"], "TOTAL-PASSED", "{what}: {report:#}");
        let said = signature["sub_indication"].as_str().unwrap_or_default();
        assert!(said.starts_with("REVOKED"), "{what}: {report:#}");
    }
}

#[test]
fn the_list_serves_where_the_responder_does_not() {
    let desk = Desk::new();
    desk.sign("p-256", "B-T", "signed.pdf");
    for behaviour in [Behaviour::Down, Behaviour::Garbage] {
        desk.relay.behave(&[("/ocsp/", behaviour)]);
        let online = ["--online", "--allow", "127.0.0.1", "--revocation", "require"];
        desk.expect("signed.pdf", &online, 0, "TOTAL-PASSED");
        assert!(
            desk.relay.asked().iter().any(|path| path.contains("/crls/")),
            "{:?}",
            desk.relay.asked()
        );
    }
}

#[test]
fn what_cannot_be_fetched_is_said_and_weighs_as_it_was_told_to() {
    let desk = Desk::new();
    desk.sign("p-256", "B-T", "signed.pdf");
    let beyond = "http://localhost:9/".to_owned();
    let cases = [
        (Behaviour::Down, "/interop/ocsp/issuing"),
        (Behaviour::Slow, "no answer in time"),
        (Behaviour::Huge, "the answer is too large"),
        (Behaviour::Garbage, "does not hold"),
        (
            Behaviour::Elsewhere(beyond),
            "http://localhost:9/ is not on the list",
        ),
    ];
    for (behaviour, words) in cases {
        let all = ["/ocsp/", "/crls/"].map(|service| (service, behaviour.clone()));
        desk.relay.behave(&all);
        let online = ["--online", "--allow", "127.0.0.1", "--timeout", "1"];
        let (output, report) = desk.judge("signed.pdf", &online);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(words), "{behaviour:?}: {said}");
        assert_eq!(
            (output.status.code(), &report["verdict"]),
            (Some(0), &"TOTAL-PASSED".into()),
            "{behaviour:?}: {report:#}"
        );
        assert!(warns(&report, "revocation_unknown"), "{behaviour:?}: {report:#}");
        let required = [&online[..], &["--revocation", "require"]].concat();
        desk.expect("signed.pdf", &required, 2, "INDETERMINATE");
        let ignored = [&online[..], &["--revocation", "ignore"]].concat();
        let report = desk.expect("signed.pdf", &ignored, 0, "TOTAL-PASSED");
        assert!(!warns(&report, "revocation_unknown"), "{behaviour:?}: {report:#}");
    }
}

/// Whoever trusts a certificate lets the hosts be asked that it names; here nobody is named.
#[test]
fn nobody_is_asked_who_was_not_named() {
    let desk = Desk::new();
    desk.sign("p-256", "B-T", "signed.pdf");
    // The root without its own addresses.
    run(Command::new("openssl")
        .args([
            "x509",
            "-in",
            "root.pem",
            "-signkey",
            "keys/root.pem",
            "-clrext",
            "-out",
            "bare.pem",
        ])
        .current_dir(desk.authority.folder.path()));
    let judge = [
        "verify",
        "--json",
        "--trust",
        "bare.pem",
        "--revocation",
        "require",
        "--online",
    ];
    let output = desk
        .authority
        .signer(&[&judge[..], &["--allow", "somewhere.example", "signed.pdf"]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains("is not on the list: --allow 127.0.0.1 puts it there"),
        "{said}"
    );
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert_eq!(desk.relay.asked(), [""; 0]);
}

#[test]
fn a_redirect_is_followed_inside_the_list() {
    let desk = Desk::new();
    desk.sign("p-256", "B-T", "signed.pdf");
    let there = format!("{}/interop/ocsp/issuing", desk.authority.address);
    desk.relay.behave(&[
        ("/ocsp/", Behaviour::Elsewhere(there)),
        ("/crls/issuing/", Behaviour::Down),
    ]);
    let online = ["--online", "--allow", "127.0.0.1", "--revocation", "require"];
    desk.expect("signed.pdf", &online, 0, "TOTAL-PASSED");
    let round = format!("{}/interop/ocsp/issuing", desk.relay.address);
    desk.relay.behave(&[
        ("/ocsp/", Behaviour::Elsewhere(round)),
        ("/crls/issuing/", Behaviour::Down),
    ]);
    let (output, _) = desk.judge("signed.pdf", &online);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("from one address to another without end"), "{said}");
}

/// An authority behind a relay, and a paper.
struct Desk {
    relay: Relay,
    authority: Authority,
}

impl Desk {
    fn new() -> Self {
        let relay = Relay::start();
        let authority = Authority::behind(&relay.address);
        relay.pass_on_to(&authority.address);
        authority.write("paper.pdf", &paper::paper(clock::now()));
        Self { relay, authority }
    }

    fn sign(&self, name: &str, level: &str, output: &str) {
        let (package, tsa) = (format!("{name}.p12"), self.authority.tsa());
        self.authority.succeed(&[
            "sign",
            "--p12",
            &package,
            "--password-file",
            "password",
            "--level",
            level,
            "--tsa",
            &tsa,
            "-o",
            output,
            "paper.pdf",
        ]);
    }

    /// Signs at a moment of the past, by the authority's clock of that moment.
    fn sign_as(&self, name: &str, output: &str, then: OffsetDateTime, level: Level) {
        let package = std::fs::read(self.authority.path(&format!("{name}.p12"))).unwrap();
        let key = pkcs12::Key::open(&package, "mật khẩu").unwrap();
        let document = std::fs::read(self.authority.path("paper.pdf")).unwrap();
        let mut request = fixture::request("Signature1", key.algorithm(), then);
        request.level = level;
        let prepared = sign::prepare(&document, &request, key.chain()).unwrap();
        let value = key.sign(prepared.signed_attributes()).unwrap();
        let mut signed = prepared.with_signature(value).unwrap();
        if signed.needs_time_stamp() {
            let question = signed.time_stamp_request(fixture::NONCE).unwrap();
            self.authority.write("question.tsq", &question);
            let moment = then
                .format(&time::format_description::well_known::Rfc3339)
                .unwrap();
            run(Command::new("curl")
                .args([
                    "--silent",
                    "--fail",
                    "--data-binary",
                    "@question.tsq",
                    "--output",
                    "answer.tsr",
                ])
                .args(["--header", "Content-Type: application/timestamp-query"])
                .args(["--header", &format!("X-Certomancer-Fake-Time: {moment}")])
                .arg(self.authority.tsa())
                .current_dir(self.authority.folder.path()));
            let answer = std::fs::read(self.authority.path("answer.tsr")).unwrap();
            signed = signed.with_time_stamp(&answer, fixture::NONCE, then).unwrap();
        }
        self.authority.write(output, &signed.complete(&document).unwrap());
    }

    /// A package `leaf.p12` without the issuer's certificate.
    fn leaf_alone(&self, name: &str) {
        run(Command::new("openssl")
            .args([
                "pkcs12",
                "-export",
                "-inkey",
                &format!("keys/{name}.pem"),
                "-in",
                &format!("{name}.pem"),
            ])
            .args(["-passout", "file:password", "-out", "leaf.p12"])
            .current_dir(self.authority.folder.path()));
    }

    fn judge(&self, file: &str, arguments: &[&str]) -> (Output, Value) {
        let verify = ["verify", "--json", "--trust", "root.pem"];
        let output = self.authority.signer(&[&verify, arguments, &[file]].concat());
        let report = serde_json::from_slice(&output.stdout);
        let report = report.unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&output.stderr)));
        (output, report)
    }

    fn expect(&self, file: &str, arguments: &[&str], code: i32, verdict: &str) -> Value {
        let (output, report) = self.judge(file, arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(report["verdict"], verdict, "{arguments:?}: {said}{report:#}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        report
    }
}

fn warns(report: &Value, warning: &str) -> bool {
    let warnings = report["signatures"][0]["warnings"].as_array().unwrap();
    warnings.iter().any(|one| one == warning)
}
