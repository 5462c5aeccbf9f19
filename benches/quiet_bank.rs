//! A quiet bank beside a flooding one, each a process of its own, before the real program: how much later the quiet one
//! gets its verdicts while the flood keeps within its limits, and while it is held back. Ratios to the quiet bank alone,
//! in alternating turns; seconds are this machine's. Every flood brings payments that are new, so that the state grows from
//! turn to turn.
//! `cargo bench --bench quiet_bank [-- --turns 3 --seconds 10 --limit 20000 --calls 8 --batch 500]`

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a benchmark ends at the first thing amiss")]
#![allow(
    clippy::float_arithmetic,
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "ratios for people to read"
)]

mod house;

use house::crowd::{Call, day, encode, pb_payment};
use house::drive::submit_as;
use house::{percentile, row, setting, table, text_setting};
use prost::bytes::Bytes;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tonic::Code;
use tonic::transport::Channel;
use wagewatch::guard::Token;

/// The quiet bank sends one payment so often.
const EVERY: Duration = Duration::from_millis(10);
/// The flood that keeps within its limits takes so much of them, in hundredths.
const WITHIN: u64 = 90;
/// Different batches of a flood.
const BATCHES: u64 = 128;

fn main() {
    match text_setting("role").as_deref() {
        None => conduct(),
        Some("quiet") => runtime().block_on(quiet()),
        Some("flood") => runtime().block_on(flood()),
        Some(other) => panic!("no role {other}"),
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// What the quiet bank saw in one stretch, in milliseconds.
struct Seen {
    p50: f64,
    p99: f64,
}

fn conduct() {
    // As long as from one checkpoint to the next, so that every stretch has one in it.
    let (turns, seconds, limit) = (setting("turns", 3), setting("seconds", 10), setting("limit", 20_000));
    let dir = tempfile::tempdir().unwrap();
    let tokens = [Token::new().unwrap(), Token::new().unwrap()];
    let mut server = Server::start(dir.path(), &tokens, limit);
    let mut at = 0;
    let mut turn = |mode: Option<&str>| {
        at += 1;
        let flood = mode.map(|mode| Flood::start(&server, &tokens[1], mode, at, seconds, limit));
        if flood.is_some() {
            // Until it is in full flow.
            std::thread::sleep(Duration::from_secs(1));
        }
        let seen = server.quiet(&tokens[0], at, seconds);
        (seen, flood.map(Flood::end))
    };
    let _warm = turn(None);
    let mut ratios: [[Vec<f64>; 2]; 2] = Default::default();
    let mut before = turn(None).0;
    for _ in 0..turns {
        for (mode, ratios) in ["within", "refused"].into_iter().zip(&mut ratios) {
            let (beside, told) = turn(Some(mode));
            let after = turn(None).0;
            let (p50, p99) = (f64::midpoint(before.p50, after.p50), f64::midpoint(before.p99, after.p99));
            println!(
                "{mode}: p50 {:.2} ms ({:.2} alone), p99 {:.2} ms ({:.2} alone); flood: {}",
                beside.p50,
                p50,
                beside.p99,
                p99,
                told.unwrap()
            );
            ratios[0].push(beside.p50 / p50);
            ratios[1].push(beside.p99 / p99);
            before = after;
        }
    }
    let told = |ratios: &mut Vec<f64>| {
        let (least, most) = (percentile(ratios, 0.0), percentile(ratios, 1.0));
        format!("{:.2} ({least:.2} to {most:.2})", percentile(ratios, 0.5))
    };
    let rows: Vec<_> = ["within its limits", "held back"]
        .into_iter()
        .zip(&mut ratios)
        .flat_map(|(what, [p50, p99])| {
            [
                row(format!("p50 beside a flood {what}, to p50 alone"), "-", told(p50)),
                row(format!("p99 beside a flood {what}, to p99 alone"), "-", told(p99)),
            ]
        })
        .collect();
    table(&format!("A quiet bank beside a flooding one, {turns} turns: median (least to most)"), &rows);
}

struct Server {
    child: Child,
    addr: String,
    /// What it said last.
    said: Arc<Mutex<String>>,
}

impl Server {
    fn start(dir: &Path, tokens: &[Token; 2], limit: u64) -> Server {
        let principals: String = ["quiet", "flood"]
            .iter()
            .zip(tokens)
            .map(|(name, token)| {
                format!(
                    "[[principal]]\nname = \"{name}\"\nrole = \"bank\"\nbanks = [\"103\"]\n\
                     tokens = [{{ hash = \"{}\", expires = \"2099-01-01\" }}]\n",
                    token.hash_line()
                )
            })
            .collect();
        std::fs::write(dir.join("principals.toml"), principals).unwrap();
        let set = [
            format!("data.path={}", dir.join("data").display()),
            format!("security.principals={}", dir.join("principals.toml").display()),
            format!("security.records_per_second={limit}"),
            "security.calls_per_second=100000".to_owned(),
            "server.grpc_addr=127.0.0.1:0".to_owned(),
            "server.http_addr=127.0.0.1:0".to_owned(),
            "clock.kind=manual".to_owned(),
            "data.min_free_bytes=0".to_owned(),
            "logging.format=json".to_owned(),
        ];
        let mut child = Command::new(env!("CARGO_BIN_EXE_wagewatch"))
            .arg("serve")
            .args(set.iter().flat_map(|one| ["--set", one]))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let line = lines.find(|line| line.contains(r#""message":"serving""#)).expect("it serves");
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        let addr = format!("http://{}", line["fields"]["grpc"].as_str().unwrap());
        // What it says later is read, so that it never waits for us.
        let said = Arc::new(Mutex::new(String::new()));
        let last = said.clone();
        std::thread::spawn(move || lines.for_each(|line| *last.lock().unwrap() = line));
        std::thread::sleep(Duration::from_secs(2));
        Server { child, addr, said }
    }

    fn client(&self, role: &str, token: &Token, more: &[String]) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--role", role, "--addr", &self.addr, "--token", &token.reveal()]).args(more);
        command
    }

    /// A stretch of the quiet bank.
    fn quiet(&mut self, token: &Token, turn: u64, seconds: u64) -> Seen {
        let more = ["--turn".into(), turn.to_string(), "--seconds".into(), seconds.to_string()];
        let output = self.client("quiet", token, &more).stderr(Stdio::inherit()).output().unwrap();
        let (ended, said) = (self.child.try_wait().unwrap(), self.said.lock().unwrap());
        assert!(
            output.status.success(),
            "the quiet bank failed; the server: {ended:?}, it said last {said:?}"
        );
        let text = String::from_utf8(output.stdout).unwrap();
        let mut times: Vec<f64> = text.lines().map(|line| line.parse().unwrap()).collect();
        Seen { p50: percentile(&mut times, 0.5), p99: percentile(&mut times, 0.99) }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Flood {
    child: Child,
    /// It ends when this is closed.
    stdin: ChildStdin,
}

impl Flood {
    fn start(server: &Server, token: &Token, mode: &str, turn: u64, seconds: u64, limit: u64) -> Flood {
        let mut more = vec!["--mode".to_owned(), mode.to_owned()];
        let numbers = [
            ("turn", turn),
            ("seconds", seconds),
            ("limit", limit),
            ("calls", setting("calls", 8)),
            ("batch", setting("batch", 500)),
        ];
        more.extend(numbers.iter().flat_map(|(name, number)| [format!("--{name}"), number.to_string()]));
        let mut command = server.client("flood", token, &more);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut ready = String::new();
        let stdout = child.stdout.as_mut().unwrap();
        // One byte at a time: what follows is read at the end.
        while !ready.ends_with('\n') {
            let mut byte = [0];
            std::io::Read::read_exact(stdout, &mut byte).unwrap();
            ready.push(char::from(byte[0]));
        }
        let stdin = child.stdin.take().unwrap();
        Flood { child, stdin }
    }

    fn end(self) -> String {
        drop(self.stdin);
        let output = self.child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }
}

/// One payment after the other, each at its time: what comes late counts from when it should have been sent.
async fn quiet() {
    let (channel, token, turn) = (channel().await, text_setting("token").unwrap(), setting("turn", 0));
    let begun = Instant::now();
    let ends = Duration::from_secs(setting("seconds", 1));
    let mut out = std::io::stdout().lock();
    for n in 0.. {
        let due = EVERY * n;
        if due >= ends {
            return;
        }
        tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
        let worker = 50_000_000 + turn * 100_000 + u64::from(n);
        let payment = encode(vec![pb_payment(worker, day("2026-03-01"), 100)], Call::Submit);
        submit_as(&channel, &token, payment).await.unwrap();
        writeln!(out, "{}", (begun.elapsed().saturating_sub(due)).as_secs_f64() * 1e3).unwrap();
    }
}

fn flood_batch(turn: u64, at: u64, size: u64) -> Bytes {
    let from = turn * 10_000_000 + at * size;
    encode(
        (from..from + size).map(|worker| pb_payment(worker, day("2026-03-02"), 100)).collect(),
        Call::Submit,
    )
}

async fn channel() -> Channel {
    Channel::from_shared(text_setting("addr").unwrap()).unwrap().connect().await.unwrap()
}

/// Batches from so many calls at once until our input is closed; paced, or as fast as they are answered.
async fn flood() {
    let (turn, limit, batch) = (setting("turn", 0), setting("limit", 1), setting("batch", 1));
    let within = text_setting("mode").unwrap() == "within";
    let taken = Arc::new(AtomicU64::new(0));
    let (refused, next) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let over = Arc::new(AtomicBool::new(false));
    // Made before it begins, so that the flood costs its own process little: what is sent again is a duplicate.
    let batches: Arc<Vec<Bytes>> = Arc::new((0..BATCHES).map(|at| flood_batch(turn, at, batch)).collect());
    let token = text_setting("token").unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    let begun = Instant::now();
    for _ in 0..setting("calls", 1) {
        let channel = channel().await;
        let (taken, refused, next, over) = (taken.clone(), refused.clone(), next.clone(), over.clone());
        let (batches, token) = (batches.clone(), token.clone());
        tasks.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                let at = next.fetch_add(1, Ordering::Relaxed);
                if within {
                    let due = Duration::from_secs_f64((at * batch * 100) as f64 / (limit * WITHIN) as f64);
                    tokio::time::sleep(due.saturating_sub(begun.elapsed())).await;
                }
                match submit_as(&channel, &token, batches[(at % BATCHES) as usize].clone()).await {
                    Ok(count) => taken.fetch_add(count, Ordering::Relaxed),
                    Err(status) => {
                        assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
                        refused.fetch_add(1, Ordering::Relaxed)
                    }
                };
            }
        });
    }
    println!("ready");
    std::io::stdout().flush().unwrap();
    tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await.unwrap().unwrap();
    over.store(true, Ordering::Relaxed);
    tasks.join_all().await;
    let rate = taken.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
    println!("{rate:.0} records a second taken, {} calls refused", refused.load(Ordering::Relaxed));
}
