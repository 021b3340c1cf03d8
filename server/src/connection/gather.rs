//! Replies with big shared values in between, sent by reference in vectored writes.
//!
//! The only unsafe code of the connection layer: the runtime takes raw vectors of addresses, so this type owns what they point to.

use bytes::Bytes;
use libc::iovec;
use monoio::buf::IoVecBuf;
use resp::OutputBuffer;

/// Pieces per write; the kernel takes up to 1024.
const PIECES_MAX: usize = 64;
/// Bytes per write, which the kernel copies in one go: others have a turn between two.
pub const WRITE_BYTES_MAX: usize = 320 * 1024;

/// Output pieces on their way out.
pub struct Gather {
    /// Owns the bytes; the front ones are being sent.
    pieces: std::collections::VecDeque<Bytes>,
    vectors: Vec<iovec>,
}

impl Gather {
    /// Takes everything out of `out`.
    pub fn take(out: &mut OutputBuffer) -> Self {
        let pieces = out.take_chunks().map(Bytes::from).collect();
        let mut gather = Self {
            pieces,
            vectors: Vec::new(),
        };
        gather.aim();
        gather
    }

    /// Whether all has been sent.
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// Drops the first `sent` bytes.
    pub fn advance(&mut self, mut sent: usize) {
        while let Some(first) = self.pieces.front_mut() {
            if sent < first.len() {
                drop(first.split_to(sent));
                break;
            }
            sent -= first.len();
            self.pieces.pop_front();
        }
        self.aim();
    }

    /// Points the vectors at the first pieces.
    fn aim(&mut self) {
        self.vectors.clear();
        let mut left = WRITE_BYTES_MAX;
        for piece in self.pieces.iter().take(PIECES_MAX) {
            let len = piece.len().min(left);
            self.vectors.push(iovec {
                iov_base: piece.as_ptr().cast_mut().cast(),
                iov_len: len,
            });
            left -= len;
            if left == 0 {
                break;
            }
        }
    }
}

// SAFETY: the vectors lie in a heap allocation that does not move with `Gather`, and they point into `Bytes` owned by `pieces`, whose
// storage does not move either. Both change only through `&mut self`, which nobody has while the runtime owns the value for a write.
unsafe impl IoVecBuf for Gather {
    fn read_iovec_ptr(&self) -> *const iovec {
        self.vectors.as_ptr()
    }

    fn read_iovec_len(&self) -> usize {
        self.vectors.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rest(gather: &Gather) -> Vec<u8> {
        gather.pieces.iter().flatten().copied().collect()
    }

    fn head_body_tail() -> Gather {
        let mut out = OutputBuffer::new();
        out.extend_from_slice(b"head");
        out.push_shared("body".into());
        out.extend_from_slice(b"tail");
        Gather::take(&mut out)
    }

    #[test]
    fn partial_writes_advance_over_pieces() {
        let whole = b"headbodytail";
        for step in 1..=whole.len() {
            let mut gather = head_body_tail();
            let mut sent = 0;
            while !gather.is_empty() {
                assert_eq!(rest(&gather), whole[sent..]);
                let now = step.min(whole.len() - sent);
                gather.advance(now);
                sent += now;
            }
            assert_eq!(sent, whole.len());
        }
    }

    #[test]
    fn vectors_point_at_the_pieces() {
        let mut out = OutputBuffer::new();
        out.push_shared("first".into());
        out.push_shared("second".into());
        let gather = Gather::take(&mut out);
        assert_eq!(gather.read_iovec_len(), 2);
        assert_eq!(gather.vectors[1].iov_len, 6);
        assert_eq!(
            gather.vectors[0].iov_base.cast_const().cast(),
            gather.pieces[0].as_ptr()
        );
    }
}
