//! The arithmetic of an alert, line by line, from what its evidence carries and nothing else.
//! Computes no wage: it shows how the ledger did, and a reader can check each line.

use super::facts::fact_lines;
use super::text::{Numbers, account, counted, days, month, person, plain, yuan};
use super::words::Both;
use crate::domain::{
    AccrualLine, Basis, Day, DayStart, Days, Evidence, Fen, Finding, IdNumber, PaymentLine, Sum, WagePeriod,
    div_half_up,
};

pub(super) fn arithmetic(finding: &Finding, today: Day, numbers: Numbers) -> Vec<Both> {
    match &finding.evidence {
        Evidence::Wage(wage) => wage_arithmetic(wage, today, numbers),
        Evidence::ProjectArrears { overdue_fen, workers, periods, oldest_due_on, worst, .. } => {
            let mut lines = worst_lines(*overdue_fen, *workers, worst, numbers);
            lines.push(Both::new(
                format!("合计：{workers} 人，{periods} 个人月，{} 元", yuan(*overdue_fen)),
                format!(
                    "In all: {}, {}, {} yuan",
                    counted(*workers, "worker"),
                    counted(*periods, "worker-month"),
                    yuan(*overdue_fen)
                ),
            ));
            lines.push(overdue_line(*oldest_due_on, today));
            lines
        }
        Evidence::PayeeMismatch { payment, named_accounts } => {
            let named: Vec<_> = named_accounts.iter().map(|one| account(*one, numbers)).collect();
            let mut lines = vec![payment_line(payment, numbers)];
            lines.push(Both::new(
                format!("该工人在本项目登记的账户：{}", named.join("、")),
                format!("Accounts that the worker has named in the project: {}", named.join(", ")),
            ));
            lines
        }
        Evidence::UnregisteredWorker { days: worked, first_worked_on } => {
            let first = first_worked_on.map(|day| day.to_string()).unwrap_or_else(|| "-".into());
            vec![
                Both::new(
                    format!("出勤 {} 天，第一天为 {first}", days(*worked)),
                    format!("Worked {}, the first on {first}", counted(days(*worked), "day")),
                ),
                Both::new(
                    "没有用工登记即没有约定工资：应计 0.00 元，登记后从第一天起计",
                    "No enrolment, no rate: nothing accrues until one arrives, then from the first day",
                ),
            ]
        }
        Evidence::UnknownProject => Vec::new(),
        Evidence::Facts(facts) => fact_lines(facts, numbers),
    }
}

/// A worker's month, be it overdue or not.
pub fn wage_arithmetic(wage: &WagePeriod, today: Day, numbers: Numbers) -> Vec<Both> {
    let mut lines: Vec<Both> = wage.accrual.iter().map(accrual_line).collect();
    lines.push(accrued_line(wage));
    lines.push(expected_line(wage));
    lines.extend(wage.payments.iter().map(|payment| payment_line(payment, numbers)));
    lines.extend(direct_line(wage));
    if wage.filled > 0 {
        lines.push(Both::new(
            format!("由未指明月份的付款及其他月份多付的款项，从最早的月份起补入本月 {} 元", yuan(wage.filled)),
            format!(
                "Filled from payments that name no month and from what other months were paid too much, oldest month first: {} yuan",
                yuan(wage.filled)
            ),
        ));
    }
    let (direct, filled, paid) = (yuan(wage.direct), yuan(wage.filled), yuan(wage.paid));
    lines.push(Both::new(
        format!("已付 = {direct} + {filled} = {paid} 元"),
        format!("Paid = {direct} + {filled} = {paid} yuan"),
    ));
    let (expected, arrears, tolerance) = (yuan(wage.expected), yuan(wage.arrears), yuan(wage.tolerance));
    let is_owed = wage.arrears > wage.tolerance;
    let (than_zh, than_en) = if is_owed { ("超过", "above") } else { ("不超过", "not above") };
    lines.push(Both::new(
        format!("欠付 = 应付 − 已付 = {expected} − {paid} = {arrears} 元（{than_zh}容差 {tolerance} 元）"),
        format!(
            "Arrears = expected − paid = {expected} − {paid} = {arrears} yuan ({than_en} the tolerance of {tolerance})"
        ),
    ));
    lines.push(due_line(wage.due_nominal, wage.due_on));
    if is_owed && today > wage.due_on {
        lines.push(overdue_line(wage.due_on, today));
    }
    lines
}

fn accrual_line(line: &AccrualLine) -> Both {
    match line {
        AccrualLine::Piecework { lot, amount_fen } => {
            let (lot, amount) = (plain(lot), yuan(amount_fen.sum()));
            Both::new(format!("计件 {lot}：{amount} 元"), format!("Piecework {lot}: {amount} yuan"))
        }
        AccrualLine::Terms { effective_on, basis, rate_fen, days: worked, minutes, accrued } => {
            let product = terms_product(*basis, *rate_fen, *worked, *minutes, *accrued);
            Both::new(
                format!("{}（{effective_on} 起的约定）", product.zh),
                format!("{} (terms from {effective_on})", product.en),
            )
        }
    }
}

/// `日薪 320.00 元 × 3.5 天 = 1120.00 元`, and how it was rounded or capped.
fn terms_product(basis: Basis, rate: Fen, worked: Days, minutes: u32, accrued: Sum) -> Both {
    let (price, sum, count) = (yuan(rate.sum()), yuan(accrued), days(worked));
    let by_days = rate.sum() * Sum::from(worked.0);
    match basis {
        Basis::Daily => {
            let (zh, en) = rounding(by_days % 100 == 0);
            Both::new(
                format!("日薪 {price} 元 × {count} 天 = {sum} 元{zh}"),
                format!("{price} yuan a day × {} = {sum} yuan{en}", counted(count, "day")),
            )
        }
        Basis::Monthly => {
            let uncapped = div_half_up(by_days, 2175);
            let (zh, en) = rounding(by_days % 2175 == 0);
            let (cap_zh, cap_en) = if uncapped > accrued {
                (format!("，不超过月薪，计 {sum} 元"), format!("; at most the monthly rate: {sum} yuan"))
            } else {
                Default::default()
            };
            let product = yuan(uncapped);
            Both::new(
                format!("月薪 {price} 元 × {count} 天 ÷ 21.75 = {product} 元{zh}{cap_zh}"),
                format!(
                    "{price} yuan a month × {} ÷ 21.75 = {product} yuan{en}{cap_en}",
                    counted(count, "day")
                ),
            )
        }
        Basis::Hourly => {
            let (zh, en) = rounding((rate.sum() * Sum::from(minutes)) % 60 == 0);
            Both::new(
                format!("时薪 {price} 元 × {minutes} 分钟 ÷ 60 = {sum} 元{zh}"),
                format!("{price} yuan an hour × {} ÷ 60 = {sum} yuan{en}", counted(minutes, "minute")),
            )
        }
        Basis::Piece => Both::new(
            format!("计件用工：出勤 {count} 天不按天计价，计 {sum} 元"),
            format!("Paid by the piece: {} of attendance at {sum} yuan", counted(count, "day")),
        ),
    }
}

fn rounding(exact: bool) -> (&'static str, &'static str) {
    if exact { ("", "") } else { ("，四舍五入到分", ", rounded half up to the fen") }
}

fn accrued_line(wage: &WagePeriod) -> Both {
    let addends: Vec<String> = wage
        .accrual
        .iter()
        .map(|line| match line {
            AccrualLine::Terms { accrued, .. } => yuan(*accrued),
            AccrualLine::Piecework { amount_fen, .. } => yuan(amount_fen.sum()),
        })
        .collect();
    let (accrued, worked) = (yuan(wage.accrued), days(wage.days));
    let sum = if addends.len() > 1 { format!("{} = {accrued}", addends.join(" + ")) } else { accrued };
    Both::new(
        format!("应计 = {sum} 元（本月出勤 {worked} 天）"),
        format!("Accrued = {sum} yuan ({} worked in the month)", counted(worked, "day")),
    )
}

fn expected_line(wage: &WagePeriod) -> Both {
    let expected = yuan(wage.expected);
    match wage.signed {
        Some(signed) => Both::new(
            format!("应付 = 已签字工资表的应发减扣款合计 {} 元，以工资表为准", yuan(signed)),
            format!(
                "Expected = signed payroll sheets, payable less deductions: {} yuan; they go before accrued",
                yuan(signed)
            ),
        ),
        None => Both::new(
            format!("应付 = 应计 = {expected} 元（没有已签字的工资表）"),
            format!("Expected = accrued = {expected} yuan (no signed payroll sheet)"),
        ),
    }
}

pub(super) fn payment_line(payment: &PaymentLine, numbers: Numbers) -> Both {
    let (verdict_zh, verdict_en) = match (payment.counts, payment.returned) {
        (true, _) => ("计入", "counted"),
        (false, true) => ("不计入：已被退回", "not counted: returned"),
        (false, false) => {
            ("不计入：收款账户不是本人登记的账户", "not counted: the worker has not named that account")
        }
    };
    let (bank, txn) = (plain(&payment.bank), plain(&payment.txn_id));
    // The civil date in China: a bank's day begins at midnight.
    let (on, _) = payment.settled_at.business(DayStart(0));
    let (amount, payee) = (yuan(payment.amount_fen.sum()), account(payment.payee_account, numbers));
    let (names_zh, names_en) = match payment.period {
        Some(period) => (format!("指明 {}", month(period)), format!("for {period}")),
        None => ("未指明月份".into(), "for no month by name".into()),
    };
    Both::new(
        format!("付款 {bank} {txn}，{on}，{amount} 元，{names_zh}，收款账户 {payee}：{verdict_zh}"),
        format!("Payment {bank} {txn} on {on}, {amount} yuan, {names_en}, to {payee}: {verdict_en}"),
    )
}

/// What the payments that name the month come to, and how much of it the month takes.
fn direct_line(wage: &WagePeriod) -> Option<Both> {
    let counted = wage.payments.iter().filter(|payment| payment.counts);
    let labelled: Sum = counted.map(|payment| payment.amount_fen.sum()).sum();
    if labelled == 0 {
        return None;
    }
    let (labelled, expected, direct) = (yuan(labelled), yuan(wage.expected), yuan(wage.direct));
    Some(Both::new(
        format!("指明本月且计入的付款合计 {labelled} 元，本月取其与应付 {expected} 元中较小者：{direct} 元"),
        format!(
            "Counted payments for the month: {labelled} yuan; the month takes the lesser of it and the expected {expected}: {direct} yuan"
        ),
    ))
}

fn due_line(nominal: Day, due_on: Day) -> Both {
    if nominal == due_on {
        return Both::new(format!("应付日 {due_on}"), format!("Due on {due_on}"));
    }
    let (why_zh, why_en) = match nominal.weekday() {
        5 => ("星期六", "a Saturday"),
        6 => ("星期日", "a Sunday"),
        _ => ("法定节假日或休息日", "a statutory holiday or a day off"),
    };
    let (_, from_month, from_day) = nominal.ymd();
    let (_, to_month, to_day) = due_on.ymd();
    Both::new(
        format!(
            "应付日 {due_on}：{from_month}月{from_day}日为{why_zh}，提前至{to_month}月{to_day}日（条例第十四条）"
        ),
        format!("Due on {due_on}: {nominal} is {why_en}, so it moves back to the last working day (art. 14)"),
    )
}

fn overdue_line(due_on: Day, today: Day) -> Both {
    let overdue = today.since(due_on);
    Both::new(
        format!("逾期 = {today} − {due_on} = {overdue} 天"),
        format!("Overdue = {today} − {due_on} = {}", counted(overdue, "day")),
    )
}

fn worst_lines(total: Sum, workers: u32, worst: &[(IdNumber, Sum)], numbers: Numbers) -> Vec<Both> {
    let mut lines: Vec<Both> = worst
        .iter()
        .map(|(id, sum)| {
            let (id, sum) = (person(id, numbers), yuan(*sum));
            Both::new(format!("工人 {id}：欠付 {sum} 元"), format!("Worker {id}: {sum} yuan owed"))
        })
        .collect();
    let named: Sum = worst.iter().map(|(_, sum)| sum).sum();
    let others = workers.saturating_sub(u32::try_from(worst.len()).unwrap_or(u32::MAX));
    if others > 0 {
        let rest = yuan(total - named);
        lines.push(Both::new(
            format!("其余 {others} 人：欠付 {rest} 元"),
            format!("The other {others}: {rest} yuan owed"),
        ));
    }
    lines
}
