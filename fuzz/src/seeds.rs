//! What the mutants begin from: what our own encoders write about a small made-up county, the templates of the config,
//! and a few lines by hand. Made anew each time, so that a change of a format makes no seed stale.

use prost::Message;
use std::collections::{BTreeMap, HashMap};
use std::mem::{Discriminant, discriminant};
use std::sync::{Arc, LazyLock};
use wagewatch::alerts::PUBLIC_ID_KEY;
use wagewatch::codec::{self, Writer};
use wagewatch::domain::{
    Body, Door, Entry, Period, Position, ProjectId, Reason, Record, Rejected, Rulebook, Time, Verdict,
};
use wagewatch::engine::api::DeadLetterId;
use wagewatch::engine::cluster::{Judged, Partition, Question, Span, Told, heard, question};
use wagewatch::engine::loose::SAID_KINDS;
use wagewatch::engine::partition::Owner;
use wagewatch::engine::partition::ProjectsOwner;
use wagewatch::engine::sources::{SourceCount, SourceCounts};
use wagewatch::engine::{Engine, Equipment, Parts, Settings, Shard, Unobserved};
use wagewatch::fiction::{County, Plan, Share};
use wagewatch::guard::Token;
use wagewatch::intake::write_json;
use wagewatch::log::{Log, MemoryLog};
use wagewatch::proto::v1::{self as pb, act_request::Action, record::Body as PbBody};
use wagewatch::serve::cursor::Cursor;
use wagewatch::serve::seal::Seal;
use wagewatch::store::loose::cut_value;
use wagewatch::store::{Changes, MemoryStore, Store};

use super::inner::{COUNTY_PAGE, PROJECT_PAGE, ROSTER_PAGE};

/// Of each kind of thing so many.
const OF_EACH: usize = 3;
/// Longer ones make slow mutants.
const SEED_BYTES_MAX: usize = 6 << 10;

/// Never empty; the same for every run, but for tokens and times.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let mut seeds = match target {
        "json" => records().iter().map(line).collect(),
        "protobuf" => protobuf(),
        "csv" => csv(),
        "block" => blocks(),
        "codec" => values(),
        "page" => pages(),
        "value" => stored_values(),
        "cursor" => cursors(),
        "config" => configs(),
        "console" => bodies(),
        "act" => acts(),
        "phrase" => phrases(),
        "credential" => credentials(),
        _ => Vec::new(),
    };
    seeds.retain(|seed: &Vec<u8>| seed.len() <= SEED_BYTES_MAX);
    seeds.push(Vec::new());
    seeds
}

/// Some of every type.
fn records() -> Vec<Record> {
    static RECORDS: LazyLock<Vec<Record>> = LazyLock::new(|| {
        let mut of_type: HashMap<Discriminant<Body>, usize> = HashMap::new();
        let mut all = county_records();
        all.retain(|record| {
            let seen = of_type.entry(discriminant(&record.body)).or_default();
            *seen += 1;
            *seen <= OF_EACH
        });
        all
    });
    RECORDS.clone()
}

fn county_records() -> Vec<Record> {
    let first = Period::parse("2026-03").expect("a month");
    let troubles = Share::percent(100);
    let plan = Plan { seed: 7, projects: 4, workers: 12, months: 2, first, troubles };
    let county = County::new(&plan, Rulebook::default().calendar);
    county.flat_map(|(_, records)| records).collect()
}

fn line(record: &Record) -> Vec<u8> {
    let mut line = Vec::new();
    write_json::write_line(record, &mut line);
    line.pop();
    line
}

fn protobuf() -> Vec<Vec<u8>> {
    let swipe = pb::Attendance {
        project_id: "P1".into(),
        id_number: "152722199001010019".into(),
        swiped_at: Some("2026-03-04T07:01:00+08:00".into()),
        ..pb::Attendance::default()
    };
    let sheet = pb::Payroll {
        project_id: "P1".into(),
        employer_uscc: "91150621MA0NTET009".into(),
        period: "2026-03".into(),
        submitted_on: "2026-04-01".into(),
        lines: vec![pb::PayrollLine { payable_fen: Some(1), ..pb::PayrollLine::default() }],
        ..pb::Payroll::default()
    };
    let payment = pb::Payment { bank: "ABC".into(), amount_fen: Some(100), ..pb::Payment::default() };
    let bodies = [
        PbBody::Attendance(swipe),
        PbBody::Payroll(Box::new(sheet)),
        PbBody::Payment(Box::new(payment)),
        PbBody::Project(Box::default()),
        PbBody::Enrolment(Box::default()),
    ];
    let records: Vec<pb::Record> = bodies
        .into_iter()
        .map(|body| pb::Record {
            id: "a".into(),
            source: "gate".into(),
            at: "2026-03-04T07:01:00+08:00".into(),
            body: Some(body),
        })
        .collect();
    let ndjson: Vec<u8> = records_as_lines();
    let mut seeds: Vec<Vec<u8>> = records
        .iter()
        .map(|one| pb::SubmitRequest { records: vec![one.clone()], ..Default::default() }.encode_to_vec())
        .collect();
    seeds.push(pb::SubmitRequest { records, ndjson: ndjson.into() }.encode_to_vec());
    seeds
}

fn records_as_lines() -> Vec<u8> {
    records().iter().take(6).flat_map(|record| [line(record), b"\r\n".to_vec()].concat()).collect()
}

fn csv() -> Vec<Vec<u8>> {
    let at = "2026-03-02T07:01:00Z";
    let day = "type,id,source,at,project_id,id_number,work_date,days,minutes,other";
    let sheet = "type,id,source,at,project_id,employer_uscc,period,submitted_on,id_number,id_type,payable_fen,deductions_fen,signed";
    let texts = [
        format!(
            "{day}\nattendance,a,s,{at},P1,152722199001010019,2026-03-05,1.5,60,x\r\n\r\nattendance,b,s,{at},P1,1,,,,\n"
        ),
        format!(
            "{day}\nattendance,\"a \"\"b\"\"\nc\",s,{at},P1,152722199001010019,2026-03-05,1,,\nattendance,\"d\n"
        ),
        format!(
            "{sheet}\npayroll,a,s,{at},P1,91150621MA0NTET009,2026-02,2026-03-01,152722199001010019,,500,20,true\npayroll,a,s,{at},P1,91150621MA0NTET009,2026-02,2026-03-01,E12345678,08,700,,false\n"
        ),
    ];
    texts.iter().map(|text| [&b"\x40"[..], text.as_bytes()].concat()).collect()
}

fn entries() -> Vec<Entry> {
    let rejected = Rejected {
        door: Door::Submit,
        file: "a.ndjson".into(),
        line: 3,
        id: Some("a".into()),
        source: None,
        reason: Reason::missing("amount_fen", "an integer"),
        raw: b"{\"type\":\"payment\"}"[..].into(),
        raw_len: 18,
    };
    let mut entries: Vec<Entry> = records().into_iter().map(Entry::Record).collect();
    entries.push(Entry::Rejected(Box::new(rejected)));
    entries
}

/// A header of 48 bytes whose checksums the target makes right, then the entries, plain or squeezed.
fn blocks() -> Vec<Vec<u8>> {
    let header = |plain: usize, entries: usize, flags: u8| {
        let mut head = [0; 48];
        head[12..16].copy_from_slice(&u32::try_from(plain).expect("small").to_le_bytes());
        head[16] = 1;
        head[32..36].copy_from_slice(&u32::try_from(entries).expect("small").to_le_bytes());
        head[40] = flags;
        head.to_vec()
    };
    let mut seeds = Vec::new();
    for some in entries().chunks(5) {
        let mut w = Writer::new();
        some.iter().for_each(|entry| codec::write_entry(&mut w, entry));
        seeds.push([header(w.bytes.len(), some.len(), 0), w.bytes.clone()].concat());
        // Behind the kind and the length stands what LZ4 made.
        let packed = codec::pack(&w.bytes.repeat(8));
        if packed[0] == 1 {
            let behind = 1 + packed[1..].iter().position(|byte| byte & 0x80 == 0).expect("a length") + 1;
            seeds.push([header(w.bytes.len() * 8, some.len() * 8, 1), packed[behind..].to_vec()].concat());
        }
    }
    seeds
}

fn written(kind: u8, write: impl FnOnce(&mut Writer)) -> Vec<u8> {
    let mut w = Writer::new();
    w.u8(kind);
    write(&mut w);
    w.bytes
}

fn values() -> Vec<Vec<u8>> {
    let mut seeds: Vec<Vec<u8>> =
        entries().iter().map(|entry| written(0, |w| codec::write_entry(w, entry))).collect();
    for row in rows() {
        seeds.push(written(5, |w| codec::write_alert(w, &row.alert)));
        seeds.push(written(6, |w| codec::write_alert_row(w, &row)));
        seeds.push(written(7, |w| codec::write_finding(w, &row.alert.finding)));
    }
    seeds.push(written(8, |w| codec::write_rulebook(w, &Rulebook::default())));
    seeds.push(written(9, |w| w.bytes.extend(codec::pack(&b"152722199001010019".repeat(100)))));
    seeds
}

/// One alert of each rule that the county breaks.
fn rows() -> Vec<wagewatch::domain::AlertRow> {
    let mut rows = Vec::new();
    let mut rules = Vec::new();
    for (key, page) in &*STORE {
        if key[0] != b'A' {
            continue;
        }
        let page = codec::unpack(page).expect("our own page");
        let mut r = codec::Reader::new(&page[1..]);
        for row in r.list(codec::read_alert_row).expect("our own rows") {
            if !rules.contains(&row.alert.finding.rule) {
                rules.push(row.alert.finding.rule);
                rows.push(row);
            }
        }
    }
    rows
}

/// The store of a county that was judged, as the engine leaves it.
static STORE: LazyLock<BTreeMap<Vec<u8>, Vec<u8>>> = LazyLock::new(|| {
    let first = Period::parse("2026-03").expect("a month");
    let store = MemoryStore::new();
    let book = Arc::new(Rulebook::default());
    let mut log = MemoryLog::new();
    let mut entries = vec![Entry::Rulebook(Box::new((*book).clone()))];
    entries.extend(county_records().into_iter().map(Entry::Record));
    entries.extend(self::entries().pop());
    entries.push(Entry::Date(first.plus(4).first_day()));
    log.append(1_000, &entries).expect("memory");
    let settings = Settings { shards: 2, threads: 1, ..Settings::default() };
    let engine = Engine::start(Parts {
        log: Box::new(log),
        store: Arc::new(store.clone()),
        settings,
        book,
        ids: PUBLIC_ID_KEY,
        observer: Arc::new(Unobserved),
    })
    .expect("an engine");
    while !engine.is_ready() {
        assert_eq!(engine.failure(), None);
        std::thread::yield_now();
    }
    engine.stop();
    store.pages()
});

fn pages() -> Vec<Vec<u8>> {
    let mut seeds = Vec::new();
    let mut of_kind: BTreeMap<u8, usize> = BTreeMap::new();
    for (key, packed) in &*STORE {
        let page = codec::unpack(packed).expect("our own page");
        let keyed = |kind: u8, key: &[u8]| {
            let length = u8::try_from(key.len()).expect("short");
            (kind, [&[kind, length][..], key, &page].concat())
        };
        let plain = |kind: u8| (kind, [&[kind][..], &page].concat());
        let (kind, seed) = match key[0] {
            b'P' => keyed(PROJECT_PAGE, &key[key.len() - 5..]),
            b'Y' => keyed(COUNTY_PAGE, &key[2..]),
            b'U' => keyed(ROSTER_PAGE, &key[3..]),
            b'A' | b'R' => plain(3),
            b'C' => plain(2),
            b'D' => plain(4),
            b'T' => plain(5),
            b'E' => plain(6),
            b'B' => plain(1),
            _ => plain(0),
        };
        let seen = of_kind.entry(kind).or_default();
        *seen += 1;
        if *seen <= 8 * OF_EACH {
            seeds.push(seed);
        }
    }
    seeds.extend(said());
    seeds
}

/// What instances of a cluster say to each other: questions, verdicts, and copies of the projects of the store.
fn said() -> Vec<Vec<u8>> {
    let plain = |kind: u8, bytes: &[u8]| {
        let page = codec::unpack(bytes).expect("our own page");
        [&[SAID_KINDS + kind][..], &page].concat()
    };
    let county = Partition::County;
    let project = ProjectId::parse("project_id", "P1").expect("an id");
    let asked = [
        (county, Question::Suspense(7)),
        (Partition::Projects(1), Question::Verdicts(vec![1, 9])),
        (county, Question::Sources),
        (Partition::Projects(0), Question::Due { projects: vec![project], days: 31 }),
    ];
    let reason = Reason::range("at", "a word", "a time");
    let letter = DeadLetterId { position: Position(9), index: 0 };
    let rejected = Judged { verdict: Verdict::Rejected(reason), letter: Some(letter) };
    let verdicts = [None, Some(Verdict::Duplicate.into()), Some(rejected)];
    let answers = [None, Some(b"x".to_vec())];
    let mut counts = SourceCounts::default();
    counts.add("gate", &SourceCount { records: 300, stated_at: Some(Time(7)), ..SourceCount::default() });
    let span = Span { partition: county, from: 3, next: 300, since_ms: 7 };
    let mut seeds = vec![
        plain(0, &question::write_questions(&asked)),
        plain(1, &question::write_answers(&answers)),
        plain(4, &question::write_verdicts(&verdicts)),
        plain(8, &heard::write_sources(&counts, &[span])),
        plain(7, &Told::Owner("w-0:7443".into()).to_bytes()),
    ];
    let put = STORE.iter().map(|(key, page)| (key.clone(), page.clone())).collect();
    let store = MemoryStore::new();
    store.write(Changes { put, remove: Vec::new() }).expect("memory");
    let with = Equipment {
        store: Arc::new(store),
        book: Arc::new(Rulebook::default()),
        ids: PUBLIC_ID_KEY,
        rows_max: 16,
        shards: 2,
        shadow: Some(Arc::new(Rulebook::default())),
    };
    let mut owner = ProjectsOwner::open(0, with.shards, with.clone()).expect("our own pages");
    while owner.shard().shadow_waiting() > 0 {
        owner.judge_shadow().expect("our own pages");
    }
    let shares = owner.say_shares(None).expect("a shadow rulebook");
    seeds.push(plain(10, &shares.to_bytes()));
    let (mut shard, _) = Shard::open(0, with.clone()).expect("our own pages");
    let projects: Vec<ProjectId> = shard.projects().into_iter().map(|summary| summary.project_id).collect();
    let due = Question::Due { projects, days: u8::MAX };
    let mut owner = Owner::open(Partition::Projects(0), 2, with).expect("our own pages");
    seeds.push(plain(9, &due.answer(&mut owner).expect("our own pages")));
    for summary in shard.projects().into_iter().take(OF_EACH) {
        let copy = shard.copy(&summary.project_id).expect("our own pages");
        seeds.push(plain(5, &copy.expect("a project that there is")));
    }
    seeds
}

fn stored_values() -> Vec<Vec<u8>> {
    [0, 1, 100, 40_000]
        .map(|length| {
            let (first, later) = cut_value(&vec![7; length]);
            let at = u16::try_from(first.len()).expect("a piece is short");
            [&at.to_le_bytes()[..], &first, &later].concat()
        })
        .to_vec()
}

fn cursors() -> Vec<Vec<u8>> {
    let seal = Seal::new(&PUBLIC_ID_KEY, "somebody");
    let shown = Cursor::begin(7, &[3, 0, 1_000_000]).encode(&seal);
    vec![
        [b"\0", shown.as_bytes()].concat(),
        b"\x01\x02\x07\x03\x00\x03\x00\x00\x00\xc0\x84\x3d".to_vec(),
        b"\x01\xac\x02\x05".to_vec(),
        b"\x01\x02P1".to_vec(),
    ]
}

fn configs() -> Vec<Vec<u8>> {
    let files = [
        include_str!("../../config/wagewatch.toml"),
        include_str!("../../config/rulebook.toml"),
        include_str!("../../config/principals.toml"),
        include_str!("../../config/departments.toml"),
        include_str!("../../config/territories.toml"),
        include_str!("../../config/calendar.csv"),
    ];
    let mut seeds = Vec::new();
    for (kind, text) in (0u8..).zip(files) {
        // Comments are no grammar, and long files make slow mutants: paragraphs stand for themselves.
        let bare: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        seeds.push([&[kind], bare.join("\n").as_bytes()].concat());
        for part in bare.join("\n").split("\n\n").filter(|part| !part.trim().is_empty()) {
            seeds.push([&[kind], part.as_bytes()].concat());
        }
    }
    let principal = "[[principal]]\nname = \"abc\"\nrole = \"bank\"\nbanks = [\"ABC\"]\ncertificates = [\"a.example\"]\ntokens = [{ hash = \"00:11\", expires = \"2027-01-01\" }]\n";
    seeds.push([b"\x02", principal.as_bytes()].concat());
    seeds
}

fn bodies() -> Vec<Vec<u8>> {
    let texts = [
        r#"{}"#,
        r#"{"filter":{"sectors":["building"],"rules":["RULE_WAGE_UNPAID"],"minLevel":"LEVEL_RED"},"pageSize":10,"pageToken":"AA"}"#,
        r#"{"alertId":"wage-unpaid-qol6w3sjhrpdg2dhzzsf47zl4y","actor":"a","actId":"b","note":{"text":"x"}}"#,
        r#"{"ndjson":"eA==","records":[{"id":"a","payment":{"amountFen":"1"}}]}"#,
        r#"{"projectId":"P1","idNumber":"152722199001010019"}"#,
        r#"{"id":"wage-unpaid-x","payment":{"amountFen":272000,"idNumber":"x","period":"2026-03"}}"#,
    ];
    let mut seeds = Vec::new();
    for which in 0u8..32 {
        seeds.extend(texts.iter().map(|text| [&[which], text.as_bytes()].concat()));
    }
    seeds
}

fn acts() -> Vec<Vec<u8>> {
    let request = |action| pb::ActRequest {
        alert_id: "wage-unpaid-qol6w3sjhrpdg2dhzzsf47zl4y".into(),
        act_id: "act-1".into(),
        actor: "inspector".into(),
        action: Some(action),
    };
    let actions = [
        Action::Acknowledge(pb::Acknowledge::default()),
        Action::Assign(pb::Assign::default()),
        Action::Note(pb::Note::default()),
        Action::Dismiss(pb::Dismiss::default()),
        Action::Exempt(pb::Exempt::default()),
    ];
    let mut seeds: Vec<Vec<u8>> =
        actions.into_iter().map(|action| [b"\0", &*request(action).encode_to_vec()].concat()).collect();
    let filter = pb::AlertFilter {
        sectors: vec!["building".into()],
        territories: vec!["150621".into()],
        rules: vec![1],
        ..pb::AlertFilter::default()
    };
    let subscribe = pb::SubscribeRequest { filter: Some(filter), ..pb::SubscribeRequest::default() };
    seeds.push([b"\x01", &*subscribe.encode_to_vec()].concat());
    seeds.push(b"\x02{\"id_number\":\"152722********0019\",\"lines\":[{\"name\":\"\xe7\x8e\x8b*\"}]}\0{\"id_number\":\"152722199001010019\",\"lines\":[{\"name\":\"\xe7\x8e\x8b\xe4\xba\x94\"}]}".to_vec());
    seeds
}

fn phrases() -> Vec<Vec<u8>> {
    let texts = [
        "pay 2720.50 to 152722199001010019 for 2026-03 on 2026-05-01",
        "17.3",
        "2026-02-28",
        "2026-12",
        "2026-03-04T07:01:00.123456789+08:00",
        "2026-03-04T07:01:00Z",
        "1.25",
        "E12345678",
        "91150621MA0NTET009",
        "6228480000000000001",
        "\u{6b27}\u{9633}\u{4fee} 152722199001010019 6228480000000000001",
    ];
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

fn credentials() -> Vec<Vec<u8>> {
    let token = Token::parse(&format!("ww_{}_{}", "0".repeat(32), "A".repeat(43))).expect("a token");
    let shown = token.reveal();
    let mut seeds = vec![
        [b"\0", shown.as_bytes()].concat(),
        [b"\0", token.hash_line().as_bytes()].concat(),
        [b"\x02Bearer ", shown.as_bytes()].concat(),
        b"\x03200m".to_vec(),
        b"\x0399999999H".to_vec(),
    ];
    seeds.push([&b"\x01"[..], CERTIFICATE].concat());
    seeds
}

/// A certificate of nobody, made for this, with a common name and alternatives.
const CERTIFICATE: &[u8] = include_bytes!("certificate.der");
