//! Backups: everything comes back, on either database; what is damaged, of another version or in the way is refused.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use hoian_server::demo::{self, Passwords};
use hoian_server::domain::id::PersonId;
use hoian_server::store::archive::{self, Error, LEFT_OUT, NAMES};
use hoian_server::store::audit::{self, Actor, Verdict};
use hoian_server::store::setting;
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use serde_json::json;

use crate::House;

on_both_databases!(
    comes_back_on_either_database,
    names_every_table,
    refuses_data_that_are_there_already,
    writes_over_no_file,
    is_of_one_moment_while_others_write,
);

async fn comes_back_on_either_database(house: House) {
    demo::prepare(&house.app, "http://127.0.0.1:1", Passwords::Keep)
        .await
        .unwrap();
    let file = backup(&house, "a.tar").await;
    for other in [House::on_sqlite().await, House::on_postgres().await] {
        let restored = archive::restore(&other.app.store, other.app.clock.now(), &file)
            .await
            .unwrap();
        assert!(restored.rows() > 100 && restored.blobs > 0, "{restored:?}");
        let again = backup(&other, "b.tar").await;
        let (mut before, mut after) = (rows(&file), rows(&again));
        // One entry more says that it was restored.
        let chains = ["audit_entry", "audit_head"].map(|name| (before.remove(name), after.remove(name)));
        let [(Some(old), Some(new)), _] = chains else {
            panic!("no audit chain");
        };
        assert_eq!(new.len(), old.len() + 1);
        for (table, rows) in before {
            assert!(after.get(&table) == Some(&rows), "{table} came back otherwise");
        }
        assert_eq!(
            audit::verify(other.app.store.read()).await.unwrap(),
            Verdict::Whole {
                entries: new.len() as i64
            }
        );
        let blobs = |file: &Path| {
            names(file)
                .into_iter()
                .filter(|name| name.starts_with("blobs/"))
                .count()
        };
        assert_eq!(blobs(&file), blobs(&again));
    }
}

async fn names_every_table(house: House) {
    let store = &house.app.store;
    let sql = match store.backend() {
        DbBackend::Postgres => {
            "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public'"
        }
        _ => "SELECT name FROM sqlite_master WHERE type = 'table'",
    };
    let statement = Statement::from_string(store.backend(), sql);
    let tables = store.read().query_all_raw(statement).await.unwrap();
    let known: Vec<&str> = NAMES.iter().chain(&LEFT_OUT).copied().collect();
    for table in tables {
        let name: String = table.try_get("", "name").unwrap();
        // What the databases keep for themselves: the list of migrations, and the words behind the index's rows.
        let is_internal =
            name == "seaql_migrations" || name.starts_with("sqlite_") || name.starts_with("document_words");
        assert!(
            is_internal || known.contains(&name.as_str()),
            "{name} is in no backup"
        );
    }
}

async fn refuses_data_that_are_there_already(house: House) {
    let file = backup(&house, "a.tar").await;
    demo::prepare(&house.app, "http://127.0.0.1:1", Passwords::Keep)
        .await
        .unwrap();
    let before = rows(&backup(&house, "b.tar").await);
    let refused = archive::restore(&house.app.store, house.app.clock.now(), &file).await;
    assert!(matches!(refused, Err(Error::NotEmpty)), "{refused:?}");
    assert_eq!(rows(&backup(&house, "c.tar").await), before);
}

async fn writes_over_no_file(house: House) {
    let file = house.folder.path().join("a.tar");
    std::fs::write(&file, "kept").unwrap();
    let refused = archive::backup(&house.app.store, house.app.clock.now(), &file).await;
    assert!(matches!(refused, Err(Error::File { .. })), "{refused:?}");
    assert_eq!(std::fs::read(&file).unwrap(), b"kept");
}

async fn is_of_one_moment_while_others_write(house: House) {
    let store = house.app.store.clone();
    let now = house.app.clock.now();
    let (started, start) = tokio::sync::oneshot::channel();
    let writing = tokio::spawn(async move {
        let actor = Actor::Person(PersonId("p".into()));
        let mut started = Some(started);
        for number in 0..200 {
            // Both in one transaction: a backup that holds one without the other is torn.
            let both = async |tx: &hoian_server::store::Tx| {
                setting::write(tx, "count", &number.to_string()).await?;
                audit::append(tx, now, &actor, "test.done", "test", json!({ "count": number })).await
            };
            store.write(both).await.unwrap();
            if let Some(started) = started.take() {
                started.send(()).unwrap();
            }
        }
    });
    start.await.unwrap();
    let file = backup(&house, "a.tar").await;
    writing.await.unwrap();
    let rows = rows(&file);
    let entries = rows["audit_entry"].len();
    let count = format!("\"value\":\"{}\"", entries - 1);
    assert!(
        rows["setting"].iter().any(|row| row.contains(&count)),
        "{entries} {:?}",
        rows["setting"]
    );
    let other = House::on_sqlite().await;
    archive::restore(&other.app.store, now, &file).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn files_move_into_an_object_store_and_back() {
    let house = House::on_sqlite().await;
    demo::prepare(&house.app, "http://127.0.0.1:1", Passwords::Keep)
        .await
        .unwrap();
    let mut file = backup(&house, "a.tar").await;
    let held = |file: &Path| {
        let mut blobs = names(file);
        blobs.retain(|name| name.starts_with("blobs/"));
        blobs.sort();
        blobs
    };
    let blobs = held(&file);
    assert!(!blobs.is_empty());
    let mut others = Vec::new();
    for other in [House::with_object_store().await, House::on_sqlite().await] {
        archive::restore(&other.app.store, other.app.clock.now(), &file)
            .await
            .unwrap();
        file = backup(&other, "b.tar").await;
        assert_eq!(held(&file), blobs);
        others.push(other);
    }
}

#[tokio::test]
async fn what_was_changed_or_cut_is_refused_and_leaves_nothing() {
    let house = House::on_sqlite().await;
    demo::prepare(&house.app, "http://127.0.0.1:1", Passwords::Keep)
        .await
        .unwrap();
    let file = backup(&house, "a.tar").await;
    let whole = std::fs::read(&file).unwrap();
    let other = House::on_sqlite().await;
    let damaged = other.folder.path().join("damaged.tar");
    for part in 1..40 {
        let place = whole.len() * part / 40;
        let mut changed = whole.clone();
        // Padding between entries means nothing; every other byte does.
        if changed[place] == 0 {
            continue;
        }
        changed[place] ^= 0x11;
        for bytes in [&changed[..], &whole[..place]] {
            std::fs::write(&damaged, bytes).unwrap();
            assert!(archive::check(&damaged).is_err(), "byte {place}");
            let refused = archive::restore(&other.app.store, other.app.clock.now(), &damaged).await;
            assert!(refused.is_err(), "byte {place}");
        }
    }
    // Nothing of it remained: the whole one can still be restored.
    archive::restore(&other.app.store, other.app.clock.now(), &file)
        .await
        .unwrap();
}

#[tokio::test]
async fn another_version_is_refused_by_name() {
    let house = House::on_sqlite().await;
    let file = backup(&house, "a.tar").await;
    let newer =
        String::from_utf8_lossy(&std::fs::read(&file).unwrap()).replacen("m0001_house", "m0001_hause", 1);
    std::fs::write(&file, newer).unwrap();
    let other = House::on_sqlite().await;
    let refused = archive::restore(&other.app.store, other.app.clock.now(), &file).await;
    assert!(
        matches!(refused, Err(Error::OtherVersion { .. } | Error::Damaged(_))),
        "{refused:?}"
    );
}

async fn backup(house: &House, name: &str) -> PathBuf {
    let file = house.folder.path().join(name);
    let made = archive::backup(&house.app.store, house.app.clock.now(), &file)
        .await
        .unwrap();
    assert_eq!(archive::check(&file).unwrap(), made);
    file
}

/// The rows of each table, sorted: the databases give them in no order.
fn rows(file: &Path) -> BTreeMap<String, Vec<String>> {
    let mut tables = BTreeMap::new();
    let mut tar = tar::Archive::new(std::fs::File::open(file).unwrap());
    for entry in tar.entries().unwrap() {
        let entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        if let Some(table) = name
            .strip_prefix("rows/")
            .and_then(|name| name.strip_suffix(".jsonl.gz"))
        {
            let mut text = String::new();
            GzDecoder::new(entry).read_to_string(&mut text).unwrap();
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.sort();
            tables.insert(table.to_owned(), lines);
        }
    }
    tables
}

fn names(file: &Path) -> Vec<String> {
    let mut tar = tar::Archive::new(std::fs::File::open(file).unwrap());
    tar.entries()
        .unwrap()
        .map(|entry| entry.unwrap().path().unwrap().to_string_lossy().into_owned())
        .collect()
}
