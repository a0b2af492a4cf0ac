//! The list of case files that the province's office has drawn up for the year.

use super::Error;
use super::organisation::Organisation;
use super::province::PROVINCE;
use crate::custody::{self, Presence};
use crate::domain::case_file::{Entry, Refusal, Retention};
use crate::domain::numbering;
use crate::domain::role::{Held, Role};
use crate::parts::App;

/// Who draws the list up, and who keeps the files.
const PLANNER: &str = "vanthu";
const KEEPER: &str = "chuyenvien";

/// Each file's code, title and years of keeping.
const FILES: [(&str, &str, Option<i16>); 4] = [
    ("01.TH", "Tập kế hoạch, báo cáo công tác năm của tỉnh", None),
    ("02.CCHC", "Hồ sơ cải cách hành chính của tỉnh", Some(20)),
    ("03.VC", "Hồ sơ tuyển dụng viên chức", Some(20)),
    ("04.HC", "Tập công văn trao đổi về công tác hành chính", Some(10)),
];

/// Adds to the list of this year what is not there yet.
pub(super) async fn plan(app: &App, organisation: &Organisation) -> Result<(), Error> {
    let agency = organisation.agency(PROVINCE)?;
    let presence = Presence {
        person_id: organisation.person(PLANNER)?.clone(),
        held: vec![Held::own(agency.clone(), Role::Clerk)],
    };
    let keeper = organisation.person(KEEPER)?;
    let year = numbering::local_date(app.clock.now_utc()).year();
    for (code, title, years) in FILES {
        let entry = Entry {
            code: code.to_owned(),
            title: format!("{title} năm {year}"),
            retention: Retention::of(years).map_err(custody::Error::from)?,
            note: String::new(),
        };
        match app
            .custody
            .plan_file(&presence, agency, year, keeper, entry)
            .await
        {
            Ok(_) | Err(custody::Error::Filing(Refusal::CodeTaken)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
