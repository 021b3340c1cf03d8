//! `math.random` and `math.randomseed`: one sequence for a seed, on every machine. The 48-bit linear congruential generator of POSIX.

use std::ffi::CStr;

use mlua_sys as ffi;

use super::frame::Frame;
use super::raise::{Raise, Results, natives};

const MULTIPLIER: u64 = 0x5_DEEC_E66D;
const INCREMENT: u64 = 0xB;
const MASK: u64 = (1 << 48) - 1;
/// The low 16 bits of every seed.
const SEED_LOW: u64 = 0x330E;
const OUTPUT_MAX: i32 = i32::MAX;

/// The generator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rand48(u64);

impl Default for Rand48 {
    fn default() -> Self {
        Rand48(0x1234_ABCD_0000 | SEED_LOW)
    }
}

impl Rand48 {
    fn seeded(seed: i32) -> Self {
        Rand48((u64::from(seed as u32) << 16) | SEED_LOW)
    }

    /// The next 31 bits.
    fn next(&mut self) -> i32 {
        self.0 = self.0.wrapping_mul(MULTIPLIER).wrapping_add(INCREMENT) & MASK;
        (self.0 >> 17) as i32
    }
}

natives! {
    random_native = random;
    seed_native = seed;
}

/// The functions of `math` that are replaced.
pub(super) const FUNCTIONS: &[(&CStr, ffi::lua_CFunction)] =
    &[(c"random", random_native), (c"randomseed", seed_native)];

fn random(frame: Frame<'_>) -> Results {
    let context = frame.context();
    if !context.has_host() {
        return Err(Raise::Text(
            c"math.random can only be called inside a script invocation",
        ));
    }
    let mut generator = context.random.get();
    let fraction = f64::from(generator.next() % OUTPUT_MAX) / f64::from(OUTPUT_MAX);
    context.random.set(generator);
    let number = match frame.top() {
        0 => fraction,
        1 => {
            let upper = frame.check_integer(1)? as i32;
            if upper < 1 {
                return Err(Raise::Arg(1, c"interval is empty"));
            }
            (fraction * f64::from(upper)).floor() + 1.0
        }
        2 => {
            let (lower, upper) = (
                frame.check_integer(1)? as i32,
                frame.check_integer(2)? as i32,
            );
            if lower > upper {
                return Err(Raise::Arg(2, c"interval is empty"));
            }
            let span = f64::from(upper) - f64::from(lower) + 1.0;
            (fraction * span).floor() + f64::from(lower)
        }
        _ => return Err(Raise::Text(c"wrong number of arguments")),
    };
    frame.push_number(number);
    Ok(1)
}

fn seed(frame: Frame<'_>) -> Results {
    let context = frame.context();
    if !context.has_host() {
        return Err(Raise::Text(
            c"math.randomseed can only be called inside a script invocation",
        ));
    }
    let seed = frame.check_integer(1)? as i32;
    context.random.set(Rand48::seeded(seed));
    Ok(0)
}
