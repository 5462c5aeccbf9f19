//! The roster's pages: what is stored together, under which key. Knows no store.

use super::kept::Kept;
use super::roster::{BankAccount, Feed, Roster, Site};
use super::stored::Stored;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Account, ProjectId, Uscc};
use compact_str::CompactString;

/// One page of the roster.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum RosterPage {
    Firm(Uscc),
    Complaint(CompactString),
    Site(ProjectId),
    Account(Account),
    Feed(CompactString),
}

impl RosterPage {
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut w = Writer::new();
        match self {
            RosterPage::Firm(uscc) => {
                w.u8(b'f');
                w.uscc(uscc);
            }
            RosterPage::Complaint(id) => {
                w.u8(b'c');
                w.text(id);
            }
            RosterPage::Site(project) => {
                w.u8(b's');
                w.project_id(project);
            }
            RosterPage::Account(account) => {
                w.u8(b'a');
                w.account(*account);
            }
            RosterPage::Feed(name) => {
                w.u8(b'd');
                w.text(name);
            }
        }
        w.bytes
    }

    pub fn from_bytes(bytes: &[u8]) -> Result<RosterPage, Corrupt> {
        let mut r = Reader::new(bytes);
        let page = match r.u8()? {
            b'f' => RosterPage::Firm(r.uscc()?),
            b'c' => RosterPage::Complaint(r.text()?),
            b's' => RosterPage::Site(r.project_id()?),
            b'a' => RosterPage::Account(r.account()?),
            b'd' => RosterPage::Feed(r.text()?),
            _ => return Err(Corrupt("a roster page's key")),
        };
        r.end()?;
        Ok(page)
    }
}

impl Roster {
    /// The pages that changed since the last call.
    pub fn dirty_pages(&mut self) -> Vec<(RosterPage, Vec<u8>)> {
        let dirty = std::mem::take(&mut self.dirty);
        dirty.into_iter().filter_map(|page| Some((page.clone(), self.page(&page)?))).collect()
    }

    fn page(&self, page: &RosterPage) -> Option<Vec<u8>> {
        let mut w = Writer::new();
        match page {
            RosterPage::Firm(uscc) => {
                let firm = self.firms.get(uscc)?;
                w.bool(firm.employs);
                w.list(firm.signals.values(), |w, kept| kept.put(w));
            }
            RosterPage::Complaint(id) => self.complaints.get(id)?.put(&mut w),
            RosterPage::Site(project) => {
                let site = self.sites.get(project)?;
                site.stated.put(&mut w);
                site.attended_on.put(&mut w);
            }
            RosterPage::Account(account) => {
                let account = self.accounts.get(account)?;
                account.stated.put(&mut w);
                account.booked_on.put(&mut w);
            }
            RosterPage::Feed(name) => {
                let feed = self.feeds.get(name)?;
                feed.attendance_on.put(&mut w);
                feed.payment_on.put(&mut w);
                feed.projects.put(&mut w);
            }
        }
        Some(w.bytes)
    }

    /// Takes a page as it was stored.
    pub fn load_page(&mut self, page: RosterPage, bytes: &[u8]) -> Result<(), Corrupt> {
        let mut r = Reader::new(bytes);
        match page {
            RosterPage::Firm(uscc) => {
                let firm = self.firms.entry(uscc).or_default();
                firm.employs = r.bool()?;
                for kept in r.list(Kept::<crate::domain::BusinessSignal>::get)? {
                    firm.signals.insert(kept.value.signal, kept);
                }
            }
            RosterPage::Complaint(id) => {
                self.complaints.insert(id, Kept::get(&mut r)?);
            }
            RosterPage::Site(project) => {
                let stated = Option::get(&mut r)?;
                self.sites.insert(project, Site { stated, attended_on: Option::get(&mut r)? });
            }
            RosterPage::Account(account) => {
                let stated = Option::get(&mut r)?;
                self.accounts.insert(account, BankAccount { stated, booked_on: Option::get(&mut r)? });
            }
            RosterPage::Feed(name) => {
                let (attendance_on, payment_on) = (Option::get(&mut r)?, Option::get(&mut r)?);
                let projects: Vec<ProjectId> = Vec::get(&mut r)?;
                let known = projects.iter().cloned().collect();
                self.feeds.insert(name, Feed { attendance_on, payment_on, projects, known });
            }
        }
        r.end()
    }
}
