//! Papers in our own words, for the demo and for whoever tries the program. They name a province that does not exist
//! and are watermarked as illustrations.

use super::{Error, Official};

/// The sample papers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sample {
    /// A plan for administrative reform, three pages.
    Reform,
    /// A plan for an online conference about it, two pages.
    Conference,
    /// An urgent plan for recruiting doctors and nurses, one page.
    Recruitment,
}

impl Sample {
    /// Every sample, the first being the one that is offered to whoever has no paper of their own.
    pub const ALL: [Self; 3] = [Self::Reform, Self::Conference, Self::Recruitment];

    /// The paper, with the year of its date line.
    ///
    /// # Errors
    /// When the sample does not read: our bug, which a test would have found.
    pub fn paper(self, year: i32) -> Result<Official, Error> {
        let mut paper: Official =
            serde_json::from_str(self.json()).map_err(|error| Error::Template(error.to_string()))?;
        paper.year = Some(year);
        Ok(paper)
    }

    fn json(self) -> &'static str {
        match self {
            Self::Reform => include_str!("samples/reform_plan.json"),
            Self::Conference => include_str!("samples/conference_plan.json"),
            Self::Recruitment => include_str!("samples/recruitment_plan.json"),
        }
    }
}
