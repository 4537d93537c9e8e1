//! [`FieldPath`]: where in a form, a query string or a document a value stands.

use std::fmt;

/// The way to a value: `post`, `tags`, the third, `name`.
///
/// ```
/// use zzz_core::FieldPath;
/// let path = FieldPath::from("post").field("tags").item(2).field("name");
/// assert_eq!(path.dotted(), "post.tags[2].name");
/// assert_eq!(path.bracketed(), "post[tags][2][name]");
/// assert_eq!(path.pointer(), "/post/tags/2/name");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct FieldPath {
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Field(String),
    Item(usize),
}

impl FieldPath {
    /// The whole of it.
    #[must_use]
    pub const fn root() -> Self {
        Self { steps: Vec::new() }
    }

    /// The field of this name in what is here.
    #[must_use]
    pub fn field(mut self, name: impl Into<String>) -> Self {
        self.steps.push(Step::Field(name.into()));
        self
    }

    /// The item at this index, from 0, of the list that is here.
    #[must_use]
    pub fn item(mut self, index: usize) -> Self {
        self.steps.push(Step::Item(index));
        self
    }

    /// Whether it is the whole, and no field.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.steps.is_empty()
    }

    /// As programs write it: `post.tags[2].name`.
    #[must_use]
    pub fn dotted(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            match step {
                Step::Field(name) if text.is_empty() => text.push_str(name),
                Step::Field(name) => text.extend([".", name]),
                Step::Item(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }

    /// As the names of form fields are written: `post[tags][2][name]`.
    #[must_use]
    pub fn bracketed(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            match step {
                Step::Field(name) if text.is_empty() => text.push_str(name),
                Step::Field(name) => text.extend(["[", name, "]"]),
                Step::Item(index) => text.push_str(&format!("[{index}]")),
            }
        }
        text
    }

    /// As a JSON pointer (RFC 6901): `/post/tags/2/name`; empty for the whole.
    #[must_use]
    pub fn pointer(&self) -> String {
        let mut text = String::new();
        for step in &self.steps {
            match step {
                Step::Field(name) => {
                    text.push('/');
                    text.push_str(&name.replace('~', "~0").replace('/', "~1"));
                }
                Step::Item(index) => text.push_str(&format!("/{index}")),
            }
        }
        text
    }

    /// The same, begun at its end: errors are made at a value and find their way out.
    pub(crate) fn reversed(mut self) -> Self {
        self.steps.reverse();
        self
    }
}

impl From<&str> for FieldPath {
    /// One field of this name.
    fn from(name: &str) -> Self {
        Self::root().field(name)
    }
}

impl From<String> for FieldPath {
    /// One field of this name.
    fn from(name: String) -> Self {
        Self::root().field(name)
    }
}

/// As [`FieldPath::dotted`].
impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.dotted())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_may_stand_at_the_top() {
        let path = FieldPath::root().item(2).field("name");
        assert_eq!((path.dotted(), path.pointer()), ("[2].name".into(), "/2/name".into()));
        assert_eq!(FieldPath::root().pointer(), "");
    }

    #[test]
    fn what_a_pointer_uses_itself_is_escaped() {
        assert_eq!(FieldPath::from("a/b~c").pointer(), "/a~1b~0c");
    }
}
