//! Matches a text against a pattern of Lua 5.1.
//!
//! What may have to be taken back is kept in a list, not on the thread's stack, and each comparison is counted: a pattern can be made that takes
//! more steps than a machine does in its life, and others must get their turn meanwhile.
//!
//! The list is never longer than the pattern: of each of its items there is one entry at most.

use super::class::{is_in_set, is_item, item_end};
use crate::lua::raise::Raise;

/// The most captures of a pattern.
pub(super) const CAPTURES_MAX: usize = 32;
/// Comparisons between two calls of the pace: some hundred nanoseconds.
const COMPARISONS_PER_STEP: usize = 128;

/// A captured part of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Capture {
    pub(super) start: usize,
    pub(super) extent: Extent,
}

/// How far a capture goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Its end is not known yet.
    Open,
    /// It is a place, not a part.
    Place,
    /// Up to here.
    End(usize),
}

/// What to do when the rest of the pattern does not match.
enum Choice {
    /// Leave the optional character at `at` out and go on with the pattern at `then`.
    Without { at: usize, then: usize },
    /// Repeat once less: the repetitions end at `end` now, and at `least` if need be.
    Fewer {
        least: usize,
        end: usize,
        then: usize,
    },
    /// Repeat the item from `item` to `end` once more, at `at`.
    More { at: usize, item: usize, end: usize },
    /// Forget the capture opened last.
    Reopen,
    /// Open this capture again.
    Unclose(usize),
}

/// See the module.
pub(super) struct Matcher<'a, P> {
    text: &'a [u8],
    pattern: &'a [u8],
    captures: [Capture; CAPTURES_MAX],
    /// Captures begun.
    level: usize,
    choices: Vec<Choice>,
    comparisons: usize,
    /// Called now and then; its error ends the match.
    pace: P,
}

impl<'a, P: FnMut() -> Result<(), Raise>> Matcher<'a, P> {
    /// For `pattern` without the `^` that binds it to the beginning.
    pub(super) fn new(text: &'a [u8], pattern: &'a [u8], pace: P) -> Self {
        let unused = Capture {
            start: 0,
            extent: Extent::Open,
        };
        Matcher {
            text,
            pattern,
            captures: [unused; CAPTURES_MAX],
            level: 0,
            choices: Vec::new(),
            comparisons: 0,
            pace,
        }
    }

    /// What the last match captured.
    pub(super) fn captures(&self) -> &[Capture] {
        &self.captures[..self.level]
    }

    /// Matches the text from `start` on; the end of the match.
    ///
    /// # Errors
    /// A malformed pattern, and what the pace ends with.
    pub(super) fn match_at(&mut self, start: usize) -> Result<Option<usize>, Raise> {
        self.level = 0;
        self.choices.clear();
        let (mut at, mut item) = (start, 0);
        loop {
            if let Some(end) = self.go_on(at, item)? {
                return Ok(Some(end));
            }
            match self.go_back()? {
                Some(place) => (at, item) = place,
                None => return Ok(None),
            }
        }
    }

    /// Matches the rest of the pattern from `item` on as far as it goes without taking anything back.
    fn go_on(&mut self, mut at: usize, mut item: usize) -> Result<Option<usize>, Raise> {
        loop {
            self.count(1)?;
            let rest = &self.pattern[item..];
            (at, item) = match rest {
                [] => return Ok(Some(at)),
                [b'$'] => return Ok((at == self.text.len()).then_some(at)),
                [b'(', b')', ..] => (at, self.open(at, item + 2, Extent::Place)?),
                [b'(', ..] => (at, self.open(at, item + 1, Extent::Open)?),
                [b')', ..] => (at, self.close(at, item + 1)?),
                [b'%', b'b', ends @ ..] => match self.balanced(at, ends)? {
                    Some(end) => (end, item + 4),
                    None => return Ok(None),
                },
                [b'%', b'f', ..] => match self.is_frontier(at, item + 2)? {
                    Some(end) => (at, end),
                    None => return Ok(None),
                },
                [b'%', digit @ b'0'..=b'9', ..] => match self.repeated(at, *digit)? {
                    Some(end) => (end, item + 2),
                    None => return Ok(None),
                },
                _ => match self.go_over(at, item)? {
                    Some(place) => place,
                    None => return Ok(None),
                },
            };
        }
    }

    /// Matches one item that stands for characters, with what says how many.
    fn go_over(&mut self, at: usize, item: usize) -> Result<Option<(usize, usize)>, Raise> {
        let end = item_end(self.pattern, item)?;
        let then = end + 1;
        let fits = self.fits(at, item, end);
        match self.pattern.get(end) {
            Some(b'?') if fits => {
                self.choices.push(Choice::Without { at, then });
                Ok(Some((at + 1, then)))
            }
            Some(b'?') => Ok(Some((at, then))),
            Some(b'*') => self.repeat(at, at, (item, end)).map(Some),
            Some(b'+') if fits => self.repeat(at + 1, at + 1, (item, end)).map(Some),
            Some(b'-') => {
                self.choices.push(Choice::More { at, item, end });
                Ok(Some((at, then)))
            }
            Some(b'+') => Ok(None),
            _ => Ok(fits.then_some((at + 1, end))),
        }
    }

    /// Repeats an item as often as it fits.
    fn repeat(
        &mut self,
        least: usize,
        from: usize,
        (item, item_end): (usize, usize),
    ) -> Result<(usize, usize), Raise> {
        let (mut end, then) = (from, item_end + 1);
        while self.fits(end, item, item_end) {
            end += 1;
            self.count(1)?;
        }
        if end > least {
            self.choices.push(Choice::Fewer { least, end, then });
        }
        Ok((end, then))
    }

    /// Takes back what can be done otherwise; where to go on, none when nothing is left.
    fn go_back(&mut self) -> Result<Option<(usize, usize)>, Raise> {
        while let Some(choice) = self.choices.pop() {
            self.count(1)?;
            match choice {
                Choice::Reopen => self.level -= 1,
                Choice::Unclose(capture) => self.captures[capture].extent = Extent::Open,
                Choice::Without { at, then } => return Ok(Some((at, then))),
                Choice::Fewer { least, end, then } => {
                    let end = end - 1;
                    if end > least {
                        self.choices.push(Choice::Fewer { least, end, then });
                    }
                    return Ok(Some((end, then)));
                }
                Choice::More { at, item, end } => {
                    if self.fits(at, item, end) {
                        let at = at + 1;
                        self.choices.push(Choice::More { at, item, end });
                        return Ok(Some((at, end + 1)));
                    }
                }
            }
        }
        Ok(None)
    }

    /// Whether there is a character at `at` that the item stands for.
    #[inline]
    fn fits(&self, at: usize, item: usize, end: usize) -> bool {
        let byte = self.text.get(at);
        byte.is_some_and(|&byte| is_item(&self.pattern[item..end], byte))
    }

    /// Begins a capture; where the pattern goes on.
    fn open(&mut self, start: usize, then: usize, extent: Extent) -> Result<usize, Raise> {
        let Some(capture) = self.captures.get_mut(self.level) else {
            return Err(Raise::Text(c"too many captures"));
        };
        *capture = Capture { start, extent };
        self.level += 1;
        self.choices.push(Choice::Reopen);
        Ok(then)
    }

    /// Ends the capture begun last of those that are open; where the pattern goes on.
    fn close(&mut self, end: usize, then: usize) -> Result<usize, Raise> {
        let is_open = |capture: &Capture| capture.extent == Extent::Open;
        let Some(capture) = self.captures().iter().rposition(is_open) else {
            return Err(Raise::Text(c"invalid pattern capture"));
        };
        self.captures[capture].extent = Extent::End(end);
        self.choices.push(Choice::Unclose(capture));
        Ok(then)
    }

    /// `%bxy`: the end of a part that begins with `x`, ends with `y` and has as many of both.
    fn balanced(&mut self, at: usize, ends: &[u8]) -> Result<Option<usize>, Raise> {
        let [begins, ends, ..] = *ends else {
            return Err(Raise::Text(c"unbalanced pattern"));
        };
        if self.text.get(at) != Some(&begins) {
            return Ok(None);
        }
        let mut depth = 1;
        for next in at + 1..self.text.len() {
            self.count(1)?;
            let byte = self.text[next];
            if byte == ends {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(next + 1));
                }
            } else if byte == begins {
                depth += 1;
            }
        }
        Ok(None)
    }

    /// `%f[set]`: the end of the set, if `at` is where the text goes over into it. Around the text there are zeros.
    fn is_frontier(&mut self, at: usize, set: usize) -> Result<Option<usize>, Raise> {
        if self.pattern.get(set) != Some(&b'[') {
            return Err(Raise::Text(c"missing '[' after '%f' in pattern"));
        }
        let end = item_end(self.pattern, set)?;
        let set = &self.pattern[set..end];
        let byte_at = |at: usize| self.text.get(at).copied().unwrap_or(0);
        let before = at.checked_sub(1).map_or(0, byte_at);
        let goes_over = !is_in_set(set, before) && is_in_set(set, byte_at(at));
        Ok(goes_over.then_some(end))
    }

    /// `%1`: the end of what a capture has once more.
    fn repeated(&mut self, at: usize, digit: u8) -> Result<Option<usize>, Raise> {
        let number = usize::from(digit - b'0').checked_sub(1);
        let capture = number.and_then(|number| self.captures().get(number));
        let Some(&Capture { start, extent }) = capture else {
            return Err(Raise::Text(c"invalid capture index"));
        };
        match extent {
            Extent::Open => Err(Raise::Text(c"invalid capture index")),
            Extent::Place => Ok(None),
            Extent::End(end) => {
                self.count(end - start)?;
                let again = self.text[at..].starts_with(&self.text[start..end]);
                Ok(again.then_some(at + end - start))
            }
        }
    }

    /// Counts comparisons.
    #[inline]
    fn count(&mut self, comparisons: usize) -> Result<(), Raise> {
        self.comparisons += comparisons;
        if self.comparisons < COMPARISONS_PER_STEP {
            return Ok(());
        }
        self.comparisons = 0;
        (self.pace)()
    }
}
