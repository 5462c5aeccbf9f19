//! A whole run of the real program, loud, with good records, bad ones and wrong questions: no identity number and no
//! account that went in comes out in a log line, a metric, a verdict, an error, a span or a masked answer.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

mod oracle;
mod support;

use opentelemetry_proto::tonic::collector::trace::v1 as otlp;
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex};
use support::process::Process;
use wagewatch::app::config::Config;
use wagewatch::domain::{Body, Period, Record};
use wagewatch::fiction::{County, Plan, Share};
use wagewatch::intake::write_json::write_line;
use wagewatch::proto::v1 as pb;

/// Everything that came out, and the numbers that must not be in it.
#[derive(Default)]
struct Heard {
    text: String,
    secrets: BTreeSet<String>,
}

impl Heard {
    fn hear(&mut self, what: impl std::fmt::Debug) {
        self.text.push_str(&format!("{what:?}\n"));
    }

    fn keep(&mut self, record: &Record) {
        let mut keep = |number: String| {
            if number.len() >= 8 {
                self.secrets.insert(number);
            }
        };
        match &record.body {
            Body::Enrolment(e) => {
                keep(e.id_number.reveal().to_string());
                e.account.iter().for_each(|account| keep(account.reveal().to_string()));
            }
            Body::Swipe(s) => keep(s.id_number.reveal().to_string()),
            Body::WorkDay(d) => keep(d.id_number.reveal().to_string()),
            Body::Payment(p) => {
                keep(p.account.reveal().to_string());
                keep(p.payee_account.reveal().to_string());
                p.id_number.iter().for_each(|id| keep(id.reveal().to_string()));
            }
            Body::Account(a) => keep(a.account.reveal().to_string()),
            Body::Payroll(sheet) => {
                sheet.lines.iter().for_each(|line| keep(line.id_number.reveal().to_string()));
            }
            _ => {}
        }
    }

    fn check(&self) {
        assert!(self.secrets.len() > 100, "{} numbers went in", self.secrets.len());
        for secret in &self.secrets {
            if let Some(at) = self.text.find(secret.as_str()) {
                let from = self.text[..at].rfind('\n').map_or(0, |at| at + 1);
                panic!("a number came out: {}", self.text[from..].lines().next().unwrap());
            }
        }
    }
}

/// Takes every span, as text.
#[derive(Clone, Default)]
struct Collector(Arc<Mutex<Vec<String>>>);

impl Collector {
    async fn listen(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let service = otlp::trace_service_server::TraceServiceServer::new(self.clone());
        let incoming = tokio_stream::wrappers::TcpListenerStream::new(listener);
        tokio::spawn(tonic::transport::Server::builder().add_service(service).serve_with_incoming(incoming));
        address
    }
}

#[tonic::async_trait]
impl otlp::trace_service_server::TraceService for Collector {
    async fn export(
        &self,
        request: tonic::Request<otlp::ExportTraceServiceRequest>,
    ) -> Result<tonic::Response<otlp::ExportTraceServiceResponse>, tonic::Status> {
        self.0.lock().unwrap().push(format!("{:?}", request.into_inner()));
        Ok(tonic::Response::new(otlp::ExportTraceServiceResponse::default()))
    }
}

fn county() -> County {
    let plan = Plan {
        seed: 7,
        projects: 6,
        workers: 60,
        months: 2,
        first: Period::from_ym(2026, 3).unwrap(),
        troubles: Share::percent(60),
    };
    County::new(&plan, Config::default().calendar)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_that_went_in_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let collector = Collector::default();
    let endpoint = format!("telemetry.otlp_endpoint={}", collector.listen().await);
    let settings = ["logging.level=trace", "telemetry.sample_ratio=1", &endpoint];
    let process = Process::start(&folder.path().join("data"), &settings).await;
    let client = process.client();
    let mut heard = Heard::default();
    for (day, records) in county() {
        heard.hear(client.set_date(day).await);
        for record in &records {
            heard.keep(record);
        }
        for batch in records.chunks(500) {
            heard.hear(client.submit(batch).await);
        }
        // The same with a wrong character, a field too many, an end too early: numbers in what cannot be taken.
        if let Some(record) = records.first() {
            let mut line = Vec::new();
            write_line(record, &mut line);
            let line = String::from_utf8(line).unwrap();
            let cut: String = line.chars().take(line.chars().count() / 2).collect();
            let wrong = line.replace("\"at\":\"2026", "\"at\":\"2O26");
            let double = line.replace("{\"type\"", "{\"id_number\":\"150621199001010015\",\"type\"");
            for bad in [cut, wrong, double] {
                heard.hear(client.submit_ndjson(bad.into_bytes()).await);
            }
        }
    }
    questions(&client, &mut heard).await;
    heard.text.push_str(&metrics(&process.said()));
    heard.text.push_str(&process.stop().await.said);
    let spans = collector.0.lock().unwrap().join("\n");
    for name in ["IntakeService/Submit", "log.commit", "alerts.rows", "LedgerService/GetWorkerLedger"] {
        assert!(spans.contains(name), "no span of {name}");
    }
    heard.text.push_str(&spans);
    heard.check();
    assert!(heard.text.contains("wagewatch_records_total") && heard.text.contains("DeadLetter"));
}

/// Answers, and refusals of questions that have numbers in them.
async fn questions(client: &support::process::Client, heard: &mut Heard) {
    let standing = client.standing().await;
    assert!(standing.len() > 5);
    heard.hear(&standing);
    for id in standing.keys().take(20) {
        heard.hear(client.alerts().get(pb::GetRequest { id: id.clone() }).await);
    }
    let letters = pb::ListDeadLettersRequest { page_size: 1000, ..Default::default() };
    heard.hear(client.ledgers().list_dead_letters(letters).await);
    let all = pb::ListSuspenseRequest { page_size: 1000, project_id: None };
    heard.hear(client.ledgers().list_suspense(all).await);
    let projects = client.ledgers().list_projects(pb::ListProjectsRequest::default()).await;
    for project in projects.unwrap().into_inner().projects {
        let request = pb::GetProjectRequest { project_id: project.project_id };
        heard.hear(client.ledgers().get_project(request).await);
    }
    let known = heard.secrets.iter().find(|secret| secret.len() == 18).unwrap().clone();
    for (project_id, id_number) in
        [("nowhere", known.clone()), (known.as_str(), known.clone()), ("P1", format!("{known}9"))]
    {
        let (project_id, id_number) = (project_id.to_owned(), id_number);
        let request = pb::GetWorkerLedgerRequest { project_id, id_number, ..Default::default() };
        let refused = client.ledgers().get_worker_ledger(request).await.unwrap_err();
        heard.hear((refused.message(), refused.details()));
    }
    let get = pb::GetRequest { id: known };
    heard.hear(client.alerts().get(get).await.unwrap_err().message());
}

fn metrics(said: &str) -> String {
    let line = said.lines().find(|line| line.contains(r#""message":"serving""#)).unwrap();
    let said: serde_json::Value = serde_json::from_str(line).unwrap();
    let mut stream = std::net::TcpStream::connect(said["fields"]["http"].as_str().unwrap()).unwrap();
    write!(stream, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
