//! `signer inspect`: what a file holds, without a judgement.

use std::collections::HashSet;
use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use crate::error::Result;
use crate::limits;
use crate::pdf::object::{Dictionary, Object, text};
use crate::pdf::reader::{Document, View};

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
    encrypted: bool,
    revisions: Vec<RevisionLine>,
    fields: Vec<FieldLine>,
    security_store: Option<StoreLine>,
}

#[derive(Serialize)]
struct RevisionLine {
    start: usize,
    end: usize,
    cross_reference: usize,
    objects: usize,
}

#[derive(Serialize)]
struct FieldLine {
    name: String,
    /// `/FT`: Sig, Tx, Btn, Ch.
    kind: String,
    filled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<SignatureLine>,
}

/// What a signature dictionary says of itself; nothing of it is proven.
#[derive(Serialize)]
struct SignatureLine {
    sub_filter: Option<String>,
    claimed_time: Option<String>,
    claimed_name: Option<String>,
    reason: Option<String>,
    byte_range: Vec<i64>,
    contents_bytes: usize,
}

/// How much the document security store holds.
#[derive(Serialize)]
struct StoreLine {
    certificates: usize,
    ocsp_responses: usize,
    revocation_lists: usize,
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
    let view = document.latest();
    Ok(Contents {
        file,
        size_bytes: bytes.len(),
        encrypted: view.trailer().get("Encrypt").is_some(),
        revisions: revisions.collect(),
        fields: fields(view)?,
        security_store: store(view)?,
    })
}

/// Terminal fields, in the order of the tree.
fn fields(view: View<'_>) -> Result<Vec<FieldLine>> {
    let (_, catalog) = view.catalog()?;
    let Object::Dictionary(form) = view.value(&catalog, "AcroForm")? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![(view.value(&form, "Fields")?, String::new(), String::new())];
    while let Some((list, prefix, kind)) = open.pop() {
        for item in list.as_array().unwrap_or_default() {
            let known = item.as_reference().is_some_and(|item| !seen.insert(item));
            let Object::Dictionary(field) = view.resolve(item)? else {
                continue;
            };
            if known || seen.len() > limits::FIELDS {
                continue;
            }
            let Some(partial) = string(view, &field, "T")? else {
                continue;
            };
            let name = if prefix.is_empty() {
                partial
            } else {
                format!("{prefix}.{partial}")
            };
            let kind = name_of(&view.value(&field, "FT")?).unwrap_or_else(|| kind.clone());
            let kids = view.value(&field, "Kids")?;
            if has_child_fields(view, &kids)? {
                open.push((kids, name, kind));
            } else {
                found.push(line(view, &field, name, kind)?);
            }
        }
    }
    Ok(found)
}

fn has_child_fields(view: View<'_>, kids: &Object) -> Result<bool> {
    for kid in kids.as_array().unwrap_or_default() {
        let kid = view.resolve(kid)?;
        if kid.as_dictionary().is_some_and(|kid| kid.get("T").is_some()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn line(view: View<'_>, field: &Dictionary, name: String, kind: String) -> Result<FieldLine> {
    let value = view.value(field, "V")?;
    let signature = match &value {
        Object::Dictionary(value) if kind == "Sig" => Some(signature(view, value)?),
        _ => None,
    };
    Ok(FieldLine {
        name,
        kind,
        filled: !value.is_null(),
        signature,
    })
}

fn signature(view: View<'_>, value: &Dictionary) -> Result<SignatureLine> {
    let range = view.value(value, "ByteRange")?;
    let contents = view.value(value, "Contents")?;
    Ok(SignatureLine {
        sub_filter: name_of(&view.value(value, "SubFilter")?),
        claimed_time: string(view, value, "M")?,
        claimed_name: string(view, value, "Name")?,
        reason: string(view, value, "Reason")?,
        byte_range: range
            .as_array()
            .unwrap_or_default()
            .iter()
            .filter_map(Object::as_integer)
            .collect(),
        contents_bytes: contents.as_text().map_or(0, |text| text.bytes.len()),
    })
}

fn store(view: View<'_>) -> Result<Option<StoreLine>> {
    let (_, catalog) = view.catalog()?;
    let Object::Dictionary(store) = view.value(&catalog, "DSS")? else {
        return Ok(None);
    };
    let count =
        |key: &str| -> Result<usize> { Ok(view.value(&store, key)?.as_array().map_or(0, <[_]>::len)) };
    Ok(Some(StoreLine {
        certificates: count("Certs")?,
        ocsp_responses: count("OCSPs")?,
        revocation_lists: count("CRLs")?,
    }))
}

fn string(view: View<'_>, dictionary: &Dictionary, key: &str) -> Result<Option<String>> {
    let value = view.value(dictionary, key)?;
    Ok(value.as_text().map(|value| text(&value.bytes)))
}

fn name_of(value: &Object) -> Option<String> {
    value
        .as_name()
        .map(|name| String::from_utf8_lossy(name).into_owned())
}

fn print(json: bool, contents: &Contents) {
    if json {
        match serde_json::to_string(contents) {
            Ok(line) => println!("{line}"),
            Err(error) => eprintln!("signer: {}: {error}", contents.file),
        }
        return;
    }
    let encrypted = if contents.encrypted { ", encrypted" } else { "" };
    println!("{}: {} bytes{encrypted}", contents.file, contents.size_bytes);
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
    for field in &contents.fields {
        print_field(field);
    }
    if let Some(store) = &contents.security_store {
        println!(
            "  validation data: {} certificates, {} OCSP responses, {} lists",
            store.certificates, store.ocsp_responses, store.revocation_lists
        );
    }
}

fn print_field(field: &FieldLine) {
    let state = if field.filled { "filled" } else { "empty" };
    println!("  field {:?}: {}, {state}", field.name, field.kind);
    if let Some(signature) = &field.signature {
        let unknown = || "?".to_owned();
        println!(
            "    {}, claimed time {}, byte range {:?}, {} bytes of container",
            signature.sub_filter.clone().unwrap_or_else(unknown),
            signature.claimed_time.clone().unwrap_or_else(unknown),
            signature.byte_range,
            signature.contents_bytes
        );
    }
}
