//! Whoever tries whatever in whatever order: what the interface answers is what the tables say, a refusal changes nothing, and
//! each step that concerns the sender is one status row.

use hoian_server::custody::{Presence, dispatch_capacities, dispatch_rules};
use hoian_server::domain::dispatch::{Action, Capacity, DispatchId, Given, Refusal, Verdict};
use hoian_server::domain::id::{AgencyId, PersonId};
use hoian_server::domain::role::Held;
use hoian_server::store::audit;
use hoian_server::store::entity::{
    dispatch, dispatch_opinion, dispatch_status, dispatch_support, membership, notice,
};
use hoian_tests::Client;
use hoian_tests::signing::{Office, act};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::{Value, json};

use crate::crowd::arrived;
use crate::handling::{issued, step};

const PEOPLE: [&str; 6] = [
    "vanthu.sonv",
    "giamdoc.sonv",
    "chuyenvien.sonv",
    "vanthu.anphu",
    "vanthu",
    "quantri",
];

/// Every action that is a step of the dispatch itself; a recall is one of the document.
const ACTIONS: [Action; 10] = [
    Action::Accept,
    Action::Return,
    Action::Instruct,
    Action::Delegate,
    Action::Forward,
    Action::GiveOpinion,
    Action::Begin,
    Action::Complete,
    Action::AgreeRecall,
    Action::RefuseRecall,
];

#[tokio::test]
async fn no_sequence_of_anybodys_steps_leaves_the_tables() {
    let mut random = StdRng::seed_from_u64(141);
    let office = Office::open().await;
    let mut people = Vec::new();
    for user_name in PEOPLE {
        let id = office.person(user_name).await;
        people.push((user_name, id.clone(), office.server.log_in(user_name).await));
    }
    let mut taken = 0;
    let document = issued(&office, &["agency-snv"]).await;
    for id in arrived(&office, &document, ROUNDS).await {
        let path = format!("/api/v1/dispatches/{id}");
        for _ in 0..STEPS {
            if random.random_bool(0.05) {
                recalled(&office, &path, &people[4].2).await;
            }
            let by = people.choose(&mut random).unwrap();
            let action = *ACTIONS.choose(&mut random).unwrap();
            // Those who may come next come more often, or most of it would be refusals.
            let (by, action) = match random.random_bool(0.5) {
                true => likely(&office, &path, &people, &mut random)
                    .await
                    .unwrap_or((by, action)),
                false => (by, action),
            };
            let lead = random.random_range(0..3);
            let named = [&people[lead].1, &people[(lead + 1) % 3].1];
            taken += usize::from(tried(&office, &path, by, action, named).await);
        }
    }
    assert!(taken > ROUNDS * 4, "{taken} steps were taken");
    let chain = audit::verify(office.app().store.read()).await.unwrap();
    assert!(matches!(chain, audit::Verdict::Whole { .. }), "{chain:?}");
}

const ROUNDS: usize = 4;
const STEPS: usize = 40;

type Someone = (&'static str, PersonId, Client);

/// What is kept of a dispatch.
#[derive(Debug, PartialEq)]
struct Kept {
    row: dispatch::Model,
    support: Vec<PersonId>,
    statuses: u64,
    opinions: u64,
    forwarded: u64,
    notices: u64,
}

/// Takes a step and holds the answer against the tables; says whether it was taken.
async fn tried(office: &Office, path: &str, by: &Someone, action: Action, named: [&PersonId; 2]) -> bool {
    let (user_name, person, client) = by;
    let before = kept(office, path).await;
    let capacities = capacities(office, &before, person).await;
    let given = Given {
        verdict: Verdict::Valid,
        reason: Some("vì"),
        lead: true,
    };
    let expected = dispatch_rules(&before.row).permit(action, &capacities, given);
    let (name, body) = request(action, named);
    let answer = step(client, path, name, body).await;
    let status = answer.status().as_u16();
    let what = format!(
        "{user_name} {action:?} at {:?} {:?}: {}",
        before.row.status,
        before.row.recall,
        answer.text().await.unwrap()
    );
    let after = kept(office, path).await;
    // An agency gets a paper once.
    let again = action == Action::Forward && before.forwarded > 0;
    match expected {
        Ok(row) if !again => {
            assert_eq!(status, 200, "{what}");
            let rules = dispatch_rules(&before.row).apply(&row);
            assert_eq!(dispatch_rules(&after.row), rules, "{what}");
            let told = u64::from(row.row.is_some());
            assert_eq!(after.statuses, before.statuses + told, "{what}");
            let opinion = u64::from(action == Action::GiveOpinion);
            assert_eq!(after.opinions, before.opinions + opinion, "{what}");
            true
        }
        Ok(_) => {
            assert_eq!((status, &after), (409, &before), "{what}");
            false
        }
        Err(refusal) => {
            let statuses: &[u16] = match refusal {
                _ if capacities.is_empty() => &[404],
                Refusal::NotYours => &[403],
                _ => &[409],
            };
            assert!(statuses.contains(&status), "{what}");
            assert_eq!(after, before, "a refusal changed something: {what}");
            false
        }
    }
}

/// The sender's clerk asks for the document back: the dispatch is asked for where the tables permit it, or left alone.
async fn recalled(office: &Office, path: &str, clerk: &Client) {
    let before = kept(office, path).await;
    let given = Given {
        verdict: Verdict::Valid,
        reason: Some("vì"),
        lead: false,
    };
    let rules = dispatch_rules(&before.row);
    let expected = match rules.permit(Action::Recall, &[Capacity::Sender], given) {
        Ok(row) => rules.apply(&row),
        Err(_) => rules,
    };
    act(
        clerk,
        &before.row.document_id.0,
        "recall",
        json!({ "reason": "vì" }),
    )
    .await;
    assert_eq!(dispatch_rules(&kept(office, path).await.row), expected);
}

/// The request of a step; the people named are of the department: who leads, and who supports.
fn request(action: Action, [lead, support]: [&PersonId; 2]) -> (&'static str, Value) {
    match action {
        Action::Accept => ("receipt", json!({ "answer": "accept" })),
        Action::Return => ("receipt", json!({ "answer": "return", "reason": "vì" })),
        Action::Instruct => (
            "instruction",
            json!({ "instruction": "vì", "lead_id": lead, "support": [support], "due_on": "2099-11-30" }),
        ),
        Action::Delegate => ("delegation", json!({ "lead_id": lead, "note": "vì" })),
        Action::Forward => (
            "forwarding",
            json!({ "receivers": ["agency-anphu"], "note": "vì" }),
        ),
        Action::GiveOpinion => ("opinion", json!({ "words": "vì" })),
        Action::Begin => ("progress", json!({})),
        Action::Complete => ("completion", json!({})),
        Action::AgreeRecall => ("recall-answer", json!({ "agree": true })),
        _ => ("recall-answer", json!({ "agree": false, "reason": "vì" })),
    }
}

/// Somebody with a step that the tables permit now; not one that ends everything.
async fn likely<'a>(
    office: &Office,
    path: &str,
    people: &'a [Someone],
    random: &mut StdRng,
) -> Option<(&'a Someone, Action)> {
    let now = kept(office, path).await;
    let given = Given {
        verdict: Verdict::Valid,
        reason: Some("vì"),
        lead: true,
    };
    let mut steps = Vec::new();
    for someone in people {
        let capacities = capacities(office, &now, &someone.1).await;
        let may = |action: &&Action| {
            let ends = matches!(**action, Action::Return | Action::Complete);
            !ends
                && dispatch_rules(&now.row)
                    .permit(**action, &capacities, given)
                    .is_ok()
        };
        steps.extend(ACTIONS.iter().filter(may).map(|action| (someone, *action)));
    }
    steps.choose(random).copied()
}

async fn capacities(office: &Office, kept: &Kept, person: &PersonId) -> Vec<Capacity> {
    let rows = membership::Entity::find()
        .filter(membership::Column::PersonId.eq(person.clone()))
        .all(office.app().store.read())
        .await
        .unwrap();
    let held = |row: membership::Model| Held::own(row.agency_id, row.role);
    let presence = Presence {
        person_id: person.clone(),
        held: rows.into_iter().map(held).collect(),
    };
    dispatch_capacities(&kept.row, &kept.support, &presence)
}

async fn kept(office: &Office, path: &str) -> Kept {
    let id = DispatchId(path.rsplit('/').next().unwrap().to_owned());
    let read = office.app().store.read();
    let row = dispatch::Entity::find_by_id(id.clone()).one(read).await.unwrap();
    let support = dispatch_support::Entity::find()
        .filter(dispatch_support::Column::DispatchId.eq(id.clone()))
        .all(read)
        .await
        .unwrap();
    let statuses = dispatch_status::Entity::find().filter(dispatch_status::Column::DispatchId.eq(id.clone()));
    let opinions =
        dispatch_opinion::Entity::find().filter(dispatch_opinion::Column::DispatchId.eq(id.clone()));
    let row = row.unwrap();
    let there = dispatch::Entity::find()
        .filter(dispatch::Column::DocumentId.eq(row.document_id.clone()))
        .filter(dispatch::Column::ReceiverId.eq(AgencyId("agency-anphu".into())));
    let notices = notice::Entity::find().filter(notice::Column::DispatchId.eq(id));
    Kept {
        row,
        support: support.into_iter().map(|row| row.person_id).collect(),
        statuses: statuses.count(read).await.unwrap(),
        opinions: opinions.count(read).await.unwrap(),
        forwarded: there.count(read).await.unwrap(),
        notices: notices.count(read).await.unwrap(),
    }
}
