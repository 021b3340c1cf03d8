//! LATENCY DOCTOR: what the latency monitor saw, and what may be done about it, in words.

use std::fmt::Write as _;

use resp::Args;
use store::command::CommandError;

use super::super::ServerCtx;
use crate::config::ObserveSettings;
use crate::observe::Series;

const DISABLED: &str = "The latency monitor is off and has seen nothing. CONFIG SET latency-monitor-threshold <milliseconds> \
                        turns it on.\n";
const HEALTHY: &str =
    "No event has taken longer than the threshold since the monitor was turned on or reset.\n";

pub(super) fn doctor(ctx: &mut ServerCtx<'_>, _: Args<'_>) -> Result<(), CommandError> {
    let settings = ctx.core.settings();
    let events = ctx.session.spikes(&ctx.core.server).all();
    let report = report(&events, &settings.observe, ctx.now_ms / 1000);
    ctx.reply.verbatim("txt", report.as_bytes());
    Ok(())
}

fn report(events: &[(&str, Series)], settings: &ObserveSettings, now_s: u64) -> String {
    if events.is_empty() {
        return match settings.spike_ms {
            None => DISABLED.to_owned(),
            Some(_) => HEALTHY.to_owned(),
        };
    }
    let mut report = "Latency spikes were seen:\n\n".to_owned();
    for (number, (name, series)) in events.iter().enumerate() {
        let seen = series.analyse(now_s);
        // Writing to a String cannot fail.
        let _ = writeln!(
            report,
            "{}. {name}: {} latency spikes (average {}ms, mean deviation {}ms, period {:.2} sec). Worst all time event {}ms.",
            number + 1,
            seen.count,
            seen.average_ms,
            seen.deviation_ms,
            seen.seconds as f64 / seen.count as f64,
            series.worst_ms()
        );
    }
    report.push_str("\nAdvice:\n\n");
    for (name, _) in events {
        advice(name, settings)
            .iter()
            .for_each(|line| report.push_str(&format!("- {line}\n")));
    }
    report
}

/// What may help against an event.
fn advice(event: &str, settings: &ObserveSettings) -> Vec<String> {
    let spike_us = settings.spike_ms.unwrap_or(0).saturating_mul(1000);
    let mut lines = Vec::new();
    match event {
        "command" => {
            match settings.slow_us {
                None => lines.push(format!(
                    "Some commands are slow. The slow log is off: CONFIG SET slowlog-log-slower-than {spike_us} would tell which."
                )),
                Some(slow_us) if slow_us > spike_us => lines.push(format!(
                    "The slow log misses some of these: CONFIG SET slowlog-log-slower-than {spike_us} would catch them all."
                )),
                Some(_) => {}
            }
            lines.push("SLOWLOG GET shows which commands take long. Commands over whole collections or the whole keyspace (KEYS, SMEMBERS, SORT, \
                        set algebra) have counterparts that go step by step (SCAN and its kin)."
                .to_owned());
        }
        "fast-command" => lines.push(
            "Commands that do next to nothing were slow, so the process did not get its CPU: lower the load of the machine, raise the CPU \
             quota of the container, or look for a noisy neighbour. redis-cli --intrinsic-latency measures it."
                .to_owned(),
        ),
        "expire-cycle" => lines.push(
            "Many keys, or large ones, come due at the same time: spread their times to live.".to_owned(),
        ),
        _ => {}
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::observe::{Event, Spikes};

    #[test]
    fn the_report_follows_what_was_seen() {
        let mut settings = Settings::default().observe;
        assert_eq!(report(&[], &settings, 1), DISABLED);
        settings.spike_ms = Some(5);
        assert_eq!(report(&[], &settings, 1), HEALTHY);
        let spikes = Spikes::default();
        spikes.add(Event::Command, 10, 30);
        let text = report(&spikes.all(), &settings, 12);
        assert!(text.contains("1. command: 1 latency spikes (average 30ms, mean deviation 0ms, period 2.00 sec). Worst all time event 30ms."));
        assert!(text.contains("slowlog-log-slower-than 5000"));
    }
}
