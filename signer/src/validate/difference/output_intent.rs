//! Output intents (ISO 32000-2, 14.11.5): some writers add the usual one with a visible signature.
//!
//! A profile says which colour each number is, so a forged one could blank a page. One that comes after a signature passes
//! only where it is sRGB, which is what screens show without any.

use super::{Walk, keys};
use crate::error::Result;
use crate::pdf::object::Object;

const ENTRIES: [&[u8]; 7] = [
    b"Type",
    b"S",
    b"OutputCondition",
    b"OutputConditionIdentifier",
    b"RegistryName",
    b"Info",
    b"DestOutputProfile",
];

impl Walk<'_> {
    pub(super) fn output_intents(&mut self, old: &Object, new: &Object) -> Result<()> {
        if self.old.resolve(old)?.is_null() && self.are_srgb(new)? {
            self.evidence("/OutputIntents");
        } else {
            self.require_same(old.clone(), new.clone(), "the catalog's /OutputIntents");
        }
        Ok(())
    }

    fn are_srgb(&self, intents: &Object) -> Result<bool> {
        let Object::Array(intents) = self.new.resolve(intents)? else {
            return Ok(false);
        };
        for intent in &intents {
            let Object::Dictionary(intent) = self.new.resolve(intent)? else {
                return Ok(false);
            };
            let Object::Stream(profile) = self.new.value(&intent, "DestOutputProfile")? else {
                return Ok(false);
            };
            let known = keys(&intent, &intent).iter().all(|key| ENTRIES.contains(key));
            if !known || !self.new.decode(&profile).is_ok_and(|profile| is_srgb(&profile)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Whether an ICC profile (ISO 15076-1) means what sRGB means, within what nobody sees: a display's three colours, and curves
/// without tables of colours beside them.
fn is_srgb(profile: &[u8]) -> bool {
    const COLOURS: [(&[u8; 4], [f64; 3]); 3] = [
        (b"rXYZ", [0.4361, 0.2225, 0.0139]),
        (b"gXYZ", [0.3851, 0.7169, 0.0971]),
        (b"bXYZ", [0.1431, 0.0606, 0.7141]),
    ];
    const CURVES: [&[u8; 4]; 3] = [b"rTRC", b"gTRC", b"bTRC"];
    let is_display = profile.get(12..24) == Some(b"mntrRGB XYZ ") && profile.get(36..40) == Some(b"acsp");
    let Some(tags) = tags(profile).filter(|_| is_display) else {
        return false;
    };
    let names = |name: &[u8; 4]| {
        ["A2B", "B2A", "D2B", "B2D"]
            .iter()
            .any(|kind| name.starts_with(kind.as_bytes()))
    };
    let distinct: std::collections::HashSet<_> = tags.iter().map(|(name, _)| *name).collect();
    if tags.iter().any(|(name, _)| names(name)) || distinct.len() != tags.len() {
        return false;
    }
    let tag = |name: &[u8; 4]| {
        tags.iter()
            .find(|(known, _)| known == name)
            .map(|(_, data)| *data)
    };
    let is_near = |found: Option<f64>, wanted: f64| found.is_some_and(|found| (found - wanted).abs() < 0.02);
    COLOURS.iter().all(|(name, wanted)| {
        let data = tag(name).filter(|data| data.starts_with(b"XYZ "));
        let part = |at: usize| data.and_then(|data| fixed(data, 8 + 4 * at));
        (0..3).all(|at| is_near(part(at), wanted[at]))
    }) && CURVES.iter().all(|name| {
        let data = tag(name);
        let share = |step: u8| f64::from(step) / 16.0;
        (0..=16).all(|step| is_near(data.and_then(|data| curve(data, share(step))), srgb(share(step))))
    })
}

/// The signatures of the tags with their data.
fn tags(profile: &[u8]) -> Option<Vec<([u8; 4], &[u8])>> {
    let count = usize::try_from(number(profile, 128)?)
        .ok()
        .filter(|count| *count <= 100)?;
    let entry = |at: usize| {
        let start = 132 + 12 * at;
        let name: [u8; 4] = profile.get(start..start + 4)?.try_into().ok()?;
        let from = usize::try_from(number(profile, start + 4)?).ok()?;
        let length = usize::try_from(number(profile, start + 8)?).ok()?;
        Some((name, profile.get(from..from.checked_add(length)?)?))
    };
    (0..count).map(entry).collect()
}

/// A `curveType` or `parametricCurveType` at `x` from 0 to 1.
fn curve(data: &[u8], x: f64) -> Option<f64> {
    if data.starts_with(b"para") {
        let parameter = |at: usize| fixed(data, 12 + 4 * at);
        let gamma = parameter(0)?;
        return match data.get(8..10)? {
            [0, 0] => Some(x.powf(gamma)),
            [0, 3] if x < parameter(4)? => Some(parameter(3)? * x),
            [0, 3] => Some((parameter(1)? * x + parameter(2)?).powf(gamma)),
            _ => None,
        };
    }
    let values = data.strip_prefix(b"curv")?.get(8..)?;
    let count = usize::try_from(number(data, 8)?).ok()?;
    let value = |at: usize| {
        Some(f64::from(u16::from_be_bytes(
            values.get(2 * at..2 * at + 2)?.try_into().ok()?,
        )))
    };
    match count {
        0 => Some(x),
        1 => Some(x.powf(value(0)? / 256.0)),
        _ => {
            // Tables of a thousand points need nothing between two of them; 17 looks fall on points of small ones.
            let at = (x * (count - 1) as f64).round() as usize;
            Some(value(at)? / 65_535.0)
        }
    }
}

/// The curve of IEC 61966-2-1.
fn srgb(x: f64) -> f64 {
    if x <= 0.04045 {
        x / 12.92
    } else {
        ((x + 0.055) / 1.055).powf(2.4)
    }
}

fn number(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(data.get(at..at + 4)?.try_into().ok()?))
}

/// An s15Fixed16Number.
fn fixed(data: &[u8], at: usize) -> Option<f64> {
    number(data, at).map(|bits| f64::from(bits as i32) / 65_536.0)
}

#[cfg(test)]
mod tests {
    use super::is_srgb;

    /// A profile of these tags.
    fn profile(tags: &[(&[u8; 4], Vec<u8>)]) -> Vec<u8> {
        let mut bytes = vec![0; 128];
        bytes[12..24].copy_from_slice(b"mntrRGB XYZ ");
        bytes[36..40].copy_from_slice(b"acsp");
        bytes.extend((tags.len() as u32).to_be_bytes());
        let mut data: Vec<u8> = Vec::new();
        for (name, value) in tags {
            bytes.extend(*name);
            bytes.extend((132 + 12 * tags.len() as u32 + data.len() as u32).to_be_bytes());
            bytes.extend((value.len() as u32).to_be_bytes());
            data.extend(value);
        }
        bytes.extend(data);
        bytes
    }

    fn usual(curve: &[u8]) -> Vec<(&'static [u8; 4], Vec<u8>)> {
        let colour = |parts: [f64; 3]| {
            let mut bytes = b"XYZ \0\0\0\0".to_vec();
            bytes.extend(
                parts
                    .iter()
                    .flat_map(|part| ((part * 65_536.0) as i32).to_be_bytes()),
            );
            bytes
        };
        vec![
            (b"rXYZ", colour([0.4360, 0.2225, 0.0139])),
            (b"gXYZ", colour([0.3851, 0.7169, 0.0971])),
            (b"bXYZ", colour([0.1431, 0.0606, 0.7141])),
            (b"rTRC", curve.to_vec()),
            (b"gTRC", curve.to_vec()),
            (b"bTRC", curve.to_vec()),
        ]
    }

    const GAMMA: &[u8] = b"curv\0\0\0\0\0\0\0\x01\x02\x33";

    #[test]
    fn the_usual_profile_passes_and_one_that_blanks_does_not() {
        assert!(is_srgb(&profile(&usual(GAMMA))));
        let all_white = b"curv\0\0\0\0\0\0\0\x02\xff\xff\xff\xff";
        assert!(!is_srgb(&profile(&usual(all_white))));
        let inverse = b"curv\0\0\0\0\0\0\0\x02\xff\xff\0\0";
        assert!(!is_srgb(&profile(&usual(inverse))));
        let mut with_table = usual(GAMMA);
        with_table.push((b"A2B0", vec![0; 40]));
        assert!(!is_srgb(&profile(&with_table)));
        let mut twice = usual(GAMMA);
        twice.push((b"rTRC", all_white.to_vec()));
        assert!(!is_srgb(&profile(&twice)));
        let mut swapped = usual(GAMMA);
        swapped[0].0 = b"gXYZ";
        swapped[1].0 = b"rXYZ";
        assert!(!is_srgb(&profile(&swapped)));
    }

    #[test]
    fn whatever_is_cut_off_is_no_profile() {
        let whole = profile(&usual(GAMMA));
        assert!((0..whole.len()).all(|length| !is_srgb(&whole[..length])));
    }
}
