//! A shard: batch -> merge -> settle -> judge -> diff -> commit. Knows no wire format and no async.

mod feed;

pub use feed::{Feed, Read, ShardFeed};
