//! The code on a paper: printed before the first signature, read by a telephone, leading anybody who holds the paper to what
//! became of it and nobody else to anything.

use std::process::Command;

use hoian_tests::signing::{Office, act, content, expect, problem};
use ring::digest;
use serde_json::json;
use tempfile::TempDir;

use crate::judges;

#[tokio::test]
async fn the_code_on_a_paper_leads_to_its_record_once_it_is_issued() {
    let office = Office::open().await;
    let id = office.sealed().await;
    let clerk = office.server.log_in("vanthu").await;
    let file = content(&clerk, &id, "latest").await;
    judges::accept(&office.authority.root, &file);
    let address = seen(&file);
    let word = address.rsplit('/').next().unwrap();
    let origin = office.app().config.origin();
    assert_eq!(address, format!("{origin}/tra-cuu/{word}"));
    let path = format!("/api/v1/lookups/{word}");
    let anyone = office.server.client();
    problem(anyone.get(&path).send().await.unwrap(), 404).await;

    let issued = act(&clerk, &id, "issue", json!({ "receivers": ["agency-snv"] })).await;
    let code = expect(issued, 200).await["code"].clone();
    let record = expect(anyone.get(&path).send().await.unwrap(), 200).await;
    let sha256 = hex::encode(digest::digest(&digest::SHA256, &file));
    assert_eq!(
        (&record["code"], &record["sha256"], &record["is_recalled"]),
        (&code, &json!(sha256), &json!(false))
    );
    problem(anyone.get("/api/v1/lookups/another").send().await.unwrap(), 404).await;

    let recalled = act(&clerk, &id, "recall", json!({ "reason": "Sai số liệu" })).await;
    expect(recalled, 200).await;
    let record = expect(anyone.get(&path).send().await.unwrap(), 200).await;
    assert_eq!(record["is_recalled"], true);
    assert!(!record.to_string().contains("Sai số liệu"), "{record}");
}

#[tokio::test]
async fn a_house_that_wants_no_codes_prints_none() {
    let office = Office::open_with(|config| config.signing.codes = false).await;
    let id = office.signed().await;
    let leader = office.server.log_in("chutich").await;
    let file = content(&leader, &id, "latest").await;
    assert!(!has_code(&file));
}

/// What a telephone reads from the first page.
fn seen(file: &[u8]) -> String {
    let output = read(file);
    assert!(output.status.success(), "no code is seen");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn has_code(file: &[u8]) -> bool {
    read(file).status.success()
}

fn read(file: &[u8]) -> std::process::Output {
    let folder = TempDir::new().unwrap();
    let (paper, page) = (folder.path().join("paper.pdf"), folder.path().join("page"));
    std::fs::write(&paper, file).unwrap();
    let drawn = Command::new("pdftoppm")
        .args(["-r", "150", "-f", "1", "-l", "1", "-png", "-singlefile"])
        .arg(&paper)
        .arg(&page)
        .status();
    assert!(drawn.expect("pdftoppm is installed").success());
    let image = page.with_extension("png");
    let mut command = Command::new("zbarimg");
    command.args(["--quiet", "--raw"]).arg(image);
    command.output().expect("zbarimg is installed")
}
