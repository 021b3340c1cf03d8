//! Users in words: the rules that would make them again, as ACL LIST, GETUSER and SAVE show them.
//!
//! Commands are kept as a set, not as the rules that made it. Which rules describe a set best is guessed as Redis does:
//! from all or nothing, as the set began, by the categories that fit it best, then command by command.

use super::catalog::Catalog;
use super::category::Category;
use super::selector::{CommandSet, KeyAccess, KeyPattern, Selector};
use super::user::{Sanitize, User};

/// The whole line: `user name on … +@all`.
pub fn line(user: &User, catalog: &Catalog) -> Vec<u8> {
    let mut line = [b"user ", user.name(), b" "].concat();
    for word in flags(user) {
        line.extend_from_slice(word.as_bytes());
        line.push(b' ');
    }
    for hash in &user.passwords {
        line.extend_from_slice(format!("#{hash} ").as_bytes());
    }
    if !user.is_of_default_tenant() {
        line.extend_from_slice(&[b"tenant=", &*user.tenant, b" "].concat());
    }
    for (index, selector) in user.selectors.iter().enumerate() {
        let rules = rules(selector, catalog);
        match index {
            0 => line.extend_from_slice(&rules),
            _ => line.extend_from_slice(&[b" (", rules.as_slice(), b")"].concat()),
        }
    }
    line
}

/// The words about logging in and payloads.
pub fn flags(user: &User) -> impl Iterator<Item = &'static str> + Clone {
    let words = [
        (user.enabled, "on"),
        (!user.enabled, "off"),
        (user.no_password, "nopass"),
        (user.sanitize == Sanitize::Skip, "skip-sanitize-payload"),
        (user.sanitize == Sanitize::Yes, "sanitize-payload"),
    ];
    words
        .into_iter()
        .filter_map(|(is_set, word)| is_set.then_some(word))
}

/// All rules of a selector.
fn rules(selector: &Selector, catalog: &Catalog) -> Vec<u8> {
    let mut rules = keys(selector);
    if !rules.is_empty() {
        rules.push(b' ');
    }
    if !selector.all_channels {
        rules.extend_from_slice(b"resetchannels ");
    }
    let channels = channels(selector);
    if !channels.is_empty() {
        rules.extend_from_slice(&channels);
        rules.push(b' ');
    }
    rules.extend_from_slice(commands(selector, catalog).as_slice());
    rules
}

/// The keys of a selector: `~a* %R~b*`.
pub fn keys(selector: &Selector) -> Vec<u8> {
    if selector.all_keys {
        return b"~*".to_vec();
    }
    let words: Vec<Vec<u8>> = selector.keys.iter().map(key_rule).collect();
    words.join(&b' ')
}

fn key_rule(pattern: &KeyPattern) -> Vec<u8> {
    let prefix: &[u8] = match pattern.access {
        KeyAccess::READ => b"%R~",
        KeyAccess::WRITE => b"%W~",
        _ => b"~",
    };
    [prefix, &pattern.pattern].concat()
}

/// The channels of a selector: `&a* &b`.
pub fn channels(selector: &Selector) -> Vec<u8> {
    if selector.all_channels {
        return b"&*".to_vec();
    }
    let words: Vec<Vec<u8>> = selector
        .channels
        .iter()
        .map(|pattern| [b"&", &**pattern].concat())
        .collect();
    words.join(&b' ')
}

/// The commands of a selector: `-@all +@read -get +config|get`.
pub fn commands(selector: &Selector, catalog: &Catalog) -> Vec<u8> {
    let wanted = &selector.commands;
    let adding = !wanted.open_ended;
    let mut rules = if adding { b"-@all" } else { b"+@all" }.to_vec();
    let mut made = CommandSet::none(catalog.len());
    made.put_all(!adding);
    let mut left = wanted.clone();
    let mut unused: Vec<Category> = Category::all().collect();
    while let Some(at) = best_fit(&unused, &left, adding, catalog) {
        let category = unused.remove(at);
        made.put_category(catalog, category, adding);
        left.put_category(catalog, category, !adding);
        let sign = if adding { '+' } else { '-' };
        rules.extend_from_slice(format!(" {sign}@{}", category.name()).as_bytes());
    }
    for id in catalog.ids() {
        let allowed = wanted.contains(id);
        let entry = catalog.get(id);
        if made.contains(id) != allowed {
            made.put_whole(catalog, id, allowed);
            let sign = if allowed { '+' } else { '-' };
            rules.extend_from_slice(format!(" {sign}{}", entry.full_name).as_bytes());
        }
    }
    for (id, arguments) in &selector.first_args {
        let name = catalog.get(*id).full_name.as_bytes();
        for argument in arguments.iter().filter(|_| !wanted.contains(*id)) {
            rules.extend_from_slice(&[b" +", name, b"|", argument].concat());
        }
    }
    debug_assert_eq!(made, *wanted, "{}", String::from_utf8_lossy(&rules));
    rules
}

/// The category that has more commands as wanted than not, the fewest that are not, and then the most that are.
fn best_fit(
    unused: &[Category],
    left: &CommandSet,
    adding: bool,
    catalog: &Catalog,
) -> Option<usize> {
    let mut best: Option<(usize, usize, usize)> = None;
    for (at, category) in unused.iter().enumerate() {
        let members = catalog.in_category(*category);
        let (mut same, mut different) = (0, 0);
        for id in members {
            match left.contains(id) == adding {
                true => same += 1,
                false => different += 1,
            }
        }
        let is_better = best.is_none_or(|(_, best_different, best_same)| {
            different < best_different || (different == best_different && same > best_same)
        });
        if same > different && is_better {
            best = Some((at, different, same));
        }
    }
    best.map(|(at, ..)| at)
}
