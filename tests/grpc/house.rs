//! A whole service on a port of its own, in memory, and made-up records to send it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;
use tonic::transport::Channel;
use wagewatch::alerts::{Department, Directory, PUBLIC_ID_KEY, Role, Territory};
use wagewatch::console;
use wagewatch::domain::{AlertRow, Doubts, Fen, Funding, Numbers, ProjectId, Rule, Rulebook, Switch};
use wagewatch::engine::api::ProjectFacts;
use wagewatch::engine::{Engine, Observer, Parts, Settings};
use wagewatch::guard::{Equipment, Guard, Tls};
use wagewatch::intake::batch::Limits;
use wagewatch::intake::grpc::Intake;
use wagewatch::log::{Log, MemoryLog};
use wagewatch::proto::v1::admin_service_client::AdminServiceClient;
use wagewatch::proto::v1::alert_service_client::AlertServiceClient;
use wagewatch::proto::v1::intake_service_client::IntakeServiceClient;
use wagewatch::proto::v1::ledger_service_client::LedgerServiceClient;
use wagewatch::proto::v1::{self as pb, record::Body};
use wagewatch::serve::admin::{Admin, DateSource};
use wagewatch::serve::alerts::{AlertLimits, Alerts};
use wagewatch::serve::audits::Audits;
use wagewatch::serve::facts::FactsCache;
use wagewatch::serve::http::{self, HttpDoor, Watched};
use wagewatch::serve::hub::Hub;
use wagewatch::serve::ledger::Ledgers;
use wagewatch::serve::metrics::Metrics;
use wagewatch::serve::peers::Peers;
use wagewatch::serve::rows::Rows;
use wagewatch::serve::server::{self, Doors, Entrance, ServeError, ServerLimits};
use wagewatch::store::MemoryStore;
use wagewatch::telemetry::Telemetry;

/// How the house is built.
pub struct Plan {
    pub log: Box<dyn Log>,
    pub store: MemoryStore,
    pub settings: Settings,
    pub intake: Limits,
    pub alerts: AlertLimits,
    pub server: ServerLimits,
    pub dates: DateSource,
    pub guard: Arc<Guard>,
    pub tls: Option<Tls>,
    /// Rules beside those of the contract.
    pub also: Vec<Rule>,
    /// Alerts of a rule on a day; 0: no limit.
    pub flood_alerts: i64,
    /// Where the guard writes its trail.
    pub trail: Option<PathBuf>,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            log: Box::new(MemoryLog::new()),
            store: MemoryStore::new(),
            settings: Settings { shards: 4, threads: 1, ..Settings::default() },
            intake: Limits::default(),
            alerts: AlertLimits::default(),
            server: ServerLimits::default(),
            dates: DateSource::Manual,
            guard: Guard::open(Equipment::default()),
            tls: None,
            also: Vec::new(),
            flood_alerts: 0,
            trail: None,
        }
    }
}

pub struct House {
    pub engine: Engine,
    pub hub: Arc<Hub>,
    pub channel: Channel,
    pub grpc: SocketAddr,
    pub http: SocketAddr,
    pub stop: CancellationToken,
    pub served: JoinHandle<Result<(), ServeError>>,
    facts: Arc<FactsCache>,
    /// The services as they are without a gate.
    pub ungated: Routes,
}

/// Metrics count; what is in doubt is told. (What projects are, tests say themselves.)
struct Ears {
    metrics: Arc<Metrics>,
    facts: Arc<FactsCache>,
}

impl Observer for Ears {
    fn appended(&self, entries: usize, micros: u64) {
        self.metrics.appended(entries, micros);
    }

    fn applied(&self, entries: usize, micros: u64) {
        self.metrics.applied(entries, micros);
    }

    fn doubted(&self, doubts: &Arc<Doubts>) {
        self.facts.put_doubts(doubts.clone());
    }

    fn published(&self, rows: &[Arc<AlertRow>]) {
        self.metrics.published(rows);
    }

    fn checkpointed(&self, pages: usize, bytes: usize, micros: u64) {
        self.metrics.checkpointed(pages, bytes, micros);
    }
}

impl House {
    pub async fn start() -> House {
        House::build(Plan::default()).await
    }

    pub async fn build(plan: Plan) -> House {
        let metrics = Arc::new(Metrics::new(prometheus::Registry::new()).unwrap());
        let facts = Arc::new(FactsCache::new());
        let engine = Engine::start(Parts {
            log: plan.log,
            store: Arc::new(plan.store),
            settings: plan.settings,
            book: Arc::new(contract_rules(&plan.also, plan.flood_alerts)),
            ids: PUBLIC_ID_KEY,
            observer: Arc::new(Ears { metrics: metrics.clone(), facts: facts.clone() }),
        })
        .unwrap();
        let ready = async {
            while !engine.is_ready() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(60), ready)
            .await
            .expect("the engine gets level with its log");
        let stop = CancellationToken::new();
        let hub = Hub::start(engine.feed().clone(), stop.clone());
        let shards = engine.feed().shards();
        let rows = Arc::new(Rows::new(facts.clone(), Arc::new(directory()), PUBLIC_ID_KEY, shards));
        let counted = metrics.clone();
        let tally = Arc::new(move |door, origins: &_, verdicts: &[_]| counted.tally(door, origins, verdicts));
        let patience = Duration::from_secs(20);
        let known = rows.clone();
        let homes = Arc::new(move |project: &ProjectId| known.home_of(project));
        let doors = Doors {
            intake: Intake::new(engine.clone(), plan.intake, tally, homes, stop.clone()),
            alerts: Alerts::new(engine.clone(), rows.clone(), hub.clone(), plan.alerts, stop.clone()),
            ledgers: Ledgers::new(engine.clone(), rows, patience, wagewatch::intake::write_json::write_line),
            admin: Admin::new(engine.clone(), hub.clone(), plan.dates, patience),
            audits: Audits::new(plan.trail),
            peers: Peers::new(None),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let grpc = listener.local_addr().unwrap();
        let services = server::services(doors, &plan.server);
        let (telemetry, most) = (Telemetry::default(), plan.server.message_bytes);
        let pages = console::pages(services.clone(), plan.guard.clone(), telemetry.clone(), Vec::new(), most)
            .unwrap();
        let entrance = Entrance { listener, guard: plan.guard.clone(), tls: plan.tls.clone(), telemetry };
        let ungated = services.clone();
        let served =
            tokio::spawn(server::serve(entrance, services, engine.clone(), plan.server, stop.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = listener.local_addr().unwrap();
        let watched = Watched {
            engine: engine.clone(),
            hub: hub.clone(),
            metrics,
            guard: plan.guard,
            stop: stop.clone(),
        };
        let door = HttpDoor { listener, tls: plan.tls, pages };
        tokio::spawn(http::serve(door, watched, CancellationToken::new()));
        let channel = Channel::from_shared(format!("http://{grpc}")).unwrap().connect_lazy();
        House { engine, hub, channel, grpc, http, stop, served, facts, ungated }
    }

    pub fn intake(&self) -> IntakeServiceClient<Channel> {
        IntakeServiceClient::new(self.channel.clone()).max_encoding_message_size(64 << 20)
    }

    pub fn alerts(&self) -> AlertServiceClient<Channel> {
        AlertServiceClient::new(self.channel.clone())
    }

    pub fn ledgers(&self) -> LedgerServiceClient<Channel> {
        LedgerServiceClient::new(self.channel.clone())
    }

    pub fn admin(&self) -> AdminServiceClient<Channel> {
        AdminServiceClient::new(self.channel.clone())
    }

    pub async fn submit(&self, records: Vec<pb::Record>) -> Vec<pb::Verdict> {
        let request = pb::SubmitRequest { records, ..pb::SubmitRequest::default() };
        self.intake().submit(request).await.unwrap().into_inner().verdicts
    }

    pub async fn set_date(&self, date: &str) {
        let request = pb::SetBusinessDateRequest { business_date: date.into() };
        self.admin().set_business_date(request).await.unwrap();
    }

    /// A project of so many workers who worked ten days of March 2026 at 300 yuan and got nothing.
    pub async fn unpaid_project(&self, project: &str, sector: &str, workers: u32) {
        self.place(project, sector, "150621100");
        let mut records = vec![project_record(project, sector)];
        for worker in 0..workers {
            records.push(enrolment(project, worker));
            records.extend((2..12).map(|day| work_day(project, worker, &format!("2026-03-{day:02}"))));
        }
        for batch in records.chunks(5000) {
            let verdicts = self.submit(batch.to_vec()).await;
            assert!(verdicts.iter().all(|v| v.code() == pb::verdict::Code::Accepted), "{verdicts:?}");
        }
    }

    /// What the engine would tell of a project's record.
    pub fn place(&self, project: &str, sector: &str, territory: &str) {
        let facts = ProjectFacts {
            name: "河畔家园".into(),
            sector: sector.into(),
            territory: territory.into(),
            funding: Funding::Private,
            contractor_name: "示例建设".into(),
            contract_fen: Fen(500_000_000),
        };
        self.facts.put(ProjectId::parse("project_id", project).unwrap(), facts);
    }

    /// What the whole stop of a process does, but for the process.
    pub async fn end(self) {
        self.stop.cancel();
        drop(self.channel);
        self.served.await.unwrap().unwrap();
        let engine = self.engine;
        tokio::task::spawn_blocking(move || engine.stop()).await.unwrap();
    }
}

/// Doors carry the alerts of any rule: these tests count those of the contract's six.
fn contract_rules(also: &[Rule], flood_alerts: i64) -> Rulebook {
    let mut numbers = Numbers { flood_alerts, flood_grace_days: 0, ..Numbers::default() };
    for rule in Rule::ALL.iter().filter(|rule| !rule.is_of_contract() && !also.contains(rule)) {
        numbers.switches.insert(*rule, Switch { off: true, off_in: Vec::new() });
    }
    Rulebook::of(numbers)
}

fn directory() -> Directory {
    let department = |code: &str, role, sectors: &[&str]| Department {
        code: code.into(),
        name: code.into(),
        role,
        sectors: sectors.iter().map(|sector| (*sector).into()).collect(),
        funding: Vec::new(),
    };
    let departments = vec![
        department("hrss", Role::Coordinator, &[]),
        department("housing", Role::SectorConstruction, &["building"]),
        department("transport", Role::SectorConstruction, &["road"]),
    ];
    let territories =
        vec![Territory { code: "150621100".into(), name: "树林召镇".into(), department: None }];
    Directory::new(departments, territories).unwrap()
}

fn record(id: String, body: Body) -> pb::Record {
    pb::Record { id, source: "test".into(), at: "2026-03-31T08:00:00+08:00".into(), body: Some(body) }
}

pub fn project_record(project: &str, sector: &str) -> pb::Record {
    let body = pb::Project {
        project_id: project.into(),
        name: "河畔家园".into(),
        sector: sector.into(),
        territory: "150621100".into(),
        funding: pb::Funding::Private.into(),
        owner_name: "示例置业".into(),
        contractor_name: "示例建设".into(),
        contractor_uscc: "91150621MA0NTET009".into(),
        contract_signed_on: "2026-01-05".into(),
        contract_fen: Some(500_000_000),
        ..pb::Project::default()
    };
    record(format!("{project}-project"), Body::Project(Box::new(body)))
}

/// A passport needs no checksum.
pub fn passport(worker: u32) -> String {
    format!("E{worker:08}")
}

pub fn enrolment(project: &str, worker: u32) -> pb::Record {
    let body = pb::Enrolment {
        project_id: project.into(),
        id_number: passport(worker),
        id_type: Some("08".into()),
        name: "张三".into(),
        employer_name: "示例劳务".into(),
        basis: pb::Basis::Daily.into(),
        rate_fen: Some(30_000),
        effective_on: "2026-03-01".into(),
        ..pb::Enrolment::default()
    };
    record(format!("{project}-enrolment-{worker}"), Body::Enrolment(Box::new(body)))
}

pub fn work_day(project: &str, worker: u32, date: &str) -> pb::Record {
    let body = pb::Attendance {
        project_id: project.into(),
        id_number: passport(worker),
        id_type: Some("08".into()),
        work_date: Some(date.into()),
        days: Some("1".into()),
        ..pb::Attendance::default()
    };
    record(format!("{project}-day-{worker}-{date}"), Body::Attendance(body))
}

pub fn payment(project: &str, worker: u32, txn_id: &str, amount_fen: i64) -> pb::Record {
    let body = pb::Payment {
        bank: "ABC".into(),
        txn_id: txn_id.into(),
        account: "05370101040012345".into(),
        payee_account: "6228480000000000001".into(),
        id_number: Some(passport(worker)),
        id_type: Some("08".into()),
        project_id: Some(project.into()),
        amount_fen: Some(amount_fen),
        settled_at: "2026-04-18T10:00:00+08:00".into(),
        status: pb::PaymentStatus::Settled.into(),
        ..pb::Payment::default()
    };
    record(format!("payment-{txn_id}"), Body::Payment(Box::new(body)))
}
