//! One subscriber's way through the rows: first what stands, then every change, each row once.
//! Reads in small steps and waits while the subscriber is slow, so that he costs the same memory however
//! far behind he is. Knows no gRPC: messages leave through a bounded channel.

use super::cursor::{Cursor, Place};
use super::filter::Filter;
use super::hub::{Heads, Seat};
use super::rows::{Prepared, Rows};
use super::seal::Seal;
use crate::domain::{AlertRow, Day};
use crate::engine::{Feed, Read};
use crate::guard::Visit;
use crate::proto::Refusal;
use crate::proto::v1::{GoingAway, Heartbeat, Reset, SnapshotComplete};
use crate::proto::{SubscribeEvent, SubscribeResponse};
use crate::telemetry::Traced;
use hashbrown::HashMap;
use prost::bytes::Bytes;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Rows that are read, and sent in one message, at most.
const ROWS_MAX: usize = 256;
/// A message is closed at so many bytes.
const BYTES_MAX: usize = 256 << 10;
/// Rows left out by the filter after which the subscriber gets a cursor that has passed them.
const SKIPPED_MAX: u64 = 10_000;
/// How long a subscriber who does not read is offered the farewell.
const FAREWELL: Duration = Duration::from_secs(2);

/// What a subscription is made of.
pub struct Follower {
    pub feed: Arc<Feed>,
    pub rows: Arc<Rows>,
    pub filter: Filter,
    /// Whose stream it is: each row is asked about, and it ends when he is no longer welcome.
    pub visit: Arc<Visit>,
    pub seal: Seal,
    pub heads: watch::Receiver<Heads>,
    pub today: Arc<dyn Fn() -> Option<Day> + Send + Sync>,
    pub out: mpsc::Sender<Result<SubscribeResponse, Refusal>>,
    pub seat: Seat,
    pub heartbeat: Duration,
    /// The service is stopping: say goodbye.
    pub stop: CancellationToken,
    /// Where his call is followed.
    pub trace: Option<Traced>,
}

/// Why a subscription ends.
enum End {
    /// The subscriber left.
    Left,
    Stopping,
    /// He is no longer known, or not as he was.
    Revoked,
}

/// The state of a subscription between two messages.
struct Walk {
    follower: Follower,
    cursor: Cursor,
    /// The cursor of the last message that left.
    sent: String,
    /// Whether the end of a snapshot is still to be told.
    announce: bool,
    /// Rows that the filter left out since the last message.
    skipped: u64,
    /// Which alerts the subscriber has above his least level, as far as is known: a row below it is
    /// sent too when it takes an alert out of his sight.
    in_sight: HashMap<u64, bool>,
    /// He came back with a cursor: what he has seen before is not known.
    resumed: bool,
}

/// What a place was reached with. What he may see is a part of the question: with another reach he begins anew.
pub fn fingerprint(filter: &Filter, feed: &Feed, visit: &Visit) -> u32 {
    filter.fingerprint() ^ feed.history() ^ visit.caller.fingerprint()
}

/// Follows until the subscriber leaves or the service stops. `resume`: where he was; `None` = from the beginning.
pub async fn follow(follower: Follower, resume: Option<Cursor>) {
    let fingerprint = fingerprint(&follower.filter, &follower.feed, &follower.visit);
    let shards = usize::from(follower.feed.shards());
    let fits = |cursor: &Cursor| cursor.filter == fingerprint && cursor.places.len() == shards;
    let (cursor, reset) = match resume {
        Some(cursor) if fits(&cursor) => (Some(cursor), false),
        // The place was reached with another filter or in another log: what he holds is of no use.
        Some(_) => (None, true),
        None => (None, false),
    };
    let resumed = cursor.is_some();
    let cursor = cursor.unwrap_or_else(|| Cursor::begin(fingerprint, &follower.feed.heads()));
    let announce = !resumed || cursor.in_snapshot();
    let sent = cursor.encode(&follower.seal);
    let mut walk = Walk { follower, cursor, sent, announce, skipped: 0, in_sight: HashMap::new(), resumed };
    let visit = walk.follower.visit.clone();
    let begun = walk.cursor.clone();
    let ended = tokio::select! {
        ended = walk.run(reset) => ended,
        () = visit.over() => Err(End::Revoked),
    };
    match ended {
        Err(End::Stopping) => walk.farewell().await,
        Err(End::Revoked) => {
            let _ = tokio::time::timeout(FAREWELL, walk.follower.out.send(Err(Refusal::Revoked))).await;
        }
        Ok(()) | Err(End::Left) => {}
    }
    visit.saw(walk.cursor.passed(&begun));
    // The stream is over: there is nothing left to hold back.
    let _ = visit.record("ended").await;
}

impl Walk {
    async fn run(&mut self, reset: bool) -> Result<(), End> {
        if reset {
            self.send_event(SubscribeEvent::Reset(Reset {})).await?;
        }
        loop {
            // Marked as seen before reading: what is published meanwhile wakes again.
            self.follower.heads.borrow_and_update();
            self.catch_up().await?;
            self.follower.seat.set_lag(0);
            self.wait().await?;
        }
    }

    /// Sends all that is there, shard by shard; snapshots first.
    async fn catch_up(&mut self) -> Result<(), End> {
        let heads = self.follower.heads.borrow().clone();
        self.follower.seat.set_lag(self.cursor.behind(&heads));
        self.snapshot().await?;
        for shard in 0..self.cursor.places.len() {
            // One look at a head is cheaper than a lock for every subscriber on every shard.
            while self.cursor.places[shard].after != heads.get(shard).copied().unwrap_or(u64::MAX) {
                if !self.change_step(shard).await? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Sends what is left of what stood at the beginning, and tells the end of it.
    async fn snapshot(&mut self) -> Result<(), End> {
        for shard in 0..self.cursor.places.len() {
            while self.cursor.places[shard].snapshot_to > 0 {
                self.snapshot_step(shard).await?;
            }
        }
        if self.announce {
            // Told before any change is: the cursors of changes no longer know of a snapshot.
            self.send_event(SubscribeEvent::SnapshotComplete(SnapshotComplete {})).await?;
            self.announce = false;
        }
        Ok(())
    }

    async fn snapshot_step(&mut self, shard: usize) -> Result<(), End> {
        let Place { after, snapshot_to } = self.cursor.places[shard];
        let mut rows = self.follower.feed.standing_after(number(shard), after, ROWS_MAX);
        let read = rows.len();
        // Rows behind the snapshot's end come as changes.
        rows.retain(|row| row.seq <= snapshot_to);
        let complete = rows.len() < ROWS_MAX || rows.len() < read;
        self.send_rows(shard, rows, false).await?;
        if complete {
            self.cursor.places[shard] = Place { after: snapshot_to, snapshot_to: 0 };
        }
        Ok(())
    }

    /// Sends the next changes of a shard; false when there are none.
    async fn change_step(&mut self, shard: usize) -> Result<bool, End> {
        match self.follower.feed.read(number(shard), self.cursor.places[shard].after, ROWS_MAX) {
            Read::Rows(rows) if rows.is_empty() => Ok(false),
            Read::Rows(rows) => {
                self.send_rows(shard, rows, true).await?;
                Ok(true)
            }
            Read::Gone => {
                self.start_anew().await?;
                Ok(false)
            }
        }
    }

    /// He has fallen behind what is kept: he forgets all and gets what stands.
    async fn start_anew(&mut self) -> Result<(), End> {
        self.cursor = Cursor::begin(self.cursor.filter, &self.follower.feed.heads());
        self.in_sight.clear();
        (self.announce, self.resumed) = (true, false);
        self.send_event(SubscribeEvent::Reset(Reset {})).await?;
        self.snapshot().await
    }

    /// Sends those rows that he wants, with the cursor behind the last of them.
    /// `as_changes`: each row is news; else it is how the alert stands.
    async fn send_rows(
        &mut self,
        shard: usize,
        rows: Vec<Arc<AlertRow>>,
        as_changes: bool,
    ) -> Result<(), End> {
        let about = || rows.iter().map(|row| (row.shard, row.seq));
        let trace = self.follower.trace.as_ref().filter(|_| as_changes && !rows.is_empty());
        let _span = trace.and_then(|trace| trace.begin_about("alerts.send", about()));
        let today = (self.follower.today)();
        let sight = self.follower.visit.sight();
        let (mut encoded, mut bytes) = (Vec::new(), 0);
        for row in rows {
            let prepared = self.follower.rows.prepare(&row, today);
            if self.wants(&prepared, as_changes) {
                let event = self.follower.rows.encoded(&prepared, today, sight);
                bytes += event.len();
                encoded.push(event);
            } else {
                self.skipped += 1;
            }
            self.cursor.places[shard].after = row.seq;
            if bytes >= BYTES_MAX {
                bytes = 0;
                self.send_encoded(std::mem::take(&mut encoded)).await?;
            }
        }
        if !encoded.is_empty() {
            self.send_encoded(encoded).await?;
        }
        if self.skipped >= SKIPPED_MAX {
            self.send_event(SubscribeEvent::Heartbeat(Heartbeat {})).await?;
        }
        Ok(())
    }

    /// Whether he gets this row. He also gets the row that takes an alert out of his sight: below his least
    /// level, or into another alert.
    fn wants(&mut self, prepared: &Prepared, as_changes: bool) -> bool {
        let filter = &self.follower.filter;
        if !prepared.is_of(&self.follower.visit) {
            return false;
        }
        let leaves = as_changes && filter.leaves(prepared);
        if !leaves && !filter.subject_passes(prepared) {
            return false;
        }
        if !filter.has_level() {
            return true;
        }
        let alert = &prepared.row.alert;
        let passes = !leaves && filter.level_passes(alert.finding.level);
        let key = short(&alert.id.0);
        // Of an alert from before his return it is not known whether he has it: he is told once too often.
        let unknown = self.resumed && alert.revision > 1;
        let had = self.in_sight.get(&key).copied().unwrap_or(unknown);
        if alert.stands() {
            self.in_sight.insert(key, passes);
        } else {
            self.in_sight.remove(&key);
        }
        passes || had
    }

    async fn send_encoded(&mut self, encoded: Vec<Bytes>) -> Result<(), End> {
        self.skipped = 0;
        self.send(SubscribeResponse::rows(self.cursor.encode(&self.follower.seal), encoded)).await
    }

    async fn send_event(&mut self, event: SubscribeEvent) -> Result<(), End> {
        self.skipped = 0;
        self.send(SubscribeResponse::event(self.cursor.encode(&self.follower.seal), event)).await
    }

    /// Waits for room: the subscriber's own pace.
    async fn send(&mut self, message: SubscribeResponse) -> Result<(), End> {
        let cursor = message.cursor.clone();
        tokio::select! {
            biased;
            sent = self.follower.out.send(Ok(message)) => sent.map_err(|_| End::Left)?,
            () = self.follower.stop.cancelled() => return Err(End::Stopping),
        }
        self.sent = cursor;
        Ok(())
    }

    /// Until something was published; heartbeats meanwhile.
    async fn wait(&mut self) -> Result<(), End> {
        loop {
            let heartbeat = tokio::time::sleep(self.follower.heartbeat);
            tokio::select! {
                () = self.follower.stop.cancelled() => return Err(End::Stopping),
                () = self.follower.out.closed() => return Err(End::Left),
                changed = self.follower.heads.changed() => return changed.map_err(|_| End::Stopping),
                () = heartbeat => {}
            }
            self.send_event(SubscribeEvent::Heartbeat(Heartbeat {})).await?;
        }
    }

    /// The last message: where to go on, which is behind what was sent and not what was read for him.
    /// He who does not take it has his last cursor.
    async fn farewell(&self) {
        let message = SubscribeResponse::event(self.sent.clone(), SubscribeEvent::GoingAway(GoingAway {}));
        let _ = tokio::time::timeout(FAREWELL, self.follower.out.send(Ok(message))).await;
    }
}

/// 64 bits of an id, which is a hash already.
fn short(id: &str) -> u64 {
    let hash = blake3::hash(id.as_bytes());
    hash.as_bytes().first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes))
}

/// Shards are numbered in 16 bits.
fn number(shard: usize) -> u16 {
    u16::try_from(shard).unwrap_or(u16::MAX)
}
