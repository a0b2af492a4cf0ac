//! Where the command writes: never in the place of a device, of the file that a report is about, or half a file.

use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _, symlink};

use super::blank;
use super::desk::{Desk, SIGN, remarked};

#[test]
fn what_is_no_regular_file_is_not_replaced() {
    let desk = Desk::with(&blank());
    let pipe = desk.path("ống");
    assert!(
        std::process::Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    std::fs::create_dir(desk.path("thư mục")).unwrap();
    let before = desk.files();
    for output in ["ống", "thư mục"] {
        let refused = desk.run(&[&SIGN[..], &["-o", output, "paper.pdf"]].concat());
        assert_eq!(
            refused.status.code(),
            Some(66),
            "{output}: {}",
            remarked(&refused)
        );
        assert!(
            remarked(&refused).contains("no regular file"),
            "{}",
            remarked(&refused)
        );
        let refused = desk.run(&["verify", "--report", "html", "-o", output, "paper.pdf"]);
        assert!(
            remarked(&refused).contains("no regular file"),
            "{}",
            remarked(&refused)
        );
    }
    assert!(pipe.symlink_metadata().unwrap().file_type().is_fifo());
    assert_eq!(desk.files(), before);
}

#[test]
fn a_link_stays_and_the_file_behind_it_is_written() {
    let desk = Desk::with(&blank());
    std::fs::write(desk.path("bản gốc.pdf"), "cu").unwrap();
    symlink("bản gốc.pdf", desk.path("liên kết.pdf")).unwrap();
    desk.sign(&["-o", "liên kết.pdf", "paper.pdf"]);
    assert!(desk.path("liên kết.pdf").is_symlink());
    let written = std::fs::read(desk.path("bản gốc.pdf")).unwrap();
    assert!(written.starts_with(&blank()) && written.len() > blank().len());
}

#[test]
fn a_report_does_not_take_the_place_of_its_file() {
    let desk = Desk::with(&blank());
    symlink("paper.pdf", desk.path("khác.pdf")).unwrap();
    for output in ["paper.pdf", "./paper.pdf", "khác.pdf"] {
        let refused = desk.run(&["verify", "--report", "pdf", "-o", output, "paper.pdf"]);
        assert_eq!(
            refused.status.code(),
            Some(64),
            "{output}: {}",
            remarked(&refused)
        );
        assert_eq!(std::fs::read(desk.path("paper.pdf")).unwrap(), blank());
    }
}

#[test]
fn names_of_every_kind_are_taken() {
    let desk = Desk::with(&blank());
    for name in ["có dấu cách.pdf", "dòng\nmới.pdf", "-gạch.pdf", "\u{1F58B}.pdf"] {
        desk.sign(&["-o", &format!("./{name}"), "paper.pdf"]);
        let judged = desk.run(&["verify", "--json", "--trust-embedded", "--", name]);
        assert_eq!(judged.status.code(), Some(0), "{name}: {}", remarked(&judged));
        let told = String::from_utf8(judged.stdout).unwrap();
        assert_eq!(told.lines().count(), 1, "{name}: {told}");
        let told: serde_json::Value = serde_json::from_str(&told).unwrap();
        assert_eq!(told["file"], name);
    }
    let mode = std::fs::metadata(desk.path("-gạch.pdf")).unwrap().permissions();
    assert_eq!(mode.mode() & 0o111, 0);
}
