//! Which arguments are secrets, which neither the slow log nor MONITOR may show.

use resp::Args;

use crate::config;
use crate::registry::Command;

/// What stands for a secret.
pub const REDACTED: &[u8] = b"(redacted)";

/// Whether argument `at` of this call is a secret, or may be one.
pub fn is_secret(command: &Command, args: Args<'_>, at: usize) -> bool {
    match command.full_name.as_str() {
        "auth" => at >= 1,
        "acl|setuser" => at >= 2,
        "hello" => follows(args, at, "auth", 2),
        "migrate" => follows(args, at, "auth", 1) || follows(args, at, "auth2", 2),
        "tenant|create" | "tenant|set" => follows(args, at, "password", 1),
        "config|set" => at >= 3 && at % 2 == 1 && config::is_sensitive(args.get(at - 1)),
        _ => false,
    }
}

/// Whether argument `at` is one of the `count` that come after this keyword.
fn follows(args: Args<'_>, at: usize, keyword: &str, count: usize) -> bool {
    (1..=count.min(at.saturating_sub(1)))
        .any(|back| args.get(at - back).eq_ignore_ascii_case(keyword.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;

    fn shown(line: &str) -> String {
        let registry = Registry::new(&[]).expect("nothing is renamed");
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let args = Args::from_slices(&words);
        let name = match registry.find(words[0]) {
            Some(command) if !command.subcommands.is_empty() => format!(
                "{}|{}",
                command.full_name,
                String::from_utf8_lossy(words[1])
            ),
            _ => String::from_utf8_lossy(words[0]).into_owned(),
        };
        let command = registry.find_full(name.as_bytes()).expect(line);
        let words: Vec<&[u8]> = (0..args.len())
            .map(|at| match is_secret(command, args, at) {
                true => REDACTED,
                false => args.get(at),
            })
            .collect();
        String::from_utf8(words.join(&b' ')).expect("text")
    }

    #[test]
    fn secrets_are_known_by_command_and_place() {
        for (line, expected) in [
            ("auth pw", "auth (redacted)"),
            ("auth user pw", "auth (redacted) (redacted)"),
            (
                "hello 3 AUTH u p setname n",
                "hello 3 AUTH (redacted) (redacted) setname n",
            ),
            ("hello 3", "hello 3"),
            ("set auth pw", "set auth pw"),
            (
                "config set maxclients 5 requirepass x",
                "config set maxclients 5 requirepass (redacted)",
            ),
            (
                "config set masterauth x",
                "config set masterauth (redacted)",
            ),
            ("config get requirepass", "config get requirepass"),
        ] {
            assert_eq!(shown(line), expected);
        }
    }
}
