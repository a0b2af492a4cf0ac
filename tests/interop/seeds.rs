//! Forms whose author requires something: signed by the command, and pyHanko finds every requirement met.

use hoian_tests::forms::with_field;
use serde_json::Value;

use super::authority::Authority;

#[test]
fn what_a_form_requires_is_what_pyhanko_finds() {
    let authority = Authority::shared();
    let folder = authority.subfolder("seeds");
    let tsa = authority.tsa();
    let hexadecimal = |name: &str| {
        use base64::Engine as _;
        let pem = std::fs::read_to_string(authority.path(&format!("{name}.pem"))).unwrap();
        let body: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
        let der = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
        der.iter().map(|byte| format!("{byte:02X}")).collect::<String>()
    };
    let (own, issuer) = (hexadecimal("rsa-2048"), hexadecimal("issuing"));
    let cases = [
        ("reason", "/Reasons[(Duyet)]/Ff 8".to_owned()),
        ("digest", "/DigestMethod[(sha512)(sha384)]/Ff 64".into()),
        ("certify", "/MDP<</P 2>>".into()),
        ("approve", "/MDP<</P 0>>".into()),
        ("lock", "/LockDocument/true/Ff 128".into()),
        ("open", "/LockDocument/false/Ff 128".into()),
        ("stamp", format!("/TimeStamp<</URL({tsa})/Ff 1>>")),
        (
            "format",
            "/SubFilter[/ETSI.CAdES.detached]/Filter/Adobe.PPKLite/V 3/Ff 7".into(),
        ),
        ("subject", format!("/Cert<</Subject[<{own}>]/Ff 1>>")),
        ("issuer", format!("/Cert<</Issuer[<{issuer}>]/Ff 2>>")),
        ("usage", "/Cert<</KeyUsage[(X1)]/Ff 32>>".into()),
    ];
    let mut files = Vec::new();
    for (name, seed) in &cases {
        std::fs::write(
            folder.join("form.pdf"),
            with_field(&format!("/SV<</Type/SV{seed}>>")),
        )
        .unwrap();
        let output = format!("seeds/{name}.pdf");
        authority.succeed(&[
            "sign",
            "--p12",
            "rsa-2048.p12",
            "--password-file",
            "password",
            "--field",
            "ky",
            "--allow",
            "127.0.0.1",
            "-o",
            &output,
            "seeds/form.pdf",
        ]);
        files.push(authority.path(&output));
    }
    for ((name, _), verdicts) in cases.iter().zip(authority.pyhanko(&files, false)) {
        let verdict: &Value = &verdicts[0];
        assert_eq!(verdict["seeds"], true, "{name}: {verdict:#}");
        assert_eq!(verdict["bottom_line"], true, "{name}: {verdict:#}");
        assert_eq!(verdict["time_stamp"], *name == "stamp", "{name}: {verdict:#}");
    }
    // Where nobody is named who may be asked, a required time-stamp is wanted from the caller.
    std::fs::write(
        folder.join("form.pdf"),
        with_field(&format!("/SV<</TimeStamp<</URL({tsa})/Ff 1>>>>")),
    )
    .unwrap();
    let arguments = [
        "sign",
        "--p12",
        "rsa-2048.p12",
        "--password-file",
        "password",
        "--field",
        "ky",
        "-o",
        "seeds/none.pdf",
        "seeds/form.pdf",
    ];
    let refused = authority.signer(&arguments);
    assert_eq!(
        refused.status.code(),
        Some(64),
        "{}",
        String::from_utf8_lossy(&refused.stderr)
    );
    let plain = authority.signer(&[&arguments[..], &["--level", "B-B"]].concat());
    let said = String::from_utf8_lossy(&plain.stderr);
    assert!(said.contains("its seed values want a time-stamp"), "{said}");
    assert!(!folder.join("none.pdf").exists());
}
