//! CLIENT LIST and CLIENT INFO: one line a connection, in Redis's fields and order, then ours.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use resp::Args;
use store::command::{CommandError, parse_i64};

use super::super::ServerCtx;
use crate::client::{ClientInfo, ClientNames};
use crate::registry::Registry;
use crate::tenant::DEFAULT_TENANT;

/// The classes clients can be asked for by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ClientType {
    /// One that gets what it asks for.
    Normal,
    /// The primary this server follows: none.
    Primary,
    /// A replica: none.
    Replica,
    /// A subscriber.
    Pubsub,
}

impl ClientType {
    pub(super) fn parse(word: &[u8]) -> Result<Self, CommandError> {
        match word.to_ascii_lowercase().as_slice() {
            b"normal" => Ok(ClientType::Normal),
            b"slave" | b"replica" => Ok(ClientType::Replica),
            b"pubsub" => Ok(ClientType::Pubsub),
            b"master" => Ok(ClientType::Primary),
            _ => Err(CommandError::quoting(
                "ERR Unknown client type '",
                word,
                "'",
            )),
        }
    }

    /// Whether a connection is of this type.
    pub(super) fn fits(self, client: &ClientInfo) -> bool {
        match self {
            ClientType::Normal => !client.is_subscriber(),
            ClientType::Pubsub => client.is_subscriber(),
            ClientType::Primary | ClientType::Replica => false,
        }
    }
}

/// Which connections CLIENT LIST describes.
enum Selection {
    Type(ClientType),
    Ids(Vec<u64>),
    All,
}

impl Selection {
    fn parse(args: Args<'_>) -> Result<Self, CommandError> {
        let option = args.try_get(2).map(<[u8]>::to_ascii_lowercase);
        match (option.as_deref(), args.len()) {
            (None, _) => Ok(Selection::All),
            (Some(b"type"), 4) => ClientType::parse(args.get(3)).map(Selection::Type),
            (Some(b"id"), 4..) => args
                .iter()
                .skip(3)
                .map(parse_id)
                .collect::<Result<_, _>>()
                .map(Selection::Ids),
            _ => Err(CommandError::Syntax),
        }
    }
}

fn parse_id(word: &[u8]) -> Result<u64, CommandError> {
    let id = parse_i64(word).map_err(|_| CommandError::text("ERR Invalid client ID"))?;
    // A negative number is no error: no connection has it.
    Ok(u64::try_from(id).unwrap_or(0))
}

pub(super) fn list(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let selection = Selection::parse(args)?;
    note_command(ctx, b"client|list");
    let clients = &ctx.core.server.clients;
    let mut chosen: Vec<Arc<ClientInfo>> = match selection {
        Selection::All => clients.snapshot(),
        Selection::Type(wanted) => clients
            .snapshot()
            .into_iter()
            .filter(|client| wanted.fits(client))
            .collect(),
        Selection::Ids(ids) => ids.into_iter().filter_map(|id| clients.get(id)).collect(),
    };
    chosen.retain(|client| ctx.session.sees(client));
    write_lines(ctx, &chosen);
    Ok(())
}

pub(super) fn info(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    note_command(ctx, b"client|info");
    let own = [Arc::clone(&ctx.session.client)];
    write_lines(ctx, &own);
    Ok(())
}

/// A connection's line names the command that asks, which is noted otherwise only when it is done. In a transaction that is EXEC.
fn note_command(ctx: &ServerCtx<'_>, full_name: &[u8]) {
    let full_name = match ctx.session.client.multi_len.load(Relaxed) {
        ..0 => full_name,
        _ => b"exec",
    };
    if let Some(command) = ctx.core.server.registry.find_full(full_name) {
        ctx.session
            .client
            .last_command
            .store(command.id as u32, Relaxed);
    }
}

fn write_lines(ctx: &mut ServerCtx<'_>, clients: &[Arc<ClientInfo>]) {
    let mut lines = Vec::new();
    for client in clients {
        push_line(&mut lines, client, &ctx.core.server.registry, ctx.now_ms);
    }
    ctx.reply.verbatim("txt", &lines);
}

/// One connection's line, without its end.
pub(crate) fn describe(client: &ClientInfo, registry: &Registry, now_ms: u64) -> Vec<u8> {
    let mut line = Vec::new();
    push_line(&mut line, client, registry, now_ms);
    line.pop();
    line
}

fn push_line(lines: &mut Vec<u8>, client: &ClientInfo, registry: &Registry, now_ms: u64) {
    let names = client.names();
    let user = String::from_utf8_lossy(names.user_name());
    let ClientNames {
        name,
        lib_name,
        lib_version,
        tenant,
        ..
    } = &names;
    let command = registry
        .all()
        .get(client.last_command.load(Relaxed) as usize);
    let command = command.map_or("NULL", |command| command.full_name.as_str());
    let query = client.query_bytes.load(Relaxed);
    let query_capacity = client.query_capacity_bytes.load(Relaxed);
    let output = client.output_bytes.load(Relaxed);
    let multi_bytes = client.multi_bytes.load(Relaxed);
    let [sub, psub, ssub] = [0, 1, 2].map(|kind| client.subscriptions[kind].load(Relaxed));
    let total = client.used_bytes();
    let arguments = client.argument_bytes.load(Relaxed);
    let mut line = String::with_capacity(384);
    // Writing to a String cannot fail.
    let _ = write!(
        line,
        "id={} addr={} laddr={} fd={} name={} age={} idle={} flags={} db={} sub={sub} psub={psub} ssub={ssub} multi={} \
         qbuf={query} qbuf-free={} argv-mem={arguments} multi-mem={multi_bytes} rbs=0 rbp=0 obl=0 oll={} omem={output} tot-mem={total} \
         events={} cmd={command} user={user} redir={} resp={} lib-name={} lib-ver={} tenant={} core={}",
        client.id,
        client.addr,
        client.laddr,
        client.fd,
        String::from_utf8_lossy(name),
        client.age_seconds(now_ms),
        now_ms.saturating_sub(client.active_at_ms.load(Relaxed)) / 1000,
        flags(client),
        client.db.load(Relaxed),
        client.multi_len.load(Relaxed),
        query_capacity.saturating_sub(query),
        u8::from(output > 0),
        if output > 0 { "rw" } else { "r" },
        client.tracking_redirect.load(Relaxed),
        client.resp.load(Relaxed),
        String::from_utf8_lossy(lib_name),
        String::from_utf8_lossy(lib_version),
        tenant
            .as_ref()
            .map_or_else(|| DEFAULT_TENANT.into(), |account| account.name_text()),
        client.core,
    );
    lines.extend_from_slice(line.as_bytes());
    lines.push(b'\n');
}

/// One letter per state, `N` for none.
fn flags(client: &ClientInfo) -> String {
    let states = [
        (client.monitors.load(Relaxed), 'O'),
        (client.is_subscriber(), 'P'),
        (client.multi_len.load(Relaxed) >= 0, 'x'),
        (client.is_blocked(), 'b'),
        (client.tracking_redirect.load(Relaxed) >= 0, 't'),
        (client.tracking_is_broken.load(Relaxed), 'R'),
        (client.tracking_broadcasts.load(Relaxed), 'B'),
        (client.watch_is_dirty(), 'd'),
        (client.killed.load(Relaxed), 'A'),
        (client.is_unix, 'U'),
        (client.no_evict.load(Relaxed), 'e'),
        (client.no_touch.load(Relaxed), 'T'),
    ];
    let letters: String = states
        .iter()
        .filter(|(set, _)| *set)
        .map(|(_, letter)| letter)
        .collect();
    if letters.is_empty() {
        "N".to_owned()
    } else {
        letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<String, CommandError> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        Ok(match Selection::parse(Args::from_slices(&words))? {
            Selection::All => "all".to_owned(),
            Selection::Type(wanted) => format!("{wanted:?}"),
            Selection::Ids(ids) => format!("{ids:?}"),
        })
    }

    #[test]
    fn selections_are_read_as_redis_reads_them() {
        for (line, expected) in [
            ("CLIENT LIST", Ok("all")),
            ("CLIENT LIST TYPE slave", Ok("Replica")),
            ("CLIENT LIST ID 3 1 -5", Ok("[3, 1, 0]")),
            ("CLIENT LIST ID", Err("ERR syntax error")),
            ("CLIENT LIST ID x", Err("ERR Invalid client ID")),
            ("CLIENT LIST TYPE x", Err("ERR Unknown client type 'x'")),
            ("CLIENT LIST TYPE normal x", Err("ERR syntax error")),
            ("CLIENT LIST x", Err("ERR syntax error")),
        ] {
            let read = parse(line).map_err(|error| error.to_string());
            assert_eq!(read.as_deref().map_err(String::as_str), expected, "{line}");
        }
    }
}
