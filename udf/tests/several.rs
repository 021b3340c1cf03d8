//! Imports that read or change several parts of a key at once, as a module sees them.

use resp::{OutputBuffer, Protocol};
use udf::wasm::{Compiler, WasmEngine};
use udf::{Call, Engine, Instance, LocalHost, Pulse};

/// Lists lie at 0, as argv does: the words of `write` below. What is read goes to 4096.
const MODULE: &str = r#"(module
    (import "redox1" "hmget" (func $hmget (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "redox1" "hmset" (func $hmset (param i32 i32 i32 i32) (result i32)))
    (import "redox1" "push_all" (func $push_all (param i32 i32 i32 i32 i32) (result i32)))
    (import "redox1" "zrem" (func $zrem (param i32 i32 i32 i32) (result i32)))
    (import "redox1" "zcard" (func $zcard (param i32 i32) (result i32)))
    (import "redox1" "zrank" (func $zrank (param i32 i32 i32 i32 i32) (result i32)))
    (import "redox1" "zrange" (func $zrange (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "redox1" "zremrange" (func $zremrange (param i32 i32 i32 i32) (result i32)))
    (import "redox1" "cas" (func $cas (param i32 i32 i32 i32 i32 i32 i32 i64) (result i32)))
    (import "redox1" "ret_bulks" (func $bulks (param i32 i32)))
    (import "redox1" "ret_ints" (func $ints (param i32 i32)))
    (import "redox1" "ret_int" (func $int (param i64)))
    (import "redox1" "ret_bulk" (func $bulk (param i32 i32)))
    (import "redox1" "ret_array" (func $array (param i32)))
    (memory (export "memory") 1)
    (func $k (param $argv i32) (result i32) (i32.load (local.get $argv)))
    (func $n (param $argv i32) (result i32) (i32.load offset=4 (local.get $argv)))
    (func $list (param $argv i32) (result i32) (i32.add (local.get $argv) (i32.const 8)))
    (func $arg (param $argv i32) (result i32) (i32.load offset=8 (local.get $argv)))
    (func $len (param $argv i32) (result i32) (i32.load offset=12 (local.get $argv)))
    (func $status (param i32) (call $int (i64.extend_i32_s (local.get 0))))
    ;; A status, and what it says there is to read of a room of 16 bytes.
    (func $read (param $status i32)
        (call $array (i32.const 2))
        (call $status (local.get $status))
        (call $bulk (i32.const 4096) (select (local.get $status) (i32.const 16) (i32.lt_u (local.get $status) (i32.const 16)))))
    (func (export "hmset") (param $v i32) (param i32) (param $n i32) (result i32)
        (call $status (call $hmset (call $k (local.get $v)) (call $n (local.get $v)) (call $list (local.get $v)) (i32.shr_u (local.get $n) (i32.const 1))))
        (i32.const 0))
    (func (export "hmget") (param $v i32) (param i32) (param $n i32) (result i32)
        (call $read (call $hmget (call $k (local.get $v)) (call $n (local.get $v)) (call $list (local.get $v)) (local.get $n) (i32.const 4096) (i32.const 16)))
        (i32.const 0))
    (func (export "push_all") (param $v i32) (param i32) (param $n i32) (result i32)
        (call $status (call $push_all (call $k (local.get $v)) (call $n (local.get $v)) (call $list (local.get $v)) (local.get $n) (i32.const 1)))
        (i32.const 0))
    (func (export "too_many") (param $v i32) (param i32) (param i32) (result i32)
        (call $status (call $push_all (call $k (local.get $v)) (call $n (local.get $v)) (i32.const 0) (i32.const 1025) (i32.const 1)))
        (i32.const 0))
    (func (export "rows") (param $v i32) (param i32) (param i32) (result i32)
        (call $read (call $zrange (call $k (local.get $v)) (call $n (local.get $v)) (i32.const 0) (i32.const -1) (call $len (local.get $v)) (i32.const 4096) (i32.const 16)))
        (i32.const 0))
    (func (export "places") (param $v i32) (param i32) (param i32) (result i32)
        (call $array (i32.const 5))
        (call $status (call $zcard (call $k (local.get $v)) (call $n (local.get $v))))
        (call $status (call $zrank (call $k (local.get $v)) (call $n (local.get $v)) (call $arg (local.get $v)) (call $len (local.get $v)) (i32.const 0)))
        (call $status (call $zrank (call $k (local.get $v)) (call $n (local.get $v)) (call $arg (local.get $v)) (call $len (local.get $v)) (i32.const 1)))
        (call $status (call $zrem (call $k (local.get $v)) (call $n (local.get $v)) (call $arg (local.get $v)) (call $len (local.get $v))))
        (call $status (call $zremrange (call $k (local.get $v)) (call $n (local.get $v)) (i32.const 1) (i32.const -1)))
        (i32.const 0))
    ;; With the held text, the new one, and flags and time as the lengths of two more.
    (func (export "cas") (param $v i32) (param i32) (param i32) (result i32)
        (call $status (call $cas (call $k (local.get $v)) (call $n (local.get $v)) (call $arg (local.get $v)) (call $len (local.get $v))
            (i32.load offset=16 (local.get $v)) (i32.load offset=20 (local.get $v)) (i32.load offset=28 (local.get $v)) (i64.load32_s offset=36 (local.get $v))))
        (i32.const 0))
    (func (export "texts") (param $v i32) (param i32) (param $n i32) (result i32)
        (call $bulks (call $list (local.get $v)) (local.get $n))
        (i32.const 0))
    (func (export "ints") (param i32 i32 i32) (result i32)
        (i64.store (i32.const 4099) (i64.const -7))
        (i64.store (i32.const 4107) (i64.const 0x7fffffffffffffff))
        (call $ints (i32.const 4099) (i32.const 2))
        (i32.const 0)))"#;

/// The module, and data that it works on.
struct Trial {
    names: Vec<String>,
    instance: Box<dyn Instance>,
    host: LocalHost,
}

impl Trial {
    fn new() -> Self {
        let engine = WasmEngine::new(Compiler::Here).expect("WASM runs here");
        let loaded = engine.load(MODULE.as_bytes()).expect("it is a library");
        Trial {
            names: loaded.functions.into_iter().map(|f| f.name).collect(),
            instance: loaded
                .program
                .instantiate(|| Pulse::Alive)
                .expect("it starts"),
            host: LocalHost::new(&["k"]),
        }
    }

    /// Calls a function with the key `k`; its reply, line ends shown as spaces.
    fn call(&mut self, name: &str, args: &[&str]) -> String {
        let function = self.names.iter().position(|known| known == name);
        let args: Vec<&[u8]> = args.iter().map(|arg| arg.as_bytes()).collect();
        let call = Call {
            function: function.expect("the module has it"),
            keys: &[b"k"],
            args: &args,
            protocol: Protocol::Resp2,
            time_limit_ms: 0,
        };
        let mut out = OutputBuffer::new();
        let ended = self.instance.call(&call, &mut self.host, &mut out);
        ended.expect("it does not trap");
        String::from_utf8_lossy(&out.to_vec()).replace("\r\n", " ")
    }
}

#[test]
fn fields_of_a_hash() {
    let mut trial = Trial::new();
    assert_eq!(
        trial.call("hmget", &["f"]),
        "*2 :4 $4 \u{fffd}\u{fffd}\u{fffd}\u{fffd} "
    );
    assert_eq!(trial.call("hmset", &["f", "one", "g", "2"]), ":2 ");
    assert_eq!(trial.call("hmset", &["g", "3", "h", ""]), ":1 ");
    assert_eq!(trial.call("hmset", &[]), ":-6 ");
    assert_eq!(
        trial.host.run("HGETALL k"),
        "*6 $1 f $3 one $1 g $1 3 $1 h $0"
    );
    assert_eq!(
        trial.call("hmget", &["f", "h"]),
        "*2 :11 $11 \u{3}\0\0\0one\0\0\0\0 "
    );
    // Of what does not fit the room has the beginning.
    let cut = "*2 :19 $16 \u{3}\0\0\0one\u{3}\0\0\0one\u{1}\0 ";
    assert_eq!(trial.call("hmget", &["f", "f", "g"]), cut);
    assert_eq!(trial.call("push_all", &["x"]), ":-2 ");
    trial.host.read_only = true;
    assert_eq!(trial.call("hmset", &["f", "1"]), ":-5 ");
}

#[test]
fn elements_of_a_list() {
    let mut trial = Trial::new();
    assert_eq!(trial.call("push_all", &["a", "b"]), ":2 ");
    assert_eq!(trial.call("push_all", &["c"]), ":3 ");
    assert_eq!(trial.host.run("LRANGE k 0 -1"), "*3 $1 c $1 b $1 a");
    assert_eq!(trial.call("push_all", &[]), ":-6 ");
    assert_eq!(trial.call("too_many", &[]), ":-6 ");
    assert_eq!(
        trial.call("hmget", &["f"]),
        "*2 :-2 $16 ".to_owned() + &"\0".repeat(16) + " "
    );
}

#[test]
fn places_of_a_sorted_set() {
    let mut trial = Trial::new();
    assert_eq!(trial.call("rows", &[""]), "*2 :0 $0  ");
    trial.host.run("ZADD k 0 a 0 bb 2 c 3 dddddd");
    // Whole rows only: a score, a length and the member.
    let first = "*2 :13 $13 \0\0\0\0\0\0\0\0\u{1}\0\0\0a ";
    assert_eq!(trial.call("rows", &[""]), first);
    // From the other end the first does not fit: what it takes.
    assert!(trial.call("rows", &["r"]).starts_with("*2 :18 $16 "));
    assert_eq!(trial.call("places", &["bb"]), "*5 :4 :1 :2 :1 :2 ");
    assert_eq!(trial.host.run("ZRANGE k 0 -1"), "*1 $1 a");
    assert_eq!(trial.call("places", &["x"]), "*5 :1 :-1 :-1 :0 :0 ");
    assert_eq!(trial.call("places", &["a"]), "*5 :1 :0 :0 :1 :0 ");
    assert_eq!(trial.host.run("EXISTS k"), ":0");
}

#[test]
fn strings_that_are_compared_and_set() {
    let mut trial = Trial::new();
    assert_eq!(trial.call("cas", &["", "1", "", ""]), ":-1 ");
    trial.host.run("SET k 41 PX 100000");
    assert_eq!(trial.call("cas", &["4", "1", "", ""]), ":0 ");
    assert_eq!(trial.call("cas", &["41", "42", "keep", ""]), ":1 ");
    assert_eq!(trial.host.run("GET k"), "$2 42");
    assert_ne!(trial.host.run("PTTL k"), ":-1");
    assert_eq!(trial.call("cas", &["42", "", "", ""]), ":1 ");
    assert_eq!(trial.host.run("PTTL k"), ":-1");
    assert_eq!(trial.call("cas", &["", "x", "", "0123456789"]), ":1 ");
    assert_ne!(trial.host.run("PTTL k"), ":-1");
    for [flags, ttl] in [["keep", "5"], ["1", ""], ["no", ""], ["12345678", ""]] {
        assert_eq!(trial.call("cas", &["x", "y", flags, ttl]), ":-6 ");
    }
    trial.host.read_only = true;
    assert_eq!(trial.call("cas", &["x", "y", "", ""]), ":-5 ");
    trial.host.read_only = false;
    trial.host.run("DEL k");
    trial.host.run("LPUSH k x");
    assert_eq!(trial.call("cas", &["x", "y", "", ""]), ":-2 ");
}

#[test]
fn texts_of_one_array() {
    let mut trial = Trial::new();
    assert_eq!(trial.call("texts", &[]), "*0 ");
    assert_eq!(trial.call("texts", &["a", "", "bc"]), "*3 $1 a $0  $2 bc ");
    let many = vec!["x"; 20];
    let reply = "*20 ".to_owned() + &"$1 x ".repeat(20);
    assert_eq!(trial.call("texts", &many), reply);
}

#[test]
fn integers_at_any_address() {
    assert_eq!(
        Trial::new().call("ints", &[]),
        "*2 :-7 :9223372036854775807 "
    );
}
