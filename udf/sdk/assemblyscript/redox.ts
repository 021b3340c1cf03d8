/**
 * Write functions for RedoxCache in AssemblyScript.
 *
 *   import { begin, DONE, reply } from "./redox";
 *
 *   export function visit(argv: usize, nkeys: i32, nargs: i32): i32 {
 *     const call = begin(argv, nkeys, nargs);
 *     if (!call.expects(1, 0)) return call.wrongArity();
 *     const sum = call.key(0).incrBy(1);
 *     if (call.failed()) return call.fail();
 *     reply.int(sum);
 *     return DONE;
 *   }
 *
 *   asc visit.ts -O3 --runtime stub --noAssert --use abort= -o visit.wasm
 *
 * An instance lives for many calls, and the stub runtime frees nothing by itself: `begin` takes back what the call before has allocated.
 * So a function may make objects and strings as it likes, and keeps none of them in globals; a global number is fine. Values are read
 * into the memory of `room()`. After steps that can fail, `call.failed()` tells whether one has.
 */

/** What a function ends with. */
export const DONE: i32 = 0;
const REPLIED_ERROR: i32 = -1;
const WRONG_ARITY: i32 = -2;

const NIL: i32 = -1;

// @ts-ignore: decorator
@external("redox1", "register") declare function host_register(n: usize, nl: i32, flags: i32): i32;
// @ts-ignore: decorator
@external("redox1", "get") declare function host_get(k: usize, kl: i32, o: usize, oc: i32): i32;
// @ts-ignore: decorator
@external("redox1", "getrange") declare function host_getrange(k: usize, kl: i32, off: i32, o: usize, oc: i32): i32;
// @ts-ignore: decorator
@external("redox1", "strlen") declare function host_strlen(k: usize, kl: i32): i32;
// @ts-ignore: decorator
@external("redox1", "exists") declare function host_exists(k: usize, kl: i32): i32;
// @ts-ignore: decorator
@external("redox1", "type") declare function host_type(k: usize, kl: i32): i32;
// @ts-ignore: decorator
@external("redox1", "set") declare function host_set(k: usize, kl: i32, v: usize, vl: i32, flags: i32, ttl_ms: i64): i32;
// @ts-ignore: decorator
@external("redox1", "cas") declare function host_cas(k: usize, kl: i32, h: usize, hl: i32, v: usize, vl: i32, flags: i32, ttl_ms: i64): i32;
// @ts-ignore: decorator
@external("redox1", "del") declare function host_del(k: usize, kl: i32): i32;
// @ts-ignore: decorator
@external("redox1", "append") declare function host_append(k: usize, kl: i32, v: usize, vl: i32): i32;
// @ts-ignore: decorator
@external("redox1", "incrby") declare function host_incrby(k: usize, kl: i32, by: i64, out: usize): i32;
// @ts-ignore: decorator
@external("redox1", "pexpire") declare function host_pexpire(k: usize, kl: i32, ms: i64): i32;
// @ts-ignore: decorator
@external("redox1", "pttl") declare function host_pttl(k: usize, kl: i32): i64;
// @ts-ignore: decorator
@external("redox1", "hget") declare function host_hget(k: usize, kl: i32, f: usize, fl: i32, o: usize, oc: i32): i32;
// @ts-ignore: decorator
@external("redox1", "hset") declare function host_hset(k: usize, kl: i32, f: usize, fl: i32, v: usize, vl: i32): i32;
// @ts-ignore: decorator
@external("redox1", "hdel") declare function host_hdel(k: usize, kl: i32, f: usize, fl: i32): i32;
// @ts-ignore: decorator
@external("redox1", "hincrby") declare function host_hincrby(k: usize, kl: i32, f: usize, fl: i32, by: i64, out: usize): i32;
// @ts-ignore: decorator
@external("redox1", "hmget") declare function host_hmget(k: usize, kl: i32, fv: usize, n: i32, o: usize, oc: i32): i32;
// @ts-ignore: decorator
@external("redox1", "hmset") declare function host_hmset(k: usize, kl: i32, fv: usize, n: i32): i32;
// @ts-ignore: decorator
@external("redox1", "sadd") declare function host_sadd(k: usize, kl: i32, m: usize, ml: i32): i32;
// @ts-ignore: decorator
@external("redox1", "srem") declare function host_srem(k: usize, kl: i32, m: usize, ml: i32): i32;
// @ts-ignore: decorator
@external("redox1", "sismember") declare function host_sismember(k: usize, kl: i32, m: usize, ml: i32): i32;
// @ts-ignore: decorator
@external("redox1", "push") declare function host_push(k: usize, kl: i32, v: usize, vl: i32, left: i32): i32;
// @ts-ignore: decorator
@external("redox1", "push_all") declare function host_push_all(k: usize, kl: i32, vv: usize, n: i32, left: i32): i32;
// @ts-ignore: decorator
@external("redox1", "pop") declare function host_pop(k: usize, kl: i32, left: i32, o: usize, oc: i32): i32;
// @ts-ignore: decorator
@external("redox1", "llen") declare function host_llen(k: usize, kl: i32): i32;
// @ts-ignore: decorator
@external("redox1", "zadd") declare function host_zadd(k: usize, kl: i32, score: f64, m: usize, ml: i32): i32;
// @ts-ignore: decorator
@external("redox1", "zscore") declare function host_zscore(k: usize, kl: i32, m: usize, ml: i32, out: usize): i32;
// @ts-ignore: decorator
@external("redox1", "zincrby") declare function host_zincrby(k: usize, kl: i32, by: f64, m: usize, ml: i32, out: usize): i32;
// @ts-ignore: decorator
@external("redox1", "zrem") declare function host_zrem(k: usize, kl: i32, m: usize, ml: i32): i32;
// @ts-ignore: decorator
@external("redox1", "zcard") declare function host_zcard(k: usize, kl: i32): i32;
// @ts-ignore: decorator
@external("redox1", "zrank") declare function host_zrank(k: usize, kl: i32, m: usize, ml: i32, reverse: i32): i32;
// @ts-ignore: decorator
@external("redox1", "zrange") declare function host_zrange(k: usize, kl: i32, first: i32, last: i32, reverse: i32, o: usize, oc: i32): i32;
// @ts-ignore: decorator
@external("redox1", "zremrange") declare function host_zremrange(k: usize, kl: i32, first: i32, last: i32): i32;
// @ts-ignore: decorator
@external("redox1", "call") declare function host_call(argv: usize, argc: i32, raise: i32): i32;
// @ts-ignore: decorator
@external("redox1", "r_type") declare function host_r_type(h: i32): i32;
// @ts-ignore: decorator
@external("redox1", "r_len") declare function host_r_len(h: i32): i32;
// @ts-ignore: decorator
@external("redox1", "r_i64") declare function host_r_i64(h: i32): i64;
// @ts-ignore: decorator
@external("redox1", "r_f64") declare function host_r_f64(h: i32): f64;
// @ts-ignore: decorator
@external("redox1", "r_read") declare function host_r_read(h: i32, off: i32, o: usize, oc: i32): i32;
// @ts-ignore: decorator
@external("redox1", "r_at") declare function host_r_at(h: i32, i: i32): i32;
// @ts-ignore: decorator
@external("redox1", "r_free") declare function host_r_free(h: i32): void;
// @ts-ignore: decorator
@external("redox1", "ret_nil") declare function host_ret_nil(): void;
// @ts-ignore: decorator
@external("redox1", "ret_int") declare function host_ret_int(value: i64): void;
// @ts-ignore: decorator
@external("redox1", "ret_f64") declare function host_ret_f64(value: f64): void;
// @ts-ignore: decorator
@external("redox1", "ret_bool") declare function host_ret_bool(value: i32): void;
// @ts-ignore: decorator
@external("redox1", "ret_bulk") declare function host_ret_bulk(v: usize, vl: i32): void;
// @ts-ignore: decorator
@external("redox1", "ret_bulks") declare function host_ret_bulks(vv: usize, n: i32): void;
// @ts-ignore: decorator
@external("redox1", "ret_status") declare function host_ret_status(v: usize, vl: i32): void;
// @ts-ignore: decorator
@external("redox1", "ret_error") declare function host_ret_error(v: usize, vl: i32): void;
// @ts-ignore: decorator
@external("redox1", "ret_array") declare function host_ret_array(n: i32): void;
// @ts-ignore: decorator
@external("redox1", "ret_ints") declare function host_ret_ints(p: usize, n: i32): void;
// @ts-ignore: decorator
@external("redox1", "ret_map") declare function host_ret_map(n: i32): void;
// @ts-ignore: decorator
@external("redox1", "ret_set") declare function host_ret_set(n: i32): void;
// @ts-ignore: decorator
@external("redox1", "now_ms") declare function host_now_ms(): i64;
// @ts-ignore: decorator
@external("redox1", "rand") declare function host_rand(): i64;
// @ts-ignore: decorator
@external("redox1", "log") declare function host_log(level: i32, v: usize, vl: i32): void;

/** Bytes somewhere in memory. */
@unmanaged
export class Span {
  ptr: usize;
  len: i32;
}

/** A place for a number that an import writes. */
const NUMBER: usize = memory.data(8, 8);

/** Memory for values that are read or put together: 16 KiB, the same in every call. */
const ROOM: usize = memory.data(16384);
export const ROOM_BYTES: i32 = 16384;

/** The room; two values at a time go into its halves. */
export function room(): usize {
  return ROOM;
}

/** What has failed in this call, as a status; 0 so far nothing. */
let failure: i32 = 0;

/** Notes a failure; nil is none. */
function checked(status: i32): i32 {
  if (status < NIL && failure == 0) failure = status;
  return status;
}

/** Why a function ends with an error: a text of its own. */
export function fail(text: string): i32 {
  const bytes = String.UTF8.encode(text);
  host_ret_error(changetype<usize>(bytes), bytes.byteLength);
  return REPLIED_ERROR;
}

/** Flags of `register`. */
export const NO_FLAGS: i32 = 0;
export const NO_WRITES: i32 = 1;
export const ALLOW_OOM: i32 = 2;
export const ALLOW_STALE: i32 = 4;
export const NO_CLUSTER: i32 = 8;
export const CROSS_SLOT: i32 = 16;
export const STATELESS: i32 = 32;

/** Registers an exported function; only `redox_load` may. Gives 0, which `redox_load` gives in turn. */
export function register(name: string, flags: i32): i32 {
  const bytes = String.UTF8.encode(name);
  return host_register(changetype<usize>(bytes), bytes.byteLength, flags);
}

/** A declared key. */
export class Key {
  constructor(
    public ptr: usize,
    public len: i32,
  ) {}

  /** Reads the string to `o`; its full length, or -1 when there is none. */
  get(o: usize, oc: i32): i32 {
    return checked(host_get(this.ptr, this.len, o, oc));
  }
  /** Reads the string from byte `off` on. */
  getRange(off: i32, o: usize, oc: i32): i32 {
    return checked(host_getrange(this.ptr, this.len, off, o, oc));
  }
  strlen(): i32 {
    return checked(host_strlen(this.ptr, this.len));
  }
  exists(): bool {
    return checked(host_exists(this.ptr, this.len)) > 0;
  }
  /** 0 none, 1 string, 2 list, 3 set, 4 sorted set, 5 hash, 6 stream. */
  type(): i32 {
    return checked(host_type(this.ptr, this.len));
  }
  /** Sets the string; `flags`: 1 only if absent, 2 only if present, 4 the expiry stays. False when a condition kept it. */
  set(v: usize, vl: i32, flags: i32 = 0, ttl_ms: i64 = 0): bool {
    return checked(host_set(this.ptr, this.len, v, vl, flags, ttl_ms)) == 0;
  }
  /** Sets the string if it is `h` so far: 1; 0 if it is another, -1 when there is none. `flags`: 4 the expiry stays. */
  cas(h: usize, hl: i32, v: usize, vl: i32, flags: i32 = 0, ttl_ms: i64 = 0): i32 {
    return checked(host_cas(this.ptr, this.len, h, hl, v, vl, flags, ttl_ms));
  }
  del(): bool {
    return checked(host_del(this.ptr, this.len)) > 0;
  }
  append(v: usize, vl: i32): i32 {
    return checked(host_append(this.ptr, this.len, v, vl));
  }
  incrBy(by: i64): i64 {
    checked(host_incrby(this.ptr, this.len, by, NUMBER));
    return load<i64>(NUMBER);
  }
  pexpire(ms: i64): bool {
    return checked(host_pexpire(this.ptr, this.len, ms)) > 0;
  }
  /** ms until it expires, -1 when it does not, -2 when there is no such key. */
  pttl(): i64 {
    return host_pttl(this.ptr, this.len);
  }
  hget(f: usize, fl: i32, o: usize, oc: i32): i32 {
    return checked(host_hget(this.ptr, this.len, f, fl, o, oc));
  }
  hset(f: usize, fl: i32, v: usize, vl: i32): bool {
    return checked(host_hset(this.ptr, this.len, f, fl, v, vl)) > 0;
  }
  hdel(f: usize, fl: i32): bool {
    return checked(host_hdel(this.ptr, this.len, f, fl)) > 0;
  }
  hincrBy(f: usize, fl: i32, by: i64): i64 {
    checked(host_hincrby(this.ptr, this.len, f, fl, by, NUMBER));
    return load<i64>(NUMBER);
  }
  /** Reads the `n` fields listed at `fv` (spans): of each the value's length, -1 when there is none, as 4 bytes, and the value. */
  hmget(fv: usize, n: i32, o: usize, oc: i32): i32 {
    return checked(host_hmget(this.ptr, this.len, fv, n, o, oc));
  }
  /** Sets `n` fields, each listed in front of its value; how many are new. */
  hmset(fv: usize, n: i32): i32 {
    return checked(host_hmset(this.ptr, this.len, fv, n));
  }
  sadd(m: usize, ml: i32): bool {
    return checked(host_sadd(this.ptr, this.len, m, ml)) > 0;
  }
  srem(m: usize, ml: i32): bool {
    return checked(host_srem(this.ptr, this.len, m, ml)) > 0;
  }
  sismember(m: usize, ml: i32): bool {
    return checked(host_sismember(this.ptr, this.len, m, ml)) > 0;
  }
  push(v: usize, vl: i32, left: bool): i32 {
    return checked(host_push(this.ptr, this.len, v, vl, i32(left)));
  }
  /** Pushes the `n` elements listed at `vv` (spans), one after the other. */
  pushAll(vv: usize, n: i32, left: bool): i32 {
    return checked(host_push_all(this.ptr, this.len, vv, n, i32(left)));
  }
  /** Takes an element; one longer than the room stays in the list. */
  pop(left: bool, o: usize, oc: i32): i32 {
    return checked(host_pop(this.ptr, this.len, i32(left), o, oc));
  }
  llen(): i32 {
    return checked(host_llen(this.ptr, this.len));
  }
  zadd(score: f64, m: usize, ml: i32): bool {
    return checked(host_zadd(this.ptr, this.len, score, m, ml)) > 0;
  }
  /** A member's score; NaN when it has none. */
  zscore(m: usize, ml: i32): f64 {
    return checked(host_zscore(this.ptr, this.len, m, ml, NUMBER)) == 0 ? load<f64>(NUMBER) : NaN;
  }
  zincrBy(by: f64, m: usize, ml: i32): f64 {
    checked(host_zincrby(this.ptr, this.len, by, m, ml, NUMBER));
    return load<f64>(NUMBER);
  }
  zrem(m: usize, ml: i32): bool {
    return checked(host_zrem(this.ptr, this.len, m, ml)) > 0;
  }
  zcard(): i32 {
    return checked(host_zcard(this.ptr, this.len));
  }
  /** A member's place from 0, or -1 when it is not there; the highest score first with `reverse`. */
  zrank(m: usize, ml: i32, reverse: bool = false): i32 {
    return checked(host_zrank(this.ptr, this.len, m, ml, i32(reverse)));
  }
  /** Reads places `first` to `last` as rows: the score (`f64`), the member's length (4 bytes), the member. Gives the bytes written. */
  zrange(first: i32, last: i32, o: usize, oc: i32, reverse: bool = false): i32 {
    return checked(host_zrange(this.ptr, this.len, first, last, i32(reverse), o, oc));
  }
  /** Removes places `first` to `last`; how many. */
  zremrange(first: i32, last: i32): i32 {
    return checked(host_zremrange(this.ptr, this.len, first, last));
  }
}

/** One call: its keys and arguments. */
export class Call {
  constructor(
    private argv: usize,
    private nkeys: i32,
    private nargs: i32,
  ) {}

  /** Whether it was given so many keys and arguments. */
  expects(keys: i32, args: i32): bool {
    return this.nkeys == keys && this.nargs == args;
  }
  /** How a function ends that was given others. */
  wrongArity(): i32 {
    return WRONG_ARITY;
  }
  /** Key `index`, which must be there. */
  key(index: i32): Key {
    const span = changetype<Span>(this.argv + index * sizeof<u64>());
    return new Key(span.ptr, span.len);
  }
  /** Argument `index`, which must be there. */
  arg(index: i32): Span {
    return changetype<Span>(this.argv + (this.nkeys + index) * sizeof<u64>());
  }
  /** Argument `index` as a whole number; a failure when it is none. */
  int(index: i32): i64 {
    const arg = this.arg(index);
    return parseInt64(arg.ptr, arg.len);
  }
  /** Whether a step has failed. */
  failed(): bool {
    return failure != 0;
  }
  /** How a function ends then. */
  fail(): i32 {
    switch (failure) {
      case -2:
        return fail("WRONGTYPE Operation against a key holding the wrong kind of value");
      case -3:
        return fail("ERR the function touches a key that it was not given");
      case -4:
        return fail("OOM command not allowed when used memory > 'maxmemory'.");
      case -5:
        return fail("NOPERM the function may not do this");
      case -7:
        return fail("ERR increment or decrement would overflow");
      default:
        return fail("ERR an argument is not what it should be");
    }
  }
}

/** What every function does first. */
export function begin(argv: usize, nkeys: i32, nargs: i32): Call {
  // @ts-ignore: the stub runtime's
  __reset();
  failure = 0;
  return new Call(argv, nkeys, nargs);
}

/** A whole number from its text; a failure when it is none. */
export function parseInt64(ptr: usize, len: i32): i64 {
  const negative = len > 0 && load<u8>(ptr) == 0x2d;
  let at = i32(negative);
  let sum: u64 = 0;
  let good = at < len;
  for (; good && at < len; at++) {
    const digit = u32(load<u8>(ptr + at)) - 0x30;
    good = digit < 10 && sum <= 922337203685477580;
    sum = sum * 10 + digit;
  }
  if (!good || sum > 9223372036854775807 + u64(negative)) {
    checked(-6);
    return 0;
  }
  return negative ? -i64(sum) : i64(sum);
}

/** Writes a whole number to `o`, at most 20 bytes; gives their number. */
export function printInt64(value: i64, o: usize): i32 {
  let rest = value < 0 ? 0 - u64(value) : u64(value);
  let len = i32(value < 0);
  for (let more = rest; more >= 10; more /= 10) len++;
  len++;
  let at = o + len;
  do {
    store<u8>(--at, u8(0x30 + (rest % 10)));
    rest /= 10;
  } while (rest != 0);
  if (value < 0) store<u8>(o, 0x2d);
  return len;
}

/** The answer of another command; give it back with `free`. */
export class Answer {
  constructor(private handle: i32) {}

  /** 0 nil, 1 int, 2 float, 3 bool, 4 bulk, 5 status, 6 error, 7 array, 8 map, 9 set. */
  type(): i32 {
    return host_r_type(this.handle);
  }
  len(): i32 {
    return host_r_len(this.handle);
  }
  int(): i64 {
    return host_r_i64(this.handle);
  }
  float(): f64 {
    return host_r_f64(this.handle);
  }
  read(off: i32, o: usize, oc: i32): i32 {
    return host_r_read(this.handle, off, o, oc);
  }
  at(index: i32): Answer {
    return new Answer(checked(host_r_at(this.handle, index)));
  }
  free(): void {
    host_r_free(this.handle);
  }
}

/** Runs any command: `argc` spans at `argv`, its name first. */
export function command(argv: usize, argc: i32): Answer {
  return new Answer(checked(host_call(argv, argc, 0)));
}

/** The reply, value by value; an aggregate's parts follow it. */
export namespace reply {
  export function nil(): void {
    host_ret_nil();
  }
  export function int(value: i64): void {
    host_ret_int(value);
  }
  export function float(value: f64): void {
    host_ret_f64(value);
  }
  export function bool(value: bool): void {
    host_ret_bool(i32(value));
  }
  export function bulk(v: usize, vl: i32): void {
    host_ret_bulk(v, vl);
  }
  /** An array of the `n` texts listed at `vv` (spans), 1024 at most. */
  export function bulks(vv: usize, n: i32): void {
    host_ret_bulks(vv, n);
  }
  export function status(text: string): void {
    const bytes = String.UTF8.encode(text);
    host_ret_status(changetype<usize>(bytes), bytes.byteLength);
  }
  export function array(n: i32): void {
    host_ret_array(n);
  }
  /** An array of the `n` whole numbers (`i64`) at `p`. */
  export function ints(p: usize, n: i32): void {
    host_ret_ints(p, n);
  }
  export function map(n: i32): void {
    host_ret_map(n);
  }
  export function set(n: i32): void {
    host_ret_set(n);
  }
}

/** The time of the call, ms since the epoch; it stands still during a call. */
export function nowMs(): i64 {
  return host_now_ms();
}

/** Random bits. */
export function random(): u64 {
  return u64(host_rand());
}

/** Writes a line to the server's log; level 0 to 3. */
export function log(level: i32, text: string): void {
  const bytes = String.UTF8.encode(text);
  host_log(level, changetype<usize>(bytes), bytes.byteLength);
}
