use proptest::prelude::*;
use time::macros::date;

use super::*;
use crate::domain::ballot::{Choice, Electorate, Majority, Terms};
use crate::domain::meeting::SeatId;
use crate::domain::minute_book::Writing;
use crate::domain::procedure::{Caller, Event, Microphones, Rules, Step};
use crate::domain::roll::{Departure, QuorumRule, Roll};

/// 08:00 on Monday 30 November 2026 in Vietnam, and minutes after it.
pub(crate) fn at(minutes: i64) -> Timestamp {
    Timestamp(1_796_000_400_000 + minutes * 60_000)
}

fn seat(id: &str) -> SeatId {
    SeatId(id.into())
}

fn site(id: &str) -> Option<SiteId> {
    Some(SiteId(id.into()))
}

fn person(id: &str, name: &str, title: &str, role: Role, at_site: Option<SiteId>) -> Entry {
    Entry {
        title: Some(title.into()),
        site: at_site,
        ..Entry::new(seat(id), Kind::Person, name.into(), role)
    }
}

fn room(id: &str, name: &str) -> Entry {
    Entry {
        site: site(id),
        ..Entry::new(
            seat(&format!("room-{id}")),
            Kind::Site,
            name.into(),
            Role::Delegate,
        )
    }
}

/// A main hall and a department, chair and secretary in the hall, two directors of whom one is away.
pub(crate) fn procedure() -> Procedure {
    let entries = vec![
        room("hall", "Hội trường UBND tỉnh"),
        room("snv", "Sở Nội vụ"),
        person(
            "chair",
            "Trần Văn Minh",
            "Chủ tịch UBND tỉnh",
            Role::Chair,
            site("hall"),
        ),
        person(
            "secretary",
            "Phạm Quốc Anh",
            "Chuyên viên UBND tỉnh",
            Role::Secretary,
            site("hall"),
        ),
        person(
            "lan",
            "Nguyễn Thị Lan",
            "Giám đốc Sở Nội vụ",
            Role::Delegate,
            site("snv"),
        ),
        person(
            "thuan",
            "Phạm Văn Thuận",
            "Giám đốc Sở Tài chính",
            Role::Delegate,
            None,
        ),
    ];
    let rules = Rules {
        lobby: false,
        locked: false,
        chat: true,
        microphones: Microphones::Free,
        quota_seconds: 300,
        muted_above: 10,
        quorum: QuorumRule::None,
    };
    Procedure::new(Roll::new(entries, site("hall")), rules)
}

pub(crate) fn come(procedure: &mut Procedure, minutes: i64, id: &str) {
    let entry = procedure.roll.entry(&seat(id)).cloned();
    let (name, kind, role, site) = match entry {
        Some(entry) => (entry.name, entry.kind, entry.role, entry.site),
        None => (format!("Khách {id}"), Kind::Guest, Role::Guest, None),
    };
    let came = Event::Came {
        seat: seat(id),
        name,
        kind,
        role,
        site,
    };
    procedure.apply(at(minutes), came);
}

pub(crate) fn go(procedure: &mut Procedure, minutes: i64, id: &str, departure: Departure) {
    let gone = Event::Gone {
        seat: seat(id),
        departure,
    };
    procedure.apply(at(minutes), gone);
}

pub(crate) fn caller(id: &str, role: Role) -> Caller {
    Caller {
        seat: seat(id),
        role,
        site: None,
        name: id.into(),
    }
}

pub(crate) fn take(procedure: &mut Procedure, minutes: i64, by: &Caller, step: Step) {
    for event in procedure.decide(by, step).unwrap() {
        procedure.apply(at(minutes), event);
    }
}

pub(crate) fn agencies() -> BTreeMap<AgencyId, String> {
    BTreeMap::from([(AgencyId("snv".into()), "Sở Nội vụ".to_owned())])
}

pub(crate) fn items() -> Vec<Item> {
    let item = |title: &str, presenter: &str| Item {
        title: title.into(),
        presenter: presenter.into(),
        minutes: 10,
    };
    vec![item("Báo cáo quý IV", "Sở Nội vụ"), item("Thảo luận", "")]
}

pub(crate) fn told<'a>(
    procedure: &'a Procedure,
    items: &'a [Item],
    agencies: &'a BTreeMap<AgencyId, String>,
) -> Meeting<'a> {
    Meeting {
        title: "Hội nghị cải cách hành chính",
        place: "Hội trường UBND tỉnh",
        starts_at: at(0),
        ended_at: Some(at(125)),
        chair: "đồng chí Trần Văn Minh, Chủ tịch UBND tỉnh",
        secretary: "đồng chí Phạm Quốc Anh, Chuyên viên UBND tỉnh",
        items,
        agencies,
        procedure,
        record: Some("5f70aa01c3d4e5f6"),
    }
}

pub(crate) fn terms(is_secret: bool) -> Terms {
    Terms {
        is_signed: false,
        question: "Thông qua kế hoạch?".into(),
        item: Some(2),
        electorate: Electorate::Delegates,
        is_secret,
        majority: Majority::HalfOfPresent,
        seconds: None,
        grace_seconds: 0,
    }
}

/// A conference as it may go.
pub(crate) fn held() -> Procedure {
    let mut meeting = procedure();
    let chair = caller("chair", Role::Chair);
    let secretary = caller("secretary", Role::Secretary);
    for id in ["chair", "secretary", "room-snv", "lan"] {
        come(&mut meeting, -20, id);
    }
    go(&mut meeting, 30, "lan", Departure::Lost);
    come(&mut meeting, 32, "lan");
    go(&mut meeting, 60, "lan", Departure::Lost);
    come(&mut meeting, 80, "lan");
    come(&mut meeting, 10, "guest");
    take(&mut meeting, 2, &chair, Step::SetItem { number: Some(1) });
    let written = |writing| Step::Write { writing };
    let note = |item, text: &str| Writing::Note {
        item,
        revision: 0,
        text: text.into(),
    };
    take(
        &mut meeting,
        5,
        &secretary,
        written(note(
            Some(1),
            "Kết quả: 92% hồ sơ đúng hạn.\n- Còn chậm ở cấp xã.",
        )),
    );
    take(&mut meeting, 15, &chair, Step::CallSpeaker { seat: seat("lan") });
    let answer = Step::AnswerFloor {
        turn: 1,
        accept: true,
    };
    take(&mut meeting, 15, &caller("lan", Role::Delegate), answer);
    take(&mut meeting, 18, &chair, Step::EndTurn { turn: 1 });
    take(&mut meeting, 40, &chair, Step::SetItem { number: Some(2) });
    take(&mut meeting, 41, &chair, Step::OpenVote { terms: terms(false) });
    for (id, choice) in [("chair", Choice::InFavour), ("lan", Choice::Against)] {
        let vote = Step::CastBallot {
            vote: 1,
            voter: seat(id),
            choice,
        };
        take(&mut meeting, 42, &caller(id, Role::Chair), vote);
    }
    take(&mut meeting, 43, &chair, Step::CloseVote { vote: 1 });
    let concluded = Writing::Conclusion {
        conclusion: None,
        revision: 0,
        text: "Hoàn thành số hóa hồ sơ.".into(),
        agency: Some(AgencyId("snv".into())),
        due_on: Some(date!(2026 - 12 - 05)),
    };
    take(&mut meeting, 110, &secretary, written(concluded));
    for id in ["chair", "secretary", "room-snv", "lan", "guest"] {
        go(&mut meeting, 125, id, Departure::Left);
    }
    meeting
}

#[test]
fn minutes_say_what_the_form_asks_for() {
    let (procedure, items, agencies) = (held(), items(), agencies());
    let body = told(&procedure, &items, &agencies).minutes();
    for lines in [
        "Thời gian bắt đầu: 08 giờ 02, ngày 30 tháng 11 năm 2026.\nĐịa điểm: Hội trường UBND tỉnh và 1 điểm cầu trực tuyến.\nChủ trì (chủ tọa): đồng chí Trần Văn Minh, Chủ tịch UBND tỉnh.\nThư ký (người ghi biên bản): đồng chí Phạm Quốc Anh,",
        "Có mặt 2/3 đại biểu được triệu tập; 2/2 điểm cầu.\n",
        "1. Điểm cầu Hội trường UBND tỉnh (điểm cầu chính)\n- đồng chí Trần Văn Minh, Chủ tịch UBND tỉnh, chủ trì, trực tuyến từ 07 giờ 40 đến 10 giờ 05;\n",
        "2. Điểm cầu Sở Nội vụ\n- phòng họp của điểm cầu, trực tuyến từ 07 giờ 40 đến 10 giờ 05;\n- đồng chí Nguyễn Thị Lan",
        "- đồng chí Nguyễn Thị Lan, Giám đốc Sở Nội vụ, trực tuyến từ 07 giờ 40 đến 09 giờ 00, từ 09 giờ 20 đến 10 giờ 05.\n",
        "3. Khách mời\n- Khách guest, trực tuyến từ 08 giờ 10 đến 10 giờ 05.\n",
        "4. Vắng mặt\n- đồng chí Phạm Văn Thuận, Giám đốc Sở Tài chính.\n",
        "II. NỘI DUNG CUỘC HỌP\n1. Báo cáo quý IV (trình bày: Sở Nội vụ)\nKết quả: 92% hồ sơ đúng hạn.\n- Còn chậm ở cấp xã.\nÝ kiến phát biểu: Nguyễn Thị Lan (03 phút).\n2. Thảo luận\nBiểu quyết “Thông qua kế hoạch?”: tán thành 1, không tán thành 1, không biểu quyết 0, trên 2 phiếu của người có mặt (cần ít nhất 2); không được thông qua.\n",
        "III. KẾT LUẬN CỦA CHỦ TRÌ\n1. Hoàn thành số hóa hồ sơ. Giao Sở Nội vụ thực hiện, hoàn thành trước ngày 05 tháng 12 năm 2026.\nCuộc họp kết thúc vào 10 giờ 05, ngày 30 tháng 11 năm 2026.\nMã băm hồ sơ điện tử của cuộc họp (SHA-256): 5f70aa01 c3d4e5f6.\n",
    ] {
        assert!(body.contains(lines), "{lines}\nis missing in\n{body}");
    }
}

#[test]
fn a_device_stands_in_the_roll_and_is_nobody_who_attended() {
    let mut procedure = held();
    let (items, agencies) = (items(), agencies());
    let told_of = |procedure: &Procedure| {
        let quorum = procedure.roll.quorum(QuorumRule::Half);
        (told(procedure, &items, &agencies).minutes(), quorum)
    };
    let before = told_of(&procedure);
    let came = Event::Came {
        seat: seat("eye"),
        name: "Camera phòng họp".into(),
        kind: Kind::Device,
        role: Role::Guest,
        site: None,
    };
    procedure.apply(at(50), came);
    assert!(procedure.roll.entry(&seat("eye")).is_some());
    assert_eq!(told_of(&procedure), before);
}

#[test]
fn many_guests_are_named_in_one_paragraph() {
    let mut procedure = procedure();
    for number in 0..11 {
        come(&mut procedure, 0, &format!("g{number}"));
    }
    let (items, agencies) = (items(), agencies());
    let body = told(&procedure, &items, &agencies).minutes();
    assert!(body.contains("- 11 khách: Khách g0, Khách g1, "), "{body}");
    assert_eq!(body.matches("Khách g").count(), 11, "{body}");
}

#[test]
fn before_it_has_begun_the_end_is_left_open_and_an_empty_record_makes_minutes_too() {
    let (procedure, agencies) = (procedure(), agencies());
    let meeting = Meeting {
        ended_at: None,
        place: "",
        record: None,
        ..told(&procedure, &[], &agencies)
    };
    let body = meeting.minutes();
    assert!(
        body.starts_with("Thời gian bắt đầu: 08 giờ 00, ngày 30 tháng 11 năm 2026.\n"),
        "{body}"
    );
    assert!(
        body.ends_with("Cuộc họp kết thúc vào ... giờ ..., ngày ... tháng ... năm ....\n"),
        "{body}"
    );
    assert!(!body.contains("III. "), "{body}");
}

proptest! {
    /// Lines that broke off for a moment are one; whatever came, what is said covers it and nothing before or after.
    #[test]
    fn times_of_a_line_are_told_in_their_order(steps in prop::collection::vec(1..40i64, 1..12)) {
        let mut now = 0;
        let mut intervals = Vec::new();
        for pair in steps.chunks(2) {
            let from = now + pair[0];
            let to = pair.get(1).map(|length| from + length);
            intervals.push(Interval {
                from: at(from),
                to: to.map(at),
                departure: to.map(|_| Departure::Lost),
            });
            now = to.unwrap_or(from);
        }
        let said = stood(&intervals);
        let gaps = intervals.windows(2).filter(|pair| {
            pair[0].to.is_some_and(|end| pair[1].from.since(end) > BROKE_OFF)
        });
        prop_assert_eq!(said.matches("từ ").count(), gaps.count() + 1, "{}", said);
        let open = intervals.last().is_some_and(|last| last.to.is_none());
        prop_assert_eq!(said.matches(" đến ").count() + usize::from(open), said.matches("từ ").count());
        let first = hour(local(intervals[0].from));
        let begins = format!(", trực tuyến từ {first}");
        prop_assert!(said.starts_with(&begins), "{}", said);
    }
}
