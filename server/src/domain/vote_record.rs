//! What the record of one vote (biên bản kết quả biểu quyết, biên bản kiểm phiếu) says: who was entitled, the quorum, the
//! count; of an open vote who chose what, of a secret one the digest of the published list alone.

use std::fmt::Write as _;

use super::ballot::{Choice, Electorate, Majority, Outcome, Vote};
use super::invitation::{cell, line};
use super::minutes::{Meeting, grouped, moment};

/// A vote that is over and decided something.
#[derive(Debug, Clone, Copy)]
pub struct VoteRecord<'a> {
    pub meeting: &'a Meeting<'a>,
    pub vote: &'a Vote,
    /// Of a secret vote: SHA-256 of the published list, in hexadecimal (`server/BALLOT.md`).
    pub list_digest: Option<&'a str>,
}

impl VoteRecord<'_> {
    /// The abstract.
    pub fn subject(&self) -> String {
        let what = match self.vote.opening.terms.is_secret {
            true => "Kiểm phiếu",
            false => "Kết quả biểu quyết",
        };
        let question = &self.vote.opening.terms.question;
        let cut: String = question.chars().take(QUESTION_CHARACTERS).collect();
        match cut.len() < question.len() {
            true => format!("{what}: {}…", cut.trim_end()),
            false => format!("{what}: {question}"),
        }
    }

    /// The content; nothing while the vote is open, or where it was taken back.
    pub fn body(&self) -> Option<String> {
        let end = self.vote.end.filter(|end| end.outcome != Outcome::Withdrawn)?;
        let mut body = String::new();
        line(&mut body, "Thời gian mở", &moment(self.vote.opened_at));
        line(&mut body, "Thời gian kết thúc", &moment(end.at));
        line(&mut body, "Cuộc họp", self.meeting.title);
        line(&mut body, "Chủ trì (chủ tọa)", self.meeting.chair);
        line(&mut body, "Thư ký (người ghi biên bản)", self.meeting.secretary);
        self.terms(&mut body);
        self.count(&mut body);
        // Writing to a string does not fail.
        let outcome = match end.outcome {
            Outcome::Carried => "được thông qua",
            _ => "không được thông qua",
        };
        let _ = writeln!(body, "4. Kết luận");
        let _ = writeln!(body, "Vấn đề nêu trên {outcome}.");
        self.voters(&mut body);
        Some(body)
    }

    fn terms(&self, body: &mut String) {
        let opening = &self.vote.opening;
        let terms = &opening.terms;
        let _ = writeln!(body, "1. Vấn đề và cách biểu quyết");
        line(body, "- Vấn đề", terms.question.trim_end_matches('.'));
        let way = match terms.is_secret {
            true => "bỏ phiếu kín bằng phiếu điện tử không ghi tên",
            false => "biểu quyết công khai",
        };
        line(body, "- Hình thức", way);
        let (all, present) = match terms.majority {
            Majority::HalfOfCalled => ("quá nửa", "tổng số được triệu tập"),
            Majority::HalfOfPresent => ("quá nửa", "số có mặt khi mở biểu quyết"),
            Majority::TwoThirdsOfCalled => ("ít nhất hai phần ba", "tổng số được triệu tập"),
            Majority::TwoThirdsOfPresent => ("ít nhất hai phần ba", "số có mặt khi mở biểu quyết"),
        };
        let needed = opening.needed();
        line(
            body,
            "- Điều kiện thông qua",
            &format!("{all} {present} tán thành, tức từ {needed} phiếu"),
        );
        let quorum = opening.quorum;
        let _ = writeln!(body, "2. Người được biểu quyết");
        line(
            body,
            "- Số có mặt theo điểm danh khi mở biểu quyết",
            &format!(
                "{} trên {} được triệu tập, cần ít nhất {} nên đủ điều kiện tiến hành",
                quorum.present, quorum.called, quorum.needed
            ),
        );
        let of = match terms.electorate {
            Electorate::Delegates => "đại biểu",
            Electorate::Sites => "điểm cầu, mỗi điểm cầu một phiếu",
            Electorate::Asked => "người được lấy ý kiến",
        };
        line(
            body,
            "- Được biểu quyết",
            &format!(
                "{} {of}, tổng số {} phiếu",
                opening.voters.len(),
                opening.present()
            ),
        );
    }

    fn count(&self, body: &mut String) {
        let tally = self.vote.tally();
        let present = self.vote.opening.present();
        let cast = [tally.in_favour, tally.against, tally.abstaining];
        let cast_all = cast.into_iter().fold(0, u32::saturating_add);
        let _ = writeln!(body, "3. Kết quả");
        let _ = writeln!(body, "| Ý kiến | Số phiếu | Tỷ lệ trên số có mặt |");
        for (choice, votes) in Choice::ALL.into_iter().zip(cast) {
            let _ = writeln!(
                body,
                "| {} | {votes} | {} |",
                words(choice),
                share(votes, present)
            );
        }
        let none = present.saturating_sub(cast_all);
        let _ = writeln!(body, "| Không bỏ phiếu | {none} | {} |", share(none, present));
    }

    fn voters(&self, body: &mut String) {
        let opening = &self.vote.opening;
        let _ = writeln!(body, "5. Danh sách");
        if opening.terms.is_secret {
            let _ = writeln!(
                body,
                "Đã cấp phiếu cho {} người trong danh sách được biểu quyết; số phiếu trong hòm phiếu là {}.",
                self.vote.issued.len(),
                self.vote.published.len()
            );
            if let Some(digest) = self.list_digest {
                let _ = writeln!(
                    body,
                    "Danh sách phiếu đã công bố trong cuộc họp, không ghi tên người bỏ phiếu, có mã SHA-256: {}.",
                    grouped(digest)
                );
            }
            return;
        }
        let is_weighed = opening.voters.iter().any(|voter| voter.weight != 1);
        let weight = |title: &str| match is_weighed {
            true => format!(" {title} |"),
            false => String::new(),
        };
        let _ = writeln!(body, "| TT | Họ và tên |{} Ý kiến |", weight("Số phiếu"));
        for (number, voter) in (1..).zip(&opening.voters) {
            let choice = self.vote.ballots.get(&voter.seat);
            let choice = choice.map_or("Không bỏ phiếu", |choice| words(*choice));
            let _ = writeln!(
                body,
                "| {number} | {} |{} {choice} |",
                cell(&voter.name),
                weight(&voter.weight.to_string())
            );
        }
    }
}

fn words(choice: Choice) -> &'static str {
    match choice {
        Choice::InFavour => "Tán thành",
        Choice::Against => "Không tán thành",
        Choice::Abstaining => "Không biểu quyết",
    }
}

/// "66,67%", as Vietnamese is written.
fn share(of: u32, all: u32) -> String {
    match (u64::from(of) * 1_000_000).checked_div(u64::from(all)) {
        None => "-".to_owned(),
        Some(millionths) => {
            let hundredths = (millionths + 50) / 100;
            format!("{},{:02}%", hundredths / 100, hundredths % 100)
        }
    }
}

/// What fits, with the words before it, into the 500 characters of an abstract.
const QUESTION_CHARACTERS: usize = 450;

#[cfg(test)]
#[path = "vote_record_tests.rs"]
mod tests;
