//! A flood is held: told to nobody but the coordinator, until somebody lets it go.

use crate::access::{As, members};
use crate::house::{House, Plan, project_record, work_day};
use std::time::Duration;
use tonic::Code;
use wagewatch::access::Role;
use wagewatch::domain::Rule;
use wagewatch::engine::Settings;
use wagewatch::guard::{Equipment, Guard};
use wagewatch::proto::SubscribeEvent;
use wagewatch::proto::v1::admin_service_client::AdminServiceClient;
use wagewatch::proto::v1::alert_service_client::AlertServiceClient;
use wagewatch::proto::v1::{self as pb};

/// One project whose three workers nobody has enrolled, where one alert of a rule is told on a day.
struct Flooded {
    house: House,
    callers: Vec<As>,
}

impl Flooded {
    async fn start() -> Flooded {
        let (members, tokens) = members();
        let house = House::build(Plan {
            guard: Guard::of(&members, Equipment::default()),
            settings: Settings { shards: 1, threads: 1, ..Settings::default() },
            also: vec![Rule::AlertFlood],
            flood_alerts: 1,
            ..Plan::default()
        })
        .await;
        house.place("P1", "building", "150621100");
        let callers = tokens.iter().map(|token| As::new(&house, Some(token))).collect();
        let flooded = Flooded { house, callers };
        flooded.who(Role::Operator).date("2026-04-10").await.unwrap();
        flooded.who(Role::Coordinator).submit(vec![project_record("P1", "building")]).await.unwrap();
        for worker in 1..=3 {
            let day = work_day("P1", worker, "2026-04-09");
            flooded.who(Role::SitePlatform).submit(vec![day]).await.unwrap();
        }
        flooded
    }

    fn who(&self, role: Role) -> &As {
        &self.callers[Role::ALL.iter().position(|one| *one == role).unwrap()]
    }

    async fn list(&self, role: Role, held: bool) -> Result<Vec<pb::Alert>, Code> {
        let filter = Some(pb::AlertFilter { held, ..pb::AlertFilter::default() });
        let request = pb::ListRequest { filter, ..pb::ListRequest::default() };
        let listed = AlertServiceClient::new(self.who(role).service()).list(request).await;
        listed.map(|page| page.into_inner().alerts).map_err(|status| status.code())
    }

    async fn rules(&self, role: Role, held: bool) -> Vec<pb::Rule> {
        self.list(role, held).await.unwrap().iter().map(pb::Alert::rule).collect()
    }

    async fn release(&self, role: Role) -> Result<u64, Code> {
        let request = pb::ReleaseRuleRequest {
            rule: pb::Rule::UnregisteredWorker.into(),
            actor: "王五".into(),
            act_id: "1".into(),
            text: "查实".into(),
        };
        let done = AdminServiceClient::new(self.who(role).service()).release_rule(request).await;
        done.map(|done| done.into_inner().alerts).map_err(|status| status.code())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_the_coordinators_alone_until_it_is_released() {
    use pb::Rule::{AlertFlood, UnregisteredWorker};
    let flooded = Flooded::start().await;
    let mut stream = flooded.who(Role::Supervisor).subscribe("").await.unwrap();
    assert_eq!(flooded.rules(Role::Supervisor, false).await, [UnregisteredWorker]);
    assert_eq!(flooded.rules(Role::Coordinator, false).await, [AlertFlood, UnregisteredWorker]);
    assert_eq!(flooded.list(Role::Supervisor, true).await, Err(Code::PermissionDenied));
    assert_eq!(flooded.list(Role::Platform, true).await, Err(Code::PermissionDenied));
    let held = flooded.list(Role::Coordinator, true).await.unwrap();
    assert_eq!(held.iter().map(pb::Alert::held_since).collect::<Vec<_>>(), ["2026-04-10"; 2]);
    assert_eq!(held[0].acknowledge_by, None, "nobody is asked");
    let get = |role, id: &str| {
        let mut alerts = AlertServiceClient::new(flooded.who(role).service());
        let request = pb::GetRequest { id: id.into() };
        async move { alerts.get(request).await.map(|_| ()).map_err(|status| status.code()) }
    };
    assert_eq!(get(Role::Supervisor, &held[0].id).await, Err(Code::NotFound));
    assert_eq!(get(Role::Coordinator, &held[0].id).await, Ok(()));
    let mut admin = AdminServiceClient::new(flooded.who(Role::Operator).service());
    let told = admin.list_quarantine(pb::ListQuarantineRequest {}).await.unwrap().into_inner().rules;
    assert_eq!((told.len(), told[0].rule(), told[0].alerts), (1, UnregisteredWorker, 2));
    assert_eq!((told[0].since.as_str(), told[0].examples.len()), ("2026-04-10", 2));

    assert_eq!(flooded.release(Role::Supervisor).await, Err(Code::PermissionDenied));
    assert_eq!(flooded.release(Role::Operator).await, Ok(2));
    assert_eq!(flooded.release(Role::Operator).await, Ok(0), "nothing is left");
    assert_eq!(flooded.rules(Role::Coordinator, true).await, []);
    assert_eq!(flooded.rules(Role::Supervisor, false).await, [UnregisteredWorker; 3]);
    assert_eq!(flooded.rules(Role::Coordinator, false).await, [UnregisteredWorker; 3], "the report is gone");
    let mut changes = Vec::new();
    while changes.len() < 3 {
        let message = tokio::time::timeout(Duration::from_secs(30), stream.message()).await;
        if let Some(SubscribeEvent::Alerts(batch)) = message.unwrap().unwrap().unwrap().event {
            changes.extend(batch.events.into_iter().map(|event| (event.change(), event.alert.unwrap())));
        }
    }
    let words: Vec<pb::Change> = changes.iter().map(|(change, _)| *change).collect();
    assert_eq!(words, [pb::Change::Raised, pb::Change::Released, pb::Change::Released]);
    assert_eq!(changes[2].1.actor.as_deref(), Some("operator/王五"), "who let it go stands there");
    drop(stream);
    flooded.house.end().await;
}
