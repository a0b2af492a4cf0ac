//! `signer extend` over many files: each keeps its name, and one that fails stops nobody.

use hoian_tests::forms::blank;

use super::authority::Authority;

#[test]
fn a_folder_is_extended_file_by_file() {
    let authority = Authority::shared();
    let folder = authority.subfolder("folders");
    std::fs::create_dir(folder.join("new")).unwrap();
    std::fs::create_dir(folder.join("old")).unwrap();
    std::fs::write(folder.join("paper.pdf"), blank()).unwrap();
    for name in ["a", "c"] {
        let output = format!("folders/old/{name}.pdf");
        authority.succeed(&[
            "sign",
            "--p12",
            "p-256.p12",
            "--password-file",
            "password",
            "-o",
            &output,
            "folders/paper.pdf",
        ]);
    }
    std::fs::write(folder.join("old/b.pdf"), "noise").unwrap();
    std::fs::write(folder.join("old/d.PDF"), blank()).unwrap();
    std::fs::write(folder.join("old/notes.txt"), "no paper").unwrap();
    let tsa = authority.tsa();
    let extend = [
        "extend",
        "--level",
        "B-T",
        "--tsa",
        &tsa,
        "-o",
        "folders/new",
        "folders/old",
    ];
    let output = authority.signer(&extend);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(65), "{said}");
    for words in [
        "1 of 4",
        "4 of 4",
        "old/b.pdf: refused document: it is no sound PDF",
        "old/d.PDF: refused document: it holds no signature",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    let mut names: Vec<String> = std::fs::read_dir(folder.join("new"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["a.pdf", "c.pdf"]);
    let judged = authority.signer(&[
        "verify",
        "--json",
        "--trust-embedded",
        "folders/new/a.pdf",
        "folders/new/c.pdf",
    ]);
    assert!(
        judged.status.success(),
        "{}",
        String::from_utf8_lossy(&judged.stdout)
    );
    let twice = authority.signer(&[
        "extend",
        "--level",
        "B-T",
        "--tsa",
        &tsa,
        "-o",
        "folders/new",
        "folders/old/a.pdf",
        "folders/new/a.pdf",
    ]);
    assert_eq!(
        twice.status.code(),
        Some(64),
        "{}",
        String::from_utf8_lossy(&twice.stderr)
    );
}
