//! What a sleeping core waits for: a socket pair, one byte per ring.
//!
//! A socket works the same under the runtime's io_uring and epoll drivers and needs no unsafe code. The cost of a wake (some 23 µs) is the scheduler's, whatever
//! the mechanism, so only the number of rings counts, and the mailbox keeps that at one per sleep.

#[cfg(not(all(test, loom)))]
pub(super) use socket::{Bell, BellReader, pair};

#[cfg(all(test, loom))]
pub(super) use model::{Bell, BellReader, pair};

#[cfg(not(all(test, loom)))]
mod socket {
    use std::io::{self, Write as _};
    use std::os::unix::net::UnixStream;

    /// The end that rings.
    pub struct Bell(UnixStream);

    /// The end that a core waits on.
    pub type BellReader = UnixStream;

    /// Both ends, non-blocking.
    pub fn pair() -> io::Result<(Bell, BellReader)> {
        let (writer, reader) = UnixStream::pair()?;
        writer.set_nonblocking(true)?;
        reader.set_nonblocking(true)?;
        Ok((Bell(writer), reader))
    }

    impl Bell {
        /// Rings. A failure needs no answer: the buffer is full, so the reader has rings to read; or the reader is gone, and its core with it.
        pub fn ring(&self) {
            let _ = (&self.0).write(&[1]);
        }
    }
}

#[cfg(all(test, loom))]
mod model {
    use loom::sync::{Condvar, Mutex};
    use std::io;
    use std::sync::Arc;

    #[derive(Clone)]
    pub struct Bell(Arc<(Mutex<bool>, Condvar)>);

    pub type BellReader = Bell;

    pub fn pair() -> io::Result<(Bell, BellReader)> {
        let bell = Bell(Arc::new((Mutex::new(false), Condvar::new())));
        Ok((bell.clone(), bell))
    }

    impl Bell {
        pub fn ring(&self) {
            *self.0.0.lock().expect("no panic under it") = true;
            self.0.1.notify_one();
        }

        pub fn wait(&self) {
            let mut rung = self.0.0.lock().expect("no panic under it");
            while !*rung {
                rung = self.0.1.wait(rung).expect("no panic under it");
            }
            *rung = false;
        }
    }
}
