//! Wage accounts by number: whose they are, what was booked on them, what restrains them.
//! Knows no payment.

use super::county_page::CountyPage;
use super::kept::{Kept, Outcome, merge_into};
use super::stored::Stored;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Account, AccountEntry, AccountRestraint, ProjectId, Stamp, WageAccount};
use compact_str::CompactString;
use std::collections::BTreeMap;

#[derive(Default)]
pub(super) struct Accounts {
    /// By page, then number.
    books: BTreeMap<(u16, Account), Book>,
    papers: usize,
}

/// What is known of one number; entries may come before the account itself.
#[derive(Default)]
struct Book {
    account: Option<Kept<WageAccount>>,
    entries: BTreeMap<CompactString, AccountEntry>,
    restraints: BTreeMap<CompactString, Kept<AccountRestraint>>,
}

pub(super) enum Booked {
    New,
    Known,
    /// The field that differs.
    Conflict(&'static str),
}

fn key(account: Account) -> (u16, Account) {
    (CountyPage::accounts(account).a, account)
}

impl Accounts {
    fn find(&self, account: Account) -> Option<&Book> {
        self.books.get(&key(account))
    }

    pub(super) fn get(&self, account: Account) -> Option<&WageAccount> {
        self.find(account)?.account.as_ref().map(|kept| &kept.value)
    }

    /// The project whose wage account it is.
    pub(super) fn home(&self, account: Account) -> Option<&ProjectId> {
        self.get(account).map(|known| &known.project_id)
    }

    pub(super) fn merge(&mut self, account: &WageAccount, stamp: &Stamp) -> Outcome {
        let book = self.books.entry(key(account.account)).or_default();
        match &mut book.account {
            Some(kept) => kept.merge(account, stamp),
            None => {
                book.account = Some(Kept { value: account.clone(), stamp: stamp.clone() });
                self.papers += 1;
                Outcome::Stands
            }
        }
    }

    /// The first entry of its key stands; another under the same key is a conflict.
    pub(super) fn book(&mut self, entry: &AccountEntry) -> Booked {
        let book = self.books.entry(key(entry.account)).or_default();
        let Some(known) = book.entries.get(&entry.entry_id) else {
            book.entries.insert(entry.entry_id.clone(), entry.clone());
            self.papers += 1;
            return Booked::New;
        };
        let fields = [
            ("direction", known.direction == entry.direction),
            ("kind", known.kind == entry.kind),
            ("amount_fen", known.amount_fen == entry.amount_fen),
            ("booked_at", known.booked_at == entry.booked_at),
            ("counterparty", known.counterparty == entry.counterparty),
            ("purpose", known.purpose == entry.purpose),
        ];
        fields.iter().find(|(_, same)| !same).map_or(Booked::Known, |(field, _)| Booked::Conflict(field))
    }

    pub(super) fn restrain(&mut self, restraint: &AccountRestraint, stamp: &Stamp) -> Outcome {
        let book = self.books.entry(key(restraint.account)).or_default();
        let before = book.restraints.len();
        let outcome = merge_into(&mut book.restraints, restraint.restraint_id.clone(), restraint, stamp);
        self.papers += book.restraints.len() - before;
        outcome
    }

    pub(super) fn entries(&self, account: Account) -> impl Iterator<Item = &AccountEntry> {
        self.find(account).into_iter().flat_map(|book| book.entries.values())
    }

    pub(super) fn restraints(&self, account: Account) -> impl Iterator<Item = &AccountRestraint> {
        self.find(account).into_iter().flat_map(|book| book.restraints.values().map(|kept| &kept.value))
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.books.len() * 160 + self.papers * 280
    }

    pub(super) fn put(&self, page: CountyPage, w: &mut Writer) {
        let first = Account::from_packed(0);
        let books: Vec<&Book> = self
            .books
            .range((page.a, first)..)
            .take_while(|((a, _), _)| *a == page.a)
            .map(|(_, b)| b)
            .collect();
        w.list(books.into_iter(), |w, book| {
            book.account.put(w);
            w.list(book.entries.values(), |w, v| v.put(w));
            w.list(book.restraints.values(), |w, v| v.put(w));
        });
    }

    pub(super) fn get_page(&mut self, r: &mut Reader<'_>) -> Result<(), Corrupt> {
        for _ in 0..r.count()? {
            let account: Option<Kept<WageAccount>> = Stored::get(r)?;
            let entries = r.list(AccountEntry::get)?;
            let restraints = r.list(Kept::<AccountRestraint>::get)?;
            self.papers += entries.len() + restraints.len() + usize::from(account.is_some());
            let number = account.as_ref().map(|kept| kept.value.account);
            let number = number.or(entries.first().map(|entry| entry.account));
            let number = number.or(restraints.first().map(|kept| kept.value.account));
            let book = Book {
                account,
                entries: entries.into_iter().map(|v| (v.entry_id.clone(), v)).collect(),
                restraints: restraints.into_iter().map(|v| (v.value.restraint_id.clone(), v)).collect(),
            };
            self.books.insert(key(number.ok_or(Corrupt("an account"))?), book);
        }
        Ok(())
    }
}
