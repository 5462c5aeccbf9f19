//! Brokers of Apache Kafka in KRaft mode: each is its own controller too, on loopback ports that the system gave, with a
//! small heap, data and logs below `target`. Knows nothing of wagewatch.

use super::guarded;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CLUSTER_ID: &str = "d2FnZXdhdGNoLXRlc3RzMQ";
const PATIENCE: Duration = Duration::from_secs(90);

/// The folder of Kafka's jars.
pub fn jars() -> Option<PathBuf> {
    let folder = PathBuf::from(std::env::var_os("WAGEWATCH_TEST_KAFKA")?);
    assert!(folder.is_dir(), "WAGEWATCH_TEST_KAFKA is {}, which is no folder", folder.display());
    Some(folder)
}

/// A program of Kafka's.
pub fn java(heap: &str, class: &str) -> Command {
    let mut java = Command::new("java");
    let jars = jars().unwrap();
    java.args([&format!("-Xmx{heap}"), "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"]);
    java.args([
        "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
        "-Dorg.slf4j.simpleLogger.log.kafka.server=info",
    ]);
    java.arg("-cp").arg(jars.join("*")).arg(class);
    java
}

pub struct Brokers {
    folder: PathBuf,
    brokers: Vec<Broker>,
    names: AtomicUsize,
    /// A listener of the first broker for which one needs a certificate's authority, a name and a password.
    guarded: u16,
}

struct Broker {
    port: u16,
    config: PathBuf,
    log: PathBuf,
    child: Mutex<Option<Child>>,
}

impl Brokers {
    pub fn start(count: usize) -> Brokers {
        let begun = Instant::now();
        let folder =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("kafka-{count}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let ports = free_ports(count * 2 + 1);
        let guarded = ports[count * 2];
        let (clients, controllers) = ports[..count * 2].split_at(count);
        guarded::write_keys(&folder);
        let voters: Vec<String> =
            controllers.iter().enumerate().map(|(at, port)| format!("{}@127.0.0.1:{port}", at + 1)).collect();
        let broker = |at: usize| {
            let config = folder.join(format!("broker-{at}.properties"));
            let data = folder.join(format!("data-{at}"));
            let mut said = properties(at, count, clients[at], controllers[at], &voters, &data);
            if at == 0 {
                said = guarded::properties(&said, guarded, &folder);
            }
            fs::write(&config, said).unwrap();
            let formatted = java("128m", "kafka.tools.StorageTool")
                .args(["format", "-t", CLUSTER_ID, "-c"])
                .arg(&config)
                .args(["--add-scram", &guarded::scram_user()])
                .output()
                .expect("java runs");
            assert!(formatted.status.success(), "{}", String::from_utf8_lossy(&formatted.stderr));
            let log = folder.join(format!("broker-{at}.log"));
            Broker { port: clients[at], config, log, child: Mutex::new(None) }
        };
        let brokers = (0..count).map(broker).collect();
        let brokers = Brokers { folder, brokers, names: AtomicUsize::new(0), guarded };
        (0..count).for_each(|at| brokers.launch(at));
        brokers.wait_for(count);
        println!("kafka: {count} brokers up after {:.1} s", begun.elapsed().as_secs_f64());
        brokers
    }

    pub fn addresses(&self) -> String {
        let each: Vec<String> = self.brokers.iter().map(|b| format!("127.0.0.1:{}", b.port)).collect();
        each.join(",")
    }

    /// Where a name and a password are asked for, over TLS.
    pub fn guarded(&self) -> String {
        format!("127.0.0.1:{}", self.guarded)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn count(&self) -> usize {
        self.brokers.len()
    }

    /// A prefix for topics that nobody else has.
    pub fn prefix(&self) -> String {
        format!("t{}.", self.names.fetch_add(1, Ordering::Relaxed))
    }

    /// Where a process of a test may write what it has to say.
    pub fn log(&self, name: &str) -> File {
        File::options().create(true).append(true).open(self.log_path(name)).unwrap()
    }

    pub fn log_path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// Starts one that is down.
    pub fn launch(&self, at: usize) {
        let broker = &self.brokers[at];
        let log = File::options().create(true).append(true).open(&broker.log).unwrap();
        let child = java("256m", "kafka.Kafka")
            .arg(&broker.config)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        *broker.child.lock().unwrap() = Some(child);
    }

    /// `kill -9`.
    pub fn kill(&self, at: usize) {
        if let Some(mut child) = self.brokers[at].child.lock().unwrap().take() {
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    /// Until so many of them answer.
    pub fn wait_for(&self, count: usize) {
        let client: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", self.addresses())
            .set("log_level", "0")
            .create()
            .unwrap();
        let begun = Instant::now();
        loop {
            let known = client.fetch_metadata(None, Duration::from_secs(2));
            if known.is_ok_and(|metadata| metadata.brokers().len() >= count) {
                return;
            }
            for broker in &self.brokers {
                let mut child = broker.child.lock().unwrap();
                let ended = child.as_mut().and_then(|child| child.try_wait().unwrap());
                assert!(ended.is_none(), "a broker ended; see {}", broker.log.display());
            }
            assert!(begun.elapsed() < PATIENCE, "brokers do not answer; see {}", self.folder.display());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// In order; their data goes, their logs stay.
    pub fn stop(&self) {
        for broker in &self.brokers {
            if let Some(child) = broker.child.lock().unwrap().as_ref() {
                signal("-TERM", child.id());
            }
        }
        let begun = Instant::now();
        for (at, broker) in self.brokers.iter().enumerate() {
            let mut slot = broker.child.lock().unwrap();
            if let Some(mut child) = slot.take() {
                while child.try_wait().unwrap().is_none() {
                    if begun.elapsed() > Duration::from_secs(20) {
                        let _ = child.kill();
                    }
                    std::thread::sleep(Duration::from_millis(50));
                }
            }
            let _ = fs::remove_dir_all(self.folder.join(format!("data-{at}")));
        }
    }
}

impl Drop for Brokers {
    fn drop(&mut self) {
        (0..self.brokers.len()).for_each(|at| self.kill(at));
    }
}

/// Sends a signal to one process of ours.
pub fn signal(which: &str, process: u32) {
    assert!(Command::new("kill").args([which, &process.to_string()]).status().unwrap().success());
}

fn free_ports(count: usize) -> Vec<u16> {
    let listeners: Vec<TcpListener> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    listeners.iter().map(|listener| listener.local_addr().unwrap().port()).collect()
}

fn properties(at: usize, count: usize, port: u16, controller: u16, voters: &[String], data: &Path) -> String {
    format!(
        "process.roles=broker,controller\n\
         node.id={id}\n\
         controller.quorum.voters={voters}\n\
         listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}\n\
         advertised.listeners=PLAINTEXT://127.0.0.1:{port}\n\
         listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT\n\
         controller.listener.names=CONTROLLER\n\
         inter.broker.listener.name=PLAINTEXT\n\
         log.dirs={data}\n\
         offsets.topic.replication.factor={count}\n\
         offsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor={count}\n\
         transaction.state.log.min.isr={isr}\n\
         transaction.state.log.num.partitions=4\n\
         group.initial.rebalance.delay.ms=0\n\
         group.min.session.timeout.ms=1000\n\
         num.network.threads=1\n\
         num.io.threads=2\n\
         log.cleaner.dedupe.buffer.size=4194304\n\
         auto.create.topics.enable=false\n",
        id = at + 1,
        voters = voters.join(","),
        data = data.display(),
        isr = count.div_ceil(2),
    )
}
