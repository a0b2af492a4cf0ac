//! Vietnamese as offices write it: syllables by how often they stand in administrative papers, and subjects of real kinds.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// Makes the words of documents; the same seed makes the same documents.
pub struct Words {
    random: StdRng,
    syllables: Vec<String>,
    /// Running sums of how often each syllable is drawn, by Zipf's law.
    weights: Vec<f64>,
}

/// What is said of a document and the folded words of its text.
pub struct Paper {
    pub kind: &'static str,
    pub subject: String,
    pub body: Vec<String>,
}

impl Words {
    pub fn new(seed: u64) -> Self {
        let syllables = syllables();
        let mut sum = 0.0;
        let weights = (0..syllables.len())
            .map(|rank| {
                sum += 1.0 / (rank as f64 + 2.7);
                sum
            })
            .collect();
        Self {
            random: StdRng::seed_from_u64(seed),
            syllables,
            weights,
        }
    }

    /// The document of this number; the rarest words stand in a handful of a million.
    pub fn paper(&mut self, number: usize) -> Paper {
        let what = SUBJECTS[self.below(SUBJECTS.len())];
        let place = PLACES[self.below(PLACES.len())];
        let year = 2019 + number / 125_000;
        let mut body: Vec<String> = FORMAL.split(' ').map(str::to_owned).collect();
        // A page of some 250 words, or several; the longest have no more different ones than a short law.
        for _ in 0..self.random.random_range(120..900) {
            let drawn = self.syllable();
            body.push(drawn);
        }
        for _ in 0..self.random.random_range(2..12) {
            body.push(self.random.random_range(1..2_000_u32).to_string());
        }
        if number % 150_001 == 77 {
            body.push(RAREST.to_owned());
        }
        body.sort_unstable();
        body.dedup();
        Paper {
            kind: KINDS[self.below(KINDS.len())],
            subject: format!("{what} {place} năm {year}"),
            body,
        }
    }

    pub fn below(&mut self, most: usize) -> usize {
        self.random.random_range(0..most)
    }

    fn syllable(&mut self) -> String {
        let all = self.weights.last().copied().unwrap_or_default();
        let drawn = self.random.random_range(0.0..all);
        let at = self.weights.partition_point(|sum| *sum < drawn);
        self.syllables[at.min(self.syllables.len() - 1)].clone()
    }
}

/// Stands in about seven of a million.
pub const RAREST: &str = "xeroderma";

/// Folded syllables, those of office papers first, then every other one that can be built.
fn syllables() -> Vec<String> {
    let mut known: Vec<String> = COMMON.split_whitespace().map(str::to_owned).collect();
    let initials = "b c ch d g gh gi h k kh l m n ng ngh nh p ph qu r s t th tr v x".split(' ');
    for initial in initials {
        for rhyme in RHYMES.split_whitespace() {
            let syllable = format!("{initial}{rhyme}");
            if !known.contains(&syllable) {
                known.push(syllable);
            }
        }
    }
    known
}

const KINDS: [&str; 12] = [
    "KH", "QĐ", "CV", "CV", "CV", "CV", "BC", "TB", "TTr", "GM", "CT", "HD",
];

const SUBJECTS: [&str; 16] = [
    "Cải cách hành chính của",
    "Phân bổ dự toán ngân sách cho",
    "Tuyển dụng viên chức tại",
    "Phòng, chống thiên tai và tìm kiếm cứu nạn trên địa bàn",
    "Chuyển đổi số của",
    "Tình hình thực hiện nhiệm vụ phát triển kinh tế - xã hội của",
    "Triển khai công tác tiêm chủng tại",
    "Mời họp về quy hoạch sử dụng đất của",
    "Phê duyệt chủ trương đầu tư đường giao thông",
    "Báo cáo kết quả tiếp công dân, giải quyết khiếu nại, tố cáo của",
    "Bổ nhiệm công chức lãnh đạo, quản lý của",
    "Thanh tra việc chấp hành pháp luật về môi trường tại",
    "Hỗ trợ hộ nghèo, hộ cận nghèo của",
    "Tổ chức kỳ thi tốt nghiệp trung học phổ thông tại",
    "Rà soát văn bản quy phạm pháp luật của",
    "Bảo đảm an ninh, trật tự dịp Tết Nguyên đán trên địa bàn",
];

const PLACES: [&str; 12] = [
    "xã Hoà Bình",
    "xã Hòa An",
    "phường Bến Ngự",
    "xã Đồng Vân",
    "Sở Nội vụ",
    "Sở Tài chính",
    "xã An Phú",
    "tỉnh Lam Giang",
    "xã Tân Thủy",
    "phường Phú Khê",
    "Sở Y tế",
    "xã Nà Phiêng",
];

/// What stands on nearly every paper.
const FORMAL: &str = "cong hoa xa hoi chu nghia viet nam doc lap tu do hanh phuc so ngay thang kinh gui noi nhan nhu \
                      tren luu vt uy ban nhan dan";

const COMMON: &str = "cua va cac cho theo trong duoc voi thuc hien quy dinh to chuc co quan don vi cong tac ke hoach \
     bao cao nhiem vu quan ly nha nuoc hanh chinh cai cach phat trien kinh te xa hoi giai quyet thu tuc ho so van ban dien \
     tu can bo vien chuc chuyen mon nghiep ve den tu la khong khi nam nay phai de lam ra vao cap huyen tinh phuong dia ban \
     tai chinh ngan sach du toan dau tu xay dung cong trinh dat dai moi truong y te giao duc dao tao khoa hoc nghe thong tin \
     truyen hinh bien phap tang cuong kiem tra thanh giam sat xu phat vi pham luat nghi quyet chi thi thong tu huong dan \
     truong hop lien quan trach phoi chu tri hop tham muu de xuat bao dam an ninh trat quoc phong toan hieu qua chat luong \
     nang dong tich cuc kip thoi dung hieu tien do hoan tong hop danh gia ket qua dat muc tieu giai doan";

const RHYMES: &str = "a ai am an ang ao ap at au ay e em en eo et i ia ich iem ien iep iet ieu im in inh ip it o oa oai oan \
     oc oi om on ong op ot u ua uan uat uc ui um un ung uoc uoi uon uong up ut uu uy uyen uyet ech enh";
