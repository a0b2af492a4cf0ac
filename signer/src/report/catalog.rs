//! The sentences of reasons and warnings, as the client shows them: written from here, so that every place says the same.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Language, words};
use crate::validate::{Reason, Warning};

/// Run with `UPDATE=1` to write the files anew.
#[test]
fn the_sentences_of_the_client_have_not_drifted() {
    for (language, name) in [(Language::Vietnamese, "vi.json"), (Language::English, "en.json")] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../web/src/verdict")
            .join(name);
        let wanted = serde_json::to_string_pretty(&sentences(language)).unwrap() + "\n";
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &wanted).unwrap();
        }
        let found = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            found == wanted,
            "{} has drifted: run this test with UPDATE=1",
            path.display()
        );
    }
}

fn sentences(language: Language) -> BTreeMap<String, String> {
    let known = Reason::KNOWN.iter().map(|(reason, _)| *reason);
    let reasons = known.chain([Reason::Other]).map(|reason| {
        let sentence = language.pick(reason.vietnamese(), reason.english());
        (format!("reason.{}", reason.code()), sentence.to_owned())
    });
    let warnings = WARNINGS.iter().map(|warning| {
        let code = serde_json::to_value(warning).unwrap();
        let code = code.as_str().unwrap();
        (format!("warning.{code}"), words::warning(*warning, language))
    });
    reasons.chain(warnings).collect()
}

/// Every one, in the order of the enumeration.
const WARNINGS: [Warning; Warning::ValueNotShown as usize + 1] = [
    Warning::RevocationUnknown,
    Warning::EmbeddedAnchor,
    Warning::NoSigningCertificateAttribute,
    Warning::SigningTimeAttribute,
    Warning::WeakAlgorithm,
    Warning::TimeStampNotTrusted,
    Warning::TimesDisagree,
    Warning::ChangedLater,
    Warning::AttributesOutOfOrder,
    Warning::NotDer,
    Warning::VisibleSignatureAfterCertification,
    Warning::SignatureCovered,
    Warning::ValidationDataRemoved,
    Warning::AgainstOwnersPermission,
    Warning::ValueNotShown,
];
