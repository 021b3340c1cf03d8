//! What one call of SCAN, SSCAN, HSCAN or ZSCAN found.
//!
//! The reply starts with the next cursor, which is known only after the walk, while
//! the walk shows each member just for a moment: so their bytes are kept here, one
//! behind the other.

use resp::ReplyWriter;

use super::scan_options::ScanOptions;

/// Steps a call may take per element asked for, so that a sparse table does not hold it up.
const STEPS_PER_ELEMENT: usize = 10;

/// Collects elements until the options' count is reached.
#[derive(Debug)]
pub struct ScanBatch<'o> {
    options: ScanOptions<'o>,
    bytes: Vec<u8>,
    ends: Vec<usize>,
    visited: usize,
}

impl<'o> ScanBatch<'o> {
    /// An empty batch.
    #[must_use]
    pub fn new(options: ScanOptions<'o>) -> Self {
        ScanBatch {
            options,
            bytes: Vec::new(),
            ends: Vec::new(),
            visited: 0,
        }
    }

    /// Walks from `cursor` with `step`, which shows elements to the batch and gives the next cursor, until enough were visited; gives where to go on.
    pub fn fill(&mut self, cursor: u64, step: impl FnMut(&mut Self, u64) -> u64) -> u64 {
        self.fill_while(cursor, |_| true, step)
    }

    /// Like [`fill`](Self::fill), but goes on only from cursors that are `within_reach`.
    pub fn fill_while(
        &mut self,
        mut cursor: u64,
        within_reach: impl Fn(u64) -> bool,
        mut step: impl FnMut(&mut Self, u64) -> u64,
    ) -> u64 {
        let mut steps_left = self.options.count.saturating_mul(STEPS_PER_ELEMENT);
        loop {
            cursor = step(self, cursor);
            steps_left -= 1;
            let enough = steps_left == 0 || self.visited >= self.options.count;
            if cursor == 0 || enough || !within_reach(cursor) {
                return cursor;
            }
        }
    }

    /// Counts an element as visited; keeps its name and says true when MATCH lets it through.
    pub fn visit(&mut self, name: &[u8]) -> bool {
        self.visited += 1;
        let matched = self.options.matches(name);
        if matched {
            self.push(name);
        }
        matched
    }

    /// Counts a key as visited; keeps its name when MATCH and TYPE let it through. A type that does not exist lets nothing through.
    pub fn visit_key(&mut self, name: &[u8], type_name: &str) {
        self.visited += 1;
        let of_type = self
            .options
            .type_name
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(type_name.as_bytes()));
        if of_type && self.options.matches(name) {
            self.push(name);
        }
    }

    /// Keeps what belongs to the element just visited: its value or score.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.ends.push(self.bytes.len());
    }

    /// Writes cursor and elements.
    pub fn reply(&self, cursor: u64, reply: &mut ReplyWriter<'_>) {
        reply.array(2);
        reply.bulk(itoa::Buffer::new().format(cursor).as_bytes());
        reply.array(self.ends.len());
        let mut start = 0;
        for &end in &self.ends {
            reply.bulk(&self.bytes[start..end]);
            start = end;
        }
    }

    /// The reply for a key that does not exist.
    pub fn reply_absent(reply: &mut ReplyWriter<'_>) {
        reply.array(2);
        reply.bulk(b"0");
        reply.array(0);
    }
}
