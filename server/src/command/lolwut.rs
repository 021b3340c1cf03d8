//! LOLWUT: a little generative art, and the version below it.

use resp::Args;
use store::command::{CommandError, Flags, Group, Spec, parse_i64};

use super::{ServerCommand, ServerCtx};
use crate::version;

pub(super) static COMMANDS: &[&ServerCommand] = &[&LOLWUT];

static LOLWUT: ServerCommand = ServerCommand {
    spec: Spec {
        name: "lolwut",
        summary: "Draws something, and tells the version.",
        since: "5.0.0",
        complexity: "O(1)",
        group: Group::Server,
        arity: -1,
        flags: Flags::READONLY.union(Flags::FAST),
        syntax: "[VERSION version]",
        ..Spec::DEFAULT
    },
    run: lolwut,
    subcommands: &[],
};

const COLUMNS: usize = 48;
const ROWS: usize = 12;

fn lolwut(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let asks_version = args
        .try_get(1)
        .is_some_and(|word| word.eq_ignore_ascii_case(b"version"));
    if let (true, Some(version)) = (asks_version, args.try_get(2)) {
        parse_i64(version)?;
    }
    let rule = 30 + (ctx.now_ms % 200) as u8;
    let text = format!(
        "{}\nRedoxCache ver. {}, Redis ver. {}\n",
        draw(rule | 2),
        version::OWN,
        version::REDIS
    );
    ctx.reply.verbatim("txt", text.as_bytes());
    Ok(())
}

/// The first rows of an elementary cellular automaton that starts with one live cell.
fn draw(rule: u8) -> String {
    let mut picture = String::new();
    let mut cells = [false; COLUMNS];
    cells[COLUMNS / 2] = true;
    for _ in 0..ROWS {
        picture.extend(cells.iter().map(|alive| if *alive { '#' } else { '.' }));
        picture.push('\n');
        cells = std::array::from_fn(|at| {
            let bit = |at: usize| u8::from(cells[at % COLUMNS]);
            let neighbours = bit(at + COLUMNS - 1) << 2 | bit(at) << 1 | bit(at + 1);
            rule >> neighbours & 1 == 1
        });
    }
    picture
}
