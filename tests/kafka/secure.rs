//! TLS and passwords: a listener of a real broker that asks for both, all of our clients through it, and what is said when
//! a password or an authority is wrong.

use super::brokers::Brokers;
use super::copier;
use super::doors::{send, sorter, swipe};
use super::guarded::{PASSWORD, USER};
use super::instance::{Instance, Rounds};
use super::topics;
use std::collections::BTreeMap;
use std::fs;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use wagewatch::domain::Entry;
use wagewatch::intake::json::decode_line;
use wagewatch::kafka::{Door, Outbox, Reader, Secret, Settings, Unobserved};

pub const CASES: [(&str, fn(&Brokers)); 1] =
    [("brokers_that_ask_for_certificates_and_passwords", certificates_and_passwords)];

/// `wagewatch kafka COMMAND` by a config file with the password in a file beside it: its code, and what it said.
fn command(brokers: &Brokers, command: &str, prefix: &str, authority: &str, password: &str) -> (i32, String) {
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "[engine]\nshards = 3\n\n[kafka]\nbrokers = \"{}\"\ntopic_prefix = \"{prefix}\"\nreplication = 1\n\
         min_in_sync = 1\nsasl_password_file = \"kafka.password\"\n\n[kafka.settings]\n\
         \"security.protocol\" = \"sasl_ssl\"\n\"sasl.mechanisms\" = \"SCRAM-SHA-512\"\n\
         \"sasl.username\" = \"{USER}\"\n\"ssl.ca.location\" = \"{}\"\n",
        brokers.guarded(),
        brokers.folder().join(authority).display()
    );
    let path = folder.path().join("wagewatch.toml");
    fs::write(&path, config).unwrap();
    let secret = folder.path().join("kafka.password");
    fs::write(&secret, format!("{password}\n")).unwrap();
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&secret, private).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_wagewatch"))
        .args(["kafka", command, "--config"])
        .arg(&path)
        .output()
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!said.contains(PASSWORD) && !said.contains(password), "{said}");
    (output.status.code().unwrap(), said)
}

fn certificates_and_passwords(brokers: &Brokers) {
    let open = topics::settings(brokers, 3);
    let prefix = open.topic_prefix.as_str();
    let begun = Instant::now();
    let (code, said) = command(brokers, "check", prefix, "authority.pem", "open barley");
    assert!(code == 1 && said.contains("Authentication"), "{said}");
    assert!(said.contains("sasl.username") && said.contains("kafka.sasl_password_file"), "{said}");
    let (code, said) = command(brokers, "check", prefix, "another.pem", PASSWORD);
    assert!(code == 1 && said.contains("certificate") && said.contains("ssl.ca.location"), "{said}");
    println!("kafka: two refusals after {:.1} s", begun.elapsed().as_secs_f64());
    let (code, said) = command(brokers, "init", prefix, "authority.pem", PASSWORD);
    assert_eq!((code, said.matches("\nmade: ").count()), (0, 5), "{said}");
    for mechanism in ["SCRAM-SHA-512", "PLAIN"] {
        all_clients(&guarded_settings(brokers, &open, mechanism, PASSWORD));
    }
    let wrong = guarded_settings(brokers, &open, "PLAIN", "open barley");
    let begun = Instant::now();
    let refused = Outbox::open(&wrong, "a", Arc::new(Unobserved)).err().unwrap().to_string();
    assert!(refused.contains("Authentication") && begun.elapsed() < Duration::from_secs(20), "{refused}");
}

fn guarded_settings(brokers: &Brokers, open: &Settings, mechanism: &str, password: &str) -> Settings {
    let authority = brokers.folder().join("authority.pem").display().to_string();
    let client = [
        ("security.protocol", "sasl_ssl"),
        ("sasl.mechanisms", mechanism),
        ("sasl.username", USER),
        ("ssl.ca.location", &authority),
    ];
    Settings {
        brokers: brokers.guarded(),
        group: format!("{}{mechanism}", open.group),
        client: BTreeMap::from(client.map(|(key, value)| (key.to_owned(), value.to_owned()))),
        sasl_password: Some(Secret(password.to_owned())),
        ..open.clone()
    }
}

/// A door, a member of the group, a transactional outbox and a reader.
fn all_clients(settings: &Settings) {
    let (door, sorter) = (Door::open(settings, 1000, Arc::new(Unobserved)).unwrap(), sorter(settings));
    let batch: Vec<_> = (0..50)
        .map(|n| sorter.entry(&Entry::Record(decode_line(&swipe(&format!("P{n}"), n)).unwrap())))
        .collect();
    send(&door, &batch);
    let owners = copier::copies(settings, &settings.group);
    let instance = Instance::join(settings, "a", owners, Rounds::default(), Arc::new(Unobserved)).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let stopping = stop.clone();
    let working = std::thread::spawn(move || instance.run(&stopping).unwrap());
    let partitions: Vec<i32> = (0..=i32::from(settings.partitions)).collect();
    let begun = Instant::now();
    let mut written = 0;
    while written < 50 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{written} written");
        std::thread::sleep(Duration::from_millis(100));
        written = 0;
        let mut reader = Reader::open(settings, &settings.topics().alerts, &partitions).unwrap();
        reader
            .read_to_end(&mut |received| {
                written += usize::from(received.body == Some(settings.group.as_bytes()));
            })
            .unwrap();
    }
    stop.store(true, Ordering::Release);
    working.join().unwrap();
}
