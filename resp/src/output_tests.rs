//! Order, marks and reuse of the output buffer.

use super::*;
use crate::reply::{Protocol, ReplyWriter, SHARED_MIN};
use proptest::prelude::*;

fn shared(len: usize) -> Bytes {
    Bytes::from(vec![b's'; len])
}

fn joined(buffer: &mut OutputBuffer) -> Vec<u8> {
    buffer
        .take_chunks()
        .flat_map(|chunk| chunk.as_ref().to_vec())
        .collect()
}

#[test]
fn a_plain_buffer_is_one_vector_that_comes_back() {
    let mut buffer = OutputBuffer::new();
    buffer.extend_from_slice(b"+OK\r\n");
    let vector = buffer.take_plain().expect("nothing shared");
    assert_eq!(
        (vector.as_slice(), buffer.len(), buffer.capacity()),
        (&b"+OK\r\n"[..], 0, 0)
    );
    let at = vector.as_ptr();
    buffer.restore(vector);
    assert!(buffer.is_empty());
    buffer.extend_from_slice(b":1\r\n");
    assert_eq!(buffer.take_plain().map(|vector| vector.as_ptr()), Some(at));
    buffer.extend_from_slice(b"+OK\r\n");
    assert_eq!(
        buffer.take_chunks().collect::<Vec<_>>(),
        [Chunk::Owned(b"+OK\r\n".to_vec())]
    );
}

#[test]
fn restoring_never_loses_new_output() {
    let mut buffer = OutputBuffer::new();
    buffer.extend_from_slice(b"new");
    buffer.restore(Vec::with_capacity(1000));
    assert_eq!(buffer.to_vec(), b"new");
    let mut buffer = OutputBuffer::new();
    buffer.restore(Vec::with_capacity(RETAINED_CAPACITY_MAX + 1));
    assert_eq!(buffer.capacity(), 0);
}

#[test]
fn clearing_keeps_modest_capacity() {
    let mut buffer = OutputBuffer::new();
    buffer.extend_from_slice(&[0; 1000]);
    buffer.push_shared(shared(10));
    buffer.clear();
    assert!(buffer.is_empty() && (1000..=RETAINED_CAPACITY_MAX).contains(&buffer.capacity()));
    buffer.extend_from_slice(&[0; RETAINED_CAPACITY_MAX * 2]);
    buffer.clear();
    assert_eq!(buffer.capacity(), 0);
}

#[test]
fn shared_values_keep_their_place_and_are_not_copied() {
    let mut buffer = OutputBuffer::new();
    let value = shared(20);
    buffer.push_shared(value.clone());
    buffer.extend_from_slice(b"ab");
    buffer.push_shared(value.clone());
    buffer.push_shared(Bytes::new());
    buffer.push_shared(value.clone());
    buffer.extend_from_slice(b"c");
    assert_eq!((buffer.len(), buffer.take_plain()), (63, None));
    let chunks: Vec<Bytes> = buffer.take_chunks().map(Bytes::from).collect();
    let lens: Vec<usize> = chunks.iter().map(Bytes::len).collect();
    assert_eq!(lens, [20, 2, 20, 20, 1]);
    assert_eq!(chunks[2].as_ptr(), value.as_ptr());
    assert!(buffer.is_empty());
    assert_eq!(buffer.take_chunks().count(), 0);
}

#[test]
fn rollback_forgets_what_came_after_the_mark() {
    let mut buffer = OutputBuffer::new();
    buffer.extend_from_slice(b"+OK\r\n");
    buffer.push_shared(shared(3));
    let mark = buffer.mark();
    buffer.extend_from_slice(b"*2\r\n");
    buffer.push_shared(shared(1000));
    buffer.rollback(mark);
    assert_eq!(buffer.mark(), mark);
    assert_eq!(
        (buffer.len(), joined(&mut buffer)),
        (8, b"+OK\r\nsss".to_vec())
    );
}

#[test]
fn appending_moves_everything() {
    let mut first = OutputBuffer::new();
    first.extend_from_slice(b"1");
    first.push_shared(shared(1));
    let mut second = OutputBuffer::new();
    second.extend_from_slice(b"2");
    second.push_shared(shared(2));
    second.extend_from_slice(b"3");
    first.append(&mut second);
    assert!(second.is_empty());
    assert_eq!((first.len(), joined(&mut first)), (6, b"1s2ss3".to_vec()));
}

proptest! {
    #[test]
    fn any_mix_comes_out_in_order(parts in prop::collection::vec((any::<bool>(), prop::collection::vec(any::<u8>(), 0..9)), 0..30)) {
        let mut buffer = OutputBuffer::new();
        for (by_reference, bytes) in &parts {
            if *by_reference {
                buffer.push_shared(Bytes::copy_from_slice(bytes));
            } else {
                buffer.extend_from_slice(bytes);
            }
        }
        let whole: Vec<u8> = parts.into_iter().flat_map(|(_, bytes)| bytes).collect();
        prop_assert_eq!(buffer.len(), whole.len());
        prop_assert_eq!(buffer.to_vec(), whole.clone());
        let chunks: Vec<Chunk> = buffer.take_chunks().collect();
        prop_assert!(chunks.iter().all(|chunk| !chunk.as_ref().is_empty()));
        prop_assert_eq!(chunks.iter().flat_map(|chunk| chunk.as_ref().to_vec()).collect::<Vec<u8>>(), whole);
    }
}

/// A long reply leaves full vectors behind; marks and deferred lengths in them stay good.
#[test]
fn a_long_reply_goes_on_in_new_vectors() {
    let element = vec![b'e'; 10_000];
    let mut buffer = OutputBuffer::new();
    let mut writer = ReplyWriter::new(&mut buffer, Protocol::Resp2);
    writer.ok();
    let early = writer.output().mark();
    let len = writer.array_deferred();
    (0..300).for_each(|_| writer.bulk(&element));
    writer.bulk_shared(shared(SHARED_MIN));
    let late = writer.output().mark();
    writer.bulk(&element);
    writer.output().rollback(late);
    writer.finish_array(len, 301);
    assert_eq!(buffer.take_plain(), None);
    let mut expected = b"+OK\r\n*301\r\n".to_vec();
    for _ in 0..300 {
        expected.extend_from_slice(b"$10000\r\n");
        expected.extend_from_slice(&element);
        expected.extend_from_slice(b"\r\n");
    }
    expected.extend_from_slice(format!("${SHARED_MIN}\r\n").as_bytes());
    expected.extend_from_slice(&shared(SHARED_MIN));
    expected.extend_from_slice(b"\r\n");
    assert_eq!(buffer.len(), expected.len());
    assert!(buffer.to_vec() == expected);
    let mut behind = OutputBuffer::new();
    behind.extend_from_slice(b"+FIRST\r\n");
    behind.append(&mut buffer);
    assert_eq!((behind.len(), buffer.len()), (expected.len() + 8, 0));
    let chunks: Vec<Chunk> = behind.take_chunks().collect();
    assert!(
        chunks
            .iter()
            .all(|chunk| chunk.as_ref().len() <= RETAINED_CAPACITY_MAX)
            && chunks.len() > 5
    );
    assert!(
        chunks
            .iter()
            .flat_map(|chunk| chunk.as_ref())
            .skip(8)
            .eq(&expected)
    );
    let mut buffer = OutputBuffer::new();
    let mut writer = ReplyWriter::new(&mut buffer, Protocol::Resp2);
    writer.ok();
    (0..300).for_each(|_| writer.bulk(&element));
    buffer.rollback(early);
    assert_eq!(buffer.to_vec(), b"+OK\r\n");
}
