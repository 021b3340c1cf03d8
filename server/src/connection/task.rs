//! One connection from its first byte to its last: read once, run everything that was read in order, write once, again.
//!
//! This is the hot path. While a client sends what it gets answers to, nothing here allocates but the write operation, and there is one
//! system operation in flight at a time. Commands are none of its business.

use super::coalesce::Counted;
use super::input::Input;
use super::link::Link;
use super::pool::Work;
use super::reactor::Reactor;
use super::wire::Wire;
use crate::client::ClientInfo;
use crate::core::{Core, now_ms};
use crate::session::{Flow, Job, Session};
use crate::shard::TaskNode;
use crate::tenant::Membership;
use monoio::net::UnixStream;
use resp::{Decoder, Progress, ReplyWriter, Status};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use tracing::{error, warn};

/// Bytes of replies that a client that must log in and has not may make at once or leave untaken.
const LOCKED_OUTPUT_MAX: usize = 16 * 1024;
/// Bytes of replies that such a client may take altogether, and more for each second that it has been connected: how much of
/// what it does not read the system would hold for it is not ours to know.
const LOCKED_TOTAL_MAX: u64 = 1024 * 1024;
const LOCKED_BYTES_PER_SECOND: u64 = 1024;

/// Most bytes of a big argument taken over by one read, and where several tenants want the core: others have a turn between two.
const READ_BYTES_MAX: usize = 256 * 1024;
const SHARED_READ_BYTES_MAX: usize = 128 * 1024;

/// Whether the connection goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Read on.
    Read,
    /// Close once what is to be sent is sent.
    Close,
    /// Close now.
    Drop,
}

/// Why requests are not simply run on.
enum Turn {
    /// Everything that was read has been run, or the connection ends.
    Over(Next),
    /// There is enough to send.
    Send,
    /// The next request has to wait for something.
    Wait,
}

/// How far a read has been worked through.
#[derive(Default)]
struct Place {
    /// Where in the input the batch at hand starts.
    from: usize,
    /// The next request of the batch.
    first: usize,
    /// What decoding the batch came to; none before the first.
    decoded: Option<Progress>,
}

/// How a wait for input ended.
enum Received {
    /// With input.
    Bytes,
    /// Because the large buffer is wanted back.
    Nothing,
    /// With the end of input.
    End,
}

/// A registered connection; dropping it takes it out of all tables.
struct Registered {
    reactor: Rc<Reactor>,
    info: Arc<ClientInfo>,
    link: Rc<Link>,
}

impl Drop for Registered {
    fn drop(&mut self) {
        self.reactor.core.server.dismiss(&self.info);
        self.reactor.links.remove(&self.link);
        self.reactor.net().census.dismiss(self.reactor.core.index);
    }
}

/// A connection being served. The fields drop in this order: it leaves the tables before its socket closes.
struct Connection {
    registered: Registered,
    wire: Wire,
    session: Session,
    task: TaskNode,
    decoder: Decoder,
    input: Input,
    counted: Counted,
    /// Bytes of replies it was given while it had to log in.
    locked_bytes: u64,
}

/// Serves one connection to its end. A panic ends this connection only.
pub async fn serve(
    reactor: Rc<Reactor>,
    stream: UnixStream,
    (info, tenant): (Arc<ClientInfo>, Membership),
) {
    let id = info.id;
    let mut connection = Connection::new(reactor, stream, info, tenant);
    {
        let mut run = pin!(connection.run());
        poll_fn(
            |cx| match catch_unwind(AssertUnwindSafe(|| run.as_mut().poll(cx))) {
                Ok(poll) => poll,
                Err(_) => {
                    error!(client = id, "serving a connection panicked; it is closed");
                    Poll::Ready(())
                }
            },
        )
        .await;
    }
    if connection.session.transaction.is_some() || connection.session.is_blocked() {
        Box::pin(connection.let_go()).await;
    }
}

impl Connection {
    fn new(
        reactor: Rc<Reactor>,
        stream: UnixStream,
        info: Arc<ClientInfo>,
        tenant: Membership,
    ) -> Self {
        let link = reactor.links.insert(Arc::clone(&info));
        reactor.core.server.clients.insert(Arc::clone(&info));
        Self {
            wire: Wire::new(stream, Rc::clone(&link)),
            session: Session::new(Arc::clone(&info), &reactor.core.server.acl, tenant),
            task: TaskNode::new(&reactor.lane),
            decoder: Decoder::new(),
            input: Input::default(),
            counted: Counted::default(),
            locked_bytes: 0,
            registered: Registered {
                reactor,
                info,
                link,
            },
        }
    }

    async fn run(&mut self) {
        poll_fn(|cx| {
            self.registered.link.set_waker(cx);
            Poll::Ready(())
        })
        .await;
        let end = loop {
            match self.receive().await {
                Received::Bytes => {}
                Received::Nothing => continue,
                Received::End => break Next::Close,
            }
            match self.work_through().await {
                Next::Read => {}
                end => break end,
            }
        };
        Box::pin(self.close(end)).await;
    }

    /// Waits for input.
    async fn receive(&mut self) -> Received {
        let received = match self.decoder.big_bulk() {
            None => {
                let coalescer = &self.registered.reactor.links.coalescer;
                coalescer.awaits_request(self.registered.info.fd, &mut self.counted);
                let buffer = self.input.take_for_read(&self.registered.reactor.pool);
                let room = buffer.capacity() - buffer.len();
                let count_pushed = output_counter(&self.registered.reactor.core, &self.session);
                let (received, buffer) = self.wire.receive(buffer, room, count_pushed).await;
                self.input
                    .put_after_read(buffer, received.as_ref().map_or(0, |&count| count));
                received
            }
            Some(big) => {
                while big.make_room() {
                    give_turn(&self.registered.reactor).await;
                }
                let core = &self.registered.reactor.core;
                let tenant = self.session.tenant.id();
                let room = big.room().min(match core.shares.is_shared(tenant) {
                    true => SHARED_READ_BYTES_MAX,
                    false => READ_BYTES_MAX,
                });
                // Charged before, so that no more of the tenant's connections do this at once than it has time for.
                core.shares.charge_bytes(tenant, room);
                let target = std::mem::take(big.target());
                let count_pushed = output_counter(core, &self.session);
                let (received, target) = self.wire.receive(target, room, count_pushed).await;
                core.shares.return_bytes(tenant, room);
                if let Some(big) = self.decoder.big_bulk() {
                    *big.target() = target;
                }
                // It may be complete: it counts before it is run.
                self.note_input();
                let clients = &self.registered.reactor.core.server.clients;
                clients.note_memory(&self.registered.info);
                received
            }
        };
        let count = match received {
            Ok(count @ 1..) => count,
            Err(error) if error.raw_os_error() == Some(libc::ECANCELED) => {
                self.input.shrink();
                return Received::Nothing;
            }
            Ok(_) | Err(_) => return Received::End,
        };
        let info = &self.registered.info;
        if self.decoder.big_bulk().is_none() {
            info.query_bytes.store(self.input.bytes().len(), Relaxed);
            info.query_capacity_bytes
                .store(self.input.capacity(), Relaxed);
        }
        let core = &self.registered.reactor.core;
        core.stats().count_read(count);
        core.shares.charge_bytes(self.session.tenant.id(), count);
        if let Some(stats) = self.session.own_stats(core) {
            stats.count_read(count);
        }
        match info.killed.load(Relaxed) {
            true => Received::End,
            false => Received::Bytes,
        }
    }

    /// Runs every whole request that is here and sends the replies.
    async fn work_through(&mut self) -> Next {
        let reactor = Rc::clone(&self.registered.reactor);
        let mut work = reactor.pool.take_work();
        self.bound_output(&reactor, &mut work);
        self.registered.link.take_mail(&mut work.out);
        let mut place = Place::default();
        let next = loop {
            let tenant = self.session.tenant.id();
            let begun = match reactor.core.shares.is_shared(tenant) {
                false => None,
                true => Some(self.await_turn(&reactor).await),
            };
            let turn = self.run_on(&reactor, &mut work, &mut place);
            if let Some(begun) = begun {
                let nanos = reactor.core.meter.end_turn(begun);
                reactor.core.shares.charge(tenant, nanos);
            }
            match turn {
                Turn::Over(next) => break next,
                Turn::Send => {}
                Turn::Wait => {
                    // Its reply goes out with the next ones.
                    self.wait(&reactor, &mut work, &mut place).await;
                    continue;
                }
            }
            if let Some(end) = self.send(&reactor, &mut work).await {
                break end;
            }
        };
        let next = match next {
            Next::Drop => Next::Drop,
            next => self.send(&reactor, &mut work).await.unwrap_or(next),
        };
        reactor
            .core
            .server
            .clients
            .note_memory(&self.registered.info);
        reactor.pool.put_work(work);
        next
    }

    /// Waits for its tenant's turn where several want the core; when it began. Boxed, because it is rare.
    #[cold]
    fn await_turn<'s>(&'s self, reactor: &'s Reactor) -> Pin<Box<dyn Future<Output = u64> + 's>> {
        Box::pin(async move {
            let tenant = &self.session.tenant;
            let shares = &reactor.core.shares;
            let (nanos, waited) = shares.enter(tenant.id(), tenant.weight()).await;
            if waited {
                tenant.account.totals.queued.fetch_add(1, Relaxed);
            }
            reactor.core.meter.begin_turn(nanos)
        })
    }

    /// Decodes and runs requests up to where something has to be awaited.
    fn run_on(&mut self, reactor: &Reactor, work: &mut Work, place: &mut Place) -> Turn {
        loop {
            if place.first == work.batch.len() && !self.session.is_blocked() {
                match place.decoded.take() {
                    None => {}
                    Some(Progress {
                        status: Status::BatchFull,
                        consumed,
                        ..
                    }) => place.from += consumed,
                    Some(decoded) => {
                        return Turn::Over(self.end_read(reactor, work, place.from, decoded));
                    }
                }
                self.decode(reactor, work, place);
            }
            let buffer = &self.input.bytes()[place.from..];
            let mut job = Job {
                batch: &mut work.batch,
                buf: buffer,
                plans: &work.plans,
            };
            let core = &reactor.core;
            let flow = self
                .session
                .execute(core, &mut job, place.first, &mut work.out);
            if self.registered.info.killed.load(Relaxed) {
                return Turn::Over(Next::Drop);
            }
            match flow {
                Flow::Done => place.first = work.batch.len(),
                Flow::Close => return Turn::Over(Next::Close),
                Flow::Paused(at) => {
                    place.first = at;
                    return Turn::Send;
                }
                Flow::Waits(at) => {
                    place.first = at;
                    return Turn::Wait;
                }
            }
        }
    }

    /// Decodes the next batch.
    fn decode(&mut self, reactor: &Reactor, work: &mut Work, place: &mut Place) {
        let bulk_len_max = reactor.net().limits.bulk_len_max.load(Relaxed);
        let limits = self.session.limits(bulk_len_max);
        work.batch.clear();
        let buffer = &self.input.bytes()[place.from..];
        place.decoded = Some(self.decoder.decode(buffer, &limits, &mut work.batch));
        let core = &reactor.core;
        self.session
            .plan(core, &mut work.batch, buffer, &mut work.plans);
        place.first = 0;
    }

    /// What follows when all of a read has been decoded and run.
    fn end_read(
        &mut self,
        reactor: &Reactor,
        work: &mut Work,
        from: usize,
        decoded: Progress,
    ) -> Next {
        match decoded.status {
            Status::BatchFull => unreachable!("there is more to decode"),
            Status::NeedMore | Status::BigBulk { .. } => {
                self.input
                    .keep(from + decoded.consumed, from + decoded.retained);
                if decoded.status != Status::NeedMore {
                    // More of the kind may follow: what a small buffer takes of a big argument is all that is copied.
                    self.input.shrink();
                }
                self.check_input(reactor)
            }
            Status::Error(error) => {
                error.reply(&mut ReplyWriter::new(&mut work.out, self.session.protocol));
                Next::Close
            }
        }
    }

    /// Runs the request at `place`, which has to wait for something. Boxed, because it is rare and large.
    #[cold]
    fn wait<'s>(
        &'s mut self,
        reactor: &'s Reactor,
        work: &'s mut Work,
        place: &'s mut Place,
    ) -> Pin<Box<dyn Future<Output = ()> + 's>> {
        Box::pin(async move {
            if reactor.core.outbox.has_any() {
                self.post(reactor).await;
            }
            // Mail comes behind the replies of what runs now; who only waits for a key gets it meanwhile.
            let holds_mail = !self.session.is_blocked() || !work.out.is_empty();
            let buffer = &self.input.bytes()[place.from..];
            let mut job = Job {
                batch: &mut work.batch,
                buf: buffer,
                plans: &work.plans,
            };
            let run = self.session.run_waiting(
                &reactor.core,
                &self.task,
                &mut job,
                place.first,
                &mut work.out,
            );
            self.registered.link.hold_mail(holds_mail);
            place.first = self.wire.watch(run, || self.task.handle().kill()).await;
            self.registered.link.hold_mail(false);
            count_output(&reactor.core, &self.session, self.wire.take_pushed());
        })
    }

    /// Sends what is in `work.out`. Says how to close when that is over.
    async fn send(&mut self, reactor: &Rc<Reactor>, work: &mut Work) -> Option<Next> {
        if reactor.core.outbox.has_any() {
            self.post(reactor).await;
        }
        self.registered.link.take_mail(&mut work.out);
        if work.out.is_empty() && !work.out.overflowed() {
            return None;
        }
        let owed = self.wire.unsent() + work.out.len();
        let class = self.registered.link.class();
        let limit = reactor.net().limits.output_of(class);
        let is_locked_over = self.session.access.is_locked() && self.takes_too_much(owed, work);
        if is_locked_over || limit.is_over_hard(owed) || work.out.overflowed() {
            return Some(self.cut_off(owed));
        }
        count_output(&reactor.core, &self.session, work.out.len());
        self.wire.send(&mut work.out).await;
        if !self.wire.is_backed_up() {
            return self.wire.is_broken().then_some(Next::Drop);
        }
        self.registered.link.set_unsent(self.wire.unsent());
        let clients = &reactor.core.server.clients;
        clients.note_memory(&self.registered.info);
        None
    }

    /// Whether a client that has not logged in takes more than it may; it is given what is in `work.out` otherwise.
    #[cold]
    fn takes_too_much(&mut self, owed: usize, work: &Work) -> bool {
        self.locked_bytes += work.out.len() as u64;
        let seconds = self.registered.info.age_seconds(now_ms());
        owed > LOCKED_OUTPUT_MAX
            || self.locked_bytes > LOCKED_TOTAL_MAX + seconds * LOCKED_BYTES_PER_SECOND
    }

    /// Has replies without end broken off where the client would be cut off anyway.
    fn bound_output(&self, reactor: &Reactor, work: &mut Work) {
        let limit = reactor.net().limits.output_of(self.registered.link.class());
        work.out.set_bytes_max(limit.hard_max());
    }

    /// Ends a connection that leaves too much untaken, with nothing more said.
    #[cold]
    fn cut_off(&self, owed: usize) -> Next {
        let info = &self.registered.info;
        warn!(
            "Client id={} addr={} omem={owed} scheduled to be closed ASAP for overcoming of output buffer limits.",
            info.id, info.addr
        );
        Next::Drop
    }

    /// Sends other cores what is for their clients. Boxed, because it is rare.
    #[cold]
    fn post<'s>(&'s self, reactor: &'s Reactor) -> Pin<Box<dyn Future<Output = ()> + 's>> {
        Box::pin(reactor.core.outbox.send(reactor.net(), &self.task))
    }

    /// Whether what is held of an incomplete request is within `client-query-buffer-limit`.
    fn check_input(&self, reactor: &Reactor) -> Next {
        let held = self.note_input();
        if held as u64 <= reactor.net().limits.query_bytes_max.load(Relaxed) {
            return Next::Read;
        }
        warn!(
            "Closing client that reached max query buffer length: id={} addr={} qbuf={held}",
            self.registered.info.id, self.registered.info.addr
        );
        Next::Drop
    }

    /// Notes what is held of an incomplete request; all of it together. Of one with a big argument under way that is the
    /// unparsed part.
    fn note_input(&self) -> usize {
        let info = &self.registered.info;
        let (unparsed, arguments) = (self.input.bytes().len(), self.decoder.used_bytes());
        let (arrived, reserved) = self.decoder.big_bytes();
        let (query, parsed) = match reserved {
            0 => (unparsed, arguments),
            _ => (arrived, arguments + unparsed),
        };
        info.query_bytes.store(query, Relaxed);
        info.query_capacity_bytes
            .store(self.input.capacity() + reserved, Relaxed);
        info.argument_bytes.store(parsed, Relaxed);
        query + parsed
    }

    /// Lets go of the keys that the session watches or waits for. As another task: this one may have been killed.
    async fn let_go(&mut self) {
        let reactor = &self.registered.reactor;
        let task = TaskNode::new(&reactor.lane);
        self.session.leave_queues(&task).await;
        self.session.let_go(&task).await;
    }

    /// Sends what is left unless the connection is dropped or killed, then ends every operation and lets go of the socket.
    async fn close(&mut self, end: Next) {
        if end == Next::Close && !self.registered.info.killed.load(Relaxed) {
            self.wire.drain().await;
        }
        let now = now_ms();
        self.registered.info.active_at_ms.store(now, Relaxed);
        let _ =
            nix::sys::socket::shutdown(self.registered.info.fd, nix::sys::socket::Shutdown::Both);
        self.wire.settle().await;
        self.input.release(&self.registered.reactor.pool);
    }
}

/// Counts output that begins, for the server and for the tenant, and charges the tenant for it.
#[inline]
fn count_output(core: &Core, session: &Session, bytes: usize) {
    if bytes == 0 {
        return;
    }
    core.stats().count_write(bytes);
    if let Some(stats) = session.own_stats(core) {
        stats.count_write(bytes);
    }
    core.shares.charge_bytes(session.tenant.id(), bytes);
}

/// [`count_output`] for a wait in which pushes may go out. Made where the wait begins: held any longer, it would make every idle connection
/// larger.
fn output_counter<'a>(core: &'a Core, session: &'a Session) -> impl Fn(usize) + 'a {
    move |bytes| count_output(core, session, bytes)
}

/// Lets others have a turn. Boxed, because it is rare.
#[cold]
fn give_turn(reactor: &Reactor) -> Pin<Box<dyn Future<Output = ()> + '_>> {
    Box::pin(reactor.core.shares.turn())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn future_size<A, F: Future>(_: impl FnOnce(A) -> F) -> usize {
        size_of::<F>()
    }

    /// An idle connection's task holds the future of its read, not those of the commands it may run.
    #[test]
    fn an_idle_connection_is_small() {
        let serve = future_size(|(reactor, stream, info)| serve(reactor, stream, info));
        assert!(serve <= 1024, "{serve}");
    }
}
