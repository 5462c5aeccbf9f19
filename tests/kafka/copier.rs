//! An instance of its own process that makes one alert of each message: where it stood, and who read it. So that a judge can
//! tell whether anything was made twice, or not at all, whatever happened to the instances.

use super::brokers::{Brokers, signal};
use super::instance::{Instance, Owner, Owners, Rounds};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use wagewatch::kafka::message::{Outgoing, Received};
use wagewatch::kafka::{Settings, Unobserved};

/// A running one. Killed when dropped.
pub struct Copier {
    child: Child,
    stdin: Option<ChildStdin>,
    said: Arc<Mutex<String>>,
    log: PathBuf,
}

impl Copier {
    pub fn start(settings: &Settings, brokers: &Brokers, name: &str) -> Copier {
        Copier::start_as("--copier", settings, brokers, name, "")
    }

    /// A process of another kind; `data` is its folder.
    pub fn start_as(kind: &str, settings: &Settings, brokers: &Brokers, name: &str, data: &str) -> Copier {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args([kind, &settings.brokers, &settings.topic_prefix, name])
            .args([&settings.partitions.to_string(), &brokers.count().to_string(), data])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(brokers.log(name))
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (heard, lines) = (said.clone(), BufReader::new(child.stdout.take().unwrap()).lines());
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                heard.lock().unwrap().push_str(&(line + "\n"));
            }
        });
        Copier { stdin: child.stdin.take(), child, said, log: brokers.log_path(name) }
    }

    /// A line to its standard input.
    pub fn ask(&mut self, line: &str) {
        writeln!(self.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    /// Until it has said so.
    pub fn wait_for(&self, text: &str) {
        let begun = Instant::now();
        while !self.said().contains(text) {
            assert!(begun.elapsed() < Duration::from_secs(60), "never said {text:?}:\n{}", self.tells());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// What it said, and the end of its log: for whoever finds something wrong.
    pub fn tells(&self) -> String {
        let log = std::fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log[log.len().saturating_sub(4000)..]).into_owned();
        format!("it said:\n{}\nand logged:\n...{log}", self.said())
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn freeze(&self) {
        signal("-STOP", self.child.id());
    }

    pub fn thaw(&self) {
        signal("-CONT", self.child.id());
    }

    /// Asks it to end, or only waits for its end; whether it ended well.
    pub fn end(&mut self, ask: bool) -> bool {
        if ask {
            self.stdin.take();
        }
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "it does not end:\n{}", self.tells());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Copier {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a process was started with: settings, its name, its folder.
pub fn settings_of(args: &[String]) -> (Settings, String, String) {
    tracing_subscriber::fmt().with_ansi(false).with_writer(std::io::stderr).init();
    let [brokers, prefix, name, partitions, replication, data] = args else { panic!("{args:?}") };
    let settings = Settings {
        brokers: brokers.clone(),
        group: format!("{prefix}group"),
        topic_prefix: prefix.clone(),
        partitions: partitions.parse().unwrap(),
        replication: replication.parse().unwrap(),
        session_seconds: 6,
        ..Settings::default()
    };
    (settings, name.clone(), data.clone())
}

/// The process itself: works until its standard input ends.
pub fn run(args: &[String]) {
    let (settings, name, _) = settings_of(args);
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = stop.clone();
    std::thread::spawn(move || {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        stopping.store(true, Ordering::Release);
    });
    let owners = copies(&settings, &name);
    let rounds = Rounds { messages: 500, ..Rounds::default() };
    let instance = Instance::join(&settings, &name, owners, rounds, Arc::new(Unobserved)).unwrap();
    println!("joined");
    if let Err(error) = instance.run(&stop) {
        println!("ended: {error}");
        std::process::exit(3);
    }
}

/// Owners that copy, and sign with a name.
pub fn copies(settings: &Settings, name: &str) -> Copies {
    Copies { topic: settings.topics().alerts, name: name.to_owned(), county: i32::from(settings.partitions) }
}

pub struct Copies {
    topic: String,
    name: String,
    county: i32,
}

struct Copy {
    topic: String,
    name: String,
    partition: i32,
    output: Vec<Outgoing>,
}

impl Owners for Copies {
    fn open(
        &mut self,
        topic: &str,
        partition: i32,
        committed: Option<i64>,
    ) -> Result<(Box<dyn Owner>, Option<i64>), String> {
        println!("owned {topic}/{partition} from {committed:?}");
        let partition = if topic.ends_with("county") { self.county } else { partition };
        let copy = Copy { topic: self.topic.clone(), name: self.name.clone(), partition, output: Vec::new() };
        Ok((Box::new(copy), committed))
    }
}

impl Owner for Copy {
    fn take(&mut self, received: &Received<'_>) -> Result<(), String> {
        let place = format!("{}/{}/{}", received.topic, received.partition, received.offset);
        self.output.push(Outgoing {
            topic: self.topic.clone(),
            partition: self.partition,
            key: place.into_bytes(),
            body: Some(self.name.clone().into_bytes()),
            headers: Vec::new(),
        });
        Ok(())
    }

    fn output(&mut self) -> Result<Vec<Outgoing>, String> {
        Ok(std::mem::take(&mut self.output))
    }

    fn committed(&mut self, _: i64) -> Result<(), String> {
        Ok(())
    }
}
