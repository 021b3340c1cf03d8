//! `docs/config.md`, written from the table.

use std::fmt::Write;

use super::directive::{Directive, Effect, Flags, Kind};
use super::table::GROUPS;

/// The reference of all directives, as Markdown.
pub fn markdown() -> String {
    let mut page = String::from(HEADER);
    for group in GROUPS {
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {}\n\n| directive | values | default | |\n| --- | --- | --- | --- |\n",
            group.title
        );
        let visible = |directive: &&Directive| !directive.flags.contains(Flags::HIDDEN);
        for directive in group.directives.iter().filter(visible) {
            page.push_str(&row(directive));
        }
    }
    page
}

const HEADER: &str = "\
# Configuration

Written by `redoxcache --print-reference`; do not edit.

Every directive works in the configuration file, as an option (`--name value`), as an environment variable
(`REDOX_NAME`, `REDOX_NAME_FILE`), in CONFIG GET, and in CONFIG SET unless it is marked *at start*.
Memory takes units: `1k` is 1000 bytes, `1kb` is 1024.
";

fn row(directive: &Directive) -> String {
    let names = match directive.alias {
        Some(alias) => format!("`{}`, `{alias}`", directive.name),
        None => format!("`{}`", directive.name),
    };
    let default = match directive.default {
        "" => "*empty*".to_owned(),
        text => format!("`{text}`"),
    };
    format!(
        "| {names} | {} | {default} | {} |\n",
        values(directive.kind),
        remarks(directive)
    )
}

fn remarks(directive: &Directive) -> String {
    let mut text = directive.doc.to_owned();
    if directive.flags.contains(Flags::IMMUTABLE) {
        text.push_str(" *At start.*");
    }
    if directive.flags.contains(Flags::PROTECTED) {
        text.push_str(" *Protected.*");
    }
    match directive.effect {
        Effect::Supported => {}
        Effect::Ignored(why) => text.push_str(&format!(" **No effect**: {why}.")),
        Effect::Refused(why) => text.push_str(&format!(" **Only the default**: {why}.")),
    }
    text
}

fn values(kind: Kind) -> String {
    match kind {
        Kind::Bool => "yes, no".to_owned(),
        Kind::Integer { min, max } => format!("{min} to {max}"),
        Kind::Frequency => "1 to 500".to_owned(),
        Kind::Octal { max } => format!("octal, 0 to {max:o}"),
        Kind::Memory { .. } => "memory".to_owned(),
        Kind::MemoryOrPercent => "memory, or percent".to_owned(),
        Kind::Choice(choices) => choices.join(", ").replace('|', ", "),
        Kind::ChoiceSet(choices) => format!("any of {}", choices.join(", ")),
        Kind::Text(_) => "text".to_owned(),
        Kind::Directory => "directory".to_owned(),
        Kind::SavePoints => "seconds changes …".to_owned(),
        Kind::OutputLimits => "class hard soft seconds …".to_owned(),
        Kind::OomScores => "three integers".to_owned(),
        Kind::EventClasses => "letters of `Ag$lshzxeKEtmdn`".to_owned(),
        Kind::Addresses => "addresses".to_owned(),
        Kind::Primary => "host port".to_owned(),
        Kind::Percentiles => "percentiles".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    /// With `UPDATE_REFERENCE` set, writes the page instead of comparing it.
    #[test]
    fn the_committed_reference_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/config.md");
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            std::fs::write(path, super::markdown()).expect("written");
        }
        let committed = std::fs::read_to_string(path).expect("docs/config.md is there");
        assert!(
            committed == super::markdown(),
            "docs/config.md is stale: redoxcache --print-reference > docs/config.md"
        );
    }
}
