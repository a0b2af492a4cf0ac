//! The command `signer` as scripts and people use it.

use std::path::PathBuf;
use std::process::{Command, Output};

use hoian_signer::shell::clock;
use hoian_tests::binary;
use serde_json::Value;
use tempfile::TempDir;

use super::{fixture, paper};

#[test]
fn leader_and_agency_sign_where_the_page_says_and_both_pass() {
    let desk = Desk::new();
    desk.succeed(&[
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
    desk.succeed(&[
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
    let desk = Desk::new();
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
        desk.succeed(&[options, &["-o", "out.pdf", "paper.pdf"]].concat());
        let judged = desk.run(&["verify", "--trust-embedded", "out.pdf"]);
        assert!(judged.status.success(), "{options:?}: {}", said(&judged));
    }
}

#[test]
fn exit_codes_say_whose_fault_it_is_and_leave_no_file() {
    let desk = Desk::new();
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
    let desk = Desk::new();
    let help = |arguments: &[&str], language: &str| {
        let output = Command::new(binary::signer())
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

/// A folder with a paper, a key and two images.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let making = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"];
        fixture::openssl_key(folder.path(), &making, &[]);
        let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
        write("password", fixture::OPENSSL_PASSWORD.as_bytes());
        write("paper.pdf", &paper::paper(clock::now()));
        write("signature.png", &fixture::signature_png());
        write("seal.png", &fixture::seal_png());
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    fn run(&self, arguments: &[&str]) -> Output {
        Command::new(binary::signer())
            .args(arguments)
            .current_dir(self.folder.path())
            .env("LC_ALL", "C")
            .output()
            .unwrap()
    }

    /// `signer sign` with the folder's key.
    fn succeed(&self, arguments: &[&str]) {
        let key = ["sign", "--p12", "key.p12", "--password-file", "password"];
        let output = self.run(&[&key, arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", said(&output));
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[&output.stdout[..], &output.stderr].concat()).into_owned()
}
