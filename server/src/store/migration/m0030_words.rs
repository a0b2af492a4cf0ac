//! The list of words that an unfinished one may become; on PostgreSQL also the marks of blocks; and a job for documents
//! that are older than the index.

use sea_orm_migration::prelude::*;

use crate::store::search;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0030_words"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for statement in search::schema_of_words(manager.get_database_backend()) {
            manager.get_connection().execute_unprepared(statement).await?;
        }
        manager.get_connection().execute_unprepared(INDEX).await?;
        Ok(())
    }
}

/// Asks once for `document.index`.
const INDEX: &str = "INSERT INTO job (id, kind, payload, due_at, attempts, created_at, is_given_up) \
     SELECT 'document.index', 'document.index', '{}', 0, 0, 0, FALSE WHERE EXISTS (SELECT 1 FROM document)";
