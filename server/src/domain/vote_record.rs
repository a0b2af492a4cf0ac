//! What the record of one vote (biên bản kết quả biểu quyết, biên bản kiểm phiếu, biên bản kết quả lấy ý kiến) says: who was
//! entitled, the quorum, the count; of an open vote who chose what, of a secret one the digest of the published list alone.

use std::fmt::Write as _;

use super::ballot::{Choice, Electorate, Majority, Outcome, Vote};
use super::invitation::{cell, line};
use super::minutes::{Meeting, RECORD, grouped, moment};

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
        let what = match (self.is_written(), self.vote.opening.terms.is_secret) {
            (false, false) => "Kết quả biểu quyết",
            (false, true) => "Kiểm phiếu",
            (true, false) => "Kết quả lấy ý kiến",
            (true, true) => "Kiểm phiếu lấy ý kiến",
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
        let (opened, chair, secretary) = match self.is_written() {
            false => ("Thời gian mở", "Chủ trì (chủ tọa)", "Thư ký (người ghi biên bản)"),
            true => (
                "Thời gian gửi phiếu",
                "Chủ trì lấy ý kiến",
                "Thư ký (người kiểm phiếu)",
            ),
        };
        line(&mut body, opened, &moment(self.vote.opened_at));
        line(&mut body, "Thời gian kết thúc", &moment(end.at));
        if !self.is_written() {
            line(&mut body, "Cuộc họp", self.meeting.title);
        }
        line(&mut body, chair, self.meeting.chair);
        line(&mut body, secretary, self.meeting.secretary);
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
        if let Some(record) = self.meeting.record {
            let of = match self.is_written() {
                false => RECORD,
                true => "Mã băm hồ sơ điện tử của phiếu lấy ý kiến (SHA-256)",
            };
            line(&mut body, of, &grouped(record));
        }
        Some(body)
    }

    /// Answered without a meeting (phiếu lấy ý kiến).
    fn is_written(&self) -> bool {
        self.vote.opening.terms.electorate == Electorate::Asked
    }

    fn terms(&self, body: &mut String) {
        let opening = &self.vote.opening;
        let terms = &opening.terms;
        let title = match self.is_written() {
            false => "1. Vấn đề và cách biểu quyết",
            true => "1. Vấn đề và cách lấy ý kiến",
        };
        let _ = writeln!(body, "{title}");
        let question = terms.question.trim_end_matches('.');
        match question.ends_with(['?', '!']) {
            true => {
                let _ = writeln!(body, "- Vấn đề: {question}");
            }
            false => line(body, "- Vấn đề", question),
        }
        for paper in self.meeting.procedure.enclosed() {
            let digest = grouped(&paper.digest);
            let paper = format!("{} (mã băm SHA-256: {digest})", paper.title);
            line(body, "- Văn bản kèm theo", &paper);
        }
        let way = match (self.is_written(), terms.is_secret, terms.is_signed) {
            (false, true, _) => "bỏ phiếu kín bằng phiếu điện tử không ghi tên",
            (false, false, false) => "biểu quyết công khai",
            (false, false, true) => "biểu quyết công khai, mỗi phiếu có chữ ký số của người biểu quyết",
            (true, true, _) => "phiếu lấy ý kiến điện tử không ghi tên, không họp",
            (true, false, false) => "phiếu lấy ý kiến điện tử ghi tên, không họp",
            (true, false, true) => "phiếu lấy ý kiến điện tử có chữ ký số của người trả lời, không họp",
        };
        line(body, "- Hình thức", way);
        let all = match terms.majority {
            Majority::HalfOfCalled | Majority::HalfOfPresent => "quá nửa",
            Majority::TwoThirdsOfCalled | Majority::TwoThirdsOfPresent => "ít nhất hai phần ba",
        };
        let present = match terms.majority {
            _ if self.is_written() => "tổng số được lấy ý kiến",
            Majority::HalfOfCalled | Majority::TwoThirdsOfCalled => "tổng số được triệu tập",
            Majority::HalfOfPresent | Majority::TwoThirdsOfPresent => "số có mặt khi mở biểu quyết",
        };
        let needed = opening.needed();
        line(
            body,
            "- Điều kiện thông qua",
            &format!("{all} {present} tán thành, tức từ {needed} phiếu"),
        );
        if self.is_written() {
            self.asked(body);
            return;
        }
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

    /// There is no roll to be counted: everyone who is asked is entitled.
    fn asked(&self, body: &mut String) {
        let opening = &self.vote.opening;
        // Of a token nobody knows whether it was used.
        let answered = match opening.terms.is_secret {
            true => self.vote.published.len(),
            false => self.vote.ballots.len(),
        };
        let _ = writeln!(body, "2. Người được lấy ý kiến");
        line(
            body,
            "- Số được lấy ý kiến",
            &format!(
                "{} người, tổng số {} phiếu",
                opening.voters.len(),
                opening.present()
            ),
        );
        line(body, "- Số phiếu trả lời", &format!("{answered} phiếu"));
    }

    fn count(&self, body: &mut String) {
        let tally = self.vote.tally();
        let present = self.vote.opening.present();
        let cast = [tally.in_favour, tally.against, tally.abstaining];
        let cast_all = cast.into_iter().fold(0, u32::saturating_add);
        let _ = writeln!(body, "3. Kết quả");
        let (basis, silent) = match self.is_written() {
            false => ("số có mặt", "Không bỏ phiếu"),
            true => ("số được lấy ý kiến", "Không trả lời"),
        };
        let _ = writeln!(body, "| Ý kiến | Số phiếu | Tỷ lệ trên {basis} |");
        for (choice, votes) in Choice::ALL.into_iter().zip(cast) {
            let _ = writeln!(
                body,
                "| {} | {votes} | {} |",
                words(choice),
                share(votes, present)
            );
        }
        let none = present.saturating_sub(cast_all);
        let _ = writeln!(body, "| {silent} | {none} | {} |", share(none, present));
    }

    fn voters(&self, body: &mut String) {
        let opening = &self.vote.opening;
        let _ = writeln!(body, "5. Danh sách");
        if opening.terms.is_secret {
            let whom = match opening.terms.electorate {
                Electorate::Sites => "điểm cầu",
                Electorate::Delegates | Electorate::Asked => "người",
            };
            let _ = writeln!(
                body,
                "Đã cấp phiếu cho {} {whom} trong danh sách; số phiếu trong hòm phiếu là {}.",
                self.vote.issued.len(),
                self.vote.published.len()
            );
            if let Some(digest) = self.list_digest {
                let _ = writeln!(
                    body,
                    "Danh sách phiếu đã công bố, không ghi tên người bỏ phiếu, có mã SHA-256: {}.",
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
            let silent = match self.is_written() {
                false => "Không bỏ phiếu",
                true => "Không trả lời",
            };
            let choice = choice.map_or(silent, |choice| words(*choice));
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
