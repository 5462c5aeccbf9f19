//! Clients without manners: bombs, half handshakes, resets in quick succession, more of everything than there may be.
//! Each is held back, and whoever behaves is served meanwhile.

use crate::house::{House, Plan, enrolment};
use axum::http::Request as HttpRequest;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tonic::codec::CompressionEncoding;
use tonic::{Code, Request};
use wagewatch::guard::{Equipment, Guard, Language, Threshold, incoming};
use wagewatch::intake::batch::Limits;
use wagewatch::proto::v1 as pb;
use wagewatch::serve::server::ServerLimits;

/// Until the other side has closed.
async fn closed(stream: &mut TcpStream) -> Duration {
    let begun = Instant::now();
    let mut bytes = [0; 1024];
    let reading = async { while stream.read(&mut bytes).await.is_ok_and(|count| count > 0) {} };
    tokio::time::timeout(Duration::from_secs(30), reading).await.expect("it is closed");
    begun.elapsed()
}

async fn is_served(house: &House) {
    let request = pb::SubmitRequest { records: vec![enrolment("P1", 1)], ..Default::default() };
    house.intake().submit(request).await.expect("whoever behaves is served");
}

fn server(limits: ServerLimits) -> Plan {
    Plan { server: limits, ..Plan::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packed_message_is_bounded_by_what_it_unpacks_to() {
    let house = House::build(server(ServerLimits { message_bytes: 1 << 20, ..Default::default() })).await;
    let bomb = pb::SubmitRequest { ndjson: vec![b' '; 60 << 20].into(), ..Default::default() };
    let mut packing = house.intake().send_compressed(CompressionEncoding::Gzip);
    let status = packing.submit(bomb.clone()).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    let small = pb::SubmitRequest { ndjson: vec![b' '; 1 << 10].into(), ..Default::default() };
    packing.submit(small).await.expect("what is packed and small is taken");
    let stream = tokio_stream::once(pb::SubmitStreamRequest { ndjson: bomb.ndjson, ..Default::default() });
    let mut answers = packing.submit_stream(stream).await.unwrap().into_inner();
    assert_eq!(answers.message().await.unwrap_err().code(), Code::ResourceExhausted);
    // The others take nothing packed at all.
    let mut ledgers = house.ledgers().send_compressed(CompressionEncoding::Gzip);
    let request = pb::GetProjectRequest { project_id: "P".repeat(1 << 20) };
    assert_eq!(ledgers.get_project(request).await.unwrap_err().code(), Code::Unimplemented);
    is_served(&house).await;
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_connects_and_says_nothing_is_sent_away() {
    let handshake = Duration::from_millis(300);
    let house = House::build(server(ServerLimits { handshake, ..Default::default() })).await;
    let mut silent = TcpStream::connect(house.grpc).await.unwrap();
    let took = closed(&mut silent).await;
    assert!(took >= handshake - Duration::from_millis(50) && took < Duration::from_secs(10), "{took:?}");
    is_served(&house).await;
    house.end().await;
}

/// Half a request over HTTP, and then nothing: the connection has an end. One that speaks goes on.
#[tokio::test(flavor = "multi_thread")]
async fn half_a_request_keeps_no_place() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let threshold = Threshold {
        tls: None,
        language: Language::Http,
        connections: 10,
        of_address: 10,
        patience: Duration::from_millis(300),
        idle: Some(Duration::from_millis(300)),
        guard: Guard::open(Equipment::default()),
    };
    let mut wires = incoming(listener, threshold, CancellationToken::new());
    tokio::spawn(async move {
        while let Some(Ok(mut wire)) = wires.recv().await {
            tokio::spawn(async move {
                let mut byte = [0];
                while wire.read_exact(&mut byte).await.is_ok() && wire.write_all(b".").await.is_ok() {}
            });
        }
    });
    let mut half = TcpStream::connect(addr).await.unwrap();
    half.write_all(b"GET /").await.unwrap();
    let mut talks = TcpStream::connect(addr).await.unwrap();
    let talking = async {
        for _ in 0..12 {
            talks.write_all(b"x").await.unwrap();
            let mut byte = [0];
            talks.read_exact(&mut byte).await.expect("who speaks is heard");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let (took, ()) = tokio::join!(closed(&mut half), talking);
    assert!(took < Duration::from_millis(1100), "{took:?}");
    assert!(closed(&mut talks).await >= Duration::from_millis(100), "and then it is silent, too");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_address_has_no_more_than_its_share_of_the_connections() {
    let limits = ServerLimits { connections_of_address: 3, ..Default::default() };
    let words = Arc::new(Mutex::new(Vec::new()));
    let heard = words.clone();
    let refused: Arc<dyn Fn(&'static str) + Send + Sync> =
        Arc::new(move |word| heard.lock().unwrap().push(word));
    let guard = Guard::open(Equipment { refused: Some(refused), ..Equipment::default() });
    let house = House::build(Plan { guard, ..server(limits) }).await;
    // One for whoever behaves, two for the crowd.
    is_served(&house).await;
    let mut crowd = Vec::new();
    for _ in 0..2 {
        crowd.push(TcpStream::connect(house.grpc).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut one_more = TcpStream::connect(house.grpc).await.unwrap();
    assert!(closed(&mut one_more).await < Duration::from_secs(3), "it is closed at once");
    is_served(&house).await;
    assert_eq!(*words.lock().unwrap(), ["CROWDED"]);
    drop(crowd);
    let lets_in = async {
        loop {
            let mut stream = TcpStream::connect(house.grpc).await.unwrap();
            // Whoever is let in is greeted; whoever is not is left.
            if stream.read(&mut [0]).await.is_ok_and(|count| count > 0) {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), lets_in).await.expect("who leaves makes room");
    house.end().await;
}

/// Requests that are taken back as soon as they are sent: the connection is ended, not the service (CVE-2023-44487).
#[tokio::test(flavor = "multi_thread")]
async fn rapid_resets_end_their_own_connection() {
    let house = House::start().await;
    let stream = TcpStream::connect(house.grpc).await.unwrap();
    let (client, connection) = h2::client::handshake(stream).await.unwrap();
    let connection = tokio::spawn(connection);
    let resets = async {
        for sent in 0..100_000_u32 {
            let request = HttpRequest::post("http://x/wagewatch.v1.IntakeService/Submit")
                .header("content-type", "application/grpc")
                .body(())
                .unwrap();
            let ready = client.clone().ready().await;
            let Ok((_, mut body)) = ready.and_then(|mut ready| ready.send_request(request, false)) else {
                return sent;
            };
            body.send_reset(h2::Reason::CANCEL);
            if sent % 16 == 0 {
                tokio::task::yield_now().await;
            }
        }
        100_000
    };
    let sent = tokio::time::timeout(Duration::from_secs(30), resets).await.expect("it ends");
    assert!(sent < 100_000, "as many resets as one likes");
    let error = connection.await.unwrap().expect_err("the connection is ended");
    assert!(error.is_go_away() || error.is_io(), "{error:?}");
    is_served(&house).await;
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_has_so_many_streams_and_calls() {
    let limits =
        ServerLimits { streams_per_connection: 4, calls_per_connection: 2, ..ServerLimits::default() };
    let house = House::build(server(limits)).await;
    // Four streams that nobody ends: the fifth call finds no place on this connection, and another does.
    let mut open = Vec::new();
    for _ in 0..4 {
        let silent = tokio_stream::pending::<pb::SubmitStreamRequest>();
        open.push(house.intake().submit_stream(silent).await.unwrap());
    }
    let mut request = Request::new(pb::SubmitRequest::default());
    request.set_timeout(Duration::from_millis(500));
    let status = house.intake().submit(request).await.unwrap_err();
    assert!(matches!(status.code(), Code::Cancelled | Code::DeadlineExceeded), "{status:?}");
    let apart = tonic::transport::Channel::from_shared(format!("http://{}", house.grpc)).unwrap();
    let mut apart = pb::intake_service_client::IntakeServiceClient::new(apart.connect_lazy());
    apart.submit(pb::SubmitRequest::default()).await.expect("another connection has places of its own");
    drop(open);
    house.end().await;
}

/// A request whose body never ends is given up, and so is one whose caller is in a hurry.
#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_is_given_up() {
    let limits = ServerLimits { patience: Duration::ZERO, ..ServerLimits::default() };
    let house = House::build(server(limits)).await;
    let stream = TcpStream::connect(house.grpc).await.unwrap();
    let (mut client, connection) = h2::client::handshake(stream).await.unwrap();
    tokio::spawn(connection);
    let request = HttpRequest::post("http://x/wagewatch.v1.IntakeService/Submit")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(())
        .unwrap();
    let (answer, mut body) = client.send_request(request, false).unwrap();
    // The length of a message, and one byte of it.
    body.send_data(vec![0, 0, 0, 0, 9, 1].into(), false).unwrap();
    let begun = Instant::now();
    let answer = tokio::time::timeout(Duration::from_secs(30), answer).await.expect("it ends").unwrap();
    let status = answer.headers().get("grpc-status").expect("a refusal").to_str().unwrap();
    assert!(["1", "4"].contains(&status), "cancelled, or too late: {status}");
    assert!(begun.elapsed() >= Duration::from_secs(4), "the library's own limit: {:?}", begun.elapsed());
    is_served(&house).await;
    house.end().await;
}

/// A caller who sends more bytes than he may is read more slowly; the others are not.
#[tokio::test(flavor = "multi_thread")]
async fn more_bytes_than_his_share_are_read_more_slowly() {
    use crate::access::{As, members};
    use wagewatch::access::Role;
    let (members, tokens) = members();
    let second = |most| wagewatch::guard::Rate { most, within: Duration::from_secs(1) };
    let limits = wagewatch::guard::Limits { bytes: second(200_000), ..Default::default() };
    let guard = Guard::of(&members, Equipment { limits, ..Equipment::default() });
    let house = House::build(Plan { guard, ..Plan::default() }).await;
    let of = |role| Role::ALL.iter().position(|one| *one == role).map(|at| &tokens[at]);
    let (bank, site) = (As::apart(&house, of(Role::Bank)), As::apart(&house, of(Role::SitePlatform)));
    let wide = |from: u32| {
        let mut records = vec![crate::house::payment("P1", 1, &format!("wide-{from}"), 100)];
        records[0].id = "x".repeat(200_000);
        records
    };
    let begun = Instant::now();
    for number in 1..=3 {
        bank.submit(wide(number)).await.unwrap();
    }
    // His share of a second is there at the beginning; the other two have to come in.
    assert!(begun.elapsed() > Duration::from_millis(1900), "{:?}", begun.elapsed());
    let flood = tokio::spawn(async move {
        for number in 4..=7 {
            bank.submit(wide(number)).await.unwrap();
        }
    });
    site.submit(vec![crate::house::work_day("P1", 1, "2026-03-20")]).await.unwrap();
    assert!(!flood.is_finished(), "the other one waited for four seconds of the flood");
    flood.await.unwrap();
    house.end().await;
}

/// What one caller has with the engine is bounded: the flood waits behind itself.
#[tokio::test(flavor = "multi_thread")]
async fn one_callers_records_take_no_more_than_his_part_of_the_room() {
    use crate::access::{As, members};
    use crate::intake::slow_log;
    use wagewatch::access::Role;
    let (members, tokens) = members();
    let limits = wagewatch::guard::Limits { waiting: 10, ..Default::default() };
    let guard = Guard::of(&members, Equipment { limits, ..Equipment::default() });
    let (log, gate) = slow_log();
    let intake = Limits { waiting_records: 100, ..Limits::default() };
    let house = House::build(Plan { guard, log, intake, ..Plan::default() }).await;
    let of = |role| Role::ALL.iter().position(|one| *one == role).map(|at| &tokens[at]);
    let (bank, site) = (As::apart(&house, of(Role::Bank)), As::apart(&house, of(Role::SitePlatform)));
    let payments = |from: u32| {
        (from..from + 9).map(|n| crate::house::payment("P1", 1, &format!("t{n}"), 100)).collect::<Vec<_>>()
    };
    let bank = Arc::new(bank);
    let flood: Vec<_> = (0..30)
        .map(|n| {
            let bank = bank.clone();
            let records = payments(n * 9);
            tokio::spawn(async move { bank.submit(records).await })
        })
        .collect();
    let waiting = async {
        while house.engine.status().queued_entries == 0 {
            tokio::task::yield_now().await
        }
    };
    let _ = tokio::time::timeout(Duration::from_millis(500), waiting).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    let queued = house.engine.status().queued_entries;
    assert!(queued <= 10, "{queued} of the flood are with the engine");
    let quiet = tokio::spawn(async move {
        let answer = site.submit(vec![crate::house::work_day("P1", 1, "2026-03-20")]).await;
        (answer, Instant::now())
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    gate.open();
    let (answer, _) = quiet.await.unwrap();
    answer.expect("the quiet one had room");
    for one in flood {
        one.await.unwrap().expect("and the flood is taken in its turn");
    }
    house.end().await;
}

/// An id that was made up is told as one that is not there, and so is another's: nothing is learned by trying.
#[tokio::test(flavor = "multi_thread")]
async fn forged_alert_ids_are_not_found_and_teach_nothing() {
    use crate::access::County;
    use wagewatch::access::Role;
    let county = County::start().await;
    let supervisor = county.who(Role::Supervisor);
    let own = county.alert(true).to_owned();
    let mut foreign = county.alert(false).to_owned();
    let told = supervisor.about(&foreign).await;
    assert!(told.iter().all(|(code, _)| *code == Code::NotFound), "{told:?}");
    let same = |id: &str, told: &[(Code, String)]| {
        let without = |said: &str| if id.is_empty() { said.to_owned() } else { said.replace(id, "ID") };
        told.iter().map(|(code, said)| (*code, without(said))).collect::<Vec<_>>()
    };
    let want = same(&foreign, &told);
    let last = foreign.pop().unwrap();
    foreign.push(if last == 'a' { 'b' } else { 'a' });
    let rule_of_another = own.replace("project-arrears", "wage-unpaid");
    let long = "x".repeat(100_000);
    for forged in [&*foreign, &*rule_of_another, &own[1..], "", "../../etc/passwd", "%00", "\u{0}", &long] {
        assert_eq!(
            same(forged, &supervisor.about(forged).await),
            want,
            "{}",
            &forged[..forged.len().min(40)]
        );
    }
    assert!(supervisor.about(&own).await.iter().all(|(code, _)| *code == Code::Ok));
    county.house.end().await;
}
