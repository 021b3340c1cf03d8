//! The registered tenants, by name.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Account, DEFAULT_TENANT, Quotas};
use crate::config::{LineError, LoadError, TenantLine};

/// Longest name of a tenant, in bytes.
const NAME_LEN_MAX: usize = 64;

/// Why a name cannot be a tenant's. `Display` is the wire text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It has other characters than are good in files, labels and lines.
    #[error(
        "ERR A tenant's name has 1 to 64 letters, digits, dots, dashes and underscores, and begins with a letter or digit"
    )]
    Malformed,
    /// There is one.
    #[error("ERR Tenant already exists")]
    Taken,
}

type ByName = BTreeMap<Box<[u8]>, Arc<Account>>;

/// All registered tenants.
pub struct Accounts {
    by_name: Mutex<ByName>,
    next_id: AtomicU64,
    /// Some tenant has, or once had, a minimum of memory.
    has_minimums: AtomicBool,
}

impl Default for Accounts {
    /// The default tenant alone.
    fn default() -> Self {
        let account = Arc::new(Account::default_tenant());
        Accounts {
            by_name: Mutex::new(BTreeMap::from([(account.name.clone(), account)])),
            next_id: AtomicU64::new(1),
            has_minimums: AtomicBool::new(false),
        }
    }
}

impl Accounts {
    /// Registers a tenant.
    pub fn create(&self, name: &[u8], quotas: Quotas) -> Result<Arc<Account>, NameError> {
        check_name(name)?;
        let mut accounts = self.lock();
        if accounts.contains_key(name) {
            return Err(NameError::Taken);
        }
        let id = self.next_id.fetch_add(1, Relaxed);
        self.note_minimum(&quotas);
        let account = Arc::new(Account::new(id, name, quotas));
        accounts.insert(name.into(), Arc::clone(&account));
        Ok(account)
    }

    /// The tenant of this name.
    pub fn get(&self, name: &[u8]) -> Option<Arc<Account>> {
        self.lock().get(name).cloned()
    }

    /// The default tenant.
    pub fn default_account(&self) -> Arc<Account> {
        self.get(DEFAULT_TENANT.as_bytes())
            .expect("the default tenant is never removed")
    }

    /// All tenants, by name.
    pub fn all(&self) -> Vec<Arc<Account>> {
        self.lock().values().cloned().collect()
    }

    /// All tenants as lines of a configuration file; the default one only if it has quotas.
    pub fn lines(&self) -> Vec<Vec<u8>> {
        let all = self.all();
        let worth = all
            .iter()
            .filter(|account| !account.is_default() || account.quotas() != Quotas::default());
        worth
            .map(|account| {
                let quotas = account.quotas();
                [b"tenant ", &*account.name, quotas.to_string().as_bytes()].concat()
            })
            .collect()
    }

    /// Registers the tenants of a configuration's lines.
    pub fn add_configured(&self, lines: &[TenantLine]) -> Result<(), LoadError> {
        for TenantLine { name, words, line } in lines {
            let refuse = |reason: String| LoadError::Line {
                line: line.clone(),
                reason: LineError::Tenant(reason),
            };
            let mut quotas = Quotas::default();
            quotas
                .set_all(words.iter().map(Vec::as_slice))
                .map_err(|error| refuse(error.to_string()))?;
            if *name == *DEFAULT_TENANT.as_bytes() {
                self.note_minimum(&quotas);
                self.default_account().set_quotas(quotas);
                continue;
            }
            self.create(name, quotas)
                .map_err(|error| refuse(error.to_string()))?;
        }
        Ok(())
    }

    pub(super) fn note_minimum(&self, quotas: &Quotas) {
        self.has_minimums.fetch_or(quotas.min_memory != 0, Relaxed);
    }

    /// Whether memory may have to be kept free for somebody.
    pub(super) fn has_minimums(&self) -> bool {
        self.has_minimums.load(Relaxed)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.lock().len()
    }

    /// Whether there is none, which never is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Forgets a tenant, which is not the default one.
    pub(super) fn remove(&self, account: &Account) {
        debug_assert!(!account.is_default());
        self.lock().remove(&account.name);
    }

    fn lock(&self) -> MutexGuard<'_, ByName> {
        // Every change leaves a whole map behind.
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A name goes into lines of the configuration, names of files and labels of metrics.
fn check_name(name: &[u8]) -> Result<(), NameError> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
    let begins_well = name.first().is_some_and(u8::is_ascii_alphanumeric);
    match begins_well && name.len() <= NAME_LEN_MAX && name.iter().all(is_plain) {
        true if name == DEFAULT_TENANT.as_bytes() => Err(NameError::Taken),
        true => Ok(()),
        false => Err(NameError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_plain_and_taken_once() {
        let accounts = Accounts::default();
        let create = |name: &[u8]| accounts.create(name, Quotas::default()).map(|made| made.id);
        assert_eq!(create(b"web"), Ok(1));
        assert_eq!(create(b"Web-2_a.b"), Ok(2));
        assert_eq!(create(b"web"), Err(NameError::Taken));
        assert_eq!(create(b"default"), Err(NameError::Taken));
        for name in [&b""[..], b".hidden", b"a b", b"a/b", b"a\n", &[b'x'; 65]] {
            assert_eq!(create(name), Err(NameError::Malformed), "{name:?}");
        }
        let account = accounts.get(b"web").expect("it was made");
        accounts.remove(&account);
        assert_eq!(create(b"web"), Ok(3), "a number is never used again");
    }

    #[test]
    fn lines_of_the_configuration_make_what_they_were_made_of() {
        let line = |name: &str, words: &str| TenantLine {
            name: name.into(),
            words: words
                .split_whitespace()
                .map(|word| word.as_bytes().to_vec())
                .collect(),
            line: crate::config::Line {
                number: 1,
                text: String::new(),
            },
        };
        let accounts = Accounts::default();
        let lines = [
            line("web", "maxmemory 1mb ops 5"),
            line("default", "max-value 10"),
        ];
        assert!(accounts.add_configured(&lines).is_ok());
        let shown: Vec<String> = accounts
            .lines()
            .iter()
            .map(|line| String::from_utf8_lossy(line).into_owned())
            .collect();
        assert_eq!(
            shown,
            [
                "tenant default max-value 10",
                "tenant web maxmemory 1048576 ops 5"
            ]
        );
        assert!(accounts.add_configured(&[line("web", "")]).is_err());
        assert!(accounts.add_configured(&[line("x", "speed 1")]).is_err());
    }
}
