//! Cameras and monitors of meetings.

use sea_orm_migration::prelude::*;
use sea_orm_migration::schema::*;

pub(super) struct Migration;

impl MigrationName for Migration {
    fn name(&self) -> &str {
        "m0210_devices"
    }
}

// The macro of the trait asks for this form.
#[allow(elided_lifetimes_in_paths)]
#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let device = Table::create()
            .table("meeting_device")
            .col(text("id").primary_key())
            .col(text("meeting_id"))
            .col(text("name"))
            .col(text("purpose"))
            .col(binary("digest").unique_key())
            .col(text("created_by"))
            .col(big_integer("created_at"))
            .col(big_integer_null("withdrawn_at"))
            .to_owned();
        manager.create_table(device).await?;
        let of_meeting = Index::create()
            .name("meeting_device_meeting")
            .table("meeting_device")
            .col("meeting_id")
            .to_owned();
        manager.create_index(of_meeting).await
    }
}
