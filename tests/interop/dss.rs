//! EU DSS, the reference of EN 319 102-1: our signatures before it, by its own default policy, and its signatures before ours.

use std::path::{Path, PathBuf};

use hoian_signer::shell::clock;
use hoian_tests::paper;

use super::authority::{Authority, java, run, script};
use super::levels::{ALGORITHMS, LEVELS, check_ours, sign};

#[test]
fn each_level_and_algorithm_of_ours_passes_eu_dss() {
    let authority = Authority::start();
    let paper = authority.write("paper.pdf", &paper::paper(clock::now()));
    let cases = || (0..ALGORITHMS.len()).flat_map(|algorithm| LEVELS.map(|(level, _)| (algorithm, level)));
    let files: Vec<PathBuf> = cases()
        .map(|(algorithm, level)| sign(&authority, &paper, algorithm, level))
        .collect();
    let judged = judge(&authority, files.iter().map(|file| (file.as_path(), None)));
    for ((algorithm, level), said) in cases().zip(judged) {
        let name = level.strip_prefix("B-").unwrap();
        let expected = format!("TOTAL_PASSED null PAdES-BASELINE-{name} []");
        assert_eq!(said, [expected], "{:?} {level}", ALGORITHMS[algorithm]);
    }
}

#[test]
fn each_level_and_algorithm_of_eu_dss_passes_ours() {
    let authority = Authority::start();
    let paper = authority.write("paper.pdf", &paper::paper(clock::now()));
    let printed = run(java("dss")
        .arg(script("dss/Sign.java"))
        .arg(&authority.address)
        .arg(authority.folder.path())
        .arg(paper));
    let signed: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("signed "))
        .collect();
    assert_eq!(signed.len(), 20, "{printed}");
    for line in signed {
        let [name, level, path] = line.splitn(3, ' ').collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let level = LEVELS.iter().find(|(known, _)| *known == level).unwrap().1;
        let report = check_ours(&authority, Path::new(path), level);
        assert_eq!(report.signatures[0].level, level, "{name}: {report:#?}");
    }
}

/// What EU DSS says of each signature of each file, which is given with its password.
pub fn judge<'a>(
    authority: &Authority,
    files: impl Iterator<Item = (&'a Path, Option<&'a str>)>,
) -> Vec<Vec<String>> {
    let mut command = java("dss");
    command
        .arg(script("dss/Judge.java"))
        .arg(authority.path("root.pem"));
    for (file, password) in files {
        let file = file.to_str().unwrap();
        command.arg(match password {
            Some(password) => format!("{file}={password}"),
            None => file.to_owned(),
        });
    }
    let printed = run(&mut command);
    let lines = printed.lines().filter_map(|line| line.strip_prefix("judged "));
    lines
        .map(|line| line.split("; ").map(str::to_owned).collect())
        .collect()
}
