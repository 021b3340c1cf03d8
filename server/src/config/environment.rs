//! Environment variables as configuration lines: `REDIS_PASSWORD[_FILE]` and
//! `REDOX_<DIRECTIVE>[_FILE]`. Above files in precedence, below the command line.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::directive::{NAMES, Named};
use super::file::LoadError;
use super::quoting::quote;

/// The lines, and what was left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Lines of a configuration file.
    pub lines: Vec<u8>,
    /// Variables that look like ours and name no directive.
    pub unknown: Vec<String>,
}

/// Reads variables, in the order of their names.
pub fn read(
    variables: impl Iterator<Item = (OsString, OsString)>,
) -> Result<Environment, LoadError> {
    let mut variables: Vec<_> = variables.collect();
    variables.sort();
    let mut environment = Environment::default();
    for (name, value) in variables {
        let Some(variable) = name.to_str().and_then(strip_prefix) else {
            continue;
        };
        match find(variable) {
            Some((named, _)) if is_service_link(named, &value) => {}
            Some((named, Source::Value)) => append(&mut environment.lines, named, value.as_bytes()),
            Some((named, Source::File)) => {
                append(&mut environment.lines, named, &read_secret(&value)?)
            }
            None => environment
                .unknown
                .push(name.to_string_lossy().into_owned()),
        }
    }
    Ok(environment)
}

/// Whether the value is in the variable or in a file it names.
#[derive(Clone, Copy)]
enum Source {
    Value,
    File,
}

fn strip_prefix(name: &str) -> Option<&str> {
    match name {
        "REDIS_PASSWORD" => Some("REQUIREPASS"),
        "REDIS_PASSWORD_FILE" => Some("REQUIREPASS_FILE"),
        name => name.strip_prefix("REDOX_"),
    }
}

/// The whole name wins over the name with `_FILE`: `REDOX_TLS_CERT_FILE` is `tls-cert-file`.
fn find(variable: &str) -> Option<(Named, Source)> {
    let directive = |variable: &str| {
        let spelled = variable.to_ascii_lowercase();
        NAMES
            .iter()
            .find(|named| named.name.replace('-', "_") == spelled)
            .copied()
    };
    let in_file = || {
        variable
            .strip_suffix("_FILE")
            .and_then(directive)
            .map(|named| (named, Source::File))
    };
    directive(variable)
        .map(|named| (named, Source::Value))
        .or_else(in_file)
}

/// Kubernetes sets `REDOX_PORT=tcp://…` for a service called `redox`; that is no port of ours.
fn is_service_link(named: Named, value: &OsStr) -> bool {
    named.name == "port" && value.as_bytes().starts_with(b"tcp://")
}

fn append(lines: &mut Vec<u8>, named: Named, value: &[u8]) {
    lines.extend_from_slice(named.name.as_bytes());
    lines.push(b' ');
    lines.extend(quote(value));
    lines.push(b'\n');
}

/// A file's content without its last line end.
fn read_secret(path: &OsStr) -> Result<Vec<u8>, LoadError> {
    let path = PathBuf::from(path);
    let mut content = fs::read(&path).map_err(|error| LoadError::Open { path, error })?;
    if content.ends_with(b"\n") {
        content.pop();
    }
    if content.ends_with(b"\r") {
        content.pop();
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(variables: &[(&str, &str)]) -> (String, Vec<String>) {
        let pairs = variables
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let environment = read(pairs).expect("readable");
        (
            String::from_utf8(environment.lines).expect("text"),
            environment.unknown,
        )
    }

    #[test]
    fn variables_become_lines() {
        let (text, unknown) = lines(&[
            ("HOME", "/root"),
            ("REDIS_PASSWORD", "a \"b\""),
            ("REDOX_MAXMEMORY", "1gb"),
            ("REDOX_SERVER_CPULIST", "0-1"),
            ("REDOX_SAVE", "60 1"),
            ("REDOX_TLS_CERT_FILE", "/c"),
            ("REDOX_PORT", "tcp://10.0.0.1:6379"),
            ("REDOX_SERVICE_HOST", "10.0.0.1"),
        ]);
        assert_eq!(
            text,
            "requirepass \"a \\\"b\\\"\"\nmaxmemory \"1gb\"\nsave \"60 1\"\nserver_cpulist \"0-1\"\ntls-cert-file \"/c\"\n"
        );
        assert_eq!(unknown, ["REDOX_SERVICE_HOST"]);
    }

    #[test]
    fn secrets_come_from_files() {
        let path = std::env::temp_dir().join(format!("redox-secret-{}", std::process::id()));
        fs::write(&path, "s3cret\n").expect("written");
        let (text, _) = lines(&[("REDIS_PASSWORD_FILE", path.to_str().expect("text"))]);
        assert_eq!(text, "requirepass \"s3cret\"\n");
        fs::remove_file(&path).expect("removed");
        let missing = read([("REDOX_REQUIREPASS_FILE".into(), "/no/such".into())].into_iter());
        assert!(missing.is_err());
    }
}
