//! The job that tells of certificates that end.

use sea_orm_migration::prelude::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0171_ending_keys"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.get_connection().execute_unprepared(TELL).await?;
        Ok(())
    }
}

/// It asks for its next run itself.
const TELL: &str = "INSERT INTO job (id, kind, payload, due_at, attempts, created_at, is_given_up) \
     VALUES ('signing_key.tell_of_ending', 'signing_key.tell_of_ending', '{}', 0, 0, 0, FALSE)";
