//! What people read of a report, in Vietnamese.

use super::report::{Problem, Report, SubIndication, Verdict, Warning};

impl Report {
    /// The outcome in one Vietnamese sentence, for people.
    pub fn sentence(&self) -> &'static str {
        match (&self.problem, self.verdict) {
            (Some(Problem::PasswordNeeded), _) => {
                "Tệp được bảo vệ bằng mật khẩu nên chưa thể kiểm tra chữ ký."
            }
            (Some(Problem::Unsupported(_)), _) => {
                "Tệp dùng kiểu mã hóa hoặc định dạng mà hệ thống chưa hỗ trợ nên chưa thể kiểm tra chữ ký."
            }
            (Some(Problem::Refused(_)), _) => "Tệp vượt giới hạn kiểm tra của hệ thống.",
            (_, Verdict::TotalPassed) => "Chữ ký số hợp lệ.",
            (_, Verdict::TotalFailed) => "Chữ ký số không hợp lệ.",
            (_, Verdict::Indeterminate) => "Chưa đủ căn cứ để kết luận chữ ký số hợp lệ.",
            (_, Verdict::NoSignature) => "Tệp không có chữ ký số.",
            (_, Verdict::Malformed) => "Tệp hỏng hoặc không phải là PDF đúng chuẩn.",
        }
    }
}

impl SubIndication {
    /// The reason in one Vietnamese sentence, for people.
    pub fn sentence(self) -> &'static str {
        use SubIndication::*;
        match self {
            FormatFailure => "Chữ ký sai định dạng hoặc văn bản đã bị thay đổi trái phép sau khi ký.",
            HashFailure => "Nội dung văn bản đã bị thay đổi sau khi ký.",
            SigCryptoFailure => "Giá trị chữ ký không khớp với chứng thư số.",
            Revoked | RevokedNoPoe => "Chứng thư số của người ký đã bị thu hồi.",
            RevokedCaNoPoe => "Chứng thư số của tổ chức cấp đã bị thu hồi.",
            Expired | OutOfBoundsNoPoe | OutOfBoundsNotRevoked => {
                "Chứng thư số không còn hiệu lực tại thời điểm kiểm tra và không có dấu thời gian chứng minh."
            }
            NotYetValid => "Chứng thư số chưa có hiệu lực tại thời điểm ký.",
            NoSigningCertificateFound => "Không tìm thấy chứng thư số của người ký.",
            NoCertificateChainFound => "Chứng thư số không thuộc tổ chức chứng thực được tin cậy.",
            CertificateChainGeneralFailure | ChainConstraintsFailure => "Chuỗi chứng thư số không hợp lệ.",
            SigConstraintsFailure => "Chữ ký không đáp ứng yêu cầu của chính sách kiểm tra.",
            CryptoConstraintsFailure | CryptoConstraintsFailureNoPoe => {
                "Chữ ký dùng thuật toán không còn được coi là an toàn."
            }
            TryLater => "Chưa kiểm tra được trạng thái thu hồi của chứng thư số, hãy thử lại sau.",
            NoPoe => "Thiếu bằng chứng về thời điểm ký.",
            TimestampOrderFailure => "Thứ tự các dấu thời gian không hợp lệ.",
            PolicyProcessingError => "Không áp dụng được chính sách kiểm tra.",
            SignedDataNotFound => "Không tìm thấy dữ liệu đã ký.",
        }
    }
}

impl Warning {
    /// The warning in one Vietnamese sentence, for people.
    pub fn sentence(self) -> &'static str {
        match self {
            Warning::RevocationUnknown => "Chưa kiểm tra được trạng thái thu hồi của chứng thư số.",
            Warning::EmbeddedAnchor => "Chỉ kiểm tra tính toàn vẹn, chưa xác nhận danh tính người ký.",
            Warning::NoSigningCertificateAttribute => {
                "Chữ ký không gắn chặt với chứng thư số (thiếu thuộc tính ESS)."
            }
            Warning::SigningTimeAttribute => "Chữ ký có thuộc tính thời gian ký do máy người ký khai.",
            Warning::WeakAlgorithm => "Chữ ký dùng thuật toán hoặc độ dài khóa yếu.",
            Warning::TimeStampNotTrusted => {
                "Dấu thời gian không kiểm tra được nên không chứng minh thời điểm ký."
            }
            Warning::TimesDisagree => "Thời gian ký khai báo lệch với dấu thời gian quá một ngày.",
            Warning::ChangedLater => "Văn bản có bổ sung được phép sau khi ký.",
            Warning::AttributesOutOfOrder => "Thuộc tính được ký không theo thứ tự chuẩn.",
            Warning::NotDer => "Chữ ký không được mã hóa theo chuẩn DER.",
            Warning::VisibleSignatureAfterCertification => {
                "Có chữ ký hiển thị được thêm sau khi chứng nhận văn bản."
            }
            Warning::AgainstOwnersPermission => {
                "Chủ sở hữu tệp mã hóa không cho phép người dùng ký; chữ ký này do người mở tệp với quyền chủ sở hữu thêm vào."
            }
            Warning::ValueNotShown => {
                "Có trường được điền sau khi ký mà chữ hiện trên trang khác với giá trị của trường."
            }
            Warning::SignatureCovered => "Có chữ ký sau nằm đè lên hình của chữ ký trước.",
            Warning::ValidationDataRemoved => "Dữ liệu kiểm chứng lâu dài trong tệp đã bị bỏ bớt sau khi ký.",
        }
    }
}
