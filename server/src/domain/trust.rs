//! Under which law a certificate's root stands.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The trust stores, kept apart: a verdict names the one it fell under.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Regime {
    /// Chuyên dùng Chính phủ: officials and agencies, under Ban Cơ yếu Chính phủ.
    Government,
    /// Công cộng: citizens and firms, under Vietnam National Root CA.
    Public,
    /// The demo's own authority; never trusted by `serve`.
    Training,
}

impl Regime {
    /// The name in reports, for people.
    pub fn name(self) -> &'static str {
        match self {
            Regime::Government => "Chuyên dùng Chính phủ",
            Regime::Public => "Công cộng",
            Regime::Training => "Huấn luyện",
        }
    }
}

/// What a stored certificate is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumIter, DeriveActiveEnum)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Standing {
    /// Trusted by itself.
    Root,
    /// Completes a chain; trusted only through a root.
    Intermediate,
}
