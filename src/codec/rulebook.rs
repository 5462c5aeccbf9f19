//! Bytes of a rulebook, calendar and editions included. The same rulebook has the same bytes. Numbers are
//! kept under their names, so that a later version may have more of them in any order.

use super::finding::{get_word, put_word};
use super::{Corrupt, Reader, Writer};
use crate::domain::{Calendar, DayKind, DayStart, Edition, Numbers, Rule, Rulebook, Switch};

type Read<T> = Result<T, Corrupt>;

pub fn write_rulebook(w: &mut Writer, book: &Rulebook) {
    w.text(&book.version);
    w.u16(book.day_starts_at.0);
    let days: Vec<_> = book.calendar.days().collect();
    w.list(days.into_iter(), |w, (day, kind)| {
        w.day(day);
        w.bool(kind == DayKind::Workday);
    });
    w.list(Numbers::KEYS.iter(), |w, key| {
        w.text(key.section);
        w.text(key.key);
    });
    w.list(book.editions().iter(), |w, edition| {
        w.day(edition.effective_from);
        for value in edition.numbers.values() {
            w.i64(value);
        }
        w.list(edition.numbers.presence_steps.iter(), |w, (minutes, days)| {
            w.u32(*minutes);
            w.u32(*days);
        });
        w.list(edition.numbers.switches.iter(), |w, (rule, switch)| {
            put_word(w, Rule::ALL, *rule);
            w.bool(switch.off);
            w.list(switch.off_in.iter(), |w, sector| w.text(sector));
        });
    });
}

pub fn read_rulebook(r: &mut Reader<'_>) -> Read<Rulebook> {
    let version = r.str()?.to_owned();
    let day_starts_at = DayStart(r.u16()?);
    let days = r.list(|r| {
        let day = r.day()?;
        Ok((day, if r.bool()? { DayKind::Workday } else { DayKind::Holiday }))
    })?;
    let places = r.list(|r| {
        let (section, key) = (r.str()?, r.str()?);
        let place = Numbers::KEYS.iter().position(|k| k.section == section && k.key == key);
        place.ok_or(Corrupt("a number of the rulebook"))
    })?;
    let editions = r.list(|r| {
        let effective_from = r.day()?;
        // Written before floods were held: what was told then stays told in a replay.
        let mut numbers = Numbers { flood_alerts: 0, ..Numbers::default() };
        for place in &places {
            numbers.set(*place, r.i64()?);
        }
        numbers.presence_steps = r.list(|r| Ok((r.u32()?, r.u32()?)))?;
        numbers.switches = (r.list(|r| {
            let rule = get_word(r, Rule::ALL, "a rule")?;
            Ok((rule, Switch { off: r.bool()?, off_in: r.list(Reader::text)? }))
        })?)
        .into_iter()
        .collect();
        Ok(Edition { effective_from, numbers })
    })?;
    if editions.is_empty() {
        return Err(Corrupt("the editions of a rulebook"));
    }
    let calendar = Calendar::new(days);
    Ok(Rulebook { version, calendar, day_starts_at, ..Rulebook::default() }.with_editions(editions))
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::finding_any as values;
    use super::*;
    use proptest::collection::{btree_map, vec};
    use proptest::prelude::*;
    use proptest::sample::select;

    fn numbers() -> impl Strategy<Value = Numbers> {
        let switch = (any::<bool>(), vec(values::text(), 0..3));
        let switch = switch.prop_map(|(off, off_in)| Switch { off, off_in });
        let numbers = vec(any::<i64>(), Numbers::KEYS.len());
        (numbers, vec(any::<(u32, u32)>(), 0..3), btree_map(select(Rule::ALL), switch, 0..4)).prop_map(
            |(values, presence_steps, switches)| {
                let mut numbers = Numbers { presence_steps, switches, ..Numbers::default() };
                values.into_iter().enumerate().for_each(|(place, value)| numbers.set(place, value));
                numbers
            },
        )
    }

    pub(crate) fn rulebook() -> impl Strategy<Value = Rulebook> {
        let kind = any::<bool>().prop_map(|w| if w { DayKind::Workday } else { DayKind::Holiday });
        let edition = (values::day(), numbers())
            .prop_map(|(effective_from, numbers)| Edition { effective_from, numbers });
        (values::text(), 0u16..720, vec((values::day(), kind), 0..20), vec(edition, 1..4)).prop_map(
            |(version, minutes, days, editions)| {
                Rulebook {
                    version: version.to_string(),
                    calendar: Calendar::new(days),
                    day_starts_at: DayStart(minutes),
                    ..Rulebook::default()
                }
                .with_editions(editions)
            },
        )
    }

    proptest! {
        #[test]
        fn rulebooks_come_back_from_the_same_bytes(book in rulebook()) {
            let mut w = Writer::new();
            write_rulebook(&mut w, &book);
            let mut r = Reader::new(&w.bytes);
            let read = read_rulebook(&mut r).unwrap();
            prop_assert!(r.end().is_ok());
            let mut again = Writer::new();
            write_rulebook(&mut again, &read);
            prop_assert_eq!(&read, &book);
            prop_assert_eq!(again.bytes, w.bytes);
        }

        #[test]
        fn a_cut_or_changed_rulebook_never_panics(book in rulebook(), at: prop::sample::Index, flip: u8) {
            let mut w = Writer::new();
            write_rulebook(&mut w, &book);
            let at = at.index(w.bytes.len());
            prop_assert!(read_rulebook(&mut Reader::new(&w.bytes[..at])).is_err());
            w.bytes[at] ^= flip;
            let _ = read_rulebook(&mut Reader::new(&w.bytes));
        }
    }
}
