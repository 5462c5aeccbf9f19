//! What stands on disk, looked at as a thief would: every identity number, account and name that went in is searched for in
//! the raw bytes of the data folder and of a backup, as text and in our own encodings. A plain folder holds them, so the
//! search can fail; an encrypted one does not. Then keys: made, rotated while it serves, missing, thrown away.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test ends by panicking")]

mod oracle;
mod support;

use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};
use support::process::{Client, PATIENCE, Process};
use tempfile::TempDir;
use wagewatch::app::config::Config;
use wagewatch::codec::Writer;
use wagewatch::domain::{Account, Body, Day, IdNumber, Period, Record};
use wagewatch::fiction::{County, Plan, Share};
use wagewatch::intake::write_json::write_line;

/// What is searched for: each with the words for its kind.
#[derive(Default)]
struct Secrets {
    /// By length.
    needles: BTreeMap<usize, HashSet<Vec<u8>>>,
    kinds: BTreeMap<Vec<u8>, &'static str>,
}

impl Secrets {
    fn add(&mut self, kind: &'static str, bytes: &[u8]) {
        // Shorter ones stand somewhere by chance.
        if bytes.len() >= 6 {
            self.needles.entry(bytes.len()).or_default().insert(bytes.to_vec());
            self.kinds.insert(bytes.to_vec(), kind);
        }
    }

    fn person(&mut self, id: &IdNumber) {
        self.add("number as text", id.reveal().as_bytes());
        let mut own = Writer::new();
        own.id_number(id);
        self.add("number as a log has it", &own.bytes);
        if let Some(packed) = id.packed() {
            self.add("number, little-endian", &packed.to_le_bytes());
            self.add("number, big-endian", &packed.to_be_bytes());
        }
    }

    fn account(&mut self, account: Account) {
        self.add("account as text", account.reveal().as_bytes());
        let mut own = Writer::new();
        own.account(account);
        // Its high bytes are alike in many and so are squeezed out: those that differ.
        self.add("account as a log has it", &own.bytes[..6]);
        self.add("account, big-endian", &account.packed().to_be_bytes());
    }

    fn record(&mut self, record: &Record) {
        match &record.body {
            Body::Enrolment(e) => {
                self.person(&e.id_number);
                self.add("name", e.name.as_bytes());
                e.account.iter().for_each(|account| self.account(*account));
            }
            Body::Swipe(s) => self.person(&s.id_number),
            Body::WorkDay(d) => self.person(&d.id_number),
            Body::Payment(p) => {
                self.account(p.account);
                self.account(p.payee_account);
                p.id_number.iter().for_each(|id| self.person(id));
            }
            Body::Account(a) => self.account(a.account),
            Body::Payroll(sheet) => sheet.lines.iter().for_each(|line| self.person(&line.id_number)),
            _ => {}
        }
    }

    /// How many different needles of each kind stand in the files below, with one file where they do.
    fn search(&self, folder: &Path) -> BTreeMap<&'static str, (usize, PathBuf)> {
        let mut found: BTreeMap<&[u8], PathBuf> = BTreeMap::new();
        let mut files = Vec::new();
        walk(folder, &mut files);
        assert!(files.len() > 1, "{files:?}");
        for file in files {
            let bytes = fs::read(&file).unwrap();
            for (length, needles) in &self.needles {
                for part in bytes.windows(*length).filter(|part| needles.contains(*part)) {
                    let (needle, _) = self.kinds.get_key_value(part).unwrap();
                    found.insert(needle, file.clone());
                }
            }
        }
        let mut kinds: BTreeMap<&'static str, (usize, PathBuf)> = BTreeMap::new();
        for (needle, file) in found {
            kinds.entry(self.kinds[needle]).or_insert((0, file)).0 += 1;
        }
        kinds
    }
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, files) } else { files.push(path) }
    }
}

fn county() -> (Vec<Record>, Day) {
    let plan = Plan {
        seed: 5,
        projects: 5,
        workers: 80,
        months: 2,
        first: Period::from_ym(2026, 3).unwrap(),
        troubles: Share::percent(60),
    };
    let days: Vec<(Day, Vec<Record>)> = County::new(&plan, Config::default().calendar).collect();
    let last = days[days.len() - 1].0;
    (days.into_iter().flat_map(|(_, records)| records).collect(), last)
}

fn wagewatch(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_wagewatch")).args(args).output().unwrap()
}

fn good(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A folder with a file of keys, and a config that names it and the data folder.
struct Site {
    dir: TempDir,
}

impl Site {
    fn new(suite: &str) -> Site {
        let site = Site { dir: tempfile::tempdir().unwrap() };
        let said = good(&wagewatch(&["keys", "new", "--file", &site.shown("data.keys"), "--suite", suite]));
        assert!(said.contains(&site.key(0)) && said.contains(suite), "{said}");
        let config = format!(
            "[data]\npath = \"{}\"\n[engine]\nshards = 4\n[security]\nkeys_file = \"data.keys\"\n",
            site.shown("data")
        );
        fs::write(site.path("wagewatch.toml"), config).unwrap();
        site
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn shown(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn set(&self) -> String {
        format!("security.keys_file={}", self.shown("data.keys"))
    }

    /// The name of the nth key.
    fn key(&self, nth: usize) -> String {
        let text = fs::read_to_string(self.path("data.keys")).unwrap();
        let mut lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.nth(nth).unwrap().split(' ').next().unwrap().to_owned()
    }

    fn keys(&self, what: &str) -> String {
        good(&wagewatch(&["keys", what, "--config", &self.shown("wagewatch.toml")]))
    }
}

/// Answers every delivery with a refusal: they become dead letters.
fn refusing_receiver() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let mut stream = stream;
                let mut bytes = [0; 65536];
                while stream.read(&mut bytes).is_ok_and(|read| read > 0) {
                    let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n");
                }
            });
        }
    });
    format!("webhook.url=http://{address}/")
}

/// All records, good and bad, with what hears of the alerts; and its secrets.
async fn fill(data: &Path, set: &[&str]) -> Secrets {
    let (records, last) = county();
    let hook = refusing_receiver();
    let mut all = set.to_vec();
    all.push(&hook);
    let process = Process::start(data, &all).await;
    let client = process.client();
    let mut secrets = Secrets::default();
    for batch in records.chunks(300) {
        batch.iter().for_each(|record| secrets.record(record));
        client.submit(batch).await.unwrap();
        // What cannot be taken: kept as it was sent.
        let mut line = Vec::new();
        write_line(&batch[0], &mut line);
        let bad = String::from_utf8(line).unwrap().replace("\"at\":\"2026", "\"at\":\"2O26");
        client.submit_ndjson(bad.into_bytes()).await.unwrap();
    }
    client.set_date(last).await.unwrap();
    assert!(client.standing().await.len() > 10);
    assert!(client.status().await.unwrap().dead_letters > 5);
    until(|| data.join("webhook/dead.ndjson").exists());
    // A checkpoint, so that the store holds pages; then one life more with callers who have names.
    assert!(process.stop().await.status.success());
    audited(data, set);
    secrets
}

fn until(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < PATIENCE, "it does not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A life in which somebody with a name asks something, so that a trail is written.
fn audited(data: &Path, set: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let said = good(&wagewatch(&["token", "--days", "30"]));
    let (token, line) = said.trim_end().split_once('\n').unwrap();
    fs::write(path("token"), token).unwrap();
    let line = format!("[[principal]]\nname = \"hrss\"\nrole = \"coordinator\"\n{line}\n");
    fs::write(path("principals.toml"), line).unwrap();
    let mut settings = vec![
        format!("data.path={}", data.display()),
        "server.grpc_addr=127.0.0.1:0".into(),
        "server.http_addr=127.0.0.1:0".into(),
        "clock.kind=manual".into(),
        "engine.shards=4".into(),
        "logging.format=json".into(),
        format!("security.principals={}", path("principals.toml")),
    ];
    settings.extend(set.iter().map(|one| (*one).to_owned()));
    let out = fs::File::create(path("said")).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_wagewatch"))
        .arg("serve")
        .args(settings.iter().flat_map(|one| ["--set", one]))
        .stdout(Stdio::null())
        .stderr(out)
        .spawn()
        .unwrap();
    let address = || {
        let said = fs::read_to_string(path("said")).unwrap();
        let line = said.lines().find(|line| line.contains(r#""message":"serving""#))?.to_owned();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap();
        Some(format!("http://{}", said["fields"]["grpc"].as_str().unwrap()))
    };
    until(|| address().is_some());
    let address = address().unwrap();
    until(|| wagewatch(&["stats", "--addr", &address, "--token-file", &path("token")]).status.success());
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    assert!(child.wait().unwrap().success(), "{}", fs::read_to_string(path("said")).unwrap());
}

fn backup(data: &Path, out: &Path) -> String {
    good(&wagewatch(&["backup", "--data", &data.display().to_string(), "--out", &out.display().to_string()]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_folder_can_be_read_and_an_encrypted_one_holds_nothing_that_went_in() {
    let plain = tempfile::tempdir().unwrap();
    let (data, out) = (plain.path().join("data"), plain.path().join("out"));
    let secrets = fill(&data, &[]).await;
    backup(&data, &out);
    for folder in [&data.join("log"), &data.join("store"), &out] {
        let found = secrets.search(folder);
        println!("{}: {found:?}", folder.display());
        for kind in ["number as text", "number as a log has it", "account as a log has it", "name"] {
            assert!(found.get(kind).is_some_and(|(count, _)| *count > 3), "{kind}: {found:?}");
        }
    }
    // These bear no person, whatever stands beside them.
    for folder in ["audit", "webhook"] {
        let mut files = Vec::new();
        walk(&data.join(folder), &mut files);
        assert!(files.iter().any(|file| fs::metadata(file).unwrap().len() > 100), "{files:?}");
    }
    for suite in ["aes-256-gcm-siv", "sm4-gcm"] {
        let site = Site::new(suite);
        let set = site.set();
        let secrets = fill(&site.path("data"), &[&set]).await;
        let said = backup(&site.path("data"), &site.path("out"));
        assert!(said.contains(&format!("needs key {}", site.key(0))), "{said}");
        for folder in ["data", "out"] {
            let found = secrets.search(&site.path(folder));
            assert!(found.is_empty(), "{suite}: {found:?}");
        }
        let secret = fs::read_to_string(site.path("data.keys")).unwrap();
        let secret = secret.trim_end().rsplit(' ').next().unwrap().to_owned();
        let mut keys = Secrets::default();
        keys.add("key", secret.as_bytes());
        keys.add("key", &data_encoding::HEXLOWER.decode(secret.as_bytes()).unwrap());
        for folder in ["data", "out"] {
            assert!(keys.search(&site.path(folder)).is_empty(), "a key lies beside the data");
        }
    }
}

async fn standing(client: &Client) -> Vec<String> {
    client.standing().await.into_keys().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plain_folder_goes_on_encrypted_and_after_a_rewrite_nothing_plain_is_left() {
    let site = Site::new("aes-256-gcm-siv");
    let (data, set) = (site.path("data"), site.set());
    let secrets = fill(&data, &[]).await;
    let process = Process::start(&data, &[&set]).await;
    assert!(process.said().contains("the store is plain: it is written anew, encrypted"));
    assert!(process.said().contains("older segments of the log are not encrypted"));
    let told = process.client().status().await.unwrap().encryption.unwrap();
    assert_eq!((told.key, told.suite.as_str()), (site.key(0), "aes-256-gcm-siv"));
    assert!(told.plain_segments > 0);
    let alerts = standing(&process.client()).await;
    assert!(process.stop().await.status.success());
    assert!(secrets.search(&data.join("store")).is_empty(), "the store at once");
    assert!(!secrets.search(&data.join("log")).is_empty(), "the log not yet");
    assert!(site.keys("list").contains("the data folder holds plain parts"));
    let said = site.keys("rewrite");
    assert!(said.contains("log: ") && said.contains(&site.key(0)), "{said}");
    assert!(secrets.search(&data).is_empty());
    assert!(site.keys("rewrite").contains("already"));
    let process = Process::start(&data, &[&set]).await;
    assert!(!process.said().contains("segments of the log"), "{}", process.said());
    assert_eq!(standing(&process.client()).await, alerts);
    assert!(process.stop().await.status.success());
    // The store is made again from the encrypted log.
    fs::remove_dir_all(data.join("store")).unwrap();
    let process = Process::start(&data, &[&set]).await;
    assert_eq!(standing(&process.client()).await, alerts);
    assert!(process.stop().await.status.success());
    assert!(secrets.search(&data).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_rotated_while_it_serves_and_an_old_one_can_be_thrown_away() {
    let site = Site::new("sm4-gcm");
    let (data, set) = (site.path("data"), site.set());
    let (records, last) = county();
    let process = Process::start(&data, &[&set]).await;
    let client = process.client();
    client.submit(&records[..1000]).await.unwrap();
    let rotated =
        wagewatch(&["keys", "rotate", "--file", &site.shown("data.keys"), "--suite", "aes-256-gcm-siv"]);
    good(&rotated);
    let (old, new) = (site.key(0), site.key(1));
    let begun = Instant::now();
    while client.status().await.unwrap().encryption.unwrap().key != new {
        assert!(begun.elapsed() < PATIENCE, "{}", process.said());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    client.submit(&records[1000..]).await.unwrap();
    client.set_date(last).await.unwrap();
    let alerts = standing(&client).await;
    assert!(!alerts.is_empty());
    // A file without the old key is not taken while it runs.
    let both = fs::read_to_string(site.path("data.keys")).unwrap();
    let only_new: String =
        both.lines().filter(|line| !line.starts_with(&old)).map(|l| format!("{l}\n")).collect();
    fs::write(site.path("data.keys"), &only_new).unwrap();
    until(|| process.said().contains("the data keys stay as they were"));
    client.submit(&records[..10]).await.unwrap();
    process.kill();

    // And at a start it is missed, by name.
    let ended = Process::try_start(&data, &[&set]).await.err().unwrap();
    assert!(ended.said.contains(&format!("is encrypted with key {old}, which the file")), "{}", ended.said);
    let ended = Process::try_start(&data, &[]).await.err().unwrap();
    assert!(ended.said.contains(&format!("key {old}, and no keys are configured")), "{}", ended.said);
    fs::write(site.path("data.keys"), &both).unwrap();
    let listed = site.keys("list");
    let needed = |id: &str| listed.lines().find(|line| line.starts_with(id)).unwrap().contains(", needed by");
    assert!(needed(&old) && needed(&new), "{listed}");
    // No word of a key in anything that was said.
    let process = Process::start(&data, &[&set, "logging.level=trace"]).await;
    assert_eq!(standing(&process.client()).await, alerts);
    let mut said = process.stop().await.said;
    said.push_str(&listed);
    let secrets: Vec<&str> = both
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.rsplit(' ').next().unwrap())
        .collect();
    assert_eq!(secrets.len(), 2);
    assert!(secrets.iter().all(|secret| secret.len() == 64 && !said.contains(secret)));

    let said = site.keys("rewrite");
    assert!(said.contains(&new), "{said}");
    fs::write(site.path("data.keys"), &only_new).unwrap();
    assert!(site.keys("list").contains(", needed by the data folder"));
    let process = Process::start(&data, &[&set]).await;
    assert_eq!(standing(&process.client()).await, alerts);
    assert!(process.stop().await.status.success());
}

#[test]
fn a_file_of_keys_that_is_not_right_is_told_before_anything_is_opened() {
    let site = Site::new("sm4-gcm");
    let serve = |set: &str| {
        let path = format!("data.path={}", site.shown("data"));
        let output = wagewatch(&["serve", "--set", &path, "--set", set]);
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    let good_text = fs::read_to_string(site.path("data.keys")).unwrap();
    let secret = good_text.trim_end().rsplit(' ').next().unwrap();
    fs::write(site.path("data.keys"), good_text.replace("sm4-gcm", "aes-256-gcm-siv")).unwrap();
    let said = serve(&site.set());
    assert!(said.contains("line 4: the name does not belong to the key") && !said.contains(secret), "{said}");
    assert!(serve("security.keys_file=/nowhere/data.keys").contains("cannot be read"));
    fs::create_dir(site.path("data")).unwrap();
    fs::write(site.path("data/data.keys"), &good_text).unwrap();
    Command::new("chmod").args(["600", &site.shown("data/data.keys")]).status().unwrap();
    let said = serve(&format!("security.keys_file={}", site.shown("data/data.keys")));
    assert!(said.contains("lies in the data folder"), "{said}");
}
