//! What was pushed and what connections were told, and the proofs over it: no I/O.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

/// What one pusher brought to one key: the elements 0 to `count`, in this order.
#[derive(Clone, Debug)]
pub struct Pushed {
    pub key: String,
    pub pusher: usize,
    pub count: u64,
}

impl Pushed {
    /// Nothing so far.
    pub fn none(key: &str, pusher: usize) -> Self {
        Pushed {
            key: key.to_owned(),
            pusher,
            count: 0,
        }
    }

    /// The name of an element of it.
    pub fn element(&self, number: u64) -> String {
        format!("{}/{}/{number}", self.key, self.pusher)
    }
}

/// What one connection was told, each in this order.
#[derive(Clone, Debug, Default)]
pub struct Life {
    /// Elements it took out.
    pub popped: Vec<String>,
    /// Elements it moved from list to list.
    pub moved: Vec<String>,
}

/// Where an element was pushed and by whom, and its number there.
pub fn origin(element: &str) -> (&str, u64) {
    let (stream, number) = element.rsplit_once('/').expect("as `Pushed` names them");
    (stream, number.parse().expect("as `Pushed` names them"))
}

/// Checks that the elements of each origin come in the order in which they were pushed.
pub fn in_order<'a>(elements: impl IntoIterator<Item = &'a String>) -> Result<(), String> {
    let mut last = HashMap::new();
    for element in elements {
        let (stream, number) = origin(element);
        match last.insert(stream, number) {
            Some(before) if before >= number => {
                return Err(format!("{element} comes after {before}"));
            }
            _ => (),
        }
    }
    Ok(())
}

/// The last element of each origin.
pub fn latest(elements: &[String]) -> Vec<String> {
    let mut last: HashMap<&str, u64> = HashMap::new();
    for (stream, number) in elements.iter().map(|element| origin(element)) {
        let most = last.entry(stream).or_default();
        *most = number.max(*most);
    }
    let last = last.into_iter();
    last.map(|(stream, number)| format!("{stream}/{number}"))
        .collect()
}

/// Checks that no element is there twice or was never pushed. Returns those that are missing.
pub fn missing<'a>(
    pushed: &[Pushed],
    found: impl IntoIterator<Item = &'a String>,
) -> Result<Vec<String>, String> {
    let mut places: HashMap<String, Vec<bool>> = HashMap::new();
    for from in pushed {
        let stream = format!("{}/{}", from.key, from.pusher);
        places.insert(stream, vec![false; from.count as usize]);
    }
    for element in found {
        let (stream, number) = origin(element);
        let place = places
            .get_mut(stream)
            .and_then(|all| all.get_mut(number as usize))
            .ok_or_else(|| format!("{element} comes from nowhere"))?;
        if std::mem::replace(place, true) {
            return Err(format!("{element} was given twice"));
        }
    }
    let lacks = |from: &Pushed| {
        let places = &places[&format!("{}/{}", from.key, from.pusher)];
        let holes = (0..from.count).filter(|&number| !places[number as usize]);
        holes.map(|number| from.element(number)).collect::<Vec<_>>()
    };
    Ok(pushed.iter().flat_map(lacks).collect())
}

/// Checks what lies in the list of a connection's own: all it was told to have moved, and one more at most if it died.
pub fn told_all(life: &Life, list: &[String], died: bool) -> Result<(), String> {
    let rest = list
        .strip_prefix(&life.moved[..])
        .ok_or("a connection was told other elements than it was given")?;
    match rest {
        [] => Ok(()),
        [_] if died => Ok(()),
        _ => Err(format!("{rest:?} were given and not told")),
    }
}

/// Finds for each missing element of keys that only this consumer took from a life that ended just when it would have been
/// told: the elements around it in its order tell between which lives it was taken, and a life takes no more than one with
/// it. Returns how many lives remain that may have taken something else.
pub fn account_for(lives: &[Life], missing: &[String]) -> Result<usize, String> {
    let mut heard: HashMap<&str, BTreeMap<u64, usize>> = HashMap::new();
    for (at, life) in lives.iter().enumerate() {
        for (stream, number) in life.popped.iter().map(|element| origin(element)) {
            heard.entry(stream).or_default().insert(number, at);
        }
    }
    let last = lives.len() - 1;
    let mut wanted: Vec<(Range<usize>, &String)> = missing
        .iter()
        .map(|element| {
            let (stream, number) = origin(element);
            let told = heard.get(stream);
            let before = told.and_then(|told| told.range(..number).next_back());
            let after = told.and_then(|told| told.range(number..).next());
            let first = before.map_or(0, |(_, &life)| life);
            (first..after.map_or(last, |(_, &life)| life), element)
        })
        .collect();
    // Who has to find a life soonest chooses first; each takes the earliest that is free.
    wanted.sort_by_key(|(lives, _)| lives.end);
    let mut is_free = vec![true; last];
    for (mut possible, element) in wanted {
        let life = possible
            .find(|&life| is_free[life])
            .ok_or_else(|| format!("{element} was lost by nobody's death"))?;
        is_free[life] = false;
    }
    Ok(is_free.into_iter().filter(|&free| free).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn elements(numbers: &[u64]) -> Vec<String> {
        numbers
            .iter()
            .map(|number| format!("k/0/{number}"))
            .collect()
    }

    fn lives(told: &[&[u64]]) -> Vec<Life> {
        let life = |numbers: &&[u64]| Life {
            popped: elements(numbers),
            moved: elements(numbers),
        };
        told.iter().map(life).collect()
    }

    #[test]
    fn losses_doubles_and_strangers_are_seen() {
        let pushed = [Pushed {
            count: 4,
            ..Pushed::none("k", 0)
        }];
        let check = |numbers: &[u64]| missing(&pushed, &elements(numbers));
        assert_eq!(check(&[3, 0, 1, 2]), Ok(vec![]));
        assert_eq!(check(&[0, 3]), Ok(elements(&[1, 2])));
        assert!(check(&[0, 1, 1]).is_err());
        assert!(check(&[0, 4]).is_err());
        assert!(missing(&pushed, &["l/0/1".to_owned()]).is_err());
    }

    #[test]
    fn another_order_is_seen() {
        assert_eq!(in_order(&elements(&[0, 2, 3])), Ok(()));
        assert!(in_order(&elements(&[0, 3, 2])).is_err());
        assert!(in_order(&elements(&[1, 1])).is_err());
    }

    #[test]
    fn only_the_last_gift_to_the_dead_may_be_untold() {
        let life = &lives(&[&[1, 2]])[0];
        let check = |list: &[u64], died| told_all(life, &elements(list), died).is_ok();
        assert!(check(&[1, 2], false) && check(&[1, 2], true) && check(&[1, 2, 3], true));
        assert!(!check(&[1, 2, 3], false) && !check(&[1, 2, 3, 4], true));
        assert!(!check(&[1], true) && !check(&[0, 1, 2], true));
    }

    #[test]
    fn a_loss_needs_a_death_of_its_own() {
        let check = |told: &[&[u64]], lost: &[u64]| account_for(&lives(told), &elements(lost)).ok();
        assert_eq!(check(&[&[0, 1], &[3]], &[2]), Some(0));
        assert_eq!(check(&[&[0, 1], &[2], &[3]], &[]), Some(2));
        assert_eq!(check(&[&[0, 1], &[], &[4]], &[2, 3]), Some(0));
        assert_eq!(
            check(&[&[0, 1], &[4]], &[2, 3]),
            None,
            "one death, two lost"
        );
        assert_eq!(check(&[&[0, 2], &[3]], &[1]), None, "it lived on");
        assert_eq!(check(&[&[0], &[1, 3]], &[2]), None, "not when it died");
        assert_eq!(check(&[&[0]], &[1]), None, "nobody died");
    }
}
