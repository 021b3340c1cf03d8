//! Exports: what makes functions of handlers.

use crate::host;

/// What a function says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Flags(u32);

impl Flags {
    /// It may do everything a command may.
    pub const NONE: Flags = Flags(0);
    /// It changes nothing: FCALL_RO may call it, and so may users that only read.
    pub const NO_WRITES: Flags = Flags(1);
    /// It runs when memory is short, too.
    pub const ALLOW_OOM: Flags = Flags(2);
    /// It runs on a replica that has lost its primary, too.
    pub const ALLOW_STALE: Flags = Flags(4);
    /// It does not run in a cluster.
    pub const NO_CLUSTER: Flags = Flags(8);
    /// Its keys may lie in different slots.
    pub const CROSS_SLOT: Flags = Flags(16);
    /// It gets a fresh instance for every call.
    pub const STATELESS: Flags = Flags(32);

    /// Both.
    pub const fn and(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// Registers a function; only `redox_load` may.
#[doc(hidden)]
pub fn register(name: &str, flags: Flags) -> i32 {
    // SAFETY: the name is there during the call.
    unsafe { host::register(name.as_ptr(), name.len(), flags.0) }
}

/// Exports handlers as functions, and `redox_load`, which registers them:
/// `"name" [FLAGS…] => handler as export_name,`. The names of exports and functions are the same on the server; the identifier after `as`
/// is what a native test passes to `mock::invoke`.
#[macro_export]
macro_rules! functions {
    ($($name:literal [$($flag:ident),*] => $handler:path as $export:ident),+ $(,)?) => {
        $(
            #[doc(hidden)]
            #[cfg_attr(target_arch = "wasm32", export_name = $name)]
            pub unsafe extern "C" fn $export(
                argv: *const $crate::Pair,
                nkeys: usize,
                nargs: usize,
            ) -> i32 {
                $crate::run($handler, argv, nkeys, nargs)
            }
        )+

        #[doc(hidden)]
        #[cfg_attr(target_arch = "wasm32", no_mangle)]
        pub extern "C" fn redox_load() -> i32 {
            $(
                let flags = $crate::Flags::NONE$(.and($crate::Flags::$flag))*;
                let status = $crate::register($name, flags);
                if status != 0 {
                    return status;
                }
            )+
            0
        }

        $crate::panic_handler!();
    };
}

/// On wasm a panic is logged and traps.
#[doc(hidden)]
#[macro_export]
macro_rules! panic_handler {
    () => {
        #[cfg(all(target_arch = "wasm32", not(test)))]
        #[panic_handler]
        fn panic(info: &::core::panic::PanicInfo<'_>) -> ! {
            let text = $crate::Text::<256>::of(format_args!("{}", info));
            $crate::log($crate::Level::Warning, text.as_bytes());
            ::core::arch::wasm32::unreachable()
        }
    };
}
