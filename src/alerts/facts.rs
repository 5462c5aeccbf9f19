//! The facts of an alert's evidence in words: what each is called, and its value, masked or whole.
//! Computes nothing.

use super::arithmetic::payment_line;
use super::text::{HIDDEN, Numbers, account, days, month, person, plain, yuan};
use super::words::{Both, fact_words, kind_words};
use crate::domain::{DayStart, Fact, FactValue};

/// One line a fact: `应付日期：2026-04-15`, `Due on: 2026-04-15`.
pub(super) fn fact_lines(facts: &[Fact], numbers: Numbers) -> Vec<Both> {
    facts.iter().map(|fact| fact_line(fact, numbers)).collect()
}

fn fact_line(fact: &Fact, numbers: Numbers) -> Both {
    let (name_zh, name_en) = fact_words(fact.name);
    let kind = match &fact.value {
        FactValue::Text(text) => kind_words(fact.name, text).map(|(zh, en)| Both::new(zh, en)),
        _ => None,
    };
    let value = kind.unwrap_or_else(|| value(&fact.value, numbers));
    if matches!(fact.value, FactValue::Payment(_)) {
        return value;
    }
    Both::new(format!("{name_zh}：{}", value.zh), format!("{name_en}: {}", value.en))
}

fn value(value: &FactValue, numbers: Numbers) -> Both {
    let same = |text: String| Both::new(text.clone(), text);
    match value {
        FactValue::Fen(sum) => Both::new(format!("{} 元", yuan(*sum)), format!("{} yuan", yuan(*sum))),
        FactValue::Days(worked) => Both::new(format!("{} 天", days(*worked)), days(*worked)),
        FactValue::Date(day) => same(day.to_string()),
        FactValue::Month(period) => Both::new(month(*period), period.to_string()),
        FactValue::Count(count) => same(count.to_string()),
        FactValue::Share(hundredths) => same(percent(*hundredths)),
        // The civil date in China: a bank's day begins at midnight.
        FactValue::Time(time) => same(time.business(DayStart(0)).0.to_string()),
        FactValue::Firm(uscc) => same(uscc.to_string()),
        FactValue::Person(id) => same(person(id, numbers).to_string()),
        FactValue::Account(number) => same(account(*number, numbers).to_string()),
        FactValue::Text(_) if numbers == Numbers::Hidden => same(HIDDEN.into()),
        FactValue::Text(text) => same(plain(text)),
        FactValue::Payment(line) => payment_line(line, numbers),
    }
}

/// Hundredths of a percent: `87.5%`, `90%`, `0.05%`.
fn percent(hundredths: i64) -> String {
    let (whole, rest) = (hundredths.unsigned_abs() / 100, hundredths.unsigned_abs() % 100);
    let sign = if hundredths < 0 { "-" } else { "" };
    match rest {
        0 => format!("{sign}{whole}%"),
        _ if rest % 10 == 0 => format!("{sign}{whole}.{}%", rest / 10),
        _ => format!("{sign}{whole}.{rest:02}%"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::sample::{day, person};
    use crate::domain::FactName;

    #[test]
    fn facts_are_named_in_both_tongues_and_people_are_masked() {
        let line = |fact: Fact, numbers| fact_line(&fact, numbers).to_string();
        let due = Fact::date(FactName::DueOn, day("2026-04-15"));
        assert_eq!(line(due, Numbers::Masked), "应付日期：2026-04-15\nDue on: 2026-04-15");
        let worker = Fact::new(FactName::Worker, FactValue::Person(person(1)));
        let form = Fact::text(FactName::DepositForm, "surety");
        assert_eq!(line(form, Numbers::Masked), "缴存形式：担保公司保函\nForm of the deposit: surety");
        assert_ne!(line(worker.clone(), Numbers::Masked), line(worker.clone(), Numbers::Revealed));
        assert!(line(worker, Numbers::Revealed).contains("E00000001"));
    }

    #[test]
    fn shares_print_exactly() {
        for (hundredths, text) in [(9000, "90%"), (8750, "87.5%"), (5, "0.05%"), (-150, "-1.5%"), (0, "0%")] {
            assert_eq!(percent(hundredths), text);
        }
    }
}
