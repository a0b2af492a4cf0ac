use proptest::prelude::*;

use super::*;

fn invitation() -> Invitation {
    Invitation {
        agency: "Ủy ban nhân dân tỉnh Lam Giang".into(),
        title: "Hội nghị cải cách hành chính".into(),
        // 08:00 on Monday 30 November 2026 in Vietnam.
        starts_at: Timestamp(1_796_000_400_000),
        ends_at: Some(Timestamp(1_796_011_200_000)),
        place: "Hội trường UBND tỉnh".into(),
        chair: Some("đồng chí Trần Văn Minh, Chủ tịch".into()),
        asked: vec!["Sở Nội vụ".into(), "UBND xã An Phú".into()],
        component_sites: vec!["UBND xã An Phú".into()],
        items: vec![Item {
            title: "Báo cáo | thảo luận".into(),
            presenter: "Sở Nội vụ".into(),
            minutes: 15,
        }],
    }
}

#[test]
fn says_who_is_asked_to_what_when_and_where() {
    let body = invitation().body();
    for line in [
        "Ủy ban nhân dân tỉnh Lam Giang trân trọng kính mời:\n- Sở Nội vụ;\n- UBND xã An Phú.\n",
        "Tới dự: Hội nghị cải cách hành chính.\n",
        "Chủ trì: đồng chí Trần Văn Minh, Chủ tịch.\n",
        "Thời gian: từ 08 giờ 00 đến 11 giờ 00, ngày 30 tháng 11 năm 2026 (thứ Hai).\n",
        "Các điểm cầu thành phần:\n- UBND xã An Phú.\n",
        "| 1 | Báo cáo / thảo luận | Sở Nội vụ | 15 phút |\n",
    ] {
        assert!(body.contains(line), "{line} is missing in {body}");
    }
}

#[test]
fn a_meeting_over_days_and_one_without_end_say_so() {
    let start = Timestamp(1_796_000_400_000);
    assert_eq!(
        when(start, None),
        "08 giờ 00, ngày 30 tháng 11 năm 2026 (thứ Hai)"
    );
    let next_day = start.after(std::time::Duration::from_secs(86_400));
    assert_eq!(
        when(start, Some(next_day)),
        "từ 08 giờ 00, ngày 30 tháng 11 năm 2026 (thứ Hai) đến 08 giờ 00, ngày 01 tháng 12 năm 2026 (thứ Ba)"
    );
}

#[test]
fn a_whole_level_stands_in_one_line_and_a_part_of_it_by_names() {
    let communes: Vec<_> = (0..150).map(|at| AgencyId(format!("commune-{at:03}"))).collect();
    let mut province: BTreeMap<_, _> = communes
        .iter()
        .map(|id| (id.clone(), AgencyKind::Commune))
        .collect();
    let department = (AgencyId("snv".into()), "Sở Nội vụ".to_owned());
    province.insert(department.0.clone(), AgencyKind::Department);
    let mut named: Vec<_> = communes
        .iter()
        .map(|id| (id.clone(), format!("UBND {}", id.0)))
        .collect();
    named.push(department);
    let whole = addressees(&named, &province);
    assert_eq!(whole, ["Ủy ban nhân dân các xã, phường", "Sở Nội vụ"]);
    // One is left out: nobody may read that it is meant.
    let left = named.remove(77);
    let each = addressees(&named, &province);
    assert_eq!(each.len(), 150);
    assert!(!each.contains(&left.1));
}

/// What may happen to one person's invitation.
#[derive(Debug, Clone, Copy)]
enum Change {
    Details,
    Called(bool),
    CalledOff,
    /// The letter was refused, and another address was given.
    Astray,
    /// Nothing: a job that runs twice.
    Again,
}

fn change() -> impl Strategy<Value = Change> {
    prop_oneof![
        Just(Change::Details),
        any::<bool>().prop_map(Change::Called),
        Just(Change::CalledOff),
        Just(Change::Astray),
        Just(Change::Again),
    ]
}

proptest! {
    #[test]
    fn whatever_happens_the_last_letter_is_true_and_no_sequence_comes_twice_for_another_word(
        changes in prop::collection::vec(change(), 0..20)
    ) {
        let mut course = Course { sequence: 0, details_sequence: 0, is_called_off: false };
        let (mut is_called, mut last) = (true, None::<Written>);
        for change in changes {
            match change {
                Change::Details => { course.sequence += 1; course.details_sequence = course.sequence; }
                Change::Called(now) => { course.sequence += 1; is_called = now; }
                Change::CalledOff => { course.sequence += 1; course.is_called_off = true; }
                Change::Astray => {
                    if let Some(last) = &mut last { last.went_astray = true; }
                }
                Change::Again => {}
            }
            let letter = course.letter(is_called, last);
            if let (Some(method), Some(before)) = (letter, last) {
                prop_assert!(
                    course.sequence > before.sequence || (before.went_astray && method == before.method)
                );
            }
            if let Some(method) = letter {
                last = Some(Written { method, sequence: course.sequence, went_astray: false });
            }
            prop_assert_eq!(course.letter(is_called, last), None, "said once is enough");
            let comes = is_called && !course.is_called_off;
            prop_assert_eq!(last.is_some_and(|last| last.method == Method::Request), comes);
            if comes {
                prop_assert!(last.is_some_and(|last| last.sequence >= course.details_sequence));
            }
        }
    }
}
