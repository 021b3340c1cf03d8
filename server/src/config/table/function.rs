//! What functions and scripts may take.

use super::super::directive::{Directive, Kind};
use super::integer;

pub(super) static DIRECTIVES: &[Directive] = &[
    Directive::new(
        "lua-memory-max",
        Kind::Memory {
            min: 1 << 20,
            max: 1 << 40,
        },
        "268435456",
        "Memory one state of Lua may have, of which a core has one for each tenant and library; a tenant's maxmemory bounds it too. Holds for libraries loaded from now on.",
    ),
    Directive::new(
        "wasm-time-limit",
        integer(0, 3_600_000),
        "5",
        "Milliseconds a WASM function may run, its pauses not counted; 0 for ever.",
    ),
    Directive::new(
        "wasm-memory-max",
        Kind::Memory {
            min: 128 << 10,
            max: 1 << 30,
        },
        "4194304",
        "Memory one instance of a WASM library may have; holds for libraries loaded from now on.",
    ),
    Directive::new(
        "wasm-module-max-size",
        Kind::Memory {
            min: 1 << 10,
            max: 16 << 20,
        },
        "1048576",
        "The largest WASM library, as it is loaded.",
    ),
    Directive::new(
        "wasm-module-max-functions",
        integer(1, 20_000),
        "2000",
        "Functions a WASM module may define, called from outside or not.",
    ),
];
