//! CLIENT KILL: the old form with an address, and the new one with filters.

use resp::Args;
use store::command::{ArgCursor, CommandError, parse_i64};

use super::super::ServerCtx;
use super::list::ClientType;
use crate::client::ClientInfo;

/// Which connections to close. Every filter that is there must fit.
#[derive(Default)]
struct Filters<'a> {
    id: Option<u64>,
    client_type: Option<ClientType>,
    addr: Option<&'a [u8]>,
    laddr: Option<&'a [u8]>,
    user: Option<&'a [u8]>,
    age_min_seconds: Option<u64>,
    spare_self: bool,
}

impl<'a> Filters<'a> {
    fn parse(
        mut options: ArgCursor<'a>,
        is_user: impl Fn(&[u8]) -> bool,
    ) -> Result<Self, CommandError> {
        let mut filters = Filters {
            spare_self: true,
            ..Filters::default()
        };
        while let Some(option) = options.next_arg() {
            let value = options.expect()?;
            match option.to_ascii_lowercase().as_slice() {
                b"id" => filters.id = Some(parse_id(value)?),
                b"type" => filters.client_type = Some(ClientType::parse(value)?),
                b"addr" => filters.addr = Some(value),
                b"laddr" => filters.laddr = Some(value),
                b"user" if is_user(value) => filters.user = Some(value),
                b"user" => {
                    return Err(CommandError::quoting("ERR No such user '", value, "'"));
                }
                b"maxage" => filters.age_min_seconds = Some(parse_age(value)?),
                b"skipme" => filters.spare_self = parse_yes_no(value)?,
                _ => return Err(CommandError::Syntax),
            }
        }
        Ok(filters)
    }

    fn fit(&self, client: &ClientInfo, now_ms: u64) -> bool {
        let is = |wanted: Option<&[u8]>, value: &str| {
            wanted.is_none_or(|wanted| wanted == value.as_bytes())
        };
        is(self.addr, &client.addr)
            && is(self.laddr, &client.laddr)
            && self.client_type.is_none_or(|wanted| wanted.fits(client))
            && self.id.is_none_or(|id| id == client.id)
            && self
                .user
                .is_none_or(|wanted| client.names().user_name() == wanted)
            && self
                .age_min_seconds
                .is_none_or(|least| client.age_seconds(now_ms) >= least)
    }
}

fn parse_id(word: &[u8]) -> Result<u64, CommandError> {
    match parse_i64(word) {
        Ok(id @ 1..) => Ok(id as u64),
        _ => Err(CommandError::text("ERR client-id should be greater than 0")),
    }
}

fn parse_age(word: &[u8]) -> Result<u64, CommandError> {
    match parse_i64(word) {
        Ok(age @ 1..) => Ok(age as u64),
        Ok(_) => Err(CommandError::text("ERR maxage should be greater than 0")),
        Err(_) => Err(CommandError::text(
            "ERR maxage is not an integer or out of range",
        )),
    }
}

fn parse_yes_no(word: &[u8]) -> Result<bool, CommandError> {
    if word.eq_ignore_ascii_case(b"yes") {
        Ok(true)
    } else if word.eq_ignore_ascii_case(b"no") {
        Ok(false)
    } else {
        Err(CommandError::Syntax)
    }
}

pub(super) fn kill(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    if args.len() == 3 {
        let filters = Filters {
            addr: Some(args.get(2)),
            ..Filters::default()
        };
        return match kill_all(ctx, &filters) {
            0 => Err(CommandError::text("ERR No such client")),
            _ => {
                ctx.reply.ok();
                Ok(())
            }
        };
    }
    let is_user = |name: &[u8]| ctx.session.knows_user(ctx.core, name);
    let filters = Filters::parse(ArgCursor::new(args, 2), is_user)?;
    let killed = kill_all(ctx, &filters);
    ctx.reply.integer(killed);
    Ok(())
}

/// Closes what fits and returns how many; the caller's own connection closes after the reply.
fn kill_all(ctx: &mut ServerCtx<'_>, filters: &Filters<'_>) -> i64 {
    let clients = &ctx.core.server.clients;
    let own = ctx.session.client.id;
    let mut killed = 0;
    for client in clients.snapshot() {
        if !ctx.session.sees(&client)
            || !filters.fit(&client, ctx.now_ms)
            || (client.id == own && filters.spare_self)
        {
            continue;
        }
        if client.id == own {
            ctx.session.closing = true;
            killed += 1;
        } else {
            killed += i64::from(clients.kill(client.id));
        }
    }
    killed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<String, CommandError> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let options = ArgCursor::new(Args::from_slices(&words), 0);
        let filters = Filters::parse(options, |name| name == b"default")?;
        let text =
            |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned());
        Ok(format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {}",
            filters.id,
            filters.client_type,
            text(filters.addr),
            text(filters.laddr),
            text(filters.user),
            filters.age_min_seconds,
            filters.spare_self
        ))
    }

    #[test]
    fn filters_are_read_in_any_order() {
        assert_eq!(
            parse("ID 7").as_deref(),
            Ok("Some(7) None None None None None true")
        );
        assert_eq!(
            parse("skipme NO type REPLICA addr a:1 laddr b:2 user default maxage 9").as_deref(),
            Ok("None Some(Replica) Some(\"a:1\") Some(\"b:2\") Some(\"default\") Some(9) false")
        );
    }

    #[test]
    fn filters_are_refused_with_redis_texts() {
        for (line, expected) in [
            ("ID", "ERR syntax error"),
            ("ID 0", "ERR client-id should be greater than 0"),
            ("ID x", "ERR client-id should be greater than 0"),
            ("TYPE x", "ERR Unknown client type 'x'"),
            ("USER x", "ERR No such user 'x'"),
            ("MAXAGE 0", "ERR maxage should be greater than 0"),
            ("MAXAGE x", "ERR maxage is not an integer or out of range"),
            ("SKIPME maybe", "ERR syntax error"),
            ("FOO bar", "ERR syntax error"),
        ] {
            assert_eq!(parse(line).unwrap_err().to_string(), expected, "{line}");
        }
    }
}
