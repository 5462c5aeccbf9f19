//! Why a project's figures may be less than the truth: whom it hears from has fallen silent. Doubt hides nothing and
//! changes no figure; it says that what looks settled may only be unheard of.

use super::record::words;
use super::{Day, ProjectId};
use compact_str::CompactString;
use std::collections::BTreeMap;

words!(
    /// Who is silent.
    DoubtKind {
        /// A platform or turnstile that used to send the project's attendance.
        Attendance = "attendance",
        /// The bank of an open wage account of the project.
        Bank = "bank",
        /// The project itself: people worked there, and nobody says that they still do.
        Site = "site",
    }
);

/// One reason to doubt a project's figures.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Doubt {
    pub kind: DoubtKind,
    /// The source or the bank; empty for the site.
    pub source: CompactString,
    /// The last day on which it was heard of.
    pub since: Day,
}

/// The projects whose figures are in doubt, each with its reasons, ascending.
pub type Doubts = BTreeMap<ProjectId, Vec<Doubt>>;
