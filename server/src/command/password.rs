//! Authentication: for now one user, `default`, with the password of `requirepass`.

use store::command::CommandError;

use crate::config::Settings;

/// The one user.
pub(super) const DEFAULT_USER: &str = "default";

const WRONG: CommandError =
    CommandError::text("WRONGPASS invalid username-password pair or user is disabled.");

/// Checks a user and a password. A default user without a password takes any.
pub(super) fn check(settings: &Settings, user: &[u8], password: &[u8]) -> Result<(), CommandError> {
    let expected = settings.requirepass.as_slice();
    let known = user == DEFAULT_USER.as_bytes();
    match known && (expected.is_empty() || same(expected, password)) {
        true => Ok(()),
        false => Err(WRONG),
    }
}

/// Compares in a time that tells the length at most.
fn same(expected: &[u8], given: &[u8]) -> bool {
    let differing = expected
        .iter()
        .zip(given)
        .fold(0, |bits, (a, b)| bits | (a ^ b));
    std::hint::black_box(differing) == 0 && expected.len() == given.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_opens() {
        let mut settings = Settings::default();
        assert!(check(&settings, b"default", b"anything").is_ok());
        assert_eq!(check(&settings, b"other", b"anything"), Err(WRONG));
        settings.requirepass = b"secret".to_vec();
        assert!(check(&settings, b"default", b"secret").is_ok());
        for wrong in ["", "secre", "secrett", "Secret"] {
            assert_eq!(
                check(&settings, b"default", wrong.as_bytes()),
                Err(WRONG),
                "{wrong}"
            );
        }
    }
}
