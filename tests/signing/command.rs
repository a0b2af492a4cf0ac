//! The command `signer` as scripts and people use it.

use hoian_signer::shell::clock;
use serde_json::Value;

use super::desk::{Desk, said};
use super::{fixture, paper};

#[test]
fn leader_and_agency_sign_where_the_page_says_and_both_pass() {
    let desk = Desk::with(&paper::paper(clock::now()));
    desk.sign(&[
        "--profile",
        "leader",
        "--image",
        "signature.png",
        "--name",
        fixture::FULL_NAME,
        "--field",
        "leader",
        "-o",
        "1.pdf",
        "paper.pdf",
    ]);
    desk.sign(&[
        "--profile",
        "agency",
        "--image",
        "seal.png",
        "--field",
        "agency",
        "-o",
        "2.pdf",
        "1.pdf",
    ]);
    let judged = desk.run(&["verify", "--json", "--trust-embedded", "2.pdf"]);
    let report: Value = serde_json::from_slice(&judged.stdout).unwrap();
    assert_eq!(report["verdict"], "TOTAL-PASSED", "{report:#}");
    let seen = desk.run(&["inspect", "--json", "2.pdf"]);
    let seen: Value = serde_json::from_slice(&seen.stdout).unwrap();
    let fields = seen["fields"].as_array().unwrap();
    assert_eq!(fields.len(), 2, "{seen:#}");
    assert!(fields.iter().all(|field| field["filled"] == true
        && field["signature"]["sub_filter"] == "ETSI.CAdES.detached"
        && field["signature"]["byte_range"][0] == 0));
    assert_eq!(seen["revisions"].as_array().unwrap().len(), 3);
}

#[test]
fn every_profile_signs() {
    let desk = Desk::with(&paper::paper(clock::now()));
    let cases: [&[&str]; 7] = [
        &["--profile", "appendix", "--number", "141/KH-UBND"],
        &[
            "--profile",
            "copy",
            "--copy",
            "extract",
            "--agency",
            "Ủy ban nhân dân xã Đồng Lạc",
        ],
        &[
            "--profile",
            "number-date",
            "--number",
            "141/KH-UBND",
            "--date",
            "23 tháng 11 năm 2026",
        ],
        &[
            "--profile",
            "stamp",
            "--page",
            "1",
            "--rect",
            "40,400,142,100",
            "--number",
            "57",
            "--agency",
            "Sở Nội vụ",
        ],
        &["--profile", "text", "--page", "1", "--rect", "40,40,200,30"],
        &[
            "--profile",
            "image",
            "--image",
            "seal.png",
            "--page",
            "1",
            "--rect",
            "40,40,100,100",
        ],
        &["--profile", "none", "--certify", "2"],
    ];
    for options in cases {
        desk.sign(&[options, &["-o", "out.pdf", "paper.pdf"]].concat());
        let judged = desk.run(&["verify", "--trust-embedded", "out.pdf"]);
        assert!(judged.status.success(), "{options:?}: {}", said(&judged));
    }
}

#[test]
fn exit_codes_say_whose_fault_it_is_and_leave_no_file() {
    let desk = Desk::with(&paper::paper(clock::now()));
    std::fs::write(desk.path("wrong"), "sai").unwrap();
    std::fs::write(desk.path("broken.pdf"), "%PDF-1.7\n").unwrap();
    let sign = |arguments: &[&str]| {
        let key = ["sign", "--p12", "key.p12", "-o", "out.pdf"];
        desk.run(&[&key, arguments].concat())
    };
    let cases: [(&[&str], i32); 8] = [
        (&["--password-file", "wrong", "paper.pdf"], 77),
        (&["--password-file", "password", "nowhere.pdf"], 66),
        (&["--password-file", "password", "broken.pdf"], 65),
        (
            &["--password-file", "password", "--level", "B-T", "paper.pdf"],
            64,
        ),
        (
            &["--password-file", "password", "--level", "B-Z", "paper.pdf"],
            64,
        ),
        (
            &["--password-file", "password", "--profile", "leader", "paper.pdf"],
            64,
        ),
        (
            &["--password-file", "password", "--certify", "4", "paper.pdf"],
            64,
        ),
        (
            &[
                "--password-file",
                "password",
                "--level",
                "B-T",
                "--tsa",
                "http://127.0.0.1:9/",
                "paper.pdf",
            ],
            69,
        ),
    ];
    let before = desk.files();
    for (arguments, code) in cases {
        let output = sign(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "{arguments:?}: {}",
            said(&output)
        );
        assert!(!output.stderr.is_empty());
        assert_eq!(desk.files(), before, "{arguments:?}");
    }
}

#[test]
fn help_speaks_both_languages_and_shells_get_their_words() {
    let desk = Desk::with(&paper::paper(clock::now()));
    let help = |arguments: &[&str], language: &str| {
        let output = desk
            .command()
            .args(arguments)
            .env("LC_ALL", "")
            .env("LC_MESSAGES", "")
            .env("LANG", language)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
        String::from_utf8(output.stdout).unwrap()
    };
    assert!(help(&["sign", "--help"], "C").contains("The key and its certificates"));
    assert!(help(&["sign", "--help"], "vi_VN.UTF-8").contains("Khóa và chứng thư số"));
    assert!(help(&["--help", "--lang", "vi"], "C").contains("Kiểm tra chữ ký số"));
    assert!(help(&["--lang", "en", "--help"], "vi_VN.UTF-8").contains("Judges the signatures"));
    for (shell, words) in [
        ("bash", "_signer()"),
        ("zsh", "#compdef signer"),
        ("fish", "complete -c signer"),
    ] {
        let script = desk.run(&["completions", shell]);
        assert!(String::from_utf8_lossy(&script.stdout).contains(words), "{shell}");
    }
}
