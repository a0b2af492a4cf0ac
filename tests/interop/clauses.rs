//! What EN 319 142-1 says of the dictionaries, read out of a renewed file by qpdf: see `signer/src/sign/CHECKLIST.md`.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Command;

use hoian_signer::shell::clock;
use hoian_tests::paper;
use serde_json::Value;

use super::authority::{Authority, run};

#[test]
fn dictionaries_hold_what_the_standard_wants_and_nothing_it_forbids() {
    let authority = Authority::shared();
    let folder = authority.subfolder("clauses");
    std::fs::write(folder.join("paper.pdf"), paper::paper(clock::now())).unwrap();
    let tsa = authority.tsa();
    let common = ["--level", "B-LTA", "--tsa", &tsa, "--trust", "root.pem"];
    let sign = [
        "sign",
        "--p12",
        "p-256.p12",
        "--password-file",
        "password",
        "--reason",
        "Duyệt",
        "--location",
        "Lam Giang",
    ];
    authority.succeed(&[&sign[..], &common, &["-o", "clauses/1.pdf", "clauses/paper.pdf"]].concat());
    let extend = ["extend", "--allow", "127.0.0.1"];
    authority.succeed(&[&extend[..], &common, &["-o", "clauses/2.pdf", "clauses/1.pdf"]].concat());
    let (before, file) = (
        File::read(&folder.join("1.pdf")),
        File::read(&folder.join("2.pdf")),
    );

    let signature = file.dictionaries("/Sig");
    let [signature] = &signature[..] else {
        panic!("{signature:#?}")
    };
    // ISO 32000-2, 12.8.1: one dictionary, no certificate beside the container.
    for key in ["/Cert", "/Changes", "/Prop_AuthTime", "/Prop_AuthType"] {
        assert!(signature.get(key).is_none(), "{key} in {signature:#}");
    }
    assert_eq!(signature["/SubFilter"], "/ETSI.CAdES.detached");
    assert_eq!(
        (&signature["/Reason"], &signature["/Location"]),
        (&"u:Duyệt".into(), &"u:Lam Giang".into())
    );

    let stamps = file.dictionaries("/DocTimeStamp");
    assert_eq!(stamps.len(), 2);
    for stamp in stamps {
        assert_eq!(stamp["/SubFilter"], "/ETSI.RFC3161");
        let keys: HashSet<&str> = stamp.as_object().unwrap().keys().map(String::as_str).collect();
        let wanted = HashSet::from(["/Type", "/Filter", "/SubFilter", "/ByteRange", "/Contents"]);
        assert_eq!(keys, wanted);
    }

    let catalog = file.catalog();
    assert_eq!(
        file.follow(&catalog["/Extensions"])["/ESIC"]["/ExtensionLevel"],
        1,
        "{catalog:#}"
    );
    let store = file.follow(&catalog["/DSS"]);
    for list in ["/Certs", "/OCSPs", "/CRLs"] {
        let data: Vec<&str> = file
            .follow(&store[list])
            .as_array()
            .into_iter()
            .flatten()
            .map(|one| file.data(one))
            .collect();
        let different: HashSet<&str> = data.iter().copied().collect();
        assert_eq!(different.len(), data.len(), "{list} holds a value twice");
    }
    assert!(!file.follow(&store["/Certs"]).as_array().unwrap().is_empty());
    let information = file.follow(&store["/VRI"]).as_object().unwrap();
    // The signature's, and the first document time-stamp's.
    assert!(information.len() >= 2, "{information:#?}");
    // What a renewal finds stays as it was: verifiers that compare revisions let nothing else pass.
    let old_store = before.follow(&before.catalog()["/DSS"]);
    for (key, old) in before.follow(&old_store["/VRI"]).as_object().unwrap() {
        assert_eq!(before.follow(old), file.follow(&information[key]), "{key}");
    }
    for (key, entry) in information {
        let entry = file.follow(entry);
        let name = key.trim_start_matches('/');
        assert!(
            name.len() == 40 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F')),
            "{key}"
        );
        assert!(entry["/TU"].as_str().unwrap().starts_with("u:D:20"), "{entry:#}");
        assert!(entry.get("/TS").is_none(), "{entry:#}");
        for (part, list) in [("/Cert", "/Certs"), ("/OCSP", "/OCSPs"), ("/CRL", "/CRLs")] {
            let whole = file.follow(&store[list]).as_array().cloned().unwrap_or_default();
            let named = file.follow(&entry[part]).as_array().cloned().unwrap_or_default();
            assert!(
                named.iter().all(|one| whole.contains(one)),
                "{key} {part} names what the store lacks"
            );
        }
    }
}

/// A file as qpdf reads it.
struct File {
    objects: HashMap<String, Value>,
}

impl File {
    fn read(path: &Path) -> Self {
        let printed = run(Command::new("qpdf")
            .args([
                "--json=2",
                "--json-key=qpdf",
                "--json-stream-data=inline",
                "--decode-level=all",
            ])
            .arg(path));
        let whole: Value = serde_json::from_str(&printed).unwrap();
        let objects = whole["qpdf"][1].as_object().unwrap();
        Self {
            objects: objects
                .iter()
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        }
    }

    fn follow<'a>(&'a self, value: &'a Value) -> &'a Value {
        let target = value
            .as_str()
            .and_then(|text| self.objects.get(&format!("obj:{text}")));
        target.map_or(value, |target| &target["value"])
    }

    fn catalog(&self) -> &Value {
        self.follow(&self.objects["trailer"]["value"]["/Root"])
    }

    fn dictionaries(&self, kind: &str) -> Vec<&Value> {
        let values = self.objects.values().map(|object| &object["value"]);
        values
            .filter(|value| value["/Type"] == kind && value.get("/ByteRange").is_some())
            .collect()
    }

    fn data(&self, reference: &Value) -> &str {
        self.objects[&format!("obj:{}", reference.as_str().unwrap())]["stream"]["data"]
            .as_str()
            .unwrap()
    }
}
