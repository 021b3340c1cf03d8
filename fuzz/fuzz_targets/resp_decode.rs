//! Any bytes, cut into reads at any places, decode to the same requests and the same error as in one read, without a panic.
#![no_main]

use libfuzzer_sys::fuzz_target;
use resp::{Batch, Decoder, Limits, ProtocolError, Status};

type Outcome = (Vec<Vec<Vec<u8>>>, Option<ProtocolError>);

/// Decodes a stream that arrives in the given pieces.
fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>, limits: &Limits) -> Outcome {
    let (mut decoder, mut batch) = (Decoder::new(), Batch::new(4));
    let (mut buf, mut requests) = (Vec::new(), Vec::new());
    for mut piece in pieces {
        while !piece.is_empty() {
            let taken = match decoder.big_bulk() {
                Some(big) => {
                    let room = big.room().min(piece.len());
                    big.target().extend_from_slice(&piece[..room]);
                    room
                }
                None => {
                    buf.extend_from_slice(piece);
                    piece.len()
                }
            };
            piece = &piece[taken..];
            loop {
                let progress = decoder.decode(&buf, limits, &mut batch);
                requests.extend(
                    (0..batch.len())
                        .map(|i| batch.args(&buf, i).iter().map(<[u8]>::to_vec).collect()),
                );
                batch.clear();
                buf.truncate(progress.retained);
                buf.drain(..progress.consumed);
                match progress.status {
                    Status::BatchFull => {}
                    Status::NeedMore | Status::BigBulk { .. } => break,
                    Status::Error(error) => return (requests, Some(error)),
                }
            }
        }
    }
    (requests, None)
}

fuzz_target!(|input: (bool, Vec<u8>, &[u8])| {
    let (unauthenticated, cuts, wire) = input;
    let limits = Limits {
        unauthenticated,
        bulk_len_max: 1 << 20,
        ..Limits::default()
    };
    let whole = decode(std::iter::once(wire), &limits);
    let mut rest = wire;
    let pieces = cuts.iter().map(|&cut| {
        let (piece, after) = rest.split_at(rest.len().min(usize::from(cut)));
        rest = after;
        piece
    });
    let pieces: Vec<&[u8]> = pieces.collect();
    let cut = decode(pieces.into_iter().chain([rest]), &limits);
    // A line without an end is refused by how much of it waits in the buffer, which depends on the cuts.
    assert!(waited_too_long(&whole) || waited_too_long(&cut) || whole == cut);
});

fn waited_too_long(outcome: &Outcome) -> bool {
    use ProtocolError::{ArrayHeaderTooBig, BulkHeaderTooBig, InlineTooBig};
    matches!(
        outcome.1,
        Some(InlineTooBig | ArrayHeaderTooBig | BulkHeaderTooBig)
    )
}
