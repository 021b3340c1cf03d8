//! What one core sends another: messages to deliver there, collected over a batch of requests.

use std::ops::Range;

use bytes::Bytes;

use super::Kind;
use super::wire::Payload;

/// Things for one core to do, in order.
#[derive(Debug, Default)]
pub struct Parcel {
    /// Channels, keys and small payloads, one behind the other.
    bytes: Vec<u8>,
    items: Vec<Item>,
    shared_bytes: usize,
}

#[derive(Debug)]
enum Item {
    Message {
        tenant: u64,
        kind: Kind,
        hash: u64,
        channel: Range<usize>,
        payload: Packed,
    },
    Invalid {
        client: u64,
        by: u64,
        key: Range<usize>,
    },
    Redirected {
        client: u64,
        keys: Option<Vec<Range<usize>>>,
    },
    Changed {
        tenant: u64,
        by: u64,
        key: Range<usize>,
    },
    Flushed {
        tenant: u64,
    },
}

#[derive(Debug)]
enum Packed {
    Copied(Range<usize>),
    Shared(Bytes),
}

/// One thing to do.
#[derive(Debug)]
pub enum Piece<'a> {
    /// Deliver a message.
    Message {
        tenant: u64,
        kind: Kind,
        hash: u64,
        channel: &'a [u8],
        payload: Payload<'a>,
    },
    /// Tell `client` that a key which it has read was changed by client `by`.
    Invalid { client: u64, by: u64, key: &'a [u8] },
    /// Send `client` what somebody redirects to it: the keys, or that all are invalid.
    Redirected {
        client: u64,
        keys: Option<Vec<&'a [u8]>>,
    },
    /// Tell who broadcasts that this key was changed by client `by`.
    Changed { tenant: u64, by: u64, key: &'a [u8] },
    /// Tell all of a tenant who track that all keys are invalid.
    Flushed { tenant: u64 },
}

impl Parcel {
    /// Adds a message.
    pub fn add(
        &mut self,
        tenant: u64,
        kind: Kind,
        hash: u64,
        channel: &[u8],
        payload: Payload<'_>,
    ) {
        let channel = self.put(channel);
        let payload = match payload {
            Payload::Copied(payload) => Packed::Copied(self.put(payload)),
            Payload::Shared(payload) => {
                self.shared_bytes += payload.len();
                Packed::Shared(payload.clone())
            }
        };
        self.items.push(Item::Message {
            tenant,
            kind,
            hash,
            channel,
            payload,
        });
    }

    /// Adds a [`Piece::Invalid`].
    pub fn add_invalid(&mut self, client: u64, by: u64, key: &[u8]) {
        let key = self.put(key);
        self.items.push(Item::Invalid { client, by, key });
    }

    /// Adds a [`Piece::Redirected`].
    pub fn add_redirected(&mut self, client: u64, keys: Option<&[&[u8]]>) {
        let keys = keys.map(|keys| keys.iter().map(|key| self.put(key)).collect());
        self.items.push(Item::Redirected { client, keys });
    }

    /// Adds a [`Piece::Changed`].
    pub fn add_changed(&mut self, tenant: u64, by: u64, key: &[u8]) {
        let key = self.put(key);
        self.items.push(Item::Changed { tenant, by, key });
    }

    /// Adds a [`Piece::Flushed`].
    pub fn add_flush(&mut self, tenant: u64) {
        self.items.push(Item::Flushed { tenant });
    }

    fn put(&mut self, bytes: &[u8]) -> Range<usize> {
        let from = self.bytes.len();
        self.bytes.extend_from_slice(bytes);
        from..self.bytes.len()
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// What it stands for in a mailbox.
    pub fn used_bytes(&self) -> usize {
        self.bytes.len() + self.shared_bytes + self.items.len() * size_of::<Item>()
    }

    /// What is in it, in order.
    pub fn pieces(&self) -> impl Iterator<Item = Piece<'_>> {
        self.items.iter().map(|item| self.piece(item))
    }

    fn piece<'a>(&'a self, item: &'a Item) -> Piece<'a> {
        let bytes = |range: &Range<usize>| &self.bytes[range.clone()];
        match item {
            Item::Message {
                tenant,
                kind,
                hash,
                channel,
                payload,
            } => Piece::Message {
                tenant: *tenant,
                kind: *kind,
                hash: *hash,
                channel: bytes(channel),
                payload: match payload {
                    Packed::Copied(range) => Payload::Copied(bytes(range)),
                    Packed::Shared(payload) => Payload::Shared(payload),
                },
            },
            Item::Invalid { client, by, key } => Piece::Invalid {
                client: *client,
                by: *by,
                key: bytes(key),
            },
            Item::Redirected { client, keys } => Piece::Redirected {
                client: *client,
                keys: keys.as_ref().map(|keys| keys.iter().map(bytes).collect()),
            },
            Item::Changed { tenant, by, key } => Piece::Changed {
                tenant: *tenant,
                by: *by,
                key: bytes(key),
            },
            Item::Flushed { tenant } => Piece::Flushed { tenant: *tenant },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_come_out_as_they_went_in() {
        let big = Bytes::from_static(b"big");
        let mut parcel = Parcel::default();
        parcel.add(9, Kind::Channel, 1, b"a", Payload::Copied(b"one"));
        parcel.add(9, Kind::Shard, 2, b"", Payload::Shared(&big));
        parcel.add_invalid(3, 4, b"key");
        parcel.add_redirected(5, Some(&[b"x", b"yz"]));
        parcel.add_redirected(5, None);
        parcel.add_changed(9, 6, b"other");
        parcel.add_flush(9);
        let seen: Vec<String> = parcel
            .pieces()
            .map(|piece| format!("{piece:?}").replace(' ', ""))
            .collect();
        let keys = |list: &[&[u8]]| format!("{list:?}").replace(' ', "");
        assert_eq!(seen.len(), 7);
        assert!(seen[1].contains("Shard") && seen[1].contains("b\"big\""));
        assert_eq!(
            seen[2],
            format!(
                "Invalid{{client:3,by:4,key:{}}}",
                format!("{:?}", b"key").replace(' ', "")
            )
        );
        assert!(seen[3].contains(&keys(&[b"x", b"yz"])) && seen[4].contains("None"));
        assert_eq!(seen[6], "Flushed{tenant:9}");
    }
}
