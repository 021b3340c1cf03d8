//! The mock's data, and the reply that is being written.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::Value;

/// What stands for a failure.
pub(super) const NIL: i32 = -1;
pub(super) const WRONG_TYPE: i32 = -2;
pub(super) const UNDECLARED: i32 = -3;
pub(super) const BAD_ARGUMENT: i32 = -6;
pub(super) const OVERFLOW: i32 = -7;

type Bytes = Vec<u8>;
type Commands = Rc<dyn Fn(&[&[u8]]) -> Value>;

/// What a key holds.
#[derive(Clone, Debug)]
pub(super) enum Data {
    String(Bytes),
    List(VecDeque<Bytes>),
    Set(BTreeSet<Bytes>),
    Zset(BTreeMap<Bytes, f64>),
    Hash(BTreeMap<Bytes, Bytes>),
}

struct Entry {
    data: Data,
    expires_at_ms: Option<i64>,
}

/// One thread's host.
#[derive(Default)]
pub(super) struct State {
    keys: BTreeMap<Bytes, Entry>,
    declared: Vec<Bytes>,
    pub(super) now_ms: i64,
    pub(super) random: u64,
    pub(super) commands: Option<Commands>,
    pub(super) log: Vec<String>,
    pub(super) registered: Option<Vec<(String, u32)>>,
    pub(super) answers: Vec<Option<Value>>,
    /// Values that are not part of another one, and open aggregates behind them.
    reply: Vec<Open>,
    done: Option<Value>,
}

/// An aggregate that waits for its parts.
struct Open {
    value: Value,
    missing: usize,
    key: Option<Value>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Does something with this thread's host.
pub(super) fn with<R>(work: impl FnOnce(&mut State) -> R) -> R {
    STATE.with(|state| work(&mut state.borrow_mut()))
}

impl State {
    /// A call begins.
    pub(super) fn begin(&mut self, keys: &[&[u8]]) {
        self.declared = keys.iter().map(|key| key.to_vec()).collect();
        self.answers.clear();
        self.reply.clear();
        self.done = None;
    }

    /// A call has ended with this result: its reply.
    pub(super) fn end(&mut self, status: i32) -> Value {
        assert!(self.reply.is_empty(), "the reply is incomplete");
        match (status, self.done.take()) {
            (0, reply) => reply.unwrap_or(Value::Nil),
            (-1, Some(error @ Value::Error(_))) => error,
            (-2, _) => Value::Error("ERR wrong number of keys or arguments".to_owned()),
            (status, _) => panic!("the function gave {}", status),
        }
    }

    /// Writes a value of the reply.
    pub(super) fn reply(&mut self, value: Value) {
        assert!(self.done.is_none(), "the function replies twice");
        let missing = match &value {
            Value::Array(items) | Value::Set(items) => items.len(),
            Value::Map(pairs) => 2 * pairs.len(),
            _ => 0,
        };
        if missing > 0 {
            let value = match value {
                Value::Array(_) => Value::Array(Vec::new()),
                Value::Set(_) => Value::Set(Vec::new()),
                _ => Value::Map(Vec::new()),
            };
            let key = None;
            return self.reply.push(Open {
                value,
                missing,
                key,
            });
        }
        self.close(value);
    }

    /// A value is whole, and so may be what it is part of.
    fn close(&mut self, value: Value) {
        let open = match self.reply.last_mut() {
            Some(open) => open,
            None => {
                self.done = Some(value);
                return;
            }
        };
        match (&mut open.value, open.key.take()) {
            (Value::Array(items) | Value::Set(items), _) => items.push(value),
            (Value::Map(pairs), Some(key)) => pairs.push((key, value)),
            (_, _) => open.key = Some(value),
        }
        open.missing -= 1;
        if open.missing == 0 {
            let whole = self.reply.pop().map(|open| open.value);
            self.close(whole.expect("it was there a moment ago"));
        }
    }

    fn check(&self, key: &[u8]) -> Result<(), i32> {
        match self.declared.iter().any(|declared| declared == key) || self.declared.is_empty() {
            true => Ok(()),
            false => Err(UNDECLARED),
        }
    }

    /// What a key holds.
    pub(super) fn data(&mut self, key: &[u8]) -> Result<Option<&mut Data>, i32> {
        self.check(key)?;
        let now_ms = self.now_ms;
        let is_due = |entry: &Entry| entry.expires_at_ms.map_or(false, |at_ms| at_ms <= now_ms);
        if self.keys.get(key).map_or(false, is_due) {
            self.keys.remove(key);
        }
        Ok(self.keys.get_mut(key).map(|entry| &mut entry.data))
    }

    /// What a key holds, `empty` put there if there is nothing.
    pub(super) fn data_or(&mut self, key: &[u8], empty: Data) -> Result<&mut Data, i32> {
        if self.data(key)?.is_none() {
            let entry = Entry {
                data: empty,
                expires_at_ms: None,
            };
            self.keys.insert(key.to_vec(), entry);
        }
        self.data(key)?.ok_or(NIL)
    }

    /// Takes a key away whose collection has become empty.
    pub(super) fn tidy(&mut self, key: &[u8]) {
        let is_empty = |entry: &Entry| match &entry.data {
            Data::String(_) => false,
            Data::List(list) => list.is_empty(),
            Data::Set(set) => set.is_empty(),
            Data::Zset(zset) => zset.is_empty(),
            Data::Hash(hash) => hash.is_empty(),
        };
        if self.keys.get(key).map_or(false, is_empty) {
            self.keys.remove(key);
        }
    }

    /// Removes a key; whether there was one.
    pub(super) fn remove(&mut self, key: &[u8]) -> Result<bool, i32> {
        let was_there = self.data(key)?.is_some();
        self.keys.remove(key);
        Ok(was_there)
    }

    /// The string at a key.
    pub(super) fn string(&mut self, key: &[u8]) -> Result<Option<Bytes>, i32> {
        match self.data(key)? {
            None => Ok(None),
            Some(Data::String(bytes)) => Ok(Some(bytes.clone())),
            Some(_) => Err(WRONG_TYPE),
        }
    }

    /// The sorted set at a key, in its order.
    pub(super) fn sorted_set(&mut self, key: &[u8]) -> Option<Vec<(Bytes, f64)>> {
        let mut members: Vec<(Bytes, f64)> = match self.data(key).ok()?? {
            Data::Zset(zset) => zset.iter().map(|(m, score)| (m.clone(), *score)).collect(),
            _ => return None,
        };
        // Members come by name, and a stable sort keeps them so among equals.
        members.sort_by(|a, b| a.1.total_cmp(&b.1));
        Some(members)
    }

    /// The list at a key.
    pub(super) fn list(&mut self, key: &[u8]) -> Option<Vec<Bytes>> {
        match self.data(key).ok()?? {
            Data::List(list) => Some(list.iter().cloned().collect()),
            _ => None,
        }
    }

    /// The hash at a key.
    pub(super) fn hash(&mut self, key: &[u8]) -> Option<Vec<(Bytes, Bytes)>> {
        match self.data(key).ok()?? {
            Data::Hash(hash) => Some(hash.iter().map(|(f, v)| (f.clone(), v.clone())).collect()),
            _ => None,
        }
    }

    /// Puts a string in the place of whatever is there.
    pub(super) fn put_string(&mut self, key: &[u8], value: Bytes, expires_at_ms: Option<i64>) {
        let data = Data::String(value);
        let entry = Entry {
            data,
            expires_at_ms,
        };
        self.keys.insert(key.to_vec(), entry);
    }

    /// When a key expires, if it is there and does.
    pub(super) fn expires_at_ms(&mut self, key: &[u8]) -> Result<Option<Option<i64>>, i32> {
        self.data(key)?;
        Ok(self.keys.get(key).map(|entry| entry.expires_at_ms))
    }

    /// Lets a key expire then; false when there is none.
    pub(super) fn expire_at_ms(&mut self, key: &[u8], at_ms: i64) -> Result<bool, i32> {
        self.data(key)?;
        match self.keys.get_mut(key) {
            None => Ok(false),
            Some(entry) => {
                entry.expires_at_ms = Some(at_ms);
                Ok(true)
            }
        }
    }

    /// Random bits (SplitMix64, by its public specification).
    pub(super) fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = self.random;
        let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
