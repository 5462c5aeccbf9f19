//! Two registers become one: each has merged a part of the records. Whatever the parts, what stands is what
//! one register would have that had merged them all. Knows no rule.

use super::kept::{Kept, merge_into};
use super::roster::{Roster, state};
use crate::domain::{Day, Stamp};

impl Roster {
    /// Takes over all that the other one knows. Marks no page: a register that is joined is not stored.
    pub fn join(&mut self, other: Roster) {
        for (uscc, theirs) in other.firms {
            let firm = self.firms.entry(uscc).or_default();
            firm.employs |= theirs.employs;
            for (signal, Kept { value, stamp }) in theirs.signals {
                merge_into(&mut firm.signals, signal, &value, &stamp);
            }
        }
        for (id, Kept { value, stamp }) in other.complaints {
            merge_into(&mut self.complaints, id, &value, &stamp);
        }
        for (project, theirs) in other.sites {
            let site = self.sites.entry(project).or_default();
            stated(theirs.stated, |value, stamp| state(&mut site.stated, value, stamp));
            later(&mut site.attended_on, theirs.attended_on);
        }
        for (number, theirs) in other.accounts {
            let account = self.accounts.entry(number).or_default();
            stated(theirs.stated, |value, stamp| state(&mut account.stated, value, stamp));
            later(&mut account.booked_on, theirs.booked_on);
        }
        for (name, theirs) in other.feeds {
            let feed = self.feeds.entry(name).or_default();
            later(&mut feed.attendance_on, theirs.attendance_on);
            later(&mut feed.payment_on, theirs.payment_on);
            for project in theirs.projects {
                if feed.known.insert(project.clone()) {
                    feed.projects.push(project);
                }
            }
        }
    }
}

fn stated<T>(kept: Option<Kept<T>>, put: impl FnOnce(&T, &Stamp) -> bool) {
    if let Some(Kept { value, stamp }) = kept {
        put(&value, &stamp);
    }
}

fn later(newest: &mut Option<Day>, other: Option<Day>) {
    *newest = (*newest).max(other);
}
