//! What became of alerts, counted by month, rule, sector and territory, and which firms were red when.
//! Each row of an alert is counted once, as it is made: a function of the log, like the rows themselves.
//! Knows no department: those are found by sector and territory when somebody asks.

use crate::domain::{
    Alert, AlertStatus, Change, Day, DismissReason, Level, Period, Project, ProjectId, Rule, Sum, Uscc,
    WorkerWord,
};
use compact_str::CompactString;
use std::collections::{BTreeMap, BTreeSet};

/// Older months are forgotten.
const MONTHS_MAX: u16 = 60;

/// What counts are kept apart by. An unknown project's sector and territory are empty.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct TallyKey {
    pub month: Period,
    pub rule: Rule,
    pub sector: CompactString,
    pub territory: CompactString,
}

/// Counts of one month. What is part of another alert, or held in quarantine, is neither opened nor settled by itself.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// Raised, or there again.
    pub opened: u64,
    /// Whether somebody did something about it before the time to acknowledge it had passed.
    pub acknowledged_in_time: u64,
    pub acknowledged_late: u64,
    /// Whether the facts resolved it before the time to settle it had passed.
    pub settled_in_time: u64,
    pub settled_late: u64,
    pub escalated: u64,
    /// By reason, in their order.
    pub dismissed: [u64; DismissReason::ALL.len()],
    /// The worker rejects what the employer says, or the facts resolved it after somebody took it up.
    pub confirmed: u64,
    /// By how much the projects' arrears grew, and by how much they shrank while an alert stood: paid, or
    /// corrected.
    pub found: Sum,
    pub cleared: Sum,
}

/// A time during which a firm's project was red.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RedSpell {
    pub contractor_name: CompactString,
    pub contractor_uscc: Uscc,
    pub project_name: CompactString,
    pub since: Day,
    /// `None` while it lasts.
    pub until: Option<Day>,
    /// How many alerts are red, and their sum; of a spell that is over, as it was before its end.
    pub alerts: u32,
    pub amount: Sum,
}

/// One shard's counts.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Tallies {
    pub counts: BTreeMap<TallyKey, Tally>,
    /// By project and rule, oldest first.
    pub red: BTreeMap<(ProjectId, Rule), Vec<RedSpell>>,
    /// What changed since it was last stored.
    dirty: BTreeSet<Period>,
    red_is_dirty: bool,
}

/// What people had made of an alert.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stance {
    /// Somebody had taken it up.
    pub taken_up: bool,
    /// The worker had said something.
    pub spoken: bool,
}

impl Stance {
    pub fn of(alert: &Alert) -> Stance {
        Stance {
            taken_up: matches!(alert.status, AlertStatus::Acknowledged | AlertStatus::Handling),
            spoken: alert.casework.worker.is_some(),
        }
    }

    /// Whether a row that follows on it confirms the alert.
    pub fn is_confirmed(self, rejected: bool, resolved: bool) -> bool {
        rejected || resolved && self.taken_up && !self.spoken
    }
}

/// Whether a row confirms that the alert is true: the worker rejects what the employer says, or the facts
/// resolve it after somebody took it up. `before`: as it was before the row.
pub fn confirms(before: Stance, change: Change, after: &Alert) -> bool {
    before.is_confirmed(rejects(change, after), change == Change::Resolved)
}

/// Whether in this row the worker rejects what the employer says.
pub fn rejects(change: Change, after: &Alert) -> bool {
    change == Change::WorkerSaid && after.casework.worker == Some(WorkerWord::Rejects)
}

impl Tally {
    pub fn dismissals(&self) -> u64 {
        self.dismissed.iter().sum()
    }

    /// Confirmed of those that people judged, in hundredths of a percent.
    pub fn precision(&self) -> Option<u64> {
        let judged = self.confirmed + self.dismissals();
        (judged > 0).then(|| self.confirmed * 10_000 / judged)
    }

    pub fn add(&mut self, other: &Tally) {
        self.opened += other.opened;
        self.acknowledged_in_time += other.acknowledged_in_time;
        self.acknowledged_late += other.acknowledged_late;
        self.settled_in_time += other.settled_in_time;
        self.settled_late += other.settled_late;
        self.escalated += other.escalated;
        self.dismissed.iter_mut().zip(other.dismissed).for_each(|(count, more)| *count += more);
        self.confirmed += other.confirmed;
        self.found += other.found;
        self.cleared += other.cleared;
    }

    /// Counts a row by how the alert was before it.
    fn count(&mut self, before: Option<&Alert>, change: Change, after: &Alert) {
        let is_told = !after.rolled_up && after.held.is_none();
        let begins = matches!(change, Change::Raised | Change::Reopened | Change::Shown | Change::Released);
        self.opened += u64::from(is_told && begins);
        self.escalated += u64::from(change == Change::Escalated);
        let owed = |alert: &Alert| if alert.stands() { alert.finding.amount } else { 0 };
        if after.finding.rule == Rule::ProjectArrears {
            let grown = owed(after) - before.map_or(0, owed);
            self.found += grown.max(0);
            self.cleared += (-grown).max(0);
        }
        // Nobody is asked about what nobody is told of.
        let Some(before) = before.filter(|_| after.held.is_none()) else { return };
        if before.status == AlertStatus::Open && after.status != AlertStatus::Open && after.stands() {
            let late = u64::from(before.clock.unseen);
            self.acknowledged_late += late;
            self.acknowledged_in_time += 1 - late;
        }
        if change == Change::Resolved && is_told {
            let late = u64::from(before.clock.unsettled);
            self.settled_late += late;
            self.settled_in_time += 1 - late;
        }
        if let (Change::Dismissed, Some(dismissal)) = (change, &after.dismissal)
            && before.status != AlertStatus::Dismissed
            && let Some(place) = DismissReason::ALL.iter().position(|reason| *reason == dismissal.reason)
        {
            self.dismissed[place] += 1;
        }
        self.confirmed += u64::from(confirms(Stance::of(before), change, after));
    }
}

impl Tallies {
    /// Counts a row; `before` is the alert as the row before told it.
    pub fn add(
        &mut self,
        before: Option<&Alert>,
        (change, after): (Change, &Alert),
        today: Day,
        project: Option<&Project>,
    ) {
        let mut tally = Tally::default();
        tally.count(before, change, after);
        if let (Some(month), true) = (today.period(), tally != Tally::default()) {
            let rule = after.finding.rule;
            let (sector, territory) =
                project.map(|p| (p.sector.clone(), p.territory.clone())).unwrap_or_default();
            self.counts.entry(TallyKey { month, rule, sector, territory }).or_default().add(&tally);
            if self.dirty.insert(month) {
                self.forget(month);
            }
        }
        if let Some(project) = project {
            self.redden(before, after, today, project);
        }
    }

    /// The months that changed since the last call.
    pub fn take_dirty(&mut self) -> BTreeSet<Period> {
        std::mem::take(&mut self.dirty)
    }

    /// Whether `red` changed since the last call.
    pub fn take_red_is_dirty(&mut self) -> bool {
        std::mem::take(&mut self.red_is_dirty)
    }

    pub fn of_month(&self, month: Period) -> impl Iterator<Item = (&TallyKey, &Tally)> {
        self.counts.range(first_key(month)..first_key(month.plus(1)))
    }

    fn forget(&mut self, month: Period) {
        let first = Period(month.0.saturating_sub(MONTHS_MAX));
        let old: Vec<TallyKey> = self.counts.keys().take_while(|key| key.month < first).cloned().collect();
        for key in old {
            self.dirty.insert(key.month);
            self.counts.remove(&key);
        }
    }

    /// A firm is published for what its project owes, once; other rules look at the same money in other lights, and
    /// a candidate for the criminal law (`criminal-threshold`) is not for the public to read before a court is.
    fn redden(&mut self, before: Option<&Alert>, after: &Alert, today: Day, project: &Project) {
        let rule = after.finding.rule;
        if rule != Rule::ProjectArrears {
            return;
        }
        let (was, is) = (before.and_then(red), red(after));
        if was == is {
            return;
        }
        self.red_is_dirty = true;
        let spells = self.red.entry((project.project_id.clone(), rule)).or_default();
        if spells.last().is_none_or(|spell| spell.until.is_some()) {
            spells.push(RedSpell {
                contractor_name: project.contractor_name.clone(),
                contractor_uscc: project.contractor_uscc,
                project_name: project.name.clone(),
                since: today,
                until: None,
                alerts: 0,
                amount: 0,
            });
        }
        let Some(spell) = spells.last_mut() else { return };
        let alerts = spell.alerts + u32::from(is.is_some()) - u32::from(was.is_some()).min(spell.alerts);
        if alerts > 0 {
            // What was red before the project was known is not in the sum.
            let counted = if spell.alerts > 0 { was.unwrap_or(0) } else { 0 };
            spell.alerts = alerts;
            spell.amount += is.unwrap_or(0) - counted;
        } else if after.status == AlertStatus::Dismissed || spell.alerts == 0 {
            // Somebody says that it never was so, or it became red before the project was known.
            spells.pop();
        } else {
            spell.until = Some(today);
        }
        let first = today.plus(-31 * i32::from(MONTHS_MAX));
        spells.retain(|spell| spell.until.is_none_or(|until| until >= first));
    }
}

/// Nothing of that month comes before it.
fn first_key(month: Period) -> TallyKey {
    TallyKey { month, rule: Rule::WageUnpaid, sector: "".into(), territory: "".into() }
}

/// The sum of an alert that may be published as red.
fn red(alert: &Alert) -> Option<Sum> {
    let is_told = alert.asks() && alert.held.is_none();
    (is_told && alert.finding.level == Level::Red).then_some(alert.finding.amount)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{alert, day, wage};
    use crate::domain::{Dismissal, Fen, Finding, Funding, ProjectStatus, Subject};

    fn project() -> Project {
        Project {
            project_id: wage(1, "2026-03", 1).project_id,
            name: "dam".into(),
            sector: "reservoir".into(),
            territory: "150621100".into(),
            funding: Funding::Government,
            owner_name: "owner".into(),
            owner_uscc: None,
            contractor_name: "builder".into(),
            contractor_uscc: Uscc::parse("u", "91110000600037341L").unwrap(),
            contract_signed_on: day("2026-01-01"),
            contract_fen: Fen(1),
            labour_fee_fen: None,
            started_on: None,
            completed_on: None,
            pay_day: None,
            pay_month_offset: None,
            labour_officer: None,
            status: ProjectStatus::Active,
        }
    }

    fn arrears(level: Level, amount: Sum) -> Alert {
        let subject = Subject::Project;
        alert(Finding { rule: Rule::ProjectArrears, subject, level, ..wage(1, "2026-03", amount) })
    }

    struct Play {
        tallies: Tallies,
        last: Option<Alert>,
    }

    impl Play {
        fn row(&mut self, today: &str, change: Change, make: impl FnOnce(&mut Alert)) {
            let mut now = self.last.clone().unwrap_or_else(|| arrears(Level::Yellow, 500));
            make(&mut now);
            self.tallies.add(self.last.as_ref(), (change, &now), day(today), Some(&project()));
            self.last = Some(now);
        }

        fn total(&self) -> Tally {
            let mut total = Tally::default();
            self.tallies.counts.values().for_each(|tally| total.add(tally));
            total
        }

        fn spells(&self) -> Vec<(String, Option<String>, Sum)> {
            let spell = |s: &RedSpell| (s.since.to_string(), s.until.map(|day| day.to_string()), s.amount);
            self.tallies.red.values().flatten().map(spell).collect()
        }
    }

    fn play() -> Play {
        Play { tallies: Tallies::default(), last: None }
    }

    #[test]
    fn a_case_from_its_opening_to_its_end() {
        let mut play = play();
        play.row("2026-04-16", Change::Raised, |_| ());
        play.row("2026-04-17", Change::Changed, |alert| alert.finding.amount = 700);
        play.row("2026-04-20", Change::Acknowledged, |alert| alert.status = AlertStatus::Acknowledged);
        play.row("2026-05-02", Change::Changed, |alert| alert.finding.amount = 300);
        play.row("2026-05-20", Change::Escalated, |alert| alert.clock.unsettled = true);
        play.row("2026-05-21", Change::Resolved, |alert| alert.status = AlertStatus::Resolved);
        let total = play.total();
        assert_eq!((total.opened, total.acknowledged_in_time, total.acknowledged_late), (1, 1, 0));
        assert_eq!((total.settled_in_time, total.settled_late, total.escalated), (0, 1, 1));
        assert_eq!((total.found, total.cleared), (700, 700));
        assert_eq!((total.confirmed, total.precision()), (1, Some(10_000)));
        let months: Vec<String> = play.tallies.counts.keys().map(|key| key.month.to_string()).collect();
        assert_eq!(months, ["2026-04", "2026-05"]);
    }

    #[test]
    fn a_dismissal_is_counted_once_and_lowers_the_precision() {
        let mut play = play();
        play.row("2026-04-16", Change::Raised, |_| ());
        for reason in [DismissReason::TestData, DismissReason::RecordWrong] {
            play.row("2026-04-17", Change::Dismissed, |alert| {
                alert.status = AlertStatus::Dismissed;
                let (level, amount) = (Level::Yellow, 500);
                alert.dismissal = Some(Dismissal { reason, text: "".into(), level, amount });
            });
        }
        play.row("2026-04-18", Change::Resolved, |alert| alert.status = AlertStatus::Resolved);
        let total = play.total();
        assert_eq!((total.dismissed, total.confirmed), ([0, 0, 0, 0, 1], 0));
        assert_eq!((total.precision(), total.acknowledged_in_time), (Some(0), 1));
    }

    #[test]
    fn red_firms_are_known_for_as_long_as_they_are_red() {
        let mut play = play();
        play.row("2026-04-16", Change::Raised, |_| ());
        assert!(play.spells().is_empty());
        play.row("2026-05-01", Change::Changed, |alert| alert.finding.level = Level::Red);
        play.row("2026-05-02", Change::Changed, |alert| alert.finding.amount = 400);
        assert_eq!(play.spells(), [("2026-05-01".into(), None, 400)]);
        play.row("2026-07-02", Change::Resolved, |alert| alert.status = AlertStatus::Resolved);
        assert_eq!(play.spells(), [("2026-05-01".into(), Some("2026-07-02".into()), 400)]);
        play.row("2026-08-02", Change::Reopened, |alert| alert.status = AlertStatus::Open);
        play.row("2026-08-03", Change::Dismissed, |alert| alert.status = AlertStatus::Dismissed);
        assert_eq!(play.spells().len(), 1);
    }

    #[test]
    fn a_candidate_for_the_criminal_law_is_not_published() {
        let mut play = play();
        play.row("2026-04-16", Change::Raised, |alert| {
            alert.finding.rule = Rule::CriminalThreshold;
            alert.finding.level = Level::Red;
        });
        assert!(play.spells().is_empty());
    }

    #[test]
    fn old_months_are_forgotten() {
        let mut play = play();
        play.row("2020-01-16", Change::Raised, |_| ());
        play.row("2026-01-16", Change::Escalated, |_| ());
        assert_eq!(play.tallies.counts.len(), 1);
        assert_eq!(play.tallies.dirty.len(), 2);
    }
}
