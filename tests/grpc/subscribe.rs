//! A subscriber who is cut again and again misses nothing and gets nothing twice.

use crate::house::{House, Plan, payment, work_day};
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tonic::{Code, Streaming};
use wagewatch::engine::Settings;
use wagewatch::log::MemoryLog;
use wagewatch::proto::v1 as pb;
use wagewatch::proto::{SubscribeEvent, SubscribeResponse};
use wagewatch::serve::alerts::AlertLimits;
use wagewatch::store::MemoryStore;

const PATIENCE: Duration = Duration::from_secs(30);

fn request(cursor: &str, filter: pb::AlertFilter) -> pb::SubscribeRequest {
    pb::SubscribeRequest { cursor: cursor.into(), filter: Some(filter), changes_only: false }
}

fn all() -> pb::AlertFilter {
    pb::AlertFilter { include_rolled_up: true, ..pb::AlertFilter::default() }
}

async fn open(house: &House, cursor: &str, filter: pb::AlertFilter) -> Streaming<SubscribeResponse> {
    house.alerts().subscribe(request(cursor, filter)).await.unwrap().into_inner()
}

async fn next(stream: &mut Streaming<SubscribeResponse>) -> SubscribeResponse {
    tokio::time::timeout(PATIENCE, stream.message()).await.unwrap().unwrap().unwrap()
}

/// What a subscriber knows.
#[derive(Default)]
struct Screen {
    cursor: String,
    seen: BTreeSet<(u32, u64)>,
    alerts: BTreeMap<String, (u64, pb::AlertStatus)>,
    complete: bool,
    resets: u32,
    left: bool,
}

impl Screen {
    fn handle(&mut self, message: SubscribeResponse) {
        match message.event.unwrap() {
            SubscribeEvent::Alerts(batch) => batch.events.into_iter().for_each(|event| self.row(event)),
            SubscribeEvent::SnapshotComplete(_) => self.complete = true,
            SubscribeEvent::Reset(_) => {
                (self.alerts, self.complete) = (BTreeMap::new(), false);
                self.seen.clear();
                self.resets += 1;
            }
            SubscribeEvent::Heartbeat(_) => {}
            SubscribeEvent::GoingAway(_) => self.left = true,
        }
        self.cursor = message.cursor;
    }

    fn row(&mut self, event: pb::AlertEvent) {
        assert!(self.seen.insert((event.shard, event.seq)), "row {} {} twice", event.shard, event.seq);
        let alert = event.alert.unwrap();
        let before = self.alerts.insert(alert.id.clone(), (event.seq, alert.status()));
        assert!(before.is_none_or(|(seq, _)| seq < event.seq), "{} went back", alert.id);
        if alert.status() == pb::AlertStatus::Resolved {
            self.alerts.remove(&alert.id);
        }
    }

    fn standing(&self) -> BTreeMap<String, u64> {
        self.alerts.iter().map(|(id, (seq, _))| (id.clone(), *seq)).collect()
    }
}

fn truth(house: &House) -> BTreeMap<String, u64> {
    let feed = house.engine.feed();
    let rows = (0..feed.shards()).flat_map(|shard| feed.standing(shard).1);
    rows.map(|row| (row.alert.id.0.to_string(), row.seq)).collect()
}

async fn follow_until_level(house: &House, screen: &mut Screen, filter: pb::AlertFilter) {
    let mut stream = open(house, &screen.cursor, filter).await;
    while screen.standing() != truth(house) {
        screen.handle(next(&mut stream).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cut_after_every_message_nothing_is_lost_or_doubled() {
    let house = House::start().await;
    for project in 0..4 {
        house.unpaid_project(&format!("P{project}"), "building", 250).await;
    }
    house.set_date("2026-04-20").await;
    assert!(truth(&house).len() > 1000);
    let mut screen = Screen::default();
    let mut messages = 0;
    for round in 0..60u32 {
        // Changes before, between and behind what the snapshot has reached.
        let worker = round * 4 % 250;
        let amount = if round % 3 == 0 { 300_000 } else { 1000 };
        house.submit(vec![payment(&format!("P{}", round % 4), worker, &format!("t{round}"), amount)]).await;
        let mut stream = open(&house, &screen.cursor, all()).await;
        for _ in 0..=(round % 2) {
            screen.handle(next(&mut stream).await);
            messages += 1;
            if screen.standing() == truth(&house) {
                break;
            }
        }
    }
    follow_until_level(&house, &mut screen, all()).await;
    assert_eq!(screen.resets, 0);
    assert!(messages > 20 && screen.complete);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_away_too_long_begins_anew() {
    // The least that a shard keeps.
    let settings = Settings { shards: 1, threads: 1, history_rows: 16, ..Settings::default() };
    let house = House::build(Plan { settings, ..Plan::default() }).await;
    house.unpaid_project("P1", "building", 40).await;
    house.set_date("2026-04-20").await;
    let mut screen = Screen::default();
    follow_until_level(&house, &mut screen, all()).await;
    for worker in 0..40 {
        house.submit(vec![payment("P1", worker, &format!("t{worker}"), 1000 + i64::from(worker))]).await;
    }
    follow_until_level(&house, &mut screen, all()).await;
    assert_eq!(screen.resets, 1);
    // Another filter means another stream.
    let mut stream = open(&house, &screen.cursor, pb::AlertFilter::default()).await;
    screen.handle(next(&mut stream).await);
    assert_eq!(screen.resets, 2);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_filter_leaves_out_is_passed_over() {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 3).await;
    house.unpaid_project("P2", "road", 3).await;
    house.set_date("2026-04-20").await;
    let arrears = |filter: pb::AlertFilter| {
        let house = &house;
        async move {
            let mut stream = open(house, "", filter).await;
            let mut found = Vec::new();
            loop {
                match next(&mut stream).await.event.unwrap() {
                    SubscribeEvent::Alerts(batch) => found.extend(batch.events),
                    SubscribeEvent::SnapshotComplete(_) => break,
                    other => panic!("{other:?}"),
                }
            }
            found
                .into_iter()
                .map(|event| event.alert.unwrap().project.unwrap().project_id)
                .collect::<Vec<_>>()
        }
    };
    let none = pb::AlertFilter::default();
    let mut both = arrears(none.clone()).await;
    both.sort();
    assert_eq!(both, ["P1", "P2"]);
    assert_eq!(arrears(pb::AlertFilter { sectors: vec!["road".into()], ..none.clone() }).await, ["P2"]);
    assert_eq!(
        arrears(pb::AlertFilter { departments: vec!["housing".into()], ..none.clone() }).await,
        ["P1"]
    );
    let one = pb::AlertFilter { project_ids: vec!["P1".into()], ..none.clone() };
    assert_eq!(arrears(pb::AlertFilter { include_rolled_up: true, ..one }).await.len(), 4);
    let nowhere = pb::AlertFilter { territories: vec!["150622".into()], ..none.clone() };
    assert!(arrears(nowhere).await.is_empty());
    assert_eq!(
        arrears(pb::AlertFilter { territories: vec!["150621".into()], ..none.clone() }).await.len(),
        2
    );
    assert!(arrears(pb::AlertFilter { min_level: pb::Level::Red.into(), ..none }).await.is_empty());
    house.end().await;
}

/// With a least level, an alert that sinks below it is told of once more, and then no longer.
#[tokio::test(flavor = "multi_thread")]
async fn an_alert_that_sinks_leaves_the_screen() {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 12).await;
    house.set_date("2026-04-20").await;
    let red = pb::AlertFilter { min_level: pb::Level::Red.into(), ..pb::AlertFilter::default() };
    let mut stream = open(&house, "", red).await;
    let SubscribeEvent::Alerts(batch) = next(&mut stream).await.event.unwrap() else { panic!() };
    let alert = batch.events[0].alert.as_ref().unwrap();
    assert_eq!((alert.level(), alert.workers, alert.amount_fen), (pb::Level::Red, 12, 3_600_000));
    next(&mut stream).await;
    // Below three million fen and ten workers.
    for worker in 0..5 {
        house.submit(vec![payment("P1", worker, &format!("t{worker}"), 300_000)]).await;
    }
    let mut levels = Vec::new();
    while levels.last().is_none_or(|level| *level == pb::Level::Red) {
        let SubscribeEvent::Alerts(batch) = next(&mut stream).await.event.unwrap() else { panic!() };
        levels.extend(batch.events.iter().map(|event| event.alert.as_ref().unwrap().level()));
    }
    assert!(levels.len() >= 2 && levels.last() == Some(&pb::Level::Yellow), "{levels:?}");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_cursor_and_a_senseless_filter_are_refused() {
    let house = House::start().await;
    let check = |cursor: &'static str, filter: pb::AlertFilter, field: &'static str| {
        let mut alerts = house.alerts();
        async move {
            let status = alerts.subscribe(request(cursor, filter)).await.unwrap_err();
            assert_eq!(status.code(), Code::InvalidArgument);
            let details = tonic_types::StatusExt::get_details_bad_request(&status).unwrap();
            assert_eq!(details.field_violations[0].field, field);
        }
    };
    check("AQAAAAA", all(), "cursor").await;
    check("not a cursor", all(), "cursor").await;
    check("", pb::AlertFilter { rules: vec![77], ..all() }, "filter.rules").await;
    check("", pb::AlertFilter { min_level: -1, ..all() }, "filter.min_level").await;
    check("", pb::AlertFilter { project_ids: vec!["no id".into()], ..all() }, "filter.project_ids[0]").await;
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_says_where_to_go_on() {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 3).await;
    house.set_date("2026-04-20").await;
    let mut screen = Screen::default();
    let mut stream = open(&house, "", all()).await;
    while !screen.complete {
        screen.handle(next(&mut stream).await);
    }
    let cursor = screen.cursor.clone();
    house.stop.cancel();
    screen.handle(next(&mut stream).await);
    assert!(screen.left);
    assert_eq!(screen.cursor, cursor);
    assert!(stream.message().await.unwrap().is_none());
    house.end().await;
}

/// A stop, a start on the same log and store, and the subscriber goes on where he was.
#[tokio::test(flavor = "multi_thread")]
async fn a_restart_is_a_cut_like_any_other() {
    let (log, store) = (MemoryLog::new(), MemoryStore::new());
    let plan = || Plan { log: Box::new(log.clone()), store: store.clone(), ..Plan::default() };
    let house = House::build(plan()).await;
    house.unpaid_project("P1", "building", 30).await;
    house.set_date("2026-04-20").await;
    let mut screen = Screen::default();
    follow_until_level(&house, &mut screen, all()).await;
    house.submit(vec![payment("P1", 1, "t1", 1000)]).await;
    house.end().await;
    let house = House::build(plan()).await;
    house.submit(vec![payment("P1", 2, "t2", 300_000)]).await;
    follow_until_level(&house, &mut screen, all()).await;
    assert_eq!((screen.resets, screen.standing().len()), (0, 30));
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_a_most_of_subscribers_and_a_heartbeat() {
    let alerts =
        AlertLimits { subscribers: 1, heartbeat: Duration::from_millis(20), ..AlertLimits::default() };
    let house = House::build(Plan { alerts, ..Plan::default() }).await;
    let mut first = open(&house, "", all()).await;
    assert_eq!(
        next(&mut first).await.event.unwrap(),
        SubscribeEvent::SnapshotComplete(pb::SnapshotComplete {})
    );
    assert_eq!(next(&mut first).await.event.unwrap(), SubscribeEvent::Heartbeat(pb::Heartbeat {}));
    let status = house.alerts().subscribe(request("", all())).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted);
    drop(first);
    while house.hub.subscribers() > 0 {
        tokio::task::yield_now().await;
    }
    open(&house, "", all()).await;
    house.end().await;
}

/// Another data folder has the same rows under the same numbers: a cursor of the one means nothing there.
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_of_another_log_begins_anew() {
    let mut screen = Screen::default();
    for salt in [1, 2] {
        let house = House::build(Plan { log: Box::new(MemoryLog::with_salt(salt)), ..Plan::default() }).await;
        house.unpaid_project("P1", "building", 3).await;
        house.set_date("2026-04-20").await;
        if salt == 1 {
            follow_until_level(&house, &mut screen, all()).await;
        } else {
            assert_eq!(screen.standing(), truth(&house), "the numbers are the same");
            let first = next(&mut open(&house, &screen.cursor, all()).await).await;
            assert!(matches!(first.event, Some(SubscribeEvent::Reset(_))), "{first:?}");
        }
        house.end().await;
    }
}

/// Thousands are told in turns, so that waking them leaves time for other work; and all of everything.
#[tokio::test(flavor = "multi_thread")]
async fn many_subscribers_are_told_in_turns() {
    const ROUND: Duration = Duration::from_millis(100);
    let house = House::start().await;
    house.set_date("2026-04-20").await;
    let seats: Vec<_> = (0..2000).map(|_| house.hub.enter(2000).unwrap()).collect();
    assert!(house.hub.enter(2000).is_none());
    let begun = Instant::now();
    let mut told = tokio::task::JoinSet::new();
    for seat in seats.iter().step_by(97) {
        let (mut heads, feed) = (seat.watch(), house.engine.feed().clone());
        told.spawn(async move {
            let mut times = 0;
            while feed.heads().iter().sum::<u64>() < 300 || **heads.borrow_and_update() != feed.heads() {
                heads.changed().await.unwrap();
                times += 1;
            }
            times
        });
    }
    for project in 0..300 {
        // A project that nobody knows raises one alert.
        house.submit(vec![work_day(&format!("P{project}"), 1, "2026-03-02")]).await;
    }
    let times = tokio::time::timeout(PATIENCE, told.join_all()).await.unwrap();
    let rounds = begun.elapsed().as_millis() / ROUND.as_millis() + 3;
    assert!(times.iter().all(|times| *times <= rounds), "{times:?} in {rounds} rounds");
    drop(seats);
    assert_eq!(house.hub.subscribers(), 0);
    house.end().await;
}
