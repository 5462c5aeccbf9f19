//! The layers that a config is read from: file < environment < flags. Knows no particular key.

use super::document::{self, Value};
use super::keys::Keys;
use super::problem::{ConfigError, Place};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The prefix of our environment variables: `WAGEWATCH__SERVER__GRPC_ADDR`.
pub const ENVIRONMENT_PREFIX: &str = "WAGEWATCH__";

/// What was given to the process; the default is nothing, which is a good config.
#[derive(Clone, Default, Debug)]
pub struct Sources {
    /// `--config FILE`.
    pub file: Option<PathBuf>,
    /// Environment variables; those without our prefix are passed over.
    pub environment: Vec<(String, String)>,
    /// `--set section.key=value`, in the order of the command line.
    pub set: Vec<String>,
}

impl Sources {
    /// The file and flags of a command line, and the environment of this process.
    pub fn of_process(file: Option<PathBuf>, set: Vec<String>) -> Sources {
        let text = |os: OsString| os.to_string_lossy().into_owned();
        let environment = std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
        Sources { file, environment, set }
    }

    /// The folder that `[files]` of the config file are relative to.
    pub(super) fn folder(&self) -> PathBuf {
        self.file.as_deref().and_then(Path::parent).map(Path::to_path_buf).unwrap_or_default()
    }

    pub(super) fn give(&self, keys: &mut Keys) {
        if let Some(file) = &self.file {
            give_file(file, keys);
        }
        let mut environment: Vec<_> =
            self.environment.iter().filter(|(name, _)| name.starts_with(ENVIRONMENT_PREFIX)).collect();
        environment.sort();
        for (name, value) in environment {
            let place = Place::Environment(name.clone());
            match name[ENVIRONMENT_PREFIX.len()..].split_once("__") {
                Some((section, key)) if !section.is_empty() && !key.is_empty() => {
                    let (section, key) = (section.to_ascii_lowercase(), key.to_ascii_lowercase());
                    keys.give(place, &section, &key, Value::Loose(value.clone()));
                }
                _ => keys.problems.push(ConfigError::new(
                    place,
                    "the name has no section and key",
                    format!("{ENVIRONMENT_PREFIX}SECTION__KEY"),
                )),
            }
        }
        for set in &self.set {
            give_flag(set, keys);
        }
    }
}

fn give_file(file: &Path, keys: &mut Keys) {
    let path = file.display().to_string();
    match read_text(file) {
        Err(error) => keys.problems.push(error),
        Ok(text) => match document::parse(&path, &text) {
            Err(errors) => keys.problems.extend(errors),
            Ok(entries) => keys.give_file(&path, entries),
        },
    }
}

fn give_flag(set: &str, keys: &mut Keys) {
    let named = set.split_once('=').and_then(|(name, value)| Some((name.trim().split_once('.')?, value)));
    let place = Place::Flag(set.to_owned());
    match named {
        Some(((section, key), value)) if !section.is_empty() && !key.is_empty() => {
            keys.give(place, section, key, Value::Loose(value.trim().to_owned()));
        }
        _ => keys.problems.push(ConfigError::new(
            place,
            "the flag has no section, key and value",
            "--set section.key=value",
        )),
    }
}

/// A whole file as text, or what is wrong with it.
pub(super) fn read_text(file: &Path) -> Result<String, ConfigError> {
    let place = |line| Place::line(&file.display().to_string(), line);
    let bytes = std::fs::read(file)
        .map_err(|error| ConfigError::new(place(0), format!("cannot be read: {error}"), "a readable file"))?;
    String::from_utf8(bytes).map_err(|error| {
        let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + good.split(|b| *b == b'\n').count().saturating_sub(1);
        ConfigError::new(place(line), "bytes that are no UTF-8", "UTF-8 text")
    })
}
