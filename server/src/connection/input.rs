//! The read buffer of one connection and how big the next one has to be.
//!
//! ```text
//! small (256 B) ──read fills it──► normal (16 KiB) ──read fills it──► large (128 KiB)
//!       ◄──────────some small reads in a row───────┘◄──one read that does not──┘
//! ```
//!
//! The incomplete request at the end of a read is moved to the front of the next buffer; nothing else is ever copied.

use super::pool::{LARGE_READ, NORMAL_READ, Pool, SMALL_READ};

/// Small reads in a row after which a connection gets a small buffer again.
const SMALL_READS_MAX: u8 = 4;
/// Least room worth a read behind an incomplete request.
const ROOM_MIN: usize = 128;

/// Bytes received and not yet consumed.
#[derive(Debug, Default)]
pub struct Input {
    bytes: Vec<u8>,
    wanted: Wanted,
}

/// What the next buffer should be.
#[derive(Debug, Default, Clone, Copy)]
struct Wanted {
    capacity: usize,
    small_reads: u8,
}

impl Input {
    /// What is here.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Memory held, in bytes.
    #[inline]
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// Takes the buffer out for a read, the incomplete request at its front and room behind it.
    pub fn take_for_read(&mut self, pool: &Pool) -> Vec<u8> {
        let held = std::mem::take(&mut self.bytes);
        let capacity = self.wanted.capacity.max(SMALL_READ);
        let fits = held.capacity() == capacity || !held.is_empty() && held.capacity() > capacity;
        if fits && held.capacity() - held.len() >= ROOM_MIN.min(capacity) {
            return held;
        }
        let mut fresh = pool.take_read(capacity.max(held.len() * 2));
        fresh.extend_from_slice(&held);
        pool.put_read(held);
        fresh
    }

    /// Puts back the buffer that a read appended `received` bytes to.
    pub fn put_after_read(&mut self, bytes: Vec<u8>, received: usize) {
        self.wanted = self.wanted.after(bytes.len(), bytes.capacity(), received);
        self.bytes = bytes;
    }

    /// Keeps `bytes[from..to]`, at the front.
    #[inline]
    pub fn keep(&mut self, from: usize, to: usize) {
        if from == to {
            return self.bytes.clear();
        }
        self.bytes.truncate(to);
        if from > 0 {
            self.bytes.copy_within(from.., 0);
            self.bytes.truncate(to - from);
        }
    }

    /// Gives the buffer to the core's pool.
    pub fn release(&mut self, pool: &Pool) {
        pool.put_read(std::mem::take(&mut self.bytes));
    }

    /// Asks for a small buffer next: the connection has gone quiet, or its big arguments are received elsewhere.
    pub fn shrink(&mut self) {
        self.wanted = Wanted::default();
    }
}

impl Wanted {
    fn after(self, held: usize, capacity: usize, received: usize) -> Self {
        if held == capacity {
            let next = if capacity < NORMAL_READ {
                NORMAL_READ
            } else {
                LARGE_READ
            };
            return Wanted {
                capacity: next,
                small_reads: 0,
            };
        }
        if held > SMALL_READ {
            let fits_normal = received <= NORMAL_READ;
            return Wanted {
                capacity: if fits_normal { NORMAL_READ } else { LARGE_READ },
                small_reads: 0,
            };
        }
        let small_reads = self.small_reads.saturating_add(1);
        match small_reads >= SMALL_READS_MAX {
            true => Wanted {
                capacity: SMALL_READ,
                small_reads,
            },
            false => Wanted {
                small_reads,
                ..self
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads of these sizes, each consumed whole; gives the capacities they were read into.
    fn capacities(reads: &[usize]) -> Vec<usize> {
        let (pool, mut input) = (Pool::default(), Input::default());
        let read = |&size: &usize| {
            let mut buffer = input.take_for_read(&pool);
            let capacity = buffer.capacity();
            let size = size.min(capacity);
            buffer.resize(size, b'x');
            input.put_after_read(buffer, size);
            input.keep(size, size);
            capacity
        };
        reads.iter().map(read).collect()
    }

    #[test]
    fn buffers_grow_when_filled_and_shrink_when_quiet() {
        assert_eq!(capacities(&[30, 30]), [SMALL_READ; 2]);
        assert_eq!(
            capacities(&[9999, 9999, 99999, 99999]),
            [SMALL_READ, NORMAL_READ, NORMAL_READ, LARGE_READ]
        );
        let mut reads = vec![SMALL_READ];
        reads.extend([10; 5]);
        assert_eq!(
            capacities(&reads)[1..],
            [
                NORMAL_READ,
                NORMAL_READ,
                NORMAL_READ,
                NORMAL_READ,
                SMALL_READ
            ]
        );
    }

    #[test]
    fn an_incomplete_request_moves_to_the_front() {
        let (pool, mut input) = (Pool::default(), Input::default());
        let mut buffer = input.take_for_read(&pool);
        buffer.extend_from_slice(b"donedonepart");
        input.put_after_read(buffer, 12);
        input.keep(8, 12);
        assert_eq!(input.bytes(), b"part");
        let buffer = input.take_for_read(&pool);
        assert!(buffer == b"part" && buffer.capacity() - buffer.len() >= ROOM_MIN);
    }

    #[test]
    fn a_request_larger_than_the_buffer_gets_a_larger_one() {
        let (pool, mut input) = (Pool::default(), Input::default());
        for _ in 0..7 {
            let mut buffer = input.take_for_read(&pool);
            let room = buffer.capacity() - buffer.len();
            assert!(room >= ROOM_MIN);
            buffer.resize(buffer.capacity(), b'x');
            input.put_after_read(buffer, room);
        }
        assert!(input.bytes().len() > LARGE_READ);
    }
}
