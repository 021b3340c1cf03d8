//! The values of all directives at one moment, and their defaults.

use super::directive::{DIRECTIVES, DirectiveId, Effect, Kind, lookup};
use super::value::{Value, ValueError};

/// One value and one default per directive, indexed by [`DirectiveId`].
#[derive(Clone, Debug)]
pub struct Values {
    current: Vec<Value>,
    defaults: Vec<Value>,
}

impl Default for Values {
    fn default() -> Self {
        let defaults: Vec<Value> = DIRECTIVES
            .iter()
            .map(|directive| {
                let words = shown_words(directive.kind, directive.default.as_bytes());
                directive
                    .kind
                    .parse(&words, None)
                    .expect("a test reads every default")
            })
            .collect();
        Values {
            current: defaults.clone(),
            defaults,
        }
    }
}

impl Values {
    /// The value of a directive.
    pub fn get(&self, id: DirectiveId) -> &Value {
        &self.current[id.0]
    }

    /// Whether a directive has its default value.
    pub fn is_default(&self, id: DirectiveId) -> bool {
        self.current[id.0] == self.defaults[id.0]
    }

    /// The default of a directive.
    pub fn default_of(&self, id: DirectiveId) -> &Value {
        &self.defaults[id.0]
    }

    /// Reads words into a directive, leaving the old value where they are refused.
    pub fn set(&mut self, id: DirectiveId, words: &[&[u8]]) -> Result<(), ValueError> {
        let value = id.directive().kind.parse(words, Some(self.get(id)))?;
        self.put(id, value)
    }

    /// Stores a value, unless this server could not keep what it promises.
    pub fn put(&mut self, id: DirectiveId, value: Value) -> Result<(), ValueError> {
        match id.directive().effect {
            Effect::Refused(why) if value != self.defaults[id.0] => Err(ValueError::Reason(why)),
            _ => {
                self.current[id.0] = value;
                Ok(())
            }
        }
    }

    /// Replaces a default found out at start; a directive still at its default follows.
    pub fn derive_default(&mut self, name: &str, value: Value) {
        let id = id_of(name);
        if self.is_default(id) {
            self.current[id.0] = value.clone();
        }
        self.defaults[id.0] = value;
    }

    /// The value as CONFIG GET shows it.
    pub fn show(&self, id: DirectiveId) -> Vec<u8> {
        id.directive().kind.format(self.get(id))
    }

    /// Directives that are set and do nothing here, with the reason.
    pub fn ignored(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        (0..self.current.len())
            .map(DirectiveId)
            .filter_map(|id| match id.directive().effect {
                Effect::Ignored(why) if !self.is_default(id) => Some((id.directive().name, why)),
                _ => None,
            })
    }
}

/// The words of a value given as one text, as CONFIG SET splits it.
pub fn shown_words(kind: Kind, text: &[u8]) -> Vec<&[u8]> {
    match kind.takes_many_words() {
        true => text.split(|byte| *byte == b' ').collect(),
        false => vec![text],
    }
}

/// The id of a directive this program names itself.
pub fn id_of(name: &str) -> DirectiveId {
    lookup(name.as_bytes())
        .expect("the program names directives of the table")
        .id
}
