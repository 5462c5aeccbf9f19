//! One guard for all doors: what the console calls over HTTP passes the gate that gRPC's callers pass, no method is
//! reachable beside it, and what belongs to no project has a home too.

use crate::access::{As, County, members};
use crate::house::{House, Plan, passport};
use axum::body::Body as Bytes;
use axum::http::Request;
use prost_reflect::DescriptorPool;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tower::ServiceExt;
use wagewatch::access::{Call, Role, may_call};
use wagewatch::domain::Rule;
use wagewatch::guard::{Equipment, Guard, Token};
use wagewatch::proto::DESCRIPTORS;
use wagewatch::proto::v1::{self as pb, record::Body};

/// Status and first bytes of what the console is told.
async fn api(house: &House, path: &str, token: Option<&Token>, body: &str) -> (u16, String) {
    let mut stream = tokio::net::TcpStream::connect(house.http).await.unwrap();
    let who = token.map_or(String::new(), |token| format!("Authorization: Bearer {}\r\n", token.reveal()));
    let request = format!(
        "POST /api/{path} HTTP/1.1\r\nHost: wagewatch.example\r\nConnection: close\r\n{who}X-Wagewatch: console\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    if path == Call::Subscribe.as_str() {
        // It goes on until he leaves: its beginning tells enough.
        let mut head = [0; 1024];
        let read = stream.read(&mut head).await.unwrap();
        answer.extend_from_slice(&head[..read]);
    } else {
        stream.read_to_end(&mut answer).await.unwrap();
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
}

/// Calls of gRPC, as `Service/Method`.
fn calls() -> impl Iterator<Item = Call> {
    Call::ALL.iter().copied().filter(|call| call.as_str().contains('/'))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_and_every_call_over_http() {
    let county = County::start().await;
    let stranger = Token::new().unwrap();
    for call in calls() {
        let path = call.as_str();
        for nobody in [None, Some(&stranger)] {
            let (status, told) = api(&county.house, path, nobody, "{}").await;
            // Whoever streams does not do so from a page: there is no such method.
            let want = if call == Call::SubmitStream { 404 } else { 401 };
            assert_eq!(status, want, "{path}: {told}");
        }
        for (role, member) in Role::ALL.iter().zip(&county.members) {
            let (status, told) = api(&county.house, path, Some(county.token(*role)), "{}").await;
            let refused = may_call(&member.principal, call).is_err();
            assert_eq!(status == 403, refused && call != Call::SubmitStream, "{role} {path}: {told}");
            assert!(status != 401 && status < 500, "{role} {path}: {told}");
            assert_eq!(told.contains("\"reason\":\"FORBIDDEN\""), status == 403, "{role} {path}: {told}");
        }
    }
    county.house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_are_decided_for_the_page_as_for_grpc() {
    let county = County::start().await;
    let supervisor = Some(county.token(Role::Supervisor));
    let worker =
        |project: &str| format!(r#"{{"projectId":"{project}","idNumber":"{}","idType":"08"}}"#, passport(1));
    let (status, own) = api(&county.house, "LedgerService/GetWorkerLedger", supervisor, &worker("P1")).await;
    assert!(status == 200 && own.contains("\"name\":\"张*\"") && !own.contains("张三"), "{own}");
    let (status, foreign) =
        api(&county.house, "LedgerService/GetWorkerLedger", supervisor, &worker("P2")).await;
    assert!(status == 404 && foreign.contains("\"reason\":\"NOT_FOUND\""), "{foreign}");
    for call in ["GetProject", "GetProjectFunds", "ListWorkers"] {
        for (project, want) in [("P1", 200), ("P2", 404)] {
            let body = format!(r#"{{"projectId":"{project}"}}"#);
            let (status, told) =
                api(&county.house, &format!("LedgerService/{call}"), supervisor, &body).await;
            assert_eq!(status, want, "{call} {project}: {told}");
            assert!(!told.contains("张三") && !told.contains(&passport(1)), "{told}");
        }
    }
    let (_, listed) = api(&county.house, "AlertService/List", supervisor, "{}").await;
    assert!(listed.contains("\"P1\"") && !listed.contains("\"P2\""), "{listed}");
    for (place, own) in [("alertId", true), ("alertId", false)] {
        let alert = county.alert(own);
        let body =
            format!(r#"{{"{place}":"{alert}","actId":"a-{own}","actor":"李四","note":{{"text":"记"}}}}"#);
        let (status, told) = api(&county.house, "AlertService/Act", supervisor, &body).await;
        assert_eq!(status, if own { 200 } else { 404 }, "{told}");
        assert_eq!(told.contains("supervisor/李四"), own, "nobody acts in another's name: {told}");
        let platform = Some(county.token(Role::Platform));
        assert_eq!(api(&county.house, "AlertService/Act", platform, &body).await.0, 403);
        let body = format!(r#"{{"id":"{alert}"}}"#);
        let (status, told) = api(&county.house, "AlertService/Get", platform, &body).await;
        assert!(status == 200 && !told.contains("E0***"), "{told}");
    }
    county.house.end().await;
}

/// A method that asks for no visit, or has no place in the table of roles, would be open to everybody.
#[tokio::test(flavor = "multi_thread")]
async fn no_method_is_reachable_beside_the_gate() {
    let house = House::start().await;
    let pool = DescriptorPool::decode(DESCRIPTORS).unwrap();
    let mut tried = Vec::new();
    for service in pool.services().filter(|service| service.package_name() == "wagewatch.v1") {
        for method in service.methods() {
            let path = format!("/{}/{}", service.full_name(), method.name());
            tried.extend(Call::of_path(&path));
            assert!(Call::of_path(&path).is_some(), "{path} has no place in the table of roles");
            let request = Request::post(&path)
                .header("content-type", "application/grpc")
                .body(Bytes::from(vec![0; 5]))
                .unwrap();
            let answer = house.ungated.clone().oneshot(request).await.unwrap();
            let status = answer.headers().get("grpc-status").map(|code| code.to_str().unwrap());
            assert_eq!(status, Some("16"), "{path} answers without a gate");
        }
    }
    assert_eq!(tried.len(), calls().count(), "a call that nobody answers");
    house.end().await;
}

fn complaint(id: &str, sector: Option<&str>, territory: Option<&str>) -> pb::Record {
    let body = pb::Complaint {
        complaint_id: id.into(),
        channel: pb::Channel::Petition.into(),
        filed_on: "2026-03-01".into(),
        sector: sector.map(str::to_owned),
        territory: territory.map(str::to_owned),
        workers: Some(3),
        ..Default::default()
    };
    pb::Record {
        id: id.into(),
        source: "test".into(),
        at: "2026-03-31T08:00:00+08:00".into(),
        body: Some(Body::Complaint(body.into())),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_belongs_to_no_project_is_the_countys_and_whose_it_names() {
    let (members, tokens) = members();
    let guard = Guard::of(&members, Equipment::default());
    let house = House::build(Plan { guard, also: vec![Rule::ComplaintOpen], ..Plan::default() }).await;
    let who =
        |role: Role| As::new(&house, Some(&tokens[Role::ALL.iter().position(|one| *one == role).unwrap()]));
    let records = vec![
        complaint("by-sector", Some("building"), None),
        complaint("by-territory", None, Some("150621100")),
        complaint("elsewhere", Some("road"), Some("150621200")),
        complaint("nowhere", None, None),
    ];
    who(Role::Coordinator).submit(records).await.unwrap();
    who(Role::Operator).date("2026-05-20").await.unwrap();
    let all = async {
        while who(Role::Coordinator).list(100, "").await.unwrap().alerts.len() < 4 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all).await.expect("four complaints are open");
    for (role, want) in [
        (Role::Coordinator, vec!["by-sector", "by-territory", "elsewhere", "nowhere"]),
        (Role::Supervisor, vec!["by-sector"]),
        (Role::Inspector, vec!["by-sector"]),
        (Role::Territory, vec!["by-territory"]),
    ] {
        let listed = who(role).list(100, "").await.unwrap().alerts;
        let (streamed, _) = who(role).snapshot().await.unwrap();
        for alerts in [listed, streamed] {
            let text: Vec<String> = alerts.iter().map(|alert| format!("{alert:?}")).collect();
            assert_eq!(text.len(), want.len(), "{role}: {text:?}");
            assert!(want.iter().all(|id| text.iter().any(|alert| alert.contains(id))), "{role}: {text:?}");
        }
    }
    assert_eq!(who(Role::Platform).list(100, "").await.unwrap().alerts.len(), 4);
    house.end().await;
}
