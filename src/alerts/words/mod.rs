//! The fixed words of rules and levels, Chinese first with English beside it: titles, articles, and
//! who must act. Knows no finding.

mod case;
mod facts;
mod kinds;
mod money;
mod people;
mod wages;

pub use case::{CASE_TERMS, CASE_WORDS, Named, named};
pub use facts::fact_words;
pub use kinds::kind_words;

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

/// Every rule stands in one of the three lists; the test below holds it.
pub fn info(rule: Rule) -> &'static RuleInfo {
    let all = || wages::INFOS.iter().chain(money::INFOS).chain(people::INFOS);
    all().find(|info| info.rule == rule).unwrap_or(&wages::INFOS[0])
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
