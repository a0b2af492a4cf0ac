//! Receivers outside the system: letters to a mail server of others, paper by post with its register, and a package that
//! proves itself.

use hoian_tests::Client;
use hoian_tests::mail::{MailServer, PYTHON};
use hoian_tests::signing::{LEADER, Office, act, content, expect, look, problem};
use serde_json::{Value, json};

use crate::judges;
use crate::registers::a_register_prints;
use crate::story::{get, verdict};

fn to(way: &str, receiver: &str, address: &str) -> Value {
    json!({ "sendings": [{ "way": way, "receiver": receiver, "address": address, "copies": 2 }] })
}

#[tokio::test]
async fn a_document_goes_outside_by_mail_once_with_the_very_file() {
    let mail = MailServer::start();
    let office = Office::open_with(|config| config.mail = mail.settings()).await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let said = to("mail", "Công ty A", "a@congty.test");
    let issued = expect(act(&clerk, &id, "outside", said.clone()).await, 200).await;
    assert_eq!(
        (&issued["state"], &issued["outside"][0]["standing"]),
        (&json!("issued"), &json!("waiting"))
    );
    expect(act(&clerk, &id, "outside", said).await, 200).await;
    let sent = answered(&office, &clerk, &id).await;
    assert_eq!(sent["outside"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&sent["outside"][0]["standing"], &sent["outside"][0]["answer"]),
        (&json!("sent"), &json!("taken"))
    );

    let letters = mail.letters();
    assert_eq!(letters.len(), 1, "sent once");
    assert_eq!(letters[0].to, "a@congty.test");
    let sending = sent["outside"][0]["id"].as_str().unwrap();
    let message_id = format!("<{sending}@langiang.test>");
    assert_eq!(letters[0].header("Message-ID"), Some(message_id));
    // A job may run twice.
    office.app().custody.deliver(sending).await.unwrap();
    assert_eq!(mail.letters().len(), 1);
    let file = attached(&letters[0].bytes);
    assert_eq!(file, content(&clerk, &id, "latest").await);
    judges::accept(&office.authority.root, &file);
}

/// A test's clock may stand still, and then the order in which they went is nobody's to know.
fn by_receiver(document: &Value) -> Vec<Value> {
    let mut all = document["outside"].as_array().unwrap().clone();
    all.sort_by_key(|one| one["receiver"].as_str().unwrap().to_owned());
    all
}

/// The document, once the mail server has answered to every letter.
async fn answered(office: &Office, clerk: &Client, id: &str) -> Value {
    loop {
        office.run_jobs().await;
        let document = look(clerk, id).await;
        let all = document["outside"].as_array().unwrap();
        if all.iter().all(|one| !one["answer"].is_null()) {
            return document;
        }
        // The program's own worker may have the job.
        tokio::task::yield_now().await;
    }
}

/// The one attachment, as Python's own reader of letters gives it.
fn attached(letter: &[u8]) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("letter.eml"), letter).unwrap();
    let script = "import email, email.policy; m = email.message_from_binary_file(open('letter.eml', 'rb'), policy=email.policy.default); \
         assert m['Subject'] == '01/KH-UBND: Kế hoạch cải cách hành chính năm 2027', m['Subject']; \
         a = list(m.iter_attachments()); assert len(a) == 1 and a[0].get_filename() == '01-KH-UBND.pdf'; \
         open('file', 'wb').write(a[0].get_content())";
    run_python(script, folder.path());
    std::fs::read(folder.path().join("file")).unwrap()
}

fn run_python(script: &str, folder: &std::path::Path) {
    let done = std::process::Command::new(PYTHON)
        .args(["-c", script])
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

#[tokio::test]
async fn a_letter_put_off_goes_later_and_a_refused_one_is_told_and_readdressed() {
    let mail = MailServer::start();
    let office = Office::open_with(|config| config.mail = mail.settings()).await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    for (receiver, address) in [
        ("Công ty A", "later@congty.test"),
        ("Công ty B", "refused@congty.test"),
    ] {
        expect(
            act(&clerk, &id, "outside", to("mail", receiver, address)).await,
            200,
        )
        .await;
    }
    let now = answered(&office, &clerk, &id).await;
    let standings = |document: &Value| -> Vec<String> {
        let all = by_receiver(document).into_iter();
        all.map(|one| one["standing"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(standings(&now), ["waiting", "refused"]);
    let now = by_receiver(&now);
    for (at, word) in [(0, "451"), (1, "550")] {
        let answer = now[at]["answer"].as_str().unwrap();
        assert!(
            answer.contains(word) || answer.contains("later") || answer.contains("mailbox"),
            "{answer}"
        );
    }

    // The clerk who sent it is told of the one that no server will take, and the drafter.
    for user_name in ["vanthu", "chuyenvien"] {
        let told = get(&office.server.log_in(user_name).await, "/api/v1/notices").await;
        let told = told["items"].as_array().unwrap();
        assert_eq!(told.len(), 1, "{user_name}: {told:?}");
        assert_eq!(
            (&told[0]["kind"], &told[0]["href"]),
            (&json!("mail_refused"), &json!(format!("/van-ban/{id}")))
        );
        assert!(told[0]["words"].as_str().unwrap().contains("refused@congty.test"));
    }

    let [first, second] = [0, 1].map(|at| now[at]["id"].as_str().unwrap().to_owned());
    let readdress = |sending: &str| format!("outside/{sending}/address");
    let other = json!({ "address": "b@congty.test" });
    assert_eq!(
        problem(act(&clerk, &id, &readdress(&first), other.clone()).await, 409).await,
        "not-refused"
    );
    let leader = office.server.log_in(LEADER).await;
    assert_eq!(
        problem(act(&leader, &id, &readdress(&second), other.clone()).await, 403).await,
        "forbidden"
    );
    let again = expect(act(&clerk, &id, &readdress(&second), other).await, 200).await;
    assert_eq!(standings(&again), ["waiting", "waiting"]);
    mail.open();
    office.run_jobs_later().await;
    let sent = loop {
        let document = answered(&office, &clerk, &id).await;
        if !standings(&document).contains(&"waiting".to_owned()) {
            break document;
        }
        tokio::task::yield_now().await;
    };
    assert_eq!(standings(&sent), ["sent", "sent"]);
    // The leap of time may have ended the lease of a job under way; what it then sends again is the same letter.
    let mut letters = mail.letters();
    letters.sort_by(|one, other| one.to.cmp(&other.to));
    letters.dedup();
    let to: Vec<_> = letters.into_iter().map(|letter| letter.to).collect();
    assert_eq!(to, ["b@congty.test", "later@congty.test"]);
}

#[tokio::test]
async fn without_a_mail_server_nothing_is_issued_by_mail() {
    let office = Office::open().await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let said = to("mail", "Công ty A", "a@congty.test");
    assert_eq!(
        problem(act(&clerk, &id, "outside", said).await, 409).await,
        "no-mail"
    );
    let document = look(&clerk, &id).await;
    assert_eq!(
        (&document["state"], &document["ways_outside"]),
        (&json!("sealed"), &json!(["export", "post"]))
    );
}

#[tokio::test]
async fn a_document_goes_by_post_once_and_stands_in_the_register() {
    let office = Office::open().await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let post = |receiver: &str, address: &str| to("post", receiver, address);
    for (body, name) in [
        (json!({ "sendings": [] }), "receivers"),
        (post("Công ty A", " "), "outside-receiver"),
        (post(" ", "1 Trần Phú"), "outside-receiver"),
    ] {
        assert_eq!(problem(act(&clerk, &id, "outside", body).await, 422).await, name);
    }
    assert_eq!(
        look(&clerk, &id).await["state"],
        "sealed",
        "a refusal leaves it as it was"
    );
    expect(
        act(&clerk, &id, "outside", post("Công ty A", "1 Trần Phú")).await,
        200,
    )
    .await;
    let again = expect(
        act(&clerk, &id, "outside", post("Công ty A", "1 Trần Phú")).await,
        200,
    )
    .await;
    assert_eq!(again["outside"].as_array().unwrap().len(), 1, "sent once");
    let sending = again["outside"][0]["id"].as_str().unwrap();
    let track = format!("outside/{sending}/tracking");
    let code = json!({ "tracking_code": " RR123456789VN " });
    expect(act(&clerk, &id, &track, code.clone()).await, 200).await;
    let leader = office.server.log_in(LEADER).await;
    assert_eq!(
        problem(act(&leader, &id, &track, code.clone()).await, 403).await,
        "forbidden"
    );
    assert_eq!(
        problem(act(&leader, &id, "outside", post("B", "C")).await, 403).await,
        "forbidden"
    );
    assert_eq!(
        problem(act(&clerk, &id, "outside/0/tracking", code).await, 404).await,
        "not-found"
    );

    let book = get(&clerk, "/api/v1/registers/postal").await;
    let cells = book["items"][0]["cells"].as_array().unwrap();
    assert_eq!(cells.len(), book["columns"].as_array().unwrap().len());
    assert_eq!(
        (&cells[1], &cells[2], &cells[3], &cells[5]),
        (
            &json!("01/KH-UBND"),
            &json!("Công ty A, 1 Trần Phú"),
            &json!("2"),
            &json!("Mã bưu gửi RR123456789VN")
        )
    );
    a_register_prints(&clerk, "postal", "RR123456789VN").await;
    let past = get(&clerk, "/api/v1/registers/postal?from=2020-01-01&to=2020-12-31").await;
    assert_eq!(past["items"], json!([]));
    let other = office.server.log_in("vanthu.sonv").await;
    assert_eq!(get(&other, "/api/v1/registers/postal").await["items"], json!([]));
}

#[tokio::test]
async fn a_package_holds_the_very_file_its_metadata_and_the_report() {
    let office = Office::open().await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let path = format!("/api/v1/documents/{id}/package");
    let answer = clerk.get(&path).send().await.unwrap();
    assert_eq!(answer.headers()["content-type"], "application/zip");
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("van-ban.zip"), answer.bytes().await.unwrap()).unwrap();
    // An independent reader, which checks every sum.
    let script =
        "import zipfile; z = zipfile.ZipFile('van-ban.zip'); assert z.testzip() is None; z.extractall('.')";
    run_python(script, folder.path());
    let file = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    let main = file("01-KH-UBND.pdf");
    assert_eq!(main, content(&clerk, &id, "latest").await);
    assert_eq!(verdict(&office.server.client(), main).await, "TOTAL-PASSED");
    let facts: Value = serde_json::from_slice(&file("metadata.json")).unwrap();
    assert_eq!(facts["code"], "01/KH-UBND");
    let report: Value = serde_json::from_slice(&file("verification.json")).unwrap();
    assert_eq!(report["verdict"], "TOTAL-PASSED");
    let for_people = file("ket-qua-kiem-tra.pdf");
    assert!(for_people.starts_with(b"%PDF-"));
    assert!(!hoian_signer::pdf::text::pages(&for_people).unwrap().is_empty());
    for (user, status) in [
        (LEADER, 403),
        ("chuyenvien", 403),
        ("vanthu.sonv", 404),
        ("quantri", 404),
    ] {
        let other = office.server.log_in(user).await;
        assert_eq!(other.get(&path).send().await.unwrap().status(), status, "{user}");
    }
    let early = office.signed().await;
    let early = clerk
        .get(&format!("/api/v1/documents/{early}/package"))
        .send()
        .await
        .unwrap();
    assert_eq!(early.status(), 404);
}
