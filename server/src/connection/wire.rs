//! The socket of one connection: one read at a time, one write at a time, and what is queued behind the write.
//!
//! ```text
//!            nobody waits but this task             a wait lasts: the link is stalled
//! read ─► execute ─► write ─► read …                write ┐ all of them polled by the one task,
//!                                                   read  ┤ none ever dropped
//!                                                 execute ┘
//! ```
//!
//! On the way that matters there is one operation in flight, and no selecting between several. When a peer does not take its replies, or a
//! command blocks, the core's watch marks the link as stalled; then output queues up behind the write while reading goes on, and input is
//! read ahead while the command waits, so that a vanished peer is noticed.
//!
//! An operation, once begun, is awaited to its end: dropping a pending read could lose bytes.

use super::gather::{Gather, WRITE_BYTES_MAX};
use super::link::Link;
use super::pool::SMALL_READ;
use monoio::io::{
    AsyncReadRent, AsyncWriteRent, CancelHandle, CancelableAsyncReadRent, OwnedReadHalf,
    OwnedWriteHalf, Splitable,
};
use monoio::net::UnixStream;
use resp::OutputBuffer;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll};

/// Input read ahead while a command blocks. A client that pipelines more behind a blocking command waits.
const AHEAD_BYTES_MAX: usize = 64 * 1024;
const AHEAD_READ: usize = 512;

type Reader = OwnedReadHalf<UnixStream>;
type Writer = OwnedWriteHalf<UnixStream>;
type Reading = Pin<Box<dyn Future<Output = (Reader, io::Result<usize>, Vec<u8>)>>>;
type Sending = Pin<Box<dyn Future<Output = (Writer, io::Result<()>, Vec<u8>)>>>;

/// The socket's halves, and what is in flight on them.
pub struct Wire {
    link: Rc<Link>,
    reader: Option<Reader>,
    writer: Option<Writer>,
    sending: Option<Sending>,
    /// Bytes given to the write in flight.
    in_flight: usize,
    /// Output behind it.
    backlog: Option<Box<OutputBuffer>>,
    /// Bytes of pushes that have begun to go out and are not counted yet.
    pushed: usize,
    /// A vector that came back from a write, for the reply buffer to use again.
    spare: Vec<u8>,
    ahead: Option<Box<Ahead>>,
    /// The write side failed: there is no use in writing more.
    broken: bool,
}

/// Input that arrives while a command blocks.
struct Ahead {
    reading: Option<Reading>,
    bytes: Vec<u8>,
    ended: bool,
}

impl Wire {
    /// A connected stream socket of any family: the runtime's Unix stream knows nothing but send and receive.
    pub fn new(stream: UnixStream, link: Rc<Link>) -> Self {
        let (reader, writer) = stream.into_split();
        Self {
            link,
            reader: Some(reader),
            writer: Some(writer),
            sending: None,
            in_flight: 0,
            backlog: None,
            pushed: 0,
            spare: Vec::new(),
            ahead: None,
            broken: false,
        }
    }

    /// Reads once, up to `room` bytes behind what `buffer` holds. While it waits, output goes on and pushes go out, whose bytes
    /// `count_pushed` is told. The count of the result is 0 at the end of input.
    pub async fn receive(
        &mut self,
        buffer: Vec<u8>,
        room: usize,
        count_pushed: impl Fn(usize),
    ) -> (io::Result<usize>, Vec<u8>) {
        if self.ahead.is_some() {
            // Boxed, because it is rare.
            return Box::pin(self.receive_ahead(buffer, room, count_pushed)).await;
        }
        let reader = self.reader.take().expect("one read at a time");
        let cancel = (room > SMALL_READ).then(|| self.link.begin_large_read());
        let mut reading = pin!(read_once(reader, buffer, room, cancel));
        poll_fn(|cx| {
            if let Poll::Ready((reader, received, buffer)) = reading.as_mut().poll(cx) {
                self.reader = Some(reader);
                if room > SMALL_READ {
                    self.link.end_large_read();
                }
                return Poll::Ready((received, buffer));
            }
            if self.link.has_mail() || self.sending.is_some() {
                self.go_on_sending(cx);
                count_pushed(self.take_pushed());
            }
            Poll::Pending
        })
        .await
    }

    /// Sends everything in `out` and waits until it is taken, or until the wait has become a stall: then it is in flight, and the caller
    /// goes on reading.
    pub async fn send(&mut self, out: &mut OutputBuffer) {
        self.queue(out);
        poll_fn(|cx| {
            if self.poll_sent(cx).is_ready() {
                self.link.end_wait();
                return Poll::Ready(());
            }
            self.link.begin_wait();
            if self.link.is_stalled() {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
        out.restore(std::mem::take(&mut self.spare));
    }

    /// Waits until everything is sent, however long the peer takes.
    pub async fn drain(&mut self) {
        poll_fn(|cx| self.poll_sent(cx)).await;
        self.link.end_wait();
    }

    /// Runs `work` (a batch of requests) to its end. When it blocks, output goes on, and input is read ahead; `vanished` is called when that
    /// comes to its end.
    pub async fn watch<T>(&mut self, work: impl Future<Output = T>, vanished: impl Fn()) -> T {
        let mut work = pin!(work);
        let mut waited = false;
        let done = poll_fn(|cx| {
            if let Poll::Ready(done) = work.as_mut().poll(cx) {
                return Poll::Ready(done);
            }
            waited = true;
            self.look_around(cx, &vanished);
            Poll::Pending
        })
        .await;
        if waited && self.sending.is_none() {
            self.link.end_wait();
        }
        done
    }

    /// Bytes handed over and not known to be sent.
    pub fn unsent(&self) -> usize {
        self.in_flight + self.backlog.as_ref().map_or(0, |backlog| backlog.len())
    }

    /// Bytes of pushes that have begun to go out since this was last asked.
    pub fn take_pushed(&mut self) -> usize {
        std::mem::take(&mut self.pushed)
    }

    /// Whether the peer does not take what it is sent.
    pub fn is_backed_up(&self) -> bool {
        self.sending.is_some()
    }

    /// Whether writing failed.
    pub fn is_broken(&self) -> bool {
        self.broken
    }

    /// Waits for the operations in flight. The caller has shut the socket down, so they end.
    pub async fn settle(&mut self) {
        self.backlog = None;
        poll_fn(|cx| self.poll_sent(cx)).await;
        if let Some(reading) = self.ahead.take().and_then(|ahead| ahead.reading) {
            let _ = reading.await;
        }
    }

    /// Takes over `out`: as the next write, or behind the present one.
    fn queue(&mut self, out: &mut OutputBuffer) {
        if self.broken || out.is_empty() {
            out.clear();
        } else if self.sending.is_some() {
            self.backlog.get_or_insert_default().append(out);
        } else {
            self.start(out);
        }
    }

    fn start(&mut self, out: &mut OutputBuffer) {
        let writer = self.writer.take().expect("one write at a time");
        self.link.begin_output();
        self.in_flight = out.len();
        self.sending = Some(match out.take_plain() {
            Some(plain) => Box::pin(send_plain(writer, plain)),
            None => Box::pin(send_pieces(writer, Gather::take(out))),
        });
    }

    /// Goes on with the output; ready when nothing is left of it.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        loop {
            let Some(sending) = &mut self.sending else {
                let Some(mut backlog) = self.backlog.take() else {
                    return Poll::Ready(());
                };
                self.start(&mut backlog);
                continue;
            };
            let Poll::Ready((writer, sent, spare)) = sending.as_mut().poll(cx) else {
                return Poll::Pending;
            };
            self.writer = Some(writer);
            self.sending = None;
            self.in_flight = 0;
            self.spare = spare;
            if sent.is_err() {
                self.broken = true;
                self.backlog = None;
            }
        }
    }

    #[cold]
    fn go_on_sending(&mut self, cx: &mut Context<'_>) {
        while self.poll_sent(cx).is_ready() {
            self.link.recycle(std::mem::take(&mut self.spare));
            if !self.link.has_mail() {
                return self.link.end_wait();
            }
            self.link.clone().send_mail(|mail| {
                self.pushed += mail.len();
                self.queue(mail);
            });
        }
        // What comes while this is in flight stays where it is, and goes out in one write.
        self.link.begin_wait();
        self.link.set_unsent(self.unsent());
    }

    #[cold]
    fn look_around(&mut self, cx: &mut Context<'_>, vanished: &impl Fn()) {
        self.link.begin_wait();
        if self.link.has_mail() || self.sending.is_some() {
            self.go_on_sending(cx);
            self.link.begin_wait();
        }
        if self.link.is_stalled() || self.ahead.is_some() {
            self.read_ahead(cx, vanished);
        }
    }

    fn read_ahead(&mut self, cx: &mut Context<'_>, vanished: &impl Fn()) {
        let ahead = self.ahead.get_or_insert_with(|| {
            Box::new(Ahead {
                reading: None,
                bytes: Vec::new(),
                ended: false,
            })
        });
        while !ahead.ended && ahead.bytes.len() < AHEAD_BYTES_MAX {
            let reading = match &mut ahead.reading {
                Some(reading) => reading,
                None => {
                    let reader = self.reader.take().expect("one read at a time");
                    ahead.reading.insert(Box::pin(read_once(
                        reader,
                        Vec::with_capacity(AHEAD_READ),
                        AHEAD_READ,
                        None,
                    )))
                }
            };
            let Poll::Ready((reader, received, bytes)) = reading.as_mut().poll(cx) else {
                return;
            };
            self.reader = Some(reader);
            ahead.reading = None;
            ahead.bytes.extend_from_slice(&bytes);
            if !matches!(received, Ok(1..)) {
                ahead.ended = true;
                vanished();
            }
        }
    }

    /// The first reads after a command blocked: what was read ahead, then the read that is still in flight.
    #[cold]
    async fn receive_ahead(
        &mut self,
        mut buffer: Vec<u8>,
        room: usize,
        count_pushed: impl Fn(usize),
    ) -> (io::Result<usize>, Vec<u8>) {
        let mut ahead = self.ahead.take().expect("the caller looked");
        if ahead.bytes.is_empty()
            && let Some(mut reading) = ahead.reading.take()
        {
            let (reader, received, bytes) = poll_fn(|cx| {
                let done = reading.as_mut().poll(cx);
                if done.is_pending() {
                    self.go_on_sending(cx);
                    count_pushed(self.take_pushed());
                }
                done
            })
            .await;
            self.reader = Some(reader);
            ahead.bytes = bytes;
            ahead.ended = !matches!(received, Ok(1..));
        }
        let taken = ahead.bytes.len().min(room);
        buffer.extend_from_slice(&ahead.bytes[..taken]);
        ahead.bytes.drain(..taken);
        if ahead.reading.is_some() || !ahead.bytes.is_empty() || ahead.ended {
            self.ahead = Some(ahead);
        }
        (Ok(taken), buffer)
    }
}

/// `buffer` has room for `room` more bytes.
async fn read_once(
    mut reader: Reader,
    buffer: Vec<u8>,
    room: usize,
    cancel: Option<CancelHandle>,
) -> (Reader, io::Result<usize>, Vec<u8>) {
    use monoio::buf::IoBufMut as _;
    let from = buffer.len();
    let target = buffer.slice_mut(from..from + room);
    let (received, slice) = match cancel {
        None => reader.read(target).await,
        // Boxed, because idle connections have small buffers and should not hold room for this.
        Some(cancel) => Box::pin(reader.cancelable_read(target, cancel)).await,
    };
    (reader, received, slice.into_inner())
}

async fn send_plain(mut writer: Writer, plain: Vec<u8>) -> (Writer, io::Result<()>, Vec<u8>) {
    use monoio::buf::IoBuf as _;
    let len = plain.len();
    if len > WRITE_BYTES_MAX {
        let mut out = OutputBuffer::new();
        out.push_shared(plain.into());
        return send_pieces(writer, Gather::take(&mut out)).await;
    }
    let (mut result, mut bytes) = writer.write(plain).await;
    let mut sent = 0;
    loop {
        match result {
            Ok(0) => return (writer, Err(io::ErrorKind::WriteZero.into()), bytes),
            Ok(now) => sent += now,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (writer, Err(error), bytes),
        }
        if sent == len {
            return (writer, Ok(()), bytes);
        }
        let (next, slice) = writer.write(bytes.slice(sent..)).await;
        (result, bytes) = (next, slice.into_inner());
    }
}

async fn send_pieces(mut writer: Writer, mut pieces: Gather) -> (Writer, io::Result<()>, Vec<u8>) {
    while !pieces.is_empty() {
        let (result, back) = writer.writev(pieces).await;
        pieces = back;
        match result {
            Ok(0) => return (writer, Err(io::ErrorKind::WriteZero.into()), Vec::new()),
            Ok(sent) => pieces.advance(sent),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (writer, Err(error), Vec::new()),
        }
    }
    (writer, Ok(()), Vec::new())
}
