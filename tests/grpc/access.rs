//! Who may do what, over gRPC: every role, every call, a row of his own and one of another's. What the table of
//! `access` says is what the doors do.

use crate::house::{House, Plan, enrolment, passport, payment, project_record, work_day};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;
use wagewatch::access::{Call, Principal, Role, may_call};
use wagewatch::audit::{Settings, Trail, entries, verify};
use wagewatch::guard::{Equipment, Guard, Limits, Member, Rate, StoredToken, Token};
use wagewatch::proto::v1::admin_service_client::AdminServiceClient;
use wagewatch::proto::v1::alert_service_client::AlertServiceClient;
use wagewatch::proto::v1::audit_service_client::AuditServiceClient;
use wagewatch::proto::v1::intake_service_client::IntakeServiceClient;
use wagewatch::proto::v1::ledger_service_client::LedgerServiceClient;
use wagewatch::proto::v1::peer_service_client::PeerServiceClient;
use wagewatch::proto::v1::{self as pb, record::Body};
use wagewatch::proto::{SubscribeEvent, SubscribeResponse};

const OWN: &str = "P1";
const FOREIGN: &str = "P2";

/// A member of each role, with his token: of building, of the town 150621100, of the bank ABC, of project P1.
pub fn members() -> (Vec<Member>, Vec<Token>) {
    let mut members = Vec::new();
    let mut tokens = Vec::new();
    for role in Role::ALL {
        let one = |code: &str| [code.into()].into_iter().collect();
        let mut principal =
            Principal { name: role.as_str().into(), role: Some(*role), ..Principal::default() };
        match role {
            Role::Bank => principal.banks = one("ABC"),
            Role::SitePlatform => principal.projects = one("P1"),
            Role::Supervisor => principal.sectors = one("building"),
            Role::Territory => principal.territories = one("1506211"),
            Role::Inspector => principal.departments = one("housing"),
            _ => {}
        }
        principal.reveal = true;
        let token = Token::new().unwrap();
        let stored = StoredToken::parse(&token.hash_line(), i64::MAX).unwrap();
        members.push(Member { principal, certificates: Vec::new(), tokens: vec![stored] });
        tokens.push(token);
    }
    (members, tokens)
}

/// A caller with a token, or without.
#[derive(Clone)]
pub struct As {
    channel: Channel,
    token: Option<String>,
}

type Told<T> = Result<T, Status>;

impl As {
    pub fn new(house: &House, token: Option<&Token>) -> As {
        As { channel: house.channel.clone(), token: token.map(Token::reveal) }
    }

    /// The same on a connection of its own.
    pub fn apart(house: &House, token: Option<&Token>) -> As {
        let addr = format!("http://{}", house.grpc);
        let channel = Channel::from_shared(addr).unwrap().connect_lazy();
        As { channel, ..As::new(house, token) }
    }

    pub fn service(
        &self,
    ) -> InterceptedService<Channel, impl FnMut(Request<()>) -> Told<Request<()>> + Clone + use<>> {
        let token = self.token.clone();
        InterceptedService::new(self.channel.clone(), move |mut request: Request<()>| {
            if let Some(token) = &token {
                let value = format!("Bearer {token}").parse().unwrap();
                request.metadata_mut().insert("authorization", value);
            }
            Ok(request)
        })
    }

    pub async fn submit(&self, records: Vec<pb::Record>) -> Told<Vec<pb::Verdict>> {
        let request = pb::SubmitRequest { records, ..pb::SubmitRequest::default() };
        let answer = IntakeServiceClient::new(self.service()).submit(request).await?;
        Ok(answer.into_inner().verdicts)
    }

    pub async fn submit_stream(&self, records: Vec<pb::Record>) -> Told<()> {
        let request = pb::SubmitStreamRequest { sequence: 1, records, ..Default::default() };
        let mut intake = IntakeServiceClient::new(self.service());
        let mut answers = intake.submit_stream(tokio_stream::once(request)).await?.into_inner();
        answers.message().await.map(|_| ())
    }

    pub async fn subscribe(&self, cursor: &str) -> Told<tonic::Streaming<SubscribeResponse>> {
        let request = pb::SubscribeRequest { cursor: cursor.into(), ..Default::default() };
        Ok(AlertServiceClient::new(self.service()).subscribe(request).await?.into_inner())
    }

    /// What stands, and the cursor behind it.
    pub async fn snapshot(&self) -> Told<(Vec<pb::Alert>, String)> {
        let mut stream = self.subscribe("").await?;
        let mut all = Vec::new();
        loop {
            let message = stream.message().await?.expect("the stream goes on");
            match message.event {
                Some(SubscribeEvent::Alerts(batch)) => {
                    all.extend(batch.events.into_iter().filter_map(|event| event.alert));
                }
                Some(SubscribeEvent::SnapshotComplete(_)) => return Ok((all, message.cursor)),
                _ => {}
            }
        }
    }

    pub async fn list(&self, page_size: u32, page_token: &str) -> Told<pb::ListResponse> {
        let request =
            pb::ListRequest { page_size, page_token: page_token.into(), ..pb::ListRequest::default() };
        Ok(AlertServiceClient::new(self.service()).list(request).await?.into_inner())
    }

    /// A dead letter of the role, his own or another's, and then the same mended: what stood masked stays so.
    async fn resubmit(&self, coordinator: &As, role: Role, own: bool) -> Told<()> {
        let id = format!("dead-{role}-{own}");
        let Ok(known) = self.break_one(&id, role, own).await else {
            // His role hands in nothing, and mends nothing either.
            return self.mend("1.0", &dead(&id, role, own)).await;
        };
        let letters = coordinator.letters().await?;
        let letter = letters.iter().find(|letter| letter.record_id.as_deref() == Some(&id)).unwrap();
        assert_eq!(letter.id, known, "the verdict says by which id it is kept");
        let sees = self.letters().await?.iter().any(|letter| letter.id == known);
        assert_eq!(sees, own || role == Role::Coordinator, "{role} own: {own}");
        assert!(!letter.raw.contains(&passport(1)) && !letter.raw.contains("张三"), "{}", letter.raw);
        let mended = if role == Role::Inspector { "\"2026-03-20\"" } else { "1" };
        self.mend(&letter.id, &letter.raw.replace("\"x\"", mended)).await
    }

    /// Hands in a line that cannot be taken: by which id it is kept.
    async fn break_one(&self, id: &str, role: Role, own: bool) -> Told<String> {
        let broken = pb::SubmitRequest { ndjson: dead(id, role, own).into(), ..Default::default() };
        let verdicts = IntakeServiceClient::new(self.service()).submit(broken).await?.into_inner().verdicts;
        assert_eq!(verdicts[0].code(), pb::verdict::Code::Rejected);
        Ok(verdicts[0].dead_letter_id.clone().expect("the id of what is kept"))
    }

    /// All dead letters that he sees, three a page.
    async fn letters(&self) -> Told<Vec<pb::DeadLetter>> {
        let (mut all, mut page_token) = (Vec::new(), String::new());
        loop {
            let request = pb::ListDeadLettersRequest { page_size: 3, page_token };
            let page = LedgerServiceClient::new(self.service()).list_dead_letters(request).await?;
            let page = page.into_inner();
            all.extend(page.dead_letters);
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return Ok(all);
            }
        }
    }

    async fn mend(&self, id: &str, record: &str) -> Told<()> {
        let request =
            pb::ResubmitRequest { dead_letter_id: id.into(), record: record.to_owned().into_bytes().into() };
        let verdict = IntakeServiceClient::new(self.service()).resubmit(request).await?.into_inner().verdict;
        assert_eq!(verdict.as_ref().unwrap().code(), pb::verdict::Code::Accepted, "{verdict:?}");
        Ok(())
    }

    pub async fn get(&self, id: &str) -> Told<pb::GetResponse> {
        let request = pb::GetRequest { id: id.into() };
        Ok(AlertServiceClient::new(self.service()).get(request).await?.into_inner())
    }

    async fn reveal(&self, alert_id: &str, text: &str) -> Told<pb::RevealResponse> {
        let request = pb::RevealRequest {
            alert_id: alert_id.into(),
            reason: pb::RevealReason::Payment.into(),
            text: text.into(),
        };
        Ok(LedgerServiceClient::new(self.service()).reveal(request).await?.into_inner())
    }

    /// What he is told by each call that names an alert.
    pub async fn about(&self, alert_id: &str) -> Vec<(Code, String)> {
        let told = |answer: Told<()>| {
            answer.map_or_else(|s| (s.code(), s.message().to_owned()), |()| (Code::Ok, String::new()))
        };
        let mut alerts = AlertServiceClient::new(self.service());
        let note = pb::act_request::Action::Note(pb::Note { text: "记".into() });
        let act = pb::ActRequest {
            alert_id: alert_id.into(),
            act_id: "a1".into(),
            actor: "李四".into(),
            action: Some(note),
        };
        let payment = pb::HypotheticalPayment {
            amount_fen: 100,
            id_number: Some(passport(1)),
            id_type: Some("08".into()),
            ..Default::default()
        };
        let what_if = pb::WhatIfRequest { alert_id: alert_id.into(), payment: Some(payment) };
        vec![
            told(self.get(alert_id).await.map(drop)),
            told(alerts.act(act).await.map(drop)),
            told(alerts.what_if(what_if).await.map(drop)),
            told(self.reveal(alert_id, "case 1").await.map(drop)),
        ]
    }

    async fn entries(&self, after_seq: u64) -> Told<pb::ListEntriesResponse> {
        let request = pb::ListEntriesRequest { after_seq, page_size: 3, who: None };
        Ok(AuditServiceClient::new(self.service()).list_entries(request).await?.into_inner())
    }

    pub async fn date(&self, date: &str) -> Told<()> {
        let request = pb::SetBusinessDateRequest { business_date: date.into() };
        AdminServiceClient::new(self.service()).set_business_date(request).await.map(|_| ())
    }
}

/// A record that the role may hand in, of its own or of another's; for other roles a payment.
fn handed_in(role: Role, own: bool) -> pb::Record {
    let project = if own { OWN } else { FOREIGN };
    match role {
        Role::SitePlatform => work_day(project, 1, "2026-03-20"),
        Role::Coordinator => {
            let mut record = project_record(project, if own { "building" } else { "road" });
            if let Some(Body::Project(body)) = &mut record.body {
                body.territory = if own { "150621100" } else { "150621200" }.into();
            }
            record
        }
        Role::Inspector => {
            let body = pb::Inspection {
                project_id: project.into(),
                inspection_id: "I1".into(),
                department: "housing".into(),
                inspector: "李四".into(),
                inspected_on: "2026-03-20".into(),
                outcome: pb::InspectionOutcome::Clear.into(),
                note: None,
            };
            pb::Record {
                id: "i1".into(),
                source: "test".into(),
                at: "2026-03-31T08:00:00+08:00".into(),
                body: Some(Body::Inspection(Box::new(body))),
            }
        }
        _ => {
            let mut record = payment(project, 1, "t1", 100);
            if let Some(Body::Payment(body)) = &mut record.body {
                body.bank = if own { "ABC".into() } else { "ICBC".into() };
            }
            record
        }
    }
}

/// A line of the role's, of his own or of another's, that cannot be taken: there is an "x" in it.
fn dead(id: &str, role: Role, own: bool) -> String {
    let project = if own { OWN } else { FOREIGN };
    let bank = if own { "ABC" } else { "ICBC" };
    let head =
        format!(r#""id":"{id}","source":"test","at":"2026-03-31T08:00:00+08:00","project_id":"{project}""#);
    let person = format!(r#""id_number":"{}","id_type":"08""#, passport(1));
    match role {
        Role::SitePlatform => {
            format!(r#"{{"type":"attendance",{head},{person},"work_date":"2026-03-21","days":"x"}}"#)
        }
        Role::Coordinator => format!(
            r#"{{"type":"complaint",{head},"complaint_id":"{id}","channel":"petition","filed_on":"2026-05-01","workers":"x"}}"#
        ),
        Role::Inspector => format!(
            r#"{{"type":"inspection",{head},"inspection_id":"{id}","department":"housing","inspector":"张三","inspected_on":"x","outcome":"clear"}}"#
        ),
        _ => format!(
            r#"{{"type":"payment",{head},"bank":"{bank}","txn_id":"{id}","account":"05370101040012345","payee_account":"6228480000000000001",{person},"payee_name":"张三","amount_fen":"x","settled_at":"2026-04-18T10:00:00+08:00","status":"settled"}}"#
        ),
    }
}

/// Two projects, each with a worker who is owed, a payment in suspense each, and a closed guard.
pub struct County {
    pub house: House,
    pub guard: Arc<Guard>,
    pub members: Vec<Member>,
    tokens: Vec<Token>,
    /// The project's alert of each.
    alerts: [String; 2],
}

impl County {
    pub async fn start() -> County {
        County::with(Equipment::default()).await
    }

    pub async fn with(equipment: Equipment) -> County {
        County::with_trail(equipment, None).await
    }

    /// `trail`: the folder of the equipment's trail.
    pub async fn with_trail(equipment: Equipment, trail: Option<PathBuf>) -> County {
        let (members, tokens) = members();
        let guard = Guard::of(&members, equipment);
        let house = House::build(Plan { guard: guard.clone(), trail, ..Plan::default() }).await;
        let mut county = County { house, guard, members, tokens, alerts: Default::default() };
        county.house.place(OWN, "building", "150621100");
        county.house.place(FOREIGN, "road", "150621200");
        for own in [true, false] {
            county.taken(Role::Coordinator, vec![handed_in(Role::Coordinator, own)]).await;
        }
        // The platform of the first project hands in what is its own; the second's is another's.
        let mut wide = county.members.clone();
        wide[1].principal.projects = [OWN.into(), FOREIGN.into()].into_iter().collect();
        county.guard.replace(&wide);
        for project in [OWN, FOREIGN] {
            let mut records = vec![enrolment(project, 1)];
            records.extend((2..12).map(|day| work_day(project, 1, &format!("2026-03-{day:02}"))));
            // A month that is not due yet.
            records.push(work_day(project, 1, "2026-05-10"));
            county.taken(Role::SitePlatform, records).await;
            let mut stray = payment(project, 1, &format!("stray-{project}"), 100);
            if let Some(Body::Payment(body)) = &mut stray.body {
                (body.id_number, body.id_type) = (None, None);
            }
            county.taken(Role::Bank, vec![stray]).await;
        }
        // What cannot be taken is nobody's offence: it is kept, whoever it says that it is of.
        for role in [Role::Bank, Role::SitePlatform, Role::Inspector, Role::Coordinator] {
            for own in [true, false] {
                county.who(role).break_one(&format!("kept-{role}-{own}"), role, own).await.unwrap();
            }
        }
        county.guard.replace(&county.members);
        county.who(Role::Operator).date("2026-05-20").await.unwrap();
        let listed = county.who(Role::Coordinator).list(100, "").await.unwrap().alerts;
        county.alerts = [OWN, FOREIGN].map(|project| {
            let found = listed.iter().find(|a| {
                a.rule() == pb::Rule::ProjectArrears && a.project.as_ref().unwrap().project_id == project
            });
            found.unwrap_or_else(|| panic!("{project} has no arrears: {listed:?}")).id.clone()
        });
        county
    }

    pub fn who(&self, role: Role) -> As {
        As::new(&self.house, Some(self.token(role)))
    }

    pub fn token(&self, role: Role) -> &Token {
        &self.tokens[Role::ALL.iter().position(|one| *one == role).unwrap()]
    }

    /// The project's alert of his own or of the other's.
    pub fn alert(&self, own: bool) -> &str {
        &self.alerts[usize::from(!own)]
    }

    async fn taken(&self, role: Role, records: Vec<pb::Record>) {
        let verdicts = self.who(role).submit(records).await.unwrap();
        assert!(verdicts.iter().all(|v| v.code() == pb::verdict::Code::Accepted), "{verdicts:?}");
    }

    /// The call, about a row of his own or of another's: the projects that he is shown, or what he is told.
    async fn call(&self, role: Role, call: Call, own: bool) -> Result<Vec<String>, Code> {
        let who = self.who(role);
        let project_id = if own { OWN } else { FOREIGN }.to_owned();
        let alert_id = self.alerts[usize::from(!own)].clone();
        let projects = |alerts: Vec<pb::Alert>| {
            alerts.into_iter().map(|alert| alert.project.unwrap().project_id).collect::<Vec<_>>()
        };
        let mut alerts = AlertServiceClient::new(who.service());
        let mut ledgers = LedgerServiceClient::new(who.service());
        let mut admin = AdminServiceClient::new(who.service());
        let one = |_| vec![project_id.clone()];
        let shown: Told<Vec<String>> = match call {
            Call::Submit => who.submit(vec![handed_in(role, own)]).await.map(one_of(&project_id)),
            Call::SubmitStream => {
                who.submit_stream(vec![handed_in(role, own)]).await.map(|()| vec![project_id.clone()])
            }
            Call::Subscribe => who.snapshot().await.map(|(all, _)| projects(all)),
            Call::List => who.list(1000, "").await.map(|page| projects(page.alerts)),
            Call::Get => who.get(&alert_id).await.map(|found| projects(vec![found.alert.unwrap()])),
            Call::Act => {
                let note = pb::act_request::Action::Note(pb::Note { text: "记".into() });
                let request = pb::ActRequest {
                    alert_id,
                    act_id: format!("{role}-{own}"),
                    actor: "李四".into(),
                    action: Some(note),
                };
                alerts.act(request).await.map(|done| {
                    let alert = done.into_inner().alert.unwrap();
                    assert_eq!(alert.actor, Some(format!("{role}/李四")), "nobody acts in another's name");
                    projects(vec![alert])
                })
            }
            Call::WhatIf => {
                let payment = Some(pb::HypotheticalPayment {
                    amount_fen: 100,
                    id_number: Some(passport(1)),
                    id_type: Some("08".into()),
                    ..Default::default()
                });
                alerts.what_if(pb::WhatIfRequest { alert_id, payment }).await.map(|_| one(()))
            }
            Call::Stats => {
                let request =
                    pb::StatsRequest { publication_quarter: Some("2026Q2".into()), ..Default::default() };
                alerts.stats(request).await.map(|told| {
                    let told = told.into_inner();
                    let keys =
                        |counts: &[pb::Figures]| counts.iter().map(|c| c.key.clone()).collect::<Vec<_>>();
                    let known = |territory: &String| match territory.as_str() {
                        "150621100" => OWN.to_owned(),
                        _ => FOREIGN.to_owned(),
                    };
                    let by_territory: Vec<_> = told.by_territory.iter().map(|c| known(&c.key)).collect();
                    assert!(
                        keys(&told.figures_by_territory).iter().all(|t| by_territory.contains(&known(t)))
                    );
                    assert!(told.publication.iter().all(|entry| by_territory.contains(&entry.project_id)));
                    by_territory
                })
            }
            Call::GetWorkerLedger => {
                let (id_number, id_type) = (passport(1), Some("08".into()));
                let project_id = project_id.clone();
                let request =
                    pb::GetWorkerLedgerRequest { project_id, id_number, id_type, ..Default::default() };
                ledgers.get_worker_ledger(request).await.map(|_| one(()))
            }
            Call::GetProject => {
                let request = pb::GetProjectRequest { project_id: project_id.clone() };
                ledgers.get_project(request).await.map(|_| one(()))
            }
            Call::GetProjectFunds => {
                let request = pb::GetProjectFundsRequest { project_id: project_id.clone() };
                ledgers.get_project_funds(request).await.map(|_| one(()))
            }
            Call::ListWorkers => {
                let request = pb::ListWorkersRequest { project_id: project_id.clone(), ..Default::default() };
                ledgers.list_workers(request).await.map(|_| one(()))
            }
            Call::ListDue => {
                let request = pb::ListDueRequest { within_days: 31, ..Default::default() };
                ledgers
                    .list_due(request)
                    .await
                    .map(|told| told.into_inner().months.into_iter().map(|m| m.project_id).collect())
            }
            Call::Ask => {
                let mut peers = PeerServiceClient::new(who.service());
                let told = peers.ask(pb::AskRequest::default()).await.map(|_| ());
                // It is let in, and there is no cluster.
                match told {
                    Err(status) if status.code() == Code::FailedPrecondition => Ok(one(())),
                    other => other.map(one),
                }
            }
            Call::ListSources => admin.list_sources(pb::ListSourcesRequest {}).await.map(|_| one(())),
            Call::ListQuarantine => {
                admin.list_quarantine(pb::ListQuarantineRequest {}).await.map(|_| one(()))
            }
            Call::ReleaseRule => {
                let request = pb::ReleaseRuleRequest {
                    rule: pb::Rule::NoContract.into(),
                    actor: "王五".into(),
                    act_id: format!("{role}-{own}"),
                    text: String::new(),
                };
                admin.release_rule(request).await.map(|_| one(()))
            }
            Call::Resubmit => who.resubmit(&self.who(Role::Coordinator), role, own).await.map(|()| one(())),
            Call::ListProjects => ledgers
                .list_projects(pb::ListProjectsRequest::default())
                .await
                .map(|page| page.into_inner().projects.into_iter().map(|p| p.project_id).collect()),
            Call::ListSuspense => ledgers
                .list_suspense(pb::ListSuspenseRequest::default())
                .await
                .map(|page| page.into_inner().payments.into_iter().filter_map(|p| p.project_id).collect()),
            Call::ListDeadLetters => who.letters().await.map(|letters| {
                let of = |letter: pb::DeadLetter| match letter.raw.contains("\"project_id\":\"P1\"") {
                    true => OWN.to_owned(),
                    false => FOREIGN.to_owned(),
                };
                letters.into_iter().map(of).collect()
            }),
            Call::Reveal => who.reveal(&alert_id, "case 1").await.map(|_| one(())),
            Call::ListEntries => match who.entries(0).await {
                // No trail is written here; that it is he who is told so is what counts.
                Err(status) if status.code() == Code::FailedPrecondition => Ok(vec![project_id.clone()]),
                told => told.map(|_| Vec::new()),
            },
            Call::GetStatus => admin.get_status(pb::GetStatusRequest {}).await.map(|_| one(())),
            Call::SetBusinessDate => who.date("2026-05-20").await.map(one),
            Call::Metrics => {
                return match self.metrics(who.token.as_deref()).await {
                    200 => Ok(one(())),
                    403 => Err(Code::PermissionDenied),
                    other => panic!("{other}"),
                };
            }
            Call::Reflection | Call::Health => {
                may_call(&self.members[0].principal, call).unwrap();
                Ok(Vec::new())
            }
        };
        shown.map_err(|status| status.code())
    }

    /// The HTTP status of `/metrics`.
    async fn metrics(&self, token: Option<&str>) -> u16 {
        let mut stream = tokio::net::TcpStream::connect(self.house.http).await.unwrap();
        let who = token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
        let request = format!("GET /metrics HTTP/1.1\r\nHost: x\r\n{who}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer.split(' ').nth(1).unwrap().parse().unwrap()
    }
}

fn one_of(project: &str) -> impl Fn(Vec<pb::Verdict>) -> Vec<String> {
    let project = project.to_owned();
    move |_| vec![project.clone()]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_every_call_his_own_and_anothers() {
    let county = County::start().await;
    let calls = Call::ALL.iter().filter(|call| ![Call::Reflection, Call::Health].contains(call));
    for call in calls {
        for (role, member) in Role::ALL.iter().zip(&county.members) {
            let all = matches!(
                role,
                Role::Coordinator | Role::Platform | Role::Operator | Role::Auditor | Role::Instance
            );
            for own in [true, false] {
                let told = county.call(*role, *call, own).await;
                let what = format!("{role} {call} own: {own}: {told:?}");
                let hands_in = matches!(call, Call::Submit | Call::SubmitStream);
                let mends = *call == Call::Resubmit;
                match told {
                    _ if may_call(&member.principal, *call).is_err() => {
                        assert_eq!(told, Err(Code::PermissionDenied), "{what}");
                    }
                    Ok(projects) => {
                        assert!(own || all || !projects.contains(&FOREIGN.to_owned()), "{what}");
                        assert!(!own || projects.contains(&OWN.to_owned()), "{what}");
                        assert!(!all || hands_in || mends || !projects.is_empty(), "{what}");
                    }
                    Err(code) => {
                        let want = if hands_in { Code::PermissionDenied } else { Code::NotFound };
                        assert!(!own && !all && code == want, "{what}");
                    }
                }
            }
        }
    }
    county.house.end().await;
}

/// A bank mends what it has sent without asking anybody: the verdict names the letter, and nothing else of the county is
/// shown to it. One in protobuf is known as its own, too; an entry of an account that no one knows is not.
#[tokio::test(flavor = "multi_thread")]
async fn a_bank_learns_which_of_its_records_are_dead_and_mends_them() {
    let county = County::start().await;
    let bank = county.who(Role::Bank);
    let mut wrong = payment(OWN, 1, "t-wrong", 100);
    wrong.at = "yesterday".into();
    let good = payment(OWN, 1, "t-good", 100);
    let mut other = good.clone();
    if let Some(Body::Payment(body)) = &mut other.body {
        body.amount_fen = Some(200);
    }
    let verdicts = bank.submit(vec![good, wrong.clone(), other]).await.unwrap();
    let ids: Vec<Option<&str>> = verdicts.iter().map(|v| v.dead_letter_id.as_deref()).collect();
    let [None, Some(by_format), Some(by_conflict)] = ids[..] else { panic!("{ids:?}") };
    let mine = bank.letters().await.unwrap();
    for (id, code) in [(by_format, "format"), (by_conflict, "conflict")] {
        let letter = mine.iter().find(|letter| letter.id == id).unwrap_or_else(|| panic!("{id}: {mine:?}"));
        assert_eq!(letter.reason.as_ref().unwrap().code, code);
    }
    let line = dead("entry", Role::Bank, true).replace("\"type\":\"payment\"", "\"type\":\"account_entry\"");
    let line = line.replace("\"bank\":\"ABC\",", "");
    let request = pb::SubmitRequest { ndjson: line.into(), ..Default::default() };
    let told = IntakeServiceClient::new(bank.service()).submit(request).await.unwrap().into_inner();
    let id = told.verdicts[0].dead_letter_id.clone().unwrap();
    assert!(bank.letters().await.unwrap().iter().all(|letter| letter.id != id), "whose it is is not known");
    let status = bank.mend(&id, "{}").await.unwrap_err();
    assert_eq!(status.code(), Code::NotFound);
    for role in Role::ALL.iter().filter(|role| **role != Role::Bank && **role != Role::Coordinator) {
        if let Ok(letters) = county.who(*role).letters().await {
            assert!(letters.iter().all(|letter| letter.id != by_format), "{role}");
        }
    }
    county.house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_record_refuses_its_whole_batch() {
    let county = County::start().await;
    let before = county.house.engine.status().log_head;
    let batch = vec![handed_in(Role::Bank, true), handed_in(Role::Bank, false)];
    let status = county.who(Role::Bank).submit(batch).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    assert_eq!(status.get_details_error_info().unwrap().reason, "FORBIDDEN");
    assert!(status.message().starts_with("record 2 of the batch: "), "{}", status.message());
    assert_eq!(county.house.engine.status().log_head, before, "nothing was taken");
    county.house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_banks_account_is_not_taken_over() {
    let county = County::start().await;
    let account = |bank: &str, number: &str| pb::Record {
        id: format!("account-{bank}-{number}"),
        source: "test".into(),
        at: "2026-03-31T08:00:00+08:00".into(),
        body: Some(Body::Account(Box::new(pb::Account {
            project_id: OWN.into(),
            account: number.into(),
            bank: bank.into(),
            opened_on: "2026-01-01".into(),
            agreement_signed: Some(true),
            closed_on: None,
        }))),
    };
    let mut other = county.members.clone();
    other[0].principal.banks = ["ICBC".into()].into_iter().collect();
    county.guard.replace(&other);
    county.taken(Role::Bank, vec![account("ICBC", "05370101040099999")]).await;
    county.guard.replace(&county.members);
    let status = county.who(Role::Bank).submit(vec![account("ABC", "05370101040099999")]).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    county.taken(Role::Bank, vec![account("ABC", "05370101040011111")]).await;
    county.house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shows_nothing_that_counts_is_nobody() {
    let county = County::start().await;
    let stranger = Token::new().unwrap();
    for who in [As::new(&county.house, None), As::new(&county.house, Some(&stranger))] {
        let status = who.list(10, "").await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
        assert_eq!(status.get_details_error_info().unwrap().reason, "UNKNOWN_CALLER");
    }
    assert_eq!(county.metrics(None).await, 401);
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
    HealthClient::new(county.house.channel.clone()).check(HealthCheckRequest::default()).await.unwrap();
    county.house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cursors_and_page_tokens_are_their_callers() {
    let county = County::start().await;
    let (coordinator, platform) = (county.who(Role::Coordinator), county.who(Role::Platform));
    let (_, cursor) = coordinator.snapshot().await.unwrap();
    let refused = |status: Status| {
        assert_eq!(status.code(), Code::PermissionDenied);
        assert_eq!(status.get_details_error_info().unwrap().reason, "CURSOR_OF_ANOTHER");
    };
    refused(platform.subscribe(&cursor).await.map(|_| ()).unwrap_err());
    coordinator.subscribe(&cursor).await.unwrap();
    let page = coordinator.list(1, "").await.unwrap();
    assert!(!page.next_page_token.is_empty());
    refused(platform.list(1, &page.next_page_token).await.map(|_| ()).unwrap_err());
    coordinator.list(1, &page.next_page_token).await.unwrap();
    let mut forged = cursor.clone();
    forged.replace_range(2..3, if &cursor[2..3] == "A" { "B" } else { "A" });
    let status = coordinator.subscribe(&forged).await.map(|_| ()).unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    county.house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_taken_from_the_list_is_sent_away_from_his_stream() {
    let county = County::start().await;
    let supervisor = county.who(Role::Supervisor);
    let (_, cursor) = supervisor.snapshot().await.unwrap();
    let mut stream = supervisor.subscribe(&cursor).await.unwrap();
    // Another reach: the old stream ends, and the old cursor begins anew.
    let mut changed = county.members.clone();
    changed[2].principal.sectors = ["road".into()].into_iter().collect();
    county.guard.replace(&changed);
    let ended = loop {
        match stream.message().await {
            Ok(Some(_)) => {}
            Ok(None) => panic!("it ended without a word"),
            Err(status) => break status,
        }
    };
    assert_eq!(ended.get_details_error_info().unwrap().reason, "REVOKED");
    let mut stream = supervisor.subscribe(&cursor).await.unwrap();
    let first = stream.message().await.unwrap().unwrap();
    assert!(matches!(first.event, Some(SubscribeEvent::Reset(_))), "{first:?}");
    county.guard.replace(&[]);
    assert_eq!(supervisor.list(1, "").await.unwrap_err().code(), Code::Unauthenticated);
    county.house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_platform_sees_no_person_not_even_in_part() {
    let county = County::start().await;
    let (masked, plain) = (county.who(Role::Coordinator), county.who(Role::Platform));
    let id = &county.alerts[0];
    let (seen, bare) = (masked.get(id).await.unwrap(), plain.get(id).await.unwrap());
    let part = &passport(1)[..2];
    let shows = |told: &pb::GetResponse| format!("{told:?}").contains(&format!("{part}***"));
    assert!(shows(&seen), "{seen:?}");
    assert!(!shows(&bare), "{bare:?}");
    assert_eq!(bare.alert.unwrap().amount_fen, seen.alert.unwrap().amount_fen);
    let (all, _) = plain.snapshot().await.unwrap();
    assert!(all.len() > 1 && !format!("{all:?}").contains(&format!("{part}***")), "{all:?}");
    county.house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn full_numbers_have_a_reason_a_limit_and_a_trace() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { folder: folder.path().to_owned(), retain_days: 1096 };
    let trail = Some(Trail::open(&settings).unwrap());
    let reveals = Rate { most: 2, within: Duration::from_secs(3600) };
    let limits = Limits { reveals, ..Limits::default() };
    let county = County::with(Equipment { trail, limits, ..Equipment::default() }).await;
    let (supervisor, id) = (county.who(Role::Supervisor), &county.alerts[0]);
    let masked = supervisor.get(id).await.unwrap();
    assert!(!format!("{masked:?}").contains(&passport(1)));

    let told = supervisor.reveal(id, "案号 17").await.unwrap();
    let person = &told.persons[0];
    assert_eq!((person.id_number.as_str(), person.name.as_str()), (passport(1).as_str(), "张三"));
    let status = supervisor.reveal(id, " ").await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert_eq!(supervisor.reveal(&county.alerts[1], "x").await.unwrap_err().code(), Code::NotFound);
    supervisor.reveal(id, "案号 17").await.unwrap();
    let status = supervisor.reveal(id, "案号 17").await.unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "PACED");
    assert!(status.get_details_retry_info().unwrap().retry_delay.unwrap() > Duration::from_secs(60));
    county.who(Role::Territory).reveal(id, "each has his own").await.unwrap();
    county.guard.stop();
    county.house.end().await;

    verify(folder.path()).unwrap().unwrap();
    let mut seen = Vec::new();
    entries(folder.path(), |line| {
        seen.push(line.entry.clone());
        Ok(())
    })
    .unwrap();
    let text = format!("{seen:?}");
    assert!(!text.contains(&passport(1)), "the trail names nobody whole");
    let revealed: Vec<_> = seen.iter().filter(|e| e.call == "LedgerService/Reveal").collect();
    let results: Vec<&str> = revealed.iter().map(|entry| entry.result.as_str()).collect();
    let want =
        ["ok", "InvalidArgument INVALID_FIELD", "NotFound NOT_FOUND", "ok", "ResourceExhausted PACED", "ok"];
    assert_eq!(results, want);
    let first = revealed[0];
    assert_eq!(
        (first.who.as_str(), first.role.as_str(), first.why.as_str()),
        ("supervisor", "supervisor", "PAYMENT: 案号 17")
    );
    assert_eq!(first.rows, [id.as_str(), "E0*****01"]);
    assert!(first.from.starts_with("127.0.0.1:") && first.at.ends_with("+08:00"), "{first:?}");
    assert!(seen.iter().any(|e| e.call == "AlertService/Get" && e.rows[0] == *id && e.who == "supervisor"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_look_leaves_a_trace_and_so_does_who_was_turned_away() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { folder: folder.path().to_owned(), retain_days: 1096 };
    let trail = Some(Trail::open(&settings).unwrap());
    let county = County::with(Equipment { trail, ..Equipment::default() }).await;
    let coordinator = county.who(Role::Coordinator);
    coordinator.list(10, "").await.unwrap();
    let (_, _) = coordinator.snapshot().await.unwrap();
    As::new(&county.house, None).list(10, "").await.unwrap_err();
    county.who(Role::Bank).list(10, "").await.unwrap_err();
    let foreign = vec![handed_in(Role::Bank, false)];
    county.who(Role::Bank).submit(foreign).await.unwrap_err();
    county.house.end().await;
    county.guard.stop();
    let mut seen = Vec::new();
    entries(folder.path(), |line| {
        let e = &line.entry;
        seen.push((e.who.clone(), e.call.clone(), e.result.clone(), e.count));
        Ok(())
    })
    .unwrap();
    let has = |who: &str, call: &str, result: &str| {
        seen.iter().any(|(w, c, r, _)| (w.as_str(), c.as_str(), r.as_str()) == (who, call, result))
    };
    assert!(seen.iter().any(|(_, call, _, count)| call == "AlertService/List" && *count > 1), "{seen:?}");
    assert!(has("coordinator", "AlertService/Subscribe", "ok"), "{seen:?}");
    assert!(has("coordinator", "AlertService/Subscribe", "ended"), "{seen:?}");
    assert!(has("", "AlertService/List", "Unauthenticated UNKNOWN_CALLER"), "{seen:?}");
    assert!(has("bank", "AlertService/List", "PermissionDenied FORBIDDEN"), "{seen:?}");
    assert!(has("bank", "IntakeService/Submit", "PermissionDenied FORBIDDEN"), "{seen:?}");
    assert!(has("operator", "AdminService/SetBusinessDate", "ok"), "{seen:?}");
    assert!(!seen.iter().any(|(_, call, result, _)| call.ends_with("/Submit") && result == "ok"), "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_reads_the_trail_page_by_page_and_that_leaves_a_trace_too() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { folder: folder.path().to_owned(), retain_days: 1096 };
    let trail = Some(Trail::open(&settings).unwrap());
    let equipment = Equipment { trail, ..Equipment::default() };
    let county = County::with_trail(equipment, Some(folder.path().to_owned())).await;
    for _ in 0..5 {
        county.who(Role::Coordinator).list(1, "").await.unwrap();
    }
    let auditor = county.who(Role::Auditor);
    let (mut after, mut seen) = (0, Vec::new());
    loop {
        let page = auditor.entries(after).await.unwrap();
        seen.extend(page.entries);
        after = page.next_after_seq;
        // Each page adds an entry: the end is reached all the same.
        if after == 0 {
            break;
        }
    }
    let numbers: Vec<u64> = seen.iter().map(|entry| entry.seq).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert!(seen.iter().filter(|e| e.who == "coordinator" && e.call == "AlertService/List").count() >= 5);
    assert!(seen.iter().any(|e| e.who == "auditor" && e.call == "AuditService/ListEntries"));
    assert!(seen.iter().all(|e| e.hash.len() == 64));
    let status = county.who(Role::Coordinator).entries(0).await.unwrap_err();
    assert_eq!(status.code(), Code::PermissionDenied);
    county.house.end().await;
}
