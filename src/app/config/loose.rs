//! The files of a config from text alone: what is wrong with it, without a file being opened. For fuzzing: sections that
//! name files of their own are unknown here.

use super::{
    ConfigError, Keys, Text, calendar, directory, document, principals, rulebook, sections, targets,
};
use std::path::Path;

/// A file that an operator writes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NamedFile {
    /// `wagewatch.toml`, but for the sections that name other files.
    Config,
    Rulebook,
    Principals,
    Departments,
    Territories,
    Calendar,
}

impl NamedFile {
    pub const ALL: [NamedFile; 6] = [
        NamedFile::Config,
        NamedFile::Rulebook,
        NamedFile::Principals,
        NamedFile::Departments,
        NamedFile::Territories,
        NamedFile::Calendar,
    ];
}

/// All that is wrong with the text.
pub fn problems_of(file: NamedFile, text: &str) -> Vec<ConfigError> {
    let given = Text { path: "given".into(), text: text.to_owned() };
    let mut problems = Vec::new();
    match file {
        NamedFile::Config => return config(&given),
        NamedFile::Rulebook => {
            let holidays = calendar::parse(&calendar::built_in_text(), &mut problems);
            let draft = rulebook::parse(&given, None, &mut problems);
            let day_starts_at = sections::clock(&mut Keys::default()).day_starts_at;
            let _ = draft.book(&holidays, day_starts_at);
        }
        NamedFile::Principals => {
            let built_in = directory_of(None, None, &mut problems);
            let _ = principals::parse(&given, &built_in, &mut problems);
        }
        NamedFile::Departments => drop(directory_of(Some(given), None, &mut problems)),
        NamedFile::Territories => drop(directory_of(None, Some(given), &mut problems)),
        NamedFile::Calendar => drop(calendar::parse(&given, &mut problems)),
    }
    problems
}

fn directory_of(
    departments: Option<Text>,
    territories: Option<Text>,
    problems: &mut Vec<ConfigError>,
) -> super::Directory {
    let departments = departments.unwrap_or_else(directory::built_in_departments);
    let territories = territories.unwrap_or_else(directory::built_in_territories);
    directory::parse(&departments, &territories, problems)
}

fn config(given: &Text) -> Vec<ConfigError> {
    let entries = match document::parse(&given.path, &given.text) {
        Ok(entries) => entries,
        Err(errors) => return errors,
    };
    let mut keys = Keys::default();
    keys.give_file(&given.path, entries);
    let nowhere = Path::new("");
    let _ = sections::server(&mut keys);
    let _ = sections::data(&mut keys);
    let _ = sections::log(&mut keys);
    let _ = sections::store(&mut keys);
    let _ = sections::engine(&mut keys);
    let _ = sections::clock(&mut keys);
    let _ = sections::files(&mut keys, nowhere);
    let _ = sections::logging(&mut keys);
    let _ = targets::alertmanager(&mut keys);
    keys.refuse_unknown();
    keys.problems
}
