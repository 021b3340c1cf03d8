//! The core's own end of a connection: how its core's other tasks wake it, hand it messages and watch over its waits.
//!
//! A connection normally waits for one thing at a time. While it waits for its client to take replies, or for a command that blocks, nothing
//! reads its socket. That is what the marks are for: the wait is marked with the core's present tick (one store), and a watch that
//! looks at the marks some ten times a second, and only while there are any, tells connections that have waited for a whole tick to look
//! after both directions.

use super::coalesce::Coalescer;
use super::limits::OutputLimit;
use crate::client::ClientInfo;
use monoio::io::{CancelHandle, Canceller};
use resp::OutputBuffer;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Waker};

/// No wait is marked.
const NOT_WAITING: u32 = 0;

/// Spare buffers for mail kept per core, and the largest that is kept.
const SPARES_MAX: usize = 256;
const SPARE_BYTES_MAX: usize = 16 * 1024;
/// As long as the socket takes all it is given, less mail than this is not checked against limits.
const MAIL_UNCHECKED_BYTES: usize = 32 * 1024;

/// One connection, as its core sees it.
pub struct Link {
    /// What everybody may know of it.
    pub info: Arc<ClientInfo>,
    /// Its place in the table of marks.
    slot: usize,
    links: Rc<Links>,
    waker: RefCell<Option<Waker>>,
    stalled: Cell<bool>,
    unsent: Cell<usize>,
    class: Cell<OutputClass>,
    /// When output began to be over the soft limit, ms since the epoch; 0 when it is not.
    soft_since_ms: Cell<u64>,
    /// That limit, in bytes.
    soft_bytes: Cell<usize>,
    /// What other connections caused to be sent here, in wire format.
    mail: RefCell<OutputBuffer>,
    /// Replies are being written that have to leave before the mail does.
    holds_mail: Cell<bool>,
    /// Closed for what it had not taken: it gets no more mail.
    cut: Cell<bool>,
    /// Cancels the read in flight when that pins a large buffer.
    canceller: RefCell<Option<Canceller>>,
    pins_large: Cell<bool>,
}

/// All connections of one core.
#[derive(Default)]
pub struct Links {
    by_id: RefCell<HashMap<u64, Rc<Link>>>,
    /// The core's pauses between turns of theirs.
    pub coalescer: Coalescer,
    /// Per slot: the tick in which the present wait began.
    marks: RefCell<Vec<u32>>,
    owners: RefCell<Vec<Option<Rc<Link>>>>,
    free: RefCell<Vec<usize>>,
    waiting: Cell<usize>,
    /// Reads in flight that pin a large buffer.
    large_reads: Cell<usize>,
    tick: Cell<u32>,
    /// Emptied buffers for the next mail.
    spares: RefCell<Vec<Vec<u8>>>,
    /// Who looks at the marks, while it sleeps.
    sleeper: RefCell<Option<Waker>>,
    dozing: Cell<bool>,
    nudged: Cell<bool>,
}

/// Which output limit holds for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutputClass {
    /// It gets what it asks for.
    #[default]
    Normal,
    /// It subscribes to channels.
    Pubsub,
}

impl Links {
    /// Adds a connection.
    pub fn insert(self: &Rc<Self>, info: Arc<ClientInfo>) -> Rc<Link> {
        let id = info.id;
        let slot = self.free.borrow_mut().pop().unwrap_or_else(|| {
            self.marks.borrow_mut().push(NOT_WAITING);
            self.owners.borrow_mut().push(None);
            self.marks.borrow().len() - 1
        });
        let link = Rc::new(Link {
            info,
            slot,
            links: Rc::clone(self),
            waker: RefCell::default(),
            stalled: Cell::new(false),
            unsent: Cell::new(0),
            class: Cell::default(),
            soft_since_ms: Cell::new(0),
            soft_bytes: Cell::new(0),
            mail: RefCell::default(),
            holds_mail: Cell::new(false),
            cut: Cell::new(false),
            canceller: RefCell::default(),
            pins_large: Cell::new(false),
        });
        self.owners.borrow_mut()[slot] = Some(Rc::clone(&link));
        self.by_id.borrow_mut().insert(id, Rc::clone(&link));
        link
    }

    /// Removes a connection.
    pub fn remove(&self, link: &Link) {
        link.end_wait();
        link.end_large_read();
        self.by_id.borrow_mut().remove(&link.info.id);
        self.owners.borrow_mut()[link.slot] = None;
        self.free.borrow_mut().push(link.slot);
    }

    /// The connection with this id.
    pub fn get(&self, id: u64) -> Option<Rc<Link>> {
        self.by_id.borrow().get(&id).cloned()
    }

    /// Connections of this core.
    pub fn len(&self) -> usize {
        self.by_id.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether any connection waits for something other than its client's next request.
    pub fn any_waiting(&self) -> bool {
        self.waiting.get() > 0
    }

    /// Whether any connection pins a large buffer while it waits for its client.
    pub fn any_large_read(&self) -> bool {
        self.large_reads.get() > 0
    }

    /// All connections of this core.
    pub fn snapshot(&self) -> Vec<Rc<Link>> {
        self.by_id.borrow().values().cloned().collect()
    }

    /// The watch is about to sleep; `dozing` for so long that the first wait has to nudge it.
    pub fn set_sleeper(&self, waker: &Waker, dozing: bool) {
        *self.sleeper.borrow_mut() = Some(waker.clone());
        self.dozing.set(dozing);
    }

    /// The watch is awake.
    pub fn clear_sleeper(&self) {
        self.dozing.set(false);
        self.sleeper.take();
    }

    /// Ends the watch's sleep.
    #[cold]
    pub fn nudge(&self) {
        self.nudged.set(true);
        if let Some(sleeper) = self.sleeper.take() {
            sleeper.wake();
        }
    }

    /// Whether the watch was nudged, once.
    pub fn was_nudged(&self) -> bool {
        self.nudged.replace(false)
    }

    /// Begins the next tick and tells every connection whose wait has lasted since before the tick that just ended.
    pub fn watch_waits(&self) {
        let tick = self.tick.get().wrapping_add(1).max(1);
        let ended = self.tick.replace(tick);
        if !self.any_waiting() {
            return;
        }
        let mut late = Vec::new();
        for (slot, mark) in self.marks.borrow_mut().iter_mut().enumerate() {
            if *mark != NOT_WAITING && *mark != ended {
                late.push(slot);
                *mark = tick;
            }
        }
        for slot in late {
            let owner = self.owners.borrow()[slot].clone();
            if let Some(link) = owner.filter(|link| !link.stalled.get()) {
                link.stalled.set(true);
                link.wake();
            }
        }
    }
}

impl Link {
    /// Remembers the task to wake; the first poll of the connection calls it.
    pub fn set_waker(&self, cx: &Context<'_>) {
        *self.waker.borrow_mut() = Some(cx.waker().clone());
    }

    /// Has the connection's task polled.
    pub fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    /// Marks that the connection waits for something other than its client's next request.
    #[inline]
    pub fn begin_wait(&self) {
        let mark = &mut self.links.marks.borrow_mut()[self.slot];
        if *mark == NOT_WAITING {
            self.links.waiting.set(self.links.waiting.get() + 1);
            *mark = self.links.tick.get().max(1);
            if self.links.dozing.replace(false) {
                self.links.nudge();
            }
        }
    }

    /// The wait is over.
    #[inline]
    pub fn end_wait(&self) {
        let mark = &mut self.links.marks.borrow_mut()[self.slot];
        if *mark != NOT_WAITING {
            self.links.waiting.set(self.links.waiting.get() - 1);
            *mark = NOT_WAITING;
            self.stalled.set(false);
            if self.unsent.get() != 0 {
                self.set_unsent(0);
            }
        }
    }

    /// Notes how much output the client has not taken; forgotten when it has.
    pub fn set_unsent(&self, bytes: usize) {
        self.unsent.set(bytes);
        self.info.output_bytes.store(bytes, Relaxed);
        if self.soft_since_ms.get() != 0 && self.unsent() <= self.soft_bytes.get() {
            self.soft_since_ms.set(0);
        }
    }

    /// Output the client has not taken, in bytes: what is with the socket, and its mail.
    pub fn unsent(&self) -> usize {
        self.unsent.get() + self.mail.borrow().len()
    }

    /// Whether the present wait has lasted long enough to look after both directions of the socket.
    #[inline]
    pub fn is_stalled(&self) -> bool {
        self.stalled.get()
    }

    /// The output limit that holds.
    pub fn class(&self) -> OutputClass {
        self.class.get()
    }

    /// Changes it.
    pub fn set_class(&self, class: OutputClass) {
        self.class.set(class);
    }

    /// Whether an idle client of this kind is closed after `timeout`: subscribers, and those a command keeps waiting, are not.
    pub fn may_time_out(&self) -> bool {
        let waits = self.links.marks.borrow()[self.slot] != NOT_WAITING;
        self.class.get() == OutputClass::Normal && !waits
    }

    /// Notes whether the output is over the soft limit; says for how many ms it has been.
    pub fn note_soft(&self, limit: &OutputLimit, now_ms: u64) -> u64 {
        let soft_bytes = limit.soft_bytes.load(Relaxed);
        self.soft_bytes
            .set(usize::try_from(soft_bytes).unwrap_or(usize::MAX));
        match (limit.is_over_soft(self.unsent()), self.soft_since_ms.get()) {
            (false, _) => self.soft_since_ms.set(0),
            (true, 0) => self.soft_since_ms.set(now_ms),
            (true, since) => return now_ms.saturating_sub(since),
        }
        0
    }

    /// A read into a large buffer begins; it can be cancelled through the handle.
    pub fn begin_large_read(&self) -> CancelHandle {
        if !self.pins_large.replace(true) {
            self.links.large_reads.set(self.links.large_reads.get() + 1);
        }
        self.canceller.borrow_mut().get_or_insert_default().handle()
    }

    /// That read is over.
    pub fn end_large_read(&self) {
        if self.pins_large.replace(false) {
            self.links.large_reads.set(self.links.large_reads.get() - 1);
        }
    }

    /// Cancels a read into a large buffer. It ends with what has arrived, or with an error, and the connection reads on into a small one.
    /// True when there was one.
    pub fn cancel_large_read(&self) -> bool {
        if self.pins_large.get() {
            let canceller = self.canceller.take();
            *self.canceller.borrow_mut() = canceller.map(Canceller::cancel);
        }
        self.pins_large.get()
    }

    /// Hands over what others caused to be sent here (a push message), written by `write`. It goes out between replies, with all else that
    /// comes before the connection gets its turn. False when the client leaves more untaken than `limit` allows: it is to be closed then.
    #[inline]
    pub fn push(&self, limit: &OutputLimit, write: impl FnOnce(&mut OutputBuffer)) -> bool {
        if self.cut.get() {
            return true;
        }
        let mail = &mut *self.mail.borrow_mut();
        if mail.is_empty() {
            if let Some(spare) = self.links.spares.borrow_mut().pop() {
                mail.restore(spare);
            }
            self.wake();
        }
        write(mail);
        let unsent = self.unsent.get();
        if unsent == 0 && mail.len() < MAIL_UNCHECKED_BYTES {
            return true;
        }
        self.info.output_bytes.store(unsent + mail.len(), Relaxed);
        if !limit.is_over_hard(unsent + mail.len()) {
            return true;
        }
        self.cut.set(true);
        *mail = OutputBuffer::new();
        false
    }

    /// Whether there is something to send that was not asked for, and it may go now.
    #[inline]
    pub fn has_mail(&self) -> bool {
        !self.holds_mail.get() && !self.mail.borrow().is_empty()
    }

    /// Keeps mail back while replies are being written that have to leave before it.
    #[inline]
    pub fn hold_mail(&self, holds: bool) {
        self.holds_mail.set(holds);
    }

    /// Moves what was pushed to the end of `out`.
    #[inline]
    pub fn take_mail(&self, out: &mut OutputBuffer) {
        let mail = &mut *self.mail.borrow_mut();
        if mail.is_empty() {
            return;
        }
        out.append(mail);
        if let Some(spare) = mail.take_plain() {
            self.recycle(spare);
        }
    }

    /// Gives all mail to `send`, which empties it.
    pub fn send_mail(&self, send: impl FnOnce(&mut OutputBuffer)) {
        send(&mut self.mail.borrow_mut());
    }

    /// Output begins.
    #[inline]
    pub fn begin_output(&self) {
        self.links.coalescer.note_output();
    }

    /// Takes a buffer back in which mail was sent.
    pub fn recycle(&self, spare: Vec<u8>) {
        let spares = &mut *self.links.spares.borrow_mut();
        if (1..=SPARE_BYTES_MAX).contains(&spare.capacity()) && spares.len() < SPARES_MAX {
            spares.push(spare);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Endpoint;
    use super::*;

    fn info(id: u64) -> Arc<ClientInfo> {
        Arc::new(ClientInfo::new(id, 0, -1, &Endpoint::Unix("s".into()), 0))
    }

    #[test]
    fn only_waits_longer_than_a_tick_are_reported() {
        let links = Rc::new(Links::default());
        let (a, b) = (links.insert(info(1)), links.insert(info(2)));
        links.watch_waits();
        a.begin_wait();
        links.watch_waits();
        assert!(!a.is_stalled(), "it began within the tick that ended");
        b.begin_wait();
        links.watch_waits();
        assert!(a.is_stalled() && !b.is_stalled());
        a.end_wait();
        assert!(!a.is_stalled() && links.any_waiting());
        b.end_wait();
        assert!(!links.any_waiting());
    }

    #[test]
    fn a_removed_connection_waits_for_nothing() {
        let links = Rc::new(Links::default());
        let link = links.insert(info(7));
        link.begin_wait();
        links.remove(&link);
        assert!(!links.any_waiting() && links.is_empty() && links.get(7).is_none());
        assert_eq!(
            links.insert(info(8)).slot,
            link.slot,
            "slots are used again"
        );
    }

    #[test]
    fn pushes_come_out_in_order_and_once() {
        let links = Rc::new(Links::default());
        let link = links.insert(info(1));
        let limit = OutputLimit::default();
        assert!(link.push(&limit, |mail| mail.extend_from_slice(b"a")));
        assert!(link.push(&limit, |mail| mail.push_shared("b".into())));
        let mut out = OutputBuffer::new();
        link.take_mail(&mut out);
        assert!(out.to_vec() == b"ab" && !link.has_mail());
    }

    #[test]
    fn mail_waits_for_replies_that_come_first() {
        let links = Rc::new(Links::default());
        let link = links.insert(info(1));
        link.hold_mail(true);
        link.push(&OutputLimit::default(), |mail| mail.extend_from_slice(b"a"));
        assert!(!link.has_mail());
        link.hold_mail(false);
        assert!(link.has_mail());
    }

    #[test]
    fn who_does_not_read_is_cut_and_holds_nothing_more() {
        let links = Rc::new(Links::default());
        let link = links.insert(info(1));
        let limit = OutputLimit::default();
        limit.set(100_000, 0, 0);
        let push = || link.push(&limit, |mail| mail.extend_from_slice(&[0; 30_000]));
        assert_eq!([push(), push(), push()], [true; 3]);
        assert_eq!(link.unsent(), 90_000);
        assert_eq!((push(), link.unsent()), (false, 0));
        assert_eq!((push(), link.unsent()), (true, 0), "told once");
    }

    #[test]
    fn a_soft_limit_counts_from_when_it_was_first_passed() {
        let links = Rc::new(Links::default());
        let link = links.insert(info(1));
        let limit = OutputLimit::default();
        limit.set(0, 50, 1);
        let steps = [(60, 1000), (60, 3000), (40, 4000), (60, 9000), (60, 9500)];
        let lasts = steps.map(|(unsent, at)| {
            link.set_unsent(unsent);
            link.note_soft(&limit, at)
        });
        assert_eq!(lasts, [0, 2000, 0, 0, 500]);
        link.set_unsent(50);
        link.set_unsent(60);
        assert_eq!(
            link.note_soft(&limit, 9900),
            0,
            "it was within the limit in between"
        );
    }

    #[test]
    fn the_first_wait_nudges_a_dozing_watch_and_no_other() {
        let links = Rc::new(Links::default());
        let link = links.insert(info(1));
        link.begin_wait();
        assert!(!links.was_nudged(), "it was awake");
        link.end_wait();
        links.set_sleeper(Waker::noop(), true);
        link.begin_wait();
        assert!(links.was_nudged() && !links.was_nudged());
    }
}
