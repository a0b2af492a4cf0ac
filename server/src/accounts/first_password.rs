//! Passwords that are handed out: made at random, easy to read aloud and to type on any keyboard.

use crate::clock::Clock;

/// Short Vietnamese words without marks.
const WORDS: [&str; 64] = [
    "an", "bac", "ban", "bien", "binh", "bong", "buom", "ca", "cam", "canh", "cau", "cay", "chim", "co",
    "cua", "da", "dao", "dat", "den", "dong", "dua", "duong", "gio", "go", "ha", "hoa", "hong", "hue",
    "huong", "khe", "kim", "la", "lam", "lan", "lua", "mai", "mat", "may", "minh", "mua", "nam", "nang",
    "ngoc", "nui", "nuoc", "oi", "phu", "que", "rung", "sen", "song", "suoi", "tam", "tan", "thu", "thuy",
    "tre", "trang", "tuyet", "van", "vang", "xanh", "xuan", "yen",
];

/// Four words and four digits: 37 bits, behind a lock after five wrong attempts.
pub fn first_password(clock: &Clock) -> String {
    let words = clock
        .random_bytes::<4>()
        .map(|byte| WORDS[usize::from(byte % 64)]);
    format!("{}-{}", words.join("-"), random_digits(clock, 4))
}

/// As many random decimal digits.
pub fn random_digits(clock: &Clock, count: u32) -> String {
    let number = u64::from_be_bytes(clock.random_bytes()) % 10_u64.pow(count);
    format!("{number:0width$}", width = count as usize)
}
