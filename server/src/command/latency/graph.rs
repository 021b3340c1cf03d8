//! LATENCY GRAPH: the spikes of an event as a picture of characters, a column each, with how long ago they were below.

use std::fmt::Write as _;

use resp::Args;
use store::command::CommandError;

use super::super::ServerCtx;
use crate::observe::{Sample, Series};

/// Rows of the picture.
const ROWS: usize = 4;
/// Columns of it; more samples go into further pictures below.
const COLUMNS: usize = 80;
/// What a column's top looks like, by how far it reaches into its row.
const TOPS: [char; 3] = ['_', 'o', '#'];

pub(super) fn graph(ctx: &mut ServerCtx<'_>, args: Args<'_>) -> Result<(), CommandError> {
    let Some((name, series)) = ctx.session.spikes(&ctx.core.server).get(args.get(2)) else {
        return Err(CommandError::quoting(
            "ERR No samples available for event '",
            args.get(2),
            "'",
        ));
    };
    let picture = draw(name, &series, ctx.now_ms / 1000);
    ctx.reply.verbatim("txt", picture.as_bytes());
    Ok(())
}

fn draw(name: &str, series: &Series, now_s: u64) -> String {
    let analysis = series.analyse(now_s);
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = writeln!(
        text,
        "{name} - high {} ms, low {} ms (all time high {} ms)",
        analysis.max_ms,
        analysis.min_ms,
        series.worst_ms()
    );
    text.push_str(&"-".repeat(COLUMNS));
    text.push('\n');
    let samples: Vec<Sample> = series.samples().collect();
    for strip in samples.chunks(COLUMNS) {
        draw_strip(&mut text, strip, (analysis.min_ms, analysis.max_ms), now_s);
    }
    text
}

/// One picture: rows of columns from the top, an empty line, the ages from top to bottom.
fn draw_strip(text: &mut String, samples: &[Sample], range: (u64, u64), now_s: u64) {
    let heights: Vec<usize> = samples
        .iter()
        .map(|sample| height(sample.ms, range))
        .collect();
    for row in (0..ROWS).rev() {
        text.extend(heights.iter().map(|&height| cell(height, row)));
        text.push('\n');
    }
    text.push('\n');
    let ages: Vec<String> = samples
        .iter()
        .map(|sample| age(now_s.saturating_sub(sample.at_s)))
        .collect();
    let longest = ages.iter().map(String::len).max().unwrap_or(0);
    for at in 0..longest {
        text.extend(ages.iter().map(|age| age.chars().nth(at).unwrap_or(' ')));
        text.push('\n');
    }
}

/// How high a column is, in thirds of a row: the least is one, the worst fills the picture.
fn height(ms: u64, (min_ms, max_ms): (u64, u64)) -> usize {
    let whole = ROWS * TOPS.len() - 1;
    match max_ms - min_ms {
        0 => whole / 2,
        range => ((ms - min_ms) as f64 / range as f64 * whole as f64).round() as usize,
    }
}

fn cell(height: usize, row: usize) -> char {
    let bottom = row * TOPS.len();
    match height.checked_sub(bottom) {
        None => ' ',
        Some(above) => *TOPS.get(above).unwrap_or(&'|'),
    }
}

/// `5s`, `7m`, `3h`, `2d`
fn age(seconds: u64) -> String {
    match seconds {
        ..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Event, Spikes};

    #[test]
    fn a_column_a_sample() {
        let spikes = Spikes::default();
        for (at_s, ms) in [(100, 50), (101, 20), (160, 120)] {
            spikes.add(Event::Command, at_s, ms);
        }
        let (name, series) = spikes.get(b"command").expect("it was added");
        let picture = draw(name, &series, 165);
        let expected = [
            "command - high 120 ms, low 20 ms (all time high 120 ms)",
            &"-".repeat(80),
            "  #",
            "  |",
            "_ |",
            "|_|",
            "",
            "115",
            "mms",
        ];
        assert_eq!(picture.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn ages_have_one_unit() {
        assert_eq!(
            [59, 60, 3599, 7200, 200_000].map(age),
            ["59s", "1m", "59m", "2h", "2d"]
        );
    }
}
