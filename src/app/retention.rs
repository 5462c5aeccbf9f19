//! `retention run`: erases what has been kept long enough, from a data folder that nobody works on. The log is written anew
//! without the entries of the projects that go, with the word that they went at its end; the store is made of it again. What
//! is erased is as if it had never come. Whatever interrupts it, the folder is as it was, or as it is to be.

use super::config::Config;
use super::data::{ERASED_AT, LOG, Opened, REBUILD};
use super::{audit_folder, data_keys, store};
use crate::audit::{Entry as AuditEntry, Settings, Trail};
use crate::cipher::DataKeys;
use crate::domain::{Day, Entry, Erased, Position, ProjectId};
use crate::engine::{Engine, Unobserved};
use crate::log::{self, DataFolder, Log, LogOptions, SegmentLog, read_folder, rewrite_without};
use crate::retention::{Erasure, Kept, Open, Survey};
use crate::store::SledStore;
use anyhow::{Context, anyhow, bail, ensure};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// What is asked for.
pub struct Wish {
    /// Only these; `None`: every project that may go.
    pub projects: Option<BTreeSet<ProjectId>>,
    /// Whose decision it is, and why: they stand in the audit trail.
    pub by: String,
    pub why: String,
}

/// What stands, and what would go.
pub struct Looked {
    pub today: Day,
    /// `None`: may be erased.
    pub projects: BTreeMap<ProjectId, Option<Kept>>,
    survey: Survey,
    /// The last block that was looked at.
    head: Position,
}

/// How long the service may take to come level with its log.
const PATIENCE: Duration = Duration::from_secs(3600);

impl Looked {
    /// The projects that may be erased.
    pub fn due(&self) -> BTreeSet<ProjectId> {
        let due = self.projects.iter().filter(|(_, kept)| kept.is_none());
        due.map(|(id, _)| id.clone()).collect()
    }
}

/// Looks at every project and changes nothing that is of any.
///
/// # Errors
/// A folder that is in use; a log whose beginning was cut off by age or size.
pub fn look(config: &Config) -> anyhow::Result<Looked> {
    config.needs_local_log()?;
    // Opens the folder as the service does, and brings its state level with its log.
    let opened = Opened::open(config, Arc::new(Unobserved))?;
    let open = ask(&opened.engine);
    let today = opened.engine.business_date();
    let (oldest, head) = (opened.engine.status().log_oldest.0, opened.engine.status().log_head);
    opened.engine.stop();
    drop(opened);
    let open = open?;
    ensure!(
        oldest == 1,
        "the log begins with block {oldest}: what was before was cut off by log.retain_days or log.retain_bytes, and stands in the store alone, from which no project can be taken"
    );
    let today = today.context("the log knows no business date yet")?;
    let mut survey = Survey::default();
    read_folder(&config.data.path, keys(config)?, &mut |block| {
        block.entries.iter().for_each(|entry| survey.take(entry));
        Ok(())
    })?;
    Ok(Looked { today, projects: survey.judge(today, &open), survey, head })
}

/// Erases; the projects that went, and how many entries of the log.
///
/// # Errors
/// A project that was named and is to be kept, with the reason: then nothing is erased. Also if the audit trail cannot be
/// written.
pub fn run(config: &Config, looked: &Looked, wish: &Wish) -> anyhow::Result<(BTreeSet<ProjectId>, u64)> {
    let due = looked.due();
    if let Some(named) = &wish.projects {
        for id in named {
            match looked.projects.get(id) {
                None => bail!("project {} is not known", id.as_str()),
                Some(Some(kept)) => bail!("project {} is kept: {kept}. Nothing was erased", id.as_str()),
                Some(None) => {}
            }
        }
    }
    let chosen = wish.projects.clone().unwrap_or(due);
    if chosen.is_empty() {
        return Ok((chosen, 0));
    }
    let data = &config.data.path;
    let mut folder = DataFolder::open(data)?;
    // Told before it is done: a crash between leaves an entry of what is done at the next run, not a deed without one.
    write_down(config, wish, &chosen)?;
    let erasure = looked.survey.erasure(chosen);
    let left_out = write_log(config, &erasure, looked)?;
    // From here on the old store must not be used, and from the swap on the old log is gone.
    folder.put(REBUILD, "yes")?;
    folder.put(ERASED_AT, &now()?.as_millis().to_string())?;
    log::swap(data, LOG)?;
    SledStore::destroy(&data.join(store::STORE))?;
    Ok((erasure.projects().clone(), left_out))
}

fn keys(config: &Config) -> anyhow::Result<Option<DataKeys>> {
    config.security.keys.as_ref().map(|file| data_keys::open(file.ring.clone())).transpose()
}

/// What the ledger says of each project.
fn ask(engine: &Engine) -> anyhow::Result<BTreeMap<ProjectId, Open>> {
    let begun = std::time::Instant::now();
    while !engine.is_ready() {
        if let Some(why) = engine.failure() {
            bail!(why);
        }
        ensure!(begun.elapsed() < PATIENCE, "the state does not come level with the log");
        std::thread::sleep(Duration::from_millis(20));
    }
    let (told, answer) = mpsc::channel();
    engine.projects(move |projects| {
        let _ = told.send(projects);
    });
    let projects = answer.recv().context("the engine has ended")?.map_err(|why| anyhow!("{why}"))?;
    let open = projects.into_iter().map(|project| {
        let open = Open {
            workers_in_arrears: project.overdue_workers,
            alerts: project.alerts,
            payments_in_suspense: project.suspense,
        };
        (project.project_id, open)
    });
    Ok(open.collect())
}

/// The new log beside the old one, whole and durable.
fn write_log(config: &Config, erasure: &Erasure, looked: &Looked) -> anyhow::Result<u64> {
    let data = &config.data.path;
    log::settle(data, LOG)?;
    let new = log::new_beside(data, LOG);
    let keys = keys(config)?;
    let takes = |entry: &Entry| erasure.takes(entry);
    let done = rewrite_without(&data.join(LOG), &new, keys.as_ref(), &takes)?;
    let options = LogOptions { segment_bytes: config.log.segment_bytes, ..LogOptions::default() };
    let (mut log, _) = SegmentLog::open_with(&new, options, keys)?;
    ensure!(log.head() == looked.head, "the log has grown since it was looked at: run this again");
    let gone = |id: &ProjectId| Entry::Erased(Box::new(Erased { project_id: id.clone(), on: looked.today }));
    let entries: Vec<Entry> = erasure.projects().iter().map(gone).collect();
    log.append(i64::try_from(now()?.as_millis()).unwrap_or(i64::MAX), &entries)?;
    Ok(done.left_out)
}

/// One entry of the audit trail, durable.
fn write_down(config: &Config, wish: &Wish, projects: &BTreeSet<ProjectId>) -> anyhow::Result<()> {
    let retain_days = config.security.audit_retain_days;
    let trail = Trail::open(&Settings { folder: audit_folder(config), retain_days })?;
    let entry = AuditEntry {
        who: wish.by.clone(),
        role: "operator".into(),
        from: "this machine".into(),
        call: "retention run".into(),
        count: projects.len() as u64,
        rows: projects.iter().map(|id| id.as_str().to_owned()).collect(),
        why: wish.why.clone(),
        result: "ok".into(),
        ..AuditEntry::default()
    };
    let (told, answer) = mpsc::channel();
    trail.write(entry, move |written| {
        let _ = told.send(written);
    });
    let written = answer.recv();
    trail.stop();
    match written {
        Ok(Ok(())) => Ok(()),
        _ => bail!("the audit trail cannot be written: nothing was erased"),
    }
}

fn now() -> anyhow::Result<Duration> {
    SystemTime::now().duration_since(UNIX_EPOCH).context("the machine's clock stands before 1970")
}
