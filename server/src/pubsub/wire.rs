//! Messages as they go over the wire: written once, in both protocols but for the first byte.

use bytes::Bytes;
use resp::{OutputBuffer, Protocol, ReplyWriter, SHARED_MIN};

/// A push message in wire format. RESP2 sees an array where RESP3 sees a push, which is the first byte; so one encoding serves both.
#[derive(Debug, Default)]
pub struct Encoded {
    head: Vec<u8>,
    /// A payload too big to copy, which comes behind the head.
    shared: Option<Bytes>,
}

impl Encoded {
    /// A push of the bulk strings `words` with `payload` as the last one.
    pub fn push(words: &[&[u8]], payload: Payload<'_>) -> Self {
        let mut out = OutputBuffer::new();
        let mut writer = ReplyWriter::new(&mut out, Protocol::Resp3);
        writer.push(words.len() + 1);
        words.iter().for_each(|word| writer.bulk(word));
        match payload {
            Payload::Copied(payload) => {
                writer.bulk(payload);
                Self::plain(out)
            }
            Payload::Shared(payload) => {
                writer.bulk_head(payload.len());
                Self {
                    shared: Some(payload.clone()),
                    ..Self::plain(out)
                }
            }
        }
    }

    /// What was written to `out` for RESP3.
    pub fn plain(mut out: OutputBuffer) -> Self {
        Self {
            head: out.take_plain().unwrap_or_default(),
            shared: None,
        }
    }

    /// Appends it to `out` in the protocol that the client speaks.
    #[inline]
    pub fn write(&mut self, out: &mut OutputBuffer, protocol: u8) {
        self.head[0] = if protocol == 3 { b'>' } else { b'*' };
        out.extend_from_slice(&self.head);
        if let Some(payload) = &self.shared {
            out.push_shared(payload.clone());
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// What is published.
#[derive(Clone, Copy, Debug)]
pub enum Payload<'a> {
    /// Few bytes, copied into every subscriber's output.
    Copied(&'a [u8]),
    /// Many bytes, shared by all of them.
    Shared(&'a Bytes),
}

impl Payload<'_> {
    /// Whether it pays to share a payload instead of copying it.
    pub fn is_big(len: usize) -> bool {
        len >= SHARED_MIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(encoded: &mut Encoded, protocol: u8) -> Vec<u8> {
        let mut out = OutputBuffer::new();
        encoded.write(&mut out, protocol);
        out.to_vec()
    }

    #[test]
    fn one_encoding_serves_both_protocols() {
        let mut message = Encoded::push(&[b"message", b"news"], Payload::Copied(b"hi"));
        let body = "3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n";
        assert_eq!(written(&mut message, 2), format!("*{body}").as_bytes());
        assert_eq!(written(&mut message, 3), format!(">{body}").as_bytes());
    }

    #[test]
    fn big_payloads_are_shared_and_look_the_same() {
        let payload = Bytes::from(vec![b'x'; SHARED_MIN]);
        let mut shared = Encoded::push(&[b"message", b"c"], Payload::Shared(&payload));
        let mut copied = Encoded::push(&[b"message", b"c"], Payload::Copied(&payload));
        assert_eq!(written(&mut shared, 3), written(&mut copied, 3));
    }
}
