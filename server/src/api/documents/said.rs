//! What a drafter says of a document, as it comes from a form or from the page.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::problem::Problem;
use crate::custody::draft::Description;
use crate::domain::dispatch::DispatchId;
use crate::domain::document_metadata::Metadata;
use crate::domain::id::PersonId;
use crate::domain::numbering::Kind;

/// A description, not checked yet.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Said)]
pub(super) struct Said {
    /// Trích yếu, up to 500 characters.
    pub subject: String,
    /// A code such as `KH`.
    pub kind: String,
    /// 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc. Default 0.
    #[serde(default)]
    pub urgency: i16,
    pub signer_id: String,
    /// The dispatch that this document answers.
    #[serde(default)]
    pub reply_to: Option<String>,
    #[serde(default)]
    pub metadata: Metadata,
}

impl Said {
    /// The description, with what was written in the page where the file comes from that.
    pub(super) fn description(self, body: Option<String>) -> Result<Description, Problem> {
        let subject = self.subject.trim().to_owned();
        if subject.is_empty() {
            return Err(missing("subject"));
        }
        if subject.chars().count() > LONGEST_SUBJECT {
            return Err(Problem::malformed(
                "Trích yếu dài quá 500 ký tự.",
                "The subject is longer than 500 characters.",
            ));
        }
        if !(0..=3).contains(&self.urgency) {
            return Err(missing("urgency"));
        }
        if self.signer_id.is_empty() {
            return Err(missing("signer_id"));
        }
        Ok(Description {
            subject,
            kind: Kind::from_code(&self.kind).ok_or_else(|| missing("kind"))?,
            urgency: self.urgency,
            signer: PersonId(self.signer_id),
            reply_to: self.reply_to.filter(|id| !id.is_empty()).map(DispatchId),
            metadata: self.metadata,
            body,
            blanks: None,
        })
    }
}

/// Subject S500: Nghị định 30/2020/NĐ-CP, annex VI.
const LONGEST_SUBJECT: usize = 500;

pub(super) fn missing(field: &str) -> Problem {
    Problem::malformed(
        format!("Thiếu hoặc sai trường {field}."),
        format!("The field {field} is missing or wrong."),
    )
}
