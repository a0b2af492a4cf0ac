//! The real program: it starts, answers, keeps its data, and ends well.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod layers;
mod secrets;
mod security;
mod settings;

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use hoian_tests::Client;
use hoian_tests::binary::{Process, command};
use hoian_tests::tls;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn get(process: &Process, path: &str) -> (u16, String) {
    let response = Client::new(process.origin.clone())
        .get(path)
        .send()
        .await
        .expect("an answer");
    (response.status().as_u16(), response.text().await.expect("a body"))
}

/// The handout is written once, on the first start; that it stays says that the second start found the first's data.
fn handout(folder: &std::path::Path) -> String {
    std::fs::read_to_string(folder.join("handout.json")).expect("the demo's handout")
}

#[tokio::test]
async fn demo_starts_answers_keeps_its_data_and_drains() {
    let folder = tempfile::tempdir().unwrap();
    let demo = || command(folder.path(), &["demo"]);

    let first = Process::start(demo()).await;
    assert_eq!(get(&first, "/healthz").await, (200, "ok".into()));
    assert_eq!(get(&first, "/readyz").await.0, 200);
    let (status, page) = get(&first, "/").await;
    assert!(status == 200 && page.contains("<html"), "{page}");
    let before = handout(folder.path());
    assert!(first.terminate().await.success());

    let second = Process::start(demo()).await;
    assert_eq!(get(&second, "/readyz").await.0, 200);
    assert_eq!(handout(folder.path()), before);

    let code = command(folder.path(), &["demo", "code", "vanthu"])
        .output()
        .unwrap();
    let code = String::from_utf8(code.stdout).unwrap();
    assert!(
        code.trim().len() == 6 && code.trim().bytes().all(|byte| byte.is_ascii_digit()),
        "{code}"
    );
    assert!(second.terminate().await.success());

    let audit = command(folder.path(), &["doctor", "audit"]).output().unwrap();
    let said = String::from_utf8_lossy(&audit.stdout);
    assert!(audit.status.success() && said.contains("whole"), "{said}");

    let refused = command(folder.path(), &["serve"])
        .stdout(Stdio::null())
        .output()
        .unwrap();
    let reason = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && reason.contains("made by `hoian demo`"),
        "{reason}"
    );
}

/// For other machines the demo speaks TLS by a certificate whose fingerprint it prints, under a new password at each start.
#[test]
fn demo_for_other_machines_speaks_tls_and_renews_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let mut passwords = Vec::new();
    for _ in 0..2 {
        let mut demo = command(folder.path(), &["demo", "--lan"]);
        let mut demo = demo.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
        let mut until = |word: &str| {
            lines
                .by_ref()
                .map(Result::unwrap)
                .find(|line| line.contains(word))
                .unwrap()
        };
        let address = until("đã sẵn sàng:");
        let port = address.trim().rsplit(':').next().unwrap().parse().unwrap();
        until("SHA-256 là:");
        let fingerprint: String = [until(":"), until(":")].concat().split_whitespace().collect();
        let certificate = std::fs::read(folder.path().join("lan.pem")).unwrap();
        let certificate = CertificateDer::from_pem_slice(&certificate).unwrap();
        let digest = ring::digest::digest(&ring::digest::SHA256, &certificate);
        assert_eq!(hex::encode(digest), fingerprint.replace(':', "").to_lowercase());
        let answer = tls::ask(port, &certificate, "/readyz").unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert!(answer.contains("strict-transport-security"), "{answer}");
        passwords.push(handout(folder.path()));
        let id = demo.id().to_string();
        assert!(
            std::process::Command::new("/bin/kill")
                .args(["-TERM", &id])
                .status()
                .unwrap()
                .success()
        );
        assert!(demo.wait().unwrap().success());
    }
    assert_ne!(passwords[0], passwords[1]);
}

#[tokio::test]
async fn demo_refuses_what_serve_made() {
    let folder = tempfile::tempdir().unwrap();
    let serve = Process::start(command(folder.path(), &["serve"])).await;
    assert_eq!(get(&serve, "/readyz").await.0, 200);
    assert!(serve.terminate().await.success());
    let refused = command(folder.path(), &["demo"]).output().unwrap();
    let reason = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && reason.contains("made by `hoian serve`"),
        "{reason}"
    );
}

#[test]
fn a_backup_fills_an_empty_house_and_no_other() {
    let (folder, empty) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file = folder.path().join("backup.tar");
    let file = file.to_str().unwrap();
    let hoian = |folder: &std::path::Path, arguments: &[&str]| {
        let done = command(folder, arguments).output().unwrap();
        let said = [done.stdout, done.stderr].concat();
        (done.status.success(), String::from_utf8_lossy(&said).into_owned())
    };
    let agency = "admin add-agency H37 --name UBND --symbol UBND --kind province --place X";
    let agency: Vec<&str> = agency.split(' ').collect();
    assert!(hoian(folder.path(), &agency).0);
    let (made, said) = hoian(folder.path(), &["admin", "backup", file]);
    assert!(made && said.contains("server.secret"), "{said}");
    let health = hoian(folder.path(), &["doctor", "health"]).1;
    assert!(
        health.contains("\"last_backup_at\": \"20"),
        "whoever watches sees it: {health}"
    );
    assert!(hoian(folder.path(), &["doctor", "backup", file]).0);
    assert!(
        !hoian(folder.path(), &["admin", "restore", file]).0,
        "data are there"
    );

    let (restored, said) = hoian(empty.path(), &["admin", "restore", file]);
    assert!(restored, "{said}");
    assert!(!hoian(empty.path(), &agency).0, "the agency came with the backup");
    assert!(hoian(empty.path(), &["doctor", "audit"]).0);

    std::fs::write(file, &std::fs::read(file).unwrap()[..2000]).unwrap();
    let (whole, said) = hoian(folder.path(), &["doctor", "backup", file]);
    assert!(!whole && said.contains("NOT usable"), "{said}");
}

/// A person from the machine's command line can log in; a real peer of another implementation finds the line good.
#[tokio::test]
async fn an_agency_starts_from_nothing_and_a_line_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let admin = |arguments: &[&str]| {
        let done = command(folder.path(), &[&["admin"], arguments].concat())
            .output()
            .unwrap();
        (
            done.status.success(),
            String::from_utf8_lossy(&done.stdout).into_owned(),
        )
    };
    let agency = [
        "add-agency",
        "H37",
        "--name",
        "UBND tỉnh",
        "--symbol",
        "UBND",
        "--kind",
        "province",
        "--place",
        "Lam Giang",
    ];
    assert!(admin(&agency).0);
    assert!(!admin(&agency).0, "an identifier is given once");
    let person = |name: &'static str, agency: &'static str| {
        [
            "add-person",
            name,
            "--full-name",
            "Lê Hoa",
            "--agency",
            agency,
            "--role",
            "officer",
            "--position",
            "Chuyên viên",
        ]
    };
    assert!(!admin(&person("hoa", "H99")).0, "an unknown agency");
    let (added, said) = admin(&person("hoa", "H37"));
    assert!(added, "{said}");
    let password = said
        .trim()
        .rsplit(' ')
        .next()
        .expect("the first password")
        .to_owned();

    let process = Process::start(command(folder.path(), &["serve"])).await;
    let client = Client::new(process.origin.clone());
    let body = json!({ "user_name": "hoa", "password": password });
    let entered = client
        .post("/api/v1/session")
        .json(&body)
        .send()
        .await
        .expect("an answer");
    assert_eq!(entered.status(), 201);
    let called = client
        .post("/api/v1/meetings")
        .json(&json!({ "title": "Thử đường truyền" }))
        .send();
    let called: Value = called.await.expect("an answer").json().await.expect("JSON");
    let link = format!(
        "{}/hop/{}",
        process.origin,
        called["link_code"].as_str().expect("a code")
    );
    let call = command(folder.path(), &["doctor", "call", &link, "--seconds", "4"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&call.stdout);
    assert!(
        call.status.success() && said.contains("0.0 % lost") && said.contains("result     good"),
        "{said}"
    );
    assert!(process.terminate().await.success());
}

/// Whoever was being answered when the program was asked to end gets the whole answer; nobody new is let in.
#[tokio::test]
async fn a_request_under_way_is_finished_before_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Process::start(command(folder.path(), &["serve"])).await;
    let address = process.origin.trim_start_matches("http://").to_owned();
    let mut connection = TcpStream::connect(&address).await.unwrap();
    let body = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\nxin chao\r\n--x--\r\n";
    let head = format!(
        "POST /api/v1/verifications HTTP/1.1\r\nHost: {address}\r\nOrigin: {}\r\nContent-Length: {}\r\n\
         Content-Type: multipart/form-data; boundary=x\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
        process.origin,
        body.len()
    );
    connection.write_all(head.as_bytes()).await.unwrap();
    // The server says that it reads the request: it is under way.
    let mut said = [0; 21];
    connection.read_exact(&mut said).await.unwrap();
    assert!(
        said.starts_with(b"HTTP/1.1 100"),
        "{}",
        String::from_utf8_lossy(&said)
    );
    process.ask_to_end();
    while TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    connection.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    let (status, verdict) = (
        answer.lines().find(|line| line.starts_with("HTTP/1.1")),
        "MALFORMED",
    );
    assert!(
        status.is_some_and(|line| line.contains("200")) && answer.contains(verdict),
        "{answer}"
    );
    assert!(process.ended().await.success());
}

#[test]
fn refuses_settings_it_does_not_know_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let refused = command(folder.path(), &["serve"])
        .env("HOIAN_HTTP__ADRESS", "x")
        .output()
        .unwrap();
    let reason = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && reason.contains("adress"), "{reason}");
}
