//! Complaints by number, and which project holds which: the one that the statement that stands
//! names, or none. Knows no project's ledger.

use super::county::{Command, County};
use super::county_page::CountyPage;
use super::kept::{Outcome, merge_into};
use crate::domain::{Complaint, Head, Verdict};

impl County {
    /// Merges a complaint; tells the project that it has left, and the one that it names.
    pub(super) fn route_complaint(
        &mut self,
        complaint: &Complaint,
        head: &Head,
        out: &mut Vec<Command>,
    ) -> Verdict {
        let page = CountyPage::complaints(&complaint.complaint_id);
        let key = (page.a, complaint.complaint_id.clone());
        let old = self.complaints.get(&key).and_then(|kept| kept.value.project_id.clone());
        let outcome = merge_into(&mut self.complaints, key, complaint, &head.stamp());
        if outcome == Outcome::Stands {
            if let Some(project_id) = old
                && complaint.project_id.as_ref() != Some(&project_id)
            {
                let complaint_id = complaint.complaint_id.clone();
                out.push(Command::TakeComplaint { project_id, complaint_id });
            }
            if let Some(project_id) = complaint.project_id.clone() {
                out.push(Command::Complaint { project_id, complaint: Box::new(complaint.clone()) });
            }
        }
        self.keep(outcome, page)
    }

    pub fn complaints(&self) -> impl Iterator<Item = &Complaint> {
        self.complaints.values().map(|kept| &kept.value)
    }
}
