//! The file of users (`aclfile`): a `user` line each, nothing else but empty lines, as ACL SAVE writes it.

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use super::RuleError;
use super::catalog::Catalog;
use super::selector::NewChannels;
use super::user::{User, check_name, join_selectors};
use super::users::{Acl, ByName, put};
use crate::config::{replace_file, system_text};

impl Acl {
    /// Takes the users of a file for all there are and returns those who are gone. With any error in the file nothing
    /// changes; the error is one line, for the client or the log.
    pub fn load(&self, path: &Path, channels: NewChannels) -> Result<Vec<Arc<User>>, Vec<u8>> {
        let text = fs::read(path).map_err(|error| {
            let (path, error) = (path.display(), system_text(&error));
            format!("Error loading ACLs, opening file '{path}': {error}").into_bytes()
        })?;
        let mut reading = Reading {
            acl: self,
            channels,
            file: path.display().to_string(),
            users: ByName::new(),
            errors: Vec::new(),
        };
        for (index, line) in text.split(|&byte| byte == b'\n').enumerate() {
            reading.read_line(index + 1, line.trim_ascii());
        }
        if reading.errors.is_empty() {
            return Ok(self.replace(reading.users));
        }
        reading.errors.extend_from_slice(
        b"WARNING: ACL errors detected, no change to the previously active ACL rules was performed",
    );
        Err(reading.errors)
    }

    /// Writes all users to a file, which is replaced in one step.
    pub fn save(&self, path: &Path) -> io::Result<()> {
        let mut text = self.lines().join(&b'\n');
        text.push(b'\n');
        replace_file(path, &text)
    }
}

/// A file that is being read: users so far, and what is wrong so far.
struct Reading<'a> {
    acl: &'a Acl,
    channels: NewChannels,
    file: String,
    users: ByName,
    errors: Vec<u8>,
}

impl Reading<'_> {
    fn read_line(&mut self, number: usize, line: &[u8]) {
        if line.is_empty() {
            return;
        }
        let mut words = line.split(|&byte| byte == b' ');
        let (Some(b"user"), Some(name)) = (words.next(), words.next()) else {
            let file = &self.file;
            let text = format!(
                "{file}:{number} should start with user keyword followed by the username. "
            );
            return self.errors.extend_from_slice(text.as_bytes());
        };
        if check_name(name).is_err() {
            let before = format!("'{}:{number}: username '", self.file);
            return self.fail(&before, name, "' contains invalid characters. ");
        }
        if self.users.contains_key(name) {
            let after = format!("' found on line {number}. ");
            return self.fail("WARNING: Duplicate user '", name, &after);
        }
        let mut user = User::new(self.acl.identify(name), &self.acl.catalog, self.channels);
        let place = format!("{}:{number}: ", self.file);
        match join_selectors(words) {
            Ok(rules) => self.apply(&mut user, &rules, &place),
            Err(_) => self.fail(&place, b"Unmatched parenthesis in selector definition.", ""),
        }
        if let Err(reason) = self.acl.check_tenant(&user) {
            self.fail(&format!("{place}{reason}: '"), &user.tenant, "'. ");
        }
        put(&mut self.users, user);
    }

    /// Every unknown command is told of; of other errors only the first, as what follows may be its consequence.
    fn apply(&mut self, user: &mut User, rules: &[Vec<u8>], place: &str) {
        let catalog: &Catalog = &self.acl.catalog;
        let mut has_failed = false;
        for rule in rules {
            let rule = rule.trim_ascii();
            let Err(reason) = user.apply(rule, catalog, self.channels) else {
                continue;
            };
            if reason == RuleError::UnknownCommand {
                let before = format!("{place}Error in applying operation '");
                self.fail(&before, rule, &format!("': {reason}. "));
            } else if !has_failed {
                has_failed = true;
                self.fail(&format!("{place}{reason}. "), b"", "");
            }
        }
    }

    fn fail(&mut self, before: &str, quoted: &[u8], after: &str) {
        let parts = [before.as_bytes(), quoted, after.as_bytes()];
        self.errors.extend_from_slice(&parts.concat());
    }
}
