//! The report's rows as NDJSON (contract, section 6). Masks identity numbers unless told to reveal
//! them; a field that says nothing is left out.

use crate::domain::{Account, IdNumber, ProjectId, Subject};
use crate::engine::backtest::Difference;
use crate::engine::batch::{AlertRow, PeriodRow, ProjectReport, RejectedRow, Report, SuspenseRow, Totals};
use std::io::{self, Write};

/// Writes every row: sorted by (row, project_id, id_number, period, rule), the total last.
pub fn write(report: &Report, reveal: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut line = Vec::with_capacity(512);
    let mut out = out;
    let mut rows = Rows::new(&mut out, &mut line, reveal);
    for project in &report.projects {
        project.alerts.iter().try_for_each(|row| rows.alert(&project.project_id, row))?;
    }
    report.rejected.iter().try_for_each(|row| rows.rejected(row))?;
    report.suspense.iter().try_for_each(|row| rows.suspense(row))?;
    for ProjectReport { project_id, periods, .. } in &report.projects {
        periods.iter().try_for_each(|row| rows.period(project_id, row))?;
    }
    rows.total(&report.totals)
}

/// Writes rows one by one.
pub(in crate::command) struct Rows<'a, W: Write> {
    out: &'a mut W,
    line: &'a mut Vec<u8>,
    reveal: bool,
}

impl<'a, W: Write> Rows<'a, W> {
    /// `line` is used anew for each row.
    pub fn new(out: &'a mut W, line: &'a mut Vec<u8>, reveal: bool) -> Rows<'a, W> {
        Rows { out, line, reveal }
    }

    /// What two rulebooks judge otherwise.
    pub fn difference(&mut self, row: &Difference) -> io::Result<()> {
        self.begin("difference");
        self.word("rule", row.rule)?;
        self.word("effect", row.effect.as_str())?;
        self.word("project_id", &row.project_id)?;
        if let Some(id) = row.id_number() {
            self.person(id)?;
        }
        if let Some(period) = row.period() {
            self.word("period", period)?;
        }
        self.subject(&row.subject)?;
        self.word("first_day", row.first_day)?;
        for (name, level) in [("old_level", row.old), ("new_level", row.new)] {
            if let Some(level) = level {
                self.word(name, level)?;
            }
        }
        self.end()
    }

    fn begin(&mut self, row: &str) {
        self.line.clear();
        self.line.extend_from_slice(b"{\"row\":\"");
        self.line.extend_from_slice(row.as_bytes());
        self.line.push(b'"');
    }

    fn name(&mut self, name: &str) {
        self.line.extend_from_slice(b",\"");
        self.line.extend_from_slice(name.as_bytes());
        self.line.extend_from_slice(b"\":");
    }

    /// A word that needs no escapes: an identifier, a date, a word of ours.
    fn word(&mut self, name: &str, value: impl std::fmt::Display) -> io::Result<()> {
        self.name(name);
        write!(self.line, "\"{value}\"")
    }

    /// A text as a sender wrote it.
    fn text(&mut self, name: &str, value: &str) -> io::Result<()> {
        self.name(name);
        serde_json::to_writer(&mut *self.line, value).map_err(io::Error::from)
    }

    fn number(&mut self, name: &str, value: impl std::fmt::Display) -> io::Result<()> {
        self.name(name);
        write!(self.line, "{value}")
    }

    fn person(&mut self, id: &IdNumber) -> io::Result<()> {
        let shown = if self.reveal { id.reveal() } else { id.masked() };
        self.word("id_number", shown)
    }

    fn end(&mut self) -> io::Result<()> {
        self.line.extend_from_slice(b"}\n");
        self.out.write_all(self.line)
    }

    fn alert(&mut self, project_id: &ProjectId, row: &AlertRow) -> io::Result<()> {
        self.begin("alert");
        self.word("rule", row.rule)?;
        self.word("level", row.level)?;
        self.word("project_id", project_id)?;
        if let Some(id) = &row.id_number {
            self.person(id)?;
        }
        if let Some(period) = row.period {
            self.word("period", period)?;
        }
        if row.amount > 0 {
            self.number("amount_fen", row.amount)?;
            self.number("workers", row.workers)?;
        }
        if let Some(days) = row.overdue_days {
            self.number("overdue_days", days)?;
        }
        self.subject(&row.subject)?;
        self.end()
    }

    /// What the alert is about, where that is no person, month or whole project.
    fn subject(&mut self, subject: &Subject) -> io::Result<()> {
        match subject {
            Subject::Payment { bank, txn_id, .. } | Subject::StrayPayment { bank, txn_id } => {
                self.text("bank", bank)?;
                self.text("txn_id", txn_id)
            }
            Subject::Week(day) => self.word("week_from", day),
            Subject::Account(account) => self.account(*account),
            Subject::Booking { account, entry_id } => {
                self.account(*account)?;
                self.text("entry_id", entry_id)
            }
            Subject::Restraint { account, restraint_id } => {
                self.account(*account)?;
                self.text("restraint_id", restraint_id)
            }
            Subject::Deposit(id) => self.text("deposit_id", id),
            Subject::Sheet(firm, _) | Subject::Employer(firm) => self.word("employer_uscc", firm),
            Subject::Complaint(id) => self.text("complaint_id", id),
            Subject::Source(name) => self.text("source", name),
            Subject::Rule(rule) => self.word("of_rule", rule),
            Subject::Project | Subject::Worker(_) | Subject::WorkerPeriod(..) | Subject::Month(_) => Ok(()),
        }
    }

    fn account(&mut self, account: Account) -> io::Result<()> {
        let shown = if self.reveal { account.reveal() } else { account.masked() };
        self.word("account", shown)
    }

    fn rejected(&mut self, row: &RejectedRow) -> io::Result<()> {
        self.begin("rejected");
        self.number("line", row.line)?;
        self.text("file", &row.file)?;
        if let Some(id) = &row.id {
            self.text("id", id)?;
        }
        self.text("reason", &row.reason.to_string())?;
        self.end()
    }

    fn suspense(&mut self, row: &SuspenseRow) -> io::Result<()> {
        self.begin("suspense");
        self.text("bank", &row.bank)?;
        self.text("txn_id", &row.txn_id)?;
        self.number("amount_fen", row.amount_fen)?;
        self.word("reason", row.reason)?;
        self.end()
    }

    fn period(&mut self, project_id: &ProjectId, row: &PeriodRow) -> io::Result<()> {
        self.begin("worker_period");
        self.word("project_id", project_id)?;
        self.person(&row.id_number)?;
        self.word("period", row.period)?;
        self.number("days", row.days)?;
        self.number("accrued_fen", row.accrued)?;
        self.number("expected_fen", row.expected)?;
        self.number("paid_fen", row.paid)?;
        self.number("arrears_fen", row.arrears)?;
        self.word("due_on", row.due_on)?;
        self.number("overdue_days", row.overdue_days)?;
        self.word("status", row.status.as_str())?;
        self.end()
    }

    fn total(&mut self, totals: &Totals) -> io::Result<()> {
        self.begin("total");
        self.number("records", totals.records)?;
        self.number("rejected", totals.rejected)?;
        self.number("projects", totals.projects)?;
        self.number("workers", totals.workers)?;
        self.number("arrears_fen", totals.arrears)?;
        self.number("alerts", totals.alerts)?;
        self.number("other_alerts", totals.other_alerts)?;
        self.end()
    }
}
