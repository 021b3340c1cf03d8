//! Subscribers whose user may not use their channels any more are disconnected. Every core knows its own subscribers, so
//! each is told, and looks at them itself.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use super::user::{Identity, User};
use crate::client::ClientInfo;
use crate::core::Core;
use crate::pubsub::Kind;
use crate::runtime::Message;

impl User {
    /// Whether some channels that it could use may be out of reach after a change: not when all that it had is still
    /// there literally.
    pub(super) fn may_have_lost_channels(&self, now: &User) -> bool {
        if now.selectors.iter().any(|selector| selector.all_channels) {
            return false;
        }
        let is_kept = |pattern: &[u8]| {
            let mut selectors = now.selectors.iter();
            selectors.any(|selector| selector.allows_channel_pattern(pattern))
        };
        self.selectors.iter().any(|selector| {
            let mut channels = selector.channels.iter();
            selector.all_channels || !channels.all(|pattern| is_kept(pattern))
        })
    }

    fn may_subscribe(&self, kind: Kind, name: &[u8]) -> bool {
        self.selectors.iter().any(|selector| match kind {
            Kind::Pattern => selector.allows_channel_pattern(name),
            Kind::Channel | Kind::Shard => selector.allows_channel(name),
        })
    }
}

/// How long a change waits until the other cores have done their part. It is sure to be done, so this is a courtesy to
/// whoever looks at the clients next; it is bounded because two cores may wait for each other.
const OTHERS_WAIT_MAX: Duration = Duration::from_millis(10);

/// A user as it was changed, for all cores to disconnect subscribers by.
#[derive(Debug)]
pub struct Revocation {
    user: Arc<User>,
}

/// Disconnects the subscribers of all cores who subscribe to what their user, so changed, may not.
pub(super) fn revoke(core: &Core, user: &Arc<User>) {
    disconnect_here(core, user);
    let revocation = Arc::new(Revocation {
        user: Arc::clone(user),
    });
    let mailboxes = core.server.net.mailboxes.iter().enumerate();
    for (index, mailbox) in mailboxes.filter(|(index, _)| *index != core.index) {
        let message = Message::Revoke(Arc::clone(&revocation));
        if mailbox.try_send(message, size_of::<Message>()).is_err() {
            // No room to ask, so none of them is believed.
            disconnect_all_of(core, index, &user.identity);
        }
    }
    // A core that has done its part has dropped its message.
    let end = Instant::now() + OTHERS_WAIT_MAX;
    while Arc::strong_count(&revocation) > 1 && Instant::now() < end {
        std::thread::yield_now();
    }
}

/// Does this core's part.
pub fn disconnect(core: &Core, revocation: &Revocation) {
    disconnect_here(core, &revocation.user);
}

/// Disconnects this core's subscribers who subscribe to what their user may not.
fn disconnect_here(core: &Core, user: &User) {
    let mut gone = Vec::new();
    for registry in core.pubsub.all() {
        registry.for_each(|kind, name, client| {
            if client.is_user(&user.identity) && !user.may_subscribe(kind, name) {
                gone.push(client.id);
            }
        });
    }
    for id in gone {
        core.server.clients.kill(id);
    }
}

fn disconnect_all_of(core: &Core, index: usize, identity: &Identity) {
    let subscribes = |client: &ClientInfo| {
        let mut counts = client.subscriptions.iter();
        counts.any(|count| count.load(Relaxed) > 0)
    };
    for client in core.server.clients.snapshot() {
        if client.core == index && client.is_user(identity) && subscribes(&client) {
            core.server.clients.kill(client.id);
        }
    }
}
