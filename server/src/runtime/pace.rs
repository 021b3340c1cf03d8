//! How much a step of background work may free: by the clock, and by what the steps before cost afterwards.
//!
//! The allocator gives emptied pages back to the system a while later, all of them at once, in the first piece of a later step. How many there are
//! shows only then: of values that lie in random order, the first hundred thousand items empty hardly a page, and of the last few thousand
//! nearly every one does.

use std::time::{Duration, Instant};

/// Time of one step, which ends with the piece that exceeds it.
pub const STEP_TIME: Duration = Duration::from_micros(200);
/// Pause between steps while there is more to do.
pub const STEP_PAUSE: Duration = Duration::from_millis(1);
/// A piece that takes longer is a sign that the steps before it freed too much.
const PIECE_TIME: Duration = Duration::from_micros(200);
/// Items of one piece, between two looks at the clock, and of one step, at most.
const PIECE_ITEMS_MAX: usize = 100;
const STEP_ITEMS_MAX: usize = 2048;
/// Items of a step, however much it seems to cost.
const STEP_ITEMS_MIN: usize = 8;
/// What a step may be larger than the one before, as a share of it: 1 / 16.
const GROWTH_SHARE: usize = 16;

/// The pace of one series of steps.
#[derive(Debug)]
pub struct Pace {
    step_items_max: usize,
}

/// A step that has begun. It goes on piece by piece until it [`ends`](Self::ends).
pub struct Step<'a> {
    pace: &'a mut Pace,
    began: Instant,
    piece_began: Instant,
    items_left: usize,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            step_items_max: STEP_ITEMS_MAX,
        }
    }
}

impl Pace {
    /// Begins a step, now.
    pub fn begin(&mut self) -> Step<'_> {
        let now = Instant::now();
        Step {
            items_left: self.step_items_max,
            pace: self,
            began: now,
            piece_began: now,
        }
    }

    /// A piece took so long.
    fn learn(&mut self, piece: Duration) {
        if piece > PIECE_TIME {
            let share = PIECE_TIME.as_secs_f64() / piece.as_secs_f64();
            let items = (self.step_items_max as f64 * share) as usize;
            self.step_items_max = items.max(STEP_ITEMS_MIN);
        }
    }

    /// A step ended by the number of its items.
    fn grow(&mut self) {
        let grown = self.step_items_max + self.step_items_max / GROWTH_SHARE + 1;
        self.step_items_max = grown.min(STEP_ITEMS_MAX);
    }
}

impl Step<'_> {
    /// Items that the next piece may free or look at; at least one.
    pub fn items(&self) -> usize {
        self.items_left.min(PIECE_ITEMS_MAX)
    }

    /// The piece is done: whether the step ends with it.
    pub fn ends(&mut self) -> bool {
        let now = Instant::now();
        self.pace.learn(now - self.piece_began);
        self.piece_began = now;
        self.items_left -= self.items();
        if self.items_left == 0 {
            self.pace.grow();
            return true;
        }
        now - self.began >= STEP_TIME
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_as_large_as_the_last_ones_allow() {
        let mut pace = Pace::default();
        pace.learn(4 * PIECE_TIME);
        assert_eq!(pace.step_items_max, STEP_ITEMS_MAX / 4);
        pace.learn(PIECE_TIME);
        assert_eq!(pace.step_items_max, STEP_ITEMS_MAX / 4);
        pace.learn(Duration::from_secs(1000));
        assert_eq!(pace.step_items_max, STEP_ITEMS_MIN);
        assert_eq!(pace.begin().items(), STEP_ITEMS_MIN);
        (0..200).for_each(|_| pace.grow());
        assert_eq!(pace.step_items_max, STEP_ITEMS_MAX);
        assert_eq!(pace.begin().items(), PIECE_ITEMS_MAX);
    }

    #[test]
    fn a_step_ends_with_its_items_or_its_time() {
        let mut pace = Pace {
            step_items_max: PIECE_ITEMS_MAX,
        };
        let mut step = pace.begin();
        let mut items = step.items();
        while !step.ends() {
            items += step.items();
        }
        assert!((1..=PIECE_ITEMS_MAX).contains(&items), "{items}");
    }
}
