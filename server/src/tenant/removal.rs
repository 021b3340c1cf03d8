//! Removing a tenant while it may be in use: nobody enters any more, its sessions end, its slices are taken out of
//! service, and its data is freed in short steps that hold no lock.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;

use store::keyspace::Slice;

use super::Tenant;
use crate::runtime::{Pace, STEP_PAUSE};
use crate::server::Server;
use crate::shard::{self, TaskNode};

/// Pause between two looks for sessions that came in at the last moment.
const LOOK_PAUSE: Duration = Duration::from_millis(10);

/// Ends every session of a tenant.
pub(super) fn disconnect(server: &Server, tenant: u64) {
    for client in server.clients.snapshot() {
        if client.tenant.load(Relaxed) == tenant {
            server.clients.kill(client.id);
        }
    }
}

/// Takes a tenant's slices out of service and frees what is in them. The tenant's account is closed.
pub(super) async fn clear(server: Arc<Server>, tenant: Arc<Tenant>, task: TaskNode) {
    let seed = server.seed;
    let taken = shard::retire(&tenant.slices, &task, |slices| {
        let empty = || Slice::new(0, seed);
        let taken = slices.iter_mut();
        taken
            .map(|slice| std::mem::replace(&mut **slice, empty()))
            .collect::<Vec<Slice>>()
    })
    .await;
    while tenant.account.sessions() > 0 {
        disconnect(&server, tenant.id());
        monoio::time::sleep(LOOK_PAUSE).await;
    }
    let mut pace = Pace::default();
    for mut slice in taken.unwrap_or_default() {
        slice.flush_all();
        while !free_step(&mut slice, &mut pace) {
            monoio::time::sleep(STEP_PAUSE).await;
        }
    }
    tenant.memory.forget_clients();
    tracing::info!(tenant = tenant.account.name_text(), "the tenant is removed");
}

/// Frees for one step; true when nothing is left.
fn free_step(slice: &mut Slice, pace: &mut Pace) -> bool {
    let mut step = pace.begin();
    loop {
        if slice.free_step(step.items()) {
            return true;
        }
        if step.ends() {
            return false;
        }
    }
}
