//! `signer prepare` and `signer complete`: the key is elsewhere, and the state is bound, authenticated and used once.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use hoian_signer::error::Error;
use hoian_signer::shell::clock;
use hoian_signer::sign::{self, Key as _};
use hoian_signer::validate::{Policy, Verdict, validate};
use hoian_tests::binary;
use tempfile::TempDir;

use super::{blank, fixture, run};

#[test]
fn a_signature_made_elsewhere_completes_its_document_once() {
    for (kind, making, digest) in [
        (
            "RSA",
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..],
            "sha384",
        ),
        (
            "ECDSA",
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
            "sha256",
        ),
    ] {
        let desk = Desk::new(making);
        let task = desk.prepare(digest, kind == "RSA");
        assert_eq!(task["digest_algorithm"], format!("SHA-{}", &digest[3..]));
        desk.sign_elsewhere(&task, digest);

        let other = desk.complete("signature", "other.pdf");
        assert_eq!(code(&other), 64, "{kind}: {}", said(&other));
        assert!(said(&other).contains("it is not the one that was prepared"));

        let first = desk.complete("signature", "paper.pdf");
        assert!(first.status.success(), "{kind}: {}", said(&first));
        desk.check();

        std::fs::remove_file(desk.path("out.pdf")).unwrap();
        let again = desk.complete("signature", "paper.pdf");
        assert!(said(&again).contains("it was used already"), "{}", said(&again));
        assert!(!desk.path("out.pdf").exists() && desk.leftovers().is_empty());
    }
}

#[test]
fn a_state_that_was_changed_or_made_elsewhere_is_refused() {
    let desk = Desk::new(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    let task = desk.prepare("sha256", false);
    desk.sign_elsewhere(&task, "sha256");
    let state = std::fs::read_to_string(desk.path("state")).unwrap();
    let changed = state.replace("\"level\":\"B-B\"", "\"level\":\"B-T\"");
    assert_ne!(changed, state);
    std::fs::write(desk.path("state"), changed).unwrap();
    let refused = desk.complete("signature", "paper.pdf");
    assert!(
        said(&refused).contains("it was not made here, or was changed"),
        "{}",
        said(&refused)
    );

    std::fs::write(desk.path("state"), &state).unwrap();
    std::fs::remove_file(desk.path("keeper/state.key")).unwrap();
    let refused = desk.complete("signature", "paper.pdf");
    assert!(
        said(&refused).contains("it was not made here, or was changed"),
        "{}",
        said(&refused)
    );
}

#[test]
fn a_signature_of_another_key_uses_nothing_up() {
    let desk = Desk::new(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    let task = desk.prepare("sha256", false);
    desk.sign_elsewhere(&task, "sha256");
    let mut broken = std::fs::read(desk.path("signature")).unwrap();
    *broken.last_mut().unwrap() ^= 1;
    std::fs::write(desk.path("broken"), broken).unwrap();
    let refused = desk.complete("broken", "paper.pdf");
    assert_eq!(code(&refused), 65, "{}", said(&refused));
    assert!(desk.complete("signature", "paper.pdf").status.success());
    desk.check();
}

#[test]
fn of_many_who_complete_at_once_one_succeeds() {
    let desk = Desk::new(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    for same_output in [true, false] {
        let task = desk.prepare("sha256", false);
        desk.sign_elsewhere(&task, "sha256");
        let output = |number: usize| match same_output {
            true => "out.pdf".to_owned(),
            false => format!("out-{number}.pdf"),
        };
        let running: Vec<Child> = (0..8).map(|number| desk.start(&output(number))).collect();
        let ended: Vec<Output> = running
            .into_iter()
            .map(|child| child.wait_with_output().unwrap())
            .collect();
        let succeeded: Vec<usize> = (0..8).filter(|number| ended[*number].status.success()).collect();
        assert_eq!(
            succeeded.len(),
            1,
            "{:?}",
            ended.iter().map(said).collect::<Vec<_>>()
        );
        for (number, one) in ended
            .iter()
            .enumerate()
            .filter(|(number, _)| *number != succeeded[0])
        {
            assert!(said(one).contains("it was used already"), "{}", said(one));
            assert!(same_output || !desk.path(&output(number)).exists());
        }
        std::fs::rename(desk.path(&output(succeeded[0])), desk.path("out.pdf")).unwrap();
        desk.check();
        assert!(desk.leftovers().is_empty(), "{:?}", desk.leftovers());
    }
}

/// Whenever the process dies, there is the whole file or none, and never a second one.
#[test]
fn a_death_at_any_moment_leaves_no_half_file_and_no_second_use() {
    let desk = Desk::new(&["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]);
    let used = desk.path("keeper/used");
    let count = |folder: &Path| std::fs::read_dir(folder).map_or(0, Iterator::count);
    let moments: [&dyn Fn(usize) -> bool; 4] = [
        &|_| true,
        &|_| !desk.leftovers().is_empty(),
        &|before| count(&used) > before,
        &|_| desk.path("out.pdf").exists(),
    ];
    let mut ends = [0; 3];
    for round in 0..12 {
        let task = desk.prepare("sha256", false);
        desk.sign_elsewhere(&task, "sha256");
        let before = count(&used);
        let mut child = desk.start("out.pdf");
        let moment = moments[round % moments.len()];
        while !moment(before) && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();

        let (written, taken) = (desk.path("out.pdf").exists(), count(&used) > before);
        if written {
            desk.check();
            std::fs::remove_file(desk.path("out.pdf")).unwrap();
        }
        assert!(taken || !written, "a file that counts without its state used up");
        let again = desk.complete("signature", "paper.pdf");
        assert_eq!(again.status.success(), !taken, "{}", said(&again));
        if taken {
            assert!(said(&again).contains("it was used already"), "{}", said(&again));
            assert!(!desk.path("out.pdf").exists());
        } else {
            desk.check();
            std::fs::remove_file(desk.path("out.pdf")).unwrap();
        }
        ends[usize::from(written) + usize::from(taken)] += 1;
        desk.leftovers()
            .iter()
            .for_each(|left| std::fs::remove_file(left).unwrap());
    }
    assert!(ends[0] > 0, "no death came early: {ends:?}");
}

#[test]
fn a_container_made_elsewhere_is_taken_over_only_for_its_own_document() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let request = fixture::request("Signature1", pki.leader.algorithm(), now);
    let document = blank();
    let prepare = |document: &[u8]| sign::prepare(document, &request, pki.leader.chain()).unwrap();
    // What a service would make: a whole CMS over the same digest.
    let value = pki.leader.sign(prepare(&document).signed_attributes()).unwrap();
    let signed = prepare(&document)
        .with_signature(value)
        .unwrap()
        .complete(&document)
        .unwrap();
    let container = fixture::last_container(&signed);

    let taken = prepare(&document).with_container(&container).unwrap();
    assert_eq!(taken.complete(&document).unwrap(), signed);

    let other = [&document[..], b"% another\n"].concat();
    let refused = prepare(&other).with_container(&container).unwrap_err();
    assert!(
        refused.to_string().contains("it signs another document"),
        "{refused}"
    );
    let agency = sign::prepare(&document, &request, pki.agency.chain()).unwrap();
    let refused = agency.with_container(&container).unwrap_err();
    assert!(matches!(refused, Error::Refused { .. }), "{refused}");
}

/// A folder with a certificate, a paper, and a key that the command never sees.
struct Desk {
    folder: TempDir,
}

impl Desk {
    fn new(making: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        fixture::openssl_key(folder.path(), making, &[]);
        std::fs::remove_file(folder.path().join("key.p12")).unwrap();
        std::fs::write(folder.path().join("paper.pdf"), blank()).unwrap();
        std::fs::write(folder.path().join("other.pdf"), [&blank()[..], b"\n"].concat()).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn signer(&self, arguments: &[&str]) -> Output {
        Command::new(binary::signer())
            .args(arguments)
            .current_dir(self.folder.path())
            .env("SIGNER_STATE_DIR", self.path("keeper"))
            .env("LC_ALL", "C")
            .output()
            .unwrap()
    }

    fn prepare(&self, digest: &str, pkcs1: bool) -> serde_json::Value {
        let mut arguments = vec![
            "prepare",
            "--certificate",
            "certificate.pem",
            "--digest",
            digest,
            "--state",
            "state",
            "paper.pdf",
        ];
        if pkcs1 {
            arguments.insert(1, "--pkcs1");
        }
        let output = self.signer(&arguments);
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// OpenSSL stands for the device.
    fn sign_elsewhere(&self, task: &serde_json::Value, digest: &str) {
        use base64::Engine as _;
        let attributes = task["attributes"].as_str().unwrap();
        let attributes = base64::engine::general_purpose::STANDARD
            .decode(attributes)
            .unwrap();
        std::fs::write(self.path("attributes"), attributes).unwrap();
        run(Command::new("openssl")
            .args([
                "dgst",
                &format!("-{digest}"),
                "-sign",
                "key.pem",
                "-out",
                "signature",
                "attributes",
            ])
            .current_dir(self.folder.path()));
    }

    /// `signer complete` that is not waited for.
    fn start(&self, output: &str) -> Child {
        Command::new(binary::signer())
            .args([
                "complete",
                "--state",
                "state",
                "--signature",
                "signature",
                "-o",
                output,
                "paper.pdf",
            ])
            .current_dir(self.folder.path())
            .env("SIGNER_STATE_DIR", self.path("keeper"))
            .env("LC_ALL", "C")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Files that were not finished.
    fn leftovers(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.folder.path()).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        paths
            .filter(|path| path.extension().is_some_and(|one| one == "part"))
            .collect()
    }

    fn complete(&self, signature: &str, paper: &str) -> Output {
        self.signer(&[
            "complete",
            "--state",
            "state",
            "--signature",
            signature,
            "-o",
            "out.pdf",
            paper,
        ])
    }

    fn check(&self) {
        let signed = std::fs::read(self.path("out.pdf")).unwrap();
        assert!(signed.starts_with(&std::fs::read(self.path("paper.pdf")).unwrap()));
        let mut policy = Policy::new(clock::now());
        policy.trust_embedded = true;
        let report = validate(&signed, &policy);
        assert_eq!(report.verdict, Verdict::TotalPassed, "{report:#?}");
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}
