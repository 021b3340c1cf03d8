//! All users, shared by all cores.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::catalog::Catalog;
use super::log::{Log, Reason};
use super::password::PasswordHash;
use super::selector::NewChannels;
use super::user::{Identity, User, check_name};
use super::{DEFAULT_USER, RuleError, SetUserError, describe};
use crate::config::Line;
use crate::registry::Registry;
use crate::tenant::Accounts;

/// A `user` line of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserLine {
    /// The user's name.
    pub name: Vec<u8>,
    /// The rules.
    pub rules: Vec<Vec<u8>>,
    /// Where it was found.
    pub line: Line,
}

/// The users by name, in the order of the names.
pub(super) type ByName = BTreeMap<Box<[u8]>, Arc<User>>;

/// Users, their rights, and the log of what was denied.
pub struct Acl {
    pub(super) catalog: Catalog,
    users: Mutex<ByName>,
    /// Raised with every change of any user.
    epoch: AtomicU64,
    next_id: AtomicU64,
    /// The default user is enabled and needs no password: connections need not log in.
    is_open: AtomicBool,
    /// The default user needs no password, enabled or not.
    is_unprotected: AtomicBool,
    log: Mutex<Log>,
    denied: [AtomicU64; Reason::COUNT],
    /// The tenants that users can belong to.
    tenants: Arc<Accounts>,
}

impl Acl {
    /// The default user alone, with this password unless it is empty.
    pub fn new(registry: &Registry, tenants: Arc<Accounts>, password: &[u8]) -> Self {
        let acl = Acl {
            catalog: Catalog::new(registry),
            users: Mutex::default(),
            epoch: AtomicU64::new(1),
            next_id: AtomicU64::new(1),
            is_open: AtomicBool::new(true),
            is_unprotected: AtomicBool::new(true),
            log: Mutex::default(),
            denied: Default::default(),
            tenants,
        };
        let default = User::unrestricted(acl.identify(DEFAULT_USER.as_bytes()), &acl.catalog);
        acl.change(|users| put(users, default));
        acl.set_default_password(password);
        acl
    }

    /// Raised with every change of any user.
    #[inline]
    pub fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    /// Whether connections need not log in: the default user is enabled and has no password.
    pub fn is_open(&self) -> bool {
        self.is_open.load(Ordering::Relaxed)
    }

    /// Whether the default user has no password, which protected mode minds.
    pub fn is_unprotected(&self) -> bool {
        self.is_unprotected.load(Ordering::Relaxed)
    }

    /// The user of this name.
    pub fn get(&self, name: &[u8]) -> Option<Arc<User>> {
        self.lock().get(name).cloned()
    }

    /// The default user, which always is there.
    pub fn default_user(&self) -> Arc<User> {
        self.get(DEFAULT_USER.as_bytes())
            .expect("the default user is never removed")
    }

    /// All users, by name.
    pub fn all(&self) -> Vec<Arc<User>> {
        self.lock().values().cloned().collect()
    }

    /// All users as lines of a configuration file, by name.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        let users = self.all();
        let lines = users.iter().map(|user| describe::line(user, &self.catalog));
        lines.collect()
    }

    /// The user who may log in with this name and password.
    pub fn authenticate(&self, name: &[u8], password: &[u8]) -> Option<Arc<User>> {
        self.get(name).filter(|user| user.accepts(password))
    }

    /// Makes or changes a user; all rules or none. Returns what the user was before, and what it is now.
    pub fn set<'a>(
        &self,
        name: &[u8],
        rules: impl Iterator<Item = &'a [u8]>,
        channels: NewChannels,
    ) -> Result<(Option<Arc<User>>, Arc<User>), SetUserError> {
        check_name(name)?;
        self.change(|users| {
            let before = users.get(name).cloned();
            let mut user = match &before {
                Some(user) => User::clone(user),
                None => User::new(self.identify(name), &self.catalog, channels),
            };
            user.apply_all(rules, &self.catalog, channels)?;
            self.check_tenant(&user)
                .map_err(|reason| SetUserError::Rule {
                    rule: [b"tenant=", &*user.tenant].concat().into(),
                    reason,
                })?;
            let now = put(users, user);
            Ok((before, now))
        })
    }

    /// Makes the users of the configuration's lines. A line starts from a new user, for the default user too.
    pub fn add_configured(
        &self,
        lines: &[UserLine],
        channels: NewChannels,
    ) -> Result<(), (Line, SetUserError)> {
        for UserLine { name, rules, line } in lines {
            let reset = (name == DEFAULT_USER.as_bytes()).then_some(&b"reset"[..]);
            let rules = reset.into_iter().chain(rules.iter().map(Vec::as_slice));
            let (_, user) = self
                .set(name, rules, channels)
                .map_err(|error| (line.clone(), error))?;
            if !user.enabled {
                tracing::info!(
                    "The user '{}' is disabled (there is no 'on' modifier in the user description). Make sure this is not a configuration error.",
                    String::from_utf8_lossy(name)
                );
            }
        }
        Ok(())
    }

    /// What `requirepass` does: the default user's one password, or none for an empty one.
    pub fn set_default_password(&self, password: &[u8]) {
        let hash = (!password.is_empty()).then(|| PasswordHash::of(password));
        self.change(|users| {
            let default = users.get(DEFAULT_USER.as_bytes());
            let mut user = User::clone(default.expect("the default user is never removed"));
            user.no_password = hash.is_none();
            user.passwords = hash.into_iter().collect();
            put(users, user);
        });
    }

    /// Removes a user and returns it; the default user must not be asked for.
    pub fn remove(&self, name: &[u8]) -> Option<Arc<User>> {
        debug_assert_ne!(name, DEFAULT_USER.as_bytes());
        self.change(|users| users.remove(name))
    }

    /// Takes other users for all there are, and returns those who are gone: all but the default one, which becomes
    /// what the new ones say, or what it is at first.
    pub(super) fn replace(&self, mut new: ByName) -> Vec<Arc<User>> {
        self.change(|users| {
            let default = users
                .remove(DEFAULT_USER.as_bytes())
                .expect("the default user is never removed");
            let identity = Arc::clone(&default.identity);
            let default = match new.get(DEFAULT_USER.as_bytes()) {
                Some(user) => User {
                    identity,
                    ..User::clone(user)
                },
                None => User::unrestricted(identity, &self.catalog),
            };
            put(&mut new, default);
            std::mem::replace(users, new).into_values().collect()
        })
    }

    /// Whether a user may belong to the tenant it names.
    pub(super) fn check_tenant(&self, user: &User) -> Result<(), RuleError> {
        if user.is_of_default_tenant() {
            return Ok(());
        }
        if user.name() == DEFAULT_USER.as_bytes() {
            return Err(RuleError::TenantOfDefaultUser);
        }
        match self.tenants.get(&user.tenant) {
            Some(account) if !account.is_closed() => Ok(()),
            _ => Err(RuleError::NoSuchTenant),
        }
    }

    /// Removes the users of a tenant and returns them.
    pub fn remove_of_tenant(&self, name: &[u8]) -> Vec<Arc<User>> {
        self.change(|users| {
            let all = std::mem::take(users);
            let (gone, kept): (ByName, ByName) =
                all.into_iter().partition(|(_, user)| *user.tenant == *name);
            *users = kept;
            gone.into_values().collect()
        })
    }

    /// An identity nobody has had.
    pub(super) fn identify(&self, name: &[u8]) -> Arc<Identity> {
        Arc::new(Identity {
            id: self.next_id.fetch_add(1, Ordering::Relaxed),
            name: name.into(),
        })
    }

    /// Counts something denied.
    pub(super) fn count_denied(&self, reason: Reason) {
        self.denied[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// How often something was denied for this reason.
    pub fn denied(&self, reason: Reason) -> u64 {
        self.denied[reason as usize].load(Ordering::Relaxed)
    }

    /// Back to zero, for CONFIG RESETSTAT.
    pub fn reset_denied(&self) {
        let counters = self.denied.iter();
        counters.for_each(|counter| counter.store(0, Ordering::Relaxed));
    }

    /// Reads or writes the log of what was denied.
    pub(super) fn log<T>(&self, work: impl FnOnce(&mut Log) -> T) -> T {
        work(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn change<T>(&self, change: impl FnOnce(&mut ByName) -> T) -> T {
        let mut users = self.lock();
        let result = change(&mut users);
        if let Some(default) = users.get(DEFAULT_USER.as_bytes()) {
            let unprotected = default.no_password;
            self.is_unprotected.store(unprotected, Ordering::Relaxed);
            self.is_open
                .store(unprotected && default.enabled, Ordering::Relaxed);
        }
        self.epoch.fetch_add(1, Ordering::Release);
        result
    }

    /// A panic while the lock was held left whole users behind: they are replaced at once.
    fn lock(&self) -> MutexGuard<'_, ByName> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(super) fn put(users: &mut ByName, user: User) -> Arc<User> {
    let user = Arc::new(user);
    users.insert(user.name().into(), Arc::clone(&user));
    user
}
