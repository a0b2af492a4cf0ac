//! Several signers on every form of file, under every rule of what may come later, at every level: each file before
//! pyHanko, EU DSS, pdfsig, qpdf and our own validator.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hoian_tests::forms::{blank, hybrid, qpdf, with_field};
use serde_json::Value;

use super::authority::{Authority, run};
use super::dss;

/// What the first signature says of later changes.
#[derive(Clone, Copy)]
struct Rule {
    name: &'static str,
    certify: Option<&'static str>,
    /// Entries of the first field, or `None` where it is to be made.
    field: Option<&'static str>,
    /// Whether another may sign.
    open: bool,
}

const RULES: [Rule; 10] = [
    rule("nothing", None, None, true),
    rule("certify-1", Some("1"), None, false),
    rule("certify-2", Some("2"), None, true),
    rule("certify-3", Some("3"), None, true),
    rule("all", None, Some("/Lock<</Type/SigFieldLock/Action/All>>"), false),
    rule(
        "include",
        None,
        Some("/Lock<</Type/SigFieldLock/Action/Include/Fields[(so)]>>"),
        true,
    ),
    rule(
        "exclude",
        None,
        Some("/Lock<</Type/SigFieldLock/Action/Exclude/Fields[(hai)]>>"),
        true,
    ),
    rule(
        "lock-1",
        None,
        Some("/Lock<</Type/SigFieldLock/Action/Include/Fields[(so)]/P 1>>"),
        false,
    ),
    rule(
        "lock-2",
        None,
        Some("/Lock<</Type/SigFieldLock/Action/Include/Fields[(so)]/P 2>>"),
        true,
    ),
    rule(
        "lock-3",
        None,
        Some("/Lock<</Type/SigFieldLock/Action/Exclude/Fields[(hai)]/P 3>>"),
        true,
    ),
];

const fn rule(
    name: &'static str,
    certify: Option<&'static str>,
    field: Option<&'static str>,
    open: bool,
) -> Rule {
    Rule {
        name,
        certify,
        field,
        open,
    }
}

/// A form of file: how qpdf writes it, and the passwords of the first and the second signer.
type Form = (&'static str, &'static [&'static str], [Option<&'static str>; 2]);

/// The user's password; judge.py knows it.
const USER: &str = "mat khau";
const ENCRYPTED: [Option<&str>; 2] = [Some(USER), Some("owner")];

const FORMS: [Form; 7] = [
    (
        "table",
        &["--object-streams=disable", "--force-version=1.4"],
        [None, None],
    ),
    ("object-streams", &["--object-streams=generate"], [None, None]),
    (
        "linearised",
        &["--linearize", "--object-streams=disable"],
        [None, None],
    ),
    (
        "linearised-object-streams",
        &["--linearize", "--object-streams=generate"],
        [None, None],
    ),
    (
        "rc4-128",
        &[
            "--allow-weak-crypto",
            "--object-streams=disable",
            "--encrypt",
            USER,
            "owner",
            "128",
            "--use-aes=n",
            "--",
        ],
        ENCRYPTED,
    ),
    (
        "aes-128",
        &[
            "--allow-weak-crypto",
            "--object-streams=generate",
            "--encrypt",
            USER,
            "owner",
            "128",
            "--use-aes=y",
            "--",
        ],
        ENCRYPTED,
    ),
    (
        "aes-256",
        &[
            "--object-streams=generate",
            "--encrypt",
            USER,
            "owner",
            "256",
            "--",
        ],
        ENCRYPTED,
    ),
];

const LEVELS: [&str; 4] = ["B-B", "B-T", "B-LT", "B-LTA"];

#[test]
fn several_sign_every_form_of_file_under_every_rule_at_every_level() {
    let authority = Authority::shared();
    let folder = authority.subfolder("matrix");
    let mut rows: Vec<Row<'_>> = Vec::new();
    for (at, (form, arguments, passwords)) in FORMS.into_iter().enumerate() {
        for (index, rule) in RULES.into_iter().enumerate() {
            let document = qpdf(&folder, &document(rule), arguments);
            let levels = [at + index, at + 2 * index + 1].map(|level| LEVELS[level % 4]);
            rows.push(Row {
                authority,
                name: format!("{form}-{}", rule.name),
                document,
                rule,
                levels,
                passwords,
                folder: &folder,
            });
        }
    }
    for (index, rule) in RULES.into_iter().filter(|rule| rule.field.is_none()).enumerate() {
        let levels = [index, index + 1].map(|level| LEVELS[level % 4]);
        rows.push(Row {
            authority,
            name: format!("hybrid-{}", rule.name),
            document: hybrid(),
            rule,
            levels,
            passwords: [None, None],
            folder: &folder,
        });
    }
    let signed: Vec<PathBuf> = rows.iter().map(Row::sign).collect();
    for ((row, file), verdicts) in rows.iter().zip(&signed).zip(authority.pyhanko(&signed, false)) {
        let verdicts = verdicts.as_array().unwrap();
        if !row.ends_pyhanko(verdicts) {
            assert!(verdicts.len() >= row.signers(), "{}: {verdicts:#?}", row.name);
            for verdict in verdicts {
                let accepted = verdict["bottom_line"] == true && verdict["trusted"] == true;
                assert!(accepted, "{}: {verdict:#}", row.name);
            }
        }
        row.check(file);
    }
    for (rows, files) in rows.chunks(RULES.len()).zip(signed.chunks(RULES.len())) {
        let secrets = rows.iter().map(|row| row.passwords[0]);
        let judged = dss::judge(authority, files.iter().map(PathBuf::as_path).zip(secrets));
        for (row, said) in rows.iter().zip(judged) {
            assert_eq!(said.len(), row.signers(), "{}: {said:?}", row.name);
            assert!(
                said.iter().all(|one| one.starts_with("TOTAL_PASSED ")),
                "{}: {said:?}",
                row.name
            );
        }
    }
}

/// One file on its way.
struct Row<'a> {
    authority: &'a Authority,
    name: String,
    document: Vec<u8>,
    rule: Rule,
    levels: [&'static str; 2],
    passwords: [Option<&'static str>; 2],
    folder: &'a Path,
}

impl Row<'_> {
    fn signers(&self) -> usize {
        if self.rule.open { 2 } else { 1 }
    }

    /// Whether pyHanko broke off, as 0.38 does over the names of locked fields in an encrypted file, which it joins before
    /// deciphering them: no verdict, and the other judges decide.
    fn ends_pyhanko(&self, verdicts: &[Value]) -> bool {
        let names_fields = self.rule.field.is_some_and(|entries| entries.contains("/Fields"));
        let crash = |verdict: &Value| {
            let summary = verdict["summary"].as_str();
            summary.is_some_and(|said| said.starts_with("TypeError") && said.contains("DecryptedObjectProxy"))
        };
        self.passwords[0].is_some() && names_fields && verdicts.iter().any(crash)
    }

    /// Signs once or twice, through the command; who may not sign is refused and leaves nothing.
    fn sign(&self) -> PathBuf {
        let path = |step: &str| self.folder.join(format!("{}-{step}.pdf", self.name));
        let [paper, one, two] = [path("0"), path("1"), path("2")];
        std::fs::write(&paper, &self.document).unwrap();
        let mut options = vec!["--field", "ky"];
        options.extend(self.rule.certify.iter().flat_map(|level| ["--certify", level]));
        let first = self.run(0, "p-256", &options, &paper, &one);
        assert!(first.status.success(), "{}: {}", self.name, said(&first));
        let second = self.run(1, "rsa-2048", &["--field", "hai"], &one, &two);
        if !self.rule.open {
            assert_eq!(second.status.code(), Some(65), "{}: {}", self.name, said(&second));
            assert!(!two.exists(), "{}", self.name);
            return one;
        }
        assert!(second.status.success(), "{}: {}", self.name, said(&second));
        let (old, new) = (std::fs::read(&one).unwrap(), std::fs::read(&two).unwrap());
        assert!(
            old.starts_with(&self.document) && new.starts_with(&old),
            "{}: stored bytes changed",
            self.name
        );
        two
    }

    fn run(&self, step: usize, key: &str, options: &[&str], from: &Path, to: &Path) -> Output {
        let (package, tsa) = (format!("{key}.p12"), self.authority.tsa());
        let mut arguments = vec![
            "sign",
            "--p12",
            &package,
            "--password-file",
            "password",
            "--trust",
            "root.pem",
        ];
        arguments.extend(["--level", self.levels[step], "--tsa", &tsa]);
        arguments.extend(
            self.passwords[step]
                .iter()
                .flat_map(|password| ["--password", password]),
        );
        arguments.extend(options);
        arguments.extend(["-o", to.to_str().unwrap(), from.to_str().unwrap()]);
        self.authority.signer(&arguments)
    }

    fn check(&self, file: &Path) {
        let secret = self.passwords[0];
        run(Command::new("qpdf")
            .args(secret.map(|secret| format!("--password={secret}")))
            .arg("--check")
            .arg(file));
        let mut pdfsig = Command::new("pdfsig");
        pdfsig
            .args(secret.iter().flat_map(|secret| ["-upw", secret]))
            .args(["-nocert", "-no-ocsp"]);
        let report = run(pdfsig.arg(file));
        assert!(
            report
                .matches("Signature Validation: Signature is Valid.")
                .count()
                >= self.signers(),
            "{}: {report}",
            self.name
        );
        let mut arguments = vec!["verify", "--json", "--trust", "root.pem"];
        arguments.extend(secret.iter().flat_map(|secret| ["--password", secret]));
        arguments.push(file.to_str().unwrap());
        let ours = self.authority.signer(&arguments);
        assert!(
            ours.status.success(),
            "{}: {}",
            self.name,
            String::from_utf8_lossy(&ours.stdout)
        );
    }
}

/// A page whose first field stands there with its lock, or without any field.
fn document(rule: Rule) -> Vec<u8> {
    let Some(entries) = rule.field else {
        return blank();
    };
    with_field(entries)
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
