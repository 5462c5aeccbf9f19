//! The config of a process: built-in defaults < file < environment < flags, read and checked
//! whole before anything is opened. Binds no port, creates no file, starts nothing.

mod calendar;
mod cluster;
mod directory;
mod document;
mod kafka;
mod keys;
mod loose;
mod principals;
mod problem;
mod routes;
mod row;
mod rulebook;
mod sections;
mod security;
mod source;
mod stated;
mod targets;

pub use cluster::Cluster;
pub use directory::{Department, Directory, Role, Territory};
pub use kafka::LogKind;
pub use loose::{NamedFile, problems_of};
pub use problem::{ConfigError, ConfigErrors, Place};
pub use sections::{
    Alerts, Clock, ClockKind, Data, Engine, Files, Http, IdKey, Log, LogFormat, LogLevel, Logging, Server,
    Store,
};
pub use security::{KeysFile, Security};
pub use source::{ENVIRONMENT_PREFIX, Sources};
pub use targets::{Alertmanager, Telemetry, Webhook};

use super::data_keys;
use crate::cipher::KeyRing;
use crate::domain::{Calendar, Day, Rulebook};
use crate::guard::Member;
use crate::kafka::Settings;
use keys::Keys;
use std::path::{Path, PathBuf};

/// Everything that an operator may set, and the files that it names, read and checked.
#[derive(Clone, PartialEq, Debug)]
pub struct Config {
    pub server: Server,
    pub data: Data,
    pub log: Log,
    /// `None` = no brokers are named.
    pub kafka: Option<Settings>,
    /// `None` where the log is local.
    pub cluster: Option<Cluster>,
    pub store: Store,
    pub engine: Engine,
    pub clock: Clock,
    pub alerts: Alerts,
    pub webhook: Webhook,
    pub alertmanager: Alertmanager,
    pub telemetry: Telemetry,
    pub http: Http,
    pub files: Files,
    pub logging: Logging,
    pub security: Security,
    /// The content of `files.rulebook`, with the calendar and the start of the day.
    pub rulebook: Rulebook,
    /// The content of `files.shadow_rulebook`, where one is named.
    pub shadow: Option<Rulebook>,
    /// The content of `files.calendar`.
    pub calendar: Calendar,
    /// The content of `files.departments` and `files.territories`.
    pub directory: Directory,
}

/// What holds without any file, variable or flag.
impl Default for Config {
    fn default() -> Self {
        // The built-in files are good; `tests/config.rs` proves it.
        read(&Sources::default()).0
    }
}

impl Config {
    /// Reads all layers and the files that they name. All that is wrong is told at once.
    pub fn load(sources: &Sources) -> Result<Config, ConfigErrors> {
        let (config, mut keys) = read(sources);
        keys.refuse_unknown();
        if keys.problems.is_empty() {
            return Ok(config);
        }
        keys.problems.sort();
        keys.problems.dedup();
        Err(ConfigErrors(keys.problems))
    }

    /// Every key that there is, as (section, key).
    pub fn keys() -> Vec<(&'static str, &'static str)> {
        read(&Sources::default()).1.known().to_vec()
    }

    /// Another rulebook's file, with this config's calendar, sectors and start of the day.
    pub fn rulebook_of(&self, file: &Path) -> Result<Rulebook, ConfigErrors> {
        let text = source::read_text(file).map_err(|error| ConfigErrors(vec![error]))?;
        let text = Text { path: file.display().to_string(), text };
        let mut problems = Vec::new();
        let draft = rulebook::parse(&text, Some(&self.directory.sectors()), &mut problems);
        if problems.is_empty() {
            return Ok(draft.book(&self.calendar, self.clock.day_starts_at));
        }
        problems.sort();
        Err(ConfigErrors(problems))
    }

    /// The content of `security.principals` as it is now.
    pub fn members_again(&self) -> Result<Vec<Member>, ConfigErrors> {
        match &self.security.principals {
            Some(path) => security::members(path, &self.directory),
            None => Ok(Vec::new()),
        }
    }

    /// The content of `security.keys_file` as it is now.
    pub fn keys_again(&self) -> anyhow::Result<Option<KeyRing>> {
        self.security.keys.as_ref().map(|file| data_keys::read(&file.path)).transpose()
    }

    /// For what is done to the log's files: there are none on Kafka.
    ///
    /// # Errors
    /// The log is not in the data folder.
    pub fn needs_local_log(&self) -> anyhow::Result<()> {
        match self.log.kind {
            LogKind::Local => Ok(()),
            LogKind::Kafka => anyhow::bail!(
                "log.kind is \"kafka\": records stand in topics, and what stands in the data folder are copies; this is for log.kind = \"local\""
            ),
        }
    }

    /// What is allowed but will surprise, for a check on the given day.
    pub fn warnings(&self, today: Day) -> Vec<String> {
        let path = self.files.calendar.as_deref();
        let mut said = calendar::uncovered(&self.calendar, path, today.ymd().0);
        said.extend(principals::warnings(self.security.members.as_deref().unwrap_or(&[]), today));
        said
    }
}

// Every key is asked for, whatever was wrong before; what cannot be read keeps its default.
fn read(sources: &Sources) -> (Config, Keys) {
    let mut keys = Keys::default();
    sources.give(&mut keys);
    let folder = sources.folder();
    let server = sections::server(&mut keys);
    let data = sections::data(&mut keys);
    let log = sections::log(&mut keys);
    let store = sections::store(&mut keys);
    let engine = sections::engine(&mut keys);
    let kafka = kafka::read(&mut keys, log.kind, engine.shards, &folder);
    let cluster = cluster::read(&mut keys, log.kind, &server, &folder);
    let clock = sections::clock(&mut keys);
    let alerts = sections::alerts(&mut keys, &folder);
    let webhook = targets::webhook(&mut keys, &folder);
    let alertmanager = targets::alertmanager(&mut keys);
    let telemetry = targets::telemetry(&mut keys);
    let http = sections::http(&mut keys);
    let files = sections::files(&mut keys, &folder);
    let delivers = webhook.url.is_some() || alertmanager.url.is_some();
    cluster::check(&mut keys, cluster.as_ref(), delivers);
    let logging = sections::logging(&mut keys);

    let problems = &mut Vec::new();
    let mut text = |key, path: &Option<PathBuf>, built_in| {
        file_text(&keys.place("files", key), key, path.as_deref(), built_in, problems)
    };
    let rules = text("rulebook", &files.rulebook, rulebook::built_in_text());
    let shadow = (files.shadow_rulebook.is_some())
        .then(|| text("shadow_rulebook", &files.shadow_rulebook, rulebook::built_in_text()));
    let holidays = text("calendar", &files.calendar, calendar::built_in_text());
    let departments = text("departments", &files.departments, directory::built_in_departments());
    let territories = text("territories", &files.territories, directory::built_in_territories());
    let calendar = calendar::parse(&holidays, problems);
    let before = problems.len();
    let directory = directory::parse(&departments, &territories, problems);
    let sectors = (problems.len() == before).then(|| directory.sectors());
    let mut book = |file| {
        let draft = rulebook::parse(file, sectors.as_deref(), problems);
        draft.book(&calendar, clock.day_starts_at)
    };
    let (rulebook, shadow) = (book(&rules), shadow.as_ref().map(book));
    keys.problems.append(problems);
    let security = security::read(&mut keys, &folder, &directory);
    security::check_addresses(&mut keys, &server, &security);
    security::check_keys_apart(&mut keys, &data.path, &security);
    let config = Config {
        server,
        data,
        log,
        kafka,
        cluster,
        store,
        engine,
        clock,
        alerts,
        webhook,
        alertmanager,
        telemetry,
        http,
        files,
        logging,
        security,
        rulebook,
        shadow,
        calendar,
        directory,
    };
    (config, keys)
}

/// The text of a file with the name that errors call it by.
struct Text {
    path: String,
    text: String,
}

// A named file that cannot be read is a problem; the built-in copy then stands in for the rest of the check.
fn file_text(
    place: &Place,
    key: &str,
    path: Option<&Path>,
    built_in: Text,
    problems: &mut Vec<ConfigError>,
) -> Text {
    let Some(path) = path else { return built_in };
    match source::read_text(path) {
        Ok(text) => Text { path: path.display().to_string(), text },
        Err(error) if matches!(error.place, Place::File { line: 0, .. }) => {
            // It is the config that names a wrong file.
            let what = format!("files.{key} {} {}", path.display(), error.what);
            problems.push(ConfigError::new(place.clone(), what, error.expected));
            built_in
        }
        Err(error) => {
            problems.push(error);
            built_in
        }
    }
}
