//! Our papers judged by others: qpdf reads them without a complaint, poppler finds every font embedded.

use std::process::Command;

use hoian_server::clock::Clock;
use hoian_server::render::{Sample, typeset};

fn judge(program: &str, arguments: &[&str], folder: &std::path::Path) -> String {
    // What hangs ends as a failure that has its name.
    let output = Command::new("timeout")
        .args(["60", program])
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{program}: {said}");
    said
}

#[test]
fn samples_are_sound_have_their_fonts_and_can_be_searched() {
    let folder = tempfile::tempdir().unwrap();
    for sample in Sample::ALL {
        let plan = sample.paper(2026).unwrap();
        let paper = typeset(&plan, Clock::system().now_utc()).unwrap();
        std::fs::write(folder.path().join("paper.pdf"), paper.pdf).unwrap();

        let said = judge("qpdf", &["--check", "paper.pdf"], folder.path());
        assert!(
            said.contains("No syntax or stream encoding errors found"),
            "{said}"
        );

        let fonts = judge("pdffonts", &["paper.pdf"], folder.path());
        let rows: Vec<&str> = fonts
            .lines()
            .skip(2)
            .filter(|line| line.contains("Liberation"))
            .collect();
        assert!(rows.len() >= 3, "{fonts}");
        for row in rows {
            // Name, type (two words), encoding, embedded, subset, to Unicode.
            assert!(row.contains("yes yes yes"), "{row}");
        }

        let words = judge("pdftotext", &["-layout", "paper.pdf", "-"], folder.path());
        for wanted in [
            "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
            "/KH-UBND",
            "KẾ HOẠCH",
            "./.",
            "Nơi nhận:",
            "CHỦ TỊCH",
        ] {
            assert!(words.contains(wanted), "{wanted} in {words}");
        }
    }
}
