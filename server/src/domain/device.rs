//! Devices of a meeting: a camera or encoder that sends, a monitor that shows, each by a link of its own with a token.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use ts_rs::TS;
use utoipa::ToSchema;

use crate::id;

id!(
    /// A device of a meeting.
    DeviceId
);

/// What a device is for.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS, ToSchema, EnumIter, DeriveActiveEnum,
)]
#[serde(rename_all = "snake_case")]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
#[schema(as = MeetingDevicePurpose)]
#[ts(rename = "DevicePurpose")]
pub enum Purpose {
    /// A camera or an encoder: it sends over WHIP (RFC 9725).
    Camera,
    /// It shows the stage over WHEP (draft-ietf-wish-whep).
    Monitor,
}

impl Purpose {
    /// Every purpose, in the order of this file.
    pub const ALL: [Self; 2] = [Self::Camera, Self::Monitor];
}
