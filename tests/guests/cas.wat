(module
  (import "redox1" "get" (func $get (param i32 i32 i32 i32) (result i32)))
  (import "redox1" "set" (func $set (param i32 i32 i32 i32 i32 i64) (result i32)))
  (import "redox1" "ret_int" (func $ret_int (param i64)))
  (memory (export "memory") 1)
  (func $same (param $a i32) (param $b i32) (param $n i32) (result i32)
    (block $rest
      (loop $words
        (br_if $rest (i32.lt_u (local.get $n) (i32.const 8)))
        (if (i64.ne (i64.load (local.get $a)) (i64.load (local.get $b))) (then (return (i32.const 0))))
        (local.set $a (i32.add (local.get $a) (i32.const 8)))
        (local.set $b (i32.add (local.get $b) (i32.const 8)))
        (local.set $n (i32.sub (local.get $n) (i32.const 8)))
        (br $words)))
    (block $no
      (loop $next
        (if (i32.eqz (local.get $n)) (then (return (i32.const 1))))
        (br_if $no (i32.ne (i32.load8_u (local.get $a)) (i32.load8_u (local.get $b))))
        (local.set $a (i32.add (local.get $a) (i32.const 1)))
        (local.set $b (i32.add (local.get $b) (i32.const 1)))
        (local.set $n (i32.sub (local.get $n) (i32.const 1)))
        (br $next)))
    (i32.const 0))
  (func (export "cas") (param $argv i32) (param $nkeys i32) (param $nargs i32) (result i32)
    (local $len i32)
    (if (i32.or (i32.ne (local.get $nkeys) (i32.const 1)) (i32.ne (local.get $nargs) (i32.const 2)))
      (then (return (i32.const -2))))
    (local.set $len (call $get (i32.load (local.get $argv)) (i32.load offset=4 (local.get $argv)) (i32.const 1024) (i32.const 4096)))
    (if (i32.and
          (i32.eq (local.get $len) (i32.load offset=12 (local.get $argv)))
          (call $same (i32.const 1024) (i32.load offset=8 (local.get $argv)) (local.get $len)))
      (then
        (drop (call $set (i32.load (local.get $argv)) (i32.load offset=4 (local.get $argv))
          (i32.load offset=16 (local.get $argv)) (i32.load offset=20 (local.get $argv)) (i32.const 0) (i64.const 0)))
        (call $ret_int (i64.const 1)))
      (else (call $ret_int (i64.const 0))))
    (i32.const 0))
)
