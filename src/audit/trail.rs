//! Writes the trail: one thread appends what has come together and syncs it once. Files are begun by month and
//! removed whole, when all in them is older than retention.

use super::chain::Hash;
use super::entry::Entry;
use super::verify::Walk;
use crate::domain::Time;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

/// How the trail is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    pub folder: PathBuf,
    /// At least three years; 0 = for ever.
    pub retain_days: u64,
}

/// The trail cannot be opened or read.
#[derive(Debug, thiserror::Error)]
pub enum TrailError {
    #[error("the audit trail: {0}")]
    Io(#[from] std::io::Error),
    #[error("the audit trail is broken: {0}")]
    Broken(#[from] super::verify::Broken),
}

/// The entry was not written: what it is about must not happen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unwritten {
    /// More is waiting than can be written in time.
    Busy,
    /// The disk does not take it.
    Failed,
}

/// Called once the entry is durable, or is not.
type Done = Box<dyn FnOnce(Result<(), Unwritten>) + Send>;

/// A handle on the writing thread.
#[derive(Clone)]
pub struct Trail {
    queue: SyncSender<Job>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

enum Job {
    Entry(Box<Entry>, Done),
    Stop,
}

/// Entries that may wait.
const QUEUE: usize = 4096;
/// Entries that are synced at once.
const BATCH: usize = 512;
/// The call of an entry about erased files: its rows are the last number erased, and its hash.
pub(super) const RETENTION: &str = "retention";

impl Trail {
    /// Walks the trail that is there and goes on behind it.
    ///
    /// # Errors
    /// For a trail that cannot be read, or is broken: it is not written on.
    pub fn open(settings: &Settings) -> Result<Trail, TrailError> {
        std::fs::create_dir_all(&settings.folder)?;
        let writer = Writer::open(settings)?;
        let (queue, jobs) = sync_channel(QUEUE);
        let thread = std::thread::Builder::new().name("audit".into()).spawn(move || writer.run(&jobs))?;
        Ok(Trail { queue, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// Hands an entry over; its number and time are given to it here. `done` is called when it is durable.
    pub fn write(&self, entry: Entry, done: impl FnOnce(Result<(), Unwritten>) + Send + 'static) {
        match self.queue.try_send(Job::Entry(Box::new(entry), Box::new(done))) {
            Ok(()) | Err(TrySendError::Disconnected(Job::Stop) | TrySendError::Full(Job::Stop)) => {}
            Err(TrySendError::Full(Job::Entry(_, done))) => done(Err(Unwritten::Busy)),
            Err(TrySendError::Disconnected(Job::Entry(_, done))) => done(Err(Unwritten::Failed)),
        }
    }

    /// Writes what waits, and ends the thread.
    pub fn stop(&self) {
        let _ = self.queue.send(Job::Stop);
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            let _ = thread.join();
        }
    }
}

struct Writer {
    settings: Settings,
    month: String,
    file: Option<File>,
    seq: u64,
    hash: Hash,
    /// A write has failed: what is on disk is not known, and nothing more is written.
    failed: bool,
}

impl Writer {
    fn open(settings: &Settings) -> Result<Writer, TrailError> {
        let mut walk = Walk::default();
        let mut month = String::new();
        // The whole trail is walked by `wagewatch audit verify`; a start looks at the file that it goes on with.
        if let Some(path) = files(&settings.folder)?.last() {
            cut_torn_line(path)?;
            walk.file(path, |_| Ok(()))??;
            month = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        }
        let (seq, hash) = walk.last();
        let settings = settings.clone();
        Ok(Writer { settings, month, file: None, seq, hash, failed: false })
    }

    fn run(mut self, jobs: &Receiver<Job>) {
        tracing::info!(entries = self.seq, head = %self.hash, "the audit trail goes on");
        let mut stopping = false;
        while !stopping {
            let Ok(first) = jobs.recv() else { break };
            let mut batch = Vec::new();
            for job in std::iter::once(first).chain(jobs.try_iter().take(BATCH)) {
                match job {
                    Job::Entry(entry, done) => batch.push((*entry, done)),
                    Job::Stop => stopping = true,
                }
            }
            let (entries, dones): (Vec<_>, Vec<_>) = batch.into_iter().unzip();
            let written = match self.failed {
                true => Err(Unwritten::Failed),
                false => self.append(entries).map_err(|error| {
                    self.failed = true;
                    tracing::error!(%error, "the audit trail cannot be written: calls that need it are refused");
                    Unwritten::Failed
                }),
            };
            dones.into_iter().for_each(|done: Done| done(written));
        }
        tracing::info!(entries = self.seq, head = %self.hash, "the audit trail ends here");
    }

    fn append(&mut self, entries: Vec<Entry>) -> std::io::Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let now = now();
        self.turn(now)?;
        let mut lines = Vec::new();
        for entry in entries {
            self.line(entry, now, &mut lines)?;
        }
        let Some(file) = &mut self.file else { return Err(std::io::Error::other("no file is open")) };
        let mut out = BufWriter::new(&mut *file);
        out.write_all(&lines)?;
        out.flush()?;
        drop(out);
        file.sync_data()
    }

    fn line(&mut self, mut entry: Entry, now: Time, lines: &mut Vec<u8>) -> std::io::Result<()> {
        entry.seq = self.seq + 1;
        entry.at = now.to_string();
        let (line, hash) = entry.written(self.hash)?;
        lines.extend_from_slice(line.as_bytes());
        lines.push(b'\n');
        (self.seq, self.hash) = (entry.seq, hash);
        Ok(())
    }

    /// A new file with a new month; then files that are old enough go, and the trail says so.
    fn turn(&mut self, now: Time) -> std::io::Result<()> {
        // A clock that was put back goes on in the file that it left: the files' order is the chain's.
        let month = now.to_string().chars().take(7).collect::<String>().max(self.month.clone());
        if self.file.is_some() && self.month == month {
            return Ok(());
        }
        let path = self.settings.folder.join(format!("{month}.trail"));
        self.file = Some(OpenOptions::new().create(true).append(true).open(path)?);
        File::open(&self.settings.folder)?.sync_all()?;
        self.month = month;
        self.erase(now)
    }

    fn erase(&mut self, now: Time) -> std::io::Result<()> {
        let days = i64::try_from(self.settings.retain_days).unwrap_or(i64::MAX);
        if days == 0 {
            return Ok(());
        }
        let oldest = Time(now.0.saturating_sub(days.saturating_mul(DAY_NANOS)));
        let oldest: String = oldest.to_string().chars().take(7).collect();
        for path in files(&self.settings.folder).map_err(std::io::Error::other)? {
            let month = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            if month >= oldest {
                break;
            }
            let Some((seq, hash)) = last_of(&path)? else { continue };
            let name = format!("{month}.trail");
            let entry = Entry {
                who: "wagewatch".into(),
                call: RETENTION.into(),
                rows: vec![seq.to_string(), hash.to_string(), name],
                result: "ok".into(),
                ..Entry::default()
            };
            // Told before it is done: a crash between leaves a file too many, not an entry too few.
            let mut line = Vec::new();
            self.line(entry, now, &mut line)?;
            if let Some(file) = &mut self.file {
                file.write_all(&line)?;
                file.sync_data()?;
            }
            std::fs::remove_file(&path)?;
        }
        Ok(())
    }
}

const DAY_NANOS: i64 = 86_400 * 1_000_000_000;

/// The trail's files, oldest first.
pub(super) fn files(folder: &Path) -> Result<Vec<PathBuf>, TrailError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|kind| kind == "trail") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// A last line without its end was never told to be durable: the call that it is about did not happen.
fn cut_torn_line(path: &Path) -> std::io::Result<()> {
    let bytes = std::fs::read(path)?;
    if bytes.last().is_none_or(|byte| *byte == b'\n') {
        return Ok(());
    }
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    tracing::warn!(file = %path.display(), bytes = bytes.len() - whole, "the audit trail's last line was cut off");
    let file = OpenOptions::new().write(true).open(path)?;
    file.set_len(u64::try_from(whole).unwrap_or(0))?;
    file.sync_all()
}

fn last_of(path: &Path) -> std::io::Result<Option<(u64, Hash)>> {
    let text = std::fs::read_to_string(path)?;
    let last = text.lines().last().and_then(super::entry::Line::parse);
    Ok(last.map(|(line, _)| (line.entry.seq, line.hash)))
}

fn now() -> Time {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Time(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
