//! The imports of `redox1`: the server on wasm, [`crate::mock`] everywhere else. Lengths and pointers are `i32` on the wire.

/// Declares the imports once, for both.
macro_rules! imports {
    ($($(#[$doc:meta])* fn $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        #[cfg(target_arch = "wasm32")]
        #[link(wasm_import_module = "redox1")]
        extern "C" {
            $($(#[$doc])* pub fn $name($($arg: $type),*) $(-> $result)?;)*
        }

        #[cfg(not(target_arch = "wasm32"))]
        pub use crate::mock::imports::{$($name),*};

        /// The mock has every import, with the same signature.
        #[cfg(not(target_arch = "wasm32"))]
        const _: ($(unsafe fn($($type),*) $(-> $result)?,)*) = ($($name,)*);
    };
}

imports! {
    fn register(n: *const u8, nl: usize, flags: u32) -> i32;
    fn get(k: *const u8, kl: usize, o: *mut u8, oc: usize) -> i32;
    fn getrange(k: *const u8, kl: usize, off: usize, o: *mut u8, oc: usize) -> i32;
    fn strlen(k: *const u8, kl: usize) -> i32;
    fn exists(k: *const u8, kl: usize) -> i32;
    fn r#type(k: *const u8, kl: usize) -> i32;
    fn set(k: *const u8, kl: usize, v: *const u8, vl: usize, flags: u32, ttl_ms: i64) -> i32;
    fn cas(k: *const u8, kl: usize, h: *const u8, hl: usize, v: *const u8, vl: usize, flags: u32, ttl_ms: i64) -> i32;
    fn del(k: *const u8, kl: usize) -> i32;
    fn append(k: *const u8, kl: usize, v: *const u8, vl: usize) -> i32;
    fn incrby(k: *const u8, kl: usize, by: i64, out: *mut i64) -> i32;
    fn pexpire(k: *const u8, kl: usize, ms: i64) -> i32;
    fn pttl(k: *const u8, kl: usize) -> i64;
    fn hget(k: *const u8, kl: usize, f: *const u8, fl: usize, o: *mut u8, oc: usize) -> i32;
    fn hset(k: *const u8, kl: usize, f: *const u8, fl: usize, v: *const u8, vl: usize) -> i32;
    fn hdel(k: *const u8, kl: usize, f: *const u8, fl: usize) -> i32;
    fn hincrby(k: *const u8, kl: usize, f: *const u8, fl: usize, by: i64, out: *mut i64) -> i32;
    fn hmget(k: *const u8, kl: usize, fv: *const Pair, n: usize, o: *mut u8, oc: usize) -> i32;
    fn hmset(k: *const u8, kl: usize, fv: *const Pair, n: usize) -> i32;
    fn sadd(k: *const u8, kl: usize, m: *const u8, ml: usize) -> i32;
    fn srem(k: *const u8, kl: usize, m: *const u8, ml: usize) -> i32;
    fn sismember(k: *const u8, kl: usize, m: *const u8, ml: usize) -> i32;
    fn push(k: *const u8, kl: usize, v: *const u8, vl: usize, left: i32) -> i32;
    fn push_all(k: *const u8, kl: usize, vv: *const Pair, n: usize, left: i32) -> i32;
    fn pop(k: *const u8, kl: usize, left: i32, o: *mut u8, oc: usize) -> i32;
    fn llen(k: *const u8, kl: usize) -> i32;
    fn zadd(k: *const u8, kl: usize, score: f64, m: *const u8, ml: usize) -> i32;
    fn zscore(k: *const u8, kl: usize, m: *const u8, ml: usize, out: *mut f64) -> i32;
    fn zincrby(k: *const u8, kl: usize, by: f64, m: *const u8, ml: usize, out: *mut f64) -> i32;
    fn zrem(k: *const u8, kl: usize, m: *const u8, ml: usize) -> i32;
    fn zcard(k: *const u8, kl: usize) -> i32;
    fn zrank(k: *const u8, kl: usize, m: *const u8, ml: usize, reverse: i32) -> i32;
    fn zrange(k: *const u8, kl: usize, first: i32, last: i32, reverse: i32, o: *mut u8, oc: usize) -> i32;
    fn zremrange(k: *const u8, kl: usize, first: i32, last: i32) -> i32;
    fn call(argv: *const Pair, argc: usize, raise: i32) -> i32;
    fn r_type(h: i32) -> i32;
    fn r_len(h: i32) -> i32;
    fn r_i64(h: i32) -> i64;
    fn r_f64(h: i32) -> f64;
    fn r_read(h: i32, off: usize, o: *mut u8, oc: usize) -> i32;
    fn r_at(h: i32, i: usize) -> i32;
    fn r_free(h: i32);
    fn ret_nil();
    fn ret_int(value: i64);
    fn ret_f64(value: f64);
    fn ret_bool(value: i32);
    fn ret_bulk(v: *const u8, vl: usize);
    fn ret_bulks(vv: *const Pair, n: usize);
    fn ret_status(v: *const u8, vl: usize);
    fn ret_error(v: *const u8, vl: usize);
    fn ret_array(n: usize);
    fn ret_ints(p: *const i64, n: usize);
    fn ret_map(n: usize);
    fn ret_set(n: usize);
    fn now_ms() -> i64;
    fn rand() -> i64;
    fn log(level: i32, v: *const u8, vl: usize);
}

use crate::call::Pair;
