//! What must stay secret is in no line of the log, however much is logged.

use futures::StreamExt;
use hoian_tests::Client;
use hoian_tests::binary::{Process, command};
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

const METRICS: &str = "ma-cua-nguoi-theo-doi";
const NEW_PASSWORD: &str = "mat khau moi cua van thu";
const WRONG_PASSWORD: &str = "mat khau go nham o dau do";
const WRONG_PIN: &str = "97531864";
/// Somebody who types the password into the field of the name.
const MISPLACED: &str = "mat-khau-go-vao-o-ten";

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_of_a_whole_story_is_logged() {
    let folder = tempfile::tempdir().unwrap();
    let mut demo = command(folder.path(), &["demo"]);
    demo.env("HOIAN_LOG__FILTER", "trace")
        .env("HOIAN_HTTP__METRICS_TOKEN", METRICS);
    let (program, log) = Process::start_keeping_its_log(demo).await;
    let handout = std::fs::read(folder.path().join("handout.json")).unwrap();
    let handout: Value = serde_json::from_slice(&handout).unwrap();
    let mut story = Story {
        program,
        folder: folder.path(),
        password: text(&handout, "password"),
        secrets: vec![
            ("metrics token", METRICS.into()),
            ("wrong password", WRONG_PASSWORD.into()),
            ("misplaced password", MISPLACED.into()),
            ("new password", NEW_PASSWORD.into()),
            ("wrong PIN", WRONG_PIN.into()),
            ("password", text(&handout, "password")),
        ],
    };
    story.wrong_log_ins().await;
    let chair = story.log_in("chutich").await;
    story.signs(&chair, &text(&handout, "pin")).await;
    story.meets(&chair).await;
    story.opens_a_feed(&chair).await;
    story.gives_a_new_password().await;
    story.is_watched().await;
    let Story { program, secrets, .. } = story;
    assert!(program.terminate().await.success());

    let log = log.lock().unwrap();
    for known in [
        "/api/v1/session",
        "/api/v1/documents/{id}/signature",
        "TRACE",
        "answered",
    ] {
        assert!(log.contains(known), "the log tells of {known}");
    }
    for (name, secret) in &secrets {
        assert!(secret.len() >= 6, "{name} is long enough to be found: {secret}");
        let line = log.lines().find(|line| line.contains(secret.as_str()));
        assert!(line.is_none(), "{name} is in the log: {line:?}");
    }
}

struct Story<'a> {
    program: Process,
    folder: &'a std::path::Path,
    password: String,
    secrets: Vec<(&'static str, String)>,
}

impl Story<'_> {
    fn client(&self) -> Client {
        Client::new(self.program.origin.clone())
    }

    async fn wrong_log_ins(&self) {
        for (user_name, password) in [("chutich", WRONG_PASSWORD), (MISPLACED, WRONG_PASSWORD)] {
            let body = json!({ "user_name": user_name, "password": password });
            asked(&self.client(), "/api/v1/session", &body, 401).await;
        }
    }

    async fn log_in(&mut self, user_name: &str) -> Client {
        let code = command(self.folder, &["demo", "code", user_name])
            .output()
            .unwrap();
        let code = String::from_utf8(code.stdout).unwrap().trim().to_owned();
        let client = self.client();
        let body = json!({ "user_name": user_name, "password": self.password, "one_time_code": code });
        let answer = client.post("/api/v1/session").json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201, "{user_name}");
        let cookie = answer.headers()["set-cookie"].to_str().unwrap();
        let (_, token) = cookie.split(';').next().unwrap().split_once('=').unwrap();
        self.secrets.push(("session", token.to_owned()));
        // Six digits may stand anywhere, so they are looked for as they are sent.
        self.secrets
            .push(("one-time code", format!("one_time_code\":\"{code}")));
        client
    }

    async fn signs(&mut self, leader: &Client, pin: &str) {
        let list = leader.get("/api/v1/documents?box=waiting").send().await.unwrap();
        let list: Value = list.json().await.unwrap();
        let path = format!("/api/v1/documents/{}/signature", text(&list["items"][0], "id"));
        asked(leader, &path, &json!({ "pin": WRONG_PIN }), 403).await;
        asked(leader, &path, &json!({ "pin": pin }), 200).await;
        self.secrets.push(("PIN", format!("pin\":\"{pin}")));
    }

    /// A guest comes by the link and is told the word by which they come again.
    async fn meets(&mut self, chair: &Client) {
        let meeting = asked(chair, "/api/v1/meetings", &json!({ "title": "Giao ban" }), 201).await;
        let code = text(&meeting, "link_code");
        let door = format!("/api/v1/meetings/by-link/{code}");
        assert_eq!(self.client().get(&door).send().await.unwrap().status(), 200);
        let place = format!("/api/v1/meetings/{}/socket?link={code}", text(&meeting, "id"));
        let url = format!("{}{place}", self.program.origin).replace("http:", "ws:");
        let mut request = url.into_client_request().unwrap();
        let origin = self.program.origin.parse().unwrap();
        request.headers_mut().insert("origin", origin);
        let (mut socket, _) = connect_async(request).await.unwrap();
        let join = json!({ "type": "join", "version": 1, "name": "Khách", "place": null });
        futures::SinkExt::send(&mut socket, Message::text(join.to_string()))
            .await
            .unwrap();
        while let Some(Ok(message)) = socket.next().await {
            let Message::Text(heard) = message else { continue };
            let heard: Value = serde_json::from_str(&heard).unwrap();
            if heard["type"] == "welcome" {
                self.secrets.push(("guest's place", text(&heard, "place")));
                break;
            }
        }
        self.secrets.push(("link of a meeting", code));
    }

    async fn opens_a_feed(&mut self, person: &Client) {
        let feed = asked(person, "/api/v1/calendar/feed", &json!({}), 200).await;
        let path = text(&feed, "path");
        assert_eq!(self.client().get(&path).send().await.unwrap().status(), 200);
        let secret = path.rsplit('/').next().unwrap().to_owned();
        self.secrets.push(("feed of a calendar", secret));
    }

    async fn gives_a_new_password(&mut self) {
        let administrator = self.log_in("quantri").await;
        let people = administrator
            .get("/api/v1/admin/people?q=vanthu")
            .send()
            .await
            .unwrap();
        let people: Value = people.json().await.unwrap();
        let path = format!("/api/v1/admin/people/{}", text(&people["items"][0], "id"));
        let renewed = asked(&administrator, &format!("{path}/one-time-code"), &json!({}), 200).await;
        self.secrets.push((
            "secret of an authenticator",
            text(&renewed, "one_time_code_secret"),
        ));
        let made = asked(&administrator, &format!("{path}/password-link"), &json!({}), 201).await;
        let link = text(&made, "link");
        let (_, word) = link.split_once('#').unwrap();
        self.secrets.push(("link for a password", word.to_owned()));
        let body = json!({ "word": word, "password": NEW_PASSWORD });
        asked(&self.client(), "/api/v1/password-resets/redemption", &body, 204).await;
    }

    async fn is_watched(&self) {
        let asked = self.client().get("/metrics").bearer_auth(METRICS);
        assert_eq!(asked.send().await.unwrap().status(), 200);
    }
}

async fn asked(client: &Client, path: &str, body: &Value, status: u16) -> Value {
    let answer = client.post(path).json(body).send().await.unwrap();
    let got = answer.status().as_u16();
    let said = answer.text().await.unwrap();
    assert_eq!(got, status, "{path}: {said}");
    serde_json::from_str(&said).unwrap_or(Value::Null)
}

fn text(value: &Value, name: &str) -> String {
    value[name]
        .as_str()
        .unwrap_or_else(|| panic!("{name} in {value}"))
        .to_owned()
}
