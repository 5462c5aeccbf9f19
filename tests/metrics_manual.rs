//! `docs/metrics.md` is made from the metrics that the program registers; it fails when the page is stale.
//! `UPDATE=1 cargo test --test metrics_manual` writes it.

#![allow(clippy::unwrap_used, reason = "a test ends by panicking")]

use std::fs;
use std::path::Path;
use wagewatch::serve::metrics::Metrics;

const HEAD: &str = "# Metrics

<!-- Made from the program by tests/metrics_manual.rs: change the code, then `UPDATE=1 cargo test --test metrics_manual`. -->

`/metrics` on `server.http_addr` tells these to Prometheus. Names are `wagewatch_<noun>_<unit or total>`. Labels are closed words
(door, verdict, reason, rule, level, type, change), and two that senders choose, `source` and `bank`: the first hundred of each that
sent a record that was taken have series of their own, the others are counted as `other`, and so is a name with eight digits in
a row, which might be a person's number. No label names a person or a project.

Counters begin at 0 with the process. What a start reads again from the log is not counted again.

[The runbooks](runbooks.md) say which of them wake somebody; the dashboards stand in `deploy/grafana/`.

| metric | type | labels | what |
| --- | --- | --- | --- |
";

const TAIL: &str = "
Beside them the usual `process_*` of the process: memory, open files, processor time, start time.
";

fn page() -> String {
    let metrics = Metrics::new(prometheus::Registry::new()).unwrap();
    let mut text = HEAD.to_owned();
    for one in metrics.listed() {
        let labels: Vec<String> = one.labels.iter().map(|label| format!("`{label}`")).collect();
        let line = format!("| `{}` | {} | {} | {} |\n", one.name, one.kind, labels.join(", "), one.help);
        text.push_str(&line);
    }
    text + TAIL
}

#[test]
fn the_page_lists_the_metrics_that_there_are() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let page = page();
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == page, "docs/metrics.md is stale; UPDATE=1 cargo test --test metrics_manual writes it");
}

#[test]
fn names_have_their_form_and_their_words() {
    let metrics = Metrics::new(prometheus::Registry::new()).unwrap();
    assert!(metrics.listed().len() > 20);
    for one in metrics.listed() {
        assert!(one.name.starts_with("wagewatch_"), "{}", one.name);
        assert_eq!(one.kind == "counter", one.name.ends_with("_total"), "{}", one.name);
        assert!(one.help.ends_with('.'), "{}", one.name);
        for word in ["project", "id_number", "worker", "name", "account"] {
            assert!(!one.labels.iter().any(|label| label == word), "{} is labelled with people", one.name);
        }
    }
}
