//! A project's payroll sheets: the one that stands for each (employer, period), and what it says
//! of a worker. Knows no worker's months.

use super::kept::{Kept, Outcome, block_bytes};
use crate::domain::{IdNumber, Payroll, PayrollLine, Period, Stamp, Sum, Uscc};
use std::collections::BTreeMap;

#[derive(Clone, Default)]
pub(super) struct Sheets {
    slots: Vec<Kept<Payroll>>,
    by_key: BTreeMap<(Period, Uscc), u32>,
    pub(super) bytes: usize,
}

/// What a sheet did: its slot, and the workers of the lines before and after.
pub(super) struct SheetMerge {
    pub(super) outcome: Outcome,
    pub(super) slot: u32,
    pub(super) before: Vec<IdNumber>,
}

impl Sheets {
    pub(super) fn merge(&mut self, sheet: &Payroll, stamp: &Stamp) -> SheetMerge {
        let sheet = in_order(sheet);
        let key = (sheet.period, sheet.employer_uscc);
        match self.by_key.get(&key).copied() {
            None => {
                let slot = self.push(Kept { value: sheet, stamp: stamp.clone() });
                SheetMerge { outcome: Outcome::Stands, slot, before: Vec::new() }
            }
            Some(slot) => {
                let kept = &mut self.slots[slot as usize];
                let bytes = sheet_bytes(&kept.value);
                let before: Vec<IdNumber> = kept.value.lines.iter().map(|l| l.id_number.clone()).collect();
                let outcome = kept.merge(&sheet, stamp);
                self.bytes = self.bytes + sheet_bytes(&kept.value) - bytes;
                SheetMerge { outcome, slot, before }
            }
        }
    }

    fn push(&mut self, kept: Kept<Payroll>) -> u32 {
        // Far fewer sheets than months times employers: 32 bits never end.
        let slot = u32::try_from(self.slots.len()).unwrap_or(u32::MAX);
        self.by_key.insert((kept.value.period, kept.value.employer_uscc), slot);
        self.bytes += sheet_bytes(&kept.value);
        self.slots.push(kept);
        slot
    }

    /// Takes a sheet as a page has it; its slot.
    pub(super) fn load(&mut self, kept: Kept<Payroll>) -> u32 {
        self.push(kept)
    }

    pub(super) fn get(&self, slot: u32) -> Option<&Kept<Payroll>> {
        self.slots.get(slot as usize)
    }

    /// Sheets by (period, employer).
    pub(super) fn iter(&self) -> impl Iterator<Item = &Kept<Payroll>> {
        self.by_key.values().filter_map(|slot| self.get(*slot))
    }

    pub(super) fn of_period(&self, period: Period) -> impl Iterator<Item = &Kept<Payroll>> {
        self.iter().filter(move |kept| kept.value.period == period)
    }

    /// The sums of the worker's signed lines in that sheet, before and after deductions; `None` if none
    /// is signed.
    pub(super) fn signed(&self, slot: u32, worker: &IdNumber) -> Option<(Sum, Sum)> {
        let lines = &self.get(slot)?.value.lines;
        let first = lines.partition_point(|line| line.id_number < *worker);
        let mine = lines[first..].iter().take_while(|line| line.id_number == *worker);
        mine.filter(|line| line.signed)
            .map(|line| {
                let payable = line.payable_fen.sum();
                (payable, (payable - line.deductions_fen.sum()).max(0))
            })
            .reduce(add)
    }
}

/// Both sums.
pub(super) fn add(a: (Sum, Sum), b: (Sum, Sum)) -> (Sum, Sum) {
    (a.0 + b.0, a.1 + b.1)
}

/// The order of lines says nothing: kept by worker, so that a worker's are found at once.
fn in_order(sheet: &Payroll) -> Payroll {
    let mut sheet = sheet.clone();
    let key = |l: &PayrollLine| (l.payable_fen, l.deductions_fen, l.signed);
    sheet.lines.sort_by(|a, b| a.id_number.cmp(&b.id_number).then_with(|| key(a).cmp(&key(b))));
    sheet
}

fn sheet_bytes(sheet: &Payroll) -> usize {
    // A place in the map of keys beside the sheet itself.
    size_of::<Kept<Payroll>>() + 48 + block_bytes(sheet.lines.len() * size_of::<PayrollLine>())
}
