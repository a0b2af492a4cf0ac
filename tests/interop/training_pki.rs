//! The training PKI judged by OpenSSL: chains, revocation lists, OCSP, time-stamps, PKCS#12.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use axum::Router;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hoian_server::clock::Clock;
use hoian_server::demo::pki::{Authority, Holder, HolderKind, Standing, routes};
use tempfile::TempDir;
use tokio::net::TcpListener;

const PASSWORD: &str = "314159";

struct Pki {
    folder: TempDir,
    base_url: String,
    client: reqwest::Client,
}

/// Serves a fresh PKI on a port of the system's choice, with every certificate as PEM in a folder.
async fn serve() -> Pki {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base_url = format!("http://{}", listener.local_addr().unwrap());
    let clock = Clock::system();
    let holders = [
        holder("valid", HolderKind::Person, Standing::Valid),
        holder("agency", HolderKind::Agency, Standing::Valid),
        holder("expired", HolderKind::Person, Standing::Expired),
        holder("revoked", HolderKind::Person, Standing::Revoked),
    ];
    let (authority, packages) = Authority::create(&base_url, &holders, |_| PASSWORD, &clock).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pki.json");
    authority.save(&path).unwrap();
    let authority = Authority::open(&path).unwrap();
    for issued in authority.issued() {
        write_pem(&folder, &issued.alias, &issued.certificate);
    }
    write_pem(&folder, "root", authority.root());
    write_pem(&folder, "issuing", authority.issuing());
    for package in &packages {
        write(&folder, &format!("{}.p12", package.alias), &package.pkcs12);
    }
    let router = Router::new().nest("/pki", routes(Arc::new(authority), clock));
    tokio::spawn(async move { axum::serve(listener, router).await });
    Pki {
        folder,
        base_url,
        client: hoian_tests::tls::http().build().unwrap(),
    }
}

fn holder(alias: &str, kind: HolderKind, standing: Standing) -> Holder {
    Holder {
        alias: alias.into(),
        kind,
        common_name: "Nguyễn Thị Minh Hà".into(),
        organisation: "Ủy ban nhân dân tỉnh Lam Giang".into(),
        standing,
    }
}

fn write(folder: &TempDir, name: &str, content: &[u8]) {
    std::fs::write(folder.path().join(name), content).unwrap();
}

/// OpenSSL reads trusted certificates as PEM only.
fn write_pem(folder: &TempDir, name: &str, certificate: &[u8]) {
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in STANDARD.encode(certificate).as_bytes().chunks(64) {
        pem.push_str(std::str::from_utf8(line).unwrap());
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    write(folder, &format!("{name}.cer"), pem.as_bytes());
    write(folder, &format!("{name}.der"), certificate);
}

impl Pki {
    /// Runs `openssl` in the folder; gives whether it succeeded, and all that it said.
    async fn openssl(&self, arguments: &str) -> (bool, String) {
        let (folder, arguments) = (self.folder.path().to_owned(), arguments.to_owned());
        tokio::task::spawn_blocking(move || run(&folder, &arguments))
            .await
            .unwrap()
    }

    async fn get(&self, path: &str, save_as: &str) {
        let answer = self
            .client
            .get(format!("{}{path}", self.base_url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        write(&self.folder, save_as, &answer.bytes().await.unwrap());
    }

    async fn post(&self, path: &str, kind: &str, body: Vec<u8>) -> reqwest::Response {
        let request = self.client.post(format!("{}{path}", self.base_url));
        request
            .header("content-type", kind)
            .body(body)
            .send()
            .await
            .unwrap()
    }
}

fn run(folder: &Path, arguments: &str) -> (bool, String) {
    // What hangs ends as a failure that has its name.
    let output = Command::new("timeout")
        .args(["60", "openssl"])
        .args(arguments.split(' '))
        .current_dir(folder)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (
        output.status.success(),
        String::from_utf8_lossy(&said).into_owned(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn chains_are_strictly_valid_and_marked_as_training() {
    let pki = serve().await;
    for alias in ["valid", "agency", "tsa", "revoked"] {
        let (passed, said) = pki
            .openssl(&format!(
                "verify -x509_strict -CAfile root.cer -untrusted issuing.cer {alias}.cer"
            ))
            .await;
        assert!(passed, "{alias}: {said}");
    }
    let (passed, said) = pki
        .openssl("verify -CAfile root.cer -untrusted issuing.cer expired.cer")
        .await;
    assert!(!passed && said.contains("expired"), "{said}");
    for name in ["root", "issuing", "tsa", "valid", "agency", "expired", "revoked"] {
        let (_, said) = pki
            .openssl(&format!("x509 -in {name}.cer -noout -subject -nameopt utf8"))
            .await;
        assert!(said.contains("HUẤN LUYỆN"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_name_the_addresses_that_serve_them() {
    let pki = serve().await;
    let (_, said) = pki.openssl("x509 -in valid.cer -noout -text").await;
    for path in ["/pki/ocsp", "/pki/crl/issuing.crl", "/pki/ca/issuing.cer"] {
        assert!(
            said.contains(&format!("URI:{}{path}", pki.base_url)),
            "{path} in {said}"
        );
    }
    for name in ["root", "issuing"] {
        pki.get(&format!("/pki/ca/{name}.cer"), "served.der").await;
        let stored = std::fs::read(pki.folder.path().join(format!("{name}.der"))).unwrap();
        assert_eq!(
            std::fs::read(pki.folder.path().join("served.der")).unwrap(),
            stored
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn revocation_list_tells_the_revoked_from_the_others() {
    let pki = serve().await;
    pki.get("/pki/crl/issuing.crl", "issuing.crl").await;
    pki.get("/pki/crl/root.crl", "root.crl").await;
    for name in ["issuing", "root"] {
        let (passed, said) = pki
            .openssl(&format!(
                "crl -inform DER -in {name}.crl -CAfile {name}.cer -noout"
            ))
            .await;
        assert!(passed && said.contains("verify OK"), "{name}: {said}");
    }
    let check = "verify -crl_check -CAfile root.cer -untrusted issuing.cer -CRLfile issuing.crl";
    let (passed, said) = pki.openssl(&format!("{check} valid.cer")).await;
    assert!(passed, "{said}");
    let (passed, said) = pki.openssl(&format!("{check} revoked.cer")).await;
    assert!(!passed && said.contains("certificate revoked"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ocsp_answers_good_revoked_and_unknown() {
    let pki = serve().await;
    let ask = format!(
        "ocsp -url {}/pki/ocsp -CAfile root.cer -verify_other issuing.cer",
        pki.base_url
    );
    for (certificate, status) in [
        ("valid", "good"),
        ("tsa", "good"),
        ("revoked", "revoked"),
        ("expired", "good"),
    ] {
        for hash in ["-sha1", "-sha256"] {
            let question = format!("{ask} {hash} -issuer issuing.cer -cert {certificate}.cer");
            let (passed, said) = pki.openssl(&question).await;
            assert!(passed && said.contains("Response verify OK"), "{said}");
            assert!(said.contains(&format!("{certificate}.cer: {status}")), "{said}");
            assert!(!said.contains("WARNING"), "the nonce goes back: {said}");
        }
    }
    let (_, said) = pki
        .openssl(&format!("{ask} -issuer issuing.cer -serial 0x1234"))
        .await;
    assert!(said.contains("0x1234: unknown"), "{said}");
    let (_, said) = pki
        .openssl(&format!("{ask} -issuer root.cer -cert issuing.cer"))
        .await;
    assert!(
        said.contains("issuing.cer: unknown"),
        "another issuer's certificate is not ours to judge: {said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn ocsp_answers_a_question_in_the_address() {
    let pki = serve().await;
    let (passed, said) = pki
        .openssl("ocsp -issuer issuing.cer -cert valid.cer -no_nonce -reqout question.der")
        .await;
    assert!(passed, "{said}");
    let question = std::fs::read(pki.folder.path().join("question.der")).unwrap();
    let question = STANDARD.encode(question);
    let question = question
        .replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D");
    pki.get(&format!("/pki/ocsp/{question}"), "answer.der").await;
    let read = "ocsp -respin answer.der -issuer issuing.cer -cert valid.cer -CAfile root.cer -verify_other issuing.cer";
    let (passed, said) = pki.openssl(read).await;
    assert!(passed && said.contains("valid.cer: good"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn time_stamps_pass_openssl_for_each_strong_hash() {
    let pki = serve().await;
    write(&pki.folder, "paper.pdf", b"the paper that was there");
    write(&pki.folder, "other.pdf", b"another paper");
    for options in [
        "-sha256 -cert",
        "-sha384 -cert",
        "-sha512 -cert",
        "-sha256 -cert -no_nonce",
    ] {
        let (passed, said) = pki
            .openssl(&format!("ts -query -data paper.pdf {options} -out question.tsq"))
            .await;
        assert!(passed, "{said}");
        let question = std::fs::read(pki.folder.path().join("question.tsq")).unwrap();
        let answer = pki
            .post("/pki/tsa", "application/timestamp-query", question)
            .await;
        assert_eq!(answer.headers()["content-type"], "application/timestamp-reply");
        write(&pki.folder, "answer.tsr", &answer.bytes().await.unwrap());
        let check = "ts -verify -in answer.tsr -CAfile root.cer -untrusted issuing.cer";
        for against in ["-data paper.pdf", "-queryfile question.tsq"] {
            let (passed, said) = pki.openssl(&format!("{check} {against}")).await;
            assert!(
                passed && said.contains("Verification: OK"),
                "{options} {against}: {said}"
            );
        }
        let (passed, _) = pki.openssl(&format!("{check} -data other.pdf")).await;
        assert!(!passed, "another paper was not stamped");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn time_stamp_refuses_weak_hashes_and_foreign_policies_with_the_reason() {
    let pki = serve().await;
    write(&pki.folder, "paper.pdf", b"paper");
    for (options, reason) in [
        ("-sha1", "unrecognized or unsupported algorithm"),
        ("-sha256 -tspolicy 1.2.3", "policy is not supported"),
    ] {
        let (passed, said) = pki
            .openssl(&format!("ts -query -data paper.pdf {options} -out question.tsq"))
            .await;
        assert!(passed, "{said}");
        let question = std::fs::read(pki.folder.path().join("question.tsq")).unwrap();
        let answer = pki
            .post("/pki/tsa", "application/timestamp-query", question)
            .await;
        write(&pki.folder, "answer.tsr", &answer.bytes().await.unwrap());
        let (_, said) = pki.openssl("ts -reply -in answer.tsr -text").await;
        assert!(
            said.contains("Status: Rejected") && said.contains(reason),
            "{said}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn garbage_gets_an_answer_and_floods_none() {
    let pki = serve().await;
    for body in [
        Vec::new(),
        b"GET / HTTP/1.1".to_vec(),
        vec![0x30; 5000],
        vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff],
    ] {
        let answer = pki
            .post("/pki/ocsp", "application/ocsp-request", body.clone())
            .await;
        assert_eq!(
            answer.bytes().await.unwrap().as_ref(),
            [0x30, 3, 0x0a, 1, 1],
            "malformedRequest"
        );
        let answer = pki.post("/pki/tsa", "application/timestamp-query", body).await;
        write(&pki.folder, "answer.tsr", &answer.bytes().await.unwrap());
        let (_, said) = pki.openssl("ts -reply -in answer.tsr -text").await;
        assert!(said.contains("the data submitted has the wrong format"), "{said}");
    }
    let flood = pki
        .post("/pki/tsa", "application/timestamp-query", vec![0; 1_000_000])
        .await;
    assert_eq!(flood.status(), 413);
    let untyped = pki.post("/pki/ocsp", "text/plain", vec![0x30]).await;
    assert_eq!(untyped.status(), 415);
}

#[tokio::test(flavor = "multi_thread")]
async fn packages_open_with_their_password_alone() {
    let pki = serve().await;
    for alias in ["valid", "agency"] {
        let (passed, said) = pki
            .openssl(&format!("pkcs12 -in {alias}.p12 -passin pass:{PASSWORD} -noenc"))
            .await;
        assert!(passed && said.matches("BEGIN CERTIFICATE").count() >= 2, "{said}");
        assert!(said.contains("BEGIN PRIVATE KEY"), "{said}");
        let (passed, _) = pki
            .openssl(&format!("pkcs12 -in {alias}.p12 -passin pass:000000 -noenc"))
            .await;
        assert!(!passed);
    }
}
