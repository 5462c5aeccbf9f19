//! The fixed words of rules and levels, Chinese first with English beside it: titles, articles, and
//! who must act. Knows no finding.

use crate::domain::{Level, Rule};
use std::fmt;

/// The same in Chinese and in English.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Both {
    pub zh: String,
    pub en: String,
}

impl Both {
    pub fn new(zh: impl Into<String>, en: impl Into<String>) -> Both {
        Both { zh: zh.into(), en: en.into() }
    }
}

/// Chinese, and English on the line below.
impl fmt::Display for Both {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.zh, self.en)
    }
}

/// What stands in every alert of a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RuleInfo {
    pub rule: Rule,
    pub title_zh: &'static str,
    pub title_en: &'static str,
    pub article_zh: &'static str,
    /// As the header of the rule's file has it.
    pub article_en: &'static str,
    pub must_act_zh: &'static str,
    pub must_act_en: &'static str,
}

pub fn info(rule: Rule) -> &'static RuleInfo {
    match rule {
        Rule::WageUnpaid => &WAGE_UNPAID,
        Rule::WageUnderpaid => &WAGE_UNDERPAID,
        Rule::ProjectArrears => &PROJECT_ARREARS,
        Rule::PayeeMismatch => &PAYEE_MISMATCH,
        Rule::UnregisteredWorker => &UNREGISTERED_WORKER,
        Rule::UnknownProject => &UNKNOWN_PROJECT,
    }
}

/// The level in words: `橙色`, `orange`.
pub fn level_words(level: Level) -> (&'static str, &'static str) {
    let zh = match level {
        Level::Blue => "蓝色",
        Level::Yellow => "黄色",
        Level::Orange => "橙色",
        Level::Red => "红色",
    };
    (zh, level.as_str())
}

const WAGE_UNPAID: RuleInfo = RuleInfo {
    rule: Rule::WageUnpaid,
    title_zh: "工资逾期未付",
    title_en: "Wage unpaid",
    article_zh: "《保障农民工工资支付条例》（国务院令第724号）第十二条至第十四条、第三十条",
    article_en: "Order 724, art. 12-14, 30",
    must_act_zh: "施工总承包单位先行清偿，再依法追偿",
    must_act_en: "The general contractor pays first and then recovers from whoever owes it",
};

const WAGE_UNDERPAID: RuleInfo = RuleInfo {
    rule: Rule::WageUnderpaid,
    title_zh: "工资逾期未足额支付",
    title_en: "Wage paid in part",
    article_zh: "《保障农民工工资支付条例》（国务院令第724号）第十二条",
    article_en: "Order 724, art. 12",
    must_act_zh: "施工总承包单位、分包单位补足差额",
    must_act_en: "The general contractor and the subcontractor make up the difference",
};

const PROJECT_ARREARS: RuleInfo = RuleInfo {
    rule: Rule::ProjectArrears,
    title_zh: "项目拖欠工资",
    title_en: "Project in arrears",
    article_zh: "《保障农民工工资支付条例》（国务院令第724号）第二十九条、第三十条",
    article_en: "Order 724, art. 29-30",
    must_act_zh: "施工总承包单位清偿；行业主管部门与属地同时督办",
    must_act_en: "The general contractor pays; the sector's department and the territory see to it together",
};

const PAYEE_MISMATCH: RuleInfo = RuleInfo {
    rule: Rule::PayeeMismatch,
    title_zh: "工资付入非本人登记账户",
    title_en: "Wage paid to an account that the worker has not named",
    article_zh: "《保障农民工工资支付条例》（国务院令第724号）第三十一条",
    article_en: "Order 724, art. 31",
    must_act_zh: "施工总承包单位核实收款账户：登记本人账户，或追回后付给本人",
    must_act_en: "The general contractor checks the account: the worker names it, or the money goes to the worker",
};

const UNREGISTERED_WORKER: RuleInfo = RuleInfo {
    rule: Rule::UnregisteredWorker,
    title_zh: "未登记人员出勤",
    title_en: "Worker not registered",
    article_zh: "《保障农民工工资支付条例》（国务院令第724号）第二十八条",
    article_en: "Order 724, art. 28",
    must_act_zh: "施工总承包单位、分包单位补办用工实名登记并订立合同",
    must_act_en: "The general contractor and the subcontractor register the worker and sign a contract",
};

const UNKNOWN_PROJECT: RuleInfo = RuleInfo {
    rule: Rule::UnknownProject,
    title_zh: "项目未登记",
    title_en: "Project not registered",
    article_zh: "《达拉特旗全面治理拖欠农牧民工工资问题实施方案》（2025年）三（六）",
    article_en: "county plan 2025, section 3 (6)",
    must_act_zh: "行业主管部门查明项目并纳入监控预警平台",
    must_act_en: "The sector's department finds out what the project is and has it put under monitoring",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_own_words() {
        for rule in Rule::ALL {
            assert_eq!(info(*rule).rule, *rule);
        }
    }
}
