//! The report of a verification as a paper: signed by the service, in the language of whoever asks, accepted by others.

use hoian_tests::signing::{Office, content, paper};
use hoian_tests::{Client, Server};
use reqwest::header::{ACCEPT, ACCEPT_LANGUAGE};
use reqwest::multipart::{Form, Part};

use crate::judges;
use crate::story::verdict;

#[tokio::test]
async fn a_report_is_handed_out_as_a_paper_that_the_service_signed() {
    let office = Office::open().await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let file = content(&clerk, &id, "latest").await;
    let anyone = office.server.client();
    for (language, words) in [
        ("vi", "Chữ ký số hợp lệ."),
        ("en", "The digital signature is valid."),
    ] {
        let report = report(&anyone, file.clone(), language).await;
        judges::accept_all(&office.authority.root, &report, 1);
        assert_eq!(
            verdict(&anyone, report.clone()).await,
            "TOTAL-PASSED",
            "{language}"
        );
        let said = judges::words_of(&report);
        assert!(said.contains(words) && said.contains("van-ban.pdf"), "{said}");
    }
    // Of a file without signatures too; and while nobody stamps.
    office
        .authority
        .tsa_is_down
        .store(true, std::sync::atomic::Ordering::SeqCst);
    let unsigned = report(&anyone, paper(), "vi").await;
    judges::accept_stamped(&office.authority.root, &unsigned, 1, 0);
}

#[tokio::test]
async fn a_house_without_a_key_for_it_hands_out_reports_that_bear_no_signature() {
    let server = Server::start().await;
    let report = report(&server.client(), paper(), "vi").await;
    assert_eq!(verdict(&server.client(), report).await, "NO-SIGNATURE");
}

async fn report(client: &Client, file: Vec<u8>, language: &str) -> Vec<u8> {
    let form = Form::new().part("file", Part::bytes(file).file_name("van-ban.pdf"));
    let asked = client
        .post("/api/v1/verifications")
        .header(ACCEPT, "application/pdf, application/problem+json")
        .header(ACCEPT_LANGUAGE, language)
        .multipart(form);
    let answer = asked.send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), &answer.headers()["content-type"]),
        (200, &"application/pdf".parse().unwrap())
    );
    answer.bytes().await.unwrap().to_vec()
}
