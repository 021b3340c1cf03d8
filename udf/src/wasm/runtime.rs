//! How code is compiled and run.

use wasmtime::{Config, Engine, RegallocAlgorithm};

use super::limits::{FIBER_STACK_BYTES, STACK_BYTES_MAX};

/// How code is compiled. Who runs it must say the same as who compiled it.
pub(super) fn config(registers: RegallocAlgorithm) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(STACK_BYTES_MAX)
        .async_stack_size(FIBER_STACK_BYTES)
        .wasm_backtrace_max_frames(None)
        .generate_address_map(false)
        .memory_init_cow(true)
        .wasm_relaxed_simd(false)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .cranelift_regalloc_algorithm(registers);
    config
}

/// An engine for running what such a configuration compiled, whatever the registers were allocated by.
pub(super) fn engine() -> wasmtime::Result<Engine> {
    Engine::new(&config(RegallocAlgorithm::Backtracking))
}
