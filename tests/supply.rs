//! What comes into the program from elsewhere, held against `deny.toml` without a tool and without a network: where it
//! comes from, what may not come at all, under which licences, and that the lock file says which version.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

fn rules() -> toml::Table {
    fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/deny.toml")).unwrap().parse().unwrap()
}

fn texts(list: &toml::Value) -> Vec<String> {
    let text = |one: &toml::Value| match one.get("name") {
        Some(name) => name.as_str().unwrap().to_owned(),
        None => one.as_str().unwrap().to_owned(),
    };
    list.as_array().unwrap().iter().map(text).collect()
}

fn locked() -> Vec<toml::Value> {
    let lock = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.lock")).unwrap();
    let mut lock: toml::Table = lock.parse().unwrap();
    lock.remove("package").unwrap().as_array().unwrap().clone()
}

/// What may not come, and for whom it may all the same.
fn banned() -> BTreeMap<String, BTreeSet<String>> {
    let rules = rules();
    let one = |entry: &toml::Value| {
        let wrappers = entry.get("wrappers").map(texts).unwrap_or_default();
        (entry["name"].as_str().unwrap().to_owned(), wrappers.into_iter().collect())
    };
    rules["bans"]["deny"].as_array().unwrap().iter().map(one).collect()
}

fn named(package: &toml::Value) -> &str {
    package["name"].as_str().unwrap()
}

/// Dependencies are listed as `name`, or as `name version`.
fn uses(package: &toml::Value, name: &str) -> bool {
    let listed = package.get("dependencies").map(texts).unwrap_or_default();
    listed.iter().any(|one| one.split(' ').next() == Some(name))
}

#[test]
fn nothing_comes_from_elsewhere_and_nothing_that_is_banned() {
    let banned = banned();
    assert!(!banned.is_empty());
    let packages = locked();
    assert!(packages.len() > 100);
    for package in &packages {
        let name = package["name"].as_str().unwrap();
        if let Some(allowed) = banned.get(name) {
            let users: Vec<&str> = packages.iter().filter(|user| uses(user, name)).map(named).collect();
            assert!(!allowed.is_empty(), "{name} is banned by deny.toml");
            assert!(users.iter().all(|user| allowed.contains(*user)), "{name} is banned for {users:?}");
        }
        let Some(source) = package.get("source").and_then(toml::Value::as_str) else {
            assert_eq!(name, "wagewatch", "{name} comes from a folder");
            continue;
        };
        assert!(source.starts_with("registry+") && source.ends_with("/crates.io-index"), "{name}: {source}");
        assert!(package.get("checksum").is_some(), "{name} has no checksum");
    }
}

#[test]
fn every_licence_is_one_that_may_be() {
    let allowed: BTreeSet<String> = texts(&rules()["licenses"]["allow"]).into_iter().collect();
    let metadata = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .output()
        .unwrap();
    assert!(metadata.status.success(), "{}", String::from_utf8_lossy(&metadata.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    assert!(packages.len() > 100);
    for package in packages {
        let said = package["license"].as_str().unwrap_or("");
        assert!(may_be(said, &allowed), "{}: licence {said:?} is not in deny.toml", package["name"]);
    }
}

#[test]
fn licences_are_read_as_they_are_meant() {
    let allowed: BTreeSet<String> = ["MIT", "Zlib"].map(str::to_owned).into_iter().collect();
    for (said, good) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("GPL-3.0 OR MIT", true),
        ("MIT/Apache-2.0", true),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR GPL-3.0) AND Zlib", true),
        ("(GPL-2.0 OR GPL-3.0) AND Zlib", false),
        ("", false),
    ] {
        assert_eq!(may_be(said, &allowed), good, "{said}");
    }
}

/// Whether some choice that the expression leaves is allowed whole. `AND` binds more tightly than `OR`; in brackets
/// stand alternatives only.
fn may_be(said: &str, allowed: &BTreeSet<String>) -> bool {
    let said = said.replace(" / ", " OR ").replace('/', " OR ");
    split(&said, " OR ").iter().any(|choice| {
        split(choice, " AND ").iter().all(|part| {
            let part = part.trim();
            match part.strip_prefix('(').and_then(|part| part.strip_suffix(')')) {
                Some(inner) => may_be(inner, allowed),
                None => allowed.contains(part),
            }
        })
    })
}

/// Outside of brackets.
fn split(text: &str, by: &str) -> Vec<String> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ if depth == 0 && at >= from && text[at..].starts_with(by) => {
                parts.push(text[from..at].to_owned());
                from = at + by.len();
            }
            _ => {}
        }
    }
    parts.push(text[from..].to_owned());
    parts
}
