//! What busy connections borrow from their core, so that idle ones hold next to nothing: read buffers, request tables, reply buffers.
//!
//! A connection that waits for its client keeps only a small read buffer (the kernel needs somewhere to put the next bytes). What it needs to
//! work through a read it takes from here and gives back before it waits again.

use crate::session::Planned;
use resp::{Batch, OutputBuffer};
use std::cell::RefCell;

/// Requests decoded, prefetched and executed together.
pub const BATCH_REQUESTS: usize = 32;
/// Read buffer of a connection that sends little: all that an idle one pins.
pub const SMALL_READ: usize = 256;
/// Read buffer of one that pipelines.
pub const NORMAL_READ: usize = 16 * 1024;
/// Read buffer of one that fills the normal one.
pub const LARGE_READ: usize = 128 * 1024;

/// Spare buffers kept per core.
const NORMAL_SPARES: usize = 64;
const LARGE_SPARES: usize = 4;
const WORKS_SPARE: usize = 64;

/// The tables one read is worked through with.
#[derive(Debug)]
pub struct Work {
    /// Decoded requests.
    pub batch: Batch,
    /// What planning them found out.
    pub plans: Vec<Planned>,
    /// Their replies.
    pub out: OutputBuffer,
}

/// One core's spare buffers.
#[derive(Debug, Default)]
pub struct Pool {
    #[expect(
        clippy::vec_box,
        reason = "works go in and out with every read: a pointer moves, not the tables"
    )]
    works: RefCell<Vec<Box<Work>>>,
    normal: RefCell<Vec<Vec<u8>>>,
    large: RefCell<Vec<Vec<u8>>>,
}

impl Pool {
    /// Tables to work with; give them back with [`put_work`](Self::put_work).
    #[inline]
    pub fn take_work(&self) -> Box<Work> {
        let spare = self.works.borrow_mut().pop();
        spare.unwrap_or_else(|| {
            Box::new(Work {
                batch: Batch::new(BATCH_REQUESTS),
                plans: Vec::with_capacity(BATCH_REQUESTS),
                out: OutputBuffer::new(),
            })
        })
    }

    /// Takes tables back, emptied.
    #[inline]
    pub fn put_work(&self, mut work: Box<Work>) {
        let mut works = self.works.borrow_mut();
        if works.len() < WORKS_SPARE {
            work.batch.clear();
            if !work.out.is_empty() {
                work.out.clear();
            }
            works.push(work);
        }
    }

    /// An empty read buffer of at least `capacity` bytes.
    pub fn take_read(&self, capacity: usize) -> Vec<u8> {
        let (spares, size) = if capacity <= SMALL_READ {
            return Vec::with_capacity(SMALL_READ);
        } else if capacity <= NORMAL_READ {
            (&self.normal, NORMAL_READ)
        } else if capacity <= LARGE_READ {
            (&self.large, LARGE_READ)
        } else {
            return Vec::with_capacity(capacity);
        };
        spares
            .borrow_mut()
            .pop()
            .unwrap_or_else(|| Vec::with_capacity(size))
    }

    /// Takes a read buffer back.
    pub fn put_read(&self, mut buffer: Vec<u8>) {
        let (spares, max) = match buffer.capacity() {
            NORMAL_READ => (&self.normal, NORMAL_SPARES),
            LARGE_READ => (&self.large, LARGE_SPARES),
            _ => return,
        };
        let mut spares = spares.borrow_mut();
        if spares.len() < max {
            buffer.clear();
            spares.push(buffer);
        }
    }

    /// Frees the spares, for a core that has gone quiet.
    pub fn trim(&self) {
        self.works.take();
        self.normal.take();
        self.large.take();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_empty() {
        let pool = Pool::default();
        let mut buffer = pool.take_read(SMALL_READ + 1);
        assert_eq!(buffer.capacity(), NORMAL_READ);
        buffer.extend_from_slice(b"abc");
        let at = buffer.as_ptr();
        pool.put_read(buffer);
        let again = pool.take_read(NORMAL_READ);
        assert!(again.is_empty() && again.as_ptr() == at);
    }

    #[test]
    fn odd_sizes_are_not_kept() {
        let pool = Pool::default();
        pool.put_read(Vec::with_capacity(LARGE_READ * 3));
        assert!(pool.large.borrow().is_empty() && pool.normal.borrow().is_empty());
    }

    #[test]
    fn works_come_back_empty() {
        let pool = Pool::default();
        let mut work = pool.take_work();
        work.out.extend_from_slice(b"+OK\r\n");
        pool.put_work(work);
        assert!(pool.take_work().out.is_empty());
    }
}
