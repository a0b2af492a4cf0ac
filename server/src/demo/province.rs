//! Tỉnh Lam Giang: a province that does not exist, its agencies and its people.

use super::pki::{Holder, HolderKind, Standing};
use crate::domain::organisation::AgencyKind;
use crate::domain::role::Role;

/// An agency of the demo.
#[derive(Debug)]
pub(super) struct Agency {
    /// Under H99, which the state has given to nobody.
    pub organ_id: &'static str,
    pub name: &'static str,
    pub symbol: &'static str,
    pub kind: AgencyKind,
    pub place: &'static str,
}

/// A person of the demo, with one role in one agency.
#[derive(Debug)]
pub(super) struct Person {
    pub user_name: &'static str,
    pub full_name: &'static str,
    pub position: &'static str,
    /// The agency's organisation identifier.
    pub organ_id: &'static str,
    pub role: Role,
    /// The state of the personal certificate of those who sign.
    pub standing: Standing,
}

/// The People's Committee of the province, above all others.
pub(super) const PROVINCE: &str = "H99";

pub(super) const AGENCIES: [Agency; 14] = [
    agency(
        PROVINCE,
        "Ủy ban nhân dân tỉnh Lam Giang",
        "UBND",
        AgencyKind::Province,
        "Lam Giang",
    ),
    agency(
        "H99.01",
        "Văn phòng Ủy ban nhân dân tỉnh",
        "VP",
        AgencyKind::Department,
        "Lam Giang",
    ),
    agency("H99.02", "Sở Nội vụ", "SNV", AgencyKind::Department, "Lam Giang"),
    agency(
        "H99.03",
        "Sở Tài chính",
        "STC",
        AgencyKind::Department,
        "Lam Giang",
    ),
    agency("H99.04", "Sở Y tế", "SYT", AgencyKind::Department, "Lam Giang"),
    agency("H99.05", "Sở Tư pháp", "STP", AgencyKind::Department, "Lam Giang"),
    agency(
        "H99.06",
        "Sở Khoa học và Công nghệ",
        "SKHCN",
        AgencyKind::Department,
        "Lam Giang",
    ),
    agency(
        "H99.101",
        "Ủy ban nhân dân xã An Phú",
        "UBND",
        AgencyKind::Commune,
        "An Phú",
    ),
    agency(
        "H99.102",
        "Ủy ban nhân dân phường Bến Ngự",
        "UBND",
        AgencyKind::Commune,
        "Bến Ngự",
    ),
    agency(
        "H99.103",
        "Ủy ban nhân dân xã Đồng Vân",
        "UBND",
        AgencyKind::Commune,
        "Đồng Vân",
    ),
    agency(
        "H99.104",
        "Ủy ban nhân dân xã Tân Thủy",
        "UBND",
        AgencyKind::Commune,
        "Tân Thủy",
    ),
    agency(
        "H99.105",
        "Ủy ban nhân dân xã Suối Hoa",
        "UBND",
        AgencyKind::Commune,
        "Suối Hoa",
    ),
    agency(
        "H99.106",
        "Ủy ban nhân dân phường Phú Khê",
        "UBND",
        AgencyKind::Commune,
        "Phú Khê",
    ),
    agency(
        "H99.107",
        "Ủy ban nhân dân xã Nà Phiêng",
        "UBND",
        AgencyKind::Commune,
        "Nà Phiêng",
    ),
];

pub(super) const PEOPLE: [Person; 14] = [
    person(
        "chutich",
        "Nguyễn Thị Minh Hà",
        "Chủ tịch",
        PROVINCE,
        Role::Leader,
    ),
    person(
        "phochutich",
        "Hoàng Đức Thắng",
        "Phó Chủ tịch",
        PROVINCE,
        Role::Leader,
    ),
    person("vanthu", "Vũ Thị Thanh Tâm", "Văn thư", PROVINCE, Role::Clerk),
    person(
        "chuyenvien",
        "Đặng Hữu Phước",
        "Chuyên viên",
        PROVINCE,
        Role::Officer,
    ),
    person(
        "quantri",
        "Bùi Anh Khoa",
        "Quản trị hệ thống",
        PROVINCE,
        Role::Administrator,
    ),
    person(
        "giamdoc.sonv",
        "Lê Quang Minh",
        "Giám đốc",
        "H99.02",
        Role::Leader,
    ),
    person("vanthu.sonv", "Trần Thị Lụa", "Văn thư", "H99.02", Role::Clerk),
    person(
        "giamdoc.sotc",
        "Phạm Văn Thuận",
        "Giám đốc",
        "H99.03",
        Role::Leader,
    ),
    person("vanthu.sotc", "Ngô Thị Hiền", "Văn thư", "H99.03", Role::Clerk),
    person(
        "chutich.anphu",
        "Nguyễn Văn Bình",
        "Chủ tịch",
        "H99.101",
        Role::Leader,
    ),
    person("vanthu.anphu", "Đinh Thị Hoa", "Văn thư", "H99.101", Role::Clerk),
    person("vanthu.benngu", "Mai Thị Ngọc", "Văn thư", "H99.102", Role::Clerk),
    Person {
        standing: Standing::Expired,
        ..person(
            "hethan",
            "Trịnh Công Định",
            "Phó Giám đốc",
            "H99.02",
            Role::Leader,
        )
    },
    Person {
        standing: Standing::Revoked,
        ..person(
            "thuhoi",
            "Cao Thị Bích Liên",
            "Phó Giám đốc",
            "H99.02",
            Role::Leader,
        )
    },
];

/// The agency of that identifier; every person's is in the list, as a test keeps.
pub(super) fn agency_of(organ_id: &str) -> Option<&'static Agency> {
    AGENCIES.iter().find(|agency| agency.organ_id == organ_id)
}

/// The agencies that have a clerk, and so a key of their own.
pub(super) fn sealing_agencies() -> impl Iterator<Item = &'static Agency> {
    AGENCIES.iter().filter(|agency| {
        PEOPLE
            .iter()
            .any(|person| person.role == Role::Clerk && person.organ_id == agency.organ_id)
    })
}

/// Those who sign with a key of their own: leaders, and officers as the secretaries of meetings.
pub(super) fn signing_people() -> impl Iterator<Item = &'static Person> {
    PEOPLE
        .iter()
        .filter(|person| matches!(person.role, Role::Leader | Role::Officer))
}

/// The key under which reports of verification are signed.
pub(super) const SERVICE: &str = "kiem-tra";

/// Who gets a certificate: those who sign, and the agencies that have a clerk.
pub(super) fn holders() -> Vec<Holder> {
    let people = signing_people().map(|person| Holder {
        alias: person.user_name.to_owned(),
        kind: HolderKind::Person,
        common_name: person.full_name.to_owned(),
        organisation: agency_of(person.organ_id)
            .map_or("", |agency| agency.name)
            .to_owned(),
        standing: person.standing,
    });
    let agencies = sealing_agencies().map(|agency| Holder {
        alias: agency.organ_id.to_owned(),
        kind: HolderKind::Agency,
        common_name: agency.name.to_owned(),
        organisation: agency.name.to_owned(),
        standing: Standing::Valid,
    });
    let service = Holder {
        alias: SERVICE.to_owned(),
        kind: HolderKind::Agency,
        common_name: "Dịch vụ kiểm tra chữ ký số tỉnh Lam Giang".to_owned(),
        organisation: "Ủy ban nhân dân tỉnh Lam Giang".to_owned(),
        standing: Standing::Valid,
    };
    people.chain(agencies).chain([service]).collect()
}

const fn agency(
    organ_id: &'static str,
    name: &'static str,
    symbol: &'static str,
    kind: AgencyKind,
    place: &'static str,
) -> Agency {
    Agency {
        organ_id,
        name,
        symbol,
        kind,
        place,
    }
}

const fn person(
    user_name: &'static str,
    full_name: &'static str,
    position: &'static str,
    organ_id: &'static str,
    role: Role,
) -> Person {
    Person {
        user_name,
        full_name,
        position,
        organ_id,
        role,
        standing: Standing::Valid,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn everyone_works_somewhere_and_names_are_used_once() {
        assert!(PEOPLE.iter().all(|person| agency_of(person.organ_id).is_some()));
        let user_names: BTreeSet<_> = PEOPLE.iter().map(|person| person.user_name).collect();
        let organ_ids: BTreeSet<_> = AGENCIES.iter().map(|agency| agency.organ_id).collect();
        assert_eq!(
            (user_names.len(), organ_ids.len()),
            (PEOPLE.len(), AGENCIES.len())
        );
        assert_eq!(AGENCIES[0].organ_id, PROVINCE);
    }

    #[test]
    fn province_and_departments_can_sign_and_seal() {
        let sealing: Vec<_> = sealing_agencies().map(|agency| agency.organ_id).collect();
        assert_eq!(sealing, [PROVINCE, "H99.02", "H99.03", "H99.101", "H99.102"]);
        assert!(signing_people().any(|person| person.standing == Standing::Expired));
        assert!(signing_people().any(|person| person.standing == Standing::Revoked));
    }
}
