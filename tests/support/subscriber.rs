//! Somebody who follows all alerts from the beginning, across every cut, and notices what is amiss.

use super::process::Client;
use std::collections::BTreeMap;
use tonic::{Status, Streaming};
use wagewatch::proto::v1 as pb;
use wagewatch::proto::{SubscribeEvent, SubscribeResponse};

#[derive(Default)]
pub struct Subscriber {
    pub cursor: String,
    /// The last row of each shard.
    heads: BTreeMap<u32, u64>,
    /// What stands, as told.
    pub standing: BTreeMap<String, pb::Alert>,
    pub went_away: bool,
    pub rows: u64,
}

impl Subscriber {
    pub async fn open(&self, client: &Client) -> Result<Streaming<SubscribeResponse>, Status> {
        let filter = Some(pb::AlertFilter { include_rolled_up: true, ..pb::AlertFilter::default() });
        let request = pb::SubscribeRequest { cursor: self.cursor.clone(), filter, changes_only: false };
        Ok(client.alerts().subscribe(request).await?.into_inner())
    }

    /// Handles what comes until the stream ends.
    pub async fn follow(&mut self, mut stream: Streaming<SubscribeResponse>) {
        while let Ok(Some(message)) = stream.message().await {
            self.handle(message);
        }
    }

    pub fn handle(&mut self, message: SubscribeResponse) {
        self.went_away = false;
        match message.event.unwrap() {
            SubscribeEvent::Alerts(batch) => batch.events.into_iter().for_each(|event| self.row(event)),
            SubscribeEvent::GoingAway(_) => self.went_away = true,
            SubscribeEvent::Reset(_) => panic!("nothing was lost, and yet it begins anew"),
            SubscribeEvent::SnapshotComplete(_) | SubscribeEvent::Heartbeat(_) => {}
        }
        assert!(!message.cursor.is_empty());
        self.cursor = message.cursor;
    }

    /// It began when there was nothing, so it gets every row of every shard.
    fn row(&mut self, event: pb::AlertEvent) {
        self.rows += 1;
        let head = self.heads.entry(event.shard).or_default();
        assert_eq!(event.seq, *head + 1, "shard {}: a gap or a double", event.shard);
        *head = event.seq;
        let alert = event.alert.unwrap();
        let known = self.standing.get(&alert.id).map_or(0, |known| known.revision);
        assert!(alert.revision > known, "an alert goes back");
        if alert.status() == pb::AlertStatus::Resolved {
            assert!(self.standing.remove(&alert.id).is_some(), "resolved what did not stand");
        } else {
            self.standing.insert(alert.id.clone(), alert);
        }
    }

    /// What it knows, without what speaks of today.
    pub fn picture(&self) -> BTreeMap<String, Brief> {
        self.standing.iter().map(|(id, alert)| (id.clone(), brief(alert))).collect()
    }
}

pub type Brief = (u32, i32, i32, i64, u32, Option<pb::Evidence>);

pub fn brief(alert: &pb::Alert) -> Brief {
    let evidence = alert.evidence.clone();
    (alert.revision, alert.status, alert.level, alert.amount_fen, alert.workers, evidence)
}
