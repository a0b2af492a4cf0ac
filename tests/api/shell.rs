//! The same from the shell: `hoian admin` on the data of a program that does not run.

use std::path::Path;

use hoian_server::clock::Clock;
use hoian_tests::binary;

/// Whether it succeeded, and what it said.
fn admin(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let done = binary::command(folder, &[&["admin"], arguments].concat())
        .output()
        .unwrap();
    let said = [done.stdout, done.stderr].concat();
    (done.status.success(), String::from_utf8(said).unwrap())
}

#[test]
fn accounts_and_agencies_are_kept_from_the_shell() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        let (succeeded, said) = admin(folder.path(), arguments);
        assert!(succeeded, "{arguments:?}: {said}");
        said
    };
    let agency = |organ_id: &'static str, kind: &'static str| {
        [
            "add-agency",
            organ_id,
            "--name",
            "Ủy ban",
            "--symbol",
            "UBND",
            "--kind",
            kind,
            "--place",
            "Lam Giang",
        ]
    };
    run(&agency("H99", "province"));
    run(&agency("H99.02", "department"));

    let list = folder.path().join("people.csv");
    let file = list.to_str().unwrap();
    let head = "Tên đăng nhập,Họ và tên,Mã định danh,Vai trò,Chức vụ,Thư điện tử\n";
    std::fs::write(&list, format!("{head}lehoa,Lê Hoa,H98,Văn thư,Văn thư,\n")).unwrap();
    let (succeeded, said) = admin(folder.path(), &["import", "people", file, "--apply"]);
    assert!(
        !succeeded && said.contains("line 2") && said.contains("H98"),
        "{said}"
    );
    std::fs::write(
        &list,
        format!("{head}lehoa,Lê Hoa,H99.02,Văn thư,Văn thư,\nlemai,Lê Mai,H99.02,Lãnh đạo,Giám đốc,\n"),
    )
    .unwrap();
    assert!(run(&["import", "people", file]).contains("2 lines would be taken in"));
    let said = run(&["import", "people", file, "--apply"]);
    assert!(
        said.contains("/mat-khau#") && said.contains("2 lines are taken in"),
        "{said}"
    );

    run(&[
        "set-role",
        "lehoa",
        "--agency",
        "H99.02",
        "--role",
        "officer",
        "--position",
        "Chuyên viên",
    ]);
    run(&["lock", "lehoa"]);
    run(&["unlock", "lehoa"]);
    run(&["end-sessions", "lehoa"]);
    assert!(run(&["reset-password", "lehoa"]).contains("/mat-khau#"));
    assert!(run(&["renew-code", "lemai"]).contains("authenticator"));
    let days = ["--from", "2026-01-01", "--until", "2999-01-01"];
    let substitute = ["substitute", "lehoa", "--absent", "lemai", "--agency", "H99.02"];
    let (succeeded, said) = admin(folder.path(), &[substitute.as_slice(), &days].concat());
    assert!(!succeeded && said.contains("a year"), "{said}");
    let tomorrow = Clock::system().now_utc().date() + time::Duration::days(1);
    let days = ["--from", &tomorrow.to_string(), "--until", &tomorrow.to_string()].map(str::to_owned);
    let days: Vec<&str> = days.iter().map(String::as_str).collect();
    run(&[substitute.as_slice(), &days].concat());
    let listed = run(&["list-substitutions"]);
    let fields: Vec<&str> = listed.trim().split('\t').collect();
    assert_eq!(fields[1..4], ["H99.02", "lemai", "lehoa"], "{listed}");
    run(&["end-substitution", fields[0]]);
    assert_eq!(run(&["list-substitutions"]).trim(), "");
    run(&["lock", "lehoa"]);
    let listed = run(&["list-people", "hoa"]);
    assert_eq!(listed.trim(), "lehoa\tLê Hoa\tChuyên viên, Ủy ban\tlocked");
    assert_eq!(run(&["list-people", "--agency", "H99.02"]).lines().count(), 2);
    assert!(!run(&["list-people", "--role", "leader"]).contains("lehoa"));
    run(&["unlock", "lehoa"]);
    assert_eq!(run(&["list-people", "--locked"]).trim(), "");
    run(&["add-alias", "H99.02", "H99.77"]);
    assert_eq!(run(&["list-people", "--agency", "H99.77"]).lines().count(), 2);
    run(&["remove-alias", "H99.02", "H99.77"]);
    assert!(!admin(folder.path(), &["list-people", "--agency", "H99.77"]).0);
    let exported = folder.path().join("out.csv");
    let exported = exported.to_str().unwrap();
    run(&["export", "people", exported]);
    assert!(run(&["import", "people", exported]).contains("2 are so already"));
    let (succeeded, said) = admin(folder.path(), &["export", "people", exported]);
    assert!(
        !succeeded && said.contains("cannot write"),
        "a file is not written over: {said}"
    );
    run(&[
        "change-agency",
        "H99.02",
        "--organ-id",
        "H99.52",
        "--name",
        "Sở Mới",
    ]);
    let data = run(&["export-person", "lehoa"]);
    assert!(
        data.contains("person.unlocked") && !data.contains("argon2"),
        "{data}"
    );
    run(&["erase-person", "lehoa"]);
    let (succeeded, _) = admin(folder.path(), &["lock", "nobody"]);
    assert!(!succeeded);
    let audit = binary::command(folder.path(), &["doctor", "audit"])
        .output()
        .unwrap();
    assert!(audit.status.success());
}
