//! The door itself: health, reflection, status, dates, metrics, and its end.

use crate::house::{House, Plan};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::Code;
use tonic_types::StatusExt;
use wagewatch::proto::v1 as pb;
use wagewatch::serve::admin::DateSource;
use wagewatch::serve::server::ServerLimits;

#[tokio::test(flavor = "multi_thread")]
async fn health_is_told_for_every_service() {
    use tonic_health::pb::health_check_response::ServingStatus;
    use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
    let house = House::start().await;
    let mut health = HealthClient::new(house.channel.clone());
    for service in ["", "wagewatch.v1.IntakeService", "wagewatch.v1.AlertService"] {
        let request = HealthCheckRequest { service: service.into() };
        let mut watched = health.watch(request).await.unwrap().into_inner();
        while watched.message().await.unwrap().unwrap().status() != ServingStatus::Serving {}
    }
    let request = HealthCheckRequest { service: "none".into() };
    assert_eq!(health.check(request).await.unwrap_err().code(), Code::NotFound);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reflection_names_the_services_in_both_versions() {
    use tonic_reflection::pb::{v1, v1alpha};
    let house = House::start().await;
    macro_rules! check {
        ($version:ident) => {{
            use $version::server_reflection_request::MessageRequest;
            use $version::server_reflection_response::MessageResponse;
            let mut client =
                $version::server_reflection_client::ServerReflectionClient::new(house.channel.clone());
            let request = $version::ServerReflectionRequest {
                host: String::new(),
                message_request: Some(MessageRequest::ListServices(String::new())),
            };
            let mut answers =
                client.server_reflection_info(tokio_stream::once(request)).await.unwrap().into_inner();
            let answer = answers.message().await.unwrap().unwrap().message_response.unwrap();
            let MessageResponse::ListServicesResponse(list) = answer else { panic!("{answer:?}") };
            let names: Vec<String> = list.service.into_iter().map(|service| service.name).collect();
            for service in ["IntakeService", "AlertService", "LedgerService", "AdminService", "AuditService"]
            {
                assert!(names.contains(&format!("wagewatch.v1.{service}")), "{names:?}");
            }
        }};
    }
    check!(v1);
    check!(v1alpha);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_date_goes_on_and_not_back() {
    let house = House::start().await;
    house.set_date("2026-04-20").await;
    house.set_date("2026-04-20").await;
    let set = |date: &str| {
        let mut admin = house.admin();
        let request = pb::SetBusinessDateRequest { business_date: date.into() };
        async move { admin.set_business_date(request).await.unwrap_err() }
    };
    let status = set("2026-04-19").await;
    assert_eq!(status.code(), Code::FailedPrecondition);
    assert_eq!(status.get_details_error_info().unwrap().reason, "DATE_GOES_BACK");
    assert_eq!(set("2026-02-30").await.code(), Code::InvalidArgument);
    house.set_date("2026-05-20").await;
    let status = house.admin().get_status(pb::GetStatusRequest {}).await.unwrap().into_inner();
    assert_eq!(
        (status.business_date.as_deref(), status.ready, status.clock.as_str()),
        (Some("2026-05-20"), true, "manual")
    );
    house.end().await;

    let house = House::build(Plan { dates: DateSource::System, ..Plan::default() }).await;
    let request = pb::SetBusinessDateRequest { business_date: "2026-04-20".into() };
    let status = house.admin().set_business_date(request).await.unwrap_err();
    assert_eq!(status.get_details_error_info().unwrap().reason, "CLOCK_NOT_MANUAL");
    house.end().await;
}

async fn get(house: &House, path: &str) -> String {
    let mut stream = tokio::net::TcpStream::connect(house.http).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_can_watch_it() {
    let house = House::start().await;
    house.unpaid_project("P1", "building", 3).await;
    house.set_date("2026-04-20").await;
    while house.engine.feed().heads().iter().sum::<u64>() < 4 {
        tokio::task::yield_now().await;
    }
    assert!(get(&house, "/livez").await.starts_with("HTTP/1.1 200"));
    assert!(get(&house, "/readyz").await.starts_with("HTTP/1.1 200"));
    let metrics = get(&house, "/metrics").await;
    for line in [
        "wagewatch_records_total{door=\"submit\",verdict=\"accepted\"} 34",
        "wagewatch_open_alerts{level=\"yellow\",rule=\"project-arrears\"} 1",
        "wagewatch_open_alerts{level=\"yellow\",rule=\"wage-unpaid\"} 3",
        "wagewatch_business_date_timestamp_seconds 1776643200",
        "wagewatch_ready 1",
        "wagewatch_subscribers 0",
    ] {
        assert!(metrics.contains(line), "{line} not in\n{metrics}");
    }
    if let Ok(file) = std::env::var("METRICS_OUT") {
        std::fs::write(file, metrics.split_once("\r\n\r\n").unwrap().1).unwrap();
    }
    house.stop.cancel();
    assert!(get(&house, "/readyz").await.contains("503"));
    house.end().await;
}

/// A caller who neither reads nor leaves does not keep the process from ending.
#[tokio::test(flavor = "multi_thread")]
async fn the_end_has_a_deadline() {
    let server = ServerLimits { drain: Duration::from_millis(300), ..ServerLimits::default() };
    let house = House::build(Plan { server, ..Plan::default() }).await;
    // Sends nothing and does not end its side.
    let silent = tokio_stream::pending::<pb::SubmitStreamRequest>();
    let answers = house.intake().submit_stream(silent).await.unwrap().into_inner();
    house.stop.cancel();
    tokio::time::timeout(Duration::from_secs(20), house.served).await.unwrap().unwrap().unwrap();
    drop(answers);
    let engine = house.engine;
    tokio::task::spawn_blocking(move || engine.stop()).await.unwrap();
}
