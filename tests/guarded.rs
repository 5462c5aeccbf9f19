//! The real binary with callers who have names: tokens made, shown, rotated and taken away while it runs; and what it
//! refuses to start with.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// A running `wagewatch serve` with principals. Killed when dropped.
struct Served {
    child: Child,
    addr: String,
    http: String,
    said: Arc<Mutex<String>>,
}

impl Served {
    fn start(folder: &Path, principals: &str) -> Served {
        std::fs::write(folder.join("principals.toml"), principals).unwrap();
        let set = [
            format!("data.path={}", folder.join("data").display()),
            format!("security.principals={}", folder.join("principals.toml").display()),
            "server.grpc_addr=127.0.0.1:0".into(),
            "server.http_addr=127.0.0.1:0".into(),
            "clock.kind=manual".into(),
            "data.min_free_bytes=0".into(),
            "logging.format=json".into(),
        ];
        let mut child = wagewatch()
            .arg("serve")
            .args(set.iter().flat_map(|one| ["--set", one]))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (lines, heard) = (BufReader::new(child.stderr.take().unwrap()).lines(), said.clone());
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                *heard.lock().unwrap() += &format!("{line}\n");
            }
        });
        let mut served = Served { child, addr: String::new(), http: String::new(), said };
        let line = served.hears(r#""message":"serving""#);
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        served.addr = format!("http://{}", line["fields"]["grpc"].as_str().unwrap());
        served.http = line["fields"]["http"].as_str().unwrap().to_owned();
        served
    }

    /// Waits for a line that has these words.
    fn hears(&self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            let said = self.said.lock().unwrap().clone();
            if let Some(line) = said.lines().find(|line| line.contains(words)) {
                return line.to_owned();
            }
            assert!(begun.elapsed() < PATIENCE, "it never said {words}:\n{said}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// `wagewatch stats` with that token; asked again while the service reads its log.
    fn stats(&self, token: Option<&Path>) -> Output {
        let begun = Instant::now();
        loop {
            let mut command = wagewatch();
            command.args(["stats", "--addr", &self.addr]);
            if let Some(file) = token {
                command.arg("--token-file").arg(file);
            }
            let output = command.output().unwrap();
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            if !said.contains("reading its log") {
                return output;
            }
            assert!(begun.elapsed() < PATIENCE, "{said}");
        }
    }

    fn let_in(&self, token: &Path) -> bool {
        self.stats(Some(token)).status.success()
    }

    /// Until it is so.
    fn becomes(&self, token: &Path, let_in: bool) {
        let begun = Instant::now();
        while self.let_in(token) != let_in {
            assert!(begun.elapsed() < PATIENCE, "{}", self.said.lock().unwrap());
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn wagewatch() -> Command {
    Command::new(env!("CARGO_BIN_EXE_wagewatch"))
}

/// A new token in a file, and its line.
fn token(folder: &TempDir, name: &str) -> (PathBuf, String) {
    let output = wagewatch().args(["token", "--days", "30"]).output().unwrap();
    assert!(output.status.success());
    let said = String::from_utf8(output.stdout).unwrap();
    let (token, line) = said.trim_end().split_once('\n').unwrap();
    let file = folder.path().join(name);
    std::fs::write(&file, format!("{token}\n")).unwrap();
    (file, line.strip_prefix("tokens = [").unwrap().strip_suffix(']').unwrap().to_owned())
}

fn coordinator(tokens: &[&String]) -> String {
    let list: Vec<&str> = tokens.iter().map(|line| line.as_str()).collect();
    format!("[[principal]]\nname = \"hrss\"\nrole = \"coordinator\"\ntokens = [{}]\n", list.join(", "))
}

#[test]
fn tokens_rotate_while_it_runs_and_a_bad_file_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (old, old_line) = token(&folder, "old");
    let (new, new_line) = token(&folder, "new");
    let served = Served::start(folder.path(), &coordinator(&[&old_line]));
    let principals = folder.path().join("principals.toml");
    served.hears("plain text: without security.certificate");
    served.becomes(&old, true);
    assert!(!served.let_in(&new));
    let nobody = served.stats(None);
    assert!(
        String::from_utf8_lossy(&nobody.stderr).contains("expected a client certificate or a bearer token")
    );

    std::fs::write(&principals, coordinator(&[&old_line, &new_line])).unwrap();
    served.becomes(&new, true);
    assert!(served.let_in(&old), "both count");

    std::fs::write(&principals, "[[principal]]\nname = \"hrss\"\nrole = \"king\"\n").unwrap();
    let line = served.hears("the principals stay as they were");
    assert!(line.contains("principals.toml:3: role is"), "{line}");
    assert!(served.let_in(&old) && served.let_in(&new));

    std::fs::write(&principals, coordinator(&[&new_line])).unwrap();
    let id = served.child.id().to_string();
    assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
    served.becomes(&old, false);
    assert!(served.let_in(&new));
    let secret = std::fs::read_to_string(&new).unwrap();
    assert!(!served.said.lock().unwrap().contains(secret.trim()));
    let answer = http(&served.http, "/metrics");
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    the_trail_is_proved_off_line(&folder.path().join("data/audit"));
    assert!(http(&served.http, "/livez").starts_with("HTTP/1.1 200 "));
}

/// Verified, printed, and found out when a word of it is changed; a head that was kept elsewhere tells a trail that was
/// cut off.
fn the_trail_is_proved_off_line(trail: &Path) {
    let audit = |what: &str, more: &[&str]| {
        let output = wagewatch().args(["audit", what, "--dir"]).arg(trail).args(more).output().unwrap();
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
        (output.status.success(), said.concat())
    };
    let (good, said) = audit("verify", &[]);
    assert!(good && said.starts_with("good: entries 1 to "), "{said}");
    let head = said.trim_end().rsplit(' ').next().unwrap().to_owned();
    assert!(audit("verify", &["--head", &head]).0);
    let (good, said) = audit("export", &["--who", "hrss"]);
    assert!(
        good && said.contains("\"call\":\"AlertService/Stats\"") && !said.contains("UNKNOWN_CALLER"),
        "{said}"
    );
    let (_, all) = audit("export", &[]);
    assert!(all.contains("UNKNOWN_CALLER"));
    let file = std::fs::read_dir(trail).unwrap().next().unwrap().unwrap().path();
    let text = std::fs::read_to_string(&file).unwrap();
    let cut: Vec<&str> = text.lines().take(2).collect();
    std::fs::write(&file, cut.join("\n") + "\n").unwrap();
    assert!(audit("verify", &[]).0, "the chain alone does not know its end");
    let (good, said) = audit("verify", &["--head", &head]);
    assert!(!good && said.contains("has no such head"), "{said}");
    std::fs::write(&file, text.replacen("Stats", "Get", 1)).unwrap();
    let (good, said) = audit("verify", &[]);
    assert!(!good && said.contains(".trail:"), "{said}");
}

fn http(addr: &str, path: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(addr).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn an_open_address_without_names_and_encryption_is_not_bound() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let output = wagewatch()
        .args(["serve", "--set", "server.grpc_addr=0.0.0.0:0", "--set"])
        .arg(format!("data.path={}", data.display()))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("which others reach, without security.principals and security.certificate"),
        "{said}"
    );
    assert!(!data.exists(), "nothing was opened");
}

#[test]
fn a_token_is_not_sent_in_plain_text_to_another_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (file, _) = token(&folder, "token");
    let output = wagewatch()
        .args(["stats", "--addr", "http://192.0.2.1:7443", "--token-file"])
        .arg(&file)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("is not sent in plain text"), "{said}");
}
