//! A document that comes on paper and is registered by hand: Nghị định 30/2020/NĐ-CP, articles 21 and 22, with the limits of
//! annex VI.

use thiserror::Error;
use time::Date;

use super::numbering::Kind;
use super::search::fold;
use super::secrecy::Secrecy;

/// What the clerk types from the paper.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Tác giả: at most 200 characters.
    pub author: String,
    /// Number and symbol, at most 42 characters (CodeNumber S11, CodeNotation S30 and the stroke); empty where it bears none.
    pub code: String,
    pub issued_on: Option<Date>,
    pub kind: Kind,
    /// At most 500 characters.
    pub subject: String,
    /// 0 thường, 1 khẩn, 2 thượng khẩn, 3 hỏa tốc.
    pub urgency: i16,
    /// At most 50 characters.
    pub signer: Option<String>,
    /// What is marked on the paper: anything but `none` stays outside this system.
    pub secrecy: Secrecy,
}

/// Why a paper is not registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Refusal {
    #[error("the author is missing or longer than 200 characters")]
    Author,
    #[error("number and symbol are longer than 42 characters")]
    Code,
    #[error("the subject is missing or longer than 500 characters")]
    Subject,
    #[error("the signer's name is longer than 50 characters")]
    Signer,
    #[error("a paper cannot be dated after the day it came")]
    Date,
    #[error("the urgency is none of the four")]
    Urgency,
    #[error("a paper that is {} must not be processed here", .0.name())]
    Secret(Secrecy),
    #[error("a paper of this author, number and date stands in the register already")]
    Double,
    #[error("what came on paper is handed on to another agency as a copy, not as a scan")]
    Forward,
}

impl Described {
    /// The same without blanks around words, once every limit is kept; `today` is the day on which it came.
    ///
    /// # Errors
    /// [`Refusal`].
    pub fn checked(self, today: Date) -> Result<Self, Refusal> {
        if self.secrecy != Secrecy::None {
            return Err(Refusal::Secret(self.secrecy));
        }
        let author = within(&self.author, 1, 200).ok_or(Refusal::Author)?;
        let code = within(&self.code, 0, 42).ok_or(Refusal::Code)?;
        let subject = within(&self.subject, 1, 500).ok_or(Refusal::Subject)?;
        let signer = within(self.signer.as_deref().unwrap_or_default(), 0, 50).ok_or(Refusal::Signer)?;
        if self.issued_on.is_some_and(|day| day > today) {
            return Err(Refusal::Date);
        }
        if !(0..=3).contains(&self.urgency) {
            return Err(Refusal::Urgency);
        }
        Ok(Self {
            author,
            code,
            subject,
            signer: Some(signer).filter(|signer| !signer.is_empty()),
            ..self
        })
    }

    /// The key under which two registrations of one paper meet: issuer, number and symbol, date (annex VI asks for the warning).
    /// `None` where the paper bears no number: two letters of one day may well be two.
    pub fn double_key(&self) -> Option<String> {
        let folded = |text: &str| fold(text).split_whitespace().collect::<Vec<_>>().join(" ");
        let code = folded(&self.code);
        let day = self.issued_on.map(|day| day.to_string()).unwrap_or_default();
        (!code.is_empty()).then(|| format!("{}|{code}|{day}", folded(&self.author)))
    }
}

/// The words with single blanks, if their length lies within these bounds.
fn within(text: &str, least: usize, most: usize) -> Option<String> {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    (least..=most).contains(&text.chars().count()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::date;

    const TODAY: Date = date!(2026 - 11 - 24);

    fn paper() -> Described {
        Described {
            author: " Bộ  Nội vụ ".into(),
            code: "12/QĐ-BNV".into(),
            issued_on: Some(TODAY),
            kind: Kind::from_code("QĐ").unwrap(),
            subject: "Phê duyệt đề án".into(),
            urgency: 1,
            signer: Some("  ".into()),
            secrecy: Secrecy::None,
        }
    }

    #[test]
    fn keeps_the_limits_of_the_annex() {
        let checked = paper().checked(TODAY).unwrap();
        assert_eq!((checked.author.as_str(), checked.signer), ("Bộ Nội vụ", None));
        let long = |count| "ă".repeat(count);
        let tomorrow = TODAY.next_day();
        let cases = [
            (
                Described {
                    author: " ".into(),
                    ..paper()
                },
                Refusal::Author,
            ),
            (
                Described {
                    author: long(201),
                    ..paper()
                },
                Refusal::Author,
            ),
            (
                Described {
                    code: long(43),
                    ..paper()
                },
                Refusal::Code,
            ),
            (
                Described {
                    subject: String::new(),
                    ..paper()
                },
                Refusal::Subject,
            ),
            (
                Described {
                    subject: long(501),
                    ..paper()
                },
                Refusal::Subject,
            ),
            (
                Described {
                    signer: Some(long(51)),
                    ..paper()
                },
                Refusal::Signer,
            ),
            (
                Described {
                    issued_on: tomorrow,
                    ..paper()
                },
                Refusal::Date,
            ),
            (
                Described {
                    urgency: 4,
                    ..paper()
                },
                Refusal::Urgency,
            ),
            (
                Described {
                    secrecy: Secrecy::Mat,
                    ..paper()
                },
                Refusal::Secret(Secrecy::Mat),
            ),
        ];
        for (wrong, refusal) in cases {
            assert_eq!(wrong.checked(TODAY), Err(refusal));
        }
    }

    #[test]
    fn the_same_paper_meets_itself_however_it_is_typed_and_a_letter_without_number_never_does() {
        let same = Described {
            author: "BO NOI VU".into(),
            code: "12/qđ-bnv".into(),
            ..paper()
        };
        assert_eq!(paper().double_key(), same.double_key());
        let of_another_day = Described {
            issued_on: Some(date!(2026 - 11 - 23)),
            ..paper()
        };
        assert_ne!(paper().double_key(), of_another_day.double_key());
        assert_eq!(
            Described {
                code: " ".into(),
                ..paper()
            }
            .double_key(),
            None
        );
    }
}
