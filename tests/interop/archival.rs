//! Signing does not make a tagged PDF/A worse: veraPDF finds no rule broken that the paper did not break before.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

use hoian_signer::appearance::{Appearance, Stamp};
use hoian_signer::pdf::place::{Place, Rect};
use hoian_signer::shell::clock;
use hoian_signer::sign::{DocumentTimeStamp, Key as _};
use tempfile::TempDir;

use hoian_server::domain::document_metadata::Metadata;
use hoian_server::domain::numbering::Kind;
use hoian_server::domain::organisation::AgencyKind;
use hoian_server::render::layout::{self, Layout};
use hoian_server::render::{Facts, typeset};

use super::authority::{java, python, run, script};
use hoian_tests::{fixture, paper};

#[test]
fn no_step_breaks_a_rule_of_archives_that_the_paper_kept() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let paper = paper::paper(now);
    let flow = fixture::flow(&paper, &pki, now);
    let stamp = DocumentTimeStamp::prepare(&flow.sealed, None).unwrap();
    let answer = fixture::stamp(&stamp.request(fixture::NONCE), &pki.time_stamps, now);
    let update = stamp.update(&answer, fixture::NONCE, now).unwrap();
    let stamped = [&flow.sealed[..], &update].concat();
    let looks = looks().map(|look| signed_with(&paper, look, &pki, now));
    let mut versions = vec![
        ("paper", &paper),
        ("prepared", &flow.prepared),
        ("signed", &flow.signed),
        ("numbered", &flow.numbered),
        ("sealed", &flow.sealed),
        ("stamped", &stamped),
    ];
    versions.extend(["text", "incoming stamp", "image"].into_iter().zip(&looks));
    // PDF/A-2u for what is kept, PDF/UA-1 for what is read aloud.
    for flavour in ["2u", "ua1"] {
        let broken = verapdf(flavour, &versions);
        for ((name, _), rules) in versions.iter().zip(&broken) {
            let new: Vec<&String> = rules.difference(&broken[0]).collect();
            assert!(new.is_empty(), "{flavour}, {name}: {new:#?}");
        }
        if flavour == "2u" {
            assert_eq!(broken[0].len(), 0, "the paper itself is PDF/A: {:#?}", broken[0]);
        }
    }
}

#[test]
fn every_kind_of_paper_is_archival_from_the_outline_of_its_form() {
    let metadata = Metadata {
        addressees: vec!["Sở Nội vụ".into()],
        ..Metadata::default()
    };
    let set = |(kind, _, outline): (Kind, Layout, &str)| {
        let facts = Facts {
            kind,
            subject: "Đẩy mạnh cải cách hành chính",
            urgency: 3,
            agency: "Sở Khoa học và Công nghệ",
            agency_kind: AgencyKind::Department,
            parent: Some("Ủy ban nhân dân tỉnh Lam Giang"),
            symbol: "SKHCN",
            place: "Lam Giang",
            signer: "Lê Quang Minh",
            position: "Phó Giám đốc",
            metadata: &metadata,
            second: None,
        };
        let paper = typeset(&facts.compose(outline), clock::now()).unwrap();
        (kind.code, paper.pdf)
    };
    let papers: Vec<(&str, Vec<u8>)> = layout::all().map(set).collect();
    assert_eq!(papers.len(), 29);
    let versions: Vec<_> = papers.iter().map(|(code, pdf)| (*code, pdf)).collect();
    for ((code, _), rules) in versions.iter().zip(verapdf("2u", &versions)) {
        assert!(rules.is_empty(), "{code}: {rules:#?}");
    }
}

/// A verifier that compares revisions takes any change of the tree for an attack (pyHanko has no rule that lets it pass), so a
/// field that comes after a signature stays outside: what is read aloud misses it, and nothing else gets worse.
#[test]
fn a_field_that_comes_after_a_signature_stays_outside_the_tree() {
    let now = clock::now();
    let pki = fixture::Pki::new(now);
    let paper = paper::paper(now);
    let first = signed_with(&paper, looks()[2].clone(), &pki, now);
    let mut request = fixture::request("Signature2", pki.agency.algorithm(), now);
    request.appearance = Some(looks()[2].clone());
    request.place = Some(Place {
        page: 1,
        rect: Rect {
            x: 60.0,
            y: 20.0,
            width: 100.0,
            height: 100.0,
        },
    });
    let second = fixture::sign(&first, &request, &pki.agency, &pki.time_stamps, now);
    let versions = [("first", &first), ("second", &second)];
    let archive = verapdf("2u", &versions);
    assert_eq!(archive[0], archive[1]);
    let aloud = verapdf("ua1", &versions);
    let new: Vec<&String> = aloud[1].difference(&aloud[0]).collect();
    assert!(new.iter().all(|rule| rule.contains("7.18")), "{new:#?}");

    let folder = TempDir::new().unwrap();
    let (root, file) = (folder.path().join("root.pem"), folder.path().join("second.pdf"));
    std::fs::write(&root, &pki.root_pem).unwrap();
    std::fs::write(&file, &second).unwrap();
    let printed = run(Command::new(python())
        .arg(script("judge.py"))
        .args([&root, &file]));
    let verdicts: serde_json::Value = serde_json::from_str(&printed).unwrap();
    for verdict in verdicts.as_array().unwrap() {
        assert_eq!(verdict["bottom_line"], true, "{verdict:#}");
    }
}

fn looks() -> [Appearance; 3] {
    let lines = [
        "SAO Y",
        "Ủy ban nhân dân xã Đồng Lạc",
        "24/11/2026 08:51:53 +07:00",
    ]
    .map(str::to_owned);
    [
        Appearance::Text {
            lines: lines.to_vec(),
        },
        Appearance::Stamp(Stamp {
            agency: "ỦY BAN NHÂN DÂN XÃ ĐỒNG LẠC".into(),
            ..Stamp::default()
        }),
        Appearance::Image {
            png: fixture::seal_png(),
        },
    ]
}

fn signed_with(paper: &[u8], look: Appearance, pki: &fixture::Pki, now: time::OffsetDateTime) -> Vec<u8> {
    let mut request = fixture::request("Signature1", pki.leader.algorithm(), now);
    request.appearance = Some(look);
    request.place = Some(Place {
        page: 1,
        rect: Rect {
            x: 400.0,
            y: 20.0,
            width: Stamp::size().0,
            height: Stamp::size().1,
        },
    });
    fixture::sign(paper, &request, &pki.leader, &pki.time_stamps, now)
}

/// The rules that each version breaks.
fn verapdf(flavour: &str, versions: &[(&str, &Vec<u8>)]) -> Vec<BTreeSet<String>> {
    let folder = TempDir::new().unwrap();
    let files: Vec<PathBuf> = versions
        .iter()
        .enumerate()
        .map(|(index, (_, bytes))| {
            let path = folder.path().join(format!("{index}.pdf"));
            std::fs::write(&path, bytes).unwrap();
            path
        })
        .collect();
    let printed = run(java("verapdf")
        .arg(script("verapdf/Judge.java"))
        .arg(flavour)
        .args(files));
    let lines = printed.lines().filter_map(|line| line.strip_prefix("broken "));
    let rules = lines.map(|line| {
        let (count, list) = line.split_once(": ").unwrap_or((line.trim_end_matches(':'), ""));
        let rules: BTreeSet<String> = list
            .split("; ")
            .filter(|rule| !rule.is_empty())
            .map(str::to_owned)
            .collect();
        assert_eq!(rules.is_empty(), count == "0", "{line}");
        rules
    });
    let rules: Vec<_> = rules.collect();
    assert_eq!(rules.len(), versions.len(), "{printed}");
    rules
}
