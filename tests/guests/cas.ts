// Compare and set, in AssemblyScript:
//   asc cas.ts -O3 --runtime stub --noAssert --use abort= -o cas.wasm

@external("redox1", "get")
declare function get(key: usize, keyLen: u32, out: usize, room: u32): i32;
@external("redox1", "set")
declare function set(key: usize, keyLen: u32, value: usize, len: u32, flags: u32, ttlMs: i64): i32;
@external("redox1", "ret_int")
declare function retInt(value: i64): void;

const ROOM: u32 = 65536;
const value = memory.data(65536);

export function cas(argv: usize, keys: i32, args: i32): i32 {
  if (keys != 1 || args != 2) return -2;
  const key = load<u32>(argv), keyLen = load<u32>(argv, 4);
  const expected = load<u32>(argv, 8), expectedLen = load<u32>(argv, 12);
  const len = get(key, keyLen, value, ROOM);
  const same = len >= 0 && <u32>len == expectedLen && memory.compare(value, expected, expectedLen) == 0;
  if (same) set(key, keyLen, load<u32>(argv, 16), load<u32>(argv, 20), 0, 0);
  retInt(same ? 1 : 0);
  return 0;
}
