//! The oracle's word on what no single project tells: employers and people over all projects, what is signalled of
//! employers, feeds, complaints without a project. (Repeat offenders hang on what people did about alerts, which
//! records do not tell: the simulation counts those from the rows.)

use super::*;
use wagewatch::domain::{BusinessSignal, DayStart, DoubtKind, ProjectStatus};

pub(super) fn judge(records: &[Record], facts: &Facts, today: Day, book: &Rulebook, truth: &mut Truth) {
    let now = book.at(today).clone();
    let owed = owed(facts, truth);
    for (firm, claims) in &owed {
        group(*firm, claims, today, &now, truth);
    }
    signals(records, today, &now, truth);
    for complaint in facts.complaints.iter().filter(|c| c.project_id.is_none()) {
        let level = papers::complaint_level(complaint, today, &now);
        let Some(level) = level else { continue };
        let subject = Subject::Complaint(complaint.complaint_id.clone());
        raise(truth, &ProjectId::county(), subject, Rule::ComplaintOpen, level, |found| {
            found.amount = complaint.amount_fen.map_or(0, |fen| fen.sum());
            found.workers = complaint.workers.unwrap_or(0);
        });
    }
    feeds(records, facts, today, &now, truth);
    two_projects(facts, &now, book, truth);
}

/// Days on which one person has a whole day, or what the numbers of its month call one, at two projects; those of a
/// sector in which nobody is to look for it are none of them.
fn two_projects(facts: &Facts, now: &Numbers, book: &Rulebook, truth: &mut Truth) {
    let off = now.switches.get(&Rule::AttendanceSuspicious).map_or(&[][..], |switch| &switch.off_in);
    let mut there: BTreeMap<(&IdNumber, Day), BTreeSet<&ProjectId>> = BTreeMap::new();
    for ((project, id), days) in &facts.days {
        if facts.projects.get(project).is_some_and(|facts| off.contains(&facts.sector)) {
            continue;
        }
        for (day, (worked, _)) in days {
            let least = book.at(day.period().unwrap().first_day()).suspicious_shared_day;
            if i64::from(worked.0) >= least {
                there.entry((id, *day)).or_default().insert(project);
            }
        }
    }
    for ((id, day), _) in there.into_iter().filter(|(_, projects)| projects.len() >= 2) {
        let subject = Subject::WorkerPeriod(id.clone(), day.period().unwrap());
        raise(truth, &ProjectId::county(), subject, Rule::AttendanceSuspicious, Level::Yellow, |_| ());
    }
}

/// How many alerts of people at two projects there would be more, were the rule off in no sector.
pub fn silenced(records: &[Record], today: Day, book: &Rulebook) -> usize {
    let rule = Rule::AttendanceSuspicious;
    if book.at(today).switches.get(&rule).is_none_or(|switch| switch.off || switch.off_in.is_empty()) {
        return 0;
    }
    let mut editions = book.editions().to_vec();
    for edition in &mut editions {
        edition.numbers.switches.remove(&rule);
    }
    let count = |book: &Rulebook| {
        let truth = super::judge(records, today, book);
        truth.alerts.keys().filter(|(project, key)| project.is_county() && key.rule == rule).count()
    };
    count(&book.clone().with_editions(editions)) - count(book)
}

struct Owed {
    project: ProjectId,
    worker: IdNumber,
    amount: Sum,
    due_on: Day,
}

/// What stands of each employer's wage alerts.
fn owed(facts: &Facts, truth: &Truth) -> BTreeMap<Uscc, Vec<Owed>> {
    let mut owed: BTreeMap<Uscc, Vec<Owed>> = BTreeMap::new();
    for ((project, key), found) in &truth.alerts {
        let (Subject::WorkerPeriod(id, period), Some(due_on)) = (&key.subject, found.due_on) else {
            continue;
        };
        if !matches!(key.rule, Rule::WageUnpaid | Rule::WageUnderpaid) {
            continue;
        }
        let worker = (project.clone(), id.clone());
        let contractor = facts.projects.get(project).map(|p| p.contractor_uscc);
        let Some(firm) = employer(facts, &worker, *period).or(contractor) else { continue };
        owed.entry(firm).or_default().push(Owed {
            project: project.clone(),
            worker: id.clone(),
            amount: found.amount,
            due_on,
        });
    }
    owed
}

/// By the terms of the last day worked in the month; of a month without one, by the newest.
fn employer(facts: &Facts, worker: &Worker, period: Period) -> Option<Uscc> {
    let terms = facts.terms.get(worker)?;
    let days = facts.days.get(worker).into_iter().flatten();
    let worked = days.filter(|(day, (days, _))| day.period() == Some(period) && days.0 > 0);
    match worked.map(|(day, _)| *day).max() {
        Some(last) => terms.iter().rev().find(|t| t.effective_on <= last).or(terms.first())?.employer_uscc,
        None => terms.last()?.employer_uscc,
    }
}

fn group(firm: Uscc, claims: &[Owed], today: Day, now: &Numbers, truth: &mut Truth) {
    let workers: BTreeSet<&IdNumber> = claims.iter().map(|claim| &claim.worker).collect();
    let projects: BTreeSet<&ProjectId> = claims.iter().map(|claim| &claim.project).collect();
    if i64::try_from(workers.len()).unwrap() < now.group_arrears_workers || projects.len() < 2 {
        return;
    }
    let oldest = claims.iter().map(|claim| claim.due_on).min().unwrap();
    let is_red = i64::from(today.since(oldest)) > now.group_arrears_red_after_days;
    let level = if is_red { Level::Red } else { Level::Orange };
    let subject = Subject::Employer(firm);
    raise(truth, &ProjectId::county(), subject, Rule::GroupArrears, level, |found| {
        found.amount = claims.iter().map(|claim| claim.amount).sum();
        found.workers = u32::try_from(workers.len()).unwrap();
        found.due_on = Some(oldest);
    });
}

fn signals(records: &[Record], today: Day, now: &Numbers, truth: &mut Truth) {
    let mut employers: BTreeSet<Uscc> = BTreeSet::new();
    for record in records {
        match &record.body {
            Body::Enrolment(e) => employers.extend(e.employer_uscc),
            Body::Project(p) => employers.extend([p.contractor_uscc]),
            _ => {}
        }
    }
    let all: Vec<&Record> = records.iter().collect();
    let signals: Vec<BusinessSignal> =
        winners(all_of(&all, body!(BusinessSignal), |s: &BusinessSignal| (s.employer_uscc, s.signal)));
    for firm in employers {
        let at = |limit: i64| {
            let seen = signals.iter().filter(|s| s.employer_uscc == firm && s.observed_on <= today);
            seen.filter(|s| i64::from(s.level) >= limit).count()
        };
        if at(now.signal_level) >= 1 || at(now.signal_pair_level) >= 2 {
            let subject = Subject::Employer(firm);
            raise(truth, &ProjectId::county(), subject, Rule::BusinessSignal, Level::Blue, |_| ());
        }
    }
}

fn feeds(records: &[Record], facts: &Facts, today: Day, now: &Numbers, truth: &mut Truth) {
    let mut attendance: BTreeMap<CompactString, (Day, BTreeSet<ProjectId>)> = BTreeMap::new();
    let mut banks: BTreeMap<CompactString, Day> = BTreeMap::new();
    let mut newest: BTreeMap<ProjectId, Day> = BTreeMap::new();
    for record in records {
        let (day, _) = record.head.at.business(DayStart(0));
        let project = match &record.body {
            Body::Swipe(swipe) => &swipe.project_id,
            Body::WorkDay(work) => &work.project_id,
            Body::Payment(payment) => {
                let last = banks.entry(payment.bank.clone()).or_insert(day);
                *last = day.max(*last);
                continue;
            }
            Body::AccountEntry(entry) => {
                let stated = facts.account_papers.iter().find(|a| a.account == entry.account);
                if let Some(account) = stated {
                    let last = banks.entry(account.bank.clone()).or_insert(day);
                    *last = day.max(*last);
                }
                continue;
            }
            _ => continue,
        };
        let (last, projects) = attendance.entry(record.head.source.clone()).or_insert((day, BTreeSet::new()));
        *last = day.max(*last);
        projects.insert(project.clone());
        let last = newest.entry(project.clone()).or_insert(day);
        *last = day.max(*last);
    }
    let at_work = |project: &ProjectId| {
        facts
            .projects
            .get(project)
            .is_none_or(|p| p.status == ProjectStatus::Active && p.completed_on.is_none_or(|day| day > today))
    };
    let silent = |last: Day, days: i64| i64::from(today.since(last)) >= days;
    let mut found: BTreeSet<CompactString> = BTreeSet::new();
    for (name, (last, projects)) in attendance {
        let waits = |project: &ProjectId| at_work(project) && newest[project] <= last;
        if silent(last, now.feed_silent_days) {
            for project in projects.iter().filter(|project| waits(project)) {
                let doubt = (DoubtKind::Attendance, name.clone(), last);
                truth.doubts.entry(project.clone()).or_default().insert(doubt);
                found.insert(name.clone());
            }
        }
    }
    for (name, last) in banks {
        let open = |a: &&WageAccount| a.bank == name && a.closed_on.is_none_or(|day| day > today);
        let served = facts.account_papers.iter().filter(open).filter(|a| at_work(&a.project_id));
        if silent(last, now.feed_silent_bank_days) {
            for account in served {
                let doubt = (DoubtKind::Bank, name.clone(), last);
                truth.doubts.entry(account.project_id.clone()).or_default().insert(doubt);
                found.insert(name.clone());
            }
        }
    }
    for name in found {
        let subject = Subject::Source(name);
        raise(truth, &ProjectId::county(), subject, Rule::FeedSilent, Level::Blue, |_| ());
    }
}
