//! Model checks: loom runs the code of this folder through its interleavings and memory orders, up to a bound of preemptions.
//!
//! Each check comes with the mistakes it must see: planted, they must fail it, as a deadlock or as a race on a slice's data.

use super::{Account, TestCore};
use crate::shard::door::{DoorError, TenantSlices, gated, whole_tenant, with_slices};
use crate::shard::held::Slices;
use crate::shard::mailbox::{Mailbox, MailboxLimits};
use crate::shard::sync::{AtomicBool, Fault, Ordering, plant};
use crate::shard::task::{TaskNode, TaskRef};
use loom::thread;
use std::sync::Arc;

/// Explores `body`, with `fault` planted, to `preemptions` switches of threads that could have gone on.
fn explore(fault: Option<Fault>, preemptions: usize, body: impl Fn() + Send + Sync + 'static) {
    plant(fault);
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(preemptions);
    model.max_branches = 20_000;
    model.check(body);
}

fn tenant(shards: usize) -> Arc<TenantSlices<Account>> {
    Arc::new(TenantSlices::new((0..shards).map(|_| Account::default())))
}

/// One core that adds one to every slice in `mask`.
fn deposit(tenant: &TenantSlices<Account>, mask: u64) {
    TestCore::<()>::alone()
        .block_on(|task| {
            with_slices(tenant, task, mask, |slices| {
                slices.iter_mut().for_each(|slice| slice.balance += 1)
            })
        })
        .expect("nobody kills");
}

/// What is in the slices, read through the gate: it must be free, like the slices, once nobody is at work.
fn balances(tenant: &TenantSlices<Account>) -> Vec<i64> {
    TestCore::<()>::alone()
        .block_on(|task| {
            whole_tenant(tenant, task, |slices| {
                slices.iter().map(|slice| slice.balance).collect()
            })
        })
        .expect("nobody kills")
}

/// `masks.len()` cores, each adding one to the slices of its mask; everything arrives.
fn deposits(shards: usize, masks: &[u64]) {
    let tenant = tenant(shards);
    let (mine, others) = masks.split_first().expect("a mask");
    let others: Vec<_> = others
        .iter()
        .map(|&mask| {
            let tenant = tenant.clone();
            thread::spawn(move || deposit(&tenant, mask))
        })
        .collect();
    deposit(&tenant, *mine);
    others
        .into_iter()
        .for_each(|core| core.join().expect("no panic"));
    let expected: Vec<i64> = (0..shards)
        .map(|shard| masks.iter().filter(|&mask| mask >> shard & 1 == 1).count() as i64)
        .collect();
    assert_eq!(balances(&tenant), expected);
}

fn one_slice_two_cores() {
    deposits(1, &[1, 1]);
}

#[test]
fn one_slice_is_handed_on_between_two_cores() {
    explore(None, 12, one_slice_two_cores);
}

#[test]
fn one_slice_is_handed_on_between_three_cores() {
    explore(None, 4, || deposits(1, &[1, 1, 1]));
}

#[test]
#[should_panic(expected = "Concurrent")]
fn an_unlock_that_publishes_nothing_is_seen() {
    explore(Some(Fault::UnlockRelaxed), 3, one_slice_two_cores);
}

#[test]
#[should_panic(expected = "deadlock")]
fn an_unlock_that_stores_what_it_decided_earlier_is_seen() {
    explore(Some(Fault::UnlockByStore), 3, one_slice_two_cores);
}

#[test]
#[should_panic(expected = "deadlock")]
fn parking_without_a_second_look_is_seen() {
    explore(Some(Fault::ParkUnchecked), 3, one_slice_two_cores);
}

#[test]
#[should_panic(expected = "deadlock")]
fn sleeping_without_a_second_look_is_seen() {
    explore(Some(Fault::SleepUnchecked), 3, one_slice_two_cores);
}

#[test]
fn two_cores_take_two_slices_through_the_gate() {
    explore(None, 7, || deposits(2, &[3, 3]));
}

#[test]
fn a_single_slice_command_crosses_one_on_two_slices() {
    explore(None, 10, || deposits(2, &[3, 2]));
}

#[test]
fn three_cores_cross_on_two_slices() {
    explore(None, 4, || deposits(2, &[3, 3, 2]));
}

/// A task that locks slices as it comes to them, in descending order, beside one that takes them ascending.
fn script_beside_a_transfer() {
    let tenant = tenant(2);
    let script = {
        let tenant = tenant.clone();
        thread::spawn(move || {
            TestCore::<()>::alone().block_on(|task| async {
                let mut gated = gated(&tenant, task).await.expect("nobody kills");
                gated.lock(2).await.expect("nobody kills");
                gated
                    .run(|slices| slices.at(1).balance += 1)
                    .expect("no panic");
                gated.lock(1).await.expect("nobody kills");
                gated
                    .run(|slices| slices.at(0).balance += 1)
                    .expect("no panic");
            });
        })
    };
    deposit(&tenant, 3);
    script.join().expect("no panic");
    assert_eq!(balances(&tenant), [2, 2]);
}

#[test]
fn a_script_locks_in_any_order_beside_a_transfer() {
    explore(None, 6, script_beside_a_transfer);
}

/// Two tasks of one core's mailbox and one state each; another core writes the state and wakes, twice. What was written last must be seen.
fn announcements_are_seen() {
    let (mailbox, inbox) = Mailbox::<()>::new(MailboxLimits::default()).expect("the model's bell");
    let mut core = TestCore::new(mailbox, inbox);
    let state = Arc::new([AtomicBool::new(false), AtomicBool::new(false)]);
    let senders: Vec<_> = (0..2)
        .map(|which| {
            let (task, state) = (core.task.handle().clone(), state.clone());
            thread::spawn(move || {
                state[which].store(true, Ordering::Release);
                task.wake();
            })
        })
        .collect();
    core.block_on(|task| async {
        while !state.iter().all(|written| written.load(Ordering::Acquire)) {
            task.woken().await;
        }
    });
    senders
        .into_iter()
        .for_each(|sender| sender.join().expect("no panic"));
}

#[test]
fn no_wake_is_lost_between_coalescing_and_sleeping() {
    explore(None, 4, announcements_are_seen);
}

#[test]
#[should_panic(expected = "deadlock")]
fn clearing_the_woken_mark_late_is_seen() {
    explore(Some(Fault::WokenClearedLate), 3, announcements_are_seen);
}

#[test]
#[should_panic(expected = "deadlock")]
fn sleeping_on_a_wake_is_seen() {
    explore(Some(Fault::SleepUnchecked), 3, announcements_are_seen);
}

/// Two senders into a lane with room for one message: both messages arrive, one after waiting for room.
fn messages_wait_for_room() {
    let (mailbox, inbox) = Mailbox::<usize>::new(MailboxLimits {
        entries: 1,
        bytes: 10,
    })
    .expect("the model's bell");
    let mut core = TestCore::new(mailbox.clone(), inbox);
    let senders: Vec<_> = (0..2)
        .map(|message| {
            let mailbox = mailbox.clone();
            thread::spawn(move || {
                TestCore::<()>::alone()
                    .block_on(|task| mailbox.send(task, message, 1))
                    .expect("nobody kills")
            })
        })
        .collect();
    core.receive(2);
    senders
        .into_iter()
        .for_each(|sender| sender.join().expect("no panic"));
    core.received.sort_unstable();
    assert_eq!(core.received, [0, 1]);
}

#[test]
fn a_full_mailbox_loses_no_message() {
    explore(None, 3, messages_wait_for_room);
}

#[test]
#[should_panic(expected = "deadlock")]
fn sleeping_on_a_message_is_seen() {
    explore(Some(Fault::SleepUnchecked), 2, messages_wait_for_room);
}

/// How a core gets at slices.
#[derive(Clone, Copy)]
enum Way {
    /// `with_slices`.
    Door,
    /// `gated`, then slice by slice.
    Gate,
}

/// Adds one to every slice in `mask`, and does something else too while it has them, if it is not killed before.
async fn take(
    tenant: &TenantSlices<Account>,
    task: &TaskNode,
    mask: u64,
    way: Way,
    and: impl FnOnce(),
) -> Result<(), DoorError> {
    let add_one = |slices: &mut Slices<'_, Account>| {
        slices.iter_mut().for_each(|slice| slice.balance += 1);
        and();
    };
    match way {
        Way::Door => with_slices(tenant, task, mask, add_one).await,
        Way::Gate => {
            let mut gated = gated(tenant, task).await?;
            gated.lock(mask).await?;
            gated.run(add_one)
        }
    }
}

/// A core is killed, by the one that has the slices, while it may be waiting for them. Whether or not it ran, everybody else goes on afterwards.
fn kill_while_waiting(mask: u64, killers: Way, victims: Way) {
    let tenant = tenant(2);
    let (mailbox, inbox) = Mailbox::<()>::new(MailboxLimits::default()).expect("the model's bell");
    let (send, receive) = loom::sync::mpsc::channel::<TaskRef>();
    let victim = {
        let tenant = tenant.clone();
        thread::spawn(move || {
            let mut core = TestCore::new(mailbox, inbox);
            send.send(core.task.handle().clone())
                .expect("the test waits for it");
            core.block_on(|task| take(&tenant, task, mask, victims, || ()))
        })
    };
    let handle = receive.recv().expect("the victim sends it");
    TestCore::<()>::alone()
        .block_on(|task| take(&tenant, task, mask, killers, || handle.kill()))
        .expect("nobody kills the killer");
    let ran = match victim.join().expect("no panic") {
        Ok(()) => 1,
        Err(DoorError::Killed) => 0,
        Err(other) => panic!("{other}"),
    };
    assert_eq!(balances(&tenant)[0], 1 + ran);
}

#[test]
fn a_kill_ends_a_park() {
    explore(None, 6, || kill_while_waiting(1, Way::Door, Way::Door));
    explore(None, 4, || kill_while_waiting(3, Way::Door, Way::Door));
}

#[test]
fn a_killed_waiter_for_a_slice_gives_back_what_it_got() {
    explore(None, 5, || kill_while_waiting(3, Way::Door, Way::Gate));
}

#[test]
fn a_killed_waiter_at_the_gate_gives_back_what_it_got() {
    explore(None, 5, || kill_while_waiting(1, Way::Gate, Way::Gate));
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_killed_waiter_that_keeps_a_slice_is_seen() {
    explore(Some(Fault::KillDropsGrant), 5, || {
        kill_while_waiting(3, Way::Door, Way::Gate)
    });
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_killed_waiter_that_keeps_the_gate_is_seen() {
    explore(Some(Fault::TicketLost), 5, || {
        kill_while_waiting(1, Way::Gate, Way::Gate)
    });
}

/// A task leaves the gate's queue while the holder hands the gate on.
fn leave_the_queue_at_hand_over() {
    let tenant = tenant(1);
    let leaver = {
        let tenant = tenant.clone();
        thread::spawn(move || {
            let core = TestCore::<()>::alone();
            drop(tenant.gate().enqueue(&core.task));
        })
    };
    let core = TestCore::<()>::alone();
    drop(tenant.gate().enqueue(&core.task));
    leaver.join().expect("no panic");
    TestCore::<()>::alone().block_on(|task| async {
        gated(&tenant, task).await.expect("nobody kills");
    });
}

#[test]
fn the_gate_outlives_those_who_leave() {
    explore(None, 12, leave_the_queue_at_hand_over);
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_leaver_that_keeps_the_gate_is_seen() {
    explore(Some(Fault::TicketLost), 3, leave_the_queue_at_hand_over);
}
