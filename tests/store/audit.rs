//! The audit chain: whole under many writers, and every way to tamper with it shows.

use hoian_server::clock::Timestamp;
use hoian_server::domain::id::PersonId;
use hoian_server::store::audit::{Actor, Verdict, append, verify};
use hoian_server::store::entity::audit_entry::{Column, Entity};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, EntityTrait, QueryFilter,
};
use serde_json::json;

use crate::House;

on_both_databases!(
    links_entries_of_many_writers,
    forgets_an_entry_whose_change_failed,
    lets_nobody_change_or_delete_an_entry,
    shows_every_kind_of_tampering,
);

async fn add(house: &House, number: u32) {
    let actor = Actor::Person(PersonId(format!("p{number}")));
    let detail = json!({ "number": number, "why": "thử" });
    let now = house.app.clock.now();
    let add =
        async |tx: &hoian_server::store::Tx| append(tx, now, &actor, "test.done", "test/1", detail).await;
    house.app.store.write(add).await.unwrap();
}

async fn verdict(house: &House) -> Verdict {
    verify(house.app.store.read()).await.unwrap()
}

async fn links_entries_of_many_writers(house: House) {
    assert_eq!(verdict(&house).await, Verdict::Whole { entries: 0 });
    let house = std::sync::Arc::new(house);
    let writers = (0..40).map(|number| {
        let house = std::sync::Arc::clone(&house);
        tokio::spawn(async move { add(&house, number).await })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(verdict(&house).await, Verdict::Whole { entries: 40 });
}

async fn forgets_an_entry_whose_change_failed(house: House) {
    add(&house, 1).await;
    let failed = house
        .app
        .store
        .write(async |tx| {
            append(tx, Timestamp(0), &Actor::System, "test.done", "test/1", json!({})).await?;
            Err::<(), _>(DbErr::Custom("changed my mind".into()))
        })
        .await;
    assert!(failed.is_err());
    add(&house, 2).await;
    assert_eq!(verdict(&house).await, Verdict::Whole { entries: 2 });
}

async fn lets_nobody_change_or_delete_an_entry(house: House) {
    add(&house, 1).await;
    let connection = Database::connect(&house.url).await.unwrap();
    let change = Entity::update_many().col_expr(Column::Actor, Expr::value("nobody"));
    assert!(change.exec(&connection).await.is_err());
    assert!(Entity::delete_many().exec(&connection).await.is_err());
    assert_eq!(verdict(&house).await, Verdict::Whole { entries: 1 });
}

/// Whoever owns the database can take the triggers away; the hashes are for that.
async fn unlock(connection: &DatabaseConnection) {
    let statements: &[&str] = match connection.get_database_backend() {
        DbBackend::Postgres => &["DROP TRIGGER audit_entry_is_final ON audit_entry"],
        _ => &[
            "DROP TRIGGER audit_entry_is_final",
            "DROP TRIGGER audit_entry_is_kept",
        ],
    };
    for statement in statements {
        connection.execute_unprepared(statement).await.unwrap();
    }
}

async fn shows_every_kind_of_tampering(house: House) {
    for number in 0..6 {
        add(&house, number).await;
    }
    let connection = Database::connect(&house.url).await.unwrap();
    unlock(&connection).await;
    for column in [
        Column::Actor,
        Column::Action,
        Column::Subject,
        Column::Detail,
        Column::Hash,
        Column::PreviousHash,
    ] {
        let honest = Entity::find_by_id(4).one(&connection).await.unwrap().unwrap();
        let change = Entity::update_many()
            .col_expr(column, Expr::value("x"))
            .filter(Column::Sequence.eq(4));
        change.exec(&connection).await.unwrap();
        assert_eq!(
            verdict(&house).await,
            Verdict::Broken { sequence: 4 },
            "{column:?}"
        );
        Entity::delete_by_id(4).exec(&connection).await.unwrap();
        assert_eq!(verdict(&house).await, Verdict::Broken { sequence: 4 }, "deleted");
        let row = hoian_server::store::entity::audit_entry::ActiveModel::from(honest);
        Entity::insert(row)
            .exec_without_returning(&connection)
            .await
            .unwrap();
        assert_eq!(verdict(&house).await, Verdict::Whole { entries: 6 });
    }
    Entity::delete_by_id(6).exec(&connection).await.unwrap();
    assert_eq!(verdict(&house).await, Verdict::Cut { last: 5, head: 6 });
}
