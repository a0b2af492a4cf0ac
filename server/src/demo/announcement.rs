//! What a person reads in the terminal when the demo has started.

use std::fmt::Write as _;

use super::Handout;
use super::province::{PEOPLE, Person, agency_of};
use crate::domain::role::Role;

/// Who can log in, with what, and what to do next; in Vietnamese, then the same in English.
pub(super) fn announcement(handout: &Handout, address: &str) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, handout, address);
    text
}

fn write(text: &mut String, Handout { password, pin }: &Handout, address: &str) -> std::fmt::Result {
    writeln!(text, "\nTỉnh Lam Giang (minh họa) đã sẵn sàng: {address}\n")?;
    let width = PEOPLE
        .iter()
        .map(|person| person.user_name.len())
        .max()
        .unwrap_or_default();
    for person in &PEOPLE {
        let mark = if person.role.needs_one_time_code() {
            "*"
        } else {
            " "
        };
        writeln!(
            text,
            "  {:width$} {mark} {}, {}",
            person.user_name,
            person.full_name,
            post(person)
        )?;
    }
    writeln!(
        text,
        "\n  Mật khẩu chung: {password}    Mã PIN ký số chung: {pin}"
    )?;
    writeln!(
        text,
        "  * cần mã xác nhận 6 số: hoian demo code TÊN (đổi sau mỗi 30 giây)\n"
    )?;
    writeln!(
        text,
        "  Bước tiếp theo: mở {address}, đăng nhập bằng chutich và ký văn bản đang chờ;"
    )?;
    writeln!(
        text,
        "  sau đó vanthu cấp số, đóng dấu và phát hành; vanthu.sonv nhận và thấy kết quả kiểm tra.\n"
    )?;
    writeln!(
        text,
        "  One password for everybody, one PIN for every key; users marked * also need the six digits of"
    )?;
    writeln!(
        text,
        "  `hoian demo code USER`. Next step: open {address}, log in as chutich (chair) and sign what"
    )?;
    writeln!(
        text,
        "  waits; then vanthu (clerk) numbers, seals and issues it, and vanthu.sonv receives it."
    )?;
    writeln!(
        text,
        "  Everything here is fiction and practice: no seal, key or paper has any legal value."
    )
}

fn post(person: &Person) -> String {
    let agency = agency_of(person.organ_id).map_or("", |agency| agency.name);
    let agency = agency.replace("Ủy ban nhân dân", "UBND");
    match person.role {
        Role::Administrator => person.position.to_owned(),
        _ => format!("{} {agency}", person.position),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_everyone_with_password_pin_and_next_step() {
        let handout = Handout {
            password: "sen-tre-lam-mai-0042".into(),
            pin: "012345".into(),
        };
        let text = announcement(&handout, "http://localhost:8080");
        for word in [
            "chutich",
            "vanthu.anphu",
            "Chủ tịch UBND tỉnh Lam Giang",
            "sen-tre-lam-mai-0042",
            "012345",
        ] {
            assert!(text.contains(word), "{word}");
        }
        assert!(text.contains("Bước tiếp theo") && text.contains("Next step"));
        assert!(text.lines().all(|line| line.chars().count() <= 110));
    }
}
