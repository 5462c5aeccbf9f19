//! Whether a store fits its log and its rulebook, asked before an engine starts. Starts nothing.

use super::keys;
use crate::domain::{Position, Rulebook};
use crate::log::{Log, LogError};
use crate::store::{Changes, Store, StoreError};

/// Why an engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Log(#[from] LogError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(
        "the store covers the log up to block {covered}, but the log begins at block {oldest}: what lies between is in neither; restore the older segments"
    )]
    Gap { covered: u64, oldest: u64 },
    #[error(
        "the store covers the log up to block {covered}, but the log ends at block {head}: the log has lost blocks that were acknowledged; restore the log, or remove the store to go on with what the log has"
    )]
    LogBehind { covered: u64, head: u64 },
    #[error(
        "the store was made of another log than the one it lies beside: restore the log that belongs to it, or remove the store to go on with what this log has"
    )]
    OtherLog,
    #[error("could not start a thread: {0}")]
    Thread(#[from] std::io::Error),
}

/// A store is of the log that it was first opened with: positions alone do not tell two logs apart.
pub(super) fn check_log(store: &dyn Store, log: &dyn Log) -> Result<(), StartError> {
    let identity = log.identity().to_le_bytes();
    match store.get(keys::LOG)? {
        Some(known) if known == identity => Ok(()),
        Some(_) => Err(StartError::OtherLog),
        None => {
            let put = vec![(keys::LOG.to_vec(), identity.to_vec())];
            Ok(store.write(Changes { put, remove: Vec::new() })?)
        }
    }
}

/// What a row's number means something in: this log, judged by these numbers.
pub(super) fn history_of(log: &dyn Log, judged_by: u32) -> u32 {
    crc32fast::hash(&[log.identity().to_le_bytes().as_slice(), &judged_by.to_le_bytes()].concat())
}

/// The log must have all that the store lacks, and all that it covers.
pub(super) fn check_cover(covered: Position, log: &dyn Log) -> Result<(), StartError> {
    if covered > log.head() {
        return Err(StartError::LogBehind { covered: covered.0, head: log.head().0 });
    }
    if log.oldest() > covered.next() {
        return Err(StartError::Gap { covered: covered.0, oldest: log.oldest().0 });
    }
    Ok(())
}

/// `Some` when the store was judged by other numbers: what to write once all is judged anew. And the
/// fingerprint of all numbers that have judged, in their order: under others, the same log may
/// have made other alert rows under the same row numbers (what the store did not cover is replayed
/// by the numbers of today), so that cursors of then mean nothing now.
pub(super) fn compare_rulebook(
    store: &dyn Store,
    book: &Rulebook,
    covered: Position,
) -> Result<(Option<Changes>, u32), StoreError> {
    let print = blake3::hash(format!("{book:?}").as_bytes());
    let known = store.get(keys::CONFIG)?.unwrap_or_default();
    let (judged_by, before) = match known.split_last_chunk::<4>() {
        Some((print, history)) => (print, history.as_slice()),
        None => (known.as_slice(), [].as_slice()),
    };
    if judged_by == print.as_bytes()
        && let Ok(history) = before.try_into()
    {
        return Ok((None, u32::from_le_bytes(history)));
    }
    let history = crc32fast::hash(&[before, print.as_bytes()].concat());
    let entry = |print: &[u8]| {
        let value = [print, history.to_le_bytes().as_slice()].concat();
        Changes { put: vec![(keys::CONFIG.to_vec(), value)], remove: Vec::new() }
    };
    if covered == Position::default() {
        store.write(entry(print.as_bytes()))?;
        return Ok((None, history));
    }
    tracing::warn!(
        "the rulebook is another than the one that judged the stored alerts: judging every project anew"
    );
    // Until that is done, the store is judged by neither: whoever opens it then begins again.
    store.write(entry(&[0; 32]))?;
    Ok((Some(entry(print.as_bytes())), history))
}
