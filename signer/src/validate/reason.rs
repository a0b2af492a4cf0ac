//! A stable code for each reason, with a sentence in both languages: the reasons themselves are for experts and may be worded
//! anew.

use serde::{Deserialize, Serialize};

macro_rules! reasons {
    ($($(#[$note:meta])* $name:ident: $part:literal, $vietnamese:literal, $english:literal;)*) => {
        /// Why a signature or a file did not pass.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Reason {
            $($(#[$note])* $name,)*
            /// None of these.
            Other,
        }

        impl Reason {
            /// Every one but [`Reason::Other`], with the words it is known by: what says more comes first.
            pub(crate) const KNOWN: &[(Self, &str)] = &[$((Self::$name, $part)),*];

            /// The stable code, such as `several_signer_infos`: as in JSON.
            pub fn code(self) -> String {
                let name = format!("{self:?}");
                let mut code = String::with_capacity(name.len() + 8);
                for character in name.chars() {
                    if character.is_ascii_uppercase() && !code.is_empty() {
                        code.push('_');
                    }
                    code.push(character.to_ascii_lowercase());
                }
                code
            }

            /// In one Vietnamese sentence.
            pub fn vietnamese(self) -> &'static str {
                match self {
                    $(Self::$name => $vietnamese,)*
                    Self::Other => "Lý do khác.",
                }
            }

            /// In one English sentence.
            pub fn english(self) -> &'static str {
                match self {
                    $(Self::$name => $english,)*
                    Self::Other => "Another reason.",
                }
            }
        }
    };
}

impl Reason {
    /// The code of a reason in the words of this crate.
    pub(super) fn of(text: &str) -> Self {
        let known = Self::KNOWN.iter().find(|(_, part)| text.contains(part));
        known.map_or(Self::Other, |(reason, _)| *reason)
    }
}

reasons! {
    // What the signature dictionary says.
    NoSignatureDictionary: "the field's value is no signature dictionary",
        "Giá trị của trường ký không phải là từ điển chữ ký.",
        "The field's value is no signature dictionary.";
    UnknownType: "Type is neither Sig nor DocTimeStamp",
        "Kiểu của từ điển chữ ký không đúng chuẩn.",
        "The signature dictionary has an unknown type.";
    UnknownSubFilter: "unknown SubFilter",
        "Định dạng chữ ký (SubFilter) không được hỗ trợ.",
        "The signature's format (SubFilter) is not known.";
    NoSubFilter: "no SubFilter",
        "Từ điển chữ ký thiếu định dạng (SubFilter).",
        "The signature dictionary names no format (SubFilter).";
    ByteRangeMalformed: "ByteRange is not four non-negative integers",
        "Vùng được ký (ByteRange) sai cấu trúc.",
        "The signed range (ByteRange) is malformed.";
    ByteRangeNotFromStart: "ByteRange does not begin at the first byte",
        "Vùng được ký không bắt đầu từ đầu tệp.",
        "The signed range does not begin with the file.";
    ByteRangeGap: "the gap of ByteRange is not exactly this dictionary's Contents",
        "Vùng được ký bỏ ra ngoài nhiều hơn giá trị chữ ký.",
        "The signed range leaves out something else than the signature's own value.";
    ByteRangeBeyondFile: "ByteRange ends beyond the file",
        "Vùng được ký vượt quá cuối tệp.",
        "The signed range ends beyond the file.";
    ByteRangeInsideRevision: "ByteRange ends inside a revision",
        "Vùng được ký kết thúc giữa một phiên bản.",
        "The signed range ends inside a revision.";
    ByteRangeOfAnotherRevision: "the signature does not stand in the revision it covers",
        "Chữ ký không nằm trong phiên bản mà nó ký.",
        "The signature does not stand in the revision that it covers.";
    NoContents: "no Contents string in the dictionary itself",
        "Từ điển chữ ký thiếu giá trị chữ ký.",
        "The signature dictionary holds no value.";
    ContentsNotHexadecimal: "Contents is no hexadecimal string of the file",
        "Giá trị chữ ký không phải chuỗi thập lục phân trong tệp.",
        "The signature's value is no hexadecimal string of the file.";
    FieldTwice: "a form field stands twice in its tree",
        "Một trường biểu mẫu xuất hiện hai lần.",
        "A form field stands twice in its tree.";
    DuplicateKey: "stands twice in",
        "Một khóa xuất hiện hai lần trong từ điển quyết định kết quả kiểm tra.",
        "A key stands twice in a dictionary that decides the verdict.";
    SharedDictionary: "one signature dictionary in two fields",
        "Một từ điển chữ ký được dùng cho hai trường.",
        "One signature dictionary serves two fields.";
    // What its CMS says.
    NoSignedData: "no SignedData",
        "Giá trị chữ ký không phải là CMS SignedData.",
        "The signature's value is no CMS SignedData.";
    DataAfterCms: "data after the element",
        "Có dữ liệu thừa sau CMS.",
        "There is data behind the CMS.";
    NoSignerInfo: "no SignerInfo",
        "CMS không có thông tin người ký.",
        "The CMS names no signer.";
    SeveralSignerInfos: "more than one SignerInfo",
        "CMS có nhiều hơn một người ký.",
        "The CMS names more than one signer.";
    AttributeTwice: "a signed attribute stands twice",
        "Một thuộc tính được ký xuất hiện hai lần.",
        "A signed attribute stands twice.";
    AttributeValues: "a signed attribute without exactly one value",
        "Một thuộc tính được ký không có đúng một giá trị.",
        "A signed attribute does not have exactly one value.";
    NoSignedAttributes: "no signed attributes",
        "CMS thiếu thuộc tính được ký.",
        "The CMS lacks signed attributes.";
    NoMessageDigest: "no message-digest attribute",
        "CMS thiếu thuộc tính giá trị băm.",
        "The CMS lacks the message-digest attribute.";
    ContentTypeDiffers: "the content-type attribute does not name the content",
        "Thuộc tính kiểu nội dung không khớp.",
        "The content-type attribute does not name the content.";
    AlgorithmProtectionDiffers: "algorithm protection names other algorithms",
        "Thuộc tính bảo vệ thuật toán nêu thuật toán khác.",
        "Algorithm protection names other algorithms.";
    UnknownSignerIdentifier: "unknown signer identifier",
        "CMS nhận diện người ký theo cách không rõ.",
        "The CMS identifies its signer in an unknown way.";
    DetachedWithContent: "a detached CMS has content",
        "CMS tách rời lại chứa nội dung.",
        "A detached CMS has content.";
    NoContent: "no content",
        "CMS thiếu nội dung.",
        "The CMS has no content.";
    EssAlgorithm: "an algorithm in signing-certificate",
        "Thuộc tính chứng thư ký sai cấu trúc.",
        "The signing-certificate attribute is malformed.";
    DigestDiffers: "the document's digest differs",
        "Giá trị băm của văn bản khác với giá trị đã ký.",
        "The document's digest differs from the signed one.";
    AttributesOutOfOrder: "signed attributes that are not in DER",
        "Thuộc tính được ký không theo thứ tự chuẩn DER.",
        "The signed attributes are not in DER's order.";
    ValueDiffers: "the signature value does not verify",
        "Giá trị chữ ký không khớp với khóa công khai.",
        "The signature value does not verify.";
    DigestAlgorithmsDiffer: "its digest algorithms differ",
        "Chữ ký nêu các hàm băm khác nhau.",
        "The signature names different digest algorithms.";
    KeyAndAlgorithmDiffer: "key and signature algorithm differ",
        "Khóa và thuật toán ký không khớp nhau.",
        "Key and signature algorithm differ.";
    SignerCertificateMissing: "the signer's certificate is missing",
        "Thiếu chứng thư của người ký.",
        "The signer's certificate is missing.";
    EssNamesAnother: "the ESS attribute names another certificate",
        "Thuộc tính ESS nêu một chứng thư khác.",
        "The ESS attribute names another certificate.";
    CmsTooLong: "CMS: too long",
        "CMS quá lớn.",
        "The CMS is too long.";
    NestedTooDeeply: "nested too deeply",
        "Cấu trúc ASN.1 lồng quá sâu.",
        "The ASN.1 is nested too deeply.";
    ElementOutOfPlace: "an element is cut off or out of place",
        "Cấu trúc ASN.1 bị cắt hoặc sai vị trí.",
        "An ASN.1 element is cut off or out of place.";
    DataAfterElement: "data after the last element",
        "Có dữ liệu thừa trong cấu trúc ASN.1.",
        "There is data behind the last ASN.1 element.";
    IntegerEncoding: "an integer with leading octets it does not need",
        "Số nguyên ASN.1 được mã hóa sai.",
        "An ASN.1 integer is encoded with octets that it does not need.";
    // Time-stamps.
    NoTstInfo: "no TSTInfo inside",
        "Dấu thời gian thiếu thông tin TSTInfo.",
        "The time-stamp holds no TSTInfo.";
    TimeStampOfOtherData: "the time-stamp is of other data",
        "Dấu thời gian thuộc về dữ liệu khác.",
        "The time-stamp is of other data.";
    TimeStampOrder: "is later than what proves that it existed",
        "Dấu thời gian muộn hơn bằng chứng về nó.",
        "A time-stamp is later than what proves that it existed.";
    TimeStampWeak: "of the time-stamp is too weak to prove anything",
        "Thuật toán của dấu thời gian quá yếu.",
        "An algorithm of the time-stamp is too weak.";
    // The certificate and its chain.
    SignedAfterExpiry: "when the certificate had expired",
        "Chữ ký được tạo sau khi chứng thư hết hạn.",
        "Signed after the certificate had expired.";
    SignedAfterRevocation: "when the certificate had been revoked",
        "Chữ ký được tạo sau khi chứng thư bị thu hồi.",
        "Signed after the certificate had been revoked.";
    SignedBeforeIssuance: "did not exist",
        "Chữ ký được tạo trước khi có chứng thư.",
        "Signed before the certificate was issued.";
    PastValidation: "past validation:",
        "Bằng chứng về quá khứ không đủ.",
        "What is proven of the past does not suffice.";
    NotProvenKnown: "is proven to have been known",
        "Không có bằng chứng về trạng thái chứng thư.",
        "No status of a certificate is proven to have been known.";
    Expired: "expired:",
        "Chứng thư đã hết hạn.",
        "A certificate has expired.";
    Revoked: "was revoked at",
        "Chứng thư đã bị thu hồi.",
        "A certificate was revoked.";
    Suspended: "is suspended since",
        "Chứng thư đang bị tạm dừng.",
        "A certificate is suspended.";
    RevocationUnknown: "the revocation status is unknown",
        "Chưa biết trạng thái thu hồi.",
        "The revocation status is unknown.";
    NotValidYet: "not valid yet",
        "Chứng thư chưa có hiệu lực.",
        "A certificate is not valid yet.";
    NoTrustedChain: "no chain ends in a trusted certificate",
        "Không có chuỗi chứng thư đến gốc tin cậy.",
        "No chain ends in a trusted certificate.";
    NotSignedByIssuer: "is not signed by its issuer",
        "Chứng thư không do tổ chức cấp ký.",
        "A certificate is not signed by its issuer.";
    UnknownCriticalExtension: "unknown critical extension",
        "Chứng thư có phần mở rộng bắt buộc không rõ.",
        "A certificate has a critical extension that is not known.";
    OutsideNameConstraints: "outside the name constraints",
        "Tên trong chứng thư nằm ngoài phạm vi được phép.",
        "A name lies outside the name constraints of an authority above.";
    PolicyMissing: "bears no certificate policy",
        "Chứng thư thiếu chính sách mà tổ chức cấp trên yêu cầu.",
        "A certificate bears no policy that an authority above asks for.";
    NoAuthority: "is no certification authority",
        "Chứng thư cấp trên không phải của tổ chức chứng thực.",
        "An issuer is no certification authority.";
    MayNotSignCertificates: "may not sign certificates",
        "Tổ chức cấp không được phép ký chứng thư.",
        "An issuer may not sign certificates.";
    PathTooLong: "allows no path this long",
        "Chuỗi chứng thư dài hơn mức cho phép.",
        "An authority allows no path this long.";
    KeyUsage: "the key may not sign documents",
        "Khóa không được phép dùng để ký văn bản.",
        "The key may not sign documents.";
    ExtendedKeyUsage: "the certificate is not meant for this use",
        "Chứng thư không dùng cho mục đích này.",
        "The certificate is not meant for this use.";
    WeakAlgorithm: "an algorithm or key proves nothing since",
        "Thuật toán hoặc khóa không còn an toàn.",
        "An algorithm or key is no longer secure.";
    // What later revisions did.
    HybridEntries: "hybrid entries disagree",
        "Bảng tham chiếu chéo và luồng tham chiếu chéo của tệp lai nêu hai nơi khác nhau cho một đối tượng.",
        "The table and the stream of a hybrid file place one object differently.";
    BytesBehindRevision: "belong to no revision",
        "Có dữ liệu ngoài mọi phiên bản của tệp.",
        "Bytes belong to no revision.";
    ValidationDataRemoved: "evidence-removed:",
        "Dữ liệu kiểm chứng đã bị gỡ bỏ.",
        "Validation data was removed.";
    NotPermitted: "which the signature does not permit",
        "Thay đổi mà chữ ký không cho phép.",
        "A change that the signature does not permit.";
    Locked: "though it is locked",
        "Trường đã khóa bị thay đổi.",
        "A locked field was changed.";
    EvilAnnotation: "evil-annotation:",
        "Chú thích có thể che hoặc giả nội dung.",
        "An annotation may cover or imitate content.";
    SneakySignature: "sneaky-signature:",
        "Chữ ký thêm sau nằm đè lên nội dung.",
        "A signature was laid over content.";
    ParserDifferential: "parser-differential:",
        "Các phần mềm đọc có thể thấy tệp khác nhau.",
        "Readers would see different files.";
    DictionarySpoofing: "dictionary-spoofing:",
        "Từ điển chữ ký bị thay đổi.",
        "A signature dictionary was changed.";
    Shadow: "shadow:",
        "Nội dung bị ẩn, hiện hoặc thay sau khi ký.",
        "Something was shown, hidden or replaced after signing.";
    SignaturesTakenAway: "takes the signatures away",
        "Chữ ký đã bị gỡ khỏi tệp.",
        "A later revision takes the signatures away.";
    ChangedAfterSigning: "changed after signing",
        "Văn bản bị thay đổi sau khi ký.",
        "The document was changed after signing.";
    // By subject, where nothing above says more.
    MalformedSignature: "malformed signature",
        "Chữ ký sai cấu trúc.",
        "The signature is malformed.";
    MalformedCms: "malformed CMS",
        "CMS sai cấu trúc.",
        "The CMS is malformed.";
    MalformedAsn1: "malformed ASN.1",
        "Cấu trúc ASN.1 sai.",
        "The ASN.1 is malformed.";
    MalformedTimeStamp: "malformed time-stamp",
        "Dấu thời gian sai cấu trúc.",
        "The time-stamp is malformed.";
    MalformedCertificate: "malformed certificate",
        "Chứng thư sai cấu trúc.",
        "A certificate is malformed.";
    MalformedPdf: "malformed PDF",
        "Tệp PDF sai cấu trúc.",
        "The PDF is malformed.";
    Unsupported: "unsupported",
        "Thuật toán hoặc định dạng chưa được hỗ trợ.",
        "An algorithm or format is not supported.";
    Refused: "refused",
        "Tệp vượt giới hạn kiểm tra.",
        "The file exceeds a limit of the checks.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_reason_is_known_by_its_own_words_and_has_a_code_of_its_own() {
        let mut codes = HashSet::new();
        for (reason, part) in Reason::KNOWN {
            assert_eq!(Reason::of(part), *reason, "{part}");
            assert!(!reason.vietnamese().is_empty() && !reason.english().is_empty());
            let code = serde_json::to_string(reason).unwrap();
            assert_eq!(code, format!("\"{}\"", reason.code()));
            assert!(codes.insert(code));
        }
        assert_eq!(
            serde_json::to_string(&Reason::SeveralSignerInfos).unwrap(),
            "\"several_signer_infos\""
        );
        assert_eq!(Reason::of("a word nobody said"), Reason::Other);
    }

    /// Whatever the modules say of CMS and formats has a code that says more than its subject.
    #[test]
    fn the_refusals_of_cms_and_format_have_codes() {
        use crate::cms::SignedData;
        for bytes in [
            &[][..],
            &[0x30, 3, 6, 1, 0],
            &[0x30, 0x80, 2, 1],
            &[0x30, 2, 5, 0],
        ] {
            let error = SignedData::parse(bytes).unwrap_err().to_string();
            let generic = [Reason::Other, Reason::MalformedCms, Reason::MalformedAsn1];
            assert!(!generic.contains(&Reason::of(&error)), "{error}");
        }
    }
}
