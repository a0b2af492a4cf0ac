use proptest::prelude::*;

use super::*;
use crate::domain::ballot::SecretBallot;
use crate::domain::called::{Called, Enclosed};
use crate::domain::meeting::{MeetingId, Role, SeatId};
use crate::domain::minutes::tests::{agencies, caller, come, held, items, procedure, take, terms, told};
use crate::domain::procedure::{Procedure, Step};
use crate::domain::roll::{Entry, Kind};

#[test]
fn an_open_vote_says_who_chose_what() {
    let (procedure, items, agencies) = (held(), items(), agencies());
    let meeting = told(&procedure, &items, &agencies);
    let record = VoteRecord {
        meeting: &meeting,
        vote: &procedure.votes.all[0],
        list_digest: None,
    };
    assert_eq!(record.subject(), "Kết quả biểu quyết: Thông qua kế hoạch?");
    let body = record.body().unwrap();
    for lines in [
        "Thời gian mở: 08 giờ 41, ngày 30 tháng 11 năm 2026.\nThời gian kết thúc: 08 giờ 43,",
        "1. Vấn đề và cách biểu quyết\n- Vấn đề: Thông qua kế hoạch?\n- Hình thức: biểu quyết công khai.\n- Điều kiện thông qua: quá nửa số có mặt khi mở biểu quyết tán thành, tức từ 2 phiếu.\n",
        "- Số có mặt theo điểm danh khi mở biểu quyết: 2 trên 3 được triệu tập, cần ít nhất 0 nên đủ điều kiện tiến hành.\n",
        "| Tán thành | 1 | 50,00% |\n| Không tán thành | 1 | 50,00% |\n| Không biểu quyết | 0 | 0,00% |\n| Không bỏ phiếu | 0 | 0,00% |\n",
        "4. Kết luận\nVấn đề nêu trên không được thông qua.\n",
        "| TT | Họ và tên | Ý kiến |\n| 1 | Trần Văn Minh | Tán thành |\n| 2 | Nguyễn Thị Lan | Không tán thành |\n",
    ] {
        assert!(body.contains(lines), "{lines}\nis missing in\n{body}");
    }
}

#[test]
fn a_question_in_writing_names_who_was_asked_and_what_they_read() {
    let mut procedure = held();
    procedure.votes.all[0].opening.terms.electorate = Electorate::Asked;
    procedure.votes.all[0].opening.terms.majority = Majority::HalfOfCalled;
    let rules = procedure.rules.clone();
    let mut called = Called::new(MeetingId("m".into()), "Lấy ý kiến".into(), rules);
    called.papers.push(Enclosed {
        title: "Dự thảo Quy chế".into(),
        digest: "0123456789abcdef".repeat(4),
    });
    procedure.called = Some(called);
    let (items, agencies) = (items(), agencies());
    let meeting = told(&procedure, &items, &agencies);
    let record = VoteRecord {
        meeting: &meeting,
        vote: &procedure.votes.all[0],
        list_digest: None,
    };
    assert_eq!(record.subject(), "Kết quả lấy ý kiến: Thông qua kế hoạch?");
    let body = record.body().unwrap();
    for lines in [
        "Thời gian gửi phiếu: 08 giờ 41, ngày 30 tháng 11 năm 2026.\n",
        "- Văn bản kèm theo: Dự thảo Quy chế (mã băm SHA-256: 01234567 89abcdef",
        "- Hình thức: phiếu lấy ý kiến điện tử ghi tên, không họp.\n",
        "- Điều kiện thông qua: quá nửa tổng số được lấy ý kiến tán thành, tức từ ",
        "- Số được lấy ý kiến: 2 người, tổng số 2 phiếu.\n- Số phiếu trả lời: 2 phiếu.\n",
        "| Ý kiến | Số phiếu | Tỷ lệ trên số được lấy ý kiến |\n",
        "| Không trả lời | 0 | 0,00% |\n",
    ] {
        assert!(body.contains(lines), "{lines}\nis missing in\n{body}");
    }
    assert!(!body.contains("có mặt") && !body.contains("Cuộc họp"), "{body}");
}

/// Five people over lines of their own, and a secret vote that they open.
fn secret() -> Procedure {
    let mut procedure = procedure();
    for number in 0..4 {
        let entry = Entry::new(
            SeatId(format!("d{number}")),
            Kind::Person,
            format!("Đại biểu {number}"),
            Role::Delegate,
        );
        procedure.roll.entries.push(entry);
    }
    for id in ["chair", "d0", "d1", "d2", "d3"] {
        come(&mut procedure, 0, id);
    }
    let chair = caller("chair", Role::Chair);
    take(&mut procedure, 10, &chair, Step::OpenVote { terms: terms(true) });
    procedure
}

#[test]
fn a_secret_vote_gives_the_count_and_the_digest_and_no_names() {
    let mut procedure = secret();
    let items = items();
    let agencies = agencies();
    let open = told(&procedure, &items, &agencies);
    let still_open = VoteRecord {
        meeting: &open,
        vote: &procedure.votes.all[0],
        list_digest: None,
    };
    assert_eq!(still_open.body(), None);
    let ballot = |number: u8, choice| SecretBallot {
        token: format!("{number:064x}"),
        choice,
    };
    let ballots = vec![
        ballot(1, Choice::InFavour),
        ballot(2, Choice::InFavour),
        ballot(3, Choice::Against),
    ];
    let closed = crate::domain::voting::counted(&procedure.votes.all[0], ballots);
    procedure.apply(crate::domain::minutes::tests::at(20), closed);
    let meeting = told(&procedure, &items, &agencies);
    let digest = "0123456789abcdef".repeat(4);
    let record = VoteRecord {
        meeting: &meeting,
        vote: &procedure.votes.all[0],
        list_digest: Some(&digest),
    };
    assert_eq!(record.subject(), "Kiểm phiếu: Thông qua kế hoạch?");
    let body = record.body().unwrap();
    for lines in [
        "- Hình thức: bỏ phiếu kín bằng phiếu điện tử không ghi tên.\n",
        "| Tán thành | 2 | 40,00% |\n",
        "| Không bỏ phiếu | 2 | 40,00% |\n",
        "số phiếu trong hòm phiếu là 3.\n",
        "mã SHA-256: 01234567 89abcdef 01234567 89abcdef 01234567",
    ] {
        assert!(body.contains(lines), "{lines}\nis missing in\n{body}");
    }
    assert!(!body.contains("Đại biểu 0"), "{body}");
}

#[test]
fn a_vote_that_was_taken_back_has_no_record() {
    let mut procedure = secret();
    let chair = caller("chair", Role::Chair);
    take(&mut procedure, 11, &chair, Step::WithdrawVote { vote: 1 });
    let (items, agencies) = (items(), agencies());
    let meeting = told(&procedure, &items, &agencies);
    let record = VoteRecord {
        meeting: &meeting,
        vote: &procedure.votes.all[0],
        list_digest: None,
    };
    assert_eq!(record.body(), None);
}

proptest! {
    #[test]
    fn shares_are_of_a_hundred_and_an_abstract_fits(of in 0..1000u32, more in 0..1000u32, question in "\\PC{1,500}") {
        let all = of + more;
        let said = share(of, all);
        if all == 0 {
            prop_assert_eq!(said, "-");
        } else {
            let number: f64 = said.trim_end_matches('%').replace(',', ".").parse().unwrap();
            prop_assert!((number - f64::from(of) * 100.0 / f64::from(all)).abs() <= 0.005_001, "{}", said);
        }
        let mut procedure = held();
        procedure.votes.all[0].opening.terms.question = question;
        let (items, agencies) = (items(), agencies());
        let meeting = told(&procedure, &items, &agencies);
        let record = VoteRecord { meeting: &meeting, vote: &procedure.votes.all[0], list_digest: None };
        prop_assert!(record.subject().chars().count() <= 500);
    }
}
