//! The core's side of its mailbox: the task that waits for the bell and drains both lanes.

use super::mailbox::Inbox;
use monoio::io::AsyncReadRent as _;
use std::io;

/// Drains in a row before the reactor gets a turn, so that busy senders cannot keep a core from its sockets.
const DRAINS_PER_TURN: u32 = 16;

/// Rings read at once; there are rarely two.
const RINGS: usize = 64;

impl<M> Inbox<M> {
    /// Runs the mailbox: spawn it once, first thing, on the owning core. `on_message` gets the data lane's messages in order and must not block; the wakes are
    /// delivered by the way. Ends only when the bell breaks.
    ///
    /// # Errors
    /// When the bell cannot be read.
    pub async fn run(mut self, mut on_message: impl FnMut(M)) -> io::Result<()> {
        let mut bell = monoio::net::UnixStream::from_std(self.reader.try_clone()?)?;
        let mut rings = vec![0u8; RINGS];
        loop {
            self.drain_some(&mut on_message);
            let (read, buffer) = bell.read(rings).await;
            rings = buffer;
            match read {
                Ok(0) => return Ok(()),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Drains until there is nothing left and the core may sleep, or its turn is over. Either way the bell is what to wait for next.
    fn drain_some(&mut self, on_message: &mut impl FnMut(M)) {
        for _ in 0..DRAINS_PER_TURN {
            self.drain(on_message);
            if self.prepare_sleep() {
                return;
            }
        }
        self.ring_own();
    }
}
