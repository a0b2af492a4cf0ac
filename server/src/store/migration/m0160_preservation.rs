//! Papers kept provable.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0160_preservation"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table("preservation")
            .col(text("blob").primary_key())
            .col(text_null("proofs"))
            .col(big_integer("proofs_size_bytes"))
            .col(big_integer_null("proven_at"))
            .col(big_integer_null("proven_until"))
            .col(big_integer_null("due_at"))
            .col(integer("attempts"))
            .col(text_null("last_error"))
            .to_owned();
        manager.create_table(table).await?;
        let due = Index::create()
            .name("preservation_due")
            .table("preservation")
            .col("due_at")
            .to_owned();
        manager.create_index(due).await?;
        let connection = manager.get_connection();
        connection.execute_unprepared(EARLIER).await?;
        connection.execute_unprepared(KEEP).await?;
        Ok(())
    }
}

/// Papers that were verified before there was this table, the oldest first.
const EARLIER: &str = "INSERT INTO preservation (blob, proofs_size_bytes, due_at, attempts) \
     SELECT blob, 0, MIN(verified_at), 0 FROM verification \
     WHERE verdict IN ('TOTAL-PASSED', 'INDETERMINATE') GROUP BY blob";

/// The job that looks for papers that are due; it asks for its next run itself.
const KEEP: &str = "INSERT INTO job (id, kind, payload, due_at, attempts, created_at, is_given_up) \
     VALUES ('paper.keep_provable', 'paper.keep_provable', '{}', 0, 0, 0, FALSE)";
