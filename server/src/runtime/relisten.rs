//! CONFIG SET port and bind: listening elsewhere while serving.
//!
//! The new listeners are open before the old ones close, so a refusal changes nothing, and who is connected stays. The old
//! ones are shut down from here, through descriptors kept for that: from then on connecting there is refused, and the tasks
//! that accept on them end.

use super::listen::{Claim, CoreListeners, ListenError, ListenPlan};
use super::net::{Message, Net};
use crate::config::Settings;
use nix::sys::socket::{Shutdown, shutdown};
use std::io;
use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::sync::{Mutex, PoisonError};
use tracing::warn;

/// A second hold of every TCP listener of all cores.
#[derive(Debug, Default)]
pub struct Listening(Mutex<Vec<TcpListener>>);

impl Listening {
    /// Holds these.
    ///
    /// # Errors
    /// When there are no descriptors left.
    pub fn of(sets: &[CoreListeners]) -> io::Result<Self> {
        Ok(Listening(Mutex::new(holds(sets)?)))
    }

    /// Ends what is held, and holds these instead.
    fn replace(&self, with: Vec<TcpListener>) {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for old in std::mem::replace(&mut *held, with) {
            let _ = shutdown(old.as_raw_fd(), Shutdown::Both);
        }
    }
}

fn holds(sets: &[CoreListeners]) -> io::Result<Vec<TcpListener>> {
    let listeners = sets.iter().flat_map(|set| &set.tcp);
    listeners.map(TcpListener::try_clone).collect()
}

impl Net {
    /// Listens on TCP as `new` says, which differs from `old`; the Unix socket stays.
    ///
    /// # Errors
    /// When that is not possible. Nothing has changed then.
    pub fn relisten(&self, old: &Settings, new: &Settings) -> Result<(), ListenError> {
        let plan = ListenPlan {
            unix: None,
            claim: match old.port == new.port {
                true => Claim::Ours,
                false => Claim::Quick,
            },
            ..ListenPlan::of(new)
        };
        let sets = plan.open(self.mailboxes.len(), self.driver)?;
        let held = holds(&sets).map_err(|source| ListenError::Tcp {
            address: "*".to_owned(),
            port: new.port,
            source,
        })?;
        self.listening.replace(held);
        for (core, (mailbox, set)) in self.mailboxes.iter().zip(sets).enumerate() {
            if mailbox.try_send(Message::Listen(set.tcp), 0).is_err() {
                warn!(core, "the core is too busy to listen; the others do");
            }
        }
        Ok(())
    }
}
