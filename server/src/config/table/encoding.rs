//! Up to which size values keep their packed encodings.

use super::super::directive::Directive;
use super::{COUNT, I32_MAX, LONG_COUNT, SIZE, integer};

pub(super) static DIRECTIVES: &[Directive] = &[
    Directive::new(
        "hash-max-listpack-entries",
        LONG_COUNT,
        "512",
        "Most fields of a packed hash.",
    )
    .alias("hash-max-ziplist-entries"),
    Directive::new(
        "hash-max-listpack-value",
        SIZE,
        "64",
        "Longest field or value of a packed hash.",
    )
    .alias("hash-max-ziplist-value"),
    Directive::new(
        "set-max-intset-entries",
        LONG_COUNT,
        "512",
        "Most members of a packed set of integers.",
    ),
    Directive::new(
        "set-max-listpack-entries",
        LONG_COUNT,
        "128",
        "Most members of a packed set.",
    ),
    Directive::new(
        "set-max-listpack-value",
        SIZE,
        "64",
        "Longest member of a packed set.",
    ),
    Directive::new(
        "zset-max-listpack-entries",
        LONG_COUNT,
        "128",
        "Most members of a packed sorted set.",
    )
    .alias("zset-max-ziplist-entries"),
    Directive::new(
        "zset-max-listpack-value",
        SIZE,
        "64",
        "Longest member of a packed sorted set.",
    )
    .alias("zset-max-ziplist-value"),
    Directive::new(
        "list-max-listpack-size",
        integer(i32::MIN as i64, I32_MAX),
        "-2",
        "Elements of a list's block; -1 to -5 mean 4, 8, 16, 32 and 64 KiB.",
    )
    .alias("list-max-ziplist-size"),
    Directive::new(
        "list-compress-depth",
        COUNT,
        "0",
        "Blocks left uncompressed at each end of a list.",
    )
    .ignored("lists are not compressed"),
    Directive::new(
        "hll-sparse-max-bytes",
        SIZE,
        "3000",
        "Largest sparse HyperLogLog.",
    ),
    Directive::new(
        "stream-node-max-bytes",
        SIZE,
        "4096",
        "Largest node of a stream.",
    ),
    Directive::new(
        "stream-node-max-entries",
        LONG_COUNT,
        "100",
        "Most entries of a stream's node.",
    ),
];
