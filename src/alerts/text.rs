//! An alert in words that an inspector reads: Chinese first, English beside it, the arithmetic line
//! by line, the article, and who must act. Sees one finding and a date; decides nothing.

use super::arithmetic::arithmetic;
use super::facts::fact_lines;
use super::words::{Both, info, level_words};
use crate::domain::{Account, Day, Days, Evidence, Finding, IdNumber, Period, Subject, Sum};
use compact_str::CompactString;
use std::fmt;

/// Whether identity numbers and accounts are shown whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Numbers {
    Masked,
    /// For callers who may see them.
    Revealed,
    /// For callers who see no person: nothing of them, nor of any text of a source.
    Hidden,
}

/// An alert in words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Text {
    pub title: Both,
    pub body: Both,
    /// Every step from days and rates to arrears; a reader can redo them by hand.
    pub arithmetic: Vec<Both>,
    pub article: Both,
    pub must_act: Both,
}

/// The words of a finding at a business date (for a resolved alert: the date of its resolution).
pub fn text(finding: &Finding, today: Day, project_name: Option<&str>, numbers: Numbers) -> Text {
    let info = info(finding.rule);
    let (level_zh, level_en) = level_words(finding.level);
    let whom = whom(finding, numbers);
    Text {
        title: Both::new(
            format!("【{level_zh}】{}：{}", info.title_zh, whom.zh),
            format!("[{level_en}] {}: {}", info.title_en, whom.en),
        ),
        body: body(finding, today, &project(finding, project_name), numbers),
        arithmetic: arithmetic(finding, today, numbers),
        article: Both::new(info.article_zh, info.article_en),
        must_act: Both::new(info.must_act_zh, info.must_act_en),
    }
}

/// The whole, as `explain` prints it.
impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n\n{}\n", self.title, self.body)?;
        if !self.arithmetic.is_empty() {
            writeln!(f, "计算 / Arithmetic")?;
            for (n, line) in self.arithmetic.iter().enumerate() {
                let number = format!("{}.", n + 1);
                writeln!(f, "  {number:<3} {}\n      {}", line.zh, line.en)?;
            }
            writeln!(f)?;
        }
        writeln!(f, "依据 / Article\n  {}\n  {}", self.article.zh, self.article.en)?;
        writeln!(f, "\n责任 / Who must act\n  {}\n  {}", self.must_act.zh, self.must_act.en)
    }
}

/// Whom a finding is about, shortly.
fn whom(finding: &Finding, numbers: Numbers) -> Both {
    let project = finding.project_id.as_str();
    match &finding.subject {
        Subject::Project => Both::new(format!("项目 {project}"), format!("project {project}")),
        Subject::Worker(id) => {
            let id = person(id, numbers);
            Both::new(format!("工人 {id}"), format!("worker {id}"))
        }
        Subject::WorkerPeriod(id, period) => {
            let id = person(id, numbers);
            Both::new(format!("工人 {id} {}", month(*period)), format!("worker {id}, {period}"))
        }
        Subject::Payment { id_number, bank, txn_id } => {
            let (id, bank, txn) = (person(id_number, numbers), plain(bank), plain(txn_id));
            Both::new(format!("工人 {id} 付款 {bank} {txn}"), format!("worker {id}, payment {bank} {txn}"))
        }
        other => {
            let (zh, en) = paper(other, numbers);
            match finding.project_id.is_county() {
                true => Both::new(zh, en),
                false => Both::new(format!("项目 {project} {zh}"), format!("project {project}, {en}")),
            }
        }
    }
}

/// What a finding is about that is about no person and not the whole project.
fn paper(subject: &Subject, numbers: Numbers) -> (String, String) {
    let both = |zh: &str, en: &str, what: String| (format!("{zh} {what}"), format!("{en} {what}"));
    match subject {
        Subject::Month(period) => (month(*period), period.to_string()),
        Subject::Week(day) => (format!("{day} 起一周"), format!("week from {day}")),
        Subject::Account(number) => both("账户", "account", account(*number, numbers).to_string()),
        Subject::Booking { account: number, entry_id } => {
            both("流水", "entry", format!("{} {}", account(*number, numbers), plain(entry_id)))
        }
        Subject::Restraint { account: number, restraint_id } => {
            both("措施", "restraint", format!("{} {}", account(*number, numbers), plain(restraint_id)))
        }
        Subject::StrayPayment { bank, txn_id } => {
            both("付款", "payment", format!("{} {}", plain(bank), plain(txn_id)))
        }
        Subject::Deposit(id) => both("保证金", "deposit", plain(id)),
        Subject::Sheet(firm, period) => {
            (format!("{firm} {}工资表", month(*period)), format!("sheet of {firm} for {period}"))
        }
        Subject::Complaint(id) => both("投诉", "complaint", plain(id)),
        Subject::Employer(firm) => both("企业", "employer", firm.to_string()),
        Subject::Source(name) => both("数据来源", "source", plain(name)),
        Subject::Rule(rule) => {
            let words = super::words::info(*rule);
            (format!("规则“{}”", words.title_zh), format!("rule {rule}"))
        }
        Subject::Project | Subject::Worker(_) | Subject::WorkerPeriod(..) | Subject::Payment { .. } => {
            Default::default()
        }
    }
}

fn project(finding: &Finding, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{} ({})", plain(name), finding.project_id),
        None => finding.project_id.to_string(),
    }
}

/// So many facts stand in the one sentence; the arithmetic has them all.
const FIRST_FACTS: usize = 4;

/// One sentence: what is the matter.
fn body(finding: &Finding, today: Day, project: &str, numbers: Numbers) -> Both {
    let overdue = finding.overdue_days(today);
    match &finding.evidence {
        Evidence::Wage(wage) => Both::new(
            format!(
                "项目 {project}：{}工资应付 {} 元，已付 {} 元，欠付 {} 元；应于 {} 支付，至 {today} 已逾期 {overdue} 天。",
                finding.period.map(month).unwrap_or_default(),
                yuan(wage.expected),
                yuan(wage.paid),
                yuan(wage.arrears),
                wage.due_on,
            ),
            format!(
                "Project {project}: of the wage for {} {} yuan are expected, {} paid, {} owed; it was due on {}, {} before {today}.",
                finding.period.map(|period| period.to_string()).unwrap_or_default(),
                yuan(wage.expected),
                yuan(wage.paid),
                yuan(wage.arrears),
                wage.due_on,
                counted(overdue, "day"),
            ),
        ),
        Evidence::ProjectArrears { overdue_fen, workers, periods, oldest_due_on, .. } => Both::new(
            format!(
                "项目 {project}：拖欠 {workers} 名工人 {periods} 个人月的工资，共 {} 元；最早的应于 {oldest_due_on} 支付，至 {today} 已逾期 {overdue} 天。",
                yuan(*overdue_fen),
            ),
            format!(
                "Project {project}: {} {} owed {} yuan for {}; the oldest was due on {oldest_due_on}, {} before {today}.",
                counted(*workers, "worker"),
                if *workers == 1 { "is" } else { "are" },
                yuan(*overdue_fen),
                counted(*periods, "worker-month"),
                counted(overdue, "day"),
            ),
        ),
        Evidence::PayeeMismatch { payment, .. } => Both::new(
            format!(
                "项目 {project}：一笔 {} 元的工资付款，收款账户不是该工人登记的账户，不能抵作其工资。",
                yuan(payment.amount_fen.sum()),
            ),
            format!(
                "Project {project}: a wage payment of {} yuan went to an account that the worker has not named; it does not discharge the wage.",
                yuan(payment.amount_fen.sum()),
            ),
        ),
        Evidence::UnregisteredWorker { days: worked, .. } => Both::new(
            format!("项目 {project}：该人员已出勤 {} 天，但没有在本项目的用工登记。", days(*worked)),
            format!(
                "Project {project}: the worker has worked {} and is not enrolled in the project.",
                counted(days(*worked), "day")
            ),
        ),
        Evidence::UnknownProject => Both::new(
            format!("已有记录提到项目 {project}，但没有该项目的登记。"),
            format!("Records name project {project}, and nobody has stated what it is."),
        ),
        Evidence::Facts(facts) => {
            let (info, lines) = (info(finding.rule), fact_lines(facts, numbers));
            let first = |of: fn(&Both) -> &str| lines.iter().take(FIRST_FACTS).map(of).collect::<Vec<_>>();
            let (zh, en) = (first(|line| &line.zh).join("；"), first(|line| &line.en).join("; "));
            let of = match finding.project_id.is_county() {
                true => Both::new("全县", "The county"),
                false => Both::new(format!("项目 {project}"), format!("Project {project}")),
            };
            Both::new(
                format!("{}：{}。{zh}", of.zh, info.title_zh),
                format!("{}: {}. {en}", of.en, info.title_en),
            )
        }
    }
}

pub(super) const HIDDEN: &str = "***";

pub(super) fn person(id: &IdNumber, numbers: Numbers) -> CompactString {
    match numbers {
        Numbers::Masked => id.masked(),
        Numbers::Revealed => id.reveal(),
        Numbers::Hidden => HIDDEN.into(),
    }
}

pub(super) fn account(account: Account, numbers: Numbers) -> CompactString {
    match numbers {
        Numbers::Masked => account.masked(),
        Numbers::Revealed => account.reveal(),
        Numbers::Hidden => HIDDEN.into(),
    }
}

/// Fen as yuan: `8600.00`.
pub(super) fn yuan(fen: Sum) -> String {
    let (whole, rest) = (fen.unsigned_abs() / 100, fen.unsigned_abs() % 100);
    format!("{}{whole}.{rest:02}", if fen < 0 { "-" } else { "" })
}

/// Worked days without needless zeros: `24`, `3.5`, `0.25`.
pub(super) fn days(days: Days) -> String {
    let text = days.to_string();
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// So many of a thing, in English: `1 day`, `3.5 days`.
pub(super) fn counted(count: impl std::fmt::Display, thing: &str) -> String {
    let count = count.to_string();
    let plural = if count == "1" { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

pub(super) fn month(period: Period) -> String {
    let (year, month) = period.ym();
    format!("{year}年{month}月")
}

/// A source's text without control characters: it may end on a terminal.
pub(super) fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{day, unregistered, wage};

    #[test]
    fn sums_and_days_print_exactly() {
        for (fen, text) in
            [(0, "0.00"), (5, "0.05"), (860_000, "8600.00"), (-101, "-1.01"), (112_050, "1120.50")]
        {
            assert_eq!(yuan(fen), text);
        }
        for (hundredths, text) in [(2400, "24"), (350, "3.5"), (25, "0.25"), (0, "0"), (1005, "10.05")] {
            assert_eq!(days(Days(hundredths)), text);
        }
    }

    #[test]
    fn numbers_are_whole_only_when_revealed() {
        let mut finding = unregistered(1);
        let id = IdNumber::from_kept("152722199001010019");
        finding.subject = Subject::Worker(id);
        let shown = |numbers| text(&finding, day("2026-04-20"), None, numbers).to_string();
        assert!(shown(Numbers::Masked).contains("152722********0019"));
        assert!(!shown(Numbers::Masked).contains("152722199001010019"));
        assert!(shown(Numbers::Revealed).contains("152722199001010019"));
    }

    #[test]
    fn a_sources_text_cannot_steer_the_terminal() {
        let finding = wage(1, "2026-03", 860_000);
        let text = text(&finding, day("2026-04-20"), Some("a\u{1b}[2Jb"), Numbers::Masked);
        assert!(!text.to_string().contains('\u{1b}'));
    }
}
