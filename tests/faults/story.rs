//! A document's way, taken up wherever it stands.

use std::path::Path;
use std::time::Duration;

use hoian_tests::Client;
use hoian_tests::binary::command;
use reqwest::RequestBuilder;
use reqwest::multipart::{Form, Part};
use sea_orm::{ConnectionTrait, Database};
use serde_json::{Value, json};

use crate::meeting;

const SUBJECT: &str = "Kiểm tra độ bền của hệ thống";

/// The people of the demo who take the steps, each logged in once: sessions outlive the program.
pub struct People {
    officer: Client,
    leader: Client,
    leader_cookie: String,
    clerk: Client,
    receiver: Client,
    director: Client,
    pin: String,
    paper: Vec<u8>,
}

/// Where the document's way ended.
pub struct End {
    pub code: String,
    /// How many documents of this subject there are.
    pub kept: usize,
}

/// Somebody was not answered.
#[derive(Debug)]
pub struct Died(String);

impl Died {
    pub fn new(how: String) -> Self {
        Self(how)
    }
}

impl std::fmt::Display for Died {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl From<reqwest::Error> for Died {
    fn from(error: reqwest::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<tokio_tungstenite::tungstenite::Error> for Died {
    fn from(error: tokio_tungstenite::tungstenite::Error) -> Self {
        Self(error.to_string())
    }
}

impl People {
    pub async fn log_in(origin: &str, folder: &Path) -> Self {
        let handout = std::fs::read(folder.join("handout.json")).unwrap();
        let handout: Value = serde_json::from_slice(&handout).unwrap();
        let enter = async |user_name: &str| {
            let code = command(folder, &["demo", "code", user_name]).output().unwrap();
            let code = String::from_utf8(code.stdout).unwrap();
            let client = Client::new(origin.to_owned());
            let body = json!({
                "user_name": user_name,
                "password": handout["password"],
                "one_time_code": Some(code.trim()).filter(|code| !code.is_empty()),
            });
            let answer = client.post("/api/v1/session").json(&body).send().await.unwrap();
            assert_eq!(answer.status(), 201, "{user_name}");
            let cookie = answer.headers()["set-cookie"].to_str().unwrap();
            let cookie = cookie.split(';').next().unwrap().to_owned();
            (client, cookie)
        };
        let (officer, _) = enter("chuyenvien").await;
        let (leader, leader_cookie) = enter("chutich").await;
        Self {
            paper: unsigned_paper(&officer).await,
            officer,
            leader,
            leader_cookie,
            clerk: enter("vanthu").await.0,
            receiver: enter("vanthu.sonv").await.0,
            director: enter("giamdoc.sonv").await.0,
            pin: handout["pin"].as_str().unwrap().to_owned(),
        }
    }

    /// Takes the document from wherever it is to the verdict at its receiver, through its register, and back again.
    ///
    /// `folder` is where the program keeps its data.
    pub async fn finish(&self, origin: &str, folder: &Path) -> Result<End, Died> {
        let [officer, leader, clerk, receiver] =
            [&self.officer, &self.leader, &self.clerk, &self.receiver].map(|client| client.at(origin));
        let id = match self.documents(&officer).await?.first() {
            Some(found) => found["id"].as_str().unwrap().to_owned(),
            None => self.upload(&officer).await?,
        };
        let path = format!("/api/v1/documents/{id}");
        let pin = json!({ "pin": self.pin });
        let document = loop {
            let document = ask(officer.get(&path)).await?;
            let (client, step, body) = match document["state"].as_str().unwrap() {
                "draft" if document["metadata"]["copies"].is_null() => {
                    self.revise(&officer, &path).await?;
                    continue;
                }
                "draft" if document["appendices"] == json!([]) => {
                    let form = Form::new()
                        .text("title", "Danh mục")
                        .part("file", Part::bytes(self.paper.clone()).file_name("phu-luc.pdf"));
                    ask(officer.post(&format!("{path}/appendices")).multipart(form)).await?;
                    continue;
                }
                "draft" => (&officer, "submission", json!({})),
                "submitted" if document["review"]["content"]["done"] == false => {
                    (&officer, "initial", json!({}))
                }
                "submitted" => (&leader, "signature", pin.clone()),
                "signed" => (&clerk, "number", json!({})),
                "numbered" => (&clerk, "seal", pin.clone()),
                "sealed" => (
                    &clerk,
                    "issue",
                    json!({ "receivers": [self.department(&clerk).await?] }),
                ),
                "issued" if document["outside"] == json!([]) => {
                    let mail = json!({ "way": "mail", "receiver": "Công ty A", "address": "a@congty.test" });
                    (&clerk, "outside", json!({ "sendings": [mail] }))
                }
                "issued" | "recalled" if document["outside"][0]["standing"] == "sent" => break document,
                "issued" | "recalled" => {
                    assert_eq!(
                        document["outside"].as_array().map(Vec::len),
                        Some(1),
                        "it is sent once"
                    );
                    assert_eq!(document["outside"][0]["standing"], "waiting");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
                // The time-stamp is on its way; a job brings it where the program died before.
                "signing" | "sealing" => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
                other => panic!("{other}: {document}"),
            };
            ask(client.post(&format!("{path}/{step}")).json(&body)).await?;
        };
        versions_follow_from_one_another(&officer, &path, &document).await?;
        let verdict = verdict(&receiver).await?;
        assert_eq!(verdict, "TOTAL-PASSED");
        prove(&clerk, &path, folder).await?;
        self.certify(&clerk).await?;
        self.give_back(origin, &clerk, &path).await?;
        self.register(&clerk).await?;
        self.meet(origin).await?;
        meeting::vote_in_secret(origin, &self.leader.at(origin), &self.leader_cookie).await?;
        Ok(End {
            code: document["code"].as_str().unwrap().to_owned(),
            kept: self.documents(&officer).await?.len(),
        })
    }

    /// The clerk certifies the copy of a paper, once.
    async fn certify(&self, clerk: &Client) -> Result<(), Died> {
        loop {
            let copies = ask(clerk.get("/api/v1/copies")).await?;
            let copies = copies["items"].as_array().unwrap().clone();
            match copies.first() {
                Some(copy) if copy["waiting_time_stamp"] == false => {
                    assert_eq!((copies.len(), &copy["code"]), (1, &json!("01/SY-UBND")));
                    return Ok(());
                }
                Some(_) => tokio::time::sleep(Duration::from_millis(100)).await,
                None => {
                    let me = ask(clerk.get("/api/v1/session")).await?;
                    let agency = me["memberships"][0]["agency_id"].as_str().unwrap().to_owned();
                    let form = Form::new()
                        .text("agency_id", agency)
                        .text("form", "sao_y")
                        .text("title", "12/QĐ-TTg, Phê duyệt quy hoạch")
                        .part("file", Part::bytes(self.paper.clone()).file_name("ban-quet.pdf"))
                        .text("pin", self.pin.clone());
                    ask(clerk.post("/api/v1/copies").multipart(form)).await?;
                }
            }
        }
    }

    /// The clerk registers a document that came on paper, once.
    async fn register(&self, clerk: &Client) -> Result<(), Died> {
        loop {
            let came = ask(clerk.get("/api/v1/dispatches?status=accepted")).await?;
            let papers = came["items"].as_array().unwrap().iter();
            let papers: Vec<_> = papers.filter(|one| one["on_paper"] == true).collect();
            if let [paper] = papers[..] {
                assert_eq!(
                    paper["arrival_number"], 1,
                    "no arrival number is lost or given twice"
                );
                return Ok(());
            }
            assert!(papers.is_empty(), "it is registered once");
            let me = ask(clerk.get("/api/v1/session")).await?;
            let agency = me["memberships"][0]["agency_id"].as_str().unwrap().to_owned();
            let form = Form::new()
                .text("agency_id", agency)
                .text("author", "Bộ Nội vụ")
                .text("code", "12/QĐ-BNV")
                .text("kind", "QĐ")
                .text("subject", "Phê duyệt đề án")
                .part("file", Part::bytes(self.paper.clone()).file_name("ban-quet.pdf"));
            ask(clerk.post("/api/v1/dispatches/paper").multipart(form)).await?;
        }
    }

    /// Holds the meeting, from wherever its record stands.
    pub async fn meet(&self, origin: &str) -> Result<(), Died> {
        meeting::hold(origin, &self.leader.at(origin), &self.leader_cookie).await
    }

    /// The department registers it and its director assigns it; then the province recalls it and gets it back.
    async fn give_back(&self, origin: &str, clerk: &Client, document: &str) -> Result<(), Died> {
        let [receiver, director] = [&self.receiver, &self.director].map(|client| client.at(origin));
        let me = ask(director.get("/api/v1/session")).await?["id"].clone();
        loop {
            let dispatch = dispatch(&receiver).await?;
            let path = format!("/api/v1/dispatches/{}", dispatch["id"].as_str().unwrap());
            let standing = (
                dispatch["status"].as_str().unwrap(),
                dispatch["recall"].as_str().unwrap(),
            );
            let (client, path, body) = match standing {
                ("arrived", "none") => (
                    &receiver,
                    format!("{path}/receipt"),
                    json!({ "answer": "accept" }),
                ),
                ("accepted", "none") => {
                    let said = json!({ "instruction": "Tham mưu", "lead_id": me });
                    (&director, format!("{path}/instruction"), said)
                }
                ("assigned", "none") => (clerk, format!("{document}/recall"), json!({ "reason": "Sai" })),
                (_, "asked") => (
                    &receiver,
                    format!("{path}/recall-answer"),
                    json!({ "agree": true }),
                ),
                ("recall_agreed", "agreed") => {
                    assert_eq!(
                        dispatch["arrival_number"], 1,
                        "no arrival number is lost or given twice"
                    );
                    let history = ask(receiver.get(&path)).await?["history"].clone();
                    let codes = history.as_array().unwrap().iter().map(|event| &event["code"]);
                    assert_eq!(codes.collect::<Vec<_>>(), ["01", "03", "04", "13", "15"]);
                    return Ok(());
                }
                other => panic!("{other:?}: {dispatch}"),
            };
            ask(client.post(&path).json(&body)).await?;
        }
    }

    async fn upload(&self, officer: &Client) -> Result<String, Died> {
        let form = self
            .said(officer)
            .await?
            .part("file", Part::bytes(self.paper.clone()).file_name("ke-hoach.pdf"));
        let draft = ask(officer.post("/api/v1/documents").multipart(form)).await?;
        Ok(draft["id"].as_str().unwrap().to_owned())
    }

    /// Says of the draft how many copies there are to be.
    async fn revise(&self, officer: &Client, path: &str) -> Result<(), Died> {
        let me = ask(officer.get("/api/v1/session")).await?["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let said = self.said(officer).await?;
        let form = said
            .text("metadata", r#"{"copies":12}"#)
            .text("content_reviewer_id", me);
        ask(officer.post(&format!("{path}/revision")).multipart(form)).await?;
        Ok(())
    }

    async fn said(&self, officer: &Client) -> Result<Form, Died> {
        let people = ask(officer.get("/api/v1/people?role=leader")).await?;
        let signer = people["items"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["full_name"] == "Nguyễn Thị Minh Hà")
            .expect("the chair");
        Ok(Form::new()
            .text("subject", SUBJECT)
            .text("kind", "KH")
            .text("signer_id", signer["id"].as_str().unwrap().to_owned()))
    }

    async fn documents(&self, officer: &Client) -> Result<Vec<Value>, Died> {
        let mut found = Vec::new();
        for name in ["waiting", "in_progress", "issued"] {
            let list = ask(officer.get(&format!("/api/v1/documents?box={name}"))).await?;
            let items = list["items"].as_array().unwrap().iter();
            found.extend(items.filter(|one| one["subject"] == SUBJECT).cloned());
        }
        Ok(found)
    }

    async fn department(&self, clerk: &Client) -> Result<Value, Died> {
        let agencies = ask(clerk.get("/api/v1/agencies?limit=200")).await?;
        let mut agencies = agencies["items"].as_array().unwrap().iter();
        Ok(agencies.find(|one| one["organ_id"] == "H99.02").unwrap()["id"].clone())
    }
}

/// The answer, which must be one of success.
pub async fn ask(request: RequestBuilder) -> Result<Value, Died> {
    let answer = request.send().await?;
    let (status, path) = (answer.status(), answer.url().path().to_owned());
    let text = answer.text().await?;
    assert!(status.is_success(), "{path}: {status}: {text}");
    Ok(serde_json::from_str(&text).unwrap())
}

/// A paper of the demo as it was before anyone signed it.
async fn unsigned_paper(officer: &Client) -> Vec<u8> {
    let list = ask(officer.get("/api/v1/documents?box=in_progress"))
        .await
        .unwrap();
    let id = list["items"][0]["id"]
        .as_str()
        .expect("the demo has a paper of this officer");
    content(officer, &format!("/api/v1/documents/{id}"), 1)
        .await
        .unwrap()
}

async fn content(client: &Client, path: &str, version: u64) -> Result<Vec<u8>, Died> {
    let answer = client
        .get(&format!("{path}/versions/{version}/content"))
        .send()
        .await?;
    assert_eq!(answer.status(), 200, "{path}");
    Ok(answer.bytes().await?.to_vec())
}

async fn versions_follow_from_one_another(client: &Client, path: &str, document: &Value) -> Result<(), Died> {
    let versions = document["versions"].as_array().unwrap();
    let purposes: Vec<_> = versions
        .iter()
        .map(|one| one["purpose"].as_str().unwrap())
        .collect();
    assert_eq!(purposes, ["draft", "prepared", "signed", "numbered", "sealed"]);
    let mut before = Vec::new();
    for version in versions {
        let bytes = content(client, path, version["number"].as_u64().unwrap()).await?;
        assert!(bytes.starts_with(&before), "version {}", version["number"]);
        before = bytes;
    }
    Ok(())
}

/// The one document of this subject that the department has.
async fn dispatch(receiver: &Client) -> Result<Value, Died> {
    let list = ask(receiver.get("/api/v1/dispatches")).await?;
    let ours = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["subject"] == SUBJECT);
    let ours: Vec<_> = ours.collect();
    assert_eq!(ours.len(), 1, "it was sent once");
    Ok(ours[0].clone())
}

/// The verdict that the department sees of it, as soon as there is one.
async fn verdict(receiver: &Client) -> Result<String, Died> {
    loop {
        if let Some(verdict) = dispatch(receiver).await?["verdict"].as_str() {
            return Ok(verdict.to_owned());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The paper is proven for years: a day has passed, as its rows tell it.
async fn prove(clerk: &Client, path: &str, folder: &Path) -> Result<(), Died> {
    let database = format!("sqlite://{}", folder.join("hoian.db").display());
    while ask(clerk.get(path)).await?["kept"].is_null() {
        let rows = Database::connect(&database).await.unwrap();
        rows.execute_unprepared(A_DAY_LATER).await.unwrap();
        rows.close().await.unwrap();
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok(())
}

const A_DAY_LATER: &str = "UPDATE preservation SET due_at = 0 WHERE proofs IS NULL; \
     UPDATE job SET due_at = 0 WHERE kind = 'paper.keep_provable' AND ended_at IS NULL";
