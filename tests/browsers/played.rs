//! What is asked of a conference that was played: others judge every paper that came of it, and its record proves itself.

use std::time::Duration;

use hoian_server::app::App;
use hoian_server::domain::document::State;
use hoian_server::domain::minutes::Paper;
use hoian_server::store::entity::{dispatch, document, meeting, meeting_document, meeting_paper};
use hoian_tests::Client;
use hoian_tests::binary::doctor_record;
use hoian_tests::paper::keep;
use hoian_tests::signing::{LEADER, Office, content};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use tokio::task::JoinHandle;

use crate::judges;

/// Lets the program's clock go as the world's does once a meeting is called; before that, codes of one moment serve everybody.
pub fn let_time_pass(app: &App) -> JoinHandle<()> {
    let (store, clock) = (app.store.clone(), app.clock.clone());
    tokio::spawn(async move {
        let mut second = tokio::time::interval(SECOND);
        let mut is_called = false;
        loop {
            second.tick().await;
            if !is_called {
                let found = meeting::Entity::find().one(store.read()).await;
                is_called = found.expect("a database").is_some();
            }
            if is_called {
                clock.advance(SECOND);
            }
        }
    })
}

/// Fails unless pdfsig and pyHanko accept every paper, each was issued to the agencies of the meeting, and the record is whole
/// under the head that the minutes print, and not once it is changed.
pub async fn judge(office: &Office) {
    let chair = office.server.log_in(LEADER).await;
    let reader = office.app().store.read();
    let meeting = meeting::Entity::find()
        .one(reader)
        .await
        .unwrap()
        .expect("a meeting");
    let invitation = meeting.invitation_id.clone().expect("an invitation");
    issued(office, &chair, &invitation.0, "giay-moi", 2).await;
    let links = meeting_document::Entity::find().all(reader).await.unwrap();
    assert_eq!(links.len(), 4, "minutes, the records of two votes, a notice");
    let mut minutes = None;
    for link in links {
        let (name, signatures) = match link.paper {
            Paper::Minutes => ("bien-ban".to_owned(), 3),
            Paper::VoteRecord => (format!("bien-ban-bieu-quyet-{}", link.vote), 3),
            Paper::ConclusionNotice => ("thong-bao".to_owned(), 2),
        };
        let file = issued(office, &chair, &link.document_id.0, &name, signatures).await;
        if link.paper == Paper::Minutes {
            minutes = Some(file);
        }
    }
    signed_on_stage(office, &chair, &meeting.id.0).await;
    record(&chair, &meeting.id.0, &minutes.expect("the minutes")).await;
}

/// The file of a paper that has reached both agencies.
async fn issued(office: &Office, chair: &Client, id: &str, name: &str, signatures: usize) -> Vec<u8> {
    let reader = office.app().store.read();
    let row = document::Entity::find_by_id(hoian_server::domain::document::DocumentId(id.to_owned()));
    let row = row.one(reader).await.unwrap().expect("the document");
    assert_eq!(row.state, State::Issued, "{name}");
    let sent = dispatch::Entity::find().filter(dispatch::Column::DocumentId.eq(id));
    assert_eq!(
        sent.all(reader).await.unwrap().len(),
        2,
        "{name} goes to both agencies"
    );
    let file = content(chair, id, "latest").await;
    keep(&file, &format!("{name}.pdf"));
    judges::accept_all(&office.authority.root, &file, signatures);
    file
}

/// The paper that three have signed in the meeting.
async fn signed_on_stage(office: &Office, chair: &Client, meeting: &str) {
    let papers = meeting_paper::Entity::find()
        .all(office.app().store.read())
        .await
        .unwrap();
    let plan = papers
        .iter()
        .find(|paper| paper.title.contains("Kế hoạch"))
        .expect("the plan");
    let path = format!("/api/v1/meetings/{meeting}/papers/{}/signed", plan.id);
    let answer = chair.get(&path).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let file = answer.bytes().await.unwrap();
    keep(&file, "ke-hoach-ky-tai-cuoc-hop.pdf");
    judges::accept_all(&office.authority.root, &file, 3);
}

async fn record(chair: &Client, meeting: &str, minutes: &[u8]) {
    let answer = chair
        .get(&format!("/api/v1/meetings/{meeting}/record"))
        .send()
        .await
        .unwrap();
    let file = answer.text().await.unwrap();
    let head = printed_head(minutes);
    let (code, said) = doctor_record(file.as_bytes(), &["--head", &head]);
    assert_eq!(code, Some(0), "{said}");
    for words in ["vote 1 (open)", "vote 2 (secret)", "3 of 3 have signed"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let lines: Vec<&str> = file.lines().collect();
    let number = |event: &str| {
        let named = format!(r#""event":"{event}""#);
        lines
            .iter()
            .position(|line| line.contains(&named))
            .expect("the event")
    };
    // A choice of an open vote.
    let voted = number("voted");
    let mut changed = lines.clone();
    let other = changed[voted].replacen("against", "in_favour", 1);
    assert_ne!(other, changed[voted]);
    changed[voted] = &other;
    tampered(&changed, &format!("entry {voted} was CHANGED"));
    // A signature under the paper.
    let signed = number("paper_signed");
    let mut shorter = lines.clone();
    shorter.remove(signed);
    tampered(&shorter, &format!("entry {signed} was REMOVED"));
}

fn tampered(lines: &[&str], named: &str) {
    let file: String = lines.iter().map(|line| format!("{line}\n")).collect();
    let (code, said) = doctor_record(file.as_bytes(), &[]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains(named), "{named}: {said}");
}

/// The hash of the record, as whoever holds the minutes types it off them.
fn printed_head(minutes: &[u8]) -> String {
    let words = judges::words_of(minutes);
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let (_, after) = words
        .split_once("(SHA-256):")
        .expect("the minutes name the record");
    after.chars().filter(char::is_ascii_hexdigit).take(64).collect()
}

const SECOND: Duration = Duration::from_secs(1);
