//! Every row of SECURITY.md names a test that is there.

use std::path::{Path, PathBuf};

/// The one threat of which the page says that nothing stands against it.
const WITHOUT: usize = 1;

#[test]
fn every_row_names_tests_that_exist() {
    let page = std::fs::read_to_string(top().join("SECURITY.md")).unwrap();
    let threats = page.split("## Personal data").next().unwrap();
    let mut faults = Vec::new();
    let (mut rows, mut without) = (0, 0);
    for row in threats.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let &[threat, _, named] = &cells[..] else {
            panic!("a row has three cells: {row}");
        };
        if threat == "threat" {
            continue;
        }
        rows += 1;
        let names: Vec<&str> = named.split('`').skip(1).step_by(2).collect();
        without += usize::from(names.is_empty());
        let is_unit = named.contains("unit tests of");
        faults.extend(
            names
                .into_iter()
                .filter(|name| !is_there(name, is_unit))
                .map(|name| format!("{threat}: {name}")),
        );
    }
    assert!(rows > 30, "the rows are found: {rows}");
    assert_eq!(without, WITHOUT, "rows without a test");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// An area of tests or a file in it; where the row speaks of unit tests, a module of the server that has some.
fn is_there(name: &str, is_unit: bool) -> bool {
    let tests = top().join("tests");
    let file = tests.join(name).with_extension("rs");
    if tests.join(name).is_dir() || file.is_file() {
        return true;
    }
    let module = top().join("server/src").join(name.trim_end_matches(".rs"));
    is_unit && (has_tests(&module.with_extension("rs")) || module.is_dir())
}

fn has_tests(file: &Path) -> bool {
    std::fs::read_to_string(file).is_ok_and(|text| text.contains("#[test]") || text.contains("#[tokio::test"))
}

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}
