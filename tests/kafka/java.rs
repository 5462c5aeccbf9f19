//! Java's own console clients, as strangers who speak to the same topics.

use super::brokers::{Brokers, java};
use std::io::Write;
use std::process::Stdio;

/// Writes lines `key<TAB>value`, or `headers<TAB>key<TAB>value` with headers `name:value,name:value`.
pub fn produce(brokers: &Brokers, topic: &str, with_headers: bool, lines: &[String]) {
    let mut producer = java("96m", "org.apache.kafka.tools.ConsoleProducer");
    producer.args(["--bootstrap-server", &brokers.addresses(), "--topic", topic]);
    for property in ["parse.key=true", "null.marker=NULL", &format!("parse.headers={with_headers}")] {
        producer.args(["--reader-property", property]);
    }
    let mut child =
        producer.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    for line in lines {
        writeln!(input, "{line}").unwrap();
    }
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The first so many messages of a topic, as the console prints them: headers, key, value with tabs between.
pub fn consume(brokers: &Brokers, topic: &str, count: usize) -> Vec<String> {
    let mut consumer = java("96m", "org.apache.kafka.tools.consumer.ConsoleConsumer");
    consumer.args(["--bootstrap-server", &brokers.addresses(), "--topic", topic, "--from-beginning"]);
    consumer.args(["--max-messages", &count.to_string(), "--timeout-ms", "20000"]);
    consumer.args(["--command-property", "isolation.level=read_committed"]);
    for property in ["print.key=true", "print.headers=true"] {
        consumer.args(["--formatter-property", property]);
    }
    let output = consumer.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).lines().map(ToOwned::to_owned).collect()
}

/// Changes one setting of a topic.
pub fn alter(brokers: &Brokers, topic: &str, setting: &str) {
    let output = java("96m", "org.apache.kafka.tools.ConfigCommand")
        .args([
            "--bootstrap-server",
            &brokers.addresses(),
            "--alter",
            "--topic",
            topic,
            "--add-config",
            setting,
        ])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Gives a topic more partitions.
pub fn widen(brokers: &Brokers, topic: &str, partitions: usize) {
    let output = java("96m", "org.apache.kafka.tools.TopicCommand")
        .args(["--bootstrap-server", &brokers.addresses(), "--alter", "--topic", topic, "--partitions"])
        .arg(partitions.to_string())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
