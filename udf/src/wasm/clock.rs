//! The clock that running code looks at: it raises the engine's epoch every millisecond while functions run, and sleeps otherwise. While one runs that
//! has seen a tick before, it ticks as often as others may have to wait for their turn; short calls are spared that.

use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::thread::{self, Thread};
use std::time::Duration;

use wasmtime::Engine;

use crate::scheduling;

/// How often running code looks whether it goes on.
const TICK: Duration = Duration::from_millis(1);
/// How often it does while a call is long: somewhat less than the server's breathing step, so that a step ends with the first tick after it.
const SHORT_TICK: Duration = Duration::from_micros(200);
/// Ticks without a call before the clock sleeps.
const IDLE_TICKS: u32 = 50;
/// Ticks that stay short after the last one that a long call has seen: a function that loops is mostly called again.
const HURRIED_TICKS: u32 = 500;
/// How long it sleeps at a time: a call whose thread stood still for all those ticks is seen again by then.
const NAP: Duration = Duration::from_millis(100);

/// A handle to the clock, shared by all instances; the thread ends with the last.
pub(super) struct Clock {
    face: Arc<Face>,
    thread: Thread,
}

/// What the thread sees.
#[derive(Default)]
struct Face {
    /// A function ran since the last tick.
    used: AtomicBool,
    /// One saw a tick that was not its first.
    hurried: AtomicBool,
    asleep: AtomicBool,
    stopped: AtomicBool,
}

impl Clock {
    /// Starts the clock of `engine`.
    ///
    /// # Errors
    /// When there can be no thread.
    pub(super) fn start(engine: Engine) -> io::Result<Self> {
        let face = Arc::<Face>::default();
        let seen = Arc::clone(&face);
        let thread = thread::Builder::new()
            .name("wasm-clock".into())
            .spawn(move || {
                // A core that is busy with what should be interrupted is not to keep the clock waiting.
                scheduling::be_urgent();
                seen.tick(&engine);
            })?;
        Ok(Clock {
            face,
            thread: thread.thread().clone(),
        })
    }

    /// Says that a function runs; to be called at its start and at every tick that it sees.
    #[inline]
    pub(super) fn keep_going(&self) {
        // Mostly true already, and then the line stays shared between cores.
        if !self.face.used.load(Relaxed) {
            self.face.used.store(true, SeqCst);
            if self.face.asleep.load(SeqCst) {
                self.thread.unpark();
            }
        }
    }

    /// Says that a call has seen more than one tick.
    pub(super) fn hurry(&self) {
        self.face.hurried.store(true, Relaxed);
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.face.stopped.store(true, SeqCst);
        self.thread.unpark();
    }
}

impl Face {
    fn tick(&self, engine: &Engine) {
        let (mut idle, mut hurried) = (0, 0);
        while !self.stopped.load(SeqCst) {
            hurried = match self.hurried.swap(false, Relaxed) {
                true => HURRIED_TICKS,
                false => u32::saturating_sub(hurried, 1),
            };
            thread::sleep(if hurried > 0 { SHORT_TICK } else { TICK });
            engine.increment_epoch();
            idle = match self.used.swap(false, SeqCst) {
                true => 0,
                false => idle + 1,
            };
            if idle > IDLE_TICKS {
                // Who sets `used` from here on sees `asleep`, or is seen.
                self.asleep.store(true, SeqCst);
                while !self.used.load(SeqCst) && !self.stopped.load(SeqCst) {
                    thread::park_timeout(NAP);
                    engine.increment_epoch();
                }
                self.asleep.store(false, SeqCst);
                idle = 0;
            }
        }
    }
}
