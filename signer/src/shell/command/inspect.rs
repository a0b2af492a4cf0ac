//! `signer inspect`: what a file holds, without a judgement.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use crate::error::Result;
use crate::pdf::reader::Document;

#[derive(clap::Args)]
pub(super) struct Arguments {
    /// One JSON object a line for each file.
    #[arg(long)]
    json: bool,
    /// User or owner password of encrypted files.
    #[arg(long, env = "SIGNER_PASSWORD", hide_env_values = true)]
    password: Option<String>,
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

#[derive(Serialize)]
struct Contents {
    file: String,
    size_bytes: usize,
    revisions: Vec<RevisionLine>,
}

#[derive(Serialize)]
struct RevisionLine {
    start: usize,
    end: usize,
    cross_reference: usize,
    objects: usize,
}

/// Exit: 0 all read, 1 any malformed, 66 any unreadable.
pub(super) fn run(arguments: &Arguments) -> ExitCode {
    let mut code = 0;
    for file in &arguments.files {
        let name = file.display().to_string();
        let bytes = match super::map(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                eprintln!("signer: {name}: {error}");
                code = super::UNREADABLE;
                continue;
            }
        };
        match contents(name.clone(), &bytes, arguments.password.as_deref()) {
            Ok(contents) => print(arguments.json, &contents),
            Err(error) => {
                eprintln!("signer: {name}: {error}");
                code = code.max(1);
            }
        }
    }
    ExitCode::from(code)
}

fn contents(file: String, bytes: &[u8], password: Option<&str>) -> Result<Contents> {
    let document = Document::open(bytes, password)?;
    let revisions = document.revisions().iter().map(|revision| RevisionLine {
        start: revision.extent.start,
        end: revision.extent.end,
        cross_reference: revision.cross_reference,
        objects: revision.numbers().count(),
    });
    Ok(Contents {
        file,
        size_bytes: bytes.len(),
        revisions: revisions.collect(),
    })
}

fn print(json: bool, contents: &Contents) {
    if json {
        match serde_json::to_string(contents) {
            Ok(line) => println!("{line}"),
            Err(error) => eprintln!("signer: {}: {error}", contents.file),
        }
        return;
    }
    println!("{}: {} bytes", contents.file, contents.size_bytes);
    for (index, revision) in contents.revisions.iter().enumerate() {
        let RevisionLine {
            start,
            end,
            cross_reference,
            objects,
        } = revision;
        println!(
            "  revision {}: bytes {start}..{end}, cross-references at {cross_reference}, {objects} objects",
            index + 1
        );
    }
}
