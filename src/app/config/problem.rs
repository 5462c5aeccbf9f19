//! What is wrong with a config, and where: said to the operator in one line each.
//! Knows no key and no file format.

use std::fmt;

/// Where a value was given. Sorted as an operator reads them: files by line, then the rest.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// A line of a file, from 1; 0 when the file as a whole is meant.
    File { path: String, line: usize },
    /// An environment variable, by its name.
    Environment(String),
    /// A `--set` flag, as it was written.
    Flag(String),
    /// Nobody gave it: the default stands.
    Default,
}

/// One thing that is wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ConfigError {
    pub place: Place,
    pub what: String,
    pub expected: String,
}

/// All that is wrong, at least one thing. Printed one a line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct ConfigErrors(pub Vec<ConfigError>);

fn lines(errors: &[ConfigError]) -> String {
    errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl ConfigError {
    pub(super) fn new(place: Place, what: impl Into<String>, expected: impl Into<String>) -> ConfigError {
        ConfigError { place, what: what.into(), expected: expected.into() }
    }
}

impl Place {
    pub(super) fn line(path: &str, line: usize) -> Place {
        Place::File { path: path.to_owned(), line }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File { path, line: 0 } => f.write_str(path),
            Place::File { path, line } => write!(f, "{path}:{line}"),
            Place::Environment(name) => write!(f, "environment {name}"),
            Place::Flag(text) => write!(f, "--set {text}"),
            Place::Default => f.write_str("default"),
        }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; expected {}", self.place, self.what, self.expected)
    }
}
