//! Bytes of alerts and of the rows that tell of them. Knows no page and no sequence of rows.

use super::entry::{read_act_kind, write_act_kind};
use super::finding::{get_word, put_word, read_finding, write_finding};
use super::{Corrupt, Reader, Writer};
use crate::domain::{
    Alert, AlertId, AlertRow, AlertStatus, Authority, Casework, Cause, Change, Clock, Deed, DismissReason,
    Dismissal, Exemption, ExemptionKind, History, Justification, Level, Position, Rule, Running, Step,
    WorkerWord,
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
    write_casework(w, &alert.casework);
    write_clock(w, &alert.clock);
    w.bool(alert.rolled_up);
    w.option(alert.held, Writer::day);
    w.list(alert.causes.iter(), |w, cause| {
        put_word(w, Rule::ALL, cause.rule);
        w.text(&cause.alert_id.0);
        w.u32(cause.count);
    });
    w.list(alert.history.steps.iter(), write_step);
    w.u32(alert.history.dropped);
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
        casework: read_casework(r)?,
        clock: read_clock(r)?,
        rolled_up: r.bool()?,
        held: r.option(Reader::day)?,
        causes: r.list(|r| {
            let (rule, alert_id) = (get_word(r, Rule::ALL, "a rule")?, AlertId(r.text()?));
            Ok(Cause { rule, alert_id, count: r.u32()? })
        })?,
        history: History { steps: r.list(read_step)?, dropped: r.u32()? },
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

fn write_casework(w: &mut Writer, work: &Casework) {
    w.option(work.justification.as_ref(), |w, justification| {
        w.option(justification.until, Writer::day);
        w.option(justification.said.as_deref(), Writer::text);
    });
    w.option(work.worker, |w, word| put_word(w, WorkerWord::ALL, word));
    w.option(work.exemption.as_ref(), |w, exemption| {
        put_word(w, ExemptionKind::ALL, exemption.kind);
        w.day(exemption.until);
        w.text(&exemption.by);
        w.text(&exemption.text);
        w.sum(exemption.amount);
        put_word(w, AlertStatus::ALL, exemption.before);
    });
    w.sum(work.advanced);
    w.option(work.handed_to, |w, to| put_word(w, Authority::ALL, to));
}

fn read_casework(r: &mut Reader<'_>) -> Read<Casework> {
    Ok(Casework {
        justification: r
            .option(|r| Ok(Justification { until: r.option(Reader::day)?, said: r.option(Reader::text)? }))?,
        worker: r.option(|r| get_word(r, WorkerWord::ALL, "a worker's word"))?,
        exemption: r.option(|r| {
            Ok(Exemption {
                kind: get_word(r, ExemptionKind::ALL, "an exemption")?,
                until: r.day()?,
                by: r.text()?,
                text: r.text()?,
                amount: r.sum()?,
                before: get_word(r, AlertStatus::ALL, "a status")?,
            })
        })?,
        advanced: r.sum()?,
        handed_to: r.option(|r| get_word(r, Authority::ALL, "an authority"))?,
    })
}

fn write_clock(w: &mut Writer, clock: &Clock) {
    w.option(clock.running, |w, running| {
        put_word(w, Level::ALL, running.level);
        w.option(running.acknowledge_by, Writer::day);
        w.option(running.settle_by, Writer::day);
    });
    w.u8(clock.escalation);
    w.option(clock.escalated_on, Writer::day);
    w.bool(clock.unseen);
    w.bool(clock.unsettled);
}

fn read_clock(r: &mut Reader<'_>) -> Read<Clock> {
    Ok(Clock {
        running: r.option(|r| {
            Ok(Running {
                level: get_word(r, Level::ALL, "a level")?,
                acknowledge_by: r.option(Reader::day)?,
                settle_by: r.option(Reader::day)?,
            })
        })?,
        escalation: r.u8()?,
        escalated_on: r.option(Reader::day)?,
        unseen: r.bool()?,
        unsettled: r.bool()?,
    })
}

fn write_step(w: &mut Writer, step: &Step) {
    put_word(w, Change::ALL, step.change);
    w.day(step.on);
    put_word(w, Level::ALL, step.level);
    w.sum(step.amount);
    w.option(step.deed.as_ref(), |w, deed| {
        w.text(&deed.actor);
        w.time(deed.at);
        w.text(&deed.act_id);
        write_act_kind(w, &deed.kind);
    });
}

fn read_step(r: &mut Reader<'_>) -> Read<Step> {
    Ok(Step {
        change: get_word(r, Change::ALL, "a change")?,
        on: r.day()?,
        level: get_word(r, Level::ALL, "a level")?,
        amount: r.sum()?,
        deed: r.option(|r| {
            Ok(Box::new(Deed { actor: r.text()?, at: r.time()?, act_id: r.text()?, kind: read_act_kind(r)? }))
        })?,
    })
}

#[cfg(test)]
mod tests {
    use super::super::entry::tests as acts;
    use super::super::finding_any as any;
    use super::*;
    use crate::domain::Time;
    use proptest::collection::vec;
    use proptest::option::of;
    use proptest::prelude::*;
    use proptest::sample::select;

    fn casework() -> impl Strategy<Value = Casework> {
        let justification =
            (of(any::day()), of(any::text())).prop_map(|(until, said)| Justification { until, said });
        let exemption = (
            (select(ExemptionKind::ALL), any::day(), any::text(), any::text()),
            (any::sum(), select(AlertStatus::ALL)),
        )
            .prop_map(|((kind, until, by, text), (amount, before))| Exemption {
                kind,
                until,
                by,
                text,
                amount,
                before,
            });
        let rest = (of(select(WorkerWord::ALL)), any::sum(), of(select(Authority::ALL)));
        (of(justification), of(exemption), rest).prop_map(|(justification, exemption, rest)| Casework {
            justification,
            worker: rest.0,
            exemption,
            advanced: rest.1,
            handed_to: rest.2,
        })
    }

    fn clock() -> impl Strategy<Value = Clock> {
        let running = (select(Level::ALL), of(any::day()), of(any::day()))
            .prop_map(|(level, acknowledge_by, settle_by)| Running { level, acknowledge_by, settle_by });
        (of(running), 0u8..3, of(any::day()), proptest::bool::ANY, proptest::bool::ANY).prop_map(
            |(running, escalation, escalated_on, unseen, unsettled)| Clock {
                running,
                escalation,
                escalated_on,
                unseen,
                unsettled,
            },
        )
    }

    fn step() -> impl Strategy<Value = Step> {
        let deed = (any::text(), 0i64..4_000_000_000_000, any::text(), acts::act_kind())
            .prop_map(|(actor, nanos, act_id, kind)| Box::new(Deed { actor, at: Time(nanos), act_id, kind }));
        (select(Change::ALL), any::day(), select(Level::ALL), any::sum(), of(deed))
            .prop_map(|(change, on, level, amount, deed)| Step { change, on, level, amount, deed })
    }

    fn alert() -> impl Strategy<Value = Alert> {
        let dismissal = (select(DismissReason::ALL), any::text(), select(Level::ALL), any::sum())
            .prop_map(|(reason, text, level, amount)| Dismissal { reason, text, level, amount });
        let life = (select(AlertStatus::ALL), any::day(), any::day(), proptest::num::u32::ANY);
        let people = (of(any::text()), of(dismissal), of(any::text()), of(any::text()));
        let cause = (select(Rule::ALL), any::text(), proptest::num::u32::ANY)
            .prop_map(|(rule, id, count)| Cause { rule, alert_id: AlertId(id), count });
        let links = (proptest::bool::ANY, vec(cause, 0..3), of(any::day()));
        let work = (casework(), vec(step(), 0..6), proptest::num::u32::ANY, clock(), links);
        (any::text(), any::finding(), life, people, work).prop_map(|(id, finding, life, people, work)| {
            Alert {
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
                casework: work.0,
                clock: work.3,
                rolled_up: work.4.0,
                held: work.4.2,
                causes: work.4.1,
                history: History { steps: work.1, dropped: work.2 },
            }
        })
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
