//! `docs/commands.md`, written from the commands' declarations.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::absent::{ABSENT, Absent, UNKNOWN};
use crate::registry::{Command, Registry};

/// The reference of all commands and the list of those that Redis has and are not here, as Markdown.
pub fn markdown(registry: &Registry) -> String {
    let mut page = String::from(HEADER);
    let mut groups: BTreeMap<&str, Vec<&Command>> = BTreeMap::new();
    for (_, command) in registry.named() {
        groups
            .entry(command.spec.group.name())
            .or_default()
            .push(command);
    }
    for (group, mut commands) in groups {
        commands.sort_by_key(|command| command.spec.name);
        // Writing to a String cannot fail.
        let _ = write!(
            page,
            "\n## {group}\n\n| command | since | |\n| --- | --- | --- |\n"
        );
        for command in commands {
            page.push_str(&row(command));
            for &sub in &command.subcommands {
                page.push_str(&row(&registry.all()[sub]));
            }
        }
    }
    page.push_str(&absent_ones(registry));
    page
}

const HEADER: &str = "\
# Commands

Written by `redoxcache --print-commands`; do not edit. *Since* is the version of Redis that has it first.
";

/// What is not here, by group or by who brings it.
fn absent_ones(registry: &Registry) -> String {
    let mut text = String::from(
        "\n## Not supported\n\nThese answer `ERR 'name' is not supported: ` and the reason:\n\n| command | reason |\n| --- | --- |\n",
    );
    for Absent { name, reason, .. } in still_absent(registry) {
        let _ = writeln!(text, "| `{}` | {reason} |", name.to_uppercase());
    }
    text.push_str("\nThese are unknown, as they are to a Redis 7.4 without modules:\n\n| of | commands |\n| --- | --- |\n");
    for (origin, names) in UNKNOWN {
        let names: Vec<String> = names.split(' ').map(shown).collect();
        let _ = writeln!(text, "| {origin} | {} |", names.join(", "));
    }
    text
}

fn still_absent(registry: &Registry) -> impl Iterator<Item = &'static Absent> {
    let is_absent = |absent: &&Absent| registry.find(absent.name.as_bytes()).is_none();
    ABSENT.iter().filter(is_absent)
}

fn shown(name: &str) -> String {
    format!("`{}`", name.replace('|', " ").to_uppercase())
}

/// README's table: a line for each group, with all its commands and those of Redis that are not here.
pub fn overview(registry: &Registry) -> String {
    let mut groups: BTreeMap<&str, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for (_, command) in registry.named() {
        let group = groups.entry(command.spec.group.name()).or_default();
        group.0.push(command.spec.name);
    }
    for absent in still_absent(registry) {
        groups.entry(absent.group).or_default().1.push(absent.name);
    }
    let mut table = String::from("| group | supported | not supported |\n| --- | --- | --- |\n");
    for (group, (mut here, absent)) in groups {
        here.sort_unstable();
        let list = |names: &[&str]| names.join(" ").to_uppercase();
        let _ = writeln!(table, "| {group} | {} | {} |", list(&here), list(&absent));
    }
    for (origin, names) in UNKNOWN {
        let _ = writeln!(
            table,
            "| {origin} | | {} |",
            names.replace('|', "\u{a0}").to_uppercase()
        );
    }
    table
}

fn row(command: &Command) -> String {
    let spec = command.spec;
    let name = command.full_name.replace('|', " ").to_uppercase();
    let syntax = spec.syntax.replace('|', "\\|");
    format!(
        "| `{}` | {} | {} |\n",
        format!("{name} {syntax}").trim_end(),
        spec.since,
        spec.summary
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With `UPDATE_REFERENCE` set, writes the page instead of comparing it.
    #[test]
    fn the_committed_reference_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/commands.md");
        let page = markdown(&Registry::new(&[]).expect("no command is renamed"));
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            std::fs::write(path, &page).expect("written");
        }
        let committed = std::fs::read_to_string(path).expect("docs/commands.md is there");
        assert!(
            committed == page,
            "docs/commands.md is stale: redoxcache --print-commands > docs/commands.md"
        );
    }

    /// README's table stands between two marks. With `UPDATE_REFERENCE` set, this writes it.
    #[test]
    fn readme_shows_every_command() {
        const BEGIN: &str = "<!-- commands: written by the tests, do not edit -->\n";
        const END: &str = "<!-- end of commands -->";
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
        let page = std::fs::read_to_string(path).expect("README.md is there");
        let (head, rest) = page.split_once(BEGIN).expect("the first mark");
        let (table, tail) = rest.split_once(END).expect("the last mark");
        let current = overview(&Registry::new(&[]).expect("no command is renamed"));
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            let page = format!("{head}{BEGIN}{current}{END}{tail}");
            return std::fs::write(path, page).expect("written");
        }
        assert!(
            table == current,
            "README's commands are stale: UPDATE_REFERENCE=1 cargo test -p redoxcache --lib reference"
        );
    }

    #[test]
    fn every_command_says_what_it_does() {
        let registry = Registry::new(&[]).expect("no command is renamed");
        for command in registry.all() {
            assert!(
                !command.spec.summary.is_empty(),
                "{} has no summary",
                command.full_name
            );
        }
    }
}
