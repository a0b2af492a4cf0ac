//! A paper whose seal is made by the agency's key in an HSM, bound by the command, before pyHanko and pdfsig.

use std::process::Command;

use hoian_tests::binary::command;
use hoian_tests::hsm::Hsm;
use hoian_tests::signing::{Office, PIN, act, content, expect, look};
use serde_json::{Value, json};

use super::authority::{python, run, script};

#[tokio::test]
async fn a_key_bound_by_the_command_seals_and_the_judges_accept() {
    let hsm = Hsm::begin().await;
    let office = Office::open_with(|config| config.hsm = Some(hsm.settings())).await;
    hsm.import("0a", office.authority.pkcs12("hsm"), PIN).await;
    let folder = office.server.folder();
    let pin = folder.join("pin-van-thu");
    std::fs::write(&pin, "13579246\n").unwrap();
    let admin = |arguments: &[&str]| {
        let mut hoian = command(folder, &[&["admin", "hsm"], arguments].concat());
        hoian.envs(hsm.environment());
        let done = hoian.output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8(said).unwrap())
    };
    let (_, listed) = admin(&["list"]);
    assert!(listed.contains("0a  ký  stays in it"), "{listed}");
    assert!(listed.contains("ỦY BAN NHÂN DÂN TỈNH LAM GIANG"), "{listed}");
    let bind = |key| {
        admin(&[
            "bind",
            key,
            "--agency",
            "H99",
            "--pin-file",
            pin.to_str().unwrap(),
        ])
    };
    let (done, said) = bind("0b");
    assert!(!done && said.contains("no key with the id 0b"), "{said}");
    let (done, said) = bind("0a");
    assert!(done, "{said}");
    assert!(!said.contains("13579246"));
    let (done, said) = bind("0a");
    assert!(!done && said.contains("enrolled already"), "{said}");

    let id = office.signed().await;
    let clerk = office.server.log_in("vanthu").await;
    expect(act(&clerk, &id, "number", json!({})).await, 200).await;
    let key = look(&clerk, &id).await["key"].clone();
    assert_eq!((&key["in_hsm"], &key["on_token"]), (&json!(true), &json!(false)));
    // The PIN of the key that the agency had before opens nothing any more.
    let former = expect(act(&clerk, &id, "seal", json!({ "pin": PIN })).await, 403).await;
    assert_eq!(former["tries_left"], 4);
    let sealed = act(&clerk, &id, "seal", json!({ "pin": "13579246" })).await;
    assert_eq!(expect(sealed, 200).await["state"], "sealed");

    let file = folder.join("sealed.pdf");
    std::fs::write(&file, content(&clerk, &id, "latest").await).unwrap();
    let [root, issuing] = [&office.authority.root, &office.authority.issuing].map(|der| pem(der));
    let trust = folder.join("trust.pem");
    std::fs::write(&trust, root + &issuing).unwrap();
    let printed = run(Command::new(python())
        .arg(script("judge.py"))
        .arg(&trust)
        .arg(&file));
    let verdicts: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(verdicts.as_array().unwrap().len(), 2, "{verdicts:#}");
    for verdict in verdicts.as_array().unwrap() {
        assert!(
            verdict["bottom_line"] == true && verdict["trusted"] == true,
            "{verdict:#}"
        );
        assert_eq!(verdict["time_stamp"], true, "{verdict:#}");
    }
    let report = run(Command::new("pdfsig").args(["-nocert", "-no-ocsp"]).arg(&file));
    let valid = "Signature Validation: Signature is Valid.";
    assert_eq!(report.matches(valid).count(), 2, "{report}");
}

fn pem(der: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
}
