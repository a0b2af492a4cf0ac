//! Recordings of meetings, segment by segment.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0195_recordings"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let recording = Table::create()
            .table("recording")
            .col(text("meeting_id"))
            .col(integer("number"))
            .col(big_integer("started_at"))
            .col(big_integer_null("sealed_at"))
            .primary_key(Index::create().col("meeting_id").col("number"))
            .to_owned();
        manager.create_table(recording).await?;
        let segment = Table::create()
            .table("recording_segment")
            .col(text("meeting_id"))
            .col(integer("recording"))
            .col(integer("number"))
            .col(text("sha256"))
            .col(big_integer("size_bytes"))
            .col(big_integer("begins_ms"))
            .col(big_integer("duration_ms"))
            .col(big_integer_null("key_ms"))
            .col(integer_null("width"))
            .col(integer_null("height"))
            .primary_key(Index::create().col("meeting_id").col("recording").col("number"))
            .to_owned();
        manager.create_table(segment).await
    }
}
