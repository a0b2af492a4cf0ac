//! Lists of agencies and people as offices keep them: values separated by commas or semicolons (RFC 4180), UTF-8 with or
//! without a byte order mark, the names of the columns in the first line. Read here without a look at what is stored.

use std::collections::BTreeMap;

use thiserror::Error;

use super::account::{self, full_name, position, user_name};
use super::organisation::{self, AgencyKind, Said};
use super::outside::mail_address;
use super::role::Role;
use super::search::fold;

/// The most lines of a list: more than a province has people.
pub const MOST_LINES: usize = 20_000;

/// Which list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    Agencies,
    People,
}

impl List {
    /// The names of its columns, in their order.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Agencies => &AGENCY_COLUMNS,
            Self::People => &PERSON_COLUMNS,
        }
    }

    /// Columns that may be missing.
    fn is_optional(self, column: &str) -> bool {
        matches!(column, "Mã cấp trên" | "Thư điện tử")
    }
}

const AGENCY_COLUMNS: [&str; 6] = [
    "Mã định danh",
    "Tên cơ quan",
    "Ký hiệu",
    "Loại",
    "Mã cấp trên",
    "Địa danh",
];
const PERSON_COLUMNS: [&str; 6] = [
    "Tên đăng nhập",
    "Họ và tên",
    "Mã định danh",
    "Vai trò",
    "Chức vụ",
    "Thư điện tử",
];

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Wrong {
    #[error("the file is not UTF-8")]
    Encoding,
    #[error("the line cannot be read as separated values")]
    Unreadable,
    #[error("there are more than {MOST_LINES} lines")]
    TooMany,
    #[error("the column {0} is missing")]
    ColumnMissing(&'static str),
    #[error("there is no column {0}")]
    ColumnUnknown(String),
    #[error(transparent)]
    Account(#[from] account::Fault),
    #[error(transparent)]
    Agency(#[from] organisation::Fault),
    #[error("{0} is no sort of agency")]
    Kind(String),
    #[error("{0} is no role")]
    Role(String),
    #[error("it says the same as line {0}")]
    Twice(u64),
    #[error("line {0} gives this user name another full name or mail address")]
    OtherPerson(u64),
    #[error("no agency has the identifier {0}")]
    UnknownAgency(String),
    #[error("the agency is out of the administrator's reach")]
    OutOfReach,
    #[error("it exists and is otherwise")]
    Otherwise,
}

/// A line and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failing {
    /// As an editor counts: the names of the columns stand in line 1.
    pub line: u64,
    pub wrong: Wrong,
}

/// An agency of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgencyLine {
    pub line: u64,
    pub said: Said,
    pub kind: AgencyKind,
    pub parent: Option<String>,
}

/// A role of a person of a list; a person with two roles has two lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonLine {
    pub line: u64,
    pub user_name: String,
    pub full_name: String,
    pub organ_id: String,
    pub role: Role,
    pub position: String,
    pub mail_address: Option<String>,
}

/// Reads a list of agencies: the lines that can be read, and what is wrong with the others.
pub fn agencies(bytes: &[u8]) -> (Vec<AgencyLine>, Vec<Failing>) {
    let (mut lines, mut failing): (Vec<AgencyLine>, _) = read(bytes, List::Agencies, |line, fields| {
        let said = Said {
            organ_id: fields.of("Mã định danh"),
            name: fields.of("Tên cơ quan"),
            symbol: fields.of("Ký hiệu"),
            place: fields.of("Địa danh"),
        };
        let kind = fields.of("Loại");
        Ok(AgencyLine {
            line,
            said: said.checked()?,
            kind: kind_named(&kind).ok_or(Wrong::Kind(kind))?,
            parent: Some(fields.of("Mã cấp trên")).filter(|parent| !parent.is_empty()),
        })
    });
    let mut first = BTreeMap::new();
    lines.retain(|one| match first.get(&one.said.organ_id) {
        Some(before) => {
            failing.push(Failing {
                line: one.line,
                wrong: Wrong::Twice(*before),
            });
            false
        }
        None => first.insert(one.said.organ_id.clone(), one.line).is_none(),
    });
    (lines, failing)
}

/// Reads a list of people.
pub fn people(bytes: &[u8]) -> (Vec<PersonLine>, Vec<Failing>) {
    let (mut lines, mut failing): (Vec<PersonLine>, _) = read(bytes, List::People, |line, fields| {
        let role = fields.of("Vai trò");
        let address = Some(fields.of("Thư điện tử")).filter(|address| !address.is_empty());
        let address = address.map(|address| mail_address(&address)).transpose();
        Ok(PersonLine {
            line,
            user_name: user_name(&fields.of("Tên đăng nhập"))?,
            full_name: full_name(&fields.of("Họ và tên"))?,
            organ_id: organisation::organ_id(&fields.of("Mã định danh"))?,
            role: role_named(&role).ok_or(Wrong::Role(role))?,
            position: position(&fields.of("Chức vụ"))?,
            mail_address: address.map_err(|_| account::Fault::MailAddress)?,
        })
    });
    let mut first: BTreeMap<String, PersonLine> = BTreeMap::new();
    let mut held = BTreeMap::new();
    lines.retain(|one| {
        let before = first.entry(one.user_name.clone()).or_insert_with(|| one.clone());
        let same = before.full_name == one.full_name && before.mail_address == one.mail_address;
        let role = (one.user_name.clone(), one.organ_id.clone(), one.role as u8);
        let wrong = match held.insert(role, one.line) {
            _ if !same => Some(Wrong::OtherPerson(before.line)),
            Some(line) => Some(Wrong::Twice(line)),
            None => None,
        };
        let fits = wrong.is_none();
        failing.extend(wrong.map(|wrong| Failing {
            line: one.line,
            wrong,
        }));
        fits
    });
    (lines, failing)
}

/// The fields of a line, by the names of their columns.
struct Fields<'a> {
    record: &'a csv::StringRecord,
    places: &'a BTreeMap<&'static str, usize>,
}

impl Fields<'_> {
    /// The text, without the mark that keeps a spreadsheet from taking it for a formula.
    fn of(&self, column: &'static str) -> String {
        let place = self.places.get(column);
        let text = place
            .and_then(|place| self.record.get(*place))
            .unwrap_or("")
            .trim();
        let bare = text.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULA));
        bare.unwrap_or(text).to_owned()
    }
}

fn read<T>(
    bytes: &[u8],
    list: List,
    line: impl Fn(u64, &Fields<'_>) -> Result<T, Wrong>,
) -> (Vec<T>, Vec<Failing>) {
    let only = |wrong| (Vec::new(), vec![Failing { line: 1, wrong }]);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return only(Wrong::Encoding);
    };
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .from_reader(text.as_bytes());
    let places = match reader
        .headers()
        .map_err(|_| Wrong::Unreadable)
        .and_then(|head| places(head, list))
    {
        Ok(places) => places,
        Err(wrong) => return only(wrong),
    };
    let (mut lines, mut failing) = (Vec::new(), Vec::new());
    for (count, record) in reader.records().enumerate() {
        if count == MOST_LINES {
            return only(Wrong::TooMany);
        }
        let at = |record: &csv::StringRecord| record.position().map_or(0, csv::Position::line);
        match record {
            Ok(record) if record.iter().all(|field| field.trim().is_empty()) => {}
            Ok(record) => {
                let fields = Fields {
                    record: &record,
                    places: &places,
                };
                match line(at(&record), &fields) {
                    Ok(read) => lines.push(read),
                    Err(wrong) => failing.push(Failing {
                        line: at(&record),
                        wrong,
                    }),
                }
            }
            Err(error) => failing.push(Failing {
                line: error.position().map_or(0, csv::Position::line),
                wrong: Wrong::Unreadable,
            }),
        }
    }
    (lines, failing)
}

/// The semicolon where it stands oftener in the first line: spreadsheets set to Vietnamese write it.
fn delimiter(text: &str) -> u8 {
    let head = text.lines().next().unwrap_or("");
    let count = |sign| head.matches(sign).count();
    if count(';') > count(',') { b';' } else { b',' }
}

/// In which place each column stands.
fn places(head: &csv::StringRecord, list: List) -> Result<BTreeMap<&'static str, usize>, Wrong> {
    let key = |name: &str| fold(name).split_whitespace().collect::<Vec<_>>().join(" ");
    let mut places = BTreeMap::new();
    for (place, name) in head
        .iter()
        .enumerate()
        .filter(|(_, name)| !name.trim().is_empty())
    {
        let column = list.columns().iter().find(|column| key(column) == key(name));
        let column = column.ok_or_else(|| Wrong::ColumnUnknown(name.trim().to_owned()))?;
        places.insert(*column, place);
    }
    let missing = list
        .columns()
        .iter()
        .find(|column| !places.contains_key(**column) && !list.is_optional(column));
    match missing {
        Some(column) => Err(Wrong::ColumnMissing(column)),
        None => Ok(places),
    }
}

fn kind_named(text: &str) -> Option<AgencyKind> {
    let kinds = [AgencyKind::Province, AgencyKind::Department, AgencyKind::Commune];
    kinds
        .into_iter()
        .find(|kind| fold(kind_name(*kind)) == fold(text.trim()))
}

/// As a list names it.
pub fn kind_name(kind: AgencyKind) -> &'static str {
    match kind {
        AgencyKind::Province => "Tỉnh",
        AgencyKind::Department => "Sở",
        AgencyKind::Commune => "Xã",
    }
}

fn role_named(text: &str) -> Option<Role> {
    Role::ALL
        .into_iter()
        .find(|role| fold(role_name(*role)) == fold(text.trim()))
}

/// As a list names it.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Administrator => "Quản trị",
        Role::Leader => "Lãnh đạo",
        Role::Clerk => "Văn thư",
        Role::Officer => "Chuyên viên",
    }
}

/// With what a field begins that a spreadsheet would take for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A list as a file: UTF-8 with a byte order mark, semicolons, and no field that a spreadsheet would run.
///
/// # Errors
/// When a line has another number of fields than there are columns: misuse.
pub fn write(list: List, lines: impl IntoIterator<Item = Vec<String>>) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new()
        .delimiter(b';')
        .terminator(csv::Terminator::CRLF)
        .from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(list.columns())?;
    for line in lines {
        writer.write_record(line.into_iter().map(harmless))?;
    }
    writer
        .into_inner()
        .map_err(|error| csv::Error::from(error.into_error()))
}

fn harmless(field: String) -> String {
    match field.starts_with(FORMULA) {
        true => format!("'{field}"),
        false => field,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: &str = "Tên đăng nhập;Họ và tên;Mã định danh;Vai trò;Chức vụ;Thư điện tử\n";

    fn wrongs(text: &str) -> Vec<(u64, Wrong)> {
        people(text.as_bytes())
            .1
            .into_iter()
            .map(|one| (one.line, one.wrong))
            .collect()
    }

    #[test]
    fn reads_what_offices_write() {
        let expected = PersonLine {
            line: 2,
            user_name: "lehoa".into(),
            full_name: "Lê Thị Hoa".into(),
            organ_id: "H99.02".into(),
            role: Role::Clerk,
            position: "Văn thư; lưu trữ".into(),
            mail_address: Some("hoa@langiang.test".into()),
        };
        let files = [
            format!("{HEAD}LeHoa;Lê Thị Hoa;H99.02;Văn thư;\"Văn thư; lưu trữ\";hoa@langiang.test\r\n"),
            format!(
                "\u{feff}{HEAD}lehoa; Lê  Thị Hoa ;H99.02;VAN THU;\"Văn thư; lưu trữ\";hoa@langiang.test\n\n;;;;;\n"
            ),
            "ma dinh danh,ho va ten,chuc vu,vai tro,ten dang nhap,thu dien tu\n\
             H99.02,Lê Thị Hoa,Văn thư; lưu trữ,văn thư,lehoa,hoa@langiang.test"
                .to_owned(),
        ];
        for file in files {
            assert_eq!(
                people(file.as_bytes()),
                (vec![expected.clone()], vec![]),
                "{file}"
            );
        }
    }

    #[test]
    fn names_every_line_that_fails_and_why() {
        let file = format!(
            "{HEAD}lehoa;Lê Hoa;H99.02;Văn thư;Văn thư;\n\
             a;Lê Hoa;H99.02;Văn thư;Văn thư;\n\
             lemai;;H99.02;Văn thư;Văn thư;\n\
             lemai;Lê Mai;H99.02;Giám đốc;Giám đốc;\n\
             lemai;Lê Mai;H99.02;Văn thư;Văn thư;khong-phai\n\
             lehoa;Lê Hoa;H99.02;Văn thư;Trưởng phòng;\n\
             lehoa;Lê Khác;H99.03;Văn thư;Văn thư;\n\
             lehoa;Lê Hoa;H99.03;Chuyên viên;Chuyên viên;\n"
        );
        let expected = [
            (3, Wrong::Account(account::Fault::UserName)),
            (4, Wrong::Account(account::Fault::FullName)),
            (5, Wrong::Role("Giám đốc".into())),
            (6, Wrong::Account(account::Fault::MailAddress)),
            (7, Wrong::Twice(2)),
            (8, Wrong::OtherPerson(2)),
        ];
        assert_eq!(wrongs(&file), expected);
        assert_eq!(people(file.as_bytes()).0.len(), 2, "two roles of one person");
    }

    #[test]
    fn refuses_a_file_whose_columns_are_others() {
        assert_eq!(people(b"\xff\xfe").1[0].wrong, Wrong::Encoding);
        assert_eq!(
            wrongs("Tên đăng nhập;Lương\n"),
            [(1, Wrong::ColumnUnknown("Lương".into()))]
        );
        assert_eq!(
            wrongs("Tên đăng nhập;Họ và tên\n"),
            [(1, Wrong::ColumnMissing("Mã định danh"))]
        );
        assert_eq!(wrongs(""), [(1, Wrong::ColumnMissing("Tên đăng nhập"))]);
        let twice =
            "Mã định danh,Tên cơ quan,Ký hiệu,Loại,Địa danh\nH1,A,A,Sở,X\nH1,B,B,Sở,X\nH2,C,C,Phòng,X\n";
        let wrong: Vec<_> = agencies(twice.as_bytes())
            .1
            .into_iter()
            .map(|one| (one.line, one.wrong))
            .collect();
        assert_eq!(wrong, [(4, Wrong::Kind("Phòng".into())), (3, Wrong::Twice(2))]);
    }

    #[test]
    fn nothing_that_is_written_runs_in_a_spreadsheet() {
        for field in ["=1+1", "+84", "-1", "@x", "\tx", "\r=x"] {
            let file = write(List::People, [vec![field.to_owned(); 6]]).unwrap();
            let text = String::from_utf8(file).unwrap();
            let mut reader = csv::ReaderBuilder::new()
                .delimiter(b';')
                .from_reader(text.as_bytes());
            let record = reader.records().next().unwrap().unwrap();
            assert!(record.iter().all(|cell| cell == format!("'{field}")), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let with_head = [HEAD.as_bytes(), &bytes].concat();
            let _ = (people(&bytes), agencies(&bytes), people(&with_head));
        }

        #[test]
        fn what_is_written_is_read_again(position in "[=+@'\"; a-zà-ỹ-]{1,30}") {
            prop_assume!(account::position(&position).as_ref() == Ok(&position));
            // A quotation mark before a sign of a formula is what writing itself adds.
            prop_assume!(!position.starts_with('\''));
            let line = ["lehoa", "Lê Hoa", "H99.02", "Văn thư", &position, ""].map(str::to_owned).to_vec();
            let (lines, failing) = people(&write(List::People, [line]).unwrap());
            prop_assert_eq!(failing, vec![]);
            prop_assert_eq!(&lines[0].position, &position);
        }
    }
}
