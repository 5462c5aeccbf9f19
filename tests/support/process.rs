//! The real binary: started on ports of its own, talked to by gRPC, killed at will.

use super::super::oracle;
use super::judge;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tonic::Status;
use tonic::transport::Channel;
use wagewatch::alerts::{PUBLIC_ID_KEY, alert_id};
use wagewatch::domain::{Body, Entry, Record, Rulebook};
use wagewatch::intake::json::decode_line;
use wagewatch::intake::write_json::write_line;
use wagewatch::proto::v1::admin_service_client::AdminServiceClient;
use wagewatch::proto::v1::alert_service_client::AlertServiceClient;
use wagewatch::proto::v1::intake_service_client::IntakeServiceClient;
use wagewatch::proto::v1::ledger_service_client::LedgerServiceClient;
use wagewatch::proto::v1::{self as pb, verdict::Code};

/// How long anything that must happen may take.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running `wagewatch serve`. Killed when dropped.
pub struct Process {
    child: Child,
    pub addr: String,
    said: Arc<Mutex<String>>,
    reader: Option<std::thread::JoinHandle<()>>,
}

/// How one that did not come up, or was stopped, ended.
#[derive(Debug)]
pub struct Ended {
    pub status: ExitStatus,
    /// Its standard error.
    pub said: String,
}

impl Process {
    /// Starts on `data`, with `set` over the test's settings; waits until it is level with its log.
    pub async fn start(data: &Path, set: &[&str]) -> Process {
        match Process::try_start(data, set).await {
            Ok(process) => process,
            Err(ended) => panic!("it did not come up: {}\n{}", ended.status, ended.said),
        }
    }

    pub async fn try_start(data: &Path, set: &[&str]) -> Result<Process, Ended> {
        Process::try_start_in(data, set, &[]).await
    }

    /// The same, with these in its environment.
    pub async fn try_start_in(
        data: &Path,
        set: &[&str],
        environment: &[(&str, &Path)],
    ) -> Result<Process, Ended> {
        let path = format!("data.path={}", data.display());
        let mut settings = vec![
            path.as_str(),
            "server.grpc_addr=127.0.0.1:0",
            "server.http_addr=127.0.0.1:0",
            "clock.kind=manual",
            "data.min_free_bytes=0",
            "store.checkpoint_seconds=1",
            "engine.shards=4",
            "logging.format=json",
        ];
        settings.extend(set);
        let mut child = Command::new(env!("CARGO_BIN_EXE_wagewatch"))
            .arg("serve")
            .args(settings.iter().flat_map(|one| ["--set", one]))
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let heard = said.clone();
        let reader = std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let mut said = heard.lock().unwrap();
                said.push_str(&line);
                said.push('\n');
            }
        });
        let mut process = Process { child, addr: String::new(), said, reader: Some(reader) };
        let begun = Instant::now();
        loop {
            if let Some(addr) = served_at(&process.said()) {
                process.addr = addr;
                break;
            }
            if process.child.try_wait().unwrap().is_some() {
                return Err(process.ended().await);
            }
            assert!(begun.elapsed() < PATIENCE, "{}", process.said());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        while !process.status().await.is_ok_and(|status| status.ready) {
            if process.child.try_wait().unwrap().is_some() {
                return Err(process.ended().await);
            }
            assert!(begun.elapsed() < PATIENCE, "not level with its log:\n{}", process.said());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Ok(process)
    }

    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    pub fn is_up(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// `kill -9`.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, without waiting.
    pub fn terminate(&self) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    }

    pub async fn stop(self) -> Ended {
        self.terminate();
        self.ended().await
    }

    /// Waits for its end.
    pub async fn ended(mut self) -> Ended {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.said());
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        self.reader.take().unwrap().join().unwrap();
        Ended { status, said: self.said() }
    }

    pub fn client(&self) -> Client {
        Client::new(&self.addr)
    }

    async fn status(&self) -> Result<pb::GetStatusResponse, Status> {
        self.client().status().await
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn served_at(said: &str) -> Option<String> {
    let line = said.lines().find(|line| line.contains(r#""message":"serving""#))?;
    let said: serde_json::Value = serde_json::from_str(line).unwrap();
    Some(format!("http://{}", said["fields"]["grpc"].as_str().unwrap()))
}

/// One connection.
#[derive(Clone)]
pub struct Client {
    channel: Channel,
}

impl Client {
    pub fn new(addr: &str) -> Client {
        Client { channel: Channel::from_shared(addr.to_owned()).unwrap().connect_lazy() }
    }

    pub fn intake(&self) -> IntakeServiceClient<Channel> {
        IntakeServiceClient::new(self.channel.clone())
    }

    pub fn alerts(&self) -> AlertServiceClient<Channel> {
        AlertServiceClient::new(self.channel.clone()).max_decoding_message_size(64 << 20)
    }

    pub fn ledgers(&self) -> LedgerServiceClient<Channel> {
        LedgerServiceClient::new(self.channel.clone())
    }

    pub fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone())
    }

    pub async fn status(&self) -> Result<pb::GetStatusResponse, Status> {
        self.admin().get_status(pb::GetStatusRequest {}).await.map(tonic::Response::into_inner)
    }

    pub async fn submit(&self, records: &[Record]) -> Result<Vec<Code>, Status> {
        let mut ndjson = Vec::new();
        records.iter().for_each(|record| write_line(record, &mut ndjson));
        let verdicts = self.submit_ndjson(ndjson).await?;
        Ok(verdicts.iter().map(pb::Verdict::code).collect())
    }

    pub async fn submit_ndjson(&self, ndjson: Vec<u8>) -> Result<Vec<pb::Verdict>, Status> {
        let request = pb::SubmitRequest { ndjson: ndjson.into(), ..pb::SubmitRequest::default() };
        Ok(self.intake().submit(request).await?.into_inner().verdicts)
    }

    /// All of these were acknowledged before: each is known.
    pub async fn check_known(&self, records: &[Record]) {
        for batch in lone(records).chunks(2000) {
            let codes = self.submit(batch).await.unwrap();
            for (code, record) in codes.iter().zip(batch) {
                assert_eq!(*code, Code::Duplicate, "it was acknowledged: {record:?}");
            }
        }
    }

    pub async fn set_date(&self, date: impl ToString) -> Result<String, Status> {
        let request = pb::SetBusinessDateRequest { business_date: date.to_string() };
        Ok(self.admin().set_business_date(request).await?.into_inner().business_date)
    }

    /// Every alert that stands, by id.
    pub async fn standing(&self) -> BTreeMap<String, pb::Alert> {
        let filter = Some(pb::AlertFilter { include_rolled_up: true, ..pb::AlertFilter::default() });
        let (mut all, mut page_token) = (BTreeMap::new(), String::new());
        loop {
            let request =
                pb::ListRequest { filter: filter.clone(), page_size: 1000, page_token, ..Default::default() };
            let page = self.alerts().list(request).await.unwrap().into_inner();
            for alert in page.alerts {
                let id = alert.id.clone();
                assert!(all.insert(id, alert).is_none(), "an alert stands on two pages");
            }
            page_token = page.next_page_token;
            if page_token.is_empty() {
                return all;
            }
        }
    }

    /// Alerts and suspense against the oracle's of the entries.
    pub async fn check(&self, entries: &[Entry], book: &Rulebook) {
        let (truth, today) = judge::truth(entries, book);
        assert_eq!(self.status().await.unwrap().business_date, today.map(|day| day.to_string()));
        let found: BTreeMap<_, _> =
            self.standing().await.into_iter().map(|(id, alert)| (id, said(&alert))).collect();
        assert_eq!(found, wanted(&truth));
        let request = pb::ListSuspenseRequest { page_size: 10_000, project_id: None };
        let waiting = self.ledgers().list_suspense(request).await.unwrap().into_inner();
        let waiting: Vec<_> =
            waiting.payments.into_iter().map(|p| (p.bank, p.txn_id, p.amount_fen)).collect();
        let suspense = truth.suspense.iter();
        let suspense: Vec<_> =
            suspense.map(|((bank, txn), (fen, _))| (bank.to_string(), txn.to_string(), fen.0)).collect();
        assert_eq!(waiting, suspense);
    }
}

type Said = (pb::Level, i64, u32, Option<String>);

fn said(alert: &pb::Alert) -> Said {
    (alert.level(), alert.amount_fen, alert.workers, alert.due_on.clone())
}

fn wanted(truth: &oracle::Truth) -> BTreeMap<String, Said> {
    let alerts = truth.alerts.iter().map(|((project, key), found)| {
        let id = alert_id(&PUBLIC_ID_KEY, key.rule, project, &key.subject);
        let level = pb::Level::from_str_name(&format!("LEVEL_{}", found.level.as_str().to_uppercase()));
        let amount = i64::try_from(found.amount).unwrap();
        let due_on = found.due_on.map(|day| day.to_string());
        (id.0.to_string(), (level.unwrap(), amount, found.workers, due_on))
    });
    alerts.collect()
}

/// The records that a line of JSON can tell in full.
pub fn tellable(records: Vec<Record>) -> Vec<Record> {
    let told = |record: &Record| {
        let mut line = Vec::new();
        write_line(record, &mut line);
        decode_line(String::from_utf8(line).unwrap().trim_end()).is_ok_and(|read| read == *record)
    };
    records.into_iter().filter(told).collect()
}

/// The records that no other of these is about: to send one again is always a DUPLICATE. (What was superseded
/// by a later statement may be ACCEPTED again, and changes nothing.)
pub fn lone(records: &[Record]) -> Vec<Record> {
    let key = |record: &Record| match &record.body {
        Body::Payment(p) => Some((p.bank.to_string(), p.txn_id.to_string())),
        Body::Account(a) => Some(("account".to_owned(), a.account.reveal().to_string())),
        Body::Project(p) => Some(("project".to_owned(), p.project_id.to_string())),
        _ => None,
    };
    let mut about: BTreeMap<_, u32> = BTreeMap::new();
    records.iter().filter_map(key).for_each(|key| *about.entry(key).or_default() += 1);
    let alone = |record: &&Record| key(record).is_none_or(|key| about[&key] == 1);
    records.iter().filter(alone).cloned().collect()
}

/// The segments of a log, oldest first.
pub fn segments(data: &Path) -> Vec<PathBuf> {
    let files = std::fs::read_dir(data.join("log")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|e| e == "log")).collect();
    found.sort();
    found
}
