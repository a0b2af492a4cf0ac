//! Initials (ký nháy, ký tắt): Nghị định 30/2020/NĐ-CP, article 12. The head of the drafting unit answers for the content,
//! whoever the office names for form, layout and spelling. They stand before the signature and are a record beside the
//! document, not a mark on its pages: a paper that is issued shows the signature and the seal alone.

use sea_orm::{DeriveActiveEnum, EnumIter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::id::PersonId;

/// What an initial answers for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema, EnumIter, DeriveActiveEnum)]
#[serde(rename_all = "snake_case")]
#[schema(as = InitialPart)]
#[sea_orm(rs_type = "String", db_type = "Text", rename_all = "snake_case")]
pub enum Part {
    /// Nội dung.
    Content,
    /// Thể thức, kỹ thuật trình bày.
    Form,
}

/// Who is to check a document, and whether they have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Review<'a> {
    pub content: Option<&'a PersonId>,
    pub form: Option<&'a PersonId>,
    pub content_done: bool,
    pub form_done: bool,
}

impl Review<'_> {
    /// How many checks are asked for.
    pub fn asked(&self) -> u8 {
        u8::from(self.content.is_some()) + u8::from(self.form.is_some())
    }

    /// How many of them are made.
    pub fn made(&self) -> u8 {
        let content = self.content.is_some() && self.content_done;
        let form = self.form.is_some() && self.form_done;
        u8::from(content) + u8::from(form)
    }

    /// The part that this person is still to check, the content first.
    pub fn due(&self, person: &PersonId) -> Option<Part> {
        if self.content == Some(person) && !self.content_done {
            return Some(Part::Content);
        }
        (self.form == Some(person) && !self.form_done).then_some(Part::Form)
    }

    /// Whether this person is named for any part.
    pub fn names(&self, person: &PersonId) -> bool {
        self.content == Some(person) || self.form == Some(person)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_who_answers_for_both_parts_is_asked_for_one_after_the_other() {
        let (head, other) = (PersonId("head".into()), PersonId("other".into()));
        let mut review = Review {
            content: Some(&head),
            form: Some(&head),
            ..Review::default()
        };
        assert_eq!((review.asked(), review.made()), (2, 0));
        assert_eq!(review.due(&head), Some(Part::Content));
        review.content_done = true;
        assert_eq!(review.due(&head), Some(Part::Form));
        review.form_done = true;
        assert_eq!((review.due(&head), review.made()), (None, 2));
        assert!(review.names(&head) && !review.names(&other));
        assert_eq!(Review::default().asked(), 0);
    }
}
