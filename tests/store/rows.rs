//! Transactions: all or nothing, one after the other, kept.

use hoian_server::app::App;
use hoian_server::clock::Clock;
use hoian_server::store::entity::setting;
use hoian_server::store::setting::{read, write};
use hoian_tests::server::config;
use sea_orm::{ActiveValue::Set, DbErr, EntityTrait};

use crate::House;

on_both_databases!(
    keeps_a_change_whole_or_not_at_all,
    lets_changes_wait_for_each_other,
    refuses_to_write_where_it_reads,
    finds_everything_again,
);

async fn keeps_a_change_whole_or_not_at_all(house: House) {
    let store = &house.app.store;
    store.write(async |tx| write(tx, "a", "1").await).await.unwrap();
    let failed = store
        .write(async |tx| {
            write(tx, "a", "2").await?;
            write(tx, "b", "2").await?;
            Err::<(), _>(DbErr::Custom("changed my mind".into()))
        })
        .await;
    assert!(failed.is_err());
    assert_eq!(read(store.read(), "a").await.unwrap().as_deref(), Some("1"));
    assert_eq!(read(store.read(), "b").await.unwrap(), None);
}

/// A read and a write in one transaction lose no update: on SQLite transactions are immediate, on PostgreSQL the
/// audit chain's head row stands for what a change must lock (see audit.rs); here each adds a row of its own.
async fn lets_changes_wait_for_each_other(house: House) {
    let changes = (0..40).map(|number| {
        let store = house.app.store.clone();
        tokio::spawn(async move {
            store
                .write(async |tx| write(tx, &format!("n{number}"), "x").await)
                .await
        })
    });
    for change in changes.collect::<Vec<_>>() {
        change.await.unwrap().unwrap();
    }
    let rows = setting::Entity::find().all(house.app.store.read()).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.name.starts_with('n')).count(), 40);
}

async fn refuses_to_write_where_it_reads(house: House) {
    let row = setting::ActiveModel {
        name: Set("a".into()),
        value: Set("1".into()),
    };
    let written = setting::Entity::insert(row)
        .exec_without_returning(house.app.store.read())
        .await;
    assert!(written.is_err());
}

async fn finds_everything_again(house: House) {
    house
        .app
        .store
        .write(async |tx| write(tx, "a", "1").await)
        .await
        .unwrap();
    let House {
        app,
        url,
        folder,
        _postgres,
        ..
    } = house;
    app.store.clone().close().await.unwrap();
    let mut config = config(folder.path());
    config.database.url = Some(url);
    let again = App::open(config, Clock::system()).await.unwrap();
    assert_eq!(read(again.store.read(), "a").await.unwrap().as_deref(), Some("1"));
}
