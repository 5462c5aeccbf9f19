//! A trail written, opened again, bent and cut: what of it is told.

use super::*;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc;

fn settings(folder: &Path) -> Settings {
    Settings { folder: folder.to_owned(), retain_days: 1096 }
}

fn write(folder: &Path, calls: &[&str]) {
    let trail = Trail::open(&settings(folder)).unwrap();
    let (sender, answers) = mpsc::channel();
    for call in calls {
        let sender = sender.clone();
        let entry = Entry {
            who: "hrss".into(),
            call: (*call).into(),
            count: 1,
            rows: vec!["P1 152722********0019".into()],
            result: "ok".into(),
            ..Entry::default()
        };
        trail.write(entry, move |answer| sender.send(answer).unwrap());
    }
    for _ in calls {
        assert_eq!(answers.recv().unwrap(), Ok(()));
    }
    trail.stop();
}

fn only_file(folder: &Path) -> PathBuf {
    let mut all: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn lines(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap().lines().map(ToOwned::to_owned).collect()
}

fn broken(folder: &Path) -> (usize, String) {
    let broken = verify(folder).unwrap().unwrap_err();
    (broken.line, broken.what)
}

fn put(file: &Path, lines: &[String]) {
    fs::write(file, lines.join("\n") + "\n").unwrap();
}

#[test]
fn a_trail_goes_on_where_it_was_left() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &["a", "b"]);
    write(folder.path(), &["c"]);
    let report = verify(folder.path()).unwrap().unwrap();
    assert_eq!((report.first, report.last), (1, 3));
    let mut read = Vec::new();
    entries(folder.path(), |line| {
        read.push((line.entry.seq, line.entry.call.clone(), line.hash));
        Ok(())
    })
    .unwrap();
    let calls: Vec<_> = read.iter().map(|(seq, call, _)| (*seq, call.as_str())).collect();
    assert_eq!(calls, [(1, "a"), (2, "b"), (3, "c")]);
    assert_eq!(read[2].2, report.head);
}

#[test]
fn the_first_broken_link_is_named() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &["a", "b", "c", "d"]);
    let file = only_file(folder.path());
    let good = lines(&file);

    let mut bent = good.clone();
    bent[1] = bent[1].replace("hrss", "ndrc");
    put(&file, &bent);
    assert_eq!(
        broken(folder.path()),
        (2, "entry 2 does not follow from entry 1: one of them was changed".into())
    );

    let mut first = good.clone();
    first[0] = first[0].replace("hrss", "ndrc");
    put(&file, &first);
    assert_eq!(broken(folder.path()).0, 1);

    let mut cut = good.clone();
    cut.remove(2);
    put(&file, &cut);
    assert_eq!(broken(folder.path()), (3, "entry 4 follows entry 2: entries between are missing".into()));

    put(&file, &good[2..]);
    let (line, what) = broken(folder.path());
    assert!(line == 0 && what.starts_with("the trail begins with entry 3"), "{what}");

    let mut noise = good.clone();
    noise[3] = "noise".into();
    put(&file, &noise);
    assert_eq!(broken(folder.path()), (4, "no entry with its hash".into()));
    assert!(Trail::open(&settings(folder.path())).is_err(), "a broken trail is not written on");

    put(&file, &good);
    assert!(verify(folder.path()).unwrap().is_ok());
}

#[test]
fn a_line_that_was_cut_off_is_left_out() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &["a", "b"]);
    let file = only_file(folder.path());
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, &text[..text.len() - 10]).unwrap();
    write(folder.path(), &["c"]);
    let calls: Vec<bool> = lines(&file).iter().map(|line| line.contains("\"call\":\"b\"")).collect();
    assert_eq!(calls, [false, false]);
    assert_eq!(verify(folder.path()).unwrap().unwrap().last, 2);
}

#[test]
fn what_is_too_old_goes_and_the_trail_says_so() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &["a", "b"]);
    let now = only_file(folder.path());
    let old = folder.path().join("2020-01.trail");
    fs::rename(&now, &old).unwrap();
    write(folder.path(), &["c"]);
    assert!(!old.exists());
    let kept = lines(&only_file(folder.path()));
    assert!(kept[0].contains("\"call\":\"retention\"") && kept[0].contains("2020-01.trail"), "{}", kept[0]);
    let report = verify(folder.path()).unwrap().unwrap();
    assert_eq!((report.first, report.last), (3, 4));
    // Without that entry the missing beginning is no retention.
    put(&only_file(folder.path()), &kept[1..]);
    assert!(verify(folder.path()).unwrap().is_err());
}
