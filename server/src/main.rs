//! The program. Everything is in the library.

use std::ffi::OsString;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: redoxcache::allocator::Allocator = redoxcache::allocator::Allocator;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    redoxcache::runtime::run(&arguments)
}
