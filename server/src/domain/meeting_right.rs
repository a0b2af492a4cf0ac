//! Who may do what in a meeting: the one table.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::device::Purpose;
use super::id::AgencyId;
use super::meeting::Role;
use super::role::{self, Action, Held};

/// What can be asked for in a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Be heard and seen: microphone and camera.
    Speak,
    /// Put the own screen on everyone's stage.
    ShareScreen,
    /// Ask to speak, give it up, and answer when the floor is offered.
    RaiseHand,
    /// Write to everyone while the chat is open.
    Chat,
    /// Say who of the own site is there, and what its devices did when they were tried out.
    ReportSite,
    /// Offer the floor, end a turn, order the queue.
    GiveFloor,
    /// Say who is there, for everyone.
    CallRoll,
    /// Decide what all sites see: a picture, a paper, a page; and which item is under way.
    SetStage,
    /// Close other people's microphones.
    MuteOthers,
    /// Let in who waits before the door.
    Admit,
    /// Lock the door.
    Lock,
    /// Send somebody out.
    Remove,
    /// Open and close the chat, and decide who may open a microphone.
    SetRules,
    /// Put a question to the vote, close it, and write down raised hands.
    CallVote,
    /// Cast the own ballot, and those of the own room.
    Vote,
    /// Write notes and conclusions down, see them, and draft the papers that come of the meeting.
    TakeMinutes,
    /// Open a paper on the table for signing, and say who signs.
    OpenSigning,
    /// Take the record away as a file.
    ExportRecord,
    /// See how the line of each site is.
    SeeLines,
    /// Record the meeting, pause and stop that.
    Record,
    /// End the meeting for everyone.
    End,
    /// Change what was prepared: sites, people, agenda, papers.
    Prepare,
    /// Give out links for cameras and monitors, and withdraw them.
    AttachDevices,
}

/// One row an act: chair, secretary, technical host, delegate, guest.
///
/// A guest is whoever holds the link: what everyone sees stays with people who were called. The technical host keeps
/// lines and doors and has no say in the procedure.
pub const RIGHTS: [(Act, [bool; 5]); 23] = [
    (Act::Speak, [true, true, true, true, true]),
    (Act::ShareScreen, [true, true, true, true, false]),
    (Act::RaiseHand, [true, true, true, true, true]),
    (Act::Chat, [true, true, true, true, true]),
    (Act::ReportSite, [true, true, true, true, false]),
    (Act::GiveFloor, [true, true, false, false, false]),
    (Act::CallRoll, [true, true, false, false, false]),
    (Act::SetStage, [true, true, false, false, false]),
    (Act::MuteOthers, [true, true, true, false, false]),
    (Act::Admit, [true, true, true, false, false]),
    (Act::Lock, [true, true, true, false, false]),
    (Act::Remove, [true, true, true, false, false]),
    (Act::SetRules, [true, true, true, false, false]),
    (Act::CallVote, [true, true, false, false, false]),
    (Act::Vote, [true, true, false, true, false]),
    (Act::TakeMinutes, [true, true, false, false, false]),
    (Act::OpenSigning, [true, true, false, false, false]),
    (Act::ExportRecord, [true, true, false, false, false]),
    (Act::SeeLines, [true, true, true, false, false]),
    (Act::Record, [true, true, false, false, false]),
    (Act::End, [true, true, false, false, false]),
    (Act::Prepare, [true, true, true, false, false]),
    (Act::AttachDevices, [true, true, true, false, false]),
];

/// The one place where a meeting's rights are decided.
#[must_use]
pub fn may(role: Role, act: Act) -> bool {
    let column = match role {
        Role::Chair => 0,
        Role::Secretary => 1,
        Role::TechnicalHost => 2,
        Role::Delegate => 3,
        Role::Guest => 4,
    };
    RIGHTS.iter().any(|(named, row)| *named == act && row[column])
}

/// Who takes the record of a meeting away, and sees and hears its recordings, which are part of it: those who lead it, and who may read the audit chain of the agency that called it.
#[must_use]
pub fn may_export(role: Option<Role>, held: &[Held], agency: &AgencyId) -> bool {
    role.is_some_and(|role| may(role, Act::ExportRecord)) || role::may(held, Action::ReadAudit, agency)
}

/// Everything that `role` may do, for the client to show only that.
#[must_use]
pub fn acts_of(role: Role) -> Vec<Act> {
    RIGHTS
        .iter()
        .map(|(act, _)| *act)
        .filter(|act| may(role, *act))
        .collect()
}

/// What a device may do besides being there: a camera is seen and heard as a guest is, a monitor only shows.
#[must_use]
pub fn device_may(purpose: Purpose, act: Act) -> bool {
    purpose == Purpose::Camera && act == Act::Speak && may(DEVICE, act)
}

/// As what a device comes in: doors hold it back as they do a guest, and it counts for nothing.
pub const DEVICE: Role = Role::Guest;

/// Whether somebody of this role leads or serves the meeting: no lobby holds them back.
#[must_use]
pub fn leads(role: Role) -> bool {
    may(role, Act::Admit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_chair_and_secretary_lead_the_procedure() {
        for act in [
            Act::End,
            Act::GiveFloor,
            Act::CallRoll,
            Act::SetStage,
            Act::CallVote,
            Act::TakeMinutes,
            Act::OpenSigning,
            Act::ExportRecord,
            Act::Record,
        ] {
            let leaders: Vec<Role> = Role::ALL.into_iter().filter(|role| may(*role, act)).collect();
            assert_eq!(leaders, [Role::Chair, Role::Secretary], "{act:?}");
        }
    }

    #[test]
    fn the_record_is_for_those_who_lead_and_the_administrator_of_the_agency() {
        let (own, other) = (AgencyId("own".into()), AgencyId("other".into()));
        for role in role::Role::ALL {
            let held = [Held::own(own.clone(), role)];
            let is_administrator = role == role::Role::Administrator;
            assert_eq!(may_export(None, &held, &own), is_administrator, "{role:?}");
            assert!(!may_export(None, &held, &other), "{role:?}");
            assert!(
                !may_export(None, &[Held::lent(own.clone(), role)], &own),
                "{role:?}"
            );
            assert!(may_export(Some(Role::Secretary), &held, &other), "{role:?}");
        }
        for role in Role::ALL {
            let leads = matches!(role, Role::Chair | Role::Secretary);
            assert_eq!(may_export(Some(role), &[], &own), leads, "{role:?}");
        }
    }

    #[test]
    fn who_prepares_a_meeting_attaches_devices_and_a_camera_alone_sends() {
        for role in Role::ALL {
            assert_eq!(may(role, Act::AttachDevices), may(role, Act::Prepare), "{role:?}");
        }
        for (act, _) in RIGHTS {
            assert_eq!(device_may(Purpose::Camera, act), act == Act::Speak, "{act:?}");
            assert!(!device_may(Purpose::Monitor, act), "{act:?}");
        }
    }

    #[test]
    fn a_guest_speaks_asks_and_writes_and_no_more() {
        assert_eq!(acts_of(Role::Guest), [Act::Speak, Act::RaiseHand, Act::Chat]);
    }
}
