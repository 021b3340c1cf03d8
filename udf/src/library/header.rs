//! The first line of a library: `#!engine name=library`.

use super::LibraryError;

/// What a library's first line says, and what follows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header<'a> {
    /// The engine's name, as it was written.
    pub engine: Vec<u8>,
    /// The library's name.
    pub name: String,
    /// The rest, the end of the first line included.
    pub source: &'a [u8],
}

impl<'a> Header<'a> {
    /// Reads it.
    ///
    /// # Errors
    /// [`LibraryError`], as Redis words them.
    pub fn parse(code: &'a [u8]) -> Result<Self, LibraryError> {
        if !code.starts_with(b"#!") {
            return Err(LibraryError::NoMetadata);
        }
        let end = code
            .iter()
            .position(|&byte| byte == b'\n')
            .ok_or(LibraryError::InvalidMetadata)?;
        let (line, source) = code.split_at(end);
        let words = resp::split_words(line).ok_or(LibraryError::InvalidMetadata)?;
        let mut words = words.into_iter();
        let mut engine = words.next().ok_or(LibraryError::InvalidMetadata)?;
        engine.drain(..2.min(engine.len()));
        let mut name = None;
        for word in words {
            match word.split_at_checked(5) {
                Some((key, value)) if key.eq_ignore_ascii_case(b"name=") => {
                    if name.replace(value.to_vec()).is_some() {
                        return Err(LibraryError::NameTwice);
                    }
                }
                _ => return Err(LibraryError::UnknownMetadata(word.into())),
            }
        }
        let name = name.ok_or(LibraryError::NoName)?;
        Ok(Header {
            engine,
            name: checked_name(&name)?.to_owned(),
            source,
        })
    }
}

/// The name, if libraries and functions may have it.
///
/// # Errors
/// [`LibraryError::BadName`]
pub fn checked_name(name: &[u8]) -> Result<&str, LibraryError> {
    let fits = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match !name.is_empty() && name.iter().all(fits) {
        true => std::str::from_utf8(name).map_err(|_| LibraryError::BadName),
        false => Err(LibraryError::BadName),
    }
}

#[cfg(test)]
mod tests {
    use super::Header;

    #[test]
    fn first_lines() {
        for (code, expected) in [
            ("#!lua name=a\nx", "lua a"),
            ("#!LUA  NAME=a_1\n", "LUA a_1"),
            ("#!lua name=\"a\"\n", "lua a"),
            ("#!lua name='a\n", "Invalid library metadata"),
            ("lua name=a\n", "Missing library metadata"),
            ("#!lua name=a", "Invalid library metadata"),
            ("#!lua\n", "Library name was not given"),
            (
                "#!lua name=a name=b\n",
                "Invalid metadata value, name argument was given multiple times",
            ),
            ("#!lua name=a x=1\n", "Invalid metadata value given: x=1"),
            (
                "#!lua name=a-b\n",
                "Library names can only contain letters, numbers, or underscores(_) and must be at least one character long",
            ),
        ] {
            let shown = match Header::parse(code.as_bytes()) {
                Ok(header) => format!(
                    "{} {}",
                    String::from_utf8_lossy(&header.engine),
                    header.name
                ),
                Err(error) => error.to_string(),
            };
            assert_eq!(shown, expected);
        }
    }
}
