/* Write functions for RedoxCache in C: the imports of `redox1`, and a few things to make them pleasant.
 *
 *   #include "redox.h"
 *
 *   REDOX_FUNCTION("visit", visit) {
 *       int64_t sum;
 *       if (nkeys != 1 || nargs != 0) return REDOX_WRONG_ARITY;
 *       int status = redox_incrby(argv[0].ptr, argv[0].len, 1, &sum);
 *       if (status != 0) return redox_fail(status);
 *       redox_ret_int(sum);
 *       return REDOX_DONE;
 *   }
 *
 *   clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry -o visit.wasm visit.c
 *
 * A library without `redox_load` has every function it exports, with no flags. One with it registers each:
 *
 *   REDOX_LOAD { return redox_register("visit", 5, REDOX_NO_FLAGS); }
 *
 * A read gives the full length of the value even if it is longer than the room, or a negative status. Pointers are checked by the
 * server: one that leads out of the memory traps. There is no libc; memcpy, memset, memcmp and strlen-like needs are met below.
 */
#ifndef REDOX_H
#define REDOX_H

typedef signed int int32_t;
typedef unsigned int uint32_t;
typedef signed long long int64_t;
typedef unsigned long long uint64_t;
typedef unsigned char redox_byte;

/* One key or argument, as argv has them: keys first. */
typedef struct {
    const redox_byte *ptr;
    uint32_t len;
} redox_arg;

/* What a function ends with. */
enum { REDOX_DONE = 0, REDOX_REPLIED_ERROR = -1, REDOX_WRONG_ARITY = -2 };

/* Negative statuses of the imports. */
enum {
    REDOX_NIL = -1,
    REDOX_WRONG_TYPE = -2,
    REDOX_NOT_DECLARED = -3,
    REDOX_OUT_OF_MEMORY = -4,
    REDOX_DENIED = -5,
    REDOX_BAD_ARGUMENT = -6,
    REDOX_OVERFLOW = -7
};

/* Flags of redox_register. */
enum {
    REDOX_NO_FLAGS = 0,
    REDOX_NO_WRITES = 1,
    REDOX_ALLOW_OOM = 2,
    REDOX_ALLOW_STALE = 4,
    REDOX_NO_CLUSTER = 8,
    REDOX_CROSS_SLOT = 16,
    REDOX_STATELESS = 32
};

/* Flags of redox_set. */
enum { REDOX_SET_PLAIN = 0, REDOX_SET_NX = 1, REDOX_SET_XX = 2, REDOX_SET_KEEPTTL = 4 };

/* What redox_type gives. */
enum {
    REDOX_TYPE_NONE = 0,
    REDOX_TYPE_STRING = 1,
    REDOX_TYPE_LIST = 2,
    REDOX_TYPE_SET = 3,
    REDOX_TYPE_ZSET = 4,
    REDOX_TYPE_HASH = 5,
    REDOX_TYPE_STREAM = 6
};

/* What redox_r_type gives. */
enum {
    REDOX_REPLY_NIL = 0,
    REDOX_REPLY_INT = 1,
    REDOX_REPLY_FLOAT = 2,
    REDOX_REPLY_BOOL = 3,
    REDOX_REPLY_BULK = 4,
    REDOX_REPLY_STATUS = 5,
    REDOX_REPLY_ERROR = 6,
    REDOX_REPLY_ARRAY = 7,
    REDOX_REPLY_MAP = 8,
    REDOX_REPLY_SET = 9
};

/* Levels of redox_log. */
enum { REDOX_LOG_DEBUG = 0, REDOX_LOG_VERBOSE = 1, REDOX_LOG_NOTICE = 2, REDOX_LOG_WARNING = 3 };

/* The length that redox_hmget gives of a value that is not there. */
#define REDOX_ABSENT 0xffffffffu

#define REDOX_IMPORT(name) __attribute__((import_module("redox1"), import_name(name)))

/* An exported function: `argv` has `nkeys` keys and then `nargs` arguments. */
#define REDOX_FUNCTION(name, symbol) \
    __attribute__((export_name(name))) int32_t symbol(const redox_arg *argv, uint32_t nkeys, uint32_t nargs)

/* What runs once when the library is loaded; the only place for redox_register. */
#define REDOX_LOAD __attribute__((export_name("redox_load"))) int32_t redox_load(void)

REDOX_IMPORT("register") int32_t redox_register(const char *name, uint32_t len, uint32_t flags);

REDOX_IMPORT("get") int32_t redox_get(const void *k, uint32_t kl, void *o, uint32_t oc);
REDOX_IMPORT("getrange") int32_t redox_getrange(const void *k, uint32_t kl, uint32_t off, void *o, uint32_t oc);
REDOX_IMPORT("strlen") int32_t redox_strlen(const void *k, uint32_t kl);
REDOX_IMPORT("exists") int32_t redox_exists(const void *k, uint32_t kl);
REDOX_IMPORT("type") int32_t redox_type(const void *k, uint32_t kl);
REDOX_IMPORT("set") int32_t redox_set(const void *k, uint32_t kl, const void *v, uint32_t vl, uint32_t flags, int64_t ttl_ms);
/* Sets the string if it is `h` so far: 1; 0 if it is another. */
REDOX_IMPORT("cas") int32_t redox_cas(const void *k, uint32_t kl, const void *h, uint32_t hl, const void *v, uint32_t vl, uint32_t flags, int64_t ttl_ms);
REDOX_IMPORT("del") int32_t redox_del(const void *k, uint32_t kl);
REDOX_IMPORT("append") int32_t redox_append(const void *k, uint32_t kl, const void *v, uint32_t vl);
REDOX_IMPORT("incrby") int32_t redox_incrby(const void *k, uint32_t kl, int64_t by, int64_t *out);
REDOX_IMPORT("pexpire") int32_t redox_pexpire(const void *k, uint32_t kl, int64_t ms);
REDOX_IMPORT("pttl") int64_t redox_pttl(const void *k, uint32_t kl);

REDOX_IMPORT("hget") int32_t redox_hget(const void *k, uint32_t kl, const void *f, uint32_t fl, void *o, uint32_t oc);
REDOX_IMPORT("hset") int32_t redox_hset(const void *k, uint32_t kl, const void *f, uint32_t fl, const void *v, uint32_t vl);
REDOX_IMPORT("hdel") int32_t redox_hdel(const void *k, uint32_t kl, const void *f, uint32_t fl);
REDOX_IMPORT("hincrby") int32_t redox_hincrby(const void *k, uint32_t kl, const void *f, uint32_t fl, int64_t by, int64_t *out);
/* Several fields, listed as argv is: of each the value's length (uint32_t, REDOX_ABSENT where there is none) and its bytes. */
REDOX_IMPORT("hmget") int32_t redox_hmget(const void *k, uint32_t kl, const redox_arg *fv, uint32_t n, void *o, uint32_t oc);
/* `n` fields, each followed by its value: 2 * n entries of the list. */
REDOX_IMPORT("hmset") int32_t redox_hmset(const void *k, uint32_t kl, const redox_arg *fv, uint32_t n);

REDOX_IMPORT("sadd") int32_t redox_sadd(const void *k, uint32_t kl, const void *m, uint32_t ml);
REDOX_IMPORT("srem") int32_t redox_srem(const void *k, uint32_t kl, const void *m, uint32_t ml);
REDOX_IMPORT("sismember") int32_t redox_sismember(const void *k, uint32_t kl, const void *m, uint32_t ml);

REDOX_IMPORT("push") int32_t redox_push(const void *k, uint32_t kl, const void *v, uint32_t vl, int32_t left);
REDOX_IMPORT("push_all") int32_t redox_push_all(const void *k, uint32_t kl, const redox_arg *vv, uint32_t n, int32_t left);
REDOX_IMPORT("pop") int32_t redox_pop(const void *k, uint32_t kl, int32_t left, void *o, uint32_t oc);
REDOX_IMPORT("llen") int32_t redox_llen(const void *k, uint32_t kl);

REDOX_IMPORT("zadd") int32_t redox_zadd(const void *k, uint32_t kl, double score, const void *m, uint32_t ml);
REDOX_IMPORT("zscore") int32_t redox_zscore(const void *k, uint32_t kl, const void *m, uint32_t ml, double *out);
REDOX_IMPORT("zincrby") int32_t redox_zincrby(const void *k, uint32_t kl, double by, const void *m, uint32_t ml, double *out);
REDOX_IMPORT("zrem") int32_t redox_zrem(const void *k, uint32_t kl, const void *m, uint32_t ml);
REDOX_IMPORT("zcard") int32_t redox_zcard(const void *k, uint32_t kl);
REDOX_IMPORT("zrank") int32_t redox_zrank(const void *k, uint32_t kl, const void *m, uint32_t ml, int32_t reverse);
/* Rows, back to back and unaligned: the score (double), the member's length (uint32_t), the member. Gives the bytes written, or what
 * the first row takes when it does not fit. */
REDOX_IMPORT("zrange") int32_t redox_zrange(const void *k, uint32_t kl, int32_t first, int32_t last, int32_t reverse, void *o, uint32_t oc);
REDOX_IMPORT("zremrange") int32_t redox_zremrange(const void *k, uint32_t kl, int32_t first, int32_t last);

/* Any other command: a handle of its reply, to be given back with redox_r_free. With `raise` an error ends the function. */
REDOX_IMPORT("call") int32_t redox_call(const redox_arg *argv, uint32_t argc, int32_t raise);
REDOX_IMPORT("r_type") int32_t redox_r_type(int32_t h);
REDOX_IMPORT("r_len") int32_t redox_r_len(int32_t h);
REDOX_IMPORT("r_i64") int64_t redox_r_i64(int32_t h);
REDOX_IMPORT("r_f64") double redox_r_f64(int32_t h);
REDOX_IMPORT("r_read") int32_t redox_r_read(int32_t h, uint32_t off, void *o, uint32_t oc);
REDOX_IMPORT("r_at") int32_t redox_r_at(int32_t h, uint32_t i);
REDOX_IMPORT("r_free") void redox_r_free(int32_t h);

REDOX_IMPORT("ret_nil") void redox_ret_nil(void);
REDOX_IMPORT("ret_int") void redox_ret_int(int64_t value);
REDOX_IMPORT("ret_f64") void redox_ret_f64(double value);
REDOX_IMPORT("ret_bool") void redox_ret_bool(int32_t value);
REDOX_IMPORT("ret_bulk") void redox_ret_bulk(const void *v, uint32_t vl);
/* An array of the `n` texts listed at `vv`. */
REDOX_IMPORT("ret_bulks") void redox_ret_bulks(const redox_arg *vv, uint32_t n);
REDOX_IMPORT("ret_status") void redox_ret_status(const char *v, uint32_t vl);
REDOX_IMPORT("ret_error") void redox_ret_error(const char *v, uint32_t vl);
REDOX_IMPORT("ret_array") void redox_ret_array(uint32_t n);
REDOX_IMPORT("ret_ints") void redox_ret_ints(const int64_t *p, uint32_t n);
REDOX_IMPORT("ret_map") void redox_ret_map(uint32_t n);
REDOX_IMPORT("ret_set") void redox_ret_set(uint32_t n);

/* The time of the call, ms since the epoch; it stands still during a call. */
REDOX_IMPORT("now_ms") int64_t redox_now_ms(void);
REDOX_IMPORT("rand") int64_t redox_rand(void);
REDOX_IMPORT("log") void redox_log(int32_t level, const char *v, uint32_t vl);

/* The compiler calls these by itself. */
__attribute__((weak)) void *memcpy(void *to, const void *from, unsigned long n) {
    redox_byte *t = to;
    const redox_byte *f = from;
    while (n--) *t++ = *f++;
    return to;
}

__attribute__((weak)) void *memset(void *to, int byte, unsigned long n) {
    redox_byte *t = to;
    while (n--) *t++ = (redox_byte)byte;
    return to;
}

__attribute__((weak)) int memcmp(const void *one, const void *other, unsigned long n) {
    const redox_byte *a = one, *b = other;
    for (; n--; a++, b++)
        if (*a != *b) return *a < *b ? -1 : 1;
    return 0;
}

#define REDOX_RETURN_ERROR(text) \
    do { \
        redox_ret_error(text, sizeof(text) - 1); \
        return REDOX_REPLIED_ERROR; \
    } while (0)

/* Replies the error that a negative status stands for. */
static inline int32_t redox_fail(int32_t status) {
    switch (status) {
    case REDOX_WRONG_TYPE:
        REDOX_RETURN_ERROR("WRONGTYPE Operation against a key holding the wrong kind of value");
    case REDOX_NOT_DECLARED:
        REDOX_RETURN_ERROR("ERR the function touches a key that it was not given");
    case REDOX_OUT_OF_MEMORY:
        REDOX_RETURN_ERROR("OOM command not allowed when used memory > 'maxmemory'.");
    case REDOX_DENIED:
        REDOX_RETURN_ERROR("NOPERM the function may not do this");
    case REDOX_OVERFLOW:
        REDOX_RETURN_ERROR("ERR increment or decrement would overflow");
    default:
        REDOX_RETURN_ERROR("ERR an argument is not what it should be");
    }
}

/* Reads a whole number; 0 when the text is none. */
static inline int32_t redox_parse_int(const redox_byte *text, uint32_t len, int64_t *out) {
    uint32_t at = 0;
    uint64_t sum = 0;
    int32_t negative = len > 0 && text[0] == '-';
    at += (uint32_t)negative;
    if (at == len) return 0;
    for (; at < len; at++) {
        if (text[at] < '0' || text[at] > '9' || sum > 922337203685477580ull) return 0;
        sum = sum * 10 + (uint64_t)(text[at] - '0');
    }
    if (sum > 9223372036854775807ull + (uint64_t)negative) return 0;
    *out = negative ? (int64_t)(0 - sum) : (int64_t)sum;
    return 1;
}

/* Writes a whole number, at most 20 bytes; gives their number. */
static inline uint32_t redox_print_int(int64_t value, redox_byte *out) {
    redox_byte digits[20];
    uint32_t count = 0, len = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[count++] = (redox_byte)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0) out[len++] = '-';
    while (count > 0) out[len++] = digits[--count];
    return len;
}

#endif
