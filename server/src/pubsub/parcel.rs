//! What one core sends another: messages to deliver there, collected over a batch of requests.

use std::ops::Range;

use bytes::Bytes;

use super::Kind;
use super::wire::Payload;

/// Messages for one core, in order.
#[derive(Debug, Default)]
pub struct Parcel {
    /// Channels and small payloads, one behind the other.
    bytes: Vec<u8>,
    items: Vec<Item>,
    shared_bytes: usize,
}

#[derive(Debug)]
struct Item {
    kind: Kind,
    hash: u64,
    channel: Range<usize>,
    payload: Packed,
}

#[derive(Debug)]
enum Packed {
    Copied(Range<usize>),
    Shared(Bytes),
}

impl Parcel {
    /// Adds a message.
    pub fn add(&mut self, kind: Kind, hash: u64, channel: &[u8], payload: Payload<'_>) {
        let channel = self.put(channel);
        let payload = match payload {
            Payload::Copied(payload) => Packed::Copied(self.put(payload)),
            Payload::Shared(payload) => {
                self.shared_bytes += payload.len();
                Packed::Shared(payload.clone())
            }
        };
        self.items.push(Item {
            kind,
            hash,
            channel,
            payload,
        });
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

    /// Shows every message to `visit`, in order.
    pub fn for_each(&self, mut visit: impl FnMut(Kind, u64, &[u8], Payload<'_>)) {
        for item in &self.items {
            let payload = match &item.payload {
                Packed::Copied(range) => Payload::Copied(&self.bytes[range.clone()]),
                Packed::Shared(bytes) => Payload::Shared(bytes),
            };
            visit(
                item.kind,
                item.hash,
                &self.bytes[item.channel.clone()],
                payload,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_come_out_as_they_went_in() {
        let big = Bytes::from_static(b"big");
        let mut parcel = Parcel::default();
        parcel.add(Kind::Channel, 1, b"a", Payload::Copied(b"one"));
        parcel.add(Kind::Shard, 2, b"", Payload::Shared(&big));
        let mut seen = Vec::new();
        parcel.for_each(|kind, hash, channel, payload| {
            let payload = match payload {
                Payload::Copied(bytes) => bytes.to_vec(),
                Payload::Shared(bytes) => bytes.to_vec(),
            };
            seen.push((kind, hash, channel.to_vec(), payload));
        });
        assert_eq!(
            seen,
            [
                (Kind::Channel, 1, b"a".to_vec(), b"one".to_vec()),
                (Kind::Shard, 2, Vec::new(), b"big".to_vec())
            ]
        );
    }
}
