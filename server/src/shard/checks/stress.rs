//! Real threads on few slices: money moves between accounts and none is made or lost, and nobody starves.

use super::{Account, TestCore};
use crate::shard::door::{TenantSlices, gated, whole_tenant, with_slices};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const CORES: u64 = 4;
const SHARDS: usize = 3;
const OPENING: i64 = 1000;

/// xorshift64: different masks on every core, the same in every run.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

#[test]
fn transfers_keep_the_sum() {
    let tenant = TenantSlices::new((0..SHARDS).map(|_| Account {
        balance: OPENING,
        ..Account::default()
    }));
    let total = OPENING * SHARDS as i64;
    thread::scope(|scope| {
        for seed in 1..=CORES {
            let tenant = &tenant;
            scope.spawn(move || {
                let mut core = TestCore::<()>::alone();
                let mut random = seed;
                for _ in 0..20_000 {
                    let kind = next(&mut random) % 100;
                    let (from, to) = (
                        (next(&mut random) % 3) as usize,
                        (next(&mut random) % 3) as usize,
                    );
                    match kind {
                        0 => {
                            let sum = core.block_on(|task| {
                                whole_tenant(tenant, task, |slices| {
                                    slices.iter().map(|slice| slice.balance).sum::<i64>()
                                })
                            });
                            assert_eq!(sum, Ok(total));
                        }
                        1 => core.block_on(|task| async {
                            let mut gated = gated(tenant, task).await.expect("nobody kills");
                            gated.lock(1 << from).await.expect("nobody kills");
                            gated
                                .run(|slices| slices.at(from).balance -= 1)
                                .expect("no panic");
                            gated.lock(1 << to).await.expect("nobody kills");
                            gated
                                .run(|slices| slices.at(to).balance += 1)
                                .expect("no panic");
                        }),
                        2 => {
                            let failed = core.block_on(|task| {
                                with_slices(tenant, task, 1 << from, |_| {
                                    std::panic::resume_unwind(Box::new("planned"))
                                })
                            });
                            let _: () = match failed {
                                Err(crate::shard::DoorError::Panicked(text)) => {
                                    assert_eq!(text, "planned")
                                }
                                other => other.expect("a planned panic"),
                            };
                        }
                        _ => core
                            .block_on(|task| {
                                with_slices(tenant, task, 1 << from | 1 << to, |slices| {
                                    slices.at(from).balance -= 1;
                                    slices.at(to).balance += 1;
                                })
                            })
                            .expect("nobody kills"),
                    }
                }
            });
        }
    });
    let sum = TestCore::<()>::alone().block_on(|task| {
        whole_tenant(&tenant, task, |slices| {
            slices.iter().map(|slice| slice.balance).sum::<i64>()
        })
    });
    assert_eq!(sum, Ok(total));
}

/// Two cores hammer one slice each; a third that needs both, and a fourth that needs one, get their turns.
#[test]
fn nobody_starves() {
    let tenant = TenantSlices::new([Account::default(), Account::default()]);
    let stop = AtomicBool::new(false);
    let turns = AtomicU64::new(0);
    thread::scope(|scope| {
        for mask in [1, 2] {
            let (tenant, stop) = (&tenant, &stop);
            scope.spawn(move || {
                let mut core = TestCore::<()>::alone();
                while !stop.load(Ordering::Relaxed) {
                    core.block_on(|task| {
                        with_slices(tenant, task, mask, |_| {
                            let until = Instant::now() + Duration::from_micros(20);
                            while Instant::now() < until {
                                std::hint::spin_loop();
                            }
                        })
                    })
                    .expect("nobody kills");
                }
            });
        }
        let victims: Vec<_> = [3, 1]
            .map(|mask| {
                let (tenant, turns) = (&tenant, &turns);
                scope.spawn(move || {
                    let mut core = TestCore::<()>::alone();
                    for _ in 0..50 {
                        core.block_on(|task| {
                            with_slices(tenant, task, mask, |_| {
                                turns.fetch_add(1, Ordering::Relaxed)
                            })
                        })
                        .expect("nobody kills");
                    }
                })
            })
            .into_iter()
            .collect();
        victims
            .into_iter()
            .for_each(|victim| victim.join().expect("no panic"));
        stop.store(true, Ordering::Relaxed);
    });
    assert_eq!(turns.into_inner(), 100);
}
