//! The help in Vietnamese. English stands beside the arguments themselves; here stands every text once more.

use std::ffi::OsString;

use clap::{Arg, ArgAction, Command};

/// The languages of the help.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Language {
    En,
    Vi,
}

/// The language by `--lang`, else by the environment as POSIX reads it. Asked before the arguments are parsed, since their
/// help depends on it.
pub(super) fn wanted(arguments: &[OsString], variable: impl Fn(&str) -> Option<String>) -> Language {
    let texts: Vec<String> = arguments
        .iter()
        .map(|one| one.to_string_lossy().into_owned())
        .collect();
    let after = texts
        .windows(2)
        .find_map(|pair| (pair[0] == "--lang").then(|| pair[1].clone()));
    let joined = texts
        .iter()
        .find_map(|one| one.strip_prefix("--lang=").map(str::to_owned));
    let environment = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .find_map(|name| variable(name).filter(|value| !value.is_empty()));
    match after.or(joined).or(environment) {
        Some(value) if value.starts_with("vi") => Language::Vi,
        _ => Language::En,
    }
}

/// The command with every text in Vietnamese that stands in the tables below.
pub(super) fn vietnamese(command: Command) -> Command {
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    let mut command = translate(command.disable_help_subcommand(true));
    for name in names {
        command = command.mut_subcommand(name, translate);
    }
    command
}

fn translate(command: Command) -> Command {
    let name = command.get_name().to_owned();
    let ids: Vec<String> = command
        .get_arguments()
        .map(|argument| argument.get_id().to_string())
        .collect();
    let mut command = command
        .disable_help_flag(true)
        .subcommand_help_heading("Lệnh")
        .subcommand_value_name("LỆNH")
        .help_template("{about-with-newline}\nCách dùng: {usage}\n\n{all-args}{after-help}")
        .arg(help_flag());
    if let Some(about) = find(&COMMANDS, &name) {
        command = command.about(about).long_about(about);
    }
    for id in ids {
        command = command.mut_arg(&id, |argument| {
            let heading = if argument.is_positional() {
                "Đối số"
            } else {
                "Tùy chọn"
            };
            let argument = argument.help_heading(heading);
            match find(&ARGUMENTS, &id) {
                // The values are named in the text; flags have none.
                Some(help) => {
                    let takes_values = argument.get_action().takes_values();
                    argument
                        .help(help)
                        .long_help(help)
                        .hide_possible_values(takes_values)
                }
                None => argument,
            }
        });
    }
    command
}

fn help_flag() -> Arg {
    Arg::new("help")
        .short('h')
        .long("help")
        .action(ArgAction::Help)
        .help("In trợ giúp này")
        .help_heading("Tùy chọn")
}

fn find(table: &[(&str, &'static str)], name: &str) -> Option<&'static str> {
    table
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, text)| *text)
}

const COMMANDS: [(&str, &str); 8] = [
    ("signer", "Ký và kiểm tra chữ ký số trên văn bản PDF (PAdES)"),
    ("sign", "Ký một tệp PDF"),
    (
        "prepare",
        "Chuẩn bị để ký ở nơi khác: trạng thái được lưu vào tệp",
    ),
    (
        "complete",
        "Hoàn tất chữ ký đã chuẩn bị bằng giá trị ký ở nơi khác",
    ),
    (
        "extend",
        "Nâng các tệp đã ký lên mức cao hơn, hoặc gia hạn bằng dấu thời gian mới",
    ),
    ("verify", "Kiểm tra chữ ký số của các tệp PDF"),
    (
        "inspect",
        "Cho xem các phiên bản, trường và chữ ký của tệp PDF mà không phán xét",
    ),
    (
        "completions",
        "In tập lệnh tự hoàn thành cho trình thông dịch lệnh",
    ),
];

const ARGUMENTS: [(&str, &str); 49] = [
    ("lang", "Ngôn ngữ của trợ giúp: en, vi; mặc định theo LANG"),
    ("version", "In phiên bản"),
    ("p12", "Khóa và chứng thư số (PKCS#12)"),
    ("pkcs11", "Mô-đun PKCS#11 của thiết bị lưu khóa hoặc HSM"),
    ("token", "Nhãn của thiết bị lưu khóa"),
    ("key", "Nhãn của khóa trên thiết bị"),
    (
        "password_file",
        "Tệp có mật khẩu của khóa, hoặc mã PIN của thiết bị, ở dòng đầu",
    ),
    (
        "pkcs1",
        "Ký bằng RSASSA-PKCS1-v1_5 nếu khóa là RSA, cho nơi nhận không có PSS",
    ),
    (
        "digest",
        "Hàm băm nếu khóa là RSA (sha256, sha384, sha512); đường cong có hàm riêng; mặc định theo biểu mẫu, nếu không thì sha256",
    ),
    (
        "chain",
        "Chứng thư số (DER hoặc PEM) bổ sung cho chuỗi; với thiết bị không có chứng thư thì của chính khóa đứng trước",
    ),
    (
        "level",
        "Mức của chữ ký: B-B (mặc định; B-T nếu biểu mẫu đòi dấu thời gian), B-T, B-LT, B-LTA; extend --level B-LTA lần nữa là gia hạn",
    ),
    (
        "profile",
        "Cách thể hiện theo Nghị định 30: leader (người có thẩm quyền), agency (dấu cơ quan), appendix (phụ lục), copy (bản sao), \
         stamp (dấu ĐẾN), number-date (số và ngày), text (chữ), image (ảnh), none (không hiện)",
    ),
    ("image", "Ảnh chữ ký hoặc con dấu (PNG)"),
    (
        "page",
        "Trang của trường mới, tính từ 1; mặc định tìm theo nội dung trang",
    ),
    (
        "rect",
        "Vị trí của trường mới, tính bằng điểm từ góc dưới bên trái của trang",
    ),
    ("name", "Họ tên người ký trên trang; mặc định theo chứng thư số"),
    (
        "agency",
        "Cơ quan sao hoặc nhận văn bản; mặc định theo chứng thư số",
    ),
    (
        "number",
        "Số và ký hiệu (\"141/KH-UBND\") của phụ lục; số đến của văn bản đến",
    ),
    ("date", "Ngày ghi cạnh số, viết như sẽ đọc; mặc định hôm nay"),
    (
        "copy",
        "Hình thức sao: true (sao y), copy (sao lục), extract (trích sao)",
    ),
    ("forward_to", "Nơi chuyển văn bản đến"),
    ("file_code", "Số và ký hiệu hồ sơ của văn bản đến"),
    (
        "certify",
        "Chứng nhận: 1 không thay đổi, 2 cho điền biểu mẫu, 3 thêm cả chú giải",
    ),
    (
        "field",
        "Trường chữ ký; trường trống có sẵn được ký, nếu không có thì tạo mới",
    ),
    ("reason", "Lý do ký"),
    ("location", "Nơi ký"),
    ("password", "Mật khẩu của tệp đã mã hóa"),
    (
        "tsa",
        "Địa chỉ dịch vụ cấp dấu thời gian; mọi mức trên B-B đều cần",
    ),
    (
        "allow",
        "Máy chủ được phép hỏi OCSP, danh sách thu hồi và chứng thư số; có thể lặp lại",
    ),
    (
        "tls_ca",
        "Chứng thư số (PEM hoặc DER) để tin máy chủ HTTPS, bên cạnh của hệ thống hoặc của SSL_CERT_FILE",
    ),
    ("timeout", "Số giây chờ một câu trả lời"),
    (
        "trust",
        "Chứng thư số tin cậy (DER hoặc PEM) hoặc thư mục chứa chúng; có thể lặp lại",
    ),
    (
        "output",
        "Tệp kết quả; extend nhiều tệp thì là thư mục, mỗi tệp giữ tên",
    ),
    ("input", "Tệp PDF"),
    (
        "certificate",
        "Chứng thư số của người ký (DER hoặc PEM) và các chứng thư cấp trên; có thể lặp lại",
    ),
    ("state", "Tệp trạng thái"),
    (
        "state_dir",
        "Thư mục giữ khóa xác thực trạng thái và dấu vết trạng thái đã dùng",
    ),
    (
        "signature",
        "Giá trị chữ ký: các byte của RSA; ECDSA dạng DER hoặc r và s",
    ),
    ("cms", "CMS tách rời (DER) làm trên giá trị băm của văn bản"),
    (
        "shell",
        "Trình thông dịch lệnh: bash, zsh, fish, elvish, powershell",
    ),
    ("json", "Mỗi tệp một dòng JSON"),
    ("files", "Các tệp PDF; extend cũng nhận thư mục có tệp .pdf"),
    (
        "trust_embedded",
        "Lấy chứng thư số cao nhất trong mỗi chữ ký làm gốc: chỉ xét tính toàn vẹn, không xét danh tính",
    ),
    (
        "at",
        "Thời điểm xét (RFC 3339); mặc định thời điểm ký được chứng minh, nếu không thì bây giờ",
    ),
    (
        "report",
        "Ghi báo cáo của một tệp: html, pdf (PDF/A) cho người đọc, etsi (XML theo TS 119 102-2) cho chương trình",
    ),
    (
        "revocation",
        "Trạng thái thu hồi: require (bắt buộc), if-available (nếu có), ignore (bỏ qua)",
    ),
    ("online", "Cho phép hỏi OCSP và danh sách thu hồi qua mạng"),
    ("report", "Báo cáo: html, pdf, etsi"),
    ("help", "In trợ giúp này"),
];

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn every_command_and_argument_has_its_vietnamese_text() {
        let command = super::super::Command::command();
        assert!(
            command
                .get_arguments()
                .all(|one| find(&ARGUMENTS, one.get_id().as_str()).is_some())
        );
        for sub in command.get_subcommands() {
            assert!(find(&COMMANDS, sub.get_name()).is_some(), "{}", sub.get_name());
            for argument in sub.get_arguments() {
                let id = argument.get_id().as_str();
                assert!(find(&ARGUMENTS, id).is_some(), "{} {id}", sub.get_name());
            }
        }
    }

    #[test]
    fn vietnamese_help_is_vietnamese_and_its_arguments_are_the_same() {
        let mut command = vietnamese(super::super::Command::command());
        command.build();
        command.clone().debug_assert();
        let sign = command.find_subcommand_mut("sign").unwrap();
        let help = sign.render_long_help().to_string();
        assert!(help.contains("Cách dùng:") && help.contains("Tùy chọn"), "{help}");
        for english in ["Usage", "Options", "The key", "Print"] {
            assert!(!help.contains(english), "{english} in {help}");
        }
        assert!(help.contains("--p12") && help.contains("--certify"), "{help}");
    }

    #[test]
    fn language_is_asked_for_or_that_of_the_environment() {
        let arguments = |texts: &[&str]| texts.iter().map(OsString::from).collect::<Vec<_>>();
        let vietnamese = |name: &str| (name == "LANG").then(|| "vi_VN.UTF-8".to_owned());
        assert_eq!(wanted(&arguments(&["signer"]), vietnamese), Language::Vi);
        assert_eq!(
            wanted(&arguments(&["signer", "--lang", "en"]), vietnamese),
            Language::En
        );
        assert_eq!(
            wanted(&arguments(&["signer", "--lang=vi"]), |_| None),
            Language::Vi
        );
        assert_eq!(wanted(&arguments(&["signer"]), |_| None), Language::En);
    }
}
