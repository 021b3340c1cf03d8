//! Adding and removing.

use super::node::{Items, Node, child_of, deque_bytes, position};
use super::{NODE_MAX, Ordered, OrderedKey};
use std::borrow::Borrow;
use std::collections::VecDeque;
use std::mem;

/// What an insertion below did.
enum Inserted<K, V> {
    /// The key was there with this value.
    Replaced(V),
    /// It fitted.
    Fitted,
    /// It did not: this node follows the one it was for.
    Grew(Node<K, V>),
}

impl<K: OrderedKey, V> Ordered<K, V> {
    /// Puts a value under `key`; the one that was there.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        match insert(&mut self.root, key, value, true, &mut self.mem_bytes) {
            Inserted::Replaced(old) => return Some(old),
            Inserted::Fitted => {}
            Inserted::Grew(right) => self.grow_root(right),
        }
        self.len += 1;
        None
    }

    fn grow_root(&mut self, right: Node<K, V>) {
        let left = mem::take(&mut self.root);
        let mut children = VecDeque::with_capacity(2);
        for child in [left, right] {
            let bound = child.first_key().clone();
            self.mem_bytes += bound.heap_bytes();
            children.push_back((bound, child));
        }
        self.mem_bytes += deque_bytes(&children);
        self.root = Node::Inner(children);
    }

    /// Removes `key`, giving its value.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        let removed = remove(&mut self.root, key, &mut self.mem_bytes)?;
        self.removed();
        Some(removed)
    }

    /// Removes the lowest item.
    pub fn pop_first(&mut self) -> Option<(K, V)> {
        let item = pop_first(&mut self.root, &mut self.mem_bytes)?;
        self.removed();
        Some(item)
    }

    fn removed(&mut self) {
        self.len -= 1;
        while let Node::Inner(children) = &mut self.root
            && children.len() <= 1
        {
            let bytes = deque_bytes(children);
            let only = children.pop_front();
            self.mem_bytes -= bytes;
            self.root = match only {
                Some((bound, child)) => {
                    self.mem_bytes -= bound.heap_bytes();
                    child
                }
                None => Node::default(),
            };
        }
    }

    /// Drops about `items` items from the front; true when none is left.
    pub fn free_step(&mut self, items: usize) -> bool {
        for _ in 0..items {
            if self.pop_first().is_none() {
                break;
            }
        }
        self.is_empty()
    }
}

/// Inserts below `node`; `last` when it is on the right edge of the tree.
fn insert<K: OrderedKey, V>(
    node: &mut Node<K, V>,
    key: K,
    value: V,
    last: bool,
    mem: &mut usize,
) -> Inserted<K, V> {
    match node {
        Node::Leaf(items) => match position(items, &key) {
            Ok(at) => Inserted::Replaced(mem::replace(&mut items[at].1, value)),
            Err(at) => {
                *mem += key.heap_bytes();
                place(items, at, (key, value), last, mem)
                    .map_or(Inserted::Fitted, |right| Inserted::Grew(Node::Leaf(right)))
            }
        },
        Node::Inner(children) => {
            let at = child_of(children, &key);
            lower_bound(&mut children[at].0, &key, mem);
            let last = last && at + 1 == children.len();
            let grown = match insert(&mut children[at].1, key, value, last, mem) {
                Inserted::Grew(grown) => grown,
                done => return done,
            };
            let bound = grown.first_key().clone();
            *mem += bound.heap_bytes();
            place(children, at + 1, (bound, grown), last, mem)
                .map_or(Inserted::Fitted, |right| Inserted::Grew(Node::Inner(right)))
        }
    }
}

/// Keeps a bound below a key that goes behind it.
fn lower_bound<K: OrderedKey>(bound: &mut K, key: &K, mem: &mut usize) {
    if key < bound {
        *mem -= bound.heap_bytes();
        *bound = key.clone();
        *mem += bound.heap_bytes();
    }
}

/// Puts an item at `at`; when the node is full, what follows it.
fn place<K, V>(
    items: &mut Items<K, V>,
    at: usize,
    item: (K, V),
    last: bool,
    mem: &mut usize,
) -> Option<Items<K, V>> {
    if items.len() < NODE_MAX {
        insert_at(items, at, item, mem);
        return None;
    }
    let mut right = if last && at == items.len() {
        VecDeque::new()
    } else {
        let before = deque_bytes(items);
        let right = items.split_off(items.len() / 2);
        *mem = *mem + deque_bytes(items) - before + deque_bytes(&right);
        right
    };
    match at.checked_sub(items.len()) {
        Some(at) if at > 0 || right.is_empty() => insert_at(&mut right, at, item, mem),
        _ => insert_at(items, at, item, mem),
    }
    Some(right)
}

fn insert_at<K, V>(items: &mut Items<K, V>, at: usize, item: (K, V), mem: &mut usize) {
    let before = deque_bytes(items);
    items.insert(at, item);
    *mem = *mem + deque_bytes(items) - before;
}

fn remove<K: OrderedKey + Borrow<Q>, V, Q: Ord + ?Sized>(
    node: &mut Node<K, V>,
    key: &Q,
    mem: &mut usize,
) -> Option<V> {
    match node {
        Node::Leaf(items) => {
            let at = position(items, key).ok()?;
            take_at(items, at, mem).map(|(_, value)| value)
        }
        Node::Inner(children) => {
            let at = child_of(children, key);
            let value = remove(&mut children[at].1, key, mem)?;
            drop_if_empty(children, at, mem);
            Some(value)
        }
    }
}

fn pop_first<K: OrderedKey, V>(node: &mut Node<K, V>, mem: &mut usize) -> Option<(K, V)> {
    match node {
        Node::Leaf(items) => take_at(items, 0, mem),
        Node::Inner(children) => {
            let item = pop_first(&mut children.front_mut()?.1, mem)?;
            drop_if_empty(children, 0, mem);
            Some(item)
        }
    }
}

fn drop_if_empty<K: OrderedKey, V>(
    children: &mut Items<K, Node<K, V>>,
    at: usize,
    mem: &mut usize,
) {
    if !children[at].1.is_empty() {
        return;
    }
    match take_at(children, at, mem) {
        Some((_, Node::Leaf(items))) => *mem -= deque_bytes(&items),
        Some((_, Node::Inner(items))) => *mem -= deque_bytes(&items),
        None => {}
    }
}

/// Takes an item out, and gives memory back when little of it is used.
fn take_at<K: OrderedKey, V>(
    items: &mut Items<K, V>,
    at: usize,
    mem: &mut usize,
) -> Option<(K, V)> {
    let before = deque_bytes(items);
    let item = items.remove(at)?;
    if items.len() < items.capacity() / 4 {
        items.shrink_to(items.len() * 2);
    }
    *mem = *mem + deque_bytes(items) - before - item.0.heap_bytes();
    Some(item)
}
