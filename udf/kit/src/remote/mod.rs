//! The server that libraries are deployed to.

mod table;

use std::time::Duration;

use redis::{Client, Connection, ErrorKind, RedisError, Value};

use self::table::Table;
use crate::advice::advised;
use crate::error::{KitError, Result};

/// How long a server may take to be reached.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long it may take to answer: loading may compile.
const REPLY_LIMIT: Duration = Duration::from_secs(30);

/// A server, connected.
pub(crate) struct Server {
    connection: Connection,
    /// Where it is, without its password.
    place: String,
}

impl Server {
    /// Connects to `redis://…` or `unix://…`.
    ///
    /// # Errors
    /// What is wrong with the address, or why the server does not answer.
    pub(crate) fn connect(url: &str) -> Result<Self> {
        let place = without_password(url);
        let failed = |reason: String| KitError::Server(format!("{place}: {reason}"));
        if url.starts_with("rediss://") || url.starts_with("valkeys://") {
            return Err(failed(
                "this kit does not speak TLS: use redis://, through a tunnel or a TLS proxy beside it".into(),
            ));
        }
        let client = Client::open(url)
            .map_err(|error| failed(format!("not an address of a server: {error}")))?;
        let connection = client
            .get_connection_with_timeout(CONNECT_LIMIT)
            .map_err(|error| failed(explained(&error)))?;
        connection
            .set_read_timeout(Some(REPLY_LIMIT))
            .map_err(|error| failed(error.to_string()))?;
        Ok(Server { connection, place })
    }

    fn ask(&mut self, words: &[&[u8]]) -> Result<Value> {
        let mut command = redis::Cmd::new();
        words.iter().for_each(|word| {
            command.arg(*word);
        });
        let reply = command.query(&mut self.connection);
        reply.map_err(|error| KitError::Server(format!("{}: {}", self.place, explained(&error))))
    }
}

/// Loads a library.
///
/// # Errors
/// What the server says against it.
pub(crate) fn deploy(server: &mut Server, code: &[u8], replace: bool) -> Result<()> {
    let reply = match replace {
        true => server.ask(&[b"FUNCTION", b"LOAD", b"REPLACE", code])?,
        false => server.ask(&[b"FUNCTION", b"LOAD", code])?,
    };
    println!("{}: library '{}' is loaded", server.place, text(&reply));
    Ok(())
}

/// Prints the libraries and their functions.
///
/// # Errors
/// What the server says against it.
pub(crate) fn list(server: &mut Server) -> Result<()> {
    let reply = server.ask(&[b"FUNCTION", b"LIST"])?;
    let mut table = Table::new(&["LIBRARY", "ENGINE", "FUNCTION", "FLAGS"]);
    for library in parts(&reply) {
        for function in parts(field(library, "functions")) {
            let flags: Vec<String> = parts(field(function, "flags")).iter().map(text).collect();
            table.row(vec![
                text(field(library, "library_name")),
                text(field(library, "engine")),
                text(field(function, "name")),
                flags.join(","),
            ]);
        }
    }
    table.print("no libraries");
    Ok(())
}

/// Prints what functions have cost; only those of a library or of a name, if one is given.
///
/// # Errors
/// What the server says against it, or that nothing of this name was called.
pub(crate) fn stats(server: &mut Server, name: Option<&str>) -> Result<()> {
    let reply = server.ask(&[b"INFO", b"functionstats"])?;
    let info = text(&reply);
    let mut table = Table::new(&[
        "LIBRARY", "FUNCTION", "CALLS", "TRAPS", "TIME ms", "MEAN µs", "P99 µs",
    ]);
    let costs: Vec<Cost<'_>> = info.lines().filter_map(Cost::parse).collect();
    let wanted =
        |cost: &&Cost<'_>| name.is_none_or(|name| name == cost.library || name == cost.function);
    for cost in costs.iter().filter(wanted) {
        table.row(vec![
            cost.library.to_owned(),
            cost.function.to_owned(),
            cost.field("calls").to_owned(),
            cost.field("traps").to_owned(),
            format!("{:.1}", cost.number("usec") / 1e3),
            cost.field("usec_per_call").to_owned(),
            cost.field("p99").to_owned(),
        ]);
    }
    match name {
        Some(name) if !costs.iter().any(|cost| wanted(&cost)) => Err(KitError::Server(format!(
            "{}: no function of '{name}' was called so far; `redoxcache udf ls` lists what there is",
            server.place
        ))),
        _ => {
            table.print("no function was called so far");
            Ok(())
        }
    }
}

/// A line of INFO functionstats: `functionstat_library.function:calls=1,usec=2,…`.
struct Cost<'i> {
    library: &'i str,
    function: &'i str,
    fields: &'i str,
}

impl<'i> Cost<'i> {
    fn parse(line: &'i str) -> Option<Self> {
        let (name, fields) = line.strip_prefix("functionstat_")?.split_once(':')?;
        let (library, function) = name.split_once('.')?;
        Some(Cost {
            library,
            function,
            fields,
        })
    }

    fn field(&self, name: &str) -> &'i str {
        let mut fields = self
            .fields
            .split(',')
            .filter_map(|field| field.split_once('='));
        fields
            .find(|(known, _)| *known == name)
            .map_or("-", |(_, value)| value)
    }

    fn number(&self, name: &str) -> f64 {
        self.field(name).parse().unwrap_or(0.0)
    }
}

/// Removes a library.
///
/// # Errors
/// What the server says against it.
pub(crate) fn remove(server: &mut Server, name: &str) -> Result<()> {
    server.ask(&[b"FUNCTION", b"DELETE", name.as_bytes()])?;
    println!("{}: library '{name}' is removed", server.place);
    Ok(())
}

/// An error of the connection or the server, with what to change.
fn explained(error: &RedisError) -> String {
    let code = error.code().unwrap_or_default();
    match error.kind() {
        ErrorKind::Io => format!("no server answers there: {error}; start one, or give --url or REDOX_URL"),
        ErrorKind::AuthenticationFailed => {
            "the user or password is not accepted: give them in the address, redis://user:password@host".into()
        }
        _ if code == "NOAUTH" => "it wants a password: give it in the address, redis://user:password@host".into(),
        _ if code == "NOPERM" => format!("{}; the user needs +function", detail(error)),
        _ => advised(&detail(error)),
    }
}

/// A server's error as it was sent.
fn detail(error: &RedisError) -> String {
    match (error.code(), error.detail()) {
        (Some(code), Some(detail)) => format!("{code} {detail}"),
        _ => error.to_string(),
    }
}

/// An address without its password.
fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    match rest.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{host}"),
        None => url.to_owned(),
    }
}

/// What a reply is made of: the elements of an array or set; of a map its values.
fn parts(reply: &Value) -> &[Value] {
    match reply {
        Value::Array(parts) | Value::Set(parts) => parts,
        _ => &[],
    }
}

/// The value of a map's key; RESP2 sends maps as arrays.
fn found<'v>(map: &'v Value, name: &str) -> Option<&'v Value> {
    match map {
        Value::Map(pairs) => pairs
            .iter()
            .find(|(key, _)| text(key) == name)
            .map(|(_, value)| value),
        Value::Array(flat) => {
            let mut pairs = flat.chunks_exact(2);
            pairs
                .find(|pair| text(&pair[0]) == name)
                .map(|pair| &pair[1])
        }
        _ => None,
    }
}

fn field<'v>(map: &'v Value, name: &str) -> &'v Value {
    found(map, name).unwrap_or(&Value::Nil)
}

fn text(reply: &Value) -> String {
    match reply {
        Value::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => text.clone(),
        Value::Int(number) => number.to_string(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Cost, found, text, without_password};
    use redis::parse_redis_value;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_password("redis://u:p@w@h:1/2"), "redis://h:1/2");
        assert_eq!(without_password("redis://h"), "redis://h");
        assert_eq!(without_password("nonsense"), "nonsense");
    }

    #[test]
    fn lines_of_costs() {
        let cost = Cost::parse("functionstat_lib.f:calls=3,usec=7,usec_per_call=2.33,traps=1");
        let cost = cost.expect("it is one");
        assert_eq!((cost.library, cost.function), ("lib", "f"));
        assert_eq!(
            (cost.field("traps"), cost.number("usec"), cost.field("p99")),
            ("1", 7.0, "-")
        );
        assert!(Cost::parse("# Functionstats").is_none());
    }

    #[test]
    fn maps_of_both_protocols() {
        for wire in [
            "*4\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:2\r\n",
            "%2\r\n+a\r\n:1\r\n+b\r\n:2\r\n",
        ] {
            let reply = parse_redis_value(wire.as_bytes()).expect("it is a reply");
            assert_eq!(found(&reply, "b").map(text), Some("2".into()));
            assert_eq!(found(&reply, "c").map(text), None);
        }
    }
}
