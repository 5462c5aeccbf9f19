//! A month's cell against a map from days.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn cell() -> Month {
    Month::new(Period::parse("2026-03").unwrap())
}

#[test]
fn the_earliest_and_latest_swipe_of_a_day_stay() {
    let mut month = cell();
    assert_eq!(month.swipe(30, 500), Change::Seen);
    assert_eq!(month.swipe(0, 86_399), Change::Seen);
    assert_eq!(month.swipe(30, 0), Change::Seen);
    assert_eq!(month.swipe(30, 200), Change::Same);
    let days: Vec<_> = month.days().map(|d| (d.index, d.span)).collect();
    assert_eq!(days, [(0, Some((86_399, 86_399))), (30, Some((0, 500)))]);
}

#[test]
fn a_statement_hides_swipes_only_if_it_says_minutes() {
    let mut month = cell();
    assert_eq!(month.state(3, Time(5), Days(100), None), Change::Seen);
    assert_eq!(month.swipe(3, 10), Change::Seen);
    assert_eq!(month.state(3, Time(5), Days(100), Some(0)), Change::Seen);
    assert_eq!(month.swipe(3, 20), Change::Hidden);
    assert_eq!(month.state(3, Time(5), Days(50), Some(9)), Change::Superseded);
    assert_eq!(month.state(3, Time(5), Days(100), Some(0)), Change::Same);
    assert_eq!(month.state(3, Time(6), Days(100), Some(0)), Change::Hidden);
    assert!(month.has_presence());
}

proptest! {
    #[test]
    fn statements_and_swipes_agree_with_a_map(said in prop::collection::vec((0u32..31, 0i64..200, 0u32..301, prop::option::of(0u16..4320)), 0..300)) {
        let mut month = cell();
        let mut model = BTreeMap::new();
        let mut spans: BTreeMap<u32, (u32, u32)> = BTreeMap::new();
        for (day, at, days, minutes) in said {
            if at % 3 == 0 {
                month.swipe(day, days * 280);
                let span = spans.entry(day).or_insert((days * 280, days * 280));
                *span = (span.0.min(days * 280), span.1.max(days * 280));
                continue;
            }
            month.state(day, Time(at), Days(days), minutes);
            let kept = model.entry(day).or_insert((at, days, minutes));
            *kept = (*kept).max((at, days, minutes));
        }
        let mut w = Writer::new();
        month.put(&mut w);
        let again = Month::get(month.period, &mut Reader::new(&w.bytes)).unwrap();
        for month in [&month, &again] {
            let got: BTreeMap<_, _> = month.days().filter_map(|d| month.statement(d.index).map(|s| (d.index, (s.0.0, s.1.0, s.2)))).collect();
            prop_assert_eq!(&got, &model);
            let got: BTreeMap<_, _> = month.days().filter_map(|d| Some((d.index, d.span?))).collect();
            prop_assert_eq!(&got, &spans);
        }
    }

    #[test]
    fn damaged_bytes_never_panic(bytes: Vec<u8>) {
        if let Ok(month) = Month::get(Period(0), &mut Reader::new(&bytes)) {
            month.days().count();
        }
    }
}
