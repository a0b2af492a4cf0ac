//! Agencies, people, sessions, blobs, the audit chain, jobs.

use sea_orm::DbBackend;
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::{
    big_integer, big_integer_null, binary_null, boolean, integer, integer_null, text, text_null,
};

use crate::store::audit::GENESIS;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0001_house"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for table in people().into_iter().chain(plumbing()) {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        begin_audit_chain(manager).await
    }
}

fn people() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("agency")
            .col(text("id").primary_key())
            .col(text("organ_id").unique_key())
            .col(text("name"))
            .col(text("symbol"))
            .col(text("kind"))
            .col(text_null("parent_id"))
            .col(text("place"))
            .col(big_integer("created_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("agency", "parent_id")
                    .to("agency", "id"),
            )
            .to_owned(),
        Table::create()
            .table("person")
            .col(text("id").primary_key())
            .col(text("user_name").unique_key())
            .col(text("full_name"))
            .col(text("password_hash"))
            .col(binary_null("one_time_code_secret"))
            .col(big_integer("last_one_time_code_step"))
            .col(boolean("is_active"))
            .col(big_integer("created_at"))
            .to_owned(),
        Table::create()
            .table("membership")
            .col(text("person_id"))
            .col(text("agency_id"))
            .col(text("role"))
            .col(text("position"))
            .primary_key(Index::create().col("person_id").col("agency_id").col("role"))
            .foreign_key(
                ForeignKey::create()
                    .from("membership", "person_id")
                    .to("person", "id"),
            )
            .foreign_key(
                ForeignKey::create()
                    .from("membership", "agency_id")
                    .to("agency", "id"),
            )
            .to_owned(),
        Table::create()
            .table("session")
            .col(text("token_hash").primary_key())
            .col(text("person_id"))
            .col(big_integer("created_at"))
            .col(big_integer("last_seen_at"))
            .foreign_key(
                ForeignKey::create()
                    .from("session", "person_id")
                    .to("person", "id"),
            )
            .to_owned(),
        Table::create()
            .table("login_attempts")
            .col(text("name_hash").primary_key())
            .col(integer("failures"))
            .col(big_integer("last_failure_at"))
            .col(big_integer_null("locked_until"))
            .to_owned(),
    ]
}

fn plumbing() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("blob")
            .col(text("sha256").primary_key())
            .col(big_integer("size_bytes"))
            .col(big_integer("created_at"))
            .to_owned(),
        Table::create()
            .table("audit_entry")
            .col(big_integer("sequence").primary_key())
            .col(big_integer("at"))
            .col(text("actor"))
            .col(text("action"))
            .col(text("subject"))
            .col(text("detail"))
            .col(text("previous_hash"))
            .col(text("hash"))
            .to_owned(),
        Table::create()
            .table("audit_head")
            .col(integer("id").primary_key())
            .col(big_integer("sequence"))
            .col(text("hash"))
            .to_owned(),
        Table::create()
            .table("job")
            .col(text("id").primary_key())
            .col(text("kind"))
            .col(text("payload"))
            .col(big_integer("due_at"))
            .col(big_integer_null("leased_until"))
            .col(integer("attempts"))
            .col(text_null("last_error"))
            .col(big_integer("created_at"))
            .col(big_integer_null("ended_at"))
            .col(boolean("is_given_up"))
            .to_owned(),
        Table::create()
            .table("setting")
            .col(text("name").primary_key())
            .col(text("value"))
            .to_owned(),
        Table::create()
            .table("idempotent_request")
            .col(text("id").primary_key())
            .col(big_integer("created_at"))
            .col(integer_null("status"))
            .col(text_null("headers"))
            .col(binary_null("body"))
            .to_owned(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    vec![
        Index::create()
            .name("membership_by_agency")
            .table("membership")
            .col("agency_id")
            .col("role")
            .to_owned(),
        Index::create()
            .name("session_by_person")
            .table("session")
            .col("person_id")
            .to_owned(),
        Index::create()
            .name("job_by_due")
            .table("job")
            .col("ended_at")
            .col("due_at")
            .to_owned(),
        Index::create()
            .name("audit_entry_by_subject")
            .table("audit_entry")
            .col("subject")
            .to_owned(),
    ]
}

/// Writes the head row, and has the database itself refuse to change or delete an entry: a defence against a mistake in
/// the program, not against whoever owns the database (the hashes are for that).
async fn begin_audit_chain(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let head = Query::insert()
        .into_table("audit_head")
        .columns(["id", "sequence", "hash"])
        .values_panic([1.into(), 0_i64.into(), GENESIS.into()])
        .to_owned();
    connection.execute(&head).await?;
    let refuse = match manager.get_database_backend() {
        DbBackend::Postgres => &REFUSE_POSTGRES[..],
        _ => &REFUSE_SQLITE[..],
    };
    for statement in refuse {
        connection.execute_unprepared(statement).await?;
    }
    Ok(())
}

const REFUSE_SQLITE: [&str; 2] = [
    "CREATE TRIGGER audit_entry_is_final BEFORE UPDATE ON audit_entry \
     BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END",
    "CREATE TRIGGER audit_entry_is_kept BEFORE DELETE ON audit_entry \
     BEGIN SELECT RAISE(ABORT, 'the audit chain is append-only'); END",
];

const REFUSE_POSTGRES: [&str; 2] = [
    "CREATE FUNCTION audit_chain_is_append_only() RETURNS trigger LANGUAGE plpgsql AS \
     $$ BEGIN RAISE EXCEPTION 'the audit chain is append-only'; END $$",
    "CREATE TRIGGER audit_entry_is_final BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entry \
     FOR EACH STATEMENT EXECUTE FUNCTION audit_chain_is_append_only()",
];
