//! How large modules and their instances may be.

/// The limits of modules. Those without a directive are constants below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a module, or of its text.
    pub module_bytes_max: usize,
    /// Functions of a module, imported ones not counted.
    pub functions_max: usize,
    /// Bytes of linear memory of one instance.
    pub memory_bytes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            module_bytes_max: 1 << 20,
            functions_max: 2000,
            memory_bytes_max: 4 << 20,
        }
    }
}

/// Bytes of one function's body.
pub(super) const BODY_BYTES_MAX: usize = 32 << 10;
/// Parameters and locals of one function.
pub(super) const LOCALS_MAX: usize = 256;
/// Locals times blocks of one function: what register allocation works through.
pub(super) const LOCALS_BLOCKS_MAX: usize = 100_000;
/// Tables of a module.
pub(super) const TABLES_MAX: usize = 2;
/// Elements of one table.
pub(super) const TABLE_ELEMENTS_MAX: usize = 10_000;
/// Types, globals, imports, exports, element and data segments of a module, each.
pub(super) const ITEMS_MAX: u32 = 4000;
/// How deep brackets of a module's text may nest.
pub(super) const TEXT_DEPTH_MAX: usize = 200;
/// Bytes of stack for WASM frames.
pub(super) const STACK_BYTES_MAX: usize = 256 << 10;
/// Bytes of stack for those and for what the host does in between.
pub(super) const FIBER_STACK_BYTES: usize = 1 << 20;
/// Replies of other commands that one call may hold.
pub(super) const HANDLES_MAX: usize = 1024;
/// Bytes of one function's reply.
pub(super) const REPLY_BYTES_MAX: usize = 32 << 20;
/// How deep a function's reply may nest.
pub(super) const REPLY_DEPTH_MAX: usize = 32;
/// Bytes of a page of linear memory.
pub(super) const PAGE_BYTES: usize = 64 << 10;
