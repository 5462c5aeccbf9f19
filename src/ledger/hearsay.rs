//! What a county's register has to hear of the records of projects that it does not get itself, said
//! once: most records of a day say nothing that was not said before. Knows no topic, no register.

use super::roster::{advance, stated_on};
use super::stored::Stored;
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{Body, Day, Project, ProjectId, Record, Stamp, Uscc};
use compact_str::CompactString;
use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

/// What a project's record says beyond its project. Heard twice, it says nothing new.
#[derive(Clone, PartialEq, Debug)]
pub enum Heard {
    /// The source has sent attendance of the project, stated on that day.
    Attended { source: CompactString, project_id: ProjectId, on: Day },
    /// Some enrolment names that employer.
    Employs(Uscc),
    /// The project's own record.
    Stated { project: Box<Project>, stamp: Stamp },
}

/// What was said already. It forgets when its owner ends: some things are then said again.
#[derive(Default)]
pub struct Hearsay {
    firms: HashSet<Uscc, FixedState>,
    sources: HashMap<CompactString, Source, FixedState>,
    /// The date of each project's newest attendance.
    sites: HashMap<ProjectId, Option<Day>, FixedState>,
}

#[derive(Default)]
struct Source {
    attendance_on: Option<Day>,
    projects: HashSet<ProjectId, FixedState>,
}

impl Hearsay {
    /// Appends what this record says that was not said before.
    pub fn of(&mut self, record: &Record, out: &mut Vec<Heard>) {
        let head = &record.head;
        match &record.body {
            Body::Swipe(swipe) => self.attended(&head.source, &swipe.project_id, stated_on(head.at), out),
            Body::WorkDay(day) => self.attended(&head.source, &day.project_id, stated_on(head.at), out),
            Body::Enrolment(enrolment) => {
                let new = enrolment.employer_uscc.filter(|firm| self.firms.insert(*firm));
                out.extend(new.map(Heard::Employs));
            }
            Body::Project(project) => {
                out.push(Heard::Stated { project: project.clone(), stamp: head.stamp() });
            }
            // The rest is the county's own, or says nothing beyond its project.
            _ => {}
        }
    }

    /// At most once a day for a source, for a project, and once for the two together.
    fn attended(&mut self, source: &CompactString, project: &ProjectId, on: Day, out: &mut Vec<Heard>) {
        let said = match self.sources.get_mut(source) {
            Some(said) => said,
            None => self.sources.entry(source.clone()).or_default(),
        };
        let mut is_new = advance(&mut said.attendance_on, on);
        if !said.projects.contains(project) {
            said.projects.insert(project.clone());
            is_new = true;
        }
        match self.sites.get_mut(project) {
            Some(newest) => is_new |= advance(newest, on),
            None => {
                self.sites.insert(project.clone(), Some(on));
                is_new = true;
            }
        }
        if is_new {
            out.push(Heard::Attended { source: source.clone(), project_id: project.clone(), on });
        }
    }
}

const ATTENDED: u8 = 1;
const EMPLOYS: u8 = 2;
const STATED: u8 = 3;

impl Heard {
    /// Writes it: a tag byte, then its fields.
    pub fn write(&self, w: &mut Writer) {
        match self {
            Heard::Attended { source, project_id, on } => {
                w.u8(ATTENDED);
                w.text(source);
                w.project_id(project_id);
                w.day(*on);
            }
            Heard::Employs(firm) => {
                w.u8(EMPLOYS);
                w.uscc(firm);
            }
            Heard::Stated { project, stamp } => {
                w.u8(STATED);
                project.put(w);
                stamp.put(w);
            }
        }
    }

    /// Reads one. Any bytes end in a value or in [`Corrupt`].
    ///
    /// # Errors
    /// The bytes are not such a value.
    pub fn read(r: &mut Reader<'_>) -> Result<Heard, Corrupt> {
        Ok(match r.u8()? {
            ATTENDED => Heard::Attended { source: r.text()?, project_id: r.project_id()?, on: r.day()? },
            EMPLOYS => Heard::Employs(r.uscc()?),
            STATED => Heard::Stated { project: Box::new(Project::get(r)?), stamp: Stamp::get(r)? },
            _ => return Err(Corrupt("what a register heard")),
        })
    }
}
