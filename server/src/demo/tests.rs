//! The demo made whole, made twice, and made in spite of being cut off.

use std::time::Duration;

use sea_orm::{ColumnTrait as _, EntityTrait as _, PaginatorTrait as _, QueryFilter as _};

use super::*;
use crate::store::audit::{self, Verdict};
use crate::store::entity::{agency, document, meeting, meeting_member, membership, person, signature_image};
use crate::store::entity::{case_file, signing_key, trust_anchor};

async fn open(folder: &Path) -> (App, String) {
    let mut config = Config {
        data_folder: folder.to_owned(),
        ..Config::default()
    };
    config.http.address.set_port(0);
    let base_url = settle(&mut config, None).unwrap();
    (App::open(config, Clock::system()).await.unwrap(), base_url)
}

/// How many rows of each kind there are.
async fn count(app: &App) -> [u64; 10] {
    let read = app.store.read();
    [
        agency::Entity::find().count(read).await.unwrap(),
        person::Entity::find().count(read).await.unwrap(),
        membership::Entity::find().count(read).await.unwrap(),
        trust_anchor::Entity::find().count(read).await.unwrap(),
        signing_key::Entity::find()
            .filter(signing_key::Column::RetiredAt.is_null())
            .count(read)
            .await
            .unwrap(),
        signature_image::Entity::find().count(read).await.unwrap(),
        document::Entity::find().count(read).await.unwrap(),
        meeting::Entity::find().count(read).await.unwrap(),
        meeting_member::Entity::find().count(read).await.unwrap(),
        case_file::Entity::find().count(read).await.unwrap(),
    ]
}

/// Agencies, people, memberships, anchors, keys, pictures, papers, meetings, people called to it, case files.
const WHOLE: [u64; 10] = [14, 14, 14, 2, 13, 13, 3, 1, 8, 4];

async fn password_opens(app: &App, handout: &Handout) -> bool {
    let row = person::Entity::find()
        .filter(person::Column::UserName.eq("vanthu"))
        .one(app.store.read())
        .await;
    let hash = row.unwrap().map(|row| row.password_hash);
    app.passwords
        .verify(handout.password.clone().into(), hash)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_start_keeps_everything_and_another_port_maps_the_old() {
    let folder = tempfile::tempdir().unwrap();
    let (app, base_url) = open(folder.path()).await;
    let first = prepare(&app, &base_url, Passwords::Keep).await.unwrap();
    assert_eq!(count(&app).await, WHOLE);
    let key = signing_key::Entity::find().one(app.store.read()).await.unwrap();

    let (again, other_url) = open(folder.path()).await;
    let second = prepare(&again, &other_url, Passwords::Keep).await.unwrap();
    assert_eq!(count(&again).await, WHOLE);
    assert!(first.handout() == second.handout());
    assert_eq!(first.authority.root(), second.authority.root());
    assert_eq!(
        key,
        signing_key::Entity::find().one(again.store.read()).await.unwrap()
    );
    let host = |url: &str| url.trim_start_matches("http://").to_owned();
    assert_ne!(base_url, other_url);
    assert_eq!(
        again.config.signing.mapped_hosts.get(&host(&base_url)),
        Some(&host(&other_url))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_renewed_password_replaces_the_old_one_and_keeps_the_pin() {
    let folder = tempfile::tempdir().unwrap();
    let (app, base_url) = open(folder.path()).await;
    let before = prepare(&app, &base_url, Passwords::Keep).await.unwrap();
    assert!(password_opens(&app, before.handout()).await);
    let after = prepare(&app, &base_url, Passwords::Renew).await.unwrap();
    assert!(password_opens(&app, after.handout()).await);
    assert!(!password_opens(&app, before.handout()).await);
    assert_eq!(before.handout().pin, after.handout().pin);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_is_cut_off_again_and_again_is_finished_in_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let mut patience = Duration::from_millis(30);
    let mut cuts = 0;
    let app = loop {
        let (app, base_url) = open(folder.path()).await;
        let attempt = tokio::time::timeout(patience, prepare(&app, &base_url, Passwords::Keep)).await;
        match attempt {
            Ok(result) => {
                result.unwrap();
                break app;
            }
            // Unlike a process that ends, a future that is dropped leaves its last question at work in the database.
            Err(_) => app.store.close().await.unwrap(),
        }
        cuts += 1;
        patience = patience * 5 / 4;
    };
    assert!(cuts > 3, "cut off {cuts} times");
    assert_eq!(count(&app).await, WHOLE);
    assert!(matches!(
        audit::verify(app.store.read()).await.unwrap(),
        Verdict::Whole { .. }
    ));
}
