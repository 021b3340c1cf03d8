/**
 * A rate limiter: so many calls a window of time, for each key.
 *
 *   FCALL {{name}} 1 user:42 10 60000   →   [allowed 0|1, calls left, ms until the window ends]
 */
import { begin, DONE, fail, reply } from "./sdk/redox";

/** One key, the calls allowed and the window in ms. */
export function {{name}}(argv: usize, nkeys: i32, nargs: i32): i32 {
  const call = begin(argv, nkeys, nargs);
  if (!call.expects(1, 2)) return call.wrongArity();
  const key = call.key(0);
  const allowed = call.int(0);
  const windowMs = call.int(1);
  if (call.failed()) return call.fail();
  if (allowed < 1 || windowMs < 1) return fail("ERR limit and window must be positive");

  const calls = key.incrBy(1);
  if (call.failed()) return call.fail();
  if (calls == 1) key.pexpire(windowMs);
  reply.array(3);
  reply.int(i64(calls <= allowed));
  reply.int(max(allowed - calls, 0));
  reply.int(key.pttl());
  return DONE;
}
