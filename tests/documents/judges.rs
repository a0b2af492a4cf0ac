//! Independent judges of a finished file: pyHanko and pdfsig; and a forger.

use std::path::PathBuf;
use std::process::Command;

use hoian_signer::pdf::text;

/// Fails unless pdfsig and pyHanko, each of its own, accept both signatures under this root.
pub fn accept(root: &[u8], file: &[u8]) {
    accept_all(root, file, 2);
}

/// As [`accept`], of a file with so many signatures.
pub fn accept_all(root: &[u8], file: &[u8], signatures: usize) {
    accept_stamped(root, file, signatures, signatures);
}

/// As [`accept_all`], where so many of the signatures have a time-stamp.
pub fn accept_stamped(root: &[u8], file: &[u8], signatures: usize, stamped: usize) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("van-ban.pdf");
    std::fs::write(&path, file).unwrap();
    std::fs::write(folder.path().join("root.der"), root).unwrap();
    pdfsig_accepts(&path, signatures);
    pyhanko_accepts(&path, &folder.path().join("root.der"), [signatures, stamped]);
}

/// The words that our own reader finds on the pages of a file.
pub fn words(file: &[u8]) -> String {
    let pages = text::pages(file).unwrap();
    let runs = pages
        .iter()
        .flat_map(|page| &page.lines)
        .flat_map(|line| &line.runs);
    runs.map(|run| format!("{} ", run.text)).collect()
}

/// The words that pdftotext finds in a file, seen or hidden.
pub fn words_of(file: &[u8]) -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("van-ban.pdf");
    std::fs::write(&path, file).unwrap();
    let output = Command::new("pdftotext")
        .arg(&path)
        .arg("-")
        .output()
        .expect("pdftotext is installed");
    assert!(output.status.success(), "pdftotext");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn pdfsig_accepts(path: &PathBuf, signatures: usize) {
    let output = Command::new("pdfsig")
        .arg("-nocert")
        .arg(path)
        .output()
        .expect("pdfsig is installed");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let valid = text.matches("Signature is Valid").count();
    assert_eq!(valid, signatures, "pdfsig: {text}");
}

/// The strictest peer: its difference analysis must find form filling only.
fn pyhanko_accepts(path: &PathBuf, root: &PathBuf, counts: [usize; 2]) {
    let python = python().expect("tests/interop/setup has made the environment of pyHanko");
    let output = Command::new(python)
        .arg("-c")
        .arg(PYHANKO)
        .arg(path)
        .arg(root)
        .args(counts.map(|count| count.to_string()))
        .output()
        .expect("python runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "pyHanko: {text}{errors}");
}

/// Fails unless pyHanko accepts every signature at `moment` by this evidence alone, each certificate's status known.
pub fn accept_offline(
    root: &[u8],
    file: &[u8],
    evidence: &[(String, bytes::Bytes)],
    moment: time::OffsetDateTime,
) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("van-ban.pdf"), file).unwrap();
    std::fs::write(folder.path().join("root.der"), root).unwrap();
    for (number, (kind, piece)) in evidence.iter().enumerate() {
        std::fs::write(folder.path().join(format!("{kind}-{number}")), piece).unwrap();
    }
    let python = python().expect("tests/interop/setup has made the environment of pyHanko");
    let output = Command::new(python)
        .args(["-c", OFFLINE])
        .arg(folder.path())
        .arg(moment.unix_timestamp().to_string())
        .output()
        .expect("python runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "pyHanko: {text}{errors}");
}

/// The environment that tests/interop/setup makes.
fn python() -> Option<PathBuf> {
    let home = || Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache"));
    let cache = std::env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(home)?;
    Some(cache.join("hoian/pyhanko/bin/python")).filter(|path| path.exists())
}

const PYHANKO: &str = r#"
import sys
from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY
from pyhanko_certvalidator import ValidationContext
# Its default would let appearances change in place, and so calls a locked field changed that no revision touches; without that
# leave it is the stricter judge, and sees what is there.
if int(sys.argv[3]) > 2:
    for rule in DEFAULT_DIFF_POLICY.form_rule.field_rules:
        if hasattr(rule, 'allow_in_place_appearance_stream_changes'):
            rule.allow_in_place_appearance_stream_changes = False
root = x509.Certificate.load(open(sys.argv[2], 'rb').read())
reader = PdfFileReader(open(sys.argv[1], 'rb'))
signatures = reader.embedded_regular_signatures
assert len(signatures) == int(sys.argv[3]), len(signatures)
stamped = 0
for signature in signatures:
    context = lambda: ValidationContext(trust_roots=[root], allow_fetching=False, revocation_mode='soft-fail')
    status = validate_pdf_signature(signature, context(), context())
    print(status.pretty_print_details())
    assert status.bottom_line, signature.field_name
    stamped += status.timestamp_validity is not None and status.timestamp_validity.valid
assert stamped == int(sys.argv[4]), stamped
"#;

const OFFLINE: &str = r#"
import pathlib, sys
from datetime import datetime, timezone
from asn1crypto import crl, ocsp, x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext
folder = pathlib.Path(sys.argv[1])
moment = datetime.fromtimestamp(int(sys.argv[2]), timezone.utc)
pieces = lambda kind, make: [make(path.read_bytes()) for path in sorted(folder.glob(kind + '-*'))]
root = x509.Certificate.load((folder / 'root.der').read_bytes())
context = lambda: ValidationContext(
    trust_roots=[root],
    other_certs=pieces('certificate', x509.Certificate.load),
    ocsps=pieces('ocsp_response', ocsp.OCSPResponse.load),
    crls=pieces('revocation_list', crl.CertificateList.load),
    allow_fetching=False, revocation_mode='hard-fail', moment=moment,
)
reader = PdfFileReader(open(folder / 'van-ban.pdf', 'rb'))
signatures = reader.embedded_regular_signatures
assert len(signatures) == 2, len(signatures)
for signature in signatures:
    status = validate_pdf_signature(signature, context(), context())
    print(status.pretty_print_details())
    assert status.bottom_line, signature.field_name
    assert status.timestamp_validity is not None and status.timestamp_validity.valid
"#;

/// The file with an honest-looking revision appended, which draws over the first page.
pub fn with_revision(file: &[u8]) -> Vec<u8> {
    use hoian_signer::pdf::form::{self, Alignment, Face, NewField};
    use hoian_signer::pdf::place::{Place, Rect};
    let field = NewField::Text {
        name: "forged".to_owned(),
        place: Place {
            page: 1,
            rect: Rect {
                x: 100.0,
                y: 500.0,
                width: 200.0,
                height: 20.0,
            },
        },
        font_size: 13.0,
        face: Face::Regular,
        alignment: Alignment::Left,
    };
    // Our own writer refuses to add fields to a signed file; a forger does not.
    form::prepare_fields(file, &[field]).unwrap_or_else(|_| forged(file))
}

/// A revision written by hand: the catalogue again, with an open action that was not there.
fn forged(file: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(file);
    let start = text
        .rfind("startxref")
        .and_then(|at| text[at + 9..].split_whitespace().next().map(str::to_owned));
    let start: usize = start.and_then(|start| start.parse().ok()).expect("a startxref");
    let root = last_reference(file, b"/Root ");
    let size = last_number(file, b"/Size ");
    let catalogue = file.len() + 1;
    let object = format!(
        "\n{root} 0 obj\n<</Type/Catalog/OpenAction[0/Fit]/Pages {} 0 R>>\nendobj\n",
        last_reference(file, b"/Pages ")
    );
    let xref = file.len() + object.len();
    let table = format!(
        "xref\n{root} 1\n{catalogue:010} 00000 n \ntrailer\n<</Root {root} 0 R/Size {size}/Prev {start}>>\nstartxref\n{xref}\n%%EOF\n"
    );
    [file, object.as_bytes(), table.as_bytes()].concat()
}

fn last_reference(file: &[u8], key: &[u8]) -> u64 {
    last_number(file, key)
}

fn last_number(file: &[u8], key: &[u8]) -> u64 {
    let at = file
        .windows(key.len())
        .rposition(|window| window == key)
        .expect("the key stands in the file");
    let digits = file[at + key.len()..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit());
    String::from_utf8(digits.copied().collect())
        .unwrap()
        .parse()
        .expect("a number")
}
