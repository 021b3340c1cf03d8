;; A rate limiter: so many calls a window of time, for each key.
;;
;;   FCALL {{name}} 1 user:42 10 60000   ->   [allowed 0|1, calls left, ms until the window ends]
(module
  (import "redox1" "incrby" (func $incrby (param i32 i32 i64 i32) (result i32)))
  (import "redox1" "pexpire" (func $pexpire (param i32 i32 i64) (result i32)))
  (import "redox1" "pttl" (func $pttl (param i32 i32) (result i64)))
  (import "redox1" "ret_array" (func $ret_array (param i32)))
  (import "redox1" "ret_int" (func $ret_int (param i64)))
  (import "redox1" "ret_error" (func $ret_error (param i32 i32)))

  (memory (export "memory") 1)
  ;; 0: a number that an import writes. 16: texts of errors.
  (data (i32.const 16) "WRONGTYPE Operation against a key holding the wrong kind of value")
  (data (i32.const 96) "ERR limit and window must be positive whole numbers")

  ;; A positive whole number from its text; 0 when it is none.
  (func $parse (param $ptr i32) (param $len i32) (result i64)
    (local $end i32) (local $digit i32) (local $sum i64)
    (if (i32.gt_u (local.get $len) (i32.const 15)) (then (return (i64.const 0))))
    (local.set $end (i32.add (local.get $ptr) (local.get $len)))
    (block $done
      (loop $next
        (br_if $done (i32.ge_u (local.get $ptr) (local.get $end)))
        (local.set $digit (i32.sub (i32.load8_u (local.get $ptr)) (i32.const 48)))
        (if (i32.gt_u (local.get $digit) (i32.const 9)) (then (return (i64.const 0))))
        (local.set $sum
          (i64.add (i64.mul (local.get $sum) (i64.const 10)) (i64.extend_i32_u (local.get $digit))))
        (local.set $ptr (i32.add (local.get $ptr) (i32.const 1)))
        (br $next)))
    (local.get $sum))

  ;; One key, the calls allowed and the window in ms. argv has a pointer and a length for each, keys first.
  (func (export "{{name}}") (param $argv i32) (param $nkeys i32) (param $nargs i32) (result i32)
    (local $key i32) (local $len i32) (local $allowed i64) (local $window i64) (local $calls i64)
    (if (i32.or (i32.ne (local.get $nkeys) (i32.const 1)) (i32.ne (local.get $nargs) (i32.const 2)))
      (then (return (i32.const -2))))
    (local.set $key (i32.load (local.get $argv)))
    (local.set $len (i32.load offset=4 (local.get $argv)))
    (local.set $allowed
      (call $parse (i32.load offset=8 (local.get $argv)) (i32.load offset=12 (local.get $argv))))
    (local.set $window
      (call $parse (i32.load offset=16 (local.get $argv)) (i32.load offset=20 (local.get $argv))))
    (if (i32.or (i64.eqz (local.get $allowed)) (i64.eqz (local.get $window)))
      (then (call $ret_error (i32.const 96) (i32.const 51)) (return (i32.const -1))))

    ;; A negative status: the key holds something else than a number.
    (if (i32.lt_s (call $incrby (local.get $key) (local.get $len) (i64.const 1) (i32.const 0)) (i32.const 0))
      (then (call $ret_error (i32.const 16) (i32.const 65)) (return (i32.const -1))))
    (local.set $calls (i64.load (i32.const 0)))
    (if (i64.eq (local.get $calls) (i64.const 1))
      (then (drop (call $pexpire (local.get $key) (local.get $len) (local.get $window)))))

    (call $ret_array (i32.const 3))
    (call $ret_int (i64.extend_i32_u (i64.le_s (local.get $calls) (local.get $allowed))))
    (call $ret_int
      (select
        (i64.sub (local.get $allowed) (local.get $calls))
        (i64.const 0)
        (i64.lt_s (local.get $calls) (local.get $allowed))))
    (call $ret_int (call $pttl (local.get $key) (local.get $len)))
    (i32.const 0)))
