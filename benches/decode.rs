//! What it costs to decode a line: the fast path and the full decoder on attendance, the full one on a payment.
//! `cargo bench --bench decode`

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;
use wagewatch::intake::json::{decode_any, decode_line};

const SWIPE: &str = r#"{"type":"attendance","id":"gate-7-00012345","source":"gate-7","at":"2026-03-02T07:01:00+08:00","project_id":"DLT-2026-017","id_number":"152722199001010019","swiped_at":"2026-03-02T07:01:00+08:00","direction":"in","device":"east-1"}"#;
const PAYMENT: &str = r#"{"type":"payment","id":"b-1","source":"bank-103","at":"2026-04-14T16:00:00+08:00","bank":"103","txn_id":"103-20260414-000001","account":"05370101040012345","payee_account":"6228480000000000000","payee_name":"张三","period":"2026-03","amount_fen":50000,"settled_at":"2026-04-14T15:59:58+08:00","status":"settled"}"#;

fn decode(c: &mut Criterion) {
    let mut group = c.benchmark_group("decode");
    for (name, line) in [("swipe", SWIPE), ("payment", PAYMENT)] {
        group.throughput(Throughput::Bytes(line.len() as u64));
        group.bench_function(format!("{name}/full"), |b| b.iter(|| decode_any(black_box(line))));
        group.bench_function(format!("{name}/door"), |b| b.iter(|| decode_line(black_box(line))));
    }
    group.bench_function("utf8", |b| b.iter(|| std::str::from_utf8(black_box(SWIPE.as_bytes())).is_ok()));
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
