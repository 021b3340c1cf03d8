//! A key the function was given, and everything the typed imports do with it.

use crate::error::{found, number, Error, NIL};
use crate::host;
use crate::room::{parse_int, Text};

/// A declared key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a>(&'a [u8]);

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Type {
    /// There is no such key.
    None,
    /// A string.
    String,
    /// A list.
    List,
    /// A set.
    Set,
    /// A sorted set.
    SortedSet,
    /// A hash.
    Hash,
    /// A stream.
    Stream,
}

/// An end of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The head.
    Left,
    /// The tail.
    Right,
}

/// How a string is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SetOptions {
    flags: u32,
    ttl_ms: i64,
}

impl SetOptions {
    /// Only if there is no such key.
    #[must_use]
    #[inline]
    pub fn if_absent(mut self) -> Self {
        self.flags |= 1;
        self
    }

    /// Only if there is such a key.
    #[must_use]
    #[inline]
    pub fn if_present(mut self) -> Self {
        self.flags |= 2;
        self
    }

    /// The expiry stays.
    #[must_use]
    #[inline]
    pub fn keep_ttl(mut self) -> Self {
        self.flags |= 4;
        self
    }

    /// It expires so many ms from now.
    #[must_use]
    #[inline]
    pub fn ttl_ms(mut self, ms: i64) -> Self {
        self.ttl_ms = ms;
        self
    }
}

/// The whole value that an import has read into `room`.
#[inline]
fn whole(read: i32, room: &[u8]) -> Result<Option<&[u8]>, Error> {
    match found(read)? {
        None => Ok(None),
        Some(len) => room.get(..len).map(Some).ok_or(Error::TooLong(len)),
    }
}

// SAFETY of all calls below: pointers and lengths are those of slices, and of numbers, that are there during the call.
impl<'a> Key<'a> {
    /// A key by its name. The caller must have declared it.
    #[inline]
    pub fn new(name: &'a [u8]) -> Self {
        Key(name)
    }

    /// Its name.
    #[inline]
    pub fn name(&self) -> &'a [u8] {
        self.0
    }

    #[inline]
    pub(crate) fn parts(&self) -> (*const u8, usize) {
        (self.0.as_ptr(), self.0.len())
    }

    /// The string, copied to `room`; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::TooLong`] when it does not fit; [`Error::WrongType`] …
    #[inline]
    pub fn get<'r>(&self, room: &'r mut [u8]) -> Result<Option<&'r [u8]>, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        let read = unsafe { host::get(k, kl, room.as_mut_ptr(), room.len()) };
        whole(read, room)
    }

    /// The string as a whole number.
    ///
    /// # Errors
    /// [`Error::BadArgument`] when it is none.
    #[inline]
    pub fn get_int(&self) -> Result<Option<i64>, Error> {
        let mut room = [0; 24];
        match self.get(&mut room) {
            Ok(None) => Ok(None),
            Ok(Some(text)) => parse_int(text).map(Some).ok_or(Error::BadArgument),
            Err(Error::TooLong(_)) => Err(Error::BadArgument),
            Err(error) => Err(error),
        }
    }

    /// The string from byte `from` on, as much of it as `room` takes.
    ///
    /// # Errors
    /// [`Error::WrongType`] …
    #[inline]
    pub fn get_range<'r>(
        &self,
        from: usize,
        room: &'r mut [u8],
    ) -> Result<Option<&'r [u8]>, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        let read = unsafe { host::getrange(k, kl, from, room.as_mut_ptr(), room.len()) };
        Ok(found(read)?.map(|len| &room[..len.min(room.len())]))
    }

    /// The first bytes of the string, up to `N`; `None` when there is none.
    ///
    /// # Errors
    /// [`Error::WrongType`] …
    #[inline]
    pub fn get_start<const N: usize>(&self) -> Result<Option<Text<N>>, Error> {
        let ((k, kl), mut text, mut status) = (self.parts(), Text::new(), NIL);
        // SAFETY: see above; the server writes as many bytes as it says, or all that there is room for.
        unsafe {
            text.read(|room, capacity| {
                status = host::get(k, kl, room, capacity);
                usize::try_from(status).unwrap_or(0)
            });
        }
        Ok(found(status)?.map(|_| text))
    }

    /// Bytes of the string; 0 when there is none.
    ///
    /// # Errors
    /// [`Error::WrongType`] …
    #[inline]
    pub fn strlen(&self) -> Result<usize, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        number(unsafe { host::strlen(k, kl) })
    }

    /// Whether there is such a key.
    ///
    /// # Errors
    /// [`Error::NotDeclared`], [`Error::Denied`].
    #[inline]
    pub fn exists(&self) -> Result<bool, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        Ok(number(unsafe { host::exists(k, kl) })? != 0)
    }

    /// What it holds.
    ///
    /// # Errors
    /// [`Error::NotDeclared`], [`Error::Denied`].
    #[inline]
    pub fn kind(&self) -> Result<Type, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        Ok(match number(unsafe { host::r#type(k, kl) })? {
            1 => Type::String,
            2 => Type::List,
            3 => Type::Set,
            4 => Type::SortedSet,
            5 => Type::Hash,
            6 => Type::Stream,
            _ => Type::None,
        })
    }

    /// Sets the string; an expiry it had is gone.
    ///
    /// # Errors
    /// [`Error::OutOfMemory`], [`Error::Denied`] …
    #[inline]
    pub fn set(&self, value: &[u8]) -> Result<(), Error> {
        self.set_with(value, SetOptions::default()).map(|_| ())
    }

    /// Sets the string in some way; false when a condition kept it from being set.
    ///
    /// # Errors
    /// [`Error::BadArgument`] for options that exclude each other, and as [`Key::set`].
    #[inline]
    pub fn set_with(&self, value: &[u8], options: SetOptions) -> Result<bool, Error> {
        let (k, kl) = self.parts();
        let SetOptions { flags, ttl_ms } = options;
        // SAFETY: see above.
        let done = unsafe { host::set(k, kl, value.as_ptr(), value.len(), flags, ttl_ms) };
        found(done).map(|set| set.is_some())
    }

    /// Sets the string if it is `held` so far; false when it is another, `None` when there is none. Of the options it takes the expiry.
    ///
    /// # Errors
    /// As [`Key::set_with`], and [`Error::WrongType`].
    #[inline]
    pub fn compare_and_set(
        &self,
        held: &[u8],
        value: &[u8],
        options: SetOptions,
    ) -> Result<Option<bool>, Error> {
        let ((k, kl), (h, hl)) = (self.parts(), (held.as_ptr(), held.len()));
        let SetOptions { flags, ttl_ms } = options;
        // SAFETY: see above.
        let done = unsafe { host::cas(k, kl, h, hl, value.as_ptr(), value.len(), flags, ttl_ms) };
        Ok(found(done)?.map(|set| set != 0))
    }

    /// Deletes the key; false when there was none.
    ///
    /// # Errors
    /// [`Error::Denied`] …
    #[inline]
    pub fn del(&self) -> Result<bool, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        Ok(number(unsafe { host::del(k, kl) })? != 0)
    }

    /// Appends to the string; gives its length.
    ///
    /// # Errors
    /// As [`Key::set`].
    #[inline]
    pub fn append(&self, value: &[u8]) -> Result<usize, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        number(unsafe { host::append(k, kl, value.as_ptr(), value.len()) })
    }

    /// Adds to the number the string is; gives the sum.
    ///
    /// # Errors
    /// [`Error::BadArgument`] when it is none, [`Error::Overflow`] …
    #[inline]
    pub fn incr_by(&self, by: i64) -> Result<i64, Error> {
        let ((k, kl), mut sum) = (self.parts(), 0);
        // SAFETY: see above.
        number(unsafe { host::incrby(k, kl, by, &mut sum) })?;
        Ok(sum)
    }

    /// Lets it expire so many ms from now, at once if there are none left; false when there is no such key.
    ///
    /// # Errors
    /// [`Error::Denied`] …
    #[inline]
    pub fn pexpire(&self, ms: i64) -> Result<bool, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        Ok(number(unsafe { host::pexpire(k, kl, ms) })? != 0)
    }

    /// Time until it expires, in ms; `None` when it does not, or is not there.
    ///
    /// # Errors
    /// [`Error::NotDeclared`], [`Error::Denied`].
    #[inline]
    pub fn pttl(&self) -> Result<Option<i64>, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        match unsafe { host::pttl(k, kl) } {
            ms @ 0.. => Ok(Some(ms)),
            // As PTTL: there is no key, or it does not expire.
            -2 | -1 => Ok(None),
            status => Err(Error::of(status as i32).unwrap_or(Error::BadArgument)),
        }
    }

    /// A field of the hash, copied to `room`.
    ///
    /// # Errors
    /// As [`Key::get`].
    #[inline]
    pub fn hget<'r>(&self, field: &[u8], room: &'r mut [u8]) -> Result<Option<&'r [u8]>, Error> {
        let (k, kl) = self.parts();
        let (o, oc) = (room.as_mut_ptr(), room.len());
        // SAFETY: see above.
        let read = unsafe { host::hget(k, kl, field.as_ptr(), field.len(), o, oc) };
        whole(read, room)
    }

    /// A field of the hash as a whole number.
    ///
    /// # Errors
    /// As [`Key::get_int`].
    #[inline]
    pub fn hget_int(&self, field: &[u8]) -> Result<Option<i64>, Error> {
        let mut room = [0; 24];
        match self.hget(field, &mut room) {
            Ok(None) => Ok(None),
            Ok(Some(text)) => parse_int(text).map(Some).ok_or(Error::BadArgument),
            Err(Error::TooLong(_)) => Err(Error::BadArgument),
            Err(error) => Err(error),
        }
    }

    /// Sets a field; true when it is new.
    ///
    /// # Errors
    /// As [`Key::set`].
    #[inline]
    pub fn hset(&self, field: &[u8], value: &[u8]) -> Result<bool, Error> {
        let (k, kl) = self.parts();
        let (f, fl) = (field.as_ptr(), field.len());
        // SAFETY: see above.
        Ok(number(unsafe { host::hset(k, kl, f, fl, value.as_ptr(), value.len()) })? != 0)
    }

    /// Removes a field; false when there was none.
    ///
    /// # Errors
    /// As [`Key::del`].
    #[inline]
    pub fn hdel(&self, field: &[u8]) -> Result<bool, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        Ok(number(unsafe { host::hdel(k, kl, field.as_ptr(), field.len()) })? != 0)
    }

    /// Adds to the number a field is; gives the sum.
    ///
    /// # Errors
    /// As [`Key::incr_by`].
    #[inline]
    pub fn hincr_by(&self, field: &[u8], by: i64) -> Result<i64, Error> {
        let ((k, kl), mut sum) = (self.parts(), 0);
        let (f, fl) = (field.as_ptr(), field.len());
        // SAFETY: see above.
        number(unsafe { host::hincrby(k, kl, f, fl, by, &mut sum) })?;
        Ok(sum)
    }

    /// Adds a member to the set; false when it was there.
    ///
    /// # Errors
    /// As [`Key::set`].
    #[inline]
    pub fn sadd(&self, member: &[u8]) -> Result<bool, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        Ok(number(unsafe { host::sadd(k, kl, member.as_ptr(), member.len()) })? != 0)
    }

    /// Removes a member from the set; false when it was not there.
    ///
    /// # Errors
    /// As [`Key::del`].
    #[inline]
    pub fn srem(&self, member: &[u8]) -> Result<bool, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        Ok(number(unsafe { host::srem(k, kl, member.as_ptr(), member.len()) })? != 0)
    }

    /// Whether the set has a member.
    ///
    /// # Errors
    /// [`Error::WrongType`] …
    #[inline]
    pub fn sismember(&self, member: &[u8]) -> Result<bool, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        Ok(number(unsafe { host::sismember(k, kl, member.as_ptr(), member.len()) })? != 0)
    }

    /// Adds an element to an end of the list; gives its length.
    ///
    /// # Errors
    /// As [`Key::set`].
    #[inline]
    pub fn push(&self, side: Side, element: &[u8]) -> Result<usize, Error> {
        let ((k, kl), left) = (self.parts(), i32::from(side == Side::Left));
        // SAFETY: see above.
        number(unsafe { host::push(k, kl, element.as_ptr(), element.len(), left) })
    }

    /// Takes an element from an end of the list. One that does not fit into `room` stays in the list.
    ///
    /// # Errors
    /// As [`Key::get`].
    #[inline]
    pub fn pop<'r>(&self, side: Side, room: &'r mut [u8]) -> Result<Option<&'r [u8]>, Error> {
        let ((k, kl), left) = (self.parts(), i32::from(side == Side::Left));
        // SAFETY: see above.
        let read = unsafe { host::pop(k, kl, left, room.as_mut_ptr(), room.len()) };
        whole(read, room)
    }

    /// Elements of the list.
    ///
    /// # Errors
    /// [`Error::WrongType`] …
    #[inline]
    pub fn llen(&self) -> Result<usize, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        number(unsafe { host::llen(k, kl) })
    }

    /// Adds a member to the sorted set or changes its score; true when it is new.
    ///
    /// # Errors
    /// As [`Key::set`].
    #[inline]
    pub fn zadd(&self, score: f64, member: &[u8]) -> Result<bool, Error> {
        let (k, kl) = self.parts();
        // SAFETY: see above.
        Ok(number(unsafe { host::zadd(k, kl, score, member.as_ptr(), member.len()) })? != 0)
    }

    /// A member's score; `None` when it has none.
    ///
    /// # Errors
    /// [`Error::WrongType`] …
    #[inline]
    pub fn zscore(&self, member: &[u8]) -> Result<Option<f64>, Error> {
        let ((k, kl), mut score) = (self.parts(), 0.0);
        // SAFETY: see above.
        let read = unsafe { host::zscore(k, kl, member.as_ptr(), member.len(), &mut score) };
        match Error::of(read) {
            Some(error) => Err(error),
            None => Ok((read != NIL).then_some(score)),
        }
    }

    /// Adds to a member's score; gives the sum.
    ///
    /// # Errors
    /// As [`Key::incr_by`].
    #[inline]
    pub fn zincr_by(&self, by: f64, member: &[u8]) -> Result<f64, Error> {
        let ((k, kl), mut sum) = (self.parts(), 0.0);
        let (m, ml) = (member.as_ptr(), member.len());
        // SAFETY: see above.
        number(unsafe { host::zincrby(k, kl, by, m, ml, &mut sum) })?;
        Ok(sum)
    }
}
