//! Byte layouts of values: the only home of unsafe code in the engine.
//!
//! Each module wraps its layout in a safe interface; types and commands never see a raw pointer.

pub mod blob;
pub mod block;
pub mod bptree;
pub mod cell;
pub mod fixed;
pub mod integer;
pub mod intset;
pub mod ordered;
pub mod packed;
pub mod ranked;
pub mod strip;
pub mod tagged;
