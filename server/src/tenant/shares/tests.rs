//! Sharing a core, with time that tests hand out themselves.

use std::cell::Cell;
use std::rc::Rc;

use super::{BYTES_PER_NANO, QUIET_TICKS, SHARE, Shares};
use crate::runtime::driver::{Driver, DriverChoice};
use crate::tenant::quotas::WEIGHT_USUAL;

/// Both ways to wait that this machine has.
fn on_every_driver(test: impl AsyncFn(Rc<Shares>)) {
    let (best, _) = Driver::choose(DriverChoice::Auto).expect("epoll is always there");
    for driver in [best, Driver::Epoll] {
        let ran = driver.block_on(test(Rc::new(Shares::new(driver.is_ring()))));
        ran.expect("a runtime");
    }
}

/// A tenant's number and its weight.
type Known = (u64, u64);

/// Uses the core for a tenant in pieces of `nanos`, until all have used `total` together.
async fn use_up(
    shares: Rc<Shares>,
    (tenant, weight): Known,
    nanos: u64,
    used: Rc<[Cell<u64>; 3]>,
    total: u64,
) {
    while used.iter().map(Cell::get).sum::<u64>() < total {
        assert!(shares.is_shared(tenant));
        shares.enter(tenant, weight).await;
        used[tenant as usize].set(used[tenant as usize].get() + nanos);
        shares.charge(tenant, nanos);
    }
}

#[test]
fn tenants_that_want_a_core_share_it_whatever_their_connections() {
    on_every_driver(async |shares: Rc<Shares>| {
        shares.is_shared(1);
        assert!(shares.is_shared(2));
        let used: Rc<[Cell<u64>; 3]> = Rc::default();
        let total = 300 * SHARE as u64;
        // One connection that uses what it gets, eight whose requests take several shares at once.
        let mut tasks = vec![monoio::spawn(use_up(
            Rc::clone(&shares),
            (1, WEIGHT_USUAL),
            SHARE as u64,
            Rc::clone(&used),
            total,
        ))];
        for _ in 0..8 {
            let (shares, used) = (Rc::clone(&shares), Rc::clone(&used));
            tasks.push(monoio::spawn(use_up(
                shares,
                (2, WEIGHT_USUAL),
                SHARE as u64 * 3,
                used,
                total,
            )));
        }
        for task in tasks {
            task.await;
        }
        let [_, one, other] = &*used;
        assert!(
            one.get() * 3 > other.get() && other.get() * 3 > one.get(),
            "{} and {}",
            one.get(),
            other.get()
        );
    });
}

#[test]
fn a_tenant_of_three_times_the_weight_has_three_times_the_time() {
    on_every_driver(async |shares: Rc<Shares>| {
        shares.is_shared(1);
        assert!(shares.is_shared(2));
        let used: Rc<[Cell<u64>; 3]> = Rc::default();
        let (piece, total) = (SHARE as u64 / 2, 400 * SHARE as u64);
        let mut tasks = Vec::new();
        let (heavy, light) = ((1, 300), (2, 100));
        for tenant in [heavy, light, heavy, light, light, light] {
            let used = use_up(Rc::clone(&shares), tenant, piece, Rc::clone(&used), total);
            tasks.push(monoio::spawn(used));
        }
        for task in tasks {
            task.await;
        }
        let [_, heavy, light] = &*used;
        assert!(
            heavy.get() > 2 * light.get() && heavy.get() < 4 * light.get(),
            "{} and {}",
            heavy.get(),
            light.get()
        );
    });
}

#[test]
fn a_core_that_one_tenant_uses_is_not_shared() {
    on_every_driver(async |shares: Rc<Shares>| {
        (0..1000).for_each(|_| assert!(!shares.is_shared(0)));
        assert!(!shares.is_shared(1), "one change may be a new start");
        assert!(shares.is_shared(0));
        shares.enter(0, WEIGHT_USUAL).await;
        for _ in 0..QUIET_TICKS {
            shares.tick();
            assert!(shares.is_shared(0));
        }
        shares.tick();
        assert!(!shares.is_shared(0));
        assert!(shares.parts.borrow().is_empty());
    });
}

#[test]
fn who_has_used_too_much_goes_on_when_nobody_else_wants_to() {
    on_every_driver(async |shares: Rc<Shares>| {
        shares.is_shared(1);
        shares.is_shared(2);
        let (left, waited) = shares.enter(2, WEIGHT_USUAL).await;
        assert_eq!((left, waited), (SHARE as u64, false));
        shares.charge(2, 100 * SHARE as u64);
        let (left, waited) = shares.enter(2, WEIGHT_USUAL).await;
        assert!(waited && left <= SHARE as u64);
    });
}

#[test]
fn bytes_to_be_taken_over_count_before_they_come() {
    on_every_driver(async |shares: Rc<Shares>| {
        shares.is_shared(1);
        assert!(shares.is_shared(2));
        let waited = async || shares.enter(2, WEIGHT_USUAL).await.1;
        assert!(!waited().await);
        let bytes = SHARE as usize * BYTES_PER_NANO;
        shares.charge_bytes(2, bytes);
        assert!(waited().await, "another connection reads already");
        shares.charge_bytes(2, bytes);
        shares.return_bytes(2, bytes);
        shares.charge_bytes(2, 100);
        assert!(!waited().await, "little came");
        shares.return_bytes(2, 100 * bytes);
        assert_eq!(shares.enter(2, WEIGHT_USUAL).await.0, SHARE as u64);
    });
}
