//! A turn for everybody else: the sockets of a core are looked at, and the tasks that are ready run, before the caller goes on.

use std::cell::{Cell, OnceCell};
use std::time::{Duration, Instant};

use monoio::net::UnixStream;

/// How long tasks may give each other turns under epoll before timers get one: only a core that waits looks at them.
const TIMERS_EVERY: Duration = Duration::from_millis(2);

/// One core's way to give turns.
///
/// Under io_uring it asks for something that is there already: the answer comes with those of all sockets. It asks twice, so that what others write
/// when they have got theirs is on its way as well. Under epoll it goes to the end
/// of the queue, and the runtime looks at the sockets now and then.
#[derive(Debug)]
pub struct Turnstile {
    has_ring: bool,
    /// One end of a pair that can always be written to, made when first needed.
    open: OnceCell<Option<UnixStream>>,
    slept_at: Cell<Instant>,
    /// Tasks that give a turn at this moment.
    giving: Cell<usize>,
}

/// A task that gives a turn, however that ends.
struct Giving<'t>(&'t Cell<usize>);

impl<'t> Giving<'t> {
    fn begin(count: &'t Cell<usize>) -> Self {
        count.set(count.get() + 1);
        Giving(count)
    }
}

impl Drop for Giving<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Turnstile {
    /// For a core that waits on io_uring, or on epoll.
    pub fn new(has_ring: bool) -> Self {
        Turnstile {
            has_ring,
            open: OnceCell::new(),
            slept_at: Cell::new(Instant::now()),
            giving: Cell::new(0),
        }
    }

    /// Whether any task wants to go on as soon as the others had their turn.
    pub fn is_in_use(&self) -> bool {
        self.giving.get() > 0
    }

    /// Lets the core's other tasks run.
    pub async fn turn(&self) {
        let _giving = Giving::begin(&self.giving);
        if self.has_ring
            && let Some(open) = self.open.get_or_init(always_writable)
        {
            if open.writable(true).await.is_err() || open.writable(true).await.is_err() {
                rest().await;
            }
        } else if self.slept_at.get().elapsed() >= TIMERS_EVERY {
            rest().await;
            self.slept_at.set(Instant::now());
        } else {
            give_way().await;
        }
    }
}

/// None when there are no descriptors left.
fn always_writable() -> Option<UnixStream> {
    let (open, _closed) = std::os::unix::net::UnixStream::pair().ok()?;
    UnixStream::from_std(open).ok()
}

/// Until the timers' next tick. No time at all would not even yield.
async fn rest() {
    monoio::time::sleep(Duration::from_micros(1)).await;
}

/// Goes on when the tasks that are ready have run. A task that wakes itself would come before them: so another one does, from the end of
/// the queue.
async fn give_way() {
    monoio::spawn(async {}).await;
}
