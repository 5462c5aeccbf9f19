//! What the brokers' stamps say of their time, and what they do not.

use super::*;

const HOUR: i64 = 3_600_000;
/// The brokers' true time when the count was 0.
const TRUTH: i64 = 1_800_000_000_000;

/// A message whose stamp was given at `stamped` by a broker that is `off`, sent and acknowledged around it. Broker N leads
/// partition N.
fn reading(broker: i32, off: i64, (sent_ms, stamped, acknowledged_ms): (i64, i64, i64)) -> Reading<'static> {
    let stamped_ms = TRUTH + off + stamped;
    Reading { topic: "alerts", partition: broker, stamped_ms, sent_ms, acknowledged_ms }
}

fn after(readings: &[Reading<'_>]) -> BrokersTime {
    let mut time = BrokersTime::default();
    (0..9).for_each(|broker| time.led("alerts", broker, broker));
    readings.iter().for_each(|one| time.take(*one));
    time
}

/// The earliest and latest time at a count, as seen from the truth.
fn bounds(readings: &[Reading<'_>], count_ms: i64) -> (i64, i64) {
    let Bounds { earliest_ms, latest_ms } = after(readings).at(count_ms).unwrap();
    (earliest_ms - TRUTH - count_ms, latest_ms - TRUTH - count_ms)
}

#[test]
fn a_stamp_lies_between_sending_and_acknowledgement() {
    assert_eq!(BrokersTime::default().at(5), None);
    let one = reading(1, 0, (100, 110, 150));
    // Counted on, for as long as the process lives.
    for count_ms in [150, 151, 90 * 24 * HOUR] {
        assert_eq!(bounds(&[one], count_ms), (-40, 11));
    }
    let second = reading(1, 0, (1000, 1025, 1027));
    assert_eq!(bounds(&[one, second], 2000), (-2, 11), "the narrower of each side");
    assert_eq!(bounds(&[second, one], 2000), (-2, 11), "in any order");
    let set = reading(1, HOUR, (2000, 2025, 2027));
    assert_eq!(
        bounds(&[set, one], 3000),
        (HOUR - 2, HOUR + 26),
        "the last counts, in whatever order they are heard"
    );
    let never = Reading { sent_ms: 200, ..one };
    assert_eq!(after(&[never]).at(300), None, "acknowledged before it was sent");
}

#[test]
fn who_hears_late_is_never_ahead() {
    // Frozen for an hour before it heard of the acknowledgement.
    assert_eq!(bounds(&[reading(1, 0, (100, 110, HOUR))], HOUR), (110 - HOUR, 11));
    // What it knew before stays.
    let before = reading(1, 0, (10, 12, 15));
    assert_eq!(bounds(&[before, reading(1, 0, (100, 110, HOUR))], HOUR), (-3, 3));
}

#[test]
fn a_clock_that_is_set_is_followed_at_once() {
    let before = reading(1, HOUR, (10, 12, 15));
    assert_eq!(bounds(&[before, reading(1, 0, (100, 110, 115))], 200), (-5, 11));
    let before = reading(1, -HOUR, (10, 12, 15));
    assert_eq!(bounds(&[before, reading(1, 0, (100, 110, 115))], 200), (-5, 11));
    // Suspended for an hour that was not counted: behind until something new is written, then right.
    let before = reading(1, 0, (10, 12, 15));
    let woken = reading(1, HOUR, (100, 110, 115));
    assert_eq!(bounds(&[before], 200), (-3, 3));
    assert_eq!(bounds(&[before, woken], 200), (HOUR - 5, HOUR + 11));
}

#[test]
fn one_of_three_is_outvoted() {
    let span = (100, 110, 150);
    let told = |offs: &[i64]| {
        let all: Vec<Reading<'_>> =
            (1..).zip(offs).map(|(broker, off)| reading(broker, *off, span)).collect();
        bounds(&all, 200).0 + 40
    };
    for off in [HOUR, -HOUR] {
        assert_eq!(told(&[0, off, 1]), if off > 0 { 1 } else { 0 }, "by at most what the others differ");
        assert_eq!(told(&[off, 0, 0]), 0);
        assert_eq!(told(&[0, 0, 0, off, 0]), 0);
        assert_eq!(told(&[off]), off, "nobody else is there to say");
    }
    // Of two nobody knows which is right: a day rather begins late.
    assert_eq!(told(&[0, HOUR]), 0);
    assert_eq!(told(&[-HOUR, 0]), -HOUR);
    assert_eq!(told(&[0, 0, HOUR, HOUR]), 0);
}

#[test]
fn partitions_have_the_voice_until_their_leaders_are_known() {
    let span = (100, 110, 150);
    let mut time = BrokersTime::default();
    let told = |time: &BrokersTime| time.at(200).unwrap().earliest_ms - TRUTH - 200 + 40;
    // Nobody has said yet that broker 1, which is an hour ahead, leads two of three.
    for (partition, off) in [(0, HOUR), (1, 0), (2, HOUR)] {
        time.take(reading(partition, off, span));
    }
    assert_eq!(told(&time), HOUR);
    [(0, 1), (1, 2), (2, 1)].iter().for_each(|(partition, broker)| time.led("alerts", *partition, *broker));
    assert_eq!(told(&time), 0, "what was read before is its leader's");
    // A partition of that number in another topic is another.
    time.take(Reading { topic: "changelog", ..reading(1, HOUR, span) });
    time.led("changelog", 1, 3);
    assert_eq!(told(&time), HOUR);
    // One that goes to another broker takes nothing with it.
    time.led("changelog", 1, 2);
    assert_eq!(told(&time), HOUR);
    time.take(Reading { topic: "changelog", ..reading(1, 0, (300, 310, 350)) });
    assert_eq!(told(&time), HOUR);
}

#[test]
fn a_broker_that_is_gone_counts_no_more() {
    let (wrong, slow) = (reading(1, HOUR, (10, 12, 15)), reading(2, HOUR, (10, 12, 15)));
    let right = |at: i64| reading(3, 0, (at, at, at));
    assert_eq!(bounds(&[wrong, slow, right(HOUR)], HOUR).0, HOUR - 3);
    assert_eq!(bounds(&[wrong, slow, right(HOUR), right(HOUR + 16)], HOUR).0, 0);
    // Who is alone is asked for ever.
    assert_eq!(bounds(&[right(0)], 1000 * HOUR).0, 0);
}

#[test]
fn what_is_told_never_goes_back_while_clocks_go_on() {
    let (mut time, mut seed, mut count, mut last) = (BrokersTime::default(), 7_u64, 0, i64::MIN);
    for _ in 0..10_000 {
        // Any spread of waits, from none to seconds.
        let mut draw = |most: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            i64::try_from((seed >> 33) % most).unwrap()
        };
        let (sent, on_its_way, back) = (count + draw(500), draw(900), draw(3000));
        count = sent + on_its_way + back;
        time.take(reading(1, 0, (sent, sent + on_its_way, count)));
        let Bounds { earliest_ms, latest_ms } = time.at(count).unwrap();
        assert!((earliest_ms..=latest_ms).contains(&(TRUTH + count)));
        assert!(earliest_ms > last, "{earliest_ms} after {last}");
        last = earliest_ms;
    }
    let Bounds { earliest_ms, latest_ms } = time.at(count).unwrap();
    assert!(latest_ms - earliest_ms < 20, "many readings are narrow");
}

#[test]
fn only_what_is_certain_is_called_ahead_or_behind() {
    let bounds = Bounds { earliest_ms: 1000, latest_ms: 1200 };
    for (own, ahead) in
        [(1000, 0), (1100, 0), (1200, 0), (1201, 1), (61_200, 60_000), (999, -1), (-500, -1500)]
    {
        assert_eq!(bounds.ahead_ms(own), ahead, "{own}");
    }
}
