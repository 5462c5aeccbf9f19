//! Words of closed lists that stand in facts, Chinese and English: forms of deposits, channels of
//! complaints, states of sheets, kinds of restraints, signals, causes. Knows no list's meaning.

use super::info;
use crate::domain::{FactName, Rule};

/// `(银行保函, bank guarantee)`; `None` for what is no word of the fact's list.
pub fn kind_words(name: FactName, word: &str) -> Option<(&'static str, &'static str)> {
    let words = match (name, word) {
        (FactName::Cause | FactName::Rule, rule) => {
            Rule::parse(rule).map(info).map(|info| (info.title_zh, info.title_en))?
        }
        (FactName::DepositForm, "cash") => ("现金", "cash"),
        (FactName::DepositForm, "bank_guarantee") => ("银行保函", "bank guarantee"),
        (FactName::DepositForm, "insurance") => ("保证保险", "insurance"),
        (FactName::DepositForm, "surety") => ("担保公司保函", "surety"),
        (FactName::Channel, "12345") => ("12345热线", "hotline 12345"),
        (FactName::Channel, "petition") => ("信访", "petition"),
        (FactName::Channel, "platform") => ("监控预警平台", "platform"),
        (FactName::Channel, "online") => ("网络", "online"),
        (FactName::Channel, "court") => ("法院", "court"),
        (FactName::SheetState, "missing") => ("未报送", "missing"),
        (FactName::SheetState, "unsigned") => ("未签字", "unsigned"),
        (FactName::SheetState, "unapproved") => ("未审核", "unapproved"),
        (FactName::RestraintKind, "frozen") => ("冻结", "frozen"),
        (FactName::RestraintKind, "seized") => ("查封", "seized"),
        (FactName::RestraintKind, "deducted") => ("划拨", "deducted"),
        (FactName::Signal, "power") => ("用电", "power"),
        (FactName::Signal, "tax") => ("税务", "tax"),
        (FactName::Signal, "licence") => ("登记许可", "licence"),
        (FactName::Signal, "credit") => ("信用", "credit"),
        (FactName::Signal, "litigation") => ("诉讼", "litigation"),
        (FactName::Outcome, "clear") => ("未发现问题", "clear"),
        (FactName::Outcome, "hazard") => ("发现欠薪隐患", "hazard"),
        (FactName::Outcome, "violation") => ("发现违法行为", "violation"),
        _ => return None,
    };
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Channel, DepositForm, InspectionOutcome, RestraintKind, Signal};

    #[test]
    fn every_word_of_a_closed_list_has_both_tongues() {
        let lists = [
            (FactName::DepositForm, DepositForm::WORDS),
            (FactName::Channel, Channel::WORDS),
            (FactName::RestraintKind, RestraintKind::WORDS),
            (FactName::Signal, Signal::WORDS),
            (FactName::Outcome, InspectionOutcome::WORDS),
            (FactName::Cause, Rule::WORDS),
            (FactName::Rule, Rule::WORDS),
        ];
        for (name, words) in lists {
            for word in words {
                assert!(kind_words(name, word).is_some(), "{name} {word}");
            }
        }
        assert_eq!(kind_words(FactName::Deposit, "cash"), None);
        assert_eq!(kind_words(FactName::Cause, "rain"), None);
    }
}
