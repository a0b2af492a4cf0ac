//! What a person reads in the terminal when the demo has started.

use super::Handout;
use super::province::{PEOPLE, Person, agency_of};
use crate::domain::role::Role;

/// Who can log in, with what, and what to do next; in Vietnamese, then the same in English. `command` is how the
/// program was called, so that what is printed can be pasted.
pub(super) fn announcement(Handout { password, pin }: &Handout, address: &str, command: &str) -> String {
    let accounts: String = PEOPLE.iter().map(account).collect();
    format!(
        "
Tỉnh Lam Giang (minh họa) đã sẵn sàng: {address}

{accounts}
  Mật khẩu chung: {password}    Mã PIN ký số chung: {pin}
  * cần thêm mã xác nhận 6 số, đổi sau mỗi 30 giây. Mở cửa sổ dòng lệnh khác, cùng thư mục này:
      {command} demo code chutich

  Bước tiếp theo: mở {address}, đăng nhập bằng chutich và ký văn bản đang chờ;
  sau đó vanthu cấp số, đóng dấu và phát hành; vanthu.sonv nhận và thấy kết quả kiểm tra.

  One password for everybody, one PIN for every key. Users marked * also need six digits, printed by the
  command above in another terminal, same folder. Next step: open {address}, log in as
  chutich (chair) and sign what waits; then vanthu (clerk) numbers, seals and issues it, and vanthu.sonv
  receives it. Everything here is fiction and practice: no seal, key or paper has any legal value.
"
    )
}

fn account(person: &Person) -> String {
    let mark = if person.role.needs_one_time_code() {
        "*"
    } else {
        " "
    };
    format!(
        "  {:14} {mark} {}, {}\n",
        person.user_name,
        person.full_name,
        post(person)
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
        let text = announcement(&handout, "http://localhost:8080", "target/debug/hoian");
        let wanted = [
            "chutich ",
            "vanthu.anphu",
            "Chủ tịch UBND tỉnh Lam Giang",
            "sen-tre-lam-mai-0042",
            "012345",
            "target/debug/hoian demo code chutich",
            "Bước tiếp theo",
            "Next step",
        ];
        for word in wanted {
            assert!(text.contains(word), "{word}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 110));
    }
}
