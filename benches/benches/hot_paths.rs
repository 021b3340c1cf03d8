//! Micro benchmarks of what every request passes: the decoder, the reply writer, the table,
//! the packed encodings and the large ones. `cargo bench -p benches`.

use std::hint::black_box;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use resp::{Batch, Decoder, Limits, OutputBuffer, Protocol, ReplyWriter};
use store::hash::{Seed, hash_key};
use store::keyspace::{Access, Db, Expiry, StringInput};
use store::types::{EncodingLimits, End, Hash, List, Set, Side, Zset};

const SEED: Seed = Seed(1, 2);
/// Keys of the table under test: more than the caches hold.
const KEYS: u64 = 1_000_000;
/// Requests in the pipelines that are decoded.
const PIPELINE: usize = 16;

fn key(number: u64) -> [u8; 16] {
    let mut text = *b"key:000000000000";
    let digits = format!("{number:012}");
    text[4..].copy_from_slice(digits.as_bytes());
    text
}

fn set(db: &mut Db, key: &[u8], value: StringInput<'_>) {
    let hash = hash_key(&SEED, key);
    db.set_string(hash, key, value, Expiry::Clear, Access::recency(0));
}

/// Visits keys in an order the hardware cannot guess.
fn scattered() -> impl FnMut() -> u64 {
    let mut state = 7u64;
    move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % KEYS
    }
}

fn decoder(c: &mut Criterion) {
    let mut group = c.benchmark_group("decoder");
    let value = "v".repeat(64);
    let get = "*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000001\r\n".repeat(PIPELINE);
    let set = format!("*3\r\n$3\r\nSET\r\n$16\r\nkey:000000000001\r\n$64\r\n{value}\r\n")
        .repeat(PIPELINE);
    group.throughput(Throughput::Elements(PIPELINE as u64));
    for (name, input) in [("get", get), ("set 64 bytes", set)] {
        let (mut decoder, mut batch) = (Decoder::new(), Batch::new(PIPELINE));
        group.bench_function(name, |b| {
            b.iter(|| {
                batch.clear();
                black_box(decoder.decode(input.as_bytes(), &Limits::default(), &mut batch))
            });
        });
    }
    group.finish();
}

fn replies(c: &mut Criterion) {
    let mut group = c.benchmark_group("reply");
    let mut out = OutputBuffer::new();
    let value = [b'v'; 64];
    group.bench_function("bulk of 64 bytes", |b| {
        b.iter(|| {
            out.clear();
            ReplyWriter::new(&mut out, Protocol::Resp2).bulk(black_box(&value));
        });
    });
    group.bench_function("double", |b| {
        b.iter(|| {
            out.clear();
            ReplyWriter::new(&mut out, Protocol::Resp2).double(black_box(0.1));
        });
    });
    group.finish();
}

fn table(c: &mut Criterion) {
    let mut group = c.benchmark_group("keyspace of a million keys");
    let mut db = Db::new(SEED);
    let value = [b'v'; 64];
    for number in 0..KEYS {
        set(&mut db, &key(number), StringInput::Bytes(&value));
    }
    let mut next = scattered();
    group.bench_function("get", |b| {
        b.iter_batched(
            || key(next()),
            |key| black_box(db.get(hash_key(&SEED, &key), &key).is_some()),
            BatchSize::SmallInput,
        );
    });
    let mut next = scattered();
    group.bench_function("set over", |b| {
        b.iter_batched(
            || key(next()),
            |key| set(&mut db, &key, StringInput::Bytes(&value)),
            BatchSize::SmallInput,
        );
    });
    group.finish();
}

/// Growing from nothing and shrinking again: what moving the items of a table costs.
fn growth(c: &mut Criterion) {
    let limits = EncodingLimits::default();
    let mut group = c.benchmark_group("a million");
    group.sample_size(10);
    group.throughput(Throughput::Elements(KEYS));
    group.bench_function("new keys", |b| {
        b.iter_batched(
            || Db::new(SEED),
            |mut db| {
                for number in 0..KEYS {
                    set(&mut db, &key(number), StringInput::Int(number as i64));
                }
                db
            },
            BatchSize::PerIteration,
        );
    });
    let filled = || {
        let mut set = Set::new();
        for number in 0..KEYS {
            set.insert(&SEED, &key(number), &limits);
        }
        set
    };
    group.bench_function("new members of a set", |b| {
        b.iter_batched(|| (), |()| filled(), BatchSize::PerIteration);
    });
    group.bench_function("members removed from a set", |b| {
        b.iter_batched(
            filled,
            |mut set| {
                for number in 0..KEYS {
                    set.remove(&SEED, &key(number));
                }
                set
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

fn collections(c: &mut Criterion) {
    let limits = EncodingLimits::default();
    let mut group = c.benchmark_group("collection");
    let mut small = Hash::new();
    for field in 0..10 {
        small.insert(&SEED, format!("field{field}").as_bytes(), b"value", &limits);
    }
    group.bench_function("packed hash of 10: get", |b| {
        b.iter(|| black_box(small.get(&SEED, black_box(b"field7"))));
    });
    let mut set = Set::new();
    let mut next = scattered();
    group.bench_function("big set: insert", |b| {
        b.iter_batched(
            || key(next()),
            |member| set.insert(&SEED, &member, &limits),
            BatchSize::SmallInput,
        );
    });
    let mut zset = Zset::new();
    let mut next = scattered();
    group.bench_function("big sorted set: insert", |b| {
        b.iter_batched(
            &mut next,
            |number| zset.insert(&SEED, &key(number), number as f64, &limits),
            BatchSize::SmallInput,
        );
    });
    group.bench_function("big sorted set: pop and put back", |b| {
        b.iter(|| {
            let (member, score) = zset
                .pop(&SEED, End::Min, |member, score| (member.to_vec(), score))
                .expect("never empty");
            zset.insert(&SEED, &member, score + KEYS as f64, &limits)
        });
    });
    let mut list = List::new();
    let element = [b'v'; 64];
    for _ in 0..KEYS / 10 {
        list.push(Side::Left, &element, &limits);
    }
    group.bench_function("big list: push and pop", |b| {
        b.iter(|| {
            list.push(Side::Left, &element, &limits);
            list.pop(Side::Right, |element| element.len())
        });
    });
    group.finish();
}

criterion_group!(benches, decoder, replies, table, growth, collections);
criterion_main!(benches);
