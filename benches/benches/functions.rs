//! What a call of a function costs, without a server around it: nothing, one host call, compare and set. `cargo bench -p benches --bench functions`.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use resp::{OutputBuffer, Protocol};
use udf::wasm::{Compiler, WasmEngine};
use udf::{Call, Engine, Host, LocalHost, Pulse};

const EMPTY: &str = "(module (memory (export \"memory\") 1)
    (func (export \"empty\") (param i32 i32 i32) (result i32) (i32.const 0)))";
const TIME: &str =
    "(module (import \"redox1\" \"now_ms\" (func $now (result i64))) (memory (export \"memory\") 1)
    (func (export \"time\") (param i32 i32 i32) (result i32) (drop (call $now)) (i32.const 0)))";
const CAS: &str = include_str!("../../tests/guests/cas.wat");

fn wasm(c: &mut Criterion) {
    let engine = WasmEngine::new(Compiler::Here).expect("WASM runs here");
    let mut group = c.benchmark_group("wasm");
    let mut host = LocalHost::new(&["key:000000000001"]);
    host.run("SET key:000000000001 same");
    let mut out = OutputBuffer::new();
    for (name, source, args) in [
        ("an empty call", EMPTY, &[][..]),
        ("a host call", TIME, &[]),
        ("cas", CAS, &[&b"same"[..], b"same"]),
    ] {
        let loaded = engine.load(source.as_bytes()).expect("it is fine");
        let mut instance = loaded
            .program
            .instantiate(|| Pulse::Alive)
            .expect("there is room");
        let call = Call {
            function: 0,
            keys: &[b"key:000000000001"],
            args,
            protocol: Protocol::Resp2,
            time_limit_ms: 5,
        };
        group.bench_function(name, |b| {
            b.iter(|| {
                out.clear();
                let host: &mut dyn Host = &mut host;
                black_box(instance.call(&call, host, &mut out)).expect("it runs");
            });
        });
    }
    let loaded = engine.load(CAS.as_bytes()).expect("it is fine");
    group.bench_function("a fresh instance", |b| {
        b.iter(|| {
            black_box(loaded.program.instantiate(|| Pulse::Alive))
                .map(drop)
                .expect("there is room")
        });
    });
    group.finish();
}

criterion_group!(benches, wasm);
criterion_main!(benches);
