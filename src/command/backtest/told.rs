//! What a backtest found, as a table for people and as NDJSON. Decides nothing.

use super::feed::Read;
use crate::command::replay::rows::Rows;
use crate::domain::Rule;
use crate::engine::backtest::{Backtest, Effect};
use std::fmt::Write as _;
use std::io::{self, Write};

/// One row a difference, by rule, project and subject.
pub fn rows(test: &Backtest, reveal: bool, out: &mut dyn Write) -> io::Result<()> {
    let mut line = Vec::with_capacity(512);
    let mut out = out;
    let mut rows = Rows::new(&mut out, &mut line, reveal);
    test.differences().try_for_each(|difference| rows.difference(difference))
}

/// Per rule how many come, go and change level; rules without a difference are left out.
pub fn table(test: &Backtest, [old, new]: &[String; 2], read: &Read) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "规则版本 / rulebooks: {old} -> {new}");
    let _ = write!(text, "{} 条记录 / {} records", read.records, read.records);
    if read.rejected > 0 {
        let _ = write!(text, ", {} 条无法采用 / {} not taken", read.rejected, read.rejected);
    }
    match read.days {
        Some((first, last)) if first == last => {
            let _ = writeln!(text, ", {first}");
        }
        Some((first, last)) => {
            let _ = writeln!(text, ", {first} .. {last}");
        }
        None => text.push('\n'),
    }
    let count = |rule: Rule, effect: Effect| {
        test.differences().filter(|d| (d.rule, d.effect) == (rule, effect)).count()
    };
    let head = "规则 / rule";
    // Two of the head's characters take two columns each.
    let _ = writeln!(text, "\n{head:<24}{:>10}{:>10}{:>10}", "comes", "goes", "level");
    let mut sums = [0; 3];
    for rule in Rule::ALL {
        let counts = Effect::ALL.map(|effect| count(*rule, effect));
        if counts != [0; 3] {
            let [comes, goes, level] = counts;
            let _ = writeln!(text, "{:<26}{comes:>10}{goes:>10}{level:>10}", rule.as_str());
        }
        (0..3).for_each(|place| sums[place] += counts[place]);
    }
    let [comes, goes, level] = sums;
    let _ = writeln!(text, "{:<26}{comes:>10}{goes:>10}{level:>10}", "=");
    let [before, after] = test.standing();
    let _ = writeln!(text, "\n最后仍有效 / standing at the end: {before} -> {after}");
    text
}
