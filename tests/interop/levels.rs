//! Each level and algorithm: ours before pyHanko, pdfsig and qpdf, and pyHanko's before ours.

use std::path::{Path, PathBuf};
use std::process::Command;

use hoian_signer::shell::clock;
use hoian_signer::validate::{Anchor, Level, Policy, Report, Revocation, Verdict, validate};
use serde_json::Value;

use super::authority::{Authority, python, run, script};
use hoian_tests::paper;

pub const LEVELS: [(&str, Level); 4] = [
    ("B-B", Level::BB),
    ("B-T", Level::BT),
    ("B-LT", Level::BLT),
    ("B-LTA", Level::BLTA),
];

/// A signer of `pki.yml`, and what its key is told.
pub const ALGORITHMS: [(&str, &[&str]); 6] = [
    ("rsa-2048", &[]),
    ("rsa-2048", &["--pkcs1", "--digest", "sha512"]),
    ("rsa-3072", &["--digest", "sha384"]),
    ("rsa-4096", &["--digest", "sha512"]),
    ("p-256", &[]),
    ("p-384", &[]),
];

#[test]
fn each_level_and_algorithm_of_ours_passes_every_judge() {
    let authority = Authority::start();
    let paper = authority.write("paper.pdf", &paper::paper(clock::now()));
    for (name, level) in LEVELS {
        let files: Vec<PathBuf> = (0..ALGORITHMS.len())
            .map(|index| sign(&authority, &paper, index, name))
            .collect();
        let long_term = level >= Level::BLT;
        for (file, verdicts) in files.iter().zip(authority.pyhanko(&files, long_term)) {
            check_pyhanko(file, &verdicts, level);
            check_ours(&authority, file, level);
            run(Command::new("qpdf").arg("--check").arg(file));
        }
        check_pdfsig(&files, level);
    }
}

#[test]
fn a_signature_is_raised_from_level_to_level_and_renewed() {
    let authority = Authority::start();
    authority.write("paper.pdf", &paper::paper(clock::now()));
    let mut file = sign(&authority, Path::new("paper.pdf"), 4, "B-B");
    let steps = [
        ("B-T", Level::BT, 2),
        ("B-LT", Level::BLT, 2),
        ("B-LTA", Level::BLTA, 3),
        ("B-LTA", Level::BLTA, 4),
    ];
    for (index, (name, level, signatures)) in steps.into_iter().enumerate() {
        let (old, next) = (
            std::fs::read(&file).unwrap(),
            authority.path(&format!("{index}.pdf")),
        );
        authority.succeed(
            &extend(&authority, name, &file, &next)
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>(),
        );
        assert!(
            std::fs::read(&next).unwrap().starts_with(&old),
            "{name}: stored bytes changed"
        );
        run(Command::new("qpdf").arg("--check").arg(&next));
        let verdicts = &authority.pyhanko(std::slice::from_ref(&next), level >= Level::BLT)[0];
        let verdicts = verdicts.as_array().unwrap();
        assert_eq!(verdicts.len(), signatures, "{name}: {verdicts:#?}");
        assert!(
            verdicts.iter().all(|one| one["bottom_line"] == true),
            "{name}: {verdicts:#?}"
        );
        check_ours(&authority, &next, level);
        file = next;
    }
}

#[test]
fn each_level_and_algorithm_of_pyhanko_passes_ours() {
    let authority = Authority::start();
    let paper = authority.write("paper.pdf", &paper::paper(clock::now()));
    let printed = run(Command::new(python())
        .arg(script("sign.py"))
        .arg(&authority.address)
        .arg(authority.folder.path())
        .arg(paper));
    let list = printed.lines().find(|line| line.starts_with("[[")).unwrap();
    let files: Vec<(PathBuf, String, String)> = serde_json::from_str(list).unwrap();
    assert_eq!(files.len(), 24);
    for (file, name, digest) in files {
        let level = LEVELS.iter().find(|(known, _)| *known == name).unwrap().1;
        let report = check_ours(&authority, &file, level);
        assert_eq!(
            report.signatures[0].digest_algorithm.as_deref(),
            Some(&*digest),
            "{}",
            file.display()
        );
    }
}

#[test]
fn nobody_gets_a_long_term_signature_with_a_revoked_certificate() {
    let authority = Authority::start();
    authority.write("paper.pdf", &paper::paper(clock::now()));
    let tsa = authority.tsa();
    let refused = authority.signer(&[
        "sign",
        "--p12",
        "revoked.p12",
        "--password-file",
        "password",
        "--level",
        "B-LT",
        "--tsa",
        &tsa,
        "--trust",
        "root.pem",
        "-o",
        "out.pdf",
        "paper.pdf",
    ]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(said.contains("was revoked at 2021-01-01"), "{said}");
    assert_eq!(refused.status.code(), Some(65));
    assert!(!authority.path("out.pdf").exists());
}

#[test]
fn hosts_of_strangers_are_asked_only_when_they_are_allowed() {
    let authority = Authority::start();
    authority.write("paper.pdf", &paper::paper(clock::now()));
    let file = sign(&authority, Path::new("paper.pdf"), 4, "B-T");
    // Another name of the same machine: the time-stamp is there, and 127.0.0.1 is nobody we named.
    let refused = authority.signer(&[
        "extend",
        "--level",
        "B-LT",
        "--trust",
        "root.pem",
        "-o",
        "out.pdf",
        file.to_str().unwrap(),
    ]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(
        said.contains("is not on the list: --allow 127.0.0.1 puts it there"),
        "{said}"
    );
    assert!(!authority.path("out.pdf").exists());
    authority.succeed(&[
        "extend",
        "--level",
        "B-LT",
        "--trust",
        "root.pem",
        "--allow",
        "127.0.0.1",
        "-o",
        "out.pdf",
        file.to_str().unwrap(),
    ]);
    check_ours(&authority, &authority.path("out.pdf"), Level::BLT);
}

#[test]
fn encrypted_files_are_signed_under_their_password() {
    let authority = Authority::start();
    let paper = authority.write("paper.pdf", &paper::paper(clock::now()));
    let tsa = authority.tsa();
    // Before AES-256 passwords had no letters of Viet Nam.
    let kinds: [(&str, &str, &[&str]); 3] = [
        ("rc4", "mat khau", &["128", "--use-aes=n", "--"]),
        ("aes-128", "mat khau", &["128", "--use-aes=y", "--"]),
        ("aes-256", "mật khẩu", &["256", "--"]),
    ];
    for (kind, password, arguments) in kinds {
        let encrypted = authority.path(&format!("{kind}.pdf"));
        run(Command::new("qpdf")
            .args(["--allow-weak-crypto", "--encrypt", password, "owner"])
            .args(arguments)
            .arg(&paper)
            .arg(&encrypted));
        let (input, output) = (format!("{kind}.pdf"), format!("{kind}-signed.pdf"));
        let sign = |password: &str| {
            authority.signer(&[
                "sign",
                "--p12",
                "p-256.p12",
                "--password-file",
                "password",
                "--level",
                "B-LTA",
                "--tsa",
                &tsa,
                "--trust",
                "root.pem",
                "--reason",
                "Kiểm thử",
                "--password",
                password,
                "-o",
                &output,
                &input,
            ])
        };
        assert_eq!(sign("another").status.code(), Some(77), "{kind}");
        let signed = sign(password);
        assert!(
            signed.status.success(),
            "{kind}: {}",
            String::from_utf8_lossy(&signed.stderr)
        );
        let output = authority.path(&output);
        run(Command::new("qpdf")
            .arg(format!("--password={password}"))
            .arg("--check")
            .arg(&output));
        let report = judge(&authority, &output, Level::BLTA, Some(password));
        assert_eq!(report.verdict, Verdict::TotalPassed, "{kind}: {report:#?}");
        assert_eq!(report.signatures[0].reason.as_deref(), Some("Kiểm thử"), "{kind}");
        let verdicts = &authority.pyhanko(std::slice::from_ref(&output), false)[0];
        assert!(
            verdicts
                .as_array()
                .unwrap()
                .iter()
                .all(|one| one["bottom_line"] == true),
            "{kind}: {verdicts:#}"
        );
    }
}

/// Signs with the command; comes back with the new file.
pub fn sign(authority: &Authority, paper: &Path, algorithm: usize, level: &str) -> PathBuf {
    let (name, options) = ALGORITHMS[algorithm];
    let output = format!("{name}-{algorithm}-{level}.pdf");
    let (package, tsa) = (format!("{name}.p12"), authority.tsa());
    let mut arguments = vec!["sign", "--p12", &package, "--password-file", "password"];
    arguments.extend(options);
    arguments.extend([
        "--level", level, "--tsa", &tsa, "--trust", "root.pem", "-o", &output,
    ]);
    arguments.push(paper.to_str().unwrap());
    authority.succeed(&arguments);
    authority.path(&output)
}

fn extend(authority: &Authority, level: &str, from: &Path, to: &Path) -> Vec<String> {
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    let tsa = authority.tsa();
    let mut arguments = [
        "extend",
        "--level",
        level,
        "--tsa",
        &tsa,
        "--trust",
        "root.pem",
        "--allow",
        "127.0.0.1",
        "-o",
    ]
    .map(str::to_owned)
    .to_vec();
    arguments.extend([path(to), path(from)]);
    arguments
}

fn check_pyhanko(file: &Path, verdicts: &Value, level: Level) {
    let signature = &verdicts[0];
    let file = file.display();
    assert_eq!(signature["bottom_line"], true, "{file}: {verdicts:#}");
    assert_eq!(signature["trusted"], true, "{file}: {verdicts:#}");
    assert_eq!(
        signature["time_stamp"],
        level >= Level::BT,
        "{file}: {verdicts:#}"
    );
    if level >= Level::BLT {
        assert_eq!(signature["by_the_file_alone"], true, "{file}: {verdicts:#}");
        assert_eq!(signature["modification"], "LTA_UPDATES", "{file}: {verdicts:#}");
    }
    if level == Level::BLTA {
        assert_eq!(signature["archival"], "OK", "{file}: {verdicts:#}");
        assert_eq!(verdicts[1]["bottom_line"], true, "{file}: {verdicts:#}");
    }
}

pub fn check_ours(authority: &Authority, file: &Path, level: Level) -> Report {
    let report = judge(authority, file, level, None);
    let name = file.display();
    assert_eq!(report.verdict, Verdict::TotalPassed, "{name}: {report:#?}");
    // A document time-stamp that gave level B-T stands later than the signature too, and counts for more.
    assert!(report.signatures[0].level >= level, "{name}: {report:#?}");
    report
}

/// By the root, and from B-LT with the revocation data in the file required.
fn judge(authority: &Authority, file: &Path, level: Level, password: Option<&str>) -> Report {
    let mut policy = Policy::new(clock::now());
    let pem = std::fs::read(authority.path("root.pem")).unwrap();
    let root = first_of_pem(&pem);
    policy.anchors.push(Anchor::new(root, "interop"));
    policy.intermediates.push(first_of_pem(
        &std::fs::read(authority.path("issuing.pem")).unwrap(),
    ));
    policy.password = password.map(str::to_owned);
    policy.revocation = if level >= Level::BLT {
        Revocation::Require
    } else {
        Revocation::IfAvailable
    };
    validate(&std::fs::read(file).unwrap(), &policy)
}

/// The DER of the first certificate of a PEM file.
fn first_of_pem(pem: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let text = std::str::from_utf8(pem).unwrap();
    let body: String = text
        .lines()
        .skip(1)
        .take_while(|line| !line.starts_with("-----"))
        .collect();
    base64::engine::general_purpose::STANDARD.decode(body).unwrap()
}

/// What poppler says of the signature. Of certificates with addresses its library says nothing without asking them, so
/// trust is judged where the flow's certificates have none.
fn check_pdfsig(files: &[PathBuf], level: Level) {
    for file in files {
        let report = run(Command::new("pdfsig").args(["-nocert", "-no-ocsp"]).arg(file));
        let first = report.split("Signature #2").next().unwrap();
        let whole = if level <= Level::BT {
            "Total document signed"
        } else {
            "Signed Ranges"
        };
        for line in [
            "Signature Validation: Signature is Valid.",
            "Signature Type: ETSI.CAdES.detached",
            whole,
        ] {
            assert!(first.contains(line), "{} {level:?}: {report}", file.display());
        }
    }
}
