/* A rate limiter: so many calls a window of time, for each key.
 *
 *   FCALL {{name}} 1 user:42 10 60000   ->   [allowed 0|1, calls left, ms until the window ends]
 */
#include "redox.h"

/* One key, the calls allowed and the window in ms. */
REDOX_FUNCTION("{{name}}", limit) {
    int64_t allowed, window_ms, calls, left;
    const redox_arg *key = &argv[0];
    int32_t status;
    if (nkeys != 1 || nargs != 2) return REDOX_WRONG_ARITY;
    if (!redox_parse_int(argv[1].ptr, argv[1].len, &allowed) || !redox_parse_int(argv[2].ptr, argv[2].len, &window_ms))
        return redox_fail(REDOX_BAD_ARGUMENT);
    if (allowed < 1 || window_ms < 1) REDOX_RETURN_ERROR("ERR limit and window must be positive");

    status = redox_incrby(key->ptr, key->len, 1, &calls);
    if (status < 0) return redox_fail(status);
    if (calls == 1) {
        status = redox_pexpire(key->ptr, key->len, window_ms);
        if (status < 0) return redox_fail(status);
    }
    left = calls < allowed ? allowed - calls : 0;
    redox_ret_array(3);
    redox_ret_int(calls <= allowed);
    redox_ret_int(left);
    redox_ret_int(redox_pttl(key->ptr, key->len));
    return REDOX_DONE;
}

/* Runs once, when the library is loaded. */
REDOX_LOAD {
    return redox_register("{{name}}", sizeof("{{name}}") - 1, REDOX_NO_FLAGS);
}
