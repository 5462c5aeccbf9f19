//! One enrolment as it stands in memory: the terms of pay at hand, the whole as the bytes that pages
//! hold. A county has hundreds of thousands, and nearly all are only ever asked for their terms.
//! Knows no worker and no project: whose it is, its reader says.

use super::kept::{Outcome, block_bytes};
use super::stored::{Stored, stored};
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Account, Basis, Day, Enrolment, Fen, IdNumber, ProjectId, Stamp, Uscc};
use compact_str::CompactString;

#[derive(Clone)]
pub(super) struct Terms {
    pub(super) effective_on: Day,
    pub(super) basis: Basis,
    pub(super) rate_fen: Fen,
    pub(super) employer_uscc: Option<Uscc>,
    pub(super) contract_signed_on: Option<Day>,
    pub(super) left_on: Option<Day>,
    packed: Box<[u8]>,
}

/// All of an enrolment but whose it is, and the stamp by which it stands.
struct Paper {
    id_type: Option<CompactString>,
    name: CompactString,
    employer_name: CompactString,
    employer_uscc: Option<Uscc>,
    team: Option<CompactString>,
    basis: Basis,
    rate_fen: Fen,
    effective_on: Day,
    contract_signed_on: Option<Day>,
    left_on: Option<Day>,
    account: Option<Account>,
    pay_day: Option<u8>,
    pay_month_offset: Option<u8>,
    stamp: Stamp,
}
stored!(Paper {
    id_type,
    name,
    employer_name,
    employer_uscc,
    team,
    basis,
    rate_fen,
    effective_on,
    contract_signed_on,
    left_on,
    account,
    pay_day,
    pay_month_offset,
    stamp,
});

impl Terms {
    pub(super) fn new(enrolment: &Enrolment, stamp: &Stamp) -> Terms {
        let e = enrolment.clone();
        Terms::of(&Paper {
            id_type: e.id_type,
            name: e.name,
            employer_name: e.employer_name,
            employer_uscc: e.employer_uscc,
            team: e.team,
            basis: e.basis,
            rate_fen: e.rate_fen,
            effective_on: e.effective_on,
            contract_signed_on: e.contract_signed_on,
            left_on: e.left_on,
            account: e.account,
            pay_day: e.pay_day,
            pay_month_offset: e.pay_month_offset,
            stamp: stamp.clone(),
        })
    }

    fn of(paper: &Paper) -> Terms {
        Terms {
            effective_on: paper.effective_on,
            basis: paper.basis,
            rate_fen: paper.rate_fen,
            employer_uscc: paper.employer_uscc,
            contract_signed_on: paper.contract_signed_on,
            left_on: paper.left_on,
            packed: paper.packed().into_boxed_slice(),
        }
    }

    fn paper(&self) -> Result<Paper, Corrupt> {
        Paper::get(&mut Reader::new(&self.packed))
    }

    /// The enrolment as it was stated.
    pub(super) fn read(&self, project_id: &ProjectId, id_number: &IdNumber) -> Option<Enrolment> {
        let paper = self.paper().ok()?;
        Some(Enrolment {
            project_id: project_id.clone(),
            id_number: id_number.clone(),
            id_type: paper.id_type,
            name: paper.name,
            employer_name: paper.employer_name,
            employer_uscc: paper.employer_uscc,
            team: paper.team,
            basis: paper.basis,
            rate_fen: paper.rate_fen,
            effective_on: paper.effective_on,
            contract_signed_on: paper.contract_signed_on,
            left_on: paper.left_on,
            account: paper.account,
            pay_day: paper.pay_day,
            pay_month_offset: paper.pay_month_offset,
        })
    }

    /// (`pay_day`, `pay_month_offset`) as far as the enrolment says them.
    pub(super) fn due(&self) -> (Option<u8>, Option<u8>) {
        self.paper().map_or((None, None), |paper| (paper.pay_day, paper.pay_month_offset))
    }

    /// Puts the other statement of the same key here if it wins: by its stamp, and of two with one
    /// stamp by its bytes, as [`super::kept::Kept::merge`] does.
    pub(super) fn merge(&mut self, other: Terms) -> Outcome {
        let stamp = |terms: &Terms| terms.paper().ok().map(|paper| paper.stamp);
        match (stamp(&other), &other.packed).cmp(&(stamp(self), &self.packed)) {
            std::cmp::Ordering::Equal => Outcome::Repeat,
            std::cmp::Ordering::Less => Outcome::Superseded,
            std::cmp::Ordering::Greater => {
                *self = other;
                Outcome::Stands
            }
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        block_bytes(self.packed.len())
    }
}

impl Stored for Terms {
    fn put(&self, w: &mut Writer) {
        w.bytes.extend_from_slice(&self.packed);
    }
    fn get(r: &mut Reader<'_>) -> Result<Self, Corrupt> {
        Ok(Terms::of(&Paper::get(r)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Time;

    fn enrolment() -> Enrolment {
        Enrolment {
            project_id: ProjectId::parse("p", "P-1").unwrap(),
            id_number: IdNumber::from_kept("152722199001010019"),
            id_type: Some("01".into()),
            name: "张三".into(),
            employer_name: "内蒙古一个名字很长的建筑劳务分包有限责任公司".into(),
            employer_uscc: Some(Uscc::parse("u", "91110000600037341L").unwrap()),
            team: Some("钢筋一班".into()),
            basis: Basis::Hourly,
            rate_fen: Fen(2_500),
            effective_on: Day(20_500),
            contract_signed_on: Some(Day(20_499)),
            left_on: Some(Day(20_600)),
            account: Some(Account::parse("a", "05370101040012345").unwrap()),
            pay_day: Some(31),
            pay_month_offset: Some(0),
        }
    }

    fn stamp(at: i64, id: &str) -> Stamp {
        Stamp { at: Time(at), id: id.into() }
    }

    #[test]
    fn an_enrolment_comes_back_whole_from_memory_and_from_its_page() {
        let whole = enrolment();
        let kept = Terms::new(&whole, &stamp(7, "e1"));
        let mut w = Writer::new();
        kept.put(&mut w);
        let mut r = Reader::new(&w.bytes);
        let again = Terms::get(&mut r).unwrap();
        assert!(r.end().is_ok());
        for terms in [&kept, &again] {
            assert_eq!(terms.read(&whole.project_id, &whole.id_number).as_ref(), Some(&whole));
            assert_eq!(terms.due(), (Some(31), Some(0)));
            assert_eq!(
                (terms.effective_on, terms.basis, terms.rate_fen),
                (whole.effective_on, whole.basis, whole.rate_fen)
            );
        }
    }

    #[test]
    fn the_greatest_stamp_stands_and_of_one_stamp_the_same_one_in_either_order() {
        let (low, high) = (enrolment(), Enrolment { rate_fen: Fen(9_000), ..enrolment() });
        let mut kept = Terms::new(&low, &stamp(7, "e2"));
        assert_eq!(kept.merge(Terms::new(&low, &stamp(7, "e2"))), Outcome::Repeat);
        assert_eq!(kept.merge(Terms::new(&high, &stamp(7, "e1"))), Outcome::Superseded);
        assert_eq!(kept.merge(Terms::new(&high, &stamp(8, "e1"))), Outcome::Stands);
        assert_eq!(kept.rate_fen, Fen(9_000));
        let mut one = Terms::new(&low, &stamp(1, "e"));
        let mut other = Terms::new(&high, &stamp(1, "e"));
        one.merge(Terms::new(&high, &stamp(1, "e")));
        other.merge(Terms::new(&low, &stamp(1, "e")));
        assert_eq!(one.rate_fen, other.rate_fen);
    }
}
