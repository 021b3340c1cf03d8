//! One connection from its first byte to its last: read once, run everything that was read in order, write once, again.
//!
//! This is the hot path. While a client sends what it gets answers to, nothing here allocates but the write operation, and there is one
//! system operation in flight at a time. Commands are none of its business.

use super::input::Input;
use super::link::Link;
use super::pool::Work;
use super::reactor::Reactor;
use super::wire::Wire;
use crate::client::ClientInfo;
use crate::core::now_ms;
use crate::session::{Flow, Session};
use crate::shard::TaskNode;
use monoio::net::UnixStream;
use resp::{Decoder, ReplyWriter, Status};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::Poll;
use tracing::{error, warn};

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
        self.reactor.core.server.clients.remove(self.info.id);
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
}

/// Serves one connection to its end. A panic ends this connection only.
pub async fn serve(reactor: Rc<Reactor>, stream: UnixStream, info: Arc<ClientInfo>) {
    let id = info.id;
    let mut connection = Connection::new(reactor, stream, info);
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
    if connection.session.transaction.is_some() {
        Box::pin(connection.unwatch()).await;
    }
}

impl Connection {
    fn new(reactor: Rc<Reactor>, stream: UnixStream, info: Arc<ClientInfo>) -> Self {
        let link = reactor.links.insert(Arc::clone(&info));
        reactor.core.server.clients.insert(Arc::clone(&info));
        let authenticated = !reactor.net().limits.password_needed.load(Relaxed);
        Self {
            wire: Wire::new(stream, Rc::clone(&link)),
            session: Session::new(Arc::clone(&info), authenticated),
            task: TaskNode::new(&reactor.lane),
            decoder: Decoder::new(),
            input: Input::default(),
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
            // Boxed, so that a connection that waits for its client does not hold room for all that commands may need.
            match Box::pin(self.work_through()).await {
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
                let buffer = self.input.take_for_read(&self.registered.reactor.pool);
                let room = buffer.capacity() - buffer.len();
                let (received, buffer) = self.wire.receive(buffer, room).await;
                self.input
                    .put_after_read(buffer, received.as_ref().map_or(0, |&count| count));
                received
            }
            Some(big) => {
                let room = big.room();
                let target = std::mem::take(big.target());
                let (received, target) = self.wire.receive(target, room).await;
                if let Some(big) = self.decoder.big_bulk() {
                    *big.target() = target;
                }
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
        info.query_bytes.store(self.input.bytes().len(), Relaxed);
        info.query_capacity_bytes
            .store(self.input.capacity(), Relaxed);
        self.registered
            .reactor
            .core
            .stats()
            .input_bytes
            .add(count as u64);
        match info.killed.load(Relaxed) {
            true => Received::End,
            false => Received::Bytes,
        }
    }

    /// Runs every whole request that is here and sends the replies.
    async fn work_through(&mut self) -> Next {
        let reactor = Rc::clone(&self.registered.reactor);
        let mut work = reactor.pool.take_work();
        let mut from = 0;
        let next = loop {
            let limits = self
                .session
                .limits(reactor.net().limits.bulk_len_max.load(Relaxed));
            work.batch.clear();
            let progress =
                self.decoder
                    .decode(&self.input.bytes()[from..], &limits, &mut work.batch);
            match self.execute(&reactor, &mut work, from).await {
                Next::Read => {}
                end => break end,
            }
            match progress.status {
                Status::BatchFull => from += progress.consumed,
                Status::NeedMore | Status::BigBulk { .. } => {
                    self.input
                        .keep(from + progress.consumed, from + progress.retained);
                    break self.check_input(&reactor);
                }
                Status::Error(error) => {
                    error.reply(&mut ReplyWriter::new(&mut work.out, self.session.protocol));
                    break Next::Close;
                }
            }
        };
        let next = match next {
            Next::Drop => Next::Drop,
            next => self.send(&reactor, &mut work).await.unwrap_or(next),
        };
        reactor.pool.put_work(work);
        next
    }

    /// Runs one batch, sending in between when there is much to send.
    async fn execute(&mut self, reactor: &Rc<Reactor>, work: &mut Work, from: usize) -> Next {
        let mut first = 0;
        while first < work.batch.len() {
            let buffer = &self.input.bytes()[from..];
            let run = self.session.execute(
                &reactor.core,
                &self.task,
                &mut work.batch,
                buffer,
                first,
                &mut work.out,
            );
            match self.wire.watch(run, || self.task.handle().kill()).await {
                Flow::Done => break,
                Flow::Close => return Next::Close,
                Flow::Paused(at) => first = at,
            }
            if let Some(end) = self.send(reactor, work).await {
                return end;
            }
        }
        if self.registered.info.killed.load(Relaxed) {
            Next::Drop
        } else {
            Next::Read
        }
    }

    /// Sends what is in `work.out`. Says how to close when that is over.
    async fn send(&mut self, reactor: &Rc<Reactor>, work: &mut Work) -> Option<Next> {
        if work.out.is_empty() {
            return None;
        }
        reactor.core.stats().output_bytes.add(work.out.len() as u64);
        self.wire.send(&mut work.out).await;
        if !self.wire.is_backed_up() {
            return self.wire.is_broken().then_some(Next::Drop);
        }
        let unsent = self.wire.unsent();
        self.registered.link.set_unsent(unsent);
        if reactor
            .net()
            .limits
            .output_of(self.registered.link.class())
            .is_over_hard(unsent)
        {
            warn!(
                "Client id={} addr={} omem={unsent} scheduled to be closed ASAP for overcoming of output buffer limits.",
                self.registered.info.id, self.registered.info.addr
            );
            return Some(Next::Drop);
        }
        None
    }

    /// Whether what is held of an incomplete request is within `client-query-buffer-limit`.
    fn check_input(&self, reactor: &Reactor) -> Next {
        let held = self.input.bytes().len() + self.decoder.used_bytes();
        if held as u64 <= reactor.net().limits.query_bytes_max.load(Relaxed) {
            return Next::Read;
        }
        warn!(
            "Closing client that reached max query buffer length: id={} addr={} qbuf={held}",
            self.registered.info.id, self.registered.info.addr
        );
        Next::Drop
    }

    /// Lets go of the keys that the session watches. As another task: this one may have been killed.
    async fn unwatch(&mut self) {
        let reactor = &self.registered.reactor;
        let task = TaskNode::new(&reactor.lane);
        self.session.let_go(&reactor.core, &task).await;
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
