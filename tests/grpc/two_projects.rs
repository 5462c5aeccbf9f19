//! An alert of a person at two projects on one day belongs to no single project: who is told, and who sees it.

use super::access::{As, members};
use super::house::{House, Plan, enrolment, project_record, work_day};
use wagewatch::access::Role;
use wagewatch::domain::Rule;
use wagewatch::guard::{Equipment, Guard};
use wagewatch::proto::v1 as pb;

#[tokio::test(flavor = "multi_thread")]
async fn the_departments_of_both_projects_are_told_and_see_it_and_no_other_does() {
    let (mut members, tokens) = members();
    let at = |role: Role| Role::ALL.iter().position(|one| *one == role).unwrap();
    members[at(Role::SitePlatform)].principal.projects = ["P1", "P2"].map(Into::into).into_iter().collect();
    let guard = Guard::of(&members, Equipment::default());
    let also = vec![Rule::AttendanceSuspicious];
    let house = House::build(Plan { guard: guard.clone(), also, ..Plan::default() }).await;
    let who = |role: Role| As::new(&house, Some(&tokens[at(role)]));
    for (project, sector, days) in [("P1", "building", 2..5), ("P2", "road", 4..6)] {
        house.place(project, sector, "150621100");
        who(Role::Coordinator).submit(vec![project_record(project, sector)]).await.unwrap();
        let mut records = vec![enrolment(project, 1)];
        records.extend(days.map(|day| work_day(project, 1, &format!("2026-03-{day:02}"))));
        who(Role::SitePlatform).submit(records).await.unwrap();
    }
    who(Role::Operator).date("2026-03-20").await.unwrap();
    let mut shown = Vec::new();
    for sector in ["building", "road", "solar"] {
        members[at(Role::Supervisor)].principal.sectors = [sector.into()].into_iter().collect();
        guard.replace(&members);
        let listed = who(Role::Supervisor).list(100, "").await.unwrap().alerts;
        let suspicious = |alert: &pb::Alert| alert.rule() == pb::Rule::AttendanceSuspicious;
        shown.push(listed.into_iter().find(suspicious));
    }
    let [building, road, solar]: [Option<pb::Alert>; 3] = shown.try_into().unwrap();
    assert_eq!(solar, None);
    assert!(building.is_some() && building == road);
    let alert = building.unwrap();
    assert_eq!(alert.project.unwrap().project_id, "");
    let audience = alert.audience.unwrap();
    assert_eq!(audience.department.unwrap().code, "housing");
    let added: Vec<String> = audience.added.into_iter().map(|office| office.code).collect();
    assert_eq!((added, audience.flags), (vec!["transport".to_owned()], Vec::new()));
    let body = alert.body.unwrap().zh;
    assert!(body.contains("P1") && body.contains("P2") && body.contains("2026-03-04"), "{body}");
    house.end().await;
}
