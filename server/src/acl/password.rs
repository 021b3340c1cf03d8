//! Passwords: kept as SHA-256 digests only, shown as 64 hexadecimal digits.

use std::fmt;

use sha2::{Digest, Sha256};

use super::RuleError;

/// The digest of a password.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PasswordHash([u8; 32]);

impl PasswordHash {
    /// The digest of a password in clear.
    pub fn of(password: &[u8]) -> Self {
        PasswordHash(Sha256::digest(password).into())
    }

    /// Reads 64 lower-case hexadecimal digits.
    pub fn from_hex(text: &[u8]) -> Result<Self, RuleError> {
        let mut digest = [0; 32];
        if text.len() != 2 * digest.len() {
            return Err(RuleError::BadHash);
        }
        for (byte, pair) in digest.iter_mut().zip(text.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Ok(PasswordHash(digest))
    }

    /// Compares in a time that tells nothing of where two digests differ.
    pub fn matches(&self, other: &PasswordHash) -> bool {
        let differing = self
            .0
            .iter()
            .zip(other.0)
            .fold(0, |bits, (a, b)| bits | (a ^ b));
        std::hint::black_box(differing) == 0
    }
}

fn digit(byte: u8) -> Result<u8, RuleError> {
    match byte {
        b'0'..=b'9' => Ok(byte - b'0'),
        b'a'..=b'f' => Ok(byte - b'a' + 10),
        _ => Err(RuleError::BadHash),
    }
}

impl fmt::Display for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_written_and_read_as_hexadecimal() {
        let hash = PasswordHash::of(b"passwd4");
        let hex = "34344e4d60c2b6d639b7bd22e18f2b0b91bc34bf0ac5f9952744435093cfb4e6";
        assert_eq!(hash.to_string(), hex);
        assert_eq!(PasswordHash::from_hex(hex.as_bytes()), Ok(hash));
        assert!(hash.matches(&PasswordHash::of(b"passwd4")));
        assert!(!hash.matches(&PasswordHash::of(b"passwd5")));
        for wrong in [&hex[1..], &hex.to_uppercase(), &hex.replace('e', "q"), ""] {
            assert_eq!(
                PasswordHash::from_hex(wrong.as_bytes()),
                Err(RuleError::BadHash),
                "{wrong}"
            );
        }
    }
}
