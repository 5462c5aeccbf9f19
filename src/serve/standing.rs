//! A walk over all alerts that stand, in steps, so that neither a shard nor the other calls wait for it.

use crate::domain::AlertRow;
use crate::engine::Feed;
use std::sync::Arc;

const STEP: usize = 1000;

/// Calls `each` with the last row of every alert that stands. What changes meanwhile may be met
/// as it was, as it is, or both.
pub async fn standing(feed: &Feed, mut each: impl FnMut(&Arc<AlertRow>)) {
    for shard in 0..feed.shards() {
        let mut after = 0;
        loop {
            let rows = feed.standing_after(shard, after, STEP);
            rows.iter().for_each(&mut each);
            match rows.last() {
                Some(last) if rows.len() == STEP => after = last.seq,
                _ => break,
            }
            tokio::task::yield_now().await;
        }
    }
}
