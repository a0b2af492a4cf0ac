//! The report as one HTML page that needs nothing beside itself.

use super::outline::{Fact, Outline, Section, Standing};
use super::xml::escaped;
use super::{Language, Subject};
use crate::validate::Report;

/// The page: UTF-8, no scripts, no addresses, its style inside, and a policy that keeps it so.
pub fn html(report: &Report, subject: &Subject<'_>, language: Language) -> String {
    let outline = Outline::new(report, subject, language);
    let sections: String = outline.sections.iter().map(section).collect();
    format!(
        r#"<!doctype html>
<html lang="{tag}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}: {file}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<p class="title">{title}</p>
<header class="{class}">{ring}<h1>{sentence}</h1></header>
{facts}
{sections}<footer>{note}</footer>
</main>
</body>
</html>
"#,
        tag = language.tag(),
        title = escaped(&outline.title),
        file = escaped(subject.file_name),
        class = class(outline.standing),
        ring = ring(outline.standing),
        sentence = escaped(&outline.sentence),
        facts = facts(&outline.facts),
        note = escaped(&outline.note),
    )
}

fn section(section: &Section) -> String {
    let mut remarks = String::new();
    for (heading, lines) in &section.remarks {
        let lines: String = lines
            .iter()
            .map(|line| format!("<li>{}</li>\n", escaped(line)))
            .collect();
        remarks.push_str(&format!("<h3>{}</h3>\n<ul>\n{lines}</ul>\n", escaped(heading)));
    }
    format!(
        "<section>\n<h2>{}</h2>\n<div class=\"say {}\">{}<p>{}</p></div>\n{}\n{remarks}</section>\n",
        escaped(&section.heading),
        class(section.standing),
        ring(section.standing),
        escaped(&section.sentence),
        facts(&section.facts),
    )
}

fn facts(facts: &[Fact]) -> String {
    let rows: String = facts
        .iter()
        .map(|(label, value)| {
            format!(
                "<div><dt>{}</dt><dd>{}</dd></div>\n",
                escaped(label),
                escaped(value)
            )
        })
        .collect();
    format!("<dl>\n{rows}</dl>")
}

fn class(standing: Standing) -> &'static str {
    match standing {
        Standing::Valid => "ok",
        Standing::Invalid => "bad",
        Standing::Undecided => "warn",
        Standing::Unsigned => "idle",
    }
}

/// The verdict as a ring, readable without its colour; the sentence beside it says the same.
fn ring(standing: Standing) -> String {
    let inside = match standing {
        Standing::Valid => {
            r#"<circle cx="24" cy="24" r="20" stroke-width="4.5"/><path d="m16.5 24.5 5.2 5.2 10-11" stroke-width="4" stroke-linejoin="round"/>"#
        }
        Standing::Invalid => {
            r#"<path d="M43.81 21.22A20 20 0 1 1 29.18 4.68" stroke-width="4.5" stroke-linecap="butt"/><path d="M32.13 5.73A20 20 0 0 1 43.02 17.82" stroke-width="4.5" stroke-linecap="butt" transform="translate(4 -3.4) rotate(7 40 14)"/><path d="m18 18 12 12m0-12L18 30" stroke-width="4"/>"#
        }
        Standing::Undecided => {
            r#"<circle cx="24" cy="24" r="20" stroke-width="4.5" stroke-dasharray="0.1 8.3"/><path d="M24 15v11m0 6.5v.1" stroke-width="4"/>"#
        }
        Standing::Unsigned => {
            r#"<circle cx="24" cy="24" r="20" stroke-width="2"/><path d="M17 24h14" stroke-width="3"/>"#
        }
    };
    format!(
        r#"<svg viewBox="-2 -4 54 54" fill="none" stroke="currentColor" stroke-linecap="round" aria-hidden="true">{inside}</svg>"#
    )
}

/// The tokens of the light look, and a layout of one column that also prints.
const STYLE: &str = include_str!("page.css");
