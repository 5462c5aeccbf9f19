//! A shard: batch -> merge -> settle -> judge -> diff -> commit. Knows no wire format and no async.

pub mod batch;
