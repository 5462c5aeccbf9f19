//! A project's pages: the pieces in which its state is stored and comes back. Knows no store.

use super::books::booked_on;
use super::month::Month;
use super::papers::Papers;
use super::payments::KeptPayment;
use super::project::{KeptSheet, ProjectLedger, WorkerIx};
use super::stored::Stored;
use super::worker::{Profile, Worker};
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{AccountEntry, Day, Period};
use foldhash::fast::FixedState;
use hashbrown::HashSet;

/// Names a page within its project. Pages are loaded in ascending order of keys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct PageKey {
    pub kind: u8,
    pub a: u16,
    pub b: u16,
}

/// The first byte of every page.
const VERSION: u8 = 2;
/// Workers or payments a page.
const CHUNK: u32 = 64;

const HEAD: u8 = 0;
const WORKERS: u8 = 1;
const MONTHS: u8 = 2;
const PAYMENTS: u8 = 3;
const PAYROLL: u8 = 4;
const BOOKINGS: u8 = 5;

impl PageKey {
    /// As part of a store's key: sorts as the keys do.
    pub fn to_bytes(self) -> [u8; 5] {
        let ([a1, a0], [b1, b0]) = (self.a.to_be_bytes(), self.b.to_be_bytes());
        [self.kind, a1, a0, b1, b0]
    }

    pub fn from_bytes(bytes: &[u8]) -> Option<PageKey> {
        let &[kind, a1, a0, b1, b0] = bytes else { return None };
        Some(PageKey { kind, a: u16::from_be_bytes([a1, a0]), b: u16::from_be_bytes([b1, b0]) })
    }

    pub(super) const HEAD: PageKey = PageKey { kind: HEAD, a: 0, b: 0 };
    /// As many workers as month pages have numbers for.
    pub(super) const WORKERS_MAX: WorkerIx = CHUNK << 16;

    fn chunk(kind: u8, chunk: u32) -> PageKey {
        let [a1, a0, b1, b0] = chunk.to_be_bytes();
        PageKey { kind, a: u16::from_be_bytes([a1, a0]), b: u16::from_be_bytes([b1, b0]) }
    }

    pub(super) fn worker(worker: WorkerIx) -> PageKey {
        PageKey::chunk(WORKERS, worker / CHUNK)
    }

    pub(super) fn month(period: Period, worker: WorkerIx) -> PageKey {
        PageKey { a: period.0, ..PageKey::chunk(MONTHS, worker / CHUNK) }
    }

    pub(super) fn payment(slot: u32) -> PageKey {
        PageKey::chunk(PAYMENTS, slot / CHUNK)
    }

    pub(super) fn payroll(period: Period) -> PageKey {
        PageKey { kind: PAYROLL, a: period.0, b: 0 }
    }

    /// All bookings of the day's month.
    pub(super) fn bookings(day: Day) -> PageKey {
        // A day outside the years of `Period` has no month.
        PageKey { kind: BOOKINGS, a: day.period().map_or(u16::MAX, |period| period.0), b: 0 }
    }

    /// The first worker or slot of the page.
    fn first(self) -> usize {
        let high = if self.kind == MONTHS { 0 } else { usize::from(self.a) << 16 };
        (high | usize::from(self.b)) * CHUNK as usize
    }
}

/// Pages changed since they were last written.
#[derive(Clone, Default)]
pub(super) struct Dirty {
    pages: HashSet<PageKey, FixedState>,
    /// Some of them: most records mark what was marked shortly before, and need not look at the set.
    recent: [Option<PageKey>; 4],
}

impl Dirty {
    pub(super) fn mark(&mut self, page: PageKey) {
        if !self.recent.contains(&Some(page)) {
            self.pages.insert(page);
            self.recent.rotate_right(1);
            self.recent[0] = Some(page);
        }
    }

    fn take(&mut self) -> Vec<PageKey> {
        self.recent = [None; 4];
        let mut pages: Vec<PageKey> = self.pages.drain().collect();
        pages.sort_unstable();
        pages
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.pages.capacity() * (size_of::<PageKey>() + 1)
    }
}

impl ProjectLedger {
    pub fn is_dirty(&self) -> bool {
        !self.dirty.pages.is_empty()
    }

    /// The pages changed since the last call, ascending by key; clears the marks.
    pub fn dirty_pages(&mut self) -> Vec<(PageKey, Vec<u8>)> {
        let pages = self.dirty.take();
        pages.into_iter().map(|key| (key, self.page(key))).collect()
    }

    /// The same, for somebody who reads them once: the marks stay.
    pub fn changed_pages(&self) -> impl Iterator<Item = (PageKey, Vec<u8>)> {
        self.dirty.pages.iter().map(|key| (*key, self.page(*key)))
    }

    fn page(&self, key: PageKey) -> Vec<u8> {
        let mut w = Writer::new();
        w.u8(VERSION);
        let chunk = key.first()..key.first() + CHUNK as usize;
        match key.kind {
            HEAD => self.papers.put(&mut w),
            WORKERS => {
                let end = chunk.end.min(self.workers.len());
                w.list(self.workers[chunk.start..end].iter(), put_worker);
            }
            MONTHS => {
                let end = chunk.end.min(self.workers.len());
                let cells: Vec<(usize, &Month)> = self.workers[chunk.start..end]
                    .iter()
                    .enumerate()
                    .filter_map(|(n, worker)| Some((n, worker.month(Period(key.a))?)))
                    .collect();
                w.list(cells.into_iter(), |w, (n, month)| {
                    w.count(n);
                    month.put(w);
                });
            }
            PAYMENTS => {
                let end = chunk.end.min(self.payments.slots.len());
                w.list(self.payments.slots[chunk.start..end].iter(), |w, slot| {
                    w.option(slot.as_ref(), |w, slot| w.bytes.extend_from_slice(&slot.packed));
                });
            }
            BOOKINGS => {
                let entries = self.papers.books.values().flat_map(|book| book.entries.values());
                let of_month = entries.filter(|entry| PageKey::bookings(booked_on(entry)) == key);
                let entries: Vec<&AccountEntry> = of_month.collect();
                w.list(entries.into_iter(), |w, entry| entry.put(w));
            }
            _ => {
                let sheets: Vec<&KeptSheet> = self.sheets.of_period(Period(key.a)).collect();
                w.list(sheets.into_iter(), |w, sheet| sheet.put(w));
            }
        }
        w.bytes
    }

    /// Takes a page as [`ProjectLedger::dirty_pages`] gave it, into a ledger fresh from `new`, in
    /// ascending order of keys. After the last one comes [`ProjectLedger::finish_load`].
    ///
    /// # Errors
    /// The bytes are not such a page, or an earlier page is missing.
    pub fn load_page(&mut self, key: PageKey, bytes: &[u8]) -> Result<(), Corrupt> {
        let mut r = Reader::new(bytes);
        if r.u8()? != VERSION {
            return Err(Corrupt("a project's page: its version is another"));
        }
        match key.kind {
            HEAD => self.papers = Papers::get(&mut r)?,
            WORKERS => self.load_workers(key, &mut r)?,
            MONTHS => self.load_months(key, &mut r)?,
            PAYMENTS => {
                if key.first() != self.payments.slots.len() {
                    return Err(Corrupt("a project's pages: payments are missing"));
                }
                for kept in r.list(Option::<KeptPayment>::get)? {
                    self.payments.load(kept)?;
                }
            }
            PAYROLL => {
                for sheet in r.list(KeptSheet::get)? {
                    self.load_sheet(key, sheet)?;
                }
            }
            BOOKINGS => {
                for entry in r.list(AccountEntry::get)? {
                    let book = self.papers.books.get_mut(&entry.account);
                    let book = book.ok_or(Corrupt("a booking's account"))?;
                    if book.entries.insert(entry.entry_id.clone(), entry).is_some() {
                        return Err(Corrupt("a booking that stands twice"));
                    }
                }
            }
            _ => return Err(Corrupt("a project's page: its kind is not known")),
        }
        r.end()
    }

    fn load_workers(&mut self, key: PageKey, r: &mut Reader<'_>) -> Result<(), Corrupt> {
        if key.first() != self.workers.len() {
            return Err(Corrupt("a project's pages: workers are missing"));
        }
        for worker in r.list(get_worker)? {
            if self.worker_ix(&worker.id).is_some() {
                return Err(Corrupt("a worker who stands twice"));
            }
            self.push_worker(worker);
        }
        Ok(())
    }

    fn load_months(&mut self, key: PageKey, r: &mut Reader<'_>) -> Result<(), Corrupt> {
        let period = Period(key.a);
        if period > Period::LAST {
            return Err(Corrupt("a month"));
        }
        for _ in 0..r.count()? {
            let n = r.index()?;
            let month = Month::get(period, r)?;
            let in_page = (n < CHUNK as usize).then_some(key.first() + n);
            let worker =
                in_page.and_then(|ix| self.workers.get_mut(ix)).ok_or(Corrupt("a month's worker"))?;
            let before = worker.month_bytes();
            *worker.month_mut(period) = month;
            self.worker_bytes = self.worker_bytes + worker.month_bytes() - before;
        }
        Ok(())
    }

    fn load_sheet(&mut self, key: PageKey, sheet: KeptSheet) -> Result<(), Corrupt> {
        let period = sheet.value.period;
        if period.0 != key.a {
            return Err(Corrupt("a payroll sheet's month"));
        }
        let workers: Option<Vec<WorkerIx>> =
            sheet.value.lines.iter().map(|line| self.worker_ix(&line.id_number)).collect();
        let workers = workers.ok_or(Corrupt("a payroll sheet's worker"))?;
        let slot = self.sheets.load(sheet);
        for worker in workers {
            self.profile(worker, |profile| profile.add_sheet(period, slot));
        }
        Ok(())
    }

    /// Rebuilds what pages do not hold: who named which account, where payments belong, and what
    /// they and the bookings come to.
    ///
    /// # Errors
    /// The pages do not fit together.
    pub fn finish_load(&mut self) -> Result<(), Corrupt> {
        for (worker, ix) in self.workers.iter().zip(0..) {
            worker.accounts().iter().for_each(|account| self.named.add(*account, ix));
        }
        for account in self.workers.iter().flat_map(|worker| worker.accounts().to_vec()).collect::<Vec<_>>() {
            self.note_named(account);
        }
        if !self.place_all() {
            return Err(Corrupt("a payment's worker"));
        }
        self.count_books();
        Ok(())
    }
}

fn put_worker(w: &mut Writer, worker: &Worker) {
    w.id_number(&worker.id);
    let empty = Profile::default();
    let profile = worker.profile.as_deref().unwrap_or(&empty);
    profile.enrolments.put(w);
    profile.accounts.put(w);
    w.list(profile.pieces().iter(), |w, piece| piece.put(w));
}

fn get_worker(r: &mut Reader<'_>) -> Result<Worker, Corrupt> {
    let id = r.id_number()?;
    let mut profile = Profile::default();
    profile.enrolments = Stored::get(r)?;
    profile.accounts = Stored::get(r)?;
    profile.load_pieces(Stored::get(r)?);
    let ascend = profile.enrolments.is_sorted_by_key(|terms| terms.effective_on)
        && profile.accounts.is_sorted()
        && profile.pieces().is_sorted_by(|a, b| (a.period, &a.lot) <= (b.period, &b.lot));
    if !ascend {
        return Err(Corrupt("a worker's profile: it is out of order"));
    }
    if profile.enrolments.is_empty() && profile.accounts.is_empty() && profile.pieces().is_empty() {
        return Ok(Worker::new(id));
    }
    Ok(Worker::with_profile(id, profile))
}
