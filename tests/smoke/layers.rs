//! Dependencies between the server's modules point one way.

use std::path::Path;

/// From the bottom up: a module uses modules of lower layers, and its own.
const LAYERS: [&[&str]; 11] = [
    &["scheduling"],
    &["clock", "config", "fail_point", "pool"],
    &["domain", "password", "secret", "tls"],
    &["identity", "mail", "media", "render", "store"],
    &["net", "custody"],
    &["conference"],
    &["parts"],
    &["accounts", "jobs", "doctor"],
    &["api", "demo"],
    &["app"],
    &["command", "main", "lib"],
];

#[test]
fn no_module_of_the_server_uses_one_above_or_beside_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../server/src");
    let mut faults = Vec::new();
    for entry in std::fs::read_dir(&source).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_string_lossy().into_owned();
        let own = layer(&module).unwrap_or_else(|| panic!("the module {module} stands in no layer"));
        for (file, text) in sources(&path) {
            for used in used(&text) {
                if used != module && layer(&used).is_some_and(|layer| layer >= own) {
                    faults.push(format!("{file} uses {used}"));
                }
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// Every Rust file at or below `path`, with its text.
fn sources(path: &Path) -> Vec<(String, String)> {
    if path.is_dir() {
        let entries = std::fs::read_dir(path).unwrap();
        return entries
            .flat_map(|entry| sources(&entry.unwrap().path()))
            .collect();
    }
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    let read = || (path.display().to_string(), std::fs::read_to_string(path).unwrap());
    is_rust.then(read).into_iter().collect()
}

/// The top-level modules that the code names; what a comment points at is no dependency.
fn used(text: &str) -> Vec<String> {
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    let names = code.flat_map(|line| line.split("crate::").skip(1));
    names
        .map(|rest| {
            rest.chars()
                .take_while(|letter| letter.is_ascii_lowercase() || *letter == '_')
                .collect()
        })
        .collect()
}
