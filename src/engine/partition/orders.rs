//! What the county asks of everyone, one thing at a time, and who has followed. Knows no topic.

use super::message::{Everyone, Turn};
use crate::codec::{self, Corrupt, Reader, Writer};
use crate::domain::{Day, Reason, Release, Rulebook, Verdict};
use std::collections::VecDeque;

/// The turns of everyone.
#[derive(Default)]
pub(super) struct Orders {
    /// The last turn that all have followed, the county too.
    in_force: u64,
    /// Asked, and not followed by all.
    under_way: Option<Turn>,
    waiting: VecDeque<Everyone>,
    /// The last turn that each partition has said it followed.
    followed: Vec<u64>,
    /// The latest date that was ever asked for,
    wanted: Option<Day>,
    /// and a fingerprint of the last rulebook.
    book: Option<u32>,
    pub is_dirty: bool,
}

impl Orders {
    pub fn new(partitions: u16) -> Orders {
        Orders { followed: vec![0; usize::from(partitions)], ..Orders::default() }
    }

    /// The last turn that all have followed.
    pub fn in_force(&self) -> u64 {
        self.in_force
    }

    /// Partitions that have still to follow the turn that is under way.
    pub fn awaited(&self) -> Vec<u16> {
        let Some(turn) = &self.under_way else { return Vec::new() };
        let late = (0..).zip(&self.followed).filter(|(_, followed)| **followed < turn.number);
        late.map(|(partition, _)| partition).collect()
    }

    /// Whether nothing is under way or waits.
    pub fn is_settled(&self) -> bool {
        self.under_way.is_none() && self.waiting.is_empty()
    }

    /// Somebody wants this date. Dates never go back (contract; rejected).
    pub fn want_date(&mut self, day: Day) -> Verdict {
        match self.wanted {
            Some(wanted) if day < wanted => Verdict::Rejected(Reason::range(
                "business_date",
                format!("{day}, which is before {wanted}"),
                "a date not before the current business date: it never goes back",
            )),
            Some(wanted) if day == wanted => Verdict::Duplicate,
            _ => {
                self.is_dirty = true;
                self.wanted = Some(day);
                match self.waiting.back_mut() {
                    Some(Everyone::Date(last)) => *last = day,
                    _ => self.waiting.push_back(Everyone::Date(day)),
                }
                Verdict::Accepted
            }
        }
    }

    /// Somebody wants everything judged by this one. Said again, by an owner who has not seen yet that it was said, it is known.
    pub fn want_rulebook(&mut self, book: &Rulebook) -> Verdict {
        if self.is_last_rulebook(book) {
            return Verdict::Duplicate;
        }
        self.is_dirty = true;
        self.book = Some(fingerprint(book));
        self.waiting.push_back(Everyone::Rulebook(Box::new(book.clone())));
        Verdict::Accepted
    }

    /// Whether that rulebook is the last one that was asked for.
    pub fn is_last_rulebook(&self, book: &Rulebook) -> bool {
        self.book == Some(fingerprint(book))
    }

    /// Somebody wants what is held of a rule told.
    pub fn want_release(&mut self, release: &Release) {
        self.is_dirty = true;
        self.waiting.push_back(Everyone::Release(Box::new(release.clone())));
    }

    /// A partition has followed the turns up to that one.
    pub fn said(&mut self, partition: u16, turn: u64) {
        if let Some(followed) = self.followed.get_mut(usize::from(partition)).filter(|known| **known < turn) {
            *followed = turn;
            self.is_dirty = true;
        }
    }

    /// The turn that is under way, once all have followed it. From here on it is in force.
    pub fn take_followed(&mut self) -> Option<Turn> {
        if !self.awaited().is_empty() {
            return None;
        }
        let turn = self.under_way.take()?;
        self.in_force = turn.number;
        self.is_dirty = true;
        Some(turn)
    }

    /// What is to be asked next, if nothing is under way. A date comes day by day.
    pub fn begin_next(&mut self, today: Option<Day>) -> Option<&Turn> {
        if self.under_way.is_some() {
            return None;
        }
        let order = match self.waiting.front()? {
            Everyone::Date(wanted) => {
                let (wanted, day) = (*wanted, today.map_or(*wanted, |today| today.plus(1).min(*wanted)));
                if day == wanted {
                    self.waiting.pop_front();
                }
                Everyone::Date(day)
            }
            Everyone::Rulebook(_) | Everyone::Release(_) => self.waiting.pop_front()?,
        };
        self.is_dirty = true;
        self.under_way = Some(Turn { number: self.in_force + 1, order });
        self.under_way.as_ref()
    }

    pub fn write(&self, w: &mut Writer) {
        w.varint(self.in_force);
        w.option(self.under_way.as_ref(), |w, turn| turn.write(w));
        w.list(self.waiting.iter(), |w, order| order.write(w));
        w.list(self.followed.iter(), |w, turn| w.varint(*turn));
        w.option(self.wanted, Writer::day);
        w.option(self.book, Writer::u32);
    }

    pub fn read(r: &mut Reader<'_>) -> Result<Orders, Corrupt> {
        Ok(Orders {
            in_force: r.varint()?,
            under_way: r.option(Turn::read)?,
            waiting: r.list(Everyone::read)?.into(),
            followed: r.list(Reader::varint)?,
            wanted: r.option(Reader::day)?,
            book: r.option(Reader::u32)?,
            is_dirty: false,
        })
    }
}

pub(super) fn fingerprint(book: &Rulebook) -> u32 {
    let mut w = Writer::new();
    codec::write_rulebook(&mut w, book);
    crc32fast::hash(&w.bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    fn begun(orders: &mut Orders, today: Option<&str>) -> Option<(u64, String)> {
        orders.begin_next(today.map(date)).map(|turn| match &turn.order {
            Everyone::Date(day) => (turn.number, day.to_string()),
            Everyone::Rulebook(book) => (turn.number, book.version.clone()),
            Everyone::Release(release) => (turn.number, release.rule.as_str().to_owned()),
        })
    }

    #[test]
    fn a_jump_is_asked_for_day_by_day_and_nothing_goes_before_it() {
        let mut orders = Orders::new(2);
        assert_eq!(orders.want_date(date("2026-05-01")), Verdict::Accepted);
        assert_eq!(begun(&mut orders, None), Some((1, "2026-05-01".into())), "the first is no jump");
        assert_eq!(orders.want_date(date("2026-05-02")), Verdict::Accepted);
        assert_eq!(orders.want_date(date("2026-05-03")), Verdict::Accepted);
        assert_eq!(orders.want_date(date("2026-05-03")), Verdict::Duplicate);
        assert!(matches!(orders.want_date(date("2026-05-02")), Verdict::Rejected(_)));
        orders.want_rulebook(&Rulebook { version: "next".into(), ..Rulebook::default() });
        assert_eq!(begun(&mut orders, Some("2026-05-01")), None, "one at a time");
        orders.said(0, 1);
        assert_eq!(orders.awaited(), [1]);
        assert!(orders.take_followed().is_none());
        orders.said(1, 1);
        assert_eq!(orders.take_followed().unwrap().number, 1);
        for (number, today, want) in
            [(2, "2026-05-01", "2026-05-02"), (3, "2026-05-02", "2026-05-03"), (4, "2026-05-03", "next")]
        {
            assert_eq!(begun(&mut orders, Some(today)), Some((number, want.into())));
            (0..2).for_each(|partition| orders.said(partition, number));
            assert_eq!(orders.take_followed().unwrap().number, number);
        }
        assert!(orders.is_settled() && begun(&mut orders, Some("2026-05-03")).is_none());
        let mut w = Writer::new();
        orders.write(&mut w);
        let read = Orders::read(&mut Reader::new(&w.bytes)).unwrap();
        assert_eq!((read.in_force(), read.wanted), (4, Some(date("2026-05-03"))));
    }
}
