//! From changed keys to the messages of those who track them, wherever they are connected.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering::Relaxed;

use resp::{OutputBuffer, Protocol, ReplyWriter};
use store::command::Effects;
use store::keyspace::Tracker;

use super::client::{Options, Tracking};
use crate::client::ClientInfo;
use crate::connection::{Link, OutputClass};
use crate::core::Core;
use crate::pubsub::push;
use crate::tenant::Tenant;

/// A key that changed, and by whom (0 for nobody).
pub type Changed<'a> = (u64, &'a [u8]);

/// Tells everybody what the commands of client `by` changed.
pub fn deliver(core: &Core, tenant: &Tenant, by: u64, effects: &Effects) {
    let (directory, id) = (&tenant.tracking, tenant.id());
    directory.keys.fetch_sub(effects.untracked, Relaxed);
    if effects.flushed {
        for target in directory.cores(false) {
            match target == core.index {
                true => flushed(core, id),
                false => core.outbox.fill(target, |parcel| parcel.add_flush(id)),
            }
        }
    }
    for (key, trackers) in &effects.invalid {
        if !trackers.is_empty() {
            directory.keys.fetch_sub(1, Relaxed);
            invalidate_all(core, by, key, trackers);
        }
    }
    if !effects.broadcasts || effects.invalid.is_empty() {
        return;
    }
    for target in directory.cores(true) {
        let keys = effects.invalid.iter().map(|(key, _)| (by, key.as_slice()));
        match target == core.index {
            true => broadcast(core, id, &keys.collect::<Vec<_>>()),
            false => core.outbox.fill(target, |parcel| {
                keys.for_each(|(by, key)| parcel.add_changed(id, by, key));
            }),
        }
    }
}

/// Tells those who tracked a key.
pub(super) fn invalidate_all(core: &Core, by: u64, key: &[u8], trackers: &[Tracker]) {
    for tracker in trackers {
        let target = usize::from(tracker.core);
        match target == core.index {
            true => invalidate(core, tracker.client, by, key),
            false => core.outbox.fill(target, |parcel| {
                parcel.add_invalid(tracker.client, by, key);
            }),
        }
    }
}

/// Tells a client of this core, if it still tracks, that a key it has read was changed by client `by`.
pub fn invalidate(core: &Core, client: u64, by: u64, key: &[u8]) {
    let Some(tracking) = core.tracking.get(client) else {
        return;
    };
    let options = tracking.options.get();
    let is_own = by == client && options.contains(Options::NOLOOP);
    if !is_own && !options.contains(Options::BCAST) {
        send(core, &tracking, Some(&[key]));
    }
}

/// Tells the clients of a tenant on this core that broadcast of keys with their prefixes, a message for each prefix.
pub fn broadcast(core: &Core, tenant: u64, changed: &[Changed<'_>]) {
    for tracking in core.tracking.of_tenant(tenant) {
        let options = tracking.options.get();
        if !options.contains(Options::BCAST) {
            continue;
        }
        let id = tracking.link.info.id;
        let spares_own = options.contains(Options::NOLOOP);
        for prefix in tracking.prefixes.borrow().iter() {
            let fits =
                |(by, key): &Changed<'_>| key.starts_with(prefix) && !(spares_own && *by == id);
            let keys: BTreeSet<&[u8]> = changed
                .iter()
                .filter(|changed| fits(changed))
                .map(|(_, key)| *key)
                .collect();
            if !keys.is_empty() {
                send(core, &tracking, Some(&keys.into_iter().collect::<Vec<_>>()));
            }
        }
    }
}

/// Tells every tracking client of a tenant on this core to forget all it has.
pub fn flushed(core: &Core, tenant: u64) {
    for tracking in core.tracking.of_tenant(tenant) {
        send(core, &tracking, None);
    }
}

/// Sends the message about `keys`, or about all keys, to where the client wants it.
fn send(core: &Core, tracking: &Tracking, keys: Option<&[&[u8]]>) {
    let redirect = tracking.redirect.get();
    if redirect == 0 {
        return write(core, &tracking.link, false, keys);
    }
    let target = core.server.clients.get(redirect);
    let is_there =
        |info: &ClientInfo| !info.is_gone() && info.tenant.load(Relaxed) == tracking.tenant.id();
    match target.filter(|info| is_there(info)) {
        None => {
            tracking.set_broken(true);
            if tracking.link.info.resp.load(Relaxed) == 3 {
                push(&core.server, &tracking.link, |mail| {
                    let mut message = ReplyWriter::new(mail, Protocol::Resp3);
                    message.push(2);
                    message.bulk(b"tracking-redir-broken");
                    message.integer(redirect as i64);
                });
            }
        }
        Some(info) if info.core == core.index => redirected(core, redirect, keys),
        Some(info) => core.outbox.fill(info.core, |parcel| {
            parcel.add_redirected(redirect, keys);
        }),
    }
}

/// Sends a client of this core the message that another one redirects to it.
pub fn redirected(core: &Core, client: u64, keys: Option<&[&[u8]]>) {
    if let Some(link) = core.links.get(client) {
        write(core, &link, true, keys);
    }
}

/// RESP2 has no push messages: it takes the message as one of a channel, from another client and if it subscribes to anything.
fn write(core: &Core, link: &Link, is_redirected: bool, keys: Option<&[&[u8]]>) {
    let is_resp3 = link.info.resp.load(Relaxed) == 3;
    let takes_messages = is_redirected && link.class() == OutputClass::Pubsub;
    if !is_resp3 && !takes_messages {
        return;
    }
    let write = |mail: &mut OutputBuffer| {
        let protocol = match is_resp3 {
            true => Protocol::Resp3,
            false => Protocol::Resp2,
        };
        let mut message = ReplyWriter::new(mail, protocol);
        match is_resp3 {
            true => {
                message.push(2);
                message.bulk(b"invalidate");
            }
            false => {
                message.push(3);
                message.bulk(b"message");
                message.bulk(b"__redis__:invalidate");
            }
        }
        match keys {
            None => message.null(),
            Some(keys) => {
                message.array(keys.len());
                keys.iter().for_each(|key| message.bulk(key));
            }
        }
    };
    push(&core.server, link, write);
}
