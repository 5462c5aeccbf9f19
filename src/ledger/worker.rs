//! One worker in one project: months of attendance, and a profile of what else is known.
//! Knows no other worker and no money's arithmetic.

use super::kept::{Outcome, block_bytes};
use super::month::Month;
use super::stored::stored;
use super::terms::Terms;
use crate::domain::{Account, Enrolment, Fen, IdNumber, Period, Piecework, Stamp};
use compact_str::CompactString;
use std::num::NonZeroU8;

/// Small while there is attendance only.
#[derive(Clone)]
pub(super) struct Worker {
    pub(super) id: IdNumber,
    /// Ascending by period.
    pub(super) months: Vec<Month>,
    pub(super) profile: Option<Box<Profile>>,
    pub(super) brief: Brief,
}

/// What every swipe asks of the profile. It stands beside it, for a swipe of one worker among
/// many waits for each block of memory that it has to read.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(super) struct Brief {
    pub(super) enrolled: bool,
    /// Payments are placed with the worker.
    pub(super) paid: bool,
    /// Payroll sheets have lines of the worker.
    pub(super) sheets: bool,
    /// The newest terms say when the worker left.
    pub(super) leaves: bool,
    /// There are terms from several dates on.
    pub(super) varies: bool,
    /// As the newest terms say it; the offset is one more than they say.
    pay_day: Option<NonZeroU8>,
    pay_month_offset: Option<NonZeroU8>,
}

impl Brief {
    /// (`pay_day`, `pay_month_offset`) as far as the newest terms say them.
    pub(super) fn due(self) -> (Option<u8>, Option<u8>) {
        (self.pay_day.map(NonZeroU8::get), self.pay_month_offset.map(|offset| offset.get() - 1))
    }
}

#[derive(Clone, Default)]
pub(super) struct Profile {
    /// Ascending by `effective_on`.
    pub(super) enrolments: Vec<Terms>,
    /// Ascending; every account that any enrolment ever named.
    pub(super) accounts: Vec<Account>,
    /// Payments placed with this worker, ascending by slot.
    pub(super) payments: Vec<Placed>,
    statements: Option<Box<Statements>>,
}

/// What others say was earned. Most workers have neither.
#[derive(Clone, Default)]
struct Statements {
    /// Ascending by (period, lot).
    pieces: Vec<Piece>,
    /// Months and places of the payroll sheets that have lines of this worker, ascending.
    sheets: Vec<(Period, u32)>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) period: Period,
    pub(super) lot: CompactString,
    pub(super) amount_fen: Fen,
    pub(super) stamp: Stamp,
}
stored!(Piece { period, lot, amount_fen, stamp });

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Placed {
    pub(super) slot: u32,
    pub(super) period: Option<Period>,
    pub(super) returned: bool,
}

impl Worker {
    pub(super) fn new(id: IdNumber) -> Worker {
        Worker { id, months: Vec::new(), profile: None, brief: Brief::default() }
    }

    /// A worker as a page has him.
    pub(super) fn with_profile(id: IdNumber, profile: Profile) -> Worker {
        let brief = profile.brief();
        Worker { id, months: Vec::new(), profile: Some(Box::new(profile)), brief }
    }

    /// The cell of that month, made if there is none; the newest is looked at first.
    pub(super) fn month_mut(&mut self, period: Period) -> &mut Month {
        let at = match self.months.last() {
            Some(last) if last.period == period => self.months.len() - 1,
            Some(last) if last.period > period => self.months.partition_point(|m| m.period < period),
            _ => self.months.len(),
        };
        if self.months.get(at).is_none_or(|m| m.period != period) {
            if self.months.len() == self.months.capacity() {
                self.months.reserve_exact(if at < 4 { 1 } else { 3 });
            }
            self.months.insert(at, Month::new(period));
        }
        &mut self.months[at]
    }

    pub(super) fn month(&self, period: Period) -> Option<&Month> {
        self.months.binary_search_by_key(&period, |m| m.period).ok().map(|at| &self.months[at])
    }

    pub(super) fn change_profile<T>(&mut self, change: impl FnOnce(&mut Profile) -> T) -> T {
        let profile = self.profile.get_or_insert_default();
        let result = change(profile);
        self.brief = profile.brief();
        result
    }

    pub(super) fn enrolments(&self) -> &[Terms] {
        self.profile.as_ref().map_or(&[], |p| &p.enrolments)
    }

    pub(super) fn accounts(&self) -> &[Account] {
        self.profile.as_ref().map_or(&[], |p| &p.accounts)
    }

    pub(super) fn placed(&self) -> &[Placed] {
        self.profile.as_ref().map_or(&[], |p| &p.payments)
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        self.profile.as_ref().map_or(&[], |p| p.pieces())
    }

    pub(super) fn sheets(&self) -> &[(Period, u32)] {
        let statements = self.profile.as_ref().and_then(|p| p.statements.as_ref());
        statements.map_or(&[], |s| &s.sheets)
    }

    /// Bytes on the heap without the months.
    pub(super) fn profile_bytes(&self) -> usize {
        self.profile.as_ref().map_or(0, |p| p.heap_bytes())
    }

    /// Bytes on the heap of the months.
    pub(super) fn month_bytes(&self) -> usize {
        let cells = block_bytes(self.months.capacity() * size_of::<Month>());
        cells + self.months.iter().map(Month::heap_bytes).sum::<usize>()
    }
}

impl Profile {
    /// The enrolment stands or does not; the account it names stays either way.
    pub(super) fn enrol(&mut self, enrolment: &Enrolment, stamp: &Stamp) -> Outcome {
        let terms = Terms::new(enrolment, stamp);
        match self.enrolments.binary_search_by_key(&terms.effective_on, |known| known.effective_on) {
            Ok(at) => self.enrolments[at].merge(terms),
            Err(at) => {
                insert_tight(&mut self.enrolments, at, terms);
                Outcome::Stands
            }
        }
    }

    fn brief(&self) -> Brief {
        let (pay_day, pay_month_offset) = self.enrolments.last().map_or((None, None), Terms::due);
        Brief {
            enrolled: !self.enrolments.is_empty(),
            paid: !self.payments.is_empty(),
            sheets: self.statements.as_ref().is_some_and(|s| !s.sheets.is_empty()),
            varies: self.enrolments.len() > 1,
            leaves: self.enrolments.last().is_some_and(|terms| terms.left_on.is_some()),
            pay_day: pay_day.and_then(NonZeroU8::new),
            pay_month_offset: pay_month_offset.and_then(|offset| NonZeroU8::new(offset.saturating_add(1))),
        }
    }

    pub(super) fn pieces(&self) -> &[Piece] {
        self.statements.as_ref().map_or(&[], |s| &s.pieces)
    }

    /// Takes the piecework that a page has.
    pub(super) fn load_pieces(&mut self, pieces: Vec<Piece>) {
        if !pieces.is_empty() {
            self.statements.get_or_insert_default().pieces = pieces;
        }
    }

    /// Whether the account was not named before.
    pub(super) fn name_account(&mut self, account: Account) -> bool {
        match self.accounts.binary_search(&account) {
            Ok(_) => false,
            Err(at) => {
                insert_tight(&mut self.accounts, at, account);
                true
            }
        }
    }

    pub(super) fn piece(&mut self, piece: &Piecework, stamp: &Stamp) -> Outcome {
        let new = || Piece {
            period: piece.period,
            lot: piece.lot.clone(),
            amount_fen: piece.amount_fen,
            stamp: stamp.clone(),
        };
        let key = (piece.period, piece.lot.as_str());
        let pieces = &mut self.statements.get_or_insert_default().pieces;
        match pieces.binary_search_by(|p| (p.period, p.lot.as_str()).cmp(&key)) {
            Err(at) => {
                insert_tight(pieces, at, new());
                Outcome::Stands
            }
            Ok(at) => {
                let before = &mut pieces[at];
                match (stamp, piece.amount_fen).cmp(&(&before.stamp, before.amount_fen)) {
                    std::cmp::Ordering::Equal => Outcome::Repeat,
                    std::cmp::Ordering::Less => Outcome::Superseded,
                    std::cmp::Ordering::Greater => {
                        *before = new();
                        Outcome::Stands
                    }
                }
            }
        }
    }

    pub(super) fn attach(&mut self, placed: Placed) {
        match self.payments.binary_search_by_key(&placed.slot, |p| p.slot) {
            Ok(at) => self.payments[at] = placed,
            Err(at) => insert_tight(&mut self.payments, at, placed),
        }
    }

    pub(super) fn detach(&mut self, slot: u32) {
        if let Ok(at) = self.payments.binary_search_by_key(&slot, |p| p.slot) {
            self.payments.remove(at);
        }
    }

    pub(super) fn add_sheet(&mut self, period: Period, sheet: u32) {
        let sheets = &mut self.statements.get_or_insert_default().sheets;
        if let Err(at) = sheets.binary_search(&(period, sheet)) {
            insert_tight(sheets, at, (period, sheet));
        }
    }

    pub(super) fn remove_sheet(&mut self, period: Period, sheet: u32) {
        if let Some(statements) = &mut self.statements
            && let Ok(at) = statements.sheets.binary_search(&(period, sheet))
        {
            statements.sheets.remove(at);
        }
    }

    fn heap_bytes(&self) -> usize {
        block_bytes(size_of::<Profile>())
            + block_bytes(self.enrolments.capacity() * size_of::<Terms>())
            + self.enrolments.iter().map(Terms::heap_bytes).sum::<usize>()
            + block_bytes(self.accounts.capacity() * size_of::<Account>())
            + block_bytes(self.payments.capacity() * size_of::<Placed>())
            + self.statements.as_ref().map_or(0, |s| s.heap_bytes())
    }
}

impl Statements {
    fn heap_bytes(&self) -> usize {
        block_bytes(size_of::<Statements>())
            + block_bytes(self.pieces.capacity() * size_of::<Piece>())
            + block_bytes(self.sheets.capacity() * size_of::<(Period, u32)>())
    }
}

/// Inserts with little room to spare: these lists are many and short.
fn insert_tight<T>(list: &mut Vec<T>, at: usize, value: T) {
    if list.len() == list.capacity() {
        list.reserve_exact(1 + list.len() / 4);
    }
    list.insert(at, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_worker_with_attendance_only_is_small() {
        assert!(size_of::<Worker>() <= 56, "{}", size_of::<Worker>());
        assert!(size_of::<Month>() <= 24, "{}", size_of::<Month>());
        let mut worker = Worker::new(IdNumber::from_packed(1));
        for month in [3u16, 1, 2] {
            for day in 0..22 {
                worker.month_mut(Period(month)).swipe(day, 100);
                worker.month_mut(Period(month)).swipe(day, 40_000);
            }
        }
        assert_eq!(worker.months.iter().map(|m| m.period.0).collect::<Vec<_>>(), [1, 2, 3]);
        let each = (size_of::<Worker>() + worker.month_bytes()) / 3;
        assert!(each <= 160, "{each} bytes a worker-month");
    }
}
