//! The host, lent to an instance for one call.
//!
//! A wasmtime store owns its data for ever, while a host is borrowed from the caller's stack. So the loan is a pointer, put into the store as a call
//! begins and taken out as it ends, whichever way it ends.

use std::ptr::NonNull;

use crate::Host;

/// Where the loan stands in the store's data; empty between calls.
#[derive(Default)]
pub(super) struct Lent(Option<NonNull<dyn Host>>);

// SAFETY: the pointer is there only while `Loan` lives, which borrows the host and stays on the thread that made it (it is not `Send`); between calls
// there is nothing in it.
unsafe impl Send for Lent {}

impl Lent {
    /// The host of the present call; none outside of calls.
    #[inline]
    pub(super) fn host(&mut self) -> Option<&mut dyn Host> {
        // SAFETY: `Loan` put it there, lives still (it takes the pointer out when dropped) and uses the host itself only between polls of the call, when
        // no code of the guest and so no caller of this function is running.
        self.0.map(|mut host| unsafe { host.as_mut() })
    }

    /// Takes the host from the loan, or gives it back with `None`.
    pub(super) fn set(&mut self, loan: Option<&Loan<'_>>) {
        self.0 = loan.map(|loan| loan.host);
    }
}

/// A host for the time of one call. Whoever makes one puts it into a [`Lent`] and takes it out again before it is dropped.
pub(super) struct Loan<'h> {
    host: NonNull<dyn Host>,
    _borrowed: std::marker::PhantomData<&'h mut dyn Host>,
}

impl<'h> Loan<'h> {
    /// Takes the host for as long as the loan lives.
    pub(super) fn new(host: &'h mut (dyn Host + 'h)) -> Self {
        let host: NonNull<dyn Host + 'h> = NonNull::from(host);
        // SAFETY: only the bound on the lifetime changes, between two types of the same layout; `_borrowed` keeps the real one.
        let host =
            unsafe { std::mem::transmute::<NonNull<dyn Host + 'h>, NonNull<dyn Host>>(host) };
        Loan {
            host,
            _borrowed: std::marker::PhantomData,
        }
    }

    /// The host, for the lender itself, while the guest does not run.
    pub(super) fn host(&mut self) -> &mut dyn Host {
        // SAFETY: the host is borrowed for `'h`, which outlives `self`; no other reference to it is live, see `Lent::host`.
        unsafe { self.host.as_mut() }
    }
}
