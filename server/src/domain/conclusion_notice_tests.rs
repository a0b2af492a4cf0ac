use std::collections::BTreeSet;

use proptest::prelude::*;
use time::macros::date;

use super::*;
use crate::domain::minutes::tests::{agencies, held, items, told};

#[test]
fn a_notice_names_who_presided_and_who_is_to_act_by_when() {
    let (procedure, items, agencies) = (held(), items(), agencies());
    let meeting = told(&procedure, &items, &agencies);
    assert_eq!(
        meeting.notice_subject(),
        "Kết luận của đồng chí Trần Văn Minh, Chủ tịch UBND tỉnh tại Hội nghị cải cách hành chính"
    );
    let body = meeting.notice();
    for lines in [
        "Ngày 30 tháng 11 năm 2026, tại Hội trường UBND tỉnh, đồng chí Trần Văn Minh, Chủ tịch UBND tỉnh, chủ trì Hội nghị cải cách hành chính.\n",
        "1. Hoàn thành số hóa hồ sơ. Giao Sở Nội vụ thực hiện, hoàn thành trước ngày 05 tháng 12 năm 2026.\n",
    ] {
        assert!(body.contains(lines), "{lines}\nis missing in\n{body}");
    }
}

fn tasks() -> impl Strategy<Value = Vec<Task>> {
    let one = (
        "[a-z]{1,8}[.;]?",
        prop::option::of(0..3u8),
        prop::option::of(1..28u8),
    )
        .prop_map(|(text, agency, day)| Task {
            text,
            agency: agency.map(|agency| AgencyId(agency.to_string())),
            due_on: day.and_then(|day| date!(2026 - 12 - 01).replace_day(day).ok()),
        });
    prop::collection::vec(one, 0..12)
}

proptest! {
    #[test]
    fn every_charged_agency_has_one_share_with_all_its_words_and_its_first_day(tasks in tasks()) {
        let shares = shares(&tasks);
        let charged: BTreeSet<_> = tasks.iter().filter_map(|task| task.agency.clone()).collect();
        prop_assert_eq!(shares.keys().cloned().collect::<BTreeSet<_>>(), charged);
        for (agency, share) in &shares {
            let its: Vec<_> = tasks.iter().filter(|task| task.agency.as_ref() == Some(agency)).collect();
            prop_assert_eq!(share.wanted_on, its.iter().filter_map(|task| task.due_on).min());
            prop_assert_eq!(share.words.split("; ").count(), its.len());
        }
    }
}

#[test]
fn a_task_is_late_after_its_day_until_it_is_done() {
    let due = Some(date!(2026 - 12 - 05));
    let on = |day| is_late(due, Some(Status::InProgress), day);
    assert!(!on(date!(2026 - 12 - 05)) && on(date!(2026 - 12 - 06)));
    assert!(!is_late(due, Some(Status::Completed), date!(2026 - 12 - 06)));
    assert!(is_late(due, None, date!(2026 - 12 - 06)));
    assert!(!is_late(None, None, date!(2026 - 12 - 06)));
}
