mod host;
pub mod lua;
pub use host::*;
