//! Bytes of the facts of an alert's evidence. Knows no finding.

use super::finding::{get_word, put_word, read_payment, write_payment};
use super::{Corrupt, Reader, Writer};
use crate::domain::{Fact, FactName, FactValue};

pub(super) fn write_fact(w: &mut Writer, fact: &Fact) {
    put_word(w, FactName::ALL, fact.name);
    match &fact.value {
        FactValue::Fen(sum) => {
            w.u8(0);
            w.sum(*sum);
        }
        FactValue::Days(days) => {
            w.u8(1);
            w.worked(*days);
        }
        FactValue::Date(day) => {
            w.u8(2);
            w.day(*day);
        }
        FactValue::Month(period) => {
            w.u8(3);
            w.period(*period);
        }
        FactValue::Count(count) => {
            w.u8(4);
            w.i64(*count);
        }
        FactValue::Share(share) => {
            w.u8(5);
            w.i64(*share);
        }
        FactValue::Time(time) => {
            w.u8(6);
            w.time(*time);
        }
        FactValue::Firm(uscc) => {
            w.u8(7);
            w.uscc(uscc);
        }
        FactValue::Person(id) => {
            w.u8(8);
            w.id_number(id);
        }
        FactValue::Account(account) => {
            w.u8(9);
            w.account(*account);
        }
        FactValue::Text(text) => {
            w.u8(10);
            w.text(text);
        }
        FactValue::Payment(line) => {
            w.u8(11);
            write_payment(w, line);
        }
    }
}

pub(super) fn read_fact(r: &mut Reader<'_>) -> Result<Fact, Corrupt> {
    let name = get_word(r, FactName::ALL, "a fact's name")?;
    let value = match r.u8()? {
        0 => FactValue::Fen(r.sum()?),
        1 => FactValue::Days(r.worked()?),
        2 => FactValue::Date(r.day()?),
        3 => FactValue::Month(r.period()?),
        4 => FactValue::Count(r.i64()?),
        5 => FactValue::Share(r.i64()?),
        6 => FactValue::Time(r.time()?),
        7 => FactValue::Firm(r.uscc()?),
        8 => FactValue::Person(r.id_number()?),
        9 => FactValue::Account(r.account()?),
        10 => FactValue::Text(r.text()?),
        11 => FactValue::Payment(Box::new(read_payment(r)?)),
        _ => return Err(Corrupt("a fact's value")),
    };
    Ok(Fact { name, value })
}
