//! Rules in, rights and rules out; and every command of the table against users who lack just it, or just one of its keys.

use std::sync::Arc;

use resp::Args;
use store::command::{Begin, Find, Flags, KeyFlags, key_positions};

use super::check::Denial;
use super::describe;
use super::selector::KeyAccess;
use super::users::Acl;
use super::{NewChannels, User};
use crate::registry::{Command, Registry};

struct World {
    registry: Registry,
    acl: Acl,
}

impl World {
    fn new() -> Self {
        let registry = Registry::new(&[]).expect("nothing is renamed");
        let acl = Acl::new(&registry, Default::default(), b"");
        World { registry, acl }
    }

    /// The user that these rules make; the error's text when one is refused.
    fn user(&self, rules: &str) -> Result<Arc<User>, String> {
        let words = rules.split(' ').map(str::as_bytes);
        let all = std::iter::once(&b"reset"[..]).chain(words);
        let made = self.acl.set(b"u", all, NewChannels::None);
        made.map(|(_, user)| user).map_err(|e| e.to_string())
    }

    fn line(&self, rules: &str) -> String {
        match self.user(rules) {
            Ok(user) => {
                let line = describe::line(&user, &self.acl.catalog);
                let line = String::from_utf8(line).expect("text");
                line.trim_start_matches("user u ").to_owned()
            }
            Err(error) => error,
        }
    }

    fn command(&self, args: Args<'_>) -> &Command {
        let command = self.registry.find(args.get(0)).expect("known");
        match args.try_get(1) {
            Some(sub) if !command.subcommands.is_empty() => {
                self.registry.find_sub(command, sub).expect("known")
            }
            _ => command,
        }
    }

    fn check(&self, rules: &str, line: &str) -> Result<(), Denial> {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let args = Args::from_slices(&words);
        let user = self.user(rules).expect(rules);
        user.check(self.command(args), args)
    }
}

#[test]
fn rules_read_back() {
    let world = World::new();
    for (rules, line) in [
        ("on", "on sanitize-payload resetchannels -@all"),
        (
            "nopass allkeys allchannels allcommands skip-sanitize-payload",
            "off nopass skip-sanitize-payload ~* &* +@all",
        ),
        (
            "%R~a %W~a %rw~b %W~c ~d",
            "off sanitize-payload ~a ~b %W~c ~d resetchannels -@all",
        ),
        (
            "&a &b &a +publish|x -publish",
            "off sanitize-payload resetchannels &a &b -@all",
        ),
        (
            "+get +GET -get +mget",
            "off sanitize-payload resetchannels -@all +mget",
        ),
        (
            "+@all -config +config|get",
            "off sanitize-payload resetchannels +@all -config +config|get",
        ),
        (
            "+config|get +config",
            "off sanitize-payload resetchannels -@all +config",
        ),
        (
            "+select|0 +select|1 +SELECT|0",
            "off sanitize-payload resetchannels -@all +select|0 +select|1",
        ),
        (
            "+select|0 +select",
            "off sanitize-payload resetchannels -@all +select",
        ),
        (
            "+debug|none -debug +debug|object",
            "off sanitize-payload resetchannels -@all +debug|object",
        ),
        (
            "~a (~b +get ) ( +set &c)",
            "off sanitize-payload ~a resetchannels -@all (~b resetchannels -@all +get) (resetchannels &c -@all +set)",
        ),
        (
            "(~b +get) clearselectors",
            "off sanitize-payload resetchannels -@all",
        ),
        (
            ">a >b <a nopass resetpass",
            "off sanitize-payload resetchannels -@all",
        ),
    ] {
        assert_eq!(world.line(rules), line, "{rules}");
    }
}

#[test]
fn rules_are_refused_with_redis_texts() {
    let world = World::new();
    for (rule, reason) in [
        ("nonsense", "Syntax error"),
        ("%~a", "Syntax error"),
        ("%RR~a", "Syntax error"),
        ("%X~a", "Syntax error"),
        ("~a\tb", "Syntax error"),
        ("+@nonsense", "Unknown command or category name in ACL"),
        ("+nonsense", "Unknown command or category name in ACL"),
        ("-get|x", "Unknown command or category name in ACL"),
        (
            "+config|nonsense",
            "Unknown command or category name in ACL",
        ),
        ("+get|", "Syntax error"),
        (
            "+config|get|x",
            "Allowing first-arg of a subcommand is not supported",
        ),
        (
            "<none",
            "The password you are trying to remove from the user does not exist",
        ),
        (
            "#abc",
            "The password hash must be exactly 64 characters and contain only lowercase hexadecimal characters",
        ),
        ("+get)", "Unknown command or category name in ACL"),
        ("(+nonsense)", "Unknown command or category name in ACL"),
    ] {
        let expected = format!("Error in ACL SETUSER modifier '{rule}': {reason}");
        assert_eq!(world.line(rule), expected);
    }
    assert!(
        world
            .line("~* ~a")
            .ends_with("Try 'resetkeys' to start with an empty list of patterns")
    );
    assert!(
        world
            .line("&* &a")
            .ends_with("Try 'resetchannels' to start with an empty list of channels")
    );
    assert_eq!(
        world.line("on (+get ~a"),
        "Unmatched parenthesis in acl selector starting at '(+get'."
    );
}

#[test]
fn categories_describe_themselves() {
    let world = World::new();
    for category in super::category::Category::all() {
        if world.acl.catalog.in_category(category).next().is_none() {
            continue;
        }
        let name = category.name();
        for (rules, line) in [
            (format!("+@{name}"), format!("-@all +@{name}")),
            (format!("+@all -@{name}"), format!("+@all -@{name}")),
        ] {
            let user = world.user(&rules).expect("well-formed");
            let commands = describe::commands(&user.selectors[0], &world.acl.catalog);
            assert_eq!(String::from_utf8_lossy(&commands), line, "{rules}");
        }
    }
}

#[test]
fn requests_are_judged() {
    let world = World::new();
    let ok = Ok(());
    for (rules, request, expected) in [
        ("+get", "get a", Err(Denial::Key(1))),
        ("+get ~a*", "get ab", ok),
        ("~a*", "get ab", Err(Denial::Command)),
        ("~a*", "auth x", ok),
        ("+@all %R~a %W~b", "copy a b", ok),
        ("+@all %R~a %W~b", "copy b a", Err(Denial::Key(1))),
        ("+@all %R~a %W~b", "set b 1", ok),
        ("+@all %R~a %W~b", "set b 1 get", Err(Denial::Key(1))),
        ("+@all %R~a %W~b", "bitfield a get u8 0", ok),
        (
            "+@all %R~a %W~b",
            "bitfield a set u8 0 1",
            Err(Denial::Key(1)),
        ),
        ("+@all %R~a %W~b", "exists a b", ok),
        ("+@all %R~a %W~b", "exists a b c", Err(Denial::Key(3))),
        ("+@all %R~a %W~b", "sort a store b", ok),
        ("+@all %R~a %W~b", "sort a store a", Err(Denial::Key(3))),
        ("+@all ~a", "zunion 9 b", ok),
        ("+select|1", "select 1", ok),
        ("+select|1", "select 2", Err(Denial::Command)),
        ("+debug|sleep", "debug object a", Err(Denial::Command)),
        ("+config|get", "config get x", ok),
        ("+config|get", "config set x y", Err(Denial::Command)),
        ("+@all ~a (+mget ~a ~b)", "mget b c", Err(Denial::Key(2))),
        ("+@all ~a (+mget ~a ~b)", "mget a b", ok),
        ("(+get ~a) (+set ~b)", "set a 1", Err(Denial::Key(1))),
        ("(+get ~a) (+set ~b)", "del a", Err(Denial::Command)),
    ] {
        assert_eq!(world.check(rules, request), expected, "{rules}: {request}");
    }
}

#[test]
fn hidden_reads_need_every_key() {
    let world = World::new();
    for (rules, request, allowed) in [
        ("+sort ~l", "sort l by w*", false),
        ("+sort ~l %W~*", "sort l by w*", false),
        ("+sort ~l (+sort ~l %R~*)", "sort l by w*", true),
        ("+sort ~l", "sort l get #", false),
        ("+sort ~l", "sort l by nosort", true),
    ] {
        let words: Vec<&[u8]> = request.split(' ').map(str::as_bytes).collect();
        let args = Args::from_slices(&words);
        let (user, command) = (world.user(rules).expect(rules), world.command(args));
        let hides = command.spec.hidden_reads.expect("SORT")(args).is_some();
        let may = !hides || user.may_read_every_key(command, args);
        assert_eq!(may, allowed, "{rules}: {request}");
    }
}

#[test]
fn passwords_open() {
    let world = World::new();
    for (rules, opens) in [
        ("on nopass", true),
        ("off nopass", false),
        ("on >x", true),
        ("on >y", false),
        ("on", false),
        ("on >y >x", true),
        ("on >x <x", false),
        ("on >x nopass resetpass", false),
    ] {
        let user = world.user(rules).expect(rules);
        assert_eq!(user.accepts(b"x"), opens, "{rules}");
    }
}

#[test]
fn a_change_is_whole_or_nothing_and_replaces_the_user() {
    let world = World::new();
    let acl = &world.acl;
    let before = world.user("on +get").expect("well-formed");
    let epoch = acl.epoch();
    assert!(world.user("+set +nonsense").is_err());
    let now = acl.get(b"u").expect("there");
    assert!(Arc::ptr_eq(&before, &now));
    let after = world.user("+set").expect("well-formed");
    assert_eq!(after.identity, before.identity);
    assert!(acl.epoch() > epoch);
    acl.remove(b"u");
    let again = world.user("+set").expect("well-formed");
    assert_ne!(again.identity, before.identity);
}

/// The words of a call that has a key wherever the command may have one; counts are 1.
fn call(registry: &Registry, command: &Command) -> Vec<Vec<u8>> {
    let spec = command.spec;
    let mut words: Vec<Vec<u8>> = command
        .full_name
        .split('|')
        .map(|word| word.as_bytes().to_vec())
        .collect();
    let least = spec.arity.unsigned_abs() as usize;
    let named = words.len();
    let keys = spec.keys.iter().map(|key| match (key.begin, key.find) {
        (Begin::Index(index), Find::KeyNum { first, .. }) => index + first + 1,
        (Begin::Index(index), _) => index + 1,
        (Begin::Keyword(..) | Begin::Unknown, _) => 0,
    });
    let len = keys.fold(least.max(named), usize::max);
    words.resize(len, b"1".to_vec());
    let keywords = spec.keys.iter().filter_map(|key| match key.begin {
        Begin::Keyword(word, _) => Some(word),
        _ => None,
    });
    let stores = spec.more_keys.map(|_| "STORE");
    for word in keywords.chain(stores) {
        if spec.arity > 0 || words.iter().any(|known| known == word.as_bytes()) {
            continue;
        }
        words.push(word.as_bytes().to_vec());
        words.extend([b"1".to_vec(), b"1".to_vec()]);
    }
    assert!(registry.find_full(command.full_name.as_bytes()).is_some());
    words
}

fn args_of<T>(words: &[Vec<u8>], work: impl FnOnce(Args<'_>) -> T) -> T {
    let words: Vec<&[u8]> = words.iter().map(Vec::as_slice).collect();
    work(Args::from_slices(&words))
}

#[test]
fn every_command_needs_its_right() {
    let world = World::new();
    for command in world.registry.all() {
        let user = world
            .user(&format!("+@all -{} ~* &*", command.full_name))
            .expect("well-formed");
        let words = call(&world.registry, command);
        let checked = args_of(&words, |args| user.check(command, args));
        let free = command.spec.flags.contains(Flags::NO_AUTH);
        let expected = if free { Ok(()) } else { Err(Denial::Command) };
        assert_eq!(checked, expected, "{}", command.full_name);
        let user = world
            .user(&format!("+{} ~* &*", command.full_name))
            .expect("well-formed");
        let checked = args_of(&words, |args| user.check(command, args));
        assert_eq!(checked, Ok(()), "{}", command.full_name);
    }
}

#[test]
fn every_key_of_every_command_needs_its_right() {
    let world = World::new();
    let mut checked = 0;
    for command in world.registry.all() {
        let mut words = call(&world.registry, command);
        let mut keys = Vec::new();
        let found = args_of(&words, |args| {
            key_positions(command.spec, args, |index, flags| {
                if !flags.contains(KeyFlags::NOT_KEY) {
                    keys.push((index, KeyAccess::needed(flags)));
                }
            })
        });
        assert_eq!(found, Ok(()), "{}: {words:?}", command.full_name);
        // A call without any key is whole as well.
        let may_have_none = command.spec.flags.contains(Flags::NO_MANDATORY_KEYS);
        if may_have_none && keys.is_empty() {
            continue;
        }
        let has_keys = command
            .spec
            .keys
            .iter()
            .any(|key| key.begin != Begin::Unknown && !key.flags.contains(KeyFlags::NOT_KEY));
        assert_eq!(
            keys.is_empty(),
            !has_keys,
            "{}: {words:?}",
            command.full_name
        );
        for (index, _) in &keys {
            words[*index] = format!("k{index}").into_bytes();
        }
        for (index, needed) in &keys {
            let others = keys.iter().filter(|(other, _)| other != index);
            let others: String = others.map(|(other, _)| format!(" ~k{other}")).collect();
            let judge = |rules: String| {
                let user = world.user(&rules).expect("well-formed");
                args_of(&words, |args| user.check(command, args))
            };
            let denied = Err(Denial::Key(*index));
            let name = &command.full_name;
            assert_eq!(judge(format!("+@all{others}")), denied, "{name}");
            for (letter, access) in [("R", KeyAccess::READ), ("W", KeyAccess::WRITE)] {
                let expected = if access.contains(*needed) {
                    Ok(())
                } else {
                    denied
                };
                let rules = format!("+@all{others} %{letter}~k{index}");
                assert_eq!(judge(rules), expected, "{name} {letter} {index}");
            }
            assert_eq!(judge(format!("+@all{others} ~k{index}")), Ok(()), "{name}");
            checked += 1;
        }
    }
    assert!(checked > 150, "{checked}");
}
