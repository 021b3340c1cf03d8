//! The program. Everything is in the libraries: the server, and the kit of those who write functions.

use std::ffi::OsString;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: redoxcache::allocator::Allocator = redoxcache::allocator::Allocator;

fn main() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "udf") {
        return udf_kit::run(&arguments[1..], redoxcache::function::compiler());
    }
    redoxcache::runtime::run(&arguments)
}
