//! `redoxcache ping`: the health check of containers that have no other program in them.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::time::Duration;

const DEFAULT_PORT: u16 = 6379;
const TIMEOUT: Duration = Duration::from_secs(3);

/// Where to ask.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    Tcp { host: String, port: u16 },
    Unix(OsString),
}

/// Asks a server for PING; `arguments` are those behind `ping`: `[-h host] [-p port] [-s socket]`.
/// Any answer in the protocol counts, `-NOAUTH` as well as `+PONG`: somebody serves.
pub fn run(arguments: &[OsString]) -> ExitCode {
    let Some(target) = parse(arguments) else {
        eprintln!("usage: redoxcache ping [-h host] [-p port] [-s socket]");
        return ExitCode::from(2);
    };
    match ask(&target) {
        Ok(answer) => {
            println!("{answer}");
            if answer == "PONG" || answer.starts_with("NOAUTH") {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn parse(arguments: &[OsString]) -> Option<Target> {
    let (mut host, mut port, mut socket) = ("127.0.0.1".to_owned(), DEFAULT_PORT, None);
    for pair in arguments.chunks(2) {
        let [flag, value] = pair else { return None };
        match flag.to_str()? {
            "-h" => host = value.to_str()?.to_owned(),
            "-p" => port = value.to_str()?.parse().ok()?,
            "-s" => socket = Some(value.clone()),
            _ => return None,
        }
    }
    Some(socket.map_or(Target::Tcp { host, port }, Target::Unix))
}

fn ask(target: &Target) -> io::Result<String> {
    match target {
        Target::Tcp { host, port } => {
            let stream = TcpStream::connect((host.as_str(), *port))?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            exchange(stream)
        }
        Target::Unix(path) => {
            let stream = UnixStream::connect(path)?;
            stream.set_read_timeout(Some(TIMEOUT))?;
            exchange(stream)
        }
    }
}

fn exchange(mut stream: impl Read + Write) -> io::Result<String> {
    stream.write_all(b"*1\r\n$4\r\nPING\r\n")?;
    let mut line = Vec::new();
    let mut byte = [0];
    while !line.ends_with(b"\r\n") && line.len() < 512 {
        stream.read_exact(&mut byte)?;
        line.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&line);
    Ok(text.trim_end().trim_start_matches(['+', '-']).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &[&str]) -> Option<Target> {
        parse(&words.iter().map(OsString::from).collect::<Vec<_>>())
    }

    #[test]
    fn targets_are_read_like_redis_cli_does() {
        assert_eq!(
            parsed(&[]),
            Some(Target::Tcp {
                host: "127.0.0.1".into(),
                port: 6379
            })
        );
        assert_eq!(
            parsed(&["-p", "7000"]),
            Some(Target::Tcp {
                host: "127.0.0.1".into(),
                port: 7000
            })
        );
        assert_eq!(
            parsed(&["-s", "/run/r.sock"]),
            Some(Target::Unix("/run/r.sock".into()))
        );
        assert_eq!(parsed(&["-p"]), None);
        assert_eq!(parsed(&["-p", "x"]), None);
    }
}
