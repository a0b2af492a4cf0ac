//! Images of signatures (blue) and seals (red, at their true size).

use sea_orm::entity::prelude::*;

use crate::clock::Timestamp;
use crate::store::blob::Sha256;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "signature_image")]
pub struct Model {
    /// As in [`super::signing_key`].
    #[sea_orm(primary_key, auto_increment = false)]
    pub holder: String,
    /// The PNG, by SHA-256.
    pub blob: Sha256,
    /// Printed width and height.
    pub width_mm: f64,
    pub height_mm: f64,
    pub updated_at: Timestamp,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
