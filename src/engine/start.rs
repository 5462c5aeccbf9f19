//! Whether a store fits its log, asked before an engine starts. Starts nothing.

use super::keys;
use crate::domain::Position;
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

/// What a row's number means something in: this log.
pub(super) fn history_of(log: &dyn Log) -> u32 {
    crc32fast::hash(&log.identity().to_le_bytes())
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
