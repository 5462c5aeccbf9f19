//! What an alert row of a project, or its ledger, tells the second stage, and no more of it: small enough to be
//! sent between machines, and without what is nobody's business there.

use crate::alerts::{Stance, is_held_itself, rejects};
use crate::codec::{Corrupt, Reader, Writer};
use crate::domain::{
    AlertId, AlertRow, Change, Day, Evidence, IdNumber, MonthDays, Period, ProjectId, Rule, Sum, Uscc,
};

/// A row, or where somebody worked, as the second stage reads it.
#[derive(Clone, PartialEq, Debug)]
pub enum Tiding {
    Wage(WageTiding),
    Arrears(ArrearsTiding),
    Held(HeldTiding),
    Presence(PresenceTiding),
}

/// Of a worker's month at a project: the days on which he should be nowhere else, all of them.
#[derive(Clone, PartialEq, Debug)]
pub struct PresenceTiding {
    pub(in crate::engine) project_id: ProjectId,
    pub(in crate::engine) worker: IdNumber,
    pub(in crate::engine) period: Period,
    pub(in crate::engine) days: MonthDays,
}

/// Of a worker's month that is owed.
#[derive(Clone, PartialEq, Debug)]
pub struct WageTiding {
    pub(in crate::engine) project_id: ProjectId,
    pub(in crate::engine) worker: IdNumber,
    pub(in crate::engine) period: Period,
    pub(in crate::engine) rule: Rule,
    /// `None`: the alert stands no more, or nobody is known to owe it.
    pub(in crate::engine) claim: Option<Claim>,
}

/// What an employer owes a worker for a month.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::engine) struct Claim {
    pub firm: Uscc,
    pub amount: Sum,
    pub due_on: Day,
}

/// Of a project that owes.
#[derive(Clone, PartialEq, Debug)]
pub struct ArrearsTiding {
    pub(in crate::engine) project_id: ProjectId,
    pub(in crate::engine) contractor: Option<Uscc>,
    pub(in crate::engine) on: Day,
    /// It is raised, for the first time or again.
    pub(in crate::engine) begins: bool,
    pub(in crate::engine) resolved: bool,
    /// The worker rejects what the employer says.
    pub(in crate::engine) rejected: bool,
    /// What people had made of it after this row.
    pub(in crate::engine) stance: Stance,
}

/// Of an alert that is, or was, held as part of a flood.
#[derive(Clone, PartialEq, Debug)]
pub struct HeldTiding {
    pub(in crate::engine) rule: Rule,
    pub(in crate::engine) alert: AlertId,
    /// Since when it is held for its own sake; `None`: not any more.
    pub(in crate::engine) since: Option<Day>,
}

impl HeldTiding {
    pub(super) fn of(row: &AlertRow) -> Option<HeldTiding> {
        let alert = &row.alert;
        // Until it was let go its rows bore the day, also the one by which it ends; and what is told by itself, or as a
        // part of what is told, is held no more.
        let lets_go = matches!(row.change, Change::Released | Change::Shown | Change::RolledUp);
        let concerns = alert.held.is_some() || lets_go;
        concerns.then(|| HeldTiding {
            rule: alert.finding.rule,
            alert: alert.id.clone(),
            since: alert.held.filter(|_| is_held_itself(alert)),
        })
    }
}

impl PresenceTiding {
    pub(in crate::engine) fn write(&self, w: &mut Writer) {
        w.project_id(&self.project_id);
        w.id_number(&self.worker);
        w.period(self.period);
        w.u32(self.days.0);
    }

    pub(in crate::engine) fn read(r: &mut Reader<'_>) -> Result<PresenceTiding, Corrupt> {
        let (project_id, worker, period) = (r.project_id()?, r.id_number()?, r.period()?);
        Ok(PresenceTiding { project_id, worker, period, days: MonthDays(r.u32()?) })
    }
}

impl Tiding {
    /// Nothing for most rows: they are their project's alone.
    pub fn all_of(row: &AlertRow) -> impl Iterator<Item = Tiding> {
        HeldTiding::of(row).map(Tiding::Held).into_iter().chain(Tiding::of_debt(row))
    }

    fn of_debt(row: &AlertRow) -> Option<Tiding> {
        let (finding, alert) = (&row.alert.finding, &row.alert);
        match (finding.rule, &finding.evidence) {
            (_, Evidence::ProjectArrears { contractor_uscc, .. }) => Some(Tiding::Arrears(ArrearsTiding {
                project_id: finding.project_id.clone(),
                contractor: *contractor_uscc,
                on: alert.changed_on,
                begins: matches!(row.change, Change::Raised | Change::Reopened),
                resolved: row.change == Change::Resolved,
                rejected: rejects(row.change, alert),
                stance: Stance::of(alert),
            })),
            (rule @ (Rule::WageUnpaid | Rule::WageUnderpaid), Evidence::Wage(wage)) => {
                let claim = |firm| Claim { firm, amount: finding.amount, due_on: wage.due_on };
                Some(Tiding::Wage(WageTiding {
                    project_id: finding.project_id.clone(),
                    worker: finding.subject.id_number()?.clone(),
                    period: finding.period?,
                    rule,
                    claim: wage.employer_uscc.filter(|_| alert.stands()).map(claim),
                }))
            }
            _ => None,
        }
    }

    /// Writes it: a tag byte, then its fields.
    pub fn write(&self, w: &mut Writer) {
        match self {
            Tiding::Wage(said) => {
                w.u8(WAGE);
                w.project_id(&said.project_id);
                w.id_number(&said.worker);
                w.period(said.period);
                w.bool(said.rule == Rule::WageUnderpaid);
                w.option(said.claim, |w, claim| claim.write(w));
            }
            Tiding::Held(said) => {
                w.u8(HELD);
                w.text(said.rule.as_str());
                w.text(&said.alert.0);
                w.option(said.since, Writer::day);
            }
            Tiding::Presence(said) => {
                w.u8(PRESENCE);
                said.write(w);
            }
            Tiding::Arrears(said) => {
                w.u8(ARREARS);
                w.project_id(&said.project_id);
                w.option(said.contractor.as_ref(), Writer::uscc);
                w.day(said.on);
                let Stance { taken_up, spoken } = said.stance;
                for is in [said.begins, said.resolved, said.rejected, taken_up, spoken] {
                    w.bool(is);
                }
            }
        }
    }

    /// Reads one. Any bytes end in a tiding or in [`Corrupt`].
    ///
    /// # Errors
    /// The bytes are not such a tiding.
    pub fn read(r: &mut Reader<'_>) -> Result<Tiding, Corrupt> {
        match r.u8()? {
            WAGE => Ok(Tiding::Wage(WageTiding {
                project_id: r.project_id()?,
                worker: r.id_number()?,
                period: r.period()?,
                rule: if r.bool()? { Rule::WageUnderpaid } else { Rule::WageUnpaid },
                claim: r.option(Claim::read)?,
            })),
            ARREARS => Ok(Tiding::Arrears(ArrearsTiding {
                project_id: r.project_id()?,
                contractor: r.option(Reader::uscc)?,
                on: r.day()?,
                begins: r.bool()?,
                resolved: r.bool()?,
                rejected: r.bool()?,
                stance: Stance { taken_up: r.bool()?, spoken: r.bool()? },
            })),
            HELD => Ok(Tiding::Held(HeldTiding {
                rule: Rule::parse(&r.text()?).ok_or(Corrupt("a rule"))?,
                alert: AlertId(r.text()?),
                since: r.option(Reader::day)?,
            })),
            PRESENCE => PresenceTiding::read(r).map(Tiding::Presence),
            _ => Err(Corrupt("what a row tells the second stage")),
        }
    }
}

impl Claim {
    pub fn write(&self, w: &mut Writer) {
        w.uscc(&self.firm);
        w.sum(self.amount);
        w.day(self.due_on);
    }

    pub fn read(r: &mut Reader<'_>) -> Result<Claim, Corrupt> {
        Ok(Claim { firm: r.uscc()?, amount: r.sum()?, due_on: r.day()? })
    }
}

const WAGE: u8 = 1;
const ARREARS: u8 = 2;
const HELD: u8 = 3;
const PRESENCE: u8 = 4;
