//! Wage accounts by number: whose they are, what was booked on them, what restrains them.
//! Knows no payment.

use super::county_page::CountyPage;
use super::kept::{Kept, Outcome, merge_into};
use super::stored::Stored;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Account, AccountEntry, AccountRestraint, ProjectId, Stamp, WageAccount};
use compact_str::CompactString;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Default)]
pub(super) struct Accounts {
    /// By page, then number. Whoever writes one down shares it; what changes meanwhile changes in a copy.
    books: BTreeMap<(u16, Account), Arc<Book>>,
    papers: usize,
}

/// What is known of one number; entries may come before the account itself.
#[derive(Clone, Default)]
pub(super) struct Book {
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

impl Book {
    pub(super) fn put(&self, w: &mut Writer) {
        self.account.put(w);
        w.list(self.entries.values(), |w, v| v.put(w));
        w.list(self.restraints.values(), |w, v| v.put(w));
    }
}

impl Accounts {
    fn find(&self, account: Account) -> Option<&Book> {
        self.books.get(&key(account)).map(|book| &**book)
    }

    fn book_mut(&mut self, account: Account) -> &mut Book {
        Arc::make_mut(self.books.entry(key(account)).or_default())
    }

    pub(super) fn get(&self, account: Account) -> Option<&WageAccount> {
        self.find(account)?.account.as_ref().map(|kept| &kept.value)
    }

    /// The project whose wage account it is.
    pub(super) fn home(&self, account: Account) -> Option<&ProjectId> {
        self.get(account).map(|known| &known.project_id)
    }

    pub(super) fn merge(&mut self, account: &WageAccount, stamp: &Stamp) -> Outcome {
        let book = self.book_mut(account.account);
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
        let Some(known) = self.find(entry.account).and_then(|book| book.entries.get(&entry.entry_id)) else {
            self.book_mut(entry.account).entries.insert(entry.entry_id.clone(), entry.clone());
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
        let book = self.book_mut(restraint.account);
        let before = book.restraints.len();
        let outcome = merge_into(&mut book.restraints, restraint.restraint_id.clone(), restraint, stamp);
        let new = book.restraints.len() - before;
        self.papers += new;
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

    pub(super) fn books_of(&self, page: CountyPage) -> Vec<Arc<Book>> {
        let of_page = self.books.range((page.a, Account::from_packed(0))..);
        of_page.take_while(|((a, _), _)| *a == page.a).map(|(_, book)| book.clone()).collect()
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
            self.books.insert(key(number.ok_or(Corrupt("an account"))?), Arc::new(book));
        }
        Ok(())
    }
}
