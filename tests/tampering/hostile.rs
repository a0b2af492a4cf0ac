//! Files that nobody means well: a verdict or a clear refusal in bounded time, never a panic, and never a pass for what was
//! not signed so.

use std::path::PathBuf;

use hoian_signer::validate::{Policy, Verdict, validate};
use hoian_tests::hostile::{Random, mutate};
use time::OffsetDateTime;

/// Files up to this length: many small ones say more than a few large ones.
const LENGTH: u64 = 60_000;
const CHANGES_OF_EACH: usize = 12;

#[test]
fn changed_corpus_files_never_panic() {
    let Some(corpus) = super::corpus() else { return };
    let mut random = Random(0x5EED_0001);
    let mut judged = 0;
    for file in files(&corpus).iter().step_by(5) {
        let document = std::fs::read(file).unwrap();
        for _ in 0..CHANGES_OF_EACH {
            let changed = mutate(&document, &mut random);
            let mut policy = Policy::new(OffsetDateTime::from_unix_timestamp(1_600_000_000).unwrap());
            policy.trust_embedded = true;
            policy.password = Some("usersecret".to_owned());
            let _ = validate(&changed, &policy);
            judged += 1;
        }
    }
    assert!(judged > 500, "only {judged} files");
}

#[test]
fn files_that_loop_or_nest_are_refused() {
    let head = "%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[3 0 R]>>>>\nendobj\n\
                2 0 obj\n<</Type/Pages/Kids[2 0 R]/Count 1>>\nendobj\n";
    let nested = format!("{}{}", "[".repeat(5000), "]".repeat(5000));
    let bodies = [
        "<</FT/Sig/T(a)/Kids[3 0 R]/V 3 0 R/ByteRange[0 1 2 3]/SubFilter/x>>",
        "3 0 R",
        &nested,
        "<</FT/Sig/T(a)/V<</ByteRange[0 9 9 9]/Contents<30>/SubFilter/ETSI.CAdES.detached>>>>",
    ];
    for body in bodies {
        let mut file = head.to_owned();
        let third = file.len();
        file.push_str(&format!("3 0 obj\n{body}\nendobj\n"));
        let (start, first, second) = (file.len(), 9, file.find("2 0 obj").unwrap());
        file.push_str(&format!(
            "xref\n0 4\n0000000000 65535 f \n{first:010} 00000 n \n{second:010} 00000 n \n{third:010} 00000 n \n\
             trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n"
        ));
        let report = validate(file.as_bytes(), &Policy::new(OffsetDateTime::UNIX_EPOCH));
        assert_ne!(report.verdict, Verdict::TotalPassed, "{body:.40}");
    }
}

fn files(corpus: &std::path::Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = ["pyhanko", "dss", "other"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(corpus.join(folder)).ok())
        .flatten()
        .flatten()
        .filter(|entry| {
            entry
                .metadata()
                .is_ok_and(|data| data.is_file() && data.len() <= LENGTH)
        })
        .map(|entry| entry.path())
        .collect();
    found.sort();
    found
}
