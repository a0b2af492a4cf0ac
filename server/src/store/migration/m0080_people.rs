//! Keeping people and agencies: names to search by, sessions to be known by, substitutes, former names of agencies, links
//! for a new password.

use sea_orm::{EntityTrait, FromQueryResult, QuerySelect};
use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

use crate::domain::account::name_key;
use crate::store::entity::person;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0080_people"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for (table, column) in columns() {
            let add = Table::alter().table(table).add_column(column).to_owned();
            manager.alter_table(add).await?;
        }
        for table in tables() {
            manager.create_table(table).await?;
        }
        for index in indexes() {
            manager.create_index(index).await?;
        }
        fill_name_keys(manager).await
    }
}

fn columns() -> Vec<(&'static str, ColumnDef)> {
    vec![
        ("person", text("name_key").default("").take()),
        ("session", text_null("device")),
        ("session", text_null("address")),
    ]
}

fn tables() -> Vec<TableCreateStatement> {
    vec![
        Table::create()
            .table("agency_former")
            .col(text("id").primary_key())
            .col(text("agency_id"))
            .col(text("organ_id"))
            .col(text("name"))
            .col(text("symbol"))
            .col(text("until_on"))
            .col(big_integer("recorded_at"))
            .to_owned(),
        Table::create()
            .table("agency_alias")
            .col(text("organ_id").primary_key())
            .col(text("agency_id"))
            .col(big_integer("added_at"))
            .to_owned(),
        Table::create()
            .table("substitution")
            .col(text("id").primary_key())
            .col(text("agency_id"))
            .col(text("absent_id"))
            .col(text("substitute_id"))
            .col(text("from_on"))
            .col(text("until_on"))
            .col(text("made_by"))
            .col(big_integer("made_at"))
            .col(big_integer_null("ended_at"))
            .to_owned(),
        Table::create()
            .table("password_reset")
            .col(text("id").primary_key())
            .col(text("token_hash").unique_key())
            .col(text("person_id"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("used_at"))
            .to_owned(),
    ]
}

fn indexes() -> Vec<IndexCreateStatement> {
    let index = |name: &str, table: &'static str, columns: &[&'static str]| {
        let mut index = Index::create();
        index.name(name).table(table);
        for column in columns {
            index.col(*column);
        }
        index.take()
    };
    vec![
        index("person_by_name", "person", &["name_key", "id"]),
        index("agency_former_agency", "agency_former", &["agency_id"]),
        index("agency_alias_agency", "agency_alias", &["agency_id"]),
        index(
            "substitution_substitute",
            "substitution",
            &["substitute_id", "until_on"],
        ),
        index("substitution_absent", "substitution", &["absent_id"]),
        index("password_reset_person", "password_reset", &["person_id"]),
    ]
}

#[derive(FromQueryResult)]
struct Named {
    id: String,
    user_name: String,
    full_name: String,
}

/// Folding is done by the program, not by the database.
async fn fill_name_keys(manager: &SchemaManager<'_>) -> Result<(), DbErr> {
    let connection = manager.get_connection();
    let people = person::Entity::find()
        .select_only()
        .columns([
            person::Column::Id,
            person::Column::UserName,
            person::Column::FullName,
        ])
        .into_model::<Named>()
        .all(connection)
        .await?;
    for named in people {
        let fill = Query::update()
            .table("person")
            .value("name_key", name_key(&named.full_name, &named.user_name))
            .and_where(Expr::col("id").eq(named.id))
            .to_owned();
        connection.execute(&fill).await?;
    }
    Ok(())
}
