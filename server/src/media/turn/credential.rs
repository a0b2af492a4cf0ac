//! Credentials that need no memory: the user name says for whom and until when, and the password proves that we wrote it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use uuid::Uuid;

use crate::media::name::{ParticipantId, RoomId};

/// Whose relay it is: one participant of one room.
pub type Seat = (RoomId, ParticipantId);

/// By which all passwords are made.
#[derive(Clone)]
pub struct Secret(hmac::Key);

/// What a client logs in with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credential {
    pub user_name: String,
    pub password: String,
}

impl Secret {
    pub fn new(bytes: &[u8; 32]) -> Secret {
        Secret(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// For one seat, until `expires`, in seconds since 1970.
    pub fn issue(&self, (room, participant): Seat, expires: u64) -> Credential {
        let (room, participant) = (room.0.simple(), participant.0.simple());
        let user_name = format!("{expires}:{room}:{participant}");
        Credential {
            password: self.password(&user_name),
            user_name,
        }
    }

    /// The password of any user name; only those of [`Self::issue`] were ever told.
    pub(super) fn password(&self, user_name: &str) -> String {
        STANDARD.encode(hmac::sign(&self.0, user_name.as_bytes()))
    }
}

/// Whom a user name names, and when it ends; `None` where it is none of ours.
pub(super) fn read(user_name: &str) -> Option<(Seat, u64)> {
    let mut parts = user_name.split(':');
    let expires = parts.next()?.parse().ok()?;
    let mut id = || Uuid::try_parse(parts.next()?).ok();
    let seat = (RoomId(id()?), ParticipantId(id()?));
    parts.next().is_none().then_some((seat, expires))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_name_says_for_whom_and_until_when() {
        let seat = (RoomId(Uuid::from_u128(1)), ParticipantId(Uuid::from_u128(2)));
        let credential = Secret::new(&[7; 32]).issue(seat, 1_800_000_000);
        assert_eq!(read(&credential.user_name), Some((seat, 1_800_000_000)));
        assert_ne!(
            credential.password,
            Secret::new(&[8; 32]).password(&credential.user_name)
        );
        for foreign in [
            "",
            "x",
            "1:2:3",
            "1800000000",
            &format!("{}:", credential.user_name),
        ] {
            assert_eq!(read(foreign), None, "{foreign}");
        }
    }
}
