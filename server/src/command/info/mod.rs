//! INFO: the server about itself, in sections of `name:value` lines.

pub(super) mod counters;
mod sections;

use resp::Args;
use store::command::{Categories, CommandError, Flags, Group, Routing, Spec};

use super::{ServerCommand, ServerCtx};
use sections::{SECTIONS, Section};

pub(super) static COMMANDS: &[&ServerCommand] = &[&INFO];

static INFO: ServerCommand = ServerCommand {
    spec: Spec {
        name: "info",
        summary: "Returns figures and facts about the server, by section.",
        since: "1.0.0",
        complexity: "O(1)",
        group: Group::Server,
        arity: -1,
        flags: Flags::LOADING.union(Flags::STALE),
        categories: Categories::DANGEROUS,
        routing: Routing::All,
        syntax: "[section [section ...]]",
        ..Spec::DEFAULT
    },
    run: info,
    subcommands: &[],
};

fn info(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let names: Vec<Vec<u8>> = args
        .iter()
        .skip(1)
        .map(<[u8]>::to_ascii_lowercase)
        .collect();
    let figures = counters::Figures::gather(ctx);
    let mut text = String::with_capacity(4096);
    for section in SECTIONS.iter().filter(|section| is_wanted(section, &names)) {
        if !text.is_empty() {
            text.push_str("\r\n");
        }
        text.push_str("# ");
        text.push_str(section.title);
        text.push_str("\r\n");
        (section.write)(&mut text, ctx, &figures);
    }
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// No name asks for the default sections; `all` and `everything` for all.
fn is_wanted(section: &Section, names: &[Vec<u8>]) -> bool {
    let title = section.title.to_ascii_lowercase();
    let asks = |name: &Vec<u8>| match name.as_slice() {
        b"all" | b"everything" => true,
        b"default" => section.is_default,
        name => name == title.as_bytes(),
    };
    match names {
        [] => section.is_default,
        names => names.iter().any(asks),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(names: &[&str]) -> Vec<&'static str> {
        let names: Vec<Vec<u8>> = names.iter().map(|name| name.as_bytes().to_vec()).collect();
        SECTIONS
            .iter()
            .filter(|section| is_wanted(section, &names))
            .map(|section| section.title)
            .collect()
    }

    #[test]
    fn sections_are_chosen_as_in_redis() {
        let default = wanted(&[]);
        assert!(default.contains(&"Errorstats") && !default.contains(&"Commandstats"));
        assert_eq!(wanted(&["default"]), default);
        assert_eq!(wanted(&["all"]).len(), SECTIONS.len());
        assert_eq!(
            wanted(&["keyspace", "server", "nothing"]),
            ["Server", "Keyspace"]
        );
        assert_eq!(
            wanted(&["default", "commandstats"]).len(),
            default.len() + 1
        );
        assert!(wanted(&["nothing"]).is_empty());
    }
}
