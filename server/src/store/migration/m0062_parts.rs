//! What an agency has in work that another hands on to it: its part, and the day by which that one wants it done. And the
//! index of what was handed on holds only that: asked for all that was not, SQLite took it for the best and read everything.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0062_parts"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        // SQLite adds one column a statement.
        for column in ["part", "wanted_on"] {
            let add = Table::alter()
                .table("dispatch")
                .add_column(text_null(column))
                .to_owned();
            manager.alter_table(add).await?;
        }
        let connection = manager.get_connection();
        connection
            .execute_unprepared("DROP INDEX dispatch_forwarded")
            .await?;
        connection
            .execute_unprepared(
                "CREATE INDEX dispatch_forwarded ON dispatch (forwarded_from) WHERE forwarded_from IS NOT NULL",
            )
            .await?;
        Ok(())
    }
}
