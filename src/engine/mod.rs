//! A shard: batch -> merge -> settle -> judge -> diff -> commit. Knows no wire format and no async.

pub mod api;
pub mod backtest;
pub mod batch;
mod bench;
mod bureau;
mod clerk;
mod committer;
mod desk;
mod dispatch;
mod doubts;
mod feed;
mod handle;
mod keys;
mod pages;
mod project;
mod quiet;
mod row_book;
mod shadow;
mod shard;
mod shared;
mod start;
mod storer;
mod tallies;
mod tally;
mod wakes;
mod weeks;
mod what_if;
mod worker;

pub use api::{Observer, ProjectAsk, ProjectSummary, Refused, Settings, Status, Unobserved, Waiting};
pub use bureau::{Bureau, rows_behind};
pub use desk::{Desk, Opened, Routing, shard_of};
pub use feed::{Feed, Read, ShardFeed};
pub use handle::{Engine, Parts};
pub use shard::{Equipment, Order, Shard, Visited};
pub use start::StartError;
pub use what_if::Otherwise;
