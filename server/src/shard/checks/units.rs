//! The door, the mailbox and kills, one behaviour at a time.

use super::{Account, TestCore};
use crate::shard::door::{
    DoorError, Refused, TenantSlices, gated, retire, try_with_slices, whole_tenant, with_slices,
};
use crate::shard::mailbox::{Mailbox, MailboxLimits};
use std::time::{Duration, Instant};

fn tenant(shards: usize) -> TenantSlices<Account> {
    TenantSlices::new((0..shards).map(|shard| Account {
        balance: shard as i64,
        repairable: true,
        ..Account::default()
    }))
}

fn run<R>(
    tenant: &TenantSlices<Account>,
    mask: u64,
    f: impl FnOnce(&mut crate::shard::Slices<'_, Account>) -> R,
) -> Result<R, DoorError> {
    TestCore::<()>::alone().block_on(|task| with_slices(tenant, task, mask, f))
}

#[test]
fn slices_come_in_ascending_order_and_by_shard() {
    let tenant = tenant(64);
    assert_eq!(tenant.mask_of_all(), u64::MAX);
    let mask = 1 | 1 << 5 | 1 << 63;
    let seen = run(&tenant, mask, |slices| {
        slices.at(5).balance += 100;
        (
            slices.mask(),
            slices.iter().map(|slice| slice.balance).collect::<Vec<_>>(),
        )
    });
    assert_eq!(seen, Ok((mask, vec![0, 105, 63])));
    assert_eq!(run(&tenant, 0, |slices| slices.len()), Ok(0));
    assert_eq!(run(&tenant, u64::MAX, |slices| slices.len()), Ok(64));
}

#[test]
fn a_taken_slice_gives_the_closure_back() {
    let tenant = tenant(2);
    TestCore::<()>::alone().block_on(|task| async {
        let mut holder = gated(&tenant, task).await.expect("the gate is free");
        holder.lock(2).await.expect("the slice is free");
        let Err(Refused::Busy { shard, mask, .. }) = try_with_slices(&tenant, 3, |_| ()) else {
            panic!("slice 1 is taken")
        };
        assert_eq!((shard, mask), (1, 3));
        assert!(
            try_with_slices(&tenant, 1, |_| ()).is_ok(),
            "slice 0 was given back"
        );
    });
    assert!(try_with_slices(&tenant, 3, |_| ()).is_ok());
}

#[test]
fn a_panic_releases_and_a_half_done_slice_is_repaired() {
    let tenant = tenant(2);
    let failed: Result<(), _> = run(&tenant, 3, |slices| {
        slices.at(1).half_done = true;
        panic!("in the middle of {}", "it");
    });
    assert_eq!(
        failed,
        Err(DoorError::Panicked("in the middle of it".to_owned()))
    );
    assert_eq!(run(&tenant, 3, |slices| slices.at(1).half_done), Ok(false));
}

#[test]
fn a_slice_beyond_repair_stays_out_of_service() {
    let tenant = tenant(2);
    let failed: Result<(), _> = run(&tenant, 1, |slices| {
        slices[0].half_done = true;
        slices[0].repairable = false;
        panic!("gone");
    });
    assert!(matches!(failed, Err(DoorError::Panicked(_))));
    assert_eq!(run(&tenant, 1, |_| ()), Err(DoorError::Poisoned));
    assert_eq!(
        run(&tenant, 2, |_| ()),
        Ok(()),
        "its neighbours are not concerned"
    );
}

#[test]
fn a_panic_before_the_first_write_poisons_nothing() {
    let tenant = tenant(1);
    let failed: Result<(), _> = run(&tenant, 1, |slices| {
        slices[0].repairable = false;
        panic!("early");
    });
    assert!(matches!(failed, Err(DoorError::Panicked(_))));
    assert_eq!(run(&tenant, 1, |_| ()), Ok(()));
}

#[test]
fn reach_is_followed_transitively() {
    let tenant = tenant(4);
    run(&tenant, 0b0110, |slices| {
        slices.at(1).reach = 1 << 2;
        slices.at(2).reach = 1 << 3;
    })
    .expect("free");
    assert_eq!(run(&tenant, 1, |slices| slices.mask()), Ok(0b0001));
    assert_eq!(run(&tenant, 2, |slices| slices.mask()), Ok(0b1110));
    let gated_mask = TestCore::<()>::alone().block_on(|task| async {
        let mut gated = gated(&tenant, task).await.expect("free");
        gated.lock(2).await.expect("free");
        gated.run(|slices| slices.mask())
    });
    assert_eq!(gated_mask, Ok(0b1110));
}

#[test]
fn a_retired_tenant_is_dead() {
    let tenant = tenant(2);
    let sum = TestCore::<()>::alone().block_on(|task| {
        retire(&tenant, task, |slices| {
            slices.iter().map(|slice| slice.balance).sum::<i64>()
        })
    });
    assert_eq!(sum, Ok(1));
    assert_eq!(run(&tenant, 1, |_| ()), Err(DoorError::Dead));
    assert_eq!(
        TestCore::<()>::alone().block_on(|task| whole_tenant(&tenant, task, |_| ())),
        Err(DoorError::Dead)
    );
}

/// Every way of waiting ends with a kill, and leaves nothing behind.
#[test]
fn a_kill_ends_every_wait() {
    for mask in [1, 3] {
        let tenant = tenant(2);
        TestCore::<()>::alone().block_on(|task| async {
            let mut holder = gated(&tenant, task).await.expect("free");
            holder.lock(3).await.expect("free");
            std::thread::scope(|scope| {
                let (send, receive) = std::sync::mpsc::channel();
                let tenant = &tenant;
                let waiter = scope.spawn(move || {
                    let mut core = TestCore::<()>::alone();
                    send.send(core.task.handle().clone())
                        .expect("the test waits for it");
                    core.block_on(|task| with_slices(tenant, task, mask, |_| ()))
                });
                let victim = receive.recv().expect("the waiter sends it");
                let begun = Instant::now();
                while !holder.is_waited_for() {
                    assert!(begun.elapsed() < Duration::from_secs(30), "nobody waits");
                    std::thread::yield_now();
                }
                victim.kill();
                assert_eq!(waiter.join().expect("no panic"), Err(DoorError::Killed));
            });
        });
        assert_eq!(run(&tenant, 3, |_| ()), Ok(()));
    }
}

#[test]
fn a_poisoned_tenant_can_be_retired() {
    let tenant = tenant(2);
    let failed: Result<(), _> = run(&tenant, 1, |slices| {
        slices[0].half_done = true;
        slices[0].repairable = false;
        panic!("gone");
    });
    assert!(matches!(failed, Err(DoorError::Panicked(_))));
    let retire_again =
        || TestCore::<()>::alone().block_on(|task| retire(&tenant, task, |slices| slices.len()));
    assert_eq!(retire_again(), Ok(2));
    assert_eq!(run(&tenant, 1, |_| ()), Err(DoorError::Dead));
    assert_eq!(retire_again(), Err(DoorError::Dead));
}

/// Rule 8 forbids it, yet a future that is dropped while it waits leaves the locks in order.
#[test]
fn a_dropped_wait_leaves_nothing_behind() {
    use std::task::{Context, Waker};
    for mask in [1, 3] {
        let tenant = tenant(2);
        let waiting = TestCore::<()>::alone();
        TestCore::<()>::alone().block_on(|task| async {
            let mut holder = gated(&tenant, task).await.expect("free");
            holder.lock(3).await.expect("free");
            let mut future = Box::pin(with_slices(&tenant, &waiting.task, mask, |_| ()));
            for _ in 0..5 {
                waiting.task.handle().wake();
                assert!(
                    future
                        .as_mut()
                        .poll(&mut Context::from_waker(Waker::noop()))
                        .is_pending()
                );
            }
            drop(holder);
            drop(future);
        });
        assert_eq!(run(&tenant, 3, |_| ()), Ok(()));
    }
}

#[test]
fn a_mailbox_refuses_beyond_its_limits() {
    let (mailbox, inbox) = Mailbox::new(MailboxLimits {
        entries: 2,
        bytes: 10,
    })
    .expect("a socket pair");
    let mut core = TestCore::new(mailbox.clone(), inbox);
    assert_eq!(mailbox.try_send("a", 8), Ok(()));
    assert_eq!(mailbox.try_send("b", 8), Err("b"), "too many bytes");
    assert_eq!(mailbox.try_send("c", 1), Ok(()));
    assert_eq!(mailbox.try_send("d", 1), Err("d"), "too many messages");
    core.receive(2);
    assert_eq!(
        mailbox.try_send("e", 100),
        Ok(()),
        "an empty lane takes anything"
    );
    core.receive(3);
    assert_eq!(core.received, ["a", "c", "e"]);
}

#[test]
fn a_mailbox_without_an_owner_takes_nothing() {
    let (mailbox, inbox) = Mailbox::new(MailboxLimits::default()).expect("a socket pair");
    assert_eq!(mailbox.try_send(1, 1), Ok(()));
    drop(inbox);
    assert_eq!(mailbox.try_send(2, 1), Err(2));
    assert_eq!(
        TestCore::<()>::alone().block_on(|task| mailbox.send(task, 3, 1)),
        Err(3)
    );
}

#[test]
fn many_messages_arrive_in_order() {
    let (mailbox, inbox) = Mailbox::new(MailboxLimits::default()).expect("a socket pair");
    let mut core = TestCore::new(mailbox.clone(), inbox);
    (0..1000).for_each(|number| mailbox.try_send(number, 1).expect("room"));
    core.receive(1000);
    assert!(core.received.iter().copied().eq(0..1000));
}

#[test]
#[should_panic(expected = "own thread")]
fn a_task_is_not_made_on_another_cores_thread() {
    let core = TestCore::<()>::alone();
    let lane = core.mailbox.wake_lane().clone();
    let made = std::thread::spawn(move || drop(crate::shard::TaskNode::new(&lane))).join();
    std::panic::resume_unwind(made.expect_err("it must panic"));
}

/// Both runtime drivers: messages and wakes arrive at a core that sleeps.
mod on_a_runtime {
    use super::*;
    use crate::shard::TaskNode;
    use std::sync::mpsc;

    async fn ping_pong(report: mpsc::Sender<(Mailbox<u32>, crate::shard::TaskRef)>) -> u32 {
        let (mailbox, inbox) =
            Mailbox::<u32>::new(MailboxLimits::default()).expect("a socket pair");
        let sum = std::rc::Rc::new(std::cell::Cell::new(0));
        let task = TaskNode::new(mailbox.wake_lane());
        let _scope = mailbox.wake_lane().enter_runtime();
        task.handle().wake();
        task.woken().await;
        let adding = sum.clone();
        let running = monoio::spawn(inbox.run(move |number| adding.set(adding.get() + number)));
        report
            .send((mailbox, task.handle().clone()))
            .expect("the test listens");
        while sum.get() < 5050 {
            task.woken().await;
        }
        drop(running);
        sum.get()
    }

    fn check<D>(build: impl FnOnce() -> monoio::Runtime<D> + Send + 'static)
    where
        D: monoio::Driver,
    {
        let (send, receive) = mpsc::channel();
        let core = std::thread::spawn(move || build().block_on(ping_pong(send)));
        let (mailbox, task) = receive.recv().expect("the core starts");
        for number in 1..=100 {
            mailbox.try_send(number, 4).expect("room");
            if number % 10 == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
            task.wake();
        }
        assert_eq!(core.join().expect("no panic"), 5050);
    }

    #[test]
    fn epoll() {
        check(|| {
            monoio::RuntimeBuilder::<monoio::LegacyDriver>::new()
                .build()
                .expect("a runtime")
        });
    }

    #[test]
    fn io_uring() {
        if monoio::utils::detect_uring() {
            check(|| {
                monoio::RuntimeBuilder::<monoio::IoUringDriver>::new()
                    .build()
                    .expect("a runtime")
            });
        }
    }
}
