//! All 29 kinds are set from their outlines, and what is added later finds its place by the text of the page.

use hoian_signer::appearance::place;
use hoian_signer::pdf::text;
use time::OffsetDateTime;

use super::{Facts, layout, typeset};
use crate::domain::document_metadata::Metadata;
use crate::domain::organisation::AgencyKind;

const NOW: OffsetDateTime = time::macros::datetime!(2026-11-24 08:00 UTC);
const SIGNER: &str = "Nguyễn Thị Minh Hà";

fn said() -> Metadata {
    Metadata {
        addressees: vec!["Sở Nội vụ".into(), "Ủy ban nhân dân các xã, phường".into()],
        receivers: vec![
            "Chủ tịch, các Phó Chủ tịch UBND tỉnh".into(),
            "Sở Tài chính".into(),
        ],
        filed: "VT, KGVX".into(),
        unit: Some("VX".into()),
        beside: Some("Đặng Hữu Phước".into()),
        ..Metadata::default()
    }
}

fn facts<'a>(kind: crate::domain::numbering::Kind, metadata: &'a Metadata) -> Facts<'a> {
    Facts {
        kind,
        subject: "Đẩy mạnh cải cách hành chính năm 2027",
        urgency: 0,
        agency: "Ủy ban nhân dân tỉnh Lam Giang",
        agency_kind: AgencyKind::Province,
        parent: None,
        symbol: "UBND",
        place: "Lam Giang",
        signer: SIGNER,
        position: "Chủ tịch",
        metadata,
        second: None,
    }
}

/// With KINDS_FOLDER set, every kind is written there, for whoever wants to look at it or to judge it with other tools.
#[test]
fn every_kind_is_set_with_its_blanks_and_its_name_block_is_found() {
    let metadata = said();
    for (kind, layout, outline) in layout::all() {
        let paper = typeset(&facts(kind, &metadata).compose(outline), NOW).unwrap();
        if let Some(folder) = std::env::var_os("KINDS_FOLDER") {
            let file = std::path::Path::new(&folder).join(format!("{}.pdf", kind.code));
            std::fs::write(file, &paper.pdf).unwrap();
        }
        let pages = text::pages(&paper.pdf).unwrap();
        let found = place::person(&pages, SIGNER, 56.0 / 26.0).unwrap_or_else(|| panic!("{}", kind.name));
        let known = paper.places.signature;
        assert_eq!(found.page, known.page, "{}", kind.name);
        let middle =
            |rect: hoian_signer::pdf::place::Rect| (rect.x + rect.width / 2.0, rect.y + rect.height / 2.0);
        let ((x, y), (known_x, known_y)) = (middle(found.rect), middle(known.rect));
        assert!(
            (x - known_x).abs() < 6.0 && (y - known_y).abs() < 14.0,
            "{}: {found:?} {known:?}",
            kind.name
        );
        for label in ["Số:", "ngày", "tháng"] {
            assert!(
                place::blank_after(&pages[..1], label, 10.0).is_some(),
                "{}: {label}",
                kind.name
            );
        }
        assert!(
            paper.places.year.is_some(),
            "{}: the year of issue is not known yet",
            kind.name
        );
        let runs = pages
            .iter()
            .flat_map(|page| &page.lines)
            .flat_map(|line| &line.runs);
        let said: String = runs.map(|run| format!("{} ", run.text)).collect();
        let symbol = if kind.named {
            format!("/{}-UBND", kind.code)
        } else {
            "/UBND-VX".to_owned()
        };
        assert!(said.contains(&symbol), "{}: {said}", kind.name);
        let names_itself = said.contains(&kind.name.to_uppercase());
        assert_eq!(
            names_itself,
            layout.heading == super::Heading::Named,
            "{}: {said}",
            kind.name
        );
        let addressed = layout.addressing != layout::Addressing::Nobody;
        assert_eq!(said.contains("Như trên"), addressed, "{}: {said}", kind.name);
        if let Some(part) = layout.signs_as {
            assert!(said.contains(&part.to_uppercase()), "{}: {said}", kind.name);
        }
        assert_eq!(said.contains("./."), layout.closed, "{}: {said}", kind.name);
    }
}

#[test]
fn a_department_stands_under_its_committee_and_signs_in_its_own_right() {
    let metadata = Metadata {
        addressees: Vec::new(),
        ..said()
    };
    let kind = crate::domain::numbering::Kind::from_code("QĐ").unwrap();
    let paper = Facts {
        agency: "Sở Nội vụ",
        agency_kind: AgencyKind::Department,
        parent: Some("Ủy ban nhân dân tỉnh Lam Giang"),
        symbol: "SNV",
        position: "Phó Giám đốc",
        ..facts(kind, &metadata)
    }
    .compose(layout::outline(kind));
    assert_eq!(
        paper.parent_agency.as_deref(),
        Some("Ủy ban nhân dân tỉnh Lam Giang")
    );
    assert_eq!(paper.issuer.as_deref(), Some("Giám đốc Sở Nội vụ"));
    assert_eq!(paper.signature.authority.as_deref(), Some("KT. Giám đốc"));
    assert_eq!(paper.receivers[0], "Chủ tịch, các Phó Chủ tịch UBND tỉnh");
    assert!(typeset(&paper, NOW).is_ok());
}

#[test]
fn over_minutes_the_secretary_stands_on_the_left_and_who_presided_on_the_right() {
    let metadata = said();
    let kind = crate::domain::numbering::Kind::from_code("BB").unwrap();
    let chair = super::Second {
        full_name: "Trần Văn Minh",
        position: "Phó Chủ tịch",
        agency: None,
        agency_kind: AgencyKind::Province,
    };
    let paper = Facts {
        second: Some(chair),
        ..facts(kind, &metadata)
    }
    .compose(layout::outline(kind));
    let beside = paper.beside.as_ref().unwrap();
    assert_eq!(
        (beside.position.as_str(), beside.full_name.as_str()),
        ("Thư ký", SIGNER)
    );
    let right = &paper.signature;
    assert_eq!(
        (
            right.position.as_str(),
            right.full_name.as_str(),
            &right.authority
        ),
        ("Chủ tọa", "Trần Văn Minh", &None)
    );
    let set = typeset(&paper, NOW).unwrap();
    let pages = text::pages(&set.pdf).unwrap();
    let at = |name| place::person(&pages, name, 2.0).unwrap().rect;
    assert!(at(SIGNER).right() < at("Trần Văn Minh").x);
}

#[test]
fn a_joint_paper_names_both_agencies_and_both_leaders() {
    let metadata = said();
    let kind = crate::domain::numbering::Kind::from_code("NQ").unwrap();
    let second = super::Second {
        full_name: "Nguyễn Thị Lan",
        position: "Giám đốc",
        agency: Some("Sở Nội vụ"),
        agency_kind: AgencyKind::Department,
    };
    let paper = Facts {
        second: Some(second),
        ..facts(kind, &metadata)
    }
    .compose(layout::outline(kind));
    assert_eq!(paper.agency, ["Ủy ban nhân dân", "tỉnh Lam Giang -", "Sở Nội vụ"]);
    let beside = paper.beside.as_ref().unwrap();
    assert_eq!(
        (beside.position.as_str(), beside.full_name.as_str()),
        ("Giám đốc Sở Nội vụ", "Nguyễn Thị Lan")
    );
    let set = typeset(&paper, NOW).unwrap();
    let pages = hoian_signer::pdf::text::pages(&set.pdf).unwrap();
    for name in [SIGNER, "Nguyễn Thị Lan"] {
        let found = hoian_signer::appearance::place::person(&pages, name, 2.0);
        assert!(found.is_some(), "the place of {name} is found");
    }
}
