//! `weight_*`, `object_*->field` and `#`: what an element names.

use crate::command::Keys;
use crate::value::{StringRef, ValueRef};

/// A pattern of BY or GET.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pattern<'a> {
    /// `#`: the element itself.
    Element,
    /// Without `*`: nothing.
    Constant,
    /// The string at a key, or in a field of a hash at it.
    Lookup {
        /// The key's name before the element.
        before: &'a [u8],
        /// The key's name after the element.
        after: &'a [u8],
        /// The field.
        field: Option<&'a [u8]>,
    },
}

impl<'a> Pattern<'a> {
    /// The first `*` stands for the element; `->` after it, unless at the very end, is followed by a field.
    pub(super) fn parse(text: &'a [u8]) -> Self {
        if text == b"#" {
            return Pattern::Element;
        }
        let Some(star) = memchr::memchr(b'*', text) else {
            return Pattern::Constant;
        };
        let (before, rest) = (&text[..star], &text[star + 1..]);
        let arrow = memchr::memmem::find(rest, b"->").filter(|at| at + 2 < rest.len());
        match arrow {
            Some(at) => Pattern::Lookup {
                before,
                after: &rest[..at],
                field: Some(&rest[at + 2..]),
            },
            None => Pattern::Lookup {
                before,
                after: rest,
                field: None,
            },
        }
    }

    /// What `element` names; `name` is room for the key's name.
    pub(super) fn value<'v>(
        &self,
        keys: &'v mut Keys<'_>,
        element: &'v [u8],
        name: &mut Vec<u8>,
    ) -> Option<StringRef<'v>> {
        let (before, after, field) = match *self {
            Pattern::Element => return Some(StringRef::Bytes(element)),
            Pattern::Constant => return None,
            Pattern::Lookup {
                before,
                after,
                field,
            } => (before, after, field),
        };
        name.clear();
        name.extend_from_slice(before);
        name.extend_from_slice(element);
        name.extend_from_slice(after);
        let (seed, key) = (keys.seed(), keys.key(name));
        match keys.read(key)? {
            ValueRef::String(string) => field.is_none().then_some(string),
            ValueRef::Hash(hash) => hash.get(&seed, field?).map(StringRef::Bytes),
            ValueRef::List(_) | ValueRef::Set(_) | ValueRef::Zset(_) | ValueRef::Stream(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_taken_apart() {
        let lookup = |before, after, field| Pattern::Lookup {
            before,
            after,
            field,
        };
        for (text, expected) in [
            ("#", Pattern::Element),
            ("##", Pattern::Constant),
            ("", Pattern::Constant),
            ("a->b", Pattern::Constant),
            ("w_*", lookup(b"w_", b"", None)),
            ("*", lookup(b"", b"", None)),
            ("a*b*c", lookup(b"a", b"b*c", None)),
            ("o_*->f", lookup(b"o_", b"", Some(b"f"))),
            ("o_*x->f->g", lookup(b"o_", b"x", Some(b"f->g"))),
            ("->*", lookup(b"->", b"", None)),
            ("o_*->", lookup(b"o_", b"->", None)),
        ] {
            assert_eq!(Pattern::parse(text.as_bytes()), expected, "{text:?}");
        }
    }
}
