//! A user: a name, whether and with which passwords it may log in, and what it may do then. A user is a value; a change
//! makes a new one.

use std::sync::Arc;

use super::catalog::Catalog;
use super::password::PasswordHash;
use super::selector::{NewChannels, Selector, has_spaces};
use super::{RuleError, SetUserError};
use crate::config::split_words;
use crate::tenant::DEFAULT_TENANT;

/// Who somebody is: the name, and a number that no user had before, so that a user who was deleted is not taken for
/// another one of the same name.
#[derive(Debug, PartialEq, Eq)]
pub struct Identity {
    /// Unique.
    pub id: u64,
    /// The name.
    pub name: Box<[u8]>,
}

/// Whether RESTORE checks what the user sends. Payloads are always checked here: the word is kept for ACL LIST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sanitize {
    /// Nothing was said.
    Unset,
    /// `sanitize-payload`.
    Yes,
    /// `skip-sanitize-payload`.
    Skip,
}

/// One user.
#[derive(Clone, Debug)]
pub struct User {
    /// Who it is.
    pub identity: Arc<Identity>,
    /// Whether it may log in.
    pub enabled: bool,
    /// Whether any password will do.
    pub no_password: bool,
    /// The passwords that will.
    pub passwords: Vec<PasswordHash>,
    /// The tenant it belongs to, by name.
    pub tenant: Box<[u8]>,
    /// What it said of payloads.
    pub sanitize: Sanitize,
    /// Its rights: the root first, then those in parentheses.
    pub selectors: Vec<Selector>,
}

impl User {
    /// A user as it is created: disabled, without a password, allowed nothing.
    pub fn new(identity: Arc<Identity>, catalog: &Catalog, channels: NewChannels) -> Self {
        User {
            identity,
            enabled: false,
            no_password: false,
            passwords: Vec::new(),
            tenant: DEFAULT_TENANT.as_bytes().into(),
            sanitize: Sanitize::Unset,
            selectors: vec![Selector::new(catalog, channels)],
        }
    }

    /// The user of connections that have not logged in: enabled, without a password, allowed everything.
    pub fn unrestricted(identity: Arc<Identity>, catalog: &Catalog) -> Self {
        let mut user = User::new(identity, catalog, NewChannels::None);
        for rule in ["+@all", "~*", "&*", "on", "nopass"] {
            user.apply(rule.as_bytes(), catalog, NewChannels::None)
                .expect("these rules are well-formed");
        }
        user
    }

    /// Its name.
    pub fn name(&self) -> &[u8] {
        &self.identity.name
    }

    /// Whether it may do everything.
    pub fn is_unrestricted(&self) -> bool {
        self.selectors.iter().any(Selector::is_unrestricted)
    }

    /// Whether it belongs to the default tenant.
    pub fn is_of_default_tenant(&self) -> bool {
        *self.tenant == *DEFAULT_TENANT.as_bytes()
    }

    /// Whether it may log in with this password.
    pub fn accepts(&self, password: &[u8]) -> bool {
        if !self.enabled || self.no_password {
            return self.enabled;
        }
        let given = PasswordHash::of(password);
        // All are compared, whichever fits.
        self.passwords
            .iter()
            .fold(false, |fits, hash| fits | hash.matches(&given))
    }

    /// Applies the words of ACL SETUSER behind the name.
    pub fn apply_all<'a>(
        &mut self,
        words: impl Iterator<Item = &'a [u8]>,
        catalog: &Catalog,
        channels: NewChannels,
    ) -> Result<(), SetUserError> {
        for rule in &join_selectors(words)? {
            self.apply(rule, catalog, channels)
                .map_err(|reason| SetUserError::Rule {
                    rule: rule.as_slice().into(),
                    reason,
                })?;
        }
        Ok(())
    }

    /// Applies one rule. A new selector, and `reset`, take the channels that `acl-pubsub-default` says.
    pub fn apply(
        &mut self,
        rule: &[u8],
        catalog: &Catalog,
        channels: NewChannels,
    ) -> Result<(), RuleError> {
        match rule.to_ascii_lowercase().as_slice() {
            b"" => {}
            b"on" => self.enabled = true,
            b"off" => self.enabled = false,
            b"skip-sanitize-payload" => self.sanitize = Sanitize::Skip,
            b"sanitize-payload" => self.sanitize = Sanitize::Yes,
            b"nopass" => self.set_no_password(true),
            b"resetpass" => self.set_no_password(false),
            b"clearselectors" => self.selectors.truncate(1),
            b"reset" => {
                // Its tenant it keeps: nobody comes to administer the server by a reset.
                *self = User {
                    tenant: std::mem::take(&mut self.tenant),
                    sanitize: Sanitize::Yes,
                    ..User::new(Arc::clone(&self.identity), catalog, channels)
                };
            }
            _ => return self.apply_prefixed(rule, catalog, channels),
        }
        Ok(())
    }

    fn apply_prefixed(
        &mut self,
        rule: &[u8],
        catalog: &Catalog,
        channels: NewChannels,
    ) -> Result<(), RuleError> {
        match rule {
            [b'>', password @ ..] => self.add_password(PasswordHash::of(password)),
            [b'#', hash @ ..] => self.add_password(PasswordHash::from_hex(hash)?),
            [b'<', password @ ..] => self.remove_password(PasswordHash::of(password))?,
            [b'!', hash @ ..] => self.remove_password(PasswordHash::from_hex(hash)?)?,
            [b't', b'e', b'n', b'a', b'n', b't', b'=', name @ ..] => self.tenant = name.into(),
            [b'(', rules @ .., b')'] => {
                let mut selector = Selector::new(catalog, channels);
                for rule in split_words(rules).unwrap_or_default() {
                    selector.apply(&rule, catalog)?;
                }
                self.selectors.push(selector);
            }
            _ => self.selectors[0].apply(rule, catalog)?,
        }
        Ok(())
    }

    fn set_no_password(&mut self, no_password: bool) {
        self.no_password = no_password;
        self.passwords.clear();
    }

    fn add_password(&mut self, hash: PasswordHash) {
        if !self.passwords.contains(&hash) {
            self.passwords.push(hash);
        }
        self.no_password = false;
    }

    fn remove_password(&mut self, hash: PasswordHash) -> Result<(), RuleError> {
        let known = self.passwords.iter().position(|known| *known == hash);
        self.passwords
            .remove(known.ok_or(RuleError::NoSuchPassword)?);
        Ok(())
    }
}

/// A user's name must not break the lines it is written in.
pub fn check_name(name: &[u8]) -> Result<(), SetUserError> {
    match has_spaces(name) {
        true => Err(SetUserError::Name),
        false => Ok(()),
    }
}

/// Joins the words of selectors, which begin with `(` and end with `)`.
pub fn join_selectors<'a>(
    words: impl Iterator<Item = &'a [u8]>,
) -> Result<Vec<Vec<u8>>, SetUserError> {
    let mut joined: Vec<Vec<u8>> = Vec::new();
    let mut open: Option<(Vec<u8>, &[u8])> = None;
    for word in words {
        open = match open {
            _ if word.starts_with(b"(") && !word.ends_with(b")") => Some((word.to_vec(), word)),
            Some((mut selector, start)) => {
                selector.push(b' ');
                selector.extend_from_slice(word);
                if word.ends_with(b")") {
                    joined.push(selector);
                    None
                } else {
                    Some((selector, start))
                }
            }
            None => {
                joined.push(word.to_vec());
                None
            }
        };
    }
    match open {
        Some((_, start)) => Err(SetUserError::Unmatched(start.into())),
        None => Ok(joined),
    }
}
