/* Compare and set, in C:
 *   clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry -o cas.wasm cas.c
 */
#define IMPORT(name) __attribute__((import_module("redox1"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

struct arg { const char *at; unsigned len; };

IMPORT(register) int redox_register(const char *name, unsigned len, unsigned flags);
IMPORT(get) int redox_get(const char *key, unsigned key_len, char *out, unsigned room);
IMPORT(set) int redox_set(const char *key, unsigned key_len, const char *value, unsigned len, unsigned flags, long long ttl_ms);
IMPORT(ret_int) void redox_ret_int(long long value);

static char value[65536];

EXPORT(redox_load) int redox_load(void) {
  return redox_register("cas", 3, 0);
}

EXPORT(cas) int cas(const struct arg *argv, int keys, int args) {
  if (keys != 1 || args != 2) return -2;
  int len = redox_get(argv[0].at, argv[0].len, value, sizeof value);
  int same = len >= 0 && (unsigned)len == argv[1].len;
  for (int i = 0; same && i < len; i++) same = value[i] == argv[1].at[i];
  if (same) redox_set(argv[0].at, argv[0].len, argv[2].at, argv[2].len, 0, 0);
  redox_ret_int(same);
  return 0;
}
