//! The floors of the house: a room imports from lower floors only, and the core knows no clock,
//! no I/O, no async, no float and no iteration in hash order. Reads the sources as plain text.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each room with the rooms that it may import.
const FLOORS: [(&str, &[&str]); 22] = [
    ("domain", &[]),
    ("codec", &["domain"]),
    ("ledger", &["domain", "codec"]),
    ("rules", &["domain"]),
    // Which projects have been kept long enough.
    ("retention", &["domain"]),
    // Who may do what: the one decision that every door asks.
    ("access", &["domain"]),
    ("alerts", &["domain", "codec"]),
    // Bytes under a key, for log and store.
    ("cipher", &["domain"]),
    ("log", &["domain", "codec", "cipher"]),
    ("store", &["domain", "codec", "cipher"]),
    // The log of those who outgrow one machine; knows neither formats nor engine.
    ("kafka", &["domain", "codec"]),
    ("engine", BELOW_DOORS.split_at(7).0),
    // What protoc would write; both doors speak it.
    ("proto", &[]),
    // Who looked at what: files for auditors, in a form that they can read.
    ("audit", &["domain"]),
    // Spans of calls and of what follows from them, for a collector.
    ("telemetry", &["domain"]),
    // Who comes in, and with what.
    ("guard", &["domain", "access", "audit", "proto"]),
    // Made-up counties for `demo` and `generate`.
    ("fiction", &["domain"]),
    ("intake", &BELOW_DOORS),
    ("serve", &BELOW_DOORS),
    // Calls the same services as gRPC does, put together by `app`: knows none of them, and asks the same guard.
    ("console", &["domain", "alerts", "proto", "guard", "telemetry"]),
    ("app", BELOW_COMMANDS.split_at(20).0),
    ("command", &BELOW_COMMANDS),
];

const BELOW_DOORS: [&str; 14] = [
    "domain",
    "codec",
    "ledger",
    "rules",
    "alerts",
    "log",
    "store",
    "engine",
    "proto",
    "access",
    "audit",
    "guard",
    "telemetry",
    "kafka",
];

const BELOW_COMMANDS: [&str; 21] = [
    "domain",
    "codec",
    "ledger",
    "rules",
    "alerts",
    "log",
    "store",
    "engine",
    "proto",
    "access",
    "audit",
    "guard",
    "telemetry",
    "kafka",
    "cipher",
    "retention",
    "intake",
    "serve",
    "console",
    "fiction",
    "app",
];

/// Rooms whose answers depend on their arguments alone.
const CORE: [&str; 8] = ["domain", "codec", "ledger", "rules", "alerts", "access", "retention", "cipher"];

/// What the core never mentions, with the reason.
const NOT_IN_CORE: [(&str, &str); 15] = [
    ("std::time", "the business date is an input"),
    ("Instant", "the core has no clock"),
    ("SystemTime", "the core has no clock"),
    ("Timestamp::now", "the core has no clock"),
    ("Zoned::now", "the core has no clock"),
    ("std::fs", "the core does no I/O"),
    ("std::net", "the core does no I/O"),
    ("std::io", "the core does no I/O"),
    ("std::env", "the core has no surroundings"),
    ("tokio", "the core is not async"),
    ("async fn", "the core is not async"),
    ("rand", "the same records give the same answers"),
    ("f32", "money and days are integers"),
    ("f64", "money and days are integers"),
    ("std::collections::HashMap", "its order differs from run to run"),
];

/// Wire formats stop at these doors.
const SPEAK_TO_THE_WORLD: [&str; 9] =
    ["proto", "audit", "telemetry", "guard", "intake", "serve", "console", "app", "command"];

#[test]
fn a_room_imports_from_lower_floors_only() {
    let mut wrong = Vec::new();
    for source in sources() {
        let may = allowed(&source.room);
        for (line, room) in rooms_named(&source) {
            if room != source.room && !may.contains(&room.as_str()) {
                wrong.push(format!(
                    "{}:{line}: {} may not import {room}",
                    source.path.display(),
                    source.room
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_room_has_its_floor() {
    let rooms: BTreeSet<String> =
        sources().into_iter().map(|s| s.room).filter(|r| !["lib", "main"].contains(&r.as_str())).collect();
    for room in rooms {
        assert!(FLOORS.iter().any(|(name, _)| *name == room), "{room} stands on no floor");
    }
}

#[test]
fn the_core_depends_on_its_arguments_alone() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| CORE.contains(&s.room.as_str())) {
        for (line, text) in &source.code {
            for (word, why) in NOT_IN_CORE {
                if mentions(text, word) {
                    wrong.push(format!("{}:{line}: {word}: {why}", source.path.display()));
                }
            }
            let imported = text.contains("std::collections::{") && mentions(text, "HashMap");
            if imported || mentions(text, "RandomState") {
                wrong.push(format!(
                    "{}:{line}: a hash map whose order differs from run to run",
                    source.path.display()
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn wire_formats_stop_at_the_doors() {
    let mut wrong = Vec::new();
    for source in sources().iter().filter(|s| !SPEAK_TO_THE_WORLD.contains(&s.room.as_str())) {
        for (line, text) in &source.code {
            for word in ["serde", "serde_json", "prost", "tonic", "axum"] {
                if mentions(text, word) {
                    wrong.push(format!("{}:{line}: {word} in {}", source.path.display(), source.room));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// One file without comments, texts and test modules.
struct Source {
    path: PathBuf,
    room: String,
    /// Segments of the module that the file is, below the crate: `["rules", "aging"]`.
    module: Vec<String>,
    code: BTreeMap<usize, String>,
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    assert!(files.len() > 12, "the sources were not found");
    files.into_iter().map(|path| read(&root, path)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
    files.sort();
}

fn read(root: &Path, path: PathBuf) -> Source {
    let below = path.strip_prefix(root).unwrap().with_extension("");
    let mut module: Vec<String> = below.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let room = module[0].clone();
    if module.last().is_some_and(|last| last == "mod") {
        module.pop();
    }
    if is_test_only(&path) {
        return Source { path, room, module, code: BTreeMap::new() };
    }
    let text = fs::read_to_string(&path).unwrap();
    Source {
        code: code_of(&text),
        path: path.strip_prefix(root.parent().unwrap()).unwrap().into(),
        room,
        module,
    }
}

// `#[cfg(test)] mod tests;` puts the tests in a file of their own, which the module above declares.
fn is_test_only(path: &Path) -> bool {
    let Some(stem) = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()) else { return false };
    let folder = path.parent().unwrap();
    let above = [folder.join("mod.rs"), folder.join("lib.rs"), folder.with_extension("rs")];
    let declared = above.iter().filter_map(|file| fs::read_to_string(file).ok()).any(|text| {
        let after = |start: &str| text.contains(&format!("#[cfg(test)]\n{start}mod {stem};"));
        ["", "pub ", "pub(crate) ", "pub(super) "].into_iter().any(after)
    });
    declared || (stem != "mod" && folder.file_name().is_some_and(|name| name == "tests"))
}

// Code lines by number: comments and texts blanked, and everything under `#[cfg(test)]` left out.
fn code_of(text: &str) -> BTreeMap<usize, String> {
    let mut code = BTreeMap::new();
    let mut skip: Option<i64> = None;
    let blanked = blank(text);
    for (index, line) in blanked.lines().enumerate() {
        let opened = if skip.is_none() { line.trim_start().strip_prefix("#[cfg(test)]") } else { None };
        if let Some(depth) = skip.or(opened.map(|_| 0)) {
            let line = opened.unwrap_or(line);
            let depth = depth + braces(line);
            // The item ends with its closing brace, or at once when it has no body.
            let ended = depth == 0 && (line.contains('}') || line.trim_end().ends_with(';'));
            skip = (!ended).then_some(depth);
            continue;
        }
        code.insert(index + 1, line.to_owned());
    }
    code
}

fn braces(line: &str) -> i64 {
    line.chars().map(|c| i64::from(c == '{') - i64::from(c == '}')).sum()
}

// The text with comments and literals turned to spaces, line breaks kept.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let rest = &chars[at..];
        let taken = match rest {
            ['/', '/', ..] => rest.iter().position(|c| *c == '\n').unwrap_or(rest.len()),
            ['/', '*', ..] => find(rest, &['*', '/']).map_or(rest.len(), |i| i + 2),
            ['r', '#', '"', ..] => find(rest, &['"', '#']).map_or(rest.len(), |i| i + 2),
            ['r', '"', ..] if at == 0 || !chars[at - 1].is_alphanumeric() => {
                2 + rest[2..].iter().position(|c| *c == '"').map_or(rest.len() - 2, |i| i + 1)
            }
            ['"', ..] => literal(rest),
            ['\'', '\\', ..] => 2 + rest[2..].iter().skip(1).position(|c| *c == '\'').map_or(0, |i| i + 2),
            ['\'', _, '\'', ..] => 3,
            _ => 0,
        };
        if taken == 0 {
            out.push(rest[0]);
            at += 1;
        } else {
            out.extend(rest[..taken].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at += taken;
        }
    }
    out
}

fn find(chars: &[char], what: &[char]) -> Option<usize> {
    chars.windows(what.len()).skip(1).position(|w| w == what).map(|i| i + 1)
}

fn literal(chars: &[char]) -> usize {
    let mut at = 1;
    while at < chars.len() && chars[at] != '"' {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    (at + 1).min(chars.len())
}

fn allowed(room: &str) -> Vec<&'static str> {
    match room {
        // The library's root declares the rooms; the binary starts the commands.
        "lib" => FLOORS.iter().map(|(room, _)| *room).collect(),
        "main" => vec!["command"],
        _ => FLOORS.iter().find(|(name, _)| *name == room).map(|(_, may)| may.to_vec()).unwrap_or_default(),
    }
}

// Rooms that the file names by `crate::`, `wagewatch::`, `crate::{a, b}` or enough `super::`.
fn rooms_named(source: &Source) -> Vec<(usize, String)> {
    let climb = "super::".repeat(source.module.len().max(1));
    let mut found = Vec::new();
    for (line, text) in &source.code {
        for prefix in ["crate::", "wagewatch::", climb.as_str()] {
            for (at, _) in text.match_indices(prefix) {
                let before = text[..at].chars().next_back();
                if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || (prefix == climb && c == ':')) {
                    continue;
                }
                let rest = &text[at + prefix.len()..];
                for name in first_names(rest, source, *line) {
                    if FLOORS.iter().any(|(room, _)| *room == name) {
                        found.push((*line, name));
                    }
                }
            }
        }
    }
    found
}

// The first path segment, or the first of each branch of a brace list (over several lines).
fn first_names(rest: &str, source: &Source, line: usize) -> Vec<String> {
    let word =
        |text: &str| -> String { text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect() };
    let Some(list) = rest.strip_prefix('{') else { return vec![word(rest)] };
    let following: Vec<&str> =
        source.code.range(line + 1..).take(40).map(|(_, text)| text.as_str()).collect();
    let whole = format!("{list} {}", following.join(" "));
    let (mut depth, mut names, mut start) = (0i32, Vec::new(), 0);
    for (at, c) in whole.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                names.push(word(whole[start..at].trim_start()));
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                names.push(word(whole[start..at].trim_start()));
                start = at + 1;
            }
            _ => {}
        }
    }
    names
}

fn mentions(text: &str, word: &str) -> bool {
    let edge = |c: Option<char>| !c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    text.match_indices(word)
        .any(|(at, _)| edge(text[..at].chars().next_back()) && edge(text[at + word.len()..].chars().next()))
}

#[test]
fn the_reader_sees_what_it_should() {
    let text = "use crate::log;\n// crate::serve\nlet a = \"crate::app\"; let q = '\"'; use crate::intake;\n\
                #[cfg(test)]\nmod tests {\n    use crate::command;\n}\nuse crate::{\n    app::Config,\n    store::{Store, x},\n};\n\
                use super::super::engine;\nuse super::codec;\n";
    let source = Source {
        path: "x".into(),
        room: "rules".into(),
        module: vec!["rules".into(), "aging".into()],
        code: code_of(text),
    };
    let mut rooms: Vec<_> = rooms_named(&source);
    rooms.sort();
    let rooms: Vec<_> = rooms.iter().map(|(line, room)| (*line, room.as_str())).collect();
    assert_eq!(rooms, [(1, "log"), (3, "intake"), (8, "app"), (8, "store"), (12, "engine")]);
    assert!(mentions("x: f64)", "f64") && !mentions("brand_new(operand)", "rand"));
}
