//! Compare and set, in Rust, with any toolchain that has the target:
//!   rustc --target wasm32-unknown-unknown -O --crate-type cdylib -C panic=abort -o cas.wasm cas.rs
#![no_std]

#[repr(C)]
pub struct Arg {
    at: *const u8,
    len: usize,
}

impl Arg {
    fn bytes(&self) -> &[u8] {
        // SAFETY: the server has written `len` bytes there, and they stay as they are during the call.
        unsafe { core::slice::from_raw_parts(self.at, self.len) }
    }
}

#[link(wasm_import_module = "redox1")]
extern "C" {
    fn register(name: *const u8, len: usize, flags: u32) -> i32;
    fn get(key: *const u8, key_len: usize, out: *mut u8, room: usize) -> i32;
    fn set(key: *const u8, key_len: usize, value: *const u8, len: usize, flags: u32, ttl_ms: i64) -> i32;
    fn ret_int(value: i64);
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo) -> ! {
    core::arch::wasm32::unreachable()
}

#[no_mangle]
pub extern "C" fn redox_load() -> i32 {
    // SAFETY: the pointer and the length are those of one text.
    unsafe { register(b"cas".as_ptr(), 3, 0) }
}

#[no_mangle]
pub extern "C" fn cas(argv: *const Arg, keys: i32, args: i32) -> i32 {
    if keys != 1 || args != 2 {
        return -2;
    }
    // SAFETY: the server has written as many pairs there as it says that there are keys and arguments.
    let argv = unsafe { core::slice::from_raw_parts(argv, 3) };
    let (key, expected, new) = (argv[0].bytes(), argv[1].bytes(), argv[2].bytes());
    let mut value = [0; 4096];
    // SAFETY: each pointer comes with the length of what it points to.
    let len = unsafe { get(key.as_ptr(), key.len(), value.as_mut_ptr(), value.len()) };
    let same = len >= 0 && value.get(..len as usize) == Some(expected);
    // SAFETY: as above.
    unsafe {
        if same {
            set(key.as_ptr(), key.len(), new.as_ptr(), new.len(), 0, 0);
        }
        ret_int(same as i64);
    }
    0
}
