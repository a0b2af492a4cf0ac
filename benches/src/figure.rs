//! One figure, its floor and its peers; the table, and the file for machines.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// A figure of one area's run.
#[derive(Debug, Clone, Serialize)]
pub struct Figure {
    pub name: String,
    pub value: f64,
    pub unit: &'static str,
    /// The least that the work can cost here, measured in the same run; `None` where nothing bounds it.
    pub floor: Option<f64>,
    /// Value by floor.
    pub ratio: Option<f64>,
    pub peers: BTreeMap<String, f64>,
    /// What was asked for, and whether it was reached; for the table alone.
    #[serde(skip)]
    pub target: Option<(String, bool)>,
}

impl Figure {
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            floor: None,
            ratio: None,
            peers: BTreeMap::new(),
            target: None,
        }
    }

    #[must_use]
    pub fn floor(mut self, floor: f64) -> Self {
        self.floor = Some(floor);
        self.ratio = (floor > 0.0).then(|| self.value / floor);
        self
    }

    /// A peer that is not on this machine has no figure.
    #[must_use]
    pub fn peer(mut self, name: &str, value: Option<f64>) -> Self {
        self.peers.extend(value.map(|value| (name.to_owned(), value)));
        self
    }

    #[must_use]
    pub fn target(mut self, words: impl Into<String>, reached: bool) -> Self {
        self.target = Some((words.into(), reached));
        self
    }
}

/// Prints the table.
pub fn print(area: &str, figures: &[Figure]) {
    println!("\n{area}");
    println!(
        "{:<46} {:>10} {:<6} {:>10} {:>7}  {:<34} peers",
        "work", "value", "unit", "floor", "ratio", "target"
    );
    for figure in figures {
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.2}"));
        let target = figure
            .target
            .as_ref()
            .map_or_else(String::new, |(words, reached)| {
                format!("{words}: {}", if *reached { "reached" } else { "MISSED" })
            });
        let peers: Vec<String> = figure
            .peers
            .iter()
            .map(|(name, value)| format!("{name} {value:.1}"))
            .collect();
        println!(
            "{:<46} {:>10.2} {:<6} {:>10} {:>7}  {target:<34} {}",
            figure.name,
            figure.value,
            figure.unit,
            number(figure.floor),
            number(figure.ratio),
            peers.join(", ")
        );
    }
}

/// Writes `bench/AREA.json` under the target folder, and says where.
///
/// # Errors
/// The folder cannot be written.
pub fn write(area: &str, figures: &[Figure]) -> io::Result<PathBuf> {
    let folder = target_folder().join("bench");
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{area}.json"));
    std::fs::write(&path, serde_json::to_string_pretty(figures)? + "\n")?;
    Ok(path)
}

/// `target/`, beside the sources whatever folder is built in, so that scripts find the figures.
fn target_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../target")
}

/// The measurement below which this share of all lies; the largest where there are few.
pub fn percentile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let at = (values.len() as f64 * share) as usize;
    let last = values.last().copied();
    values.get(at).copied().or(last).unwrap_or(f64::NAN)
}

/// The middle of some measurements.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        length if length.is_multiple_of(2) => f64::midpoint(values[middle - 1], values[middle]),
        _ => values[middle],
    }
}
