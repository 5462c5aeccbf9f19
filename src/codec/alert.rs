//! Bytes of alerts and of the rows that tell of them. Knows no page and no sequence of rows.

use super::finding::{get_word, put_word, read_finding, write_finding};
use super::{Corrupt, Reader, Writer};
use crate::domain::{
    Alert, AlertId, AlertRow, AlertStatus, Change, DismissReason, Dismissal, Level, Position,
};

type Read<T> = Result<T, Corrupt>;

pub fn write_alert(w: &mut Writer, alert: &Alert) {
    w.text(&alert.id.0);
    write_finding(w, &alert.finding);
    put_word(w, AlertStatus::ALL, alert.status);
    w.day(alert.raised_on);
    w.day(alert.changed_on);
    w.u32(alert.revision);
    w.option(alert.assignee.as_deref(), Writer::text);
    w.option(alert.dismissal.as_ref(), write_dismissal);
    w.option(alert.actor.as_deref(), Writer::text);
    w.option(alert.note.as_deref(), Writer::text);
    w.list(alert.act_ids.iter(), |w, id| w.text(id));
}

pub fn read_alert(r: &mut Reader<'_>) -> Read<Alert> {
    Ok(Alert {
        id: AlertId(r.text()?),
        finding: read_finding(r)?,
        status: get_word(r, AlertStatus::ALL, "a status")?,
        raised_on: r.day()?,
        changed_on: r.day()?,
        revision: r.u32()?,
        assignee: r.option(Reader::text)?,
        dismissal: r.option(read_dismissal)?,
        actor: r.option(Reader::text)?,
        note: r.option(Reader::text)?,
        act_ids: r.list(Reader::text)?,
    })
}

pub fn write_alert_row(w: &mut Writer, row: &AlertRow) {
    w.u16(row.shard);
    w.varint(row.seq);
    w.varint(row.position.0);
    w.i64(row.written_ms);
    put_word(w, Change::ALL, row.change);
    write_alert(w, &row.alert);
    w.text(&row.rulebook);
}

pub fn read_alert_row(r: &mut Reader<'_>) -> Read<AlertRow> {
    Ok(AlertRow {
        shard: r.u16()?,
        seq: r.varint()?,
        position: Position(r.varint()?),
        written_ms: r.i64()?,
        change: get_word(r, Change::ALL, "a change")?,
        alert: read_alert(r)?,
        rulebook: r.text()?,
    })
}

fn write_dismissal(w: &mut Writer, dismissal: &Dismissal) {
    put_word(w, DismissReason::ALL, dismissal.reason);
    w.text(&dismissal.text);
    put_word(w, Level::ALL, dismissal.level);
    w.sum(dismissal.amount);
}

fn read_dismissal(r: &mut Reader<'_>) -> Read<Dismissal> {
    Ok(Dismissal {
        reason: get_word(r, DismissReason::ALL, "a reason")?,
        text: r.text()?,
        level: get_word(r, Level::ALL, "a level")?,
        amount: r.sum()?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::finding_any as any;
    use super::*;
    use proptest::option::of;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn alert() -> impl Strategy<Value = Alert> {
        let dismissal = (select(DismissReason::ALL), any::text(), select(Level::ALL), any::sum())
            .prop_map(|(reason, text, level, amount)| Dismissal { reason, text, level, amount });
        let life = (select(AlertStatus::ALL), any::day(), any::day(), proptest::num::u32::ANY);
        let people = (of(any::text()), of(dismissal), of(any::text()), of(any::text()));
        (any::text(), any::finding(), life, people, prop::collection::vec(any::text(), 0..16)).prop_map(
            |(id, finding, life, people, act_ids)| Alert {
                id: AlertId(id),
                finding,
                status: life.0,
                raised_on: life.1,
                changed_on: life.2,
                revision: life.3,
                assignee: people.0,
                dismissal: people.1,
                actor: people.2,
                note: people.3,
                act_ids,
            },
        )
    }

    proptest! {
        #[test]
        fn rows_come_back(
            alert in alert(),
            numbers: (u16, u64, u64, i64),
            change in select(Change::ALL),
            rulebook in any::text(),
        ) {
            let (shard, seq, position, written_ms) = numbers;
            let row = AlertRow { shard, seq, position: Position(position), written_ms, change, alert, rulebook };
            let mut w = Writer::new();
            write_alert_row(&mut w, &row);
            let mut r = Reader::new(&w.bytes);
            prop_assert_eq!(read_alert_row(&mut r).unwrap(), row);
            prop_assert!(r.end().is_ok());
        }

        #[test]
        fn a_cut_or_changed_alert_never_panics(alert in alert(), at: prop::sample::Index, flip: u8) {
            let mut w = Writer::new();
            write_alert(&mut w, &alert);
            let at = at.index(w.bytes.len());
            prop_assert!(read_alert(&mut Reader::new(&w.bytes[..at])).is_err());
            w.bytes[at] ^= flip;
            let _ = read_alert(&mut Reader::new(&w.bytes));
        }
    }
}
