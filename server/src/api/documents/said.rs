//! What a drafter says of a document, as it comes from a form or from the page.

use serde::Deserialize;
use utoipa::ToSchema;

use crate::api::problem::Problem;
use crate::custody::draft::Description;
use crate::custody::initials::Reviewers;
use crate::domain::dispatch::DispatchId;
use crate::domain::document::DocumentId;
use crate::domain::document_metadata::Metadata;
use crate::domain::id::PersonId;
use crate::domain::numbering::Kind;
use crate::domain::relation::Relation;

/// A description, not checked yet. It stands among the fields of what it describes, so others may stand beside it.
#[derive(Default, Deserialize, ToSchema)]
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
    /// Who signs second: of the same agency, or of another one, which then seals second (văn bản liên tịch).
    #[serde(default)]
    pub cosigner_id: Option<String>,
    /// The dispatch that this document answers.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// Who answers for the content, and for the form, before it is signed.
    #[serde(default)]
    pub content_reviewer_id: Option<String>,
    #[serde(default)]
    pub form_reviewer_id: Option<String>,
    /// The issued paper that this one corrects or replaces.
    #[serde(default)]
    pub mends: Option<Mends>,
    #[serde(default)]
    pub metadata: Metadata,
}

/// An issued paper that is corrected or replaced.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mends {
    pub relation: Relation,
    pub document_id: DocumentId,
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
            cosigner: person(self.cosigner_id),
            reply_to: self.reply_to.filter(|id| !id.is_empty()).map(DispatchId),
            metadata: self.metadata,
            body,
            reviewers: Reviewers {
                content: person(self.content_reviewer_id),
                form: person(self.form_reviewer_id),
            },
            mends: self.mends.map(|mends| (mends.relation, mends.document_id)),
            blanks: None,
        })
    }
}

fn person(id: Option<String>) -> Option<PersonId> {
    id.filter(|id| !id.is_empty()).map(PersonId)
}

/// Subject S500: Nghị định 30/2020/NĐ-CP, annex VI.
const LONGEST_SUBJECT: usize = 500;

pub(in crate::api) fn missing(field: &str) -> Problem {
    Problem::malformed(
        format!("Thiếu hoặc sai trường {field}."),
        format!("The field {field} is missing or wrong."),
    )
}
