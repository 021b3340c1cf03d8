//! The command line, read as redis-server reads it: a file, then flags that are
//! appended to it as lines.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::quoting::{quote, split_words};

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// Print how to start the server.
    Help,
    /// Print the version.
    Version,
    /// Print the reference of commands.
    Commands,
    /// Print the reference of directives.
    Reference,
    /// Serve.
    Serve(Sources),
}

/// Where the configuration comes from, least important first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// A file.
    pub file: Option<PathBuf>,
    /// Whether standard input follows.
    pub stdin: bool,
    /// Flags, as lines of a file.
    pub lines: Vec<u8>,
}

/// Reads the arguments after the program's name.
pub fn parse(arguments: &[OsString]) -> Invocation {
    match arguments.first().map(|first| first.as_bytes()) {
        Some(b"-v" | b"--version") => return Invocation::Version,
        Some(b"-h" | b"--help") => return Invocation::Help,
        Some(b"--print-reference") => return Invocation::Reference,
        Some(b"--print-commands") => return Invocation::Commands,
        _ => {}
    }
    let mut sources = Sources::default();
    let mut flags = arguments;
    if let [first, rest @ ..] = arguments
        && !first.as_bytes().starts_with(b"-")
    {
        sources.file = Some(PathBuf::from(first));
        flags = rest;
    }
    append_flags(&mut sources, flags, arguments);
    Invocation::Serve(sources)
}

fn append_flags(sources: &mut Sources, flags: &[OsString], arguments: &[OsString]) {
    let lines = &mut sources.lines;
    let mut has_value = true;
    for (index, argument) in flags.iter().enumerate() {
        let bytes = argument.as_bytes();
        let next = flags.get(index + 1).map(|next| next.as_bytes());
        let at_an_end = next.is_none() || std::ptr::eq(argument, &arguments[0]);
        match bytes.strip_prefix(b"--") {
            _ if bytes == b"-" && at_an_end => sources.stdin = true,
            Some(name) if has_value => {
                if !lines.is_empty() {
                    lines.push(b'\n');
                }
                lines.extend_from_slice(name);
                lines.push(b' ');
                has_value = split_words(bytes).is_none_or(|words| words.len() != 1);
                if name.eq_ignore_ascii_case(b"save") {
                    has_value |= append_missing_save(lines, next);
                }
            }
            _ => {
                lines.extend(quote(bytes));
                lines.push(b' ');
                has_value = true;
            }
        }
    }
}

/// `--save` without a value means `save ""`. Tells whether it was complete with that.
fn append_missing_save(lines: &mut Vec<u8>, next: Option<&[u8]>) -> bool {
    let missing = next.is_none_or(|next| next.starts_with(b"--"));
    if missing {
        lines.extend_from_slice(b"\"\"");
    }
    missing
}

/// What `--help` prints.
pub const HELP: &str = "\
Usage: redoxcache [/path/to/redis.conf] [options] [-]
       redoxcache - (read the configuration from standard input)
       redoxcache ping [-h host] [-p port] [-s socket]
       redoxcache udf new|build|test|deploy|ls|stats|rm (functions; --help says more)
       redoxcache -v or --version
       redoxcache -h or --help
       redoxcache --print-reference (all directives, as Markdown)
       redoxcache --print-commands (all commands, as Markdown)

Every directive of the configuration file is an option:
       redoxcache --port 7777
       redoxcache /etc/redis.conf --loglevel verbose --maxmemory 1gb
       redoxcache --save \"\" --threads 4
       echo 'maxmemory 128mb' | redoxcache -

Environment: REDIS_PASSWORD[_FILE], and REDOX_<DIRECTIVE>[_FILE] for every directive
(REDOX_MAXMEMORY=1gb). Options win over the environment, the environment over files.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn serve(arguments: &[&str]) -> (Option<String>, bool, String) {
        let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
        match parse(&arguments) {
            Invocation::Serve(sources) => (
                sources.file.map(|file| file.display().to_string()),
                sources.stdin,
                String::from_utf8(sources.lines).expect("text"),
            ),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn flags_become_lines() {
        let cases: &[(&[&str], Option<&str>, bool, &str)] = &[
            (&[], None, false, ""),
            (&["--port", "7000"], None, false, "port \"7000\" "),
            (
                &["a.conf", "--port", "1", "--save", "60", "1"],
                Some("a.conf"),
                false,
                "port \"1\" \nsave \"60\" \"1\" ",
            ),
            (
                &["--save", "", "--port", "1"],
                None,
                false,
                "save \"\" \nport \"1\" ",
            ),
            (
                &["--save", "--port", "1"],
                None,
                false,
                "save \"\"\nport \"1\" ",
            ),
            (
                &["--port", "1", "--save"],
                None,
                false,
                "port \"1\" \nsave \"\"",
            ),
            (
                &["--port 7", "--timeout", "3"],
                None,
                false,
                "port 7 \ntimeout \"3\" ",
            ),
            (&["-", "--port", "1"], None, true, "port \"1\" "),
            (
                &["a.conf", "--port", "1", "-"],
                Some("a.conf"),
                true,
                "port \"1\" ",
            ),
            (
                &["--requirepass", "--secret"],
                None,
                false,
                "requirepass \"--secret\" ",
            ),
        ];
        for (arguments, file, stdin, lines) in cases {
            assert_eq!(
                serve(arguments),
                (file.map(str::to_owned), *stdin, (*lines).to_owned()),
                "{arguments:?}"
            );
        }
    }

    #[test]
    fn special_options_come_first() {
        assert_eq!(parse(&["-v".into()]), Invocation::Version);
        assert_eq!(parse(&["--help".into()]), Invocation::Help);
        assert_eq!(parse(&["--print-reference".into()]), Invocation::Reference);
    }
}
