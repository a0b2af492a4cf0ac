//! What scripts rely on: exit codes, one line a file, files that cannot be read, progress, the words of every option.

use serde_json::Value;

use super::desk::{Desk, remarked};
use super::{blank, large};

#[test]
fn verify_tells_the_worst_and_reads_every_file() {
    let desk = Desk::with(&blank());
    desk.sign(&["-o", "signed.pdf", "paper.pdf"]);
    let mut broken = std::fs::read(desk.path("signed.pdf")).unwrap();
    let page = broken
        .windows(8)
        .position(|window| window == b"MediaBox")
        .unwrap();
    broken[page + 9] = b'1';
    std::fs::write(desk.path("broken.pdf"), broken).unwrap();
    std::fs::write(desk.path("noise.pdf"), "noise").unwrap();
    let embedded = "--trust-embedded";
    let cases: [(&[&str], i32, &[&str]); 10] = [
        (&[embedded, "signed.pdf"], 0, &["TOTAL-PASSED"]),
        (
            &[embedded, "signed.pdf", "broken.pdf"],
            1,
            &["TOTAL-PASSED", "TOTAL-FAILED"],
        ),
        (
            &[embedded, "noise.pdf", "signed.pdf"],
            1,
            &["MALFORMED", "TOTAL-PASSED"],
        ),
        (&["signed.pdf"], 2, &["INDETERMINATE"]),
        (
            &["signed.pdf", "paper.pdf"],
            2,
            &["INDETERMINATE", "NO-SIGNATURE"],
        ),
        (&[embedded, "paper.pdf"], 3, &["NO-SIGNATURE"]),
        (
            &[embedded, "paper.pdf", "signed.pdf"],
            0,
            &["NO-SIGNATURE", "TOTAL-PASSED"],
        ),
        (&[embedded, "nowhere.pdf"], 66, &[]),
        (
            &[embedded, "nowhere.pdf", "signed.pdf", ".", "paper.pdf"],
            66,
            &["TOTAL-PASSED", "NO-SIGNATURE"],
        ),
        (&[embedded, "broken.pdf", "nowhere.pdf"], 1, &["TOTAL-FAILED"]),
    ];
    for (arguments, code, verdicts) in cases {
        let output = desk.run(&[&["verify", "--json"], arguments].concat());
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            remarked(&output)
        );
        let lines: Vec<Value> = String::from_utf8(output.stdout)
            .unwrap()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let found: Vec<&str> = lines
            .iter()
            .map(|line| line["verdict"].as_str().unwrap())
            .collect();
        assert_eq!(found, verdicts, "{arguments:?}");
        for signature in lines
            .iter()
            .flat_map(|line| line["signatures"].as_array().unwrap())
        {
            for key in KEYS {
                assert!(signature.get(key).is_some(), "{key} in {signature:#}");
            }
        }
    }
}

/// What stands in each signature of a line.
const KEYS: [&str; 12] = [
    "field",
    "kind",
    "signer",
    "indication",
    "sub_indication",
    "level",
    "coverage",
    "modification",
    "digest_algorithm",
    "signed_at",
    "timestamp",
    "warnings",
];

#[test]
fn wrong_words_are_usage_errors() {
    let desk = Desk::with(&blank());
    desk.sign(&["-o", "signed.pdf", "paper.pdf"]);
    let cases: [&[&str]; 16] = [
        &[],
        &["unknown"],
        &["verify"],
        &["verify", "--at", "yesterday", "signed.pdf"],
        &["verify", "--revocation", "perhaps", "signed.pdf"],
        &["verify", "--report", "html", "signed.pdf"],
        &["verify", "--allow", "host", "signed.pdf"],
        &["verify", "--online", "--timeout", "0", "signed.pdf"],
        &["sign", "-o", "out.pdf", "paper.pdf"],
        &[
            "sign",
            "--p12",
            "key.p12",
            "--pkcs11",
            "m",
            "-o",
            "out.pdf",
            "paper.pdf",
        ],
        &["sign", "--pkcs11", "m", "-o", "out.pdf", "paper.pdf"],
        &[
            "sign",
            "--p12",
            "key.p12",
            "--page",
            "1",
            "-o",
            "out.pdf",
            "paper.pdf",
        ],
        &["extend", "--level", "B-B", "-o", "out.pdf", "signed.pdf"],
        &["extend", "--level", "B-T", "-o", "out.pdf", "signed.pdf"],
        &[
            "extend",
            "--level",
            "B-T",
            "--tsa",
            "http://a/",
            "-o",
            "out.pdf",
            "signed.pdf",
            "paper.pdf",
        ],
        &["complete", "--state", "s", "-o", "out.pdf", "paper.pdf"],
    ];
    for arguments in cases {
        let output = desk.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(64),
            "{arguments:?}: {}",
            remarked(&output)
        );
        assert!(
            !output.stderr.is_empty() && !desk.path("out.pdf").exists(),
            "{arguments:?}"
        );
    }
}

#[test]
fn every_command_explains_itself_in_both_languages() {
    let desk = Desk::with(&blank());
    let commands = [
        "sign",
        "prepare",
        "complete",
        "extend",
        "verify",
        "inspect",
        "completions",
    ];
    for command in commands {
        for (language, words) in [("en", "Usage:"), ("vi", "Cách dùng:")] {
            let output = desk.run(&[command, "--help", "--lang", language]);
            let help = String::from_utf8(output.stdout).unwrap();
            assert!(
                output.status.success() && help.contains(words),
                "{command} {language}: {help}"
            );
            assert!(language == "en" || !help.contains("Usage:"), "{command}: {help}");
        }
    }
    for shell in ["bash", "zsh", "fish"] {
        let script = String::from_utf8(desk.run(&["completions", shell]).stdout).unwrap();
        for word in
            commands
                .iter()
                .chain(&["tls-ca", "trust-embedded", "revocation", "level", "password-file"])
        {
            assert!(script.contains(word), "{shell} lacks {word}");
        }
    }
    let version = desk.run(&["--version"]);
    assert!(String::from_utf8_lossy(&version.stdout).starts_with("signer "));
}

#[test]
fn long_files_say_how_far_they_are_and_short_ones_say_nothing() {
    let desk = Desk::with(&blank());
    std::fs::write(desk.path("large.pdf"), large(33 << 20)).unwrap();
    let short = desk.sign(&["-o", "out.pdf", "paper.pdf"]);
    assert!(short.stderr.is_empty(), "{}", remarked(&short));
    let long = desk.sign(&["-o", "large-out.pdf", "large.pdf"]);
    for step in ["reading and hashing", "writing"] {
        assert!(remarked(&long).contains(step), "{}", remarked(&long));
    }
}

#[test]
fn inspect_shows_without_judging() {
    let desk = Desk::with(&blank());
    desk.sign(&["-o", "signed.pdf", "paper.pdf"]);
    let output = desk.run(&["inspect", "--json", "signed.pdf"]);
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        seen["fields"][0]["signature"]["sub_filter"], "ETSI.CAdES.detached",
        "{seen:#}"
    );
    assert!(desk.run(&["inspect", "signed.pdf"]).status.success());
    assert_eq!(desk.run(&["inspect", "nowhere.pdf"]).status.code(), Some(66));
}
