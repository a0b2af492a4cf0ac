//! Every key and algorithm that we sign with, out of PKCS#12 files modern and legacy and out of a token, through the command:
//! each file before pyHanko, pdfsig, qpdf and our own validator. SoftHSM2 stands for the tokens that cannot be had here, behind
//! the same PKCS#11 as they have.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use hoian_signer::shell::clock;
use hoian_tests::{binary, paper};

use super::authority::{Authority, run};

const KEYS: [&str; 5] = ["rsa-2048", "rsa-3072", "rsa-4096", "p-256", "p-384"];
const DIGESTS: [&str; 3] = ["sha256", "sha384", "sha512"];

/// How OpenSSL seals packages that old tools made.
const LEGACY: [(&str, &[&str]); 3] = [
    (
        "rc2",
        &[
            "-legacy",
            "-certpbe",
            "PBE-SHA1-RC2-40",
            "-keypbe",
            "PBE-SHA1-3DES",
            "-macalg",
            "sha1",
        ],
    ),
    (
        "3des",
        &[
            "-certpbe",
            "PBE-SHA1-3DES",
            "-keypbe",
            "PBE-SHA1-3DES",
            "-macalg",
            "sha1",
        ],
    ),
    (
        "pbes2",
        &[
            "-certpbe",
            "AES-256-CBC",
            "-keypbe",
            "AES-256-CBC",
            "-macalg",
            "sha256",
        ],
    ),
];

const PIN: &str = "12345678";
const TOKEN: &str = "Văn phòng";
/// Where Debian puts it.
const MODULE: &str = "/usr/lib/softhsm/libsofthsm2.so";

#[test]
fn every_key_and_algorithm_signs_out_of_every_holder() {
    let desk = Desk::new();
    let mut files = Vec::new();
    for key in KEYS {
        let holder = [
            "--p12".to_owned(),
            format!("{key}.p12"),
            "--password-file".into(),
            "password".into(),
        ];
        files.extend(desk.sign_with_all(key, "modern", &holder));
        for (name, arguments) in LEGACY {
            desk.export(key, name, arguments);
            let holder = [
                "--p12".to_owned(),
                format!("devices/{key}-{name}.p12"),
                "--password-file".into(),
                "password".into(),
            ];
            files.push(desk.sign(&format!("{key}-{name}"), &holder, &[]));
        }
        desk.import(key);
        let holder = [
            "--pkcs11",
            MODULE,
            "--token",
            TOKEN,
            "--key",
            key,
            "--password-file",
            "devices/pin",
            "--chain",
            "issuing.pem",
        ];
        files.extend(desk.sign_with_all(key, "token", &holder.map(str::to_owned)));
    }
    let paths: Vec<PathBuf> = files.iter().map(|(path, ..)| path.clone()).collect();
    for ((path, algorithm, digest), verdicts) in files.iter().zip(desk.authority.pyhanko(&paths, false)) {
        let name = path.display();
        let verdict = &verdicts[0];
        assert_eq!(
            (&verdict["bottom_line"], &verdict["trusted"]),
            (&true.into(), &true.into()),
            "{name}: {verdict:#}"
        );
        run(Command::new("qpdf").arg("--check").arg(path));
        let report = run(Command::new("pdfsig").args(["-nocert", "-no-ocsp"]).arg(path));
        assert!(
            report.contains("Signature Validation: Signature is Valid."),
            "{name}: {report}"
        );
        let ours =
            desk.authority
                .signer(&["verify", "--json", "--trust", "root.pem", path.to_str().unwrap()]);
        let ours: serde_json::Value = serde_json::from_slice(&ours.stdout).unwrap();
        assert_eq!(ours["verdict"], "TOTAL-PASSED", "{name}: {ours:#}");
        assert_eq!(
            ours["signatures"][0]["digest_algorithm"], *digest,
            "{name}: {ours:#}"
        );
        assert_eq!(verdict["algorithm"], *algorithm, "{name}: {verdict:#}");
    }
}

#[test]
fn no_word_makes_sha_1() {
    let desk = Desk::new();
    for word in ["sha1", "SHA1", "sha-1", "md5", "ripemd160"] {
        let output = desk.run(&[
            "sign",
            "--p12",
            "rsa-2048.p12",
            "--password-file",
            "password",
            "--digest",
            word,
            "-o",
            "devices/sha1.pdf",
            "devices/paper.pdf",
        ]);
        assert_eq!(output.status.code(), Some(64), "{word}: {}", said(&output));
        let output = desk.run(&[
            "prepare",
            "--certificate",
            "rsa-2048.pem",
            "--digest",
            word,
            "--state",
            "devices/sha1",
            "devices/paper.pdf",
        ]);
        assert_eq!(output.status.code(), Some(64), "{word}: {}", said(&output));
    }
    // A form that takes nothing else is not signed.
    let form = hoian_tests::forms::with_field("/SV<</DigestMethod[/SHA1]/Ff 64>>");
    std::fs::write(desk.path("form.pdf"), form).unwrap();
    let output = desk.run(&[
        "sign",
        "--p12",
        "rsa-2048.p12",
        "--password-file",
        "password",
        "--field",
        "ky",
        "-o",
        "devices/sha1.pdf",
        "devices/form.pdf",
    ]);
    assert_eq!(output.status.code(), Some(65), "{}", said(&output));
    assert!(
        said(&output).contains("its seed values want the digest SHA1"),
        "{}",
        said(&output)
    );
    assert!(!desk.path("sha1.pdf").exists() && !desk.path("sha1").exists());
}

/// A folder within the shared authority's, with a token and a paper.
struct Desk {
    authority: &'static Authority,
}

/// A file, and the names of its signature and digest algorithms.
type Signed = (PathBuf, String, &'static str);

impl Desk {
    fn new() -> Self {
        let authority = Authority::shared();
        static MADE: std::sync::Once = std::sync::Once::new();
        MADE.call_once(|| {
            let folder = authority.subfolder("devices");
            let settings = format!(
                "directories.tokendir = {}\nobjectstore.backend = file\nlog.level = ERROR\n",
                folder.display()
            );
            let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).unwrap();
            write("softhsm2.conf", settings.as_bytes());
            write("pin", PIN.as_bytes());
            write("paper.pdf", &paper::paper(clock::now()));
            let made = run(with_token(&folder, "softhsm2-util").args([
                "--init-token",
                "--free",
                "--label",
                TOKEN,
                "--pin",
                PIN,
                "--so-pin",
                "87654321",
            ]));
            assert!(made.contains("initialized"), "{made}");
        });
        Self { authority }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.authority.path("devices").join(name)
    }

    fn run(&self, arguments: &[&str]) -> Output {
        with_token(&self.path(""), binary::signer().to_str().unwrap())
            .args(arguments)
            .current_dir(self.authority.folder.path())
            .env("LC_ALL", "C")
            .output()
            .unwrap()
    }

    /// With both paddings and each digest where the key is RSA, else with what its curve has.
    fn sign_with_all(&self, key: &str, holder: &str, arguments: &[String]) -> Vec<Signed> {
        if !key.starts_with("rsa") {
            return vec![self.sign(&format!("{key}-{holder}"), arguments, &[])];
        }
        let mut files = Vec::new();
        for digest in DIGESTS {
            for padding in [&[][..], &["--pkcs1"]] {
                let options = [&["--digest", digest], padding].concat();
                let name = format!("{key}-{holder}-{digest}-{}", padding.len());
                let (path, ..) = self.sign(&name, arguments, &options);
                let scheme = if padding.is_empty() {
                    "rsassa_pss"
                } else {
                    "rsassa_pkcs1v15"
                };
                files.push((path, scheme.to_owned(), digest));
            }
        }
        files
    }

    fn sign(&self, name: &str, holder: &[String], options: &[&str]) -> Signed {
        let path = self.path(&format!("{name}.pdf"));
        let mut arguments = vec!["sign"];
        arguments.extend(holder.iter().map(String::as_str));
        arguments.extend(options);
        arguments.extend(["-o", path.to_str().unwrap(), "devices/paper.pdf"]);
        let output = self.run(&arguments);
        assert!(output.status.success(), "{name}: {}", said(&output));
        let (algorithm, digest) = match name {
            name if name.starts_with("p-256") => ("ecdsa", "sha256"),
            name if name.starts_with("p-384") => ("ecdsa", "sha384"),
            _ => ("rsassa_pss", "sha256"),
        };
        (path, algorithm.to_owned(), digest)
    }

    /// The package `KEY-NAME.p12`, sealed so.
    fn export(&self, key: &str, name: &str, arguments: &[&str]) {
        run(Command::new("openssl")
            .args([
                "pkcs12",
                "-export",
                "-inkey",
                &format!("keys/{key}.pem"),
                "-in",
                &format!("{key}.pem"),
            ])
            .args([
                "-certfile",
                "issuing.pem",
                "-passout",
                "file:password",
                "-out",
                &format!("devices/{key}-{name}.p12"),
            ])
            .args(arguments)
            .current_dir(self.authority.folder.path()));
    }

    /// Brings the key and its certificate onto the token.
    fn import(&self, key: &str) {
        let id = format!("{:02x}", KEYS.iter().position(|one| *one == key).unwrap() + 1);
        let folder = self.path("");
        run(with_token(&folder, "softhsm2-util")
            .args([
                "--import",
                &format!("../keys/{key}.pem"),
                "--token",
                TOKEN,
                "--label",
                key,
                "--id",
                &id,
                "--pin",
                PIN,
            ])
            .current_dir(&folder));
        run(Command::new("openssl")
            .args([
                "x509",
                "-outform",
                "DER",
                "-in",
                &format!("../{key}.pem"),
                "-out",
                &format!("{key}.der"),
            ])
            .current_dir(&folder));
        run(with_token(&folder, "pkcs11-tool")
            .args([
                "--module",
                MODULE,
                "--token-label",
                TOKEN,
                "--login",
                "--pin",
                PIN,
                "--type",
                "cert",
            ])
            .args([
                "--label",
                key,
                "--id",
                &id,
                "--write-object",
                &format!("{key}.der"),
            ])
            .current_dir(&folder));
    }
}

fn with_token(folder: &Path, program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("SOFTHSM2_CONF", folder.join("softhsm2.conf"));
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
