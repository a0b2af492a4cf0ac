//! Whoever runs the machine reads of every setting, in Vietnamese as in English.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const PAGES: [(&str, &str); 2] = [
    ("docs/operating.md", "Settings"),
    ("docs/van-hanh.md", "Cấu hình"),
];

#[test]
fn both_pages_name_every_setting_and_nothing_else() {
    let known = settings();
    for place in [
        "http.public_origin",
        "ldap.bind_password",
        "oidc.scopes",
        "data_folder",
    ] {
        assert!(
            known.contains(place),
            "the settings are read from their source: {place}"
        );
    }
    for (page, heading) in PAGES {
        let written = written(&section(page, heading));
        let missing: Vec<_> = known.difference(&written).collect();
        let unknown: Vec<_> = written.difference(&known).collect();
        assert!(missing.is_empty(), "{page} says nothing of {missing:?}");
        assert!(unknown.is_empty(), "{page} names what is no setting: {unknown:?}");
    }
}

#[test]
fn both_pages_have_the_same_sections_with_as_many_rows() {
    let [english, vietnamese] = PAGES.map(|(page, _)| outline(&read(page)));
    for (english, vietnamese) in english.iter().zip(&vietnamese) {
        assert_eq!(
            english.1, vietnamese.1,
            "rows of {} and {}",
            english.0, vietnamese.0
        );
    }
    assert_eq!(english.len(), vietnamese.len(), "{english:?} {vietnamese:?}");
}

/// `section.key`, or the key alone, of every public field that the settings have.
fn settings() -> BTreeSet<String> {
    let mut structs: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    let folder = path("server/src/config");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    for file in files.chain([path("server/src/config.rs")]) {
        let text = std::fs::read_to_string(file).unwrap();
        for part in text.split("\npub struct ").skip(1) {
            let (name, rest) = part.split_once(" {").unwrap();
            let fields = rest.split("\n}").next().unwrap().lines();
            let fields = fields.filter_map(|line| line.trim().strip_prefix("pub ")?.split_once(": "));
            let fields = fields.map(|(key, kind)| (key.to_owned(), kind.trim_end_matches(',').to_owned()));
            structs.insert(name.to_owned(), fields.collect());
        }
    }
    let mut all = BTreeSet::new();
    for (key, kind) in &structs["Config"] {
        let kind = kind.trim_start_matches("Option<").trim_end_matches('>');
        match structs.get(kind) {
            Some(section) => all.extend(section.iter().map(|(inner, _)| format!("{key}.{inner}"))),
            None => all.extend([key.clone()]),
        }
    }
    all
}

/// What stands between backquotes in the first column of a table.
fn written(section: &str) -> BTreeSet<String> {
    let rows = section
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split(" | ").next());
    rows.flat_map(|cell| cell.split('`').step_by(2).map(str::to_owned))
        .filter(|key| !key.is_empty())
        .collect()
}

fn section(page: &str, heading: &str) -> String {
    let text = read(page);
    let rest = text.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    rest.split("\n## ").next().unwrap().to_owned()
}

/// Each heading, and how many rows its tables have.
fn outline(text: &str) -> Vec<(String, usize)> {
    let sections = text.split("\n## ").skip(1);
    sections
        .map(|section| {
            let heading = section.lines().next().unwrap().to_owned();
            (
                heading,
                section.lines().filter(|line| line.starts_with("| ")).count(),
            )
        })
        .collect()
}

fn read(page: &str) -> String {
    std::fs::read_to_string(path(page)).unwrap()
}

fn path(place: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(place)
}
