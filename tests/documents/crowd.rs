//! A hundred clerks at once: every number is given once and none is skipped, on both databases.

use futures::future::join_all;
use hoian_server::domain::dispatch::DispatchId;
use hoian_server::domain::document::{DocumentId, State};
use hoian_server::store::entity::{dispatch, document, document_version};
use hoian_tests::postgres::Postgres;
use hoian_tests::signing::{Office, act, expect};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter};
use serde_json::json;

use crate::handling::{issued, step};

const CROWD: usize = 100;

#[tokio::test]
async fn a_hundred_clerks_number_and_register_without_gap_on_sqlite() {
    let office = Office::open().await;
    numbers_have_no_gap(&office).await;
}

#[tokio::test]
async fn a_hundred_clerks_number_and_register_without_gap_on_postgresql() {
    let postgres = Postgres::start().await.expect("PostgreSQL is installed");
    let office = Office::open_with(|config| config.database.url = Some(postgres.url())).await;
    numbers_have_no_gap(&office).await;
}

async fn numbers_have_no_gap(office: &Office) {
    let signed = office.signed().await;
    let clerk = office.server.log_in("vanthu").await;
    let ids = signed_documents(office, &signed, CROWD).await;
    let number = |id: String| {
        let clerk = clerk.clone();
        async move { expect(act(&clerk, &id, "number", json!({})).await, 200).await["code"].clone() }
    };
    let mut codes: Vec<String> = join_all(ids.into_iter().map(number))
        .await
        .iter()
        .map(|code| code.as_str().unwrap().to_owned())
        .collect();
    codes.sort_by_key(|code| code.split('/').next().unwrap().parse::<u32>().unwrap());
    let expected: Vec<_> = (1..=CROWD).map(|number| format!("{number:02}/KH-UBND")).collect();
    assert_eq!(codes, expected);
    registered(office, CROWD).await;
}

/// So many documents have come to the department and are accepted by clerks at the same time.
pub async fn registered(office: &Office, count: usize) {
    let id = issued(office, &["agency-snv"]).await;
    let dispatches = arrived(office, &id, count).await;
    let clerk = office.server.log_in("vanthu.sonv").await;
    let accept = |id: String| {
        let clerk = clerk.clone();
        async move {
            let path = format!("/api/v1/dispatches/{id}");
            let accepted = step(&clerk, &path, "receipt", json!({ "answer": "accept" })).await;
            expect(accepted, 200).await["arrival_number"].as_u64().unwrap()
        }
    };
    let mut numbers = join_all(dispatches.into_iter().map(accept)).await;
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq(1..=count as u64));
}

/// Copies of a signed document, each with its versions, so that not every one must be signed for this test.
async fn signed_documents(office: &Office, id: &str, count: usize) -> Vec<String> {
    let store = &office.app().store;
    let row = document::Entity::find_by_id(DocumentId(id.into()));
    let row = row.one(store.read()).await.unwrap().unwrap();
    let versions = document_version::Entity::find()
        .filter(document_version::Column::DocumentId.eq(row.id.clone()))
        .all(store.read())
        .await
        .unwrap();
    let mut ids = vec![id.to_owned()];
    for copy in 1..count {
        let id = DocumentId(format!("{id}-{copy:03}"));
        let document = document::Model {
            id: id.clone(),
            lookup: None,
            ..row.clone()
        }
        .into_active_model();
        let versions = versions.iter().map(|version| {
            let version = version.clone();
            document_version::Model {
                document_id: id.clone(),
                ..version
            }
            .into_active_model()
        });
        let write = async |tx: &hoian_server::store::Tx| {
            document::Entity::insert(document)
                .exec_without_returning(tx)
                .await?;
            document_version::Entity::insert_many(versions)
                .exec_without_returning(tx)
                .await?;
            Ok::<_, DbErr>(())
        };
        store.write(write).await.unwrap();
        ids.push(id.0);
    }
    ids
}

/// Copies of an issued document and of its dispatch, under numbers of their own.
pub async fn arrived(office: &Office, id: &str, count: usize) -> Vec<String> {
    let store = &office.app().store;
    let row = document::Entity::find_by_id(DocumentId(id.into()));
    let row = row.one(store.read()).await.unwrap().unwrap();
    assert_eq!(row.state, State::Issued);
    let sent = dispatch::Entity::find().filter(dispatch::Column::DocumentId.eq(row.id.clone()));
    let sent = sent.one(store.read()).await.unwrap().unwrap();
    assert!(sent.verification_id.is_some(), "verified on arrival");
    let mut ids = vec![sent.id.0.clone()];
    for copy in 1..count {
        let document = document::Model {
            id: DocumentId(format!("{id}-{copy:03}")),
            number: Some(1000 + i32::try_from(copy).unwrap()),
            lookup: None,
            ..row.clone()
        };
        let dispatch = dispatch::Model {
            id: DispatchId(format!("{}-{copy:03}", sent.id)),
            document_id: document.id.clone(),
            ..sent.clone()
        };
        ids.push(dispatch.id.0.clone());
        let write = async |tx: &hoian_server::store::Tx| {
            document::Entity::insert(document.into_active_model())
                .exec_without_returning(tx)
                .await?;
            dispatch::Entity::insert(dispatch.into_active_model())
                .exec_without_returning(tx)
                .await?;
            Ok::<_, DbErr>(())
        };
        store.write(write).await.unwrap();
    }
    ids
}
