//! Linearizability: whether what concurrent clients saw can be put into one order, in which every operation takes effect
//! at one moment between its call and its return, and every reply is what a server with one client would give.
//!
//! The search is Wing and Gong's: take any operation that nobody's return comes before, try it on the model, and go on
//! with the rest; a pair of what has been taken and the state it led to is not looked at twice. Histories are short, at
//! most 64 operations, so that a set of them is one word.

use std::collections::HashSet;

/// Registers there are.
pub const KEYS: usize = 3;
/// Most operations of a history.
pub const OPERATIONS_MAX: usize = 64;

/// The value of every register; none for a key that does not exist.
pub type State = [Option<i64>; KEYS];

/// What a client asked for. Keys are numbers below [`KEYS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// GET.
    Get(usize),
    /// SET.
    Set(usize, i64),
    /// INCR.
    Incr(usize),
    /// SET with GET: the value before.
    Swap(usize, i64),
    /// MGET of all keys.
    GetAll,
    /// MSET of all keys to one value.
    SetAll(i64),
    /// DEL of two keys.
    Delete(usize, usize),
    /// INCR of two keys in one transaction.
    IncrBoth(usize, usize),
    /// A script that makes the first of two keys greater by one than both were: what they were, what it is.
    Overtake(usize, usize),
    /// A script that exchanges what two keys hold, which it was not told of as keys: what they hold then.
    Exchange(usize, usize),
}

/// What it was told, as numbers in the order of the reply; none for null.
pub type Told = Vec<Option<i64>>;

/// One operation of a history. Times are of one clock.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Before it was sent.
    pub called_at: u64,
    /// After its reply had come.
    pub returned_at: u64,
    /// The request.
    pub ask: Ask,
    /// The reply.
    pub told: Told,
}

impl Ask {
    /// What a server with one client would do and tell.
    pub fn apply(&self, state: &mut State) -> Told {
        let incr = |register: &mut Option<i64>| {
            let value = register.unwrap_or(0) + 1;
            *register = Some(value);
            *register
        };
        match *self {
            Ask::Get(key) => vec![state[key]],
            Ask::Set(key, value) => {
                state[key] = Some(value);
                Vec::new()
            }
            Ask::Incr(key) => vec![incr(&mut state[key])],
            Ask::Swap(key, value) => vec![state[key].replace(value)],
            Ask::GetAll => state.to_vec(),
            Ask::SetAll(value) => {
                *state = [Some(value); KEYS];
                Vec::new()
            }
            Ask::Delete(a, b) => {
                let gone = [a, b].map(|key| i64::from(state[key].take().is_some()));
                vec![Some(gone.iter().sum())]
            }
            Ask::IncrBoth(a, b) => [a, b].map(|key| incr(&mut state[key])).to_vec(),
            Ask::Overtake(a, b) => {
                let (before, other) = (state[a], state[b]);
                state[a] = Some(before.unwrap_or(0).max(other.unwrap_or(0)) + 1);
                vec![before, other, state[a]]
            }
            Ask::Exchange(a, b) => {
                state.swap(a, b);
                vec![state[a], state[b]]
            }
        }
    }
}

/// Whether one order explains the history, which starts with no key there.
///
/// # Panics
/// When there are more than [`OPERATIONS_MAX`] operations.
pub fn is_linearizable(history: &[Operation]) -> bool {
    assert!(history.len() <= OPERATIONS_MAX, "a history fits one word");
    let all = match history.len() {
        OPERATIONS_MAX => u64::MAX,
        len => (1 << len) - 1,
    };
    let mut seen = HashSet::new();
    let mut open = vec![(0u64, State::default())];
    while let Some((taken, state)) = open.pop() {
        if taken == all {
            return true;
        }
        let left = || (0..history.len()).filter(|at| taken & (1 << at) == 0);
        let first_return = left().map(|at| history[at].returned_at).min().unwrap_or(0);
        for at in left().filter(|at| history[*at].called_at <= first_return) {
            let mut next = state;
            if history[at].ask.apply(&mut next) == history[at].told {
                let step = (taken | 1 << at, next);
                if seen.insert(step) {
                    open.push(step);
                }
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(called_at: u64, returned_at: u64, ask: Ask, told: &[Option<i64>]) -> Operation {
        Operation {
            called_at,
            returned_at,
            ask,
            told: told.to_vec(),
        }
    }

    #[test]
    fn overlapping_operations_may_have_taken_either_order() {
        for seen in [None, Some(1)] {
            let history = [
                operation(0, 10, Ask::Set(0, 1), &[]),
                operation(2, 8, Ask::Get(0), &[seen]),
            ];
            assert!(is_linearizable(&history), "{seen:?}");
        }
    }

    #[test]
    fn a_stale_read_is_found() {
        let history = [
            operation(0, 1, Ask::Set(0, 1), &[]),
            operation(2, 3, Ask::Get(0), &[None]),
        ];
        assert!(!is_linearizable(&history));
    }

    #[test]
    fn a_lost_update_is_found() {
        let history = [
            operation(0, 10, Ask::Incr(0), &[Some(1)]),
            operation(0, 10, Ask::Incr(0), &[Some(1)]),
        ];
        assert!(!is_linearizable(&history));
    }

    #[test]
    fn half_of_a_transaction_is_found() {
        let mut history = vec![
            operation(0, 10, Ask::IncrBoth(0, 1), &[Some(1), Some(1)]),
            operation(1, 9, Ask::GetAll, &[Some(1), None, None]),
        ];
        assert!(!is_linearizable(&history));
        history[1].told = vec![Some(1), Some(1), None];
        assert!(is_linearizable(&history));
    }

    #[test]
    fn half_of_a_script_is_found() {
        let mut history = vec![
            operation(0, 3, Ask::Set(0, 7), &[]),
            operation(4, 20, Ask::Exchange(0, 1), &[None, Some(7)]),
            operation(5, 9, Ask::GetAll, &[Some(7), Some(7), None]),
            operation(21, 22, Ask::Overtake(2, 1), &[None, Some(7), Some(8)]),
        ];
        assert!(!is_linearizable(&history));
        history[2].told = vec![None, Some(7), None];
        assert!(is_linearizable(&history));
    }

    #[test]
    fn two_readers_who_disagree_on_the_order_are_found() {
        let history = [
            operation(0, 20, Ask::Set(0, 1), &[]),
            operation(0, 20, Ask::Set(1, 1), &[]),
            operation(1, 2, Ask::Get(0), &[Some(1)]),
            operation(3, 4, Ask::Get(1), &[None]),
            operation(1, 2, Ask::Get(1), &[Some(1)]),
            operation(3, 4, Ask::Get(0), &[None]),
        ];
        assert!(!is_linearizable(&history));
    }
}
