//! The words of a case file and of what people do about an alert, Chinese first with English beside it: one list for the
//! page that is printed and for the terminal. Knows no alert.

/// One thing's name: a key that does not change, and what it is called.
pub type Named = (&'static str, &'static str, &'static str);

/// Headings and labels. `{0}` stands for a value.
pub const CASE_WORDS: &[Named] = &[
    ("case.app", "工资支付监测预警", "Wage payment watch"),
    ("case.file", "欠薪预警案件单", "Case file"),
    ("case.sign", "承办人（签字）：", "Handled by (signature):"),
    ("case.date", "日期：", "Date:"),
    // The sections.
    ("evidence", "事实", "Facts"),
    ("arithmetic", "计算过程", "Arithmetic"),
    ("payments", "付款", "Payments"),
    ("causes", "原因", "Causes"),
    ("rolled.up", "其中所含预警（{0}）", "Alerts in it ({0})"),
    ("history", "办理过程", "History"),
    // What the facts are called.
    ("project", "项目", "Project"),
    ("worker", "工人", "Worker"),
    ("month", "月份", "Month"),
    ("employer", "用工单位", "Employer"),
    ("source", "来源", "Source"),
    ("complaint", "投诉", "Complaint"),
    ("account", "账号", "Account"),
    ("txn", "流水号", "Number"),
    ("deposit", "保证金", "Deposit"),
    ("amount", "金额（元）", "Amount (yuan)"),
    ("workers", "工人", "Workers"),
    ("due.on", "应付日", "Due on"),
    ("overdue.days", "逾期 {0} 天", "{0} days overdue"),
    ("status", "状态", "Status"),
    ("raised.on", "首次预警", "Raised on"),
    ("changed.on", "最近变动", "Last changed"),
    ("acknowledge.by", "签收期限", "Acknowledge by"),
    ("settle.by", "办结期限", "Settle by"),
    ("held.since", "隔离始于", "Held since"),
    ("doubt", "存疑", "In doubt"),
    ("assignee", "承办", "Assignee"),
    ("escalated", "已升级至{0}", "Escalated to {0}"),
    ("part.of", "属于项目预警", "Part of the project's alert"),
    ("dismissed.because", "不予处置的理由", "Dismissed because"),
    ("exempted.until", "暂缓至", "Exempted until"),
    ("justify.until", "限期说明", "To be justified by"),
    ("justified", "用人单位说明", "The employer says"),
    ("worker.word", "工人核实意见", "The worker says"),
    ("advanced", "应急周转金已垫付（元）", "Advanced by the emergency fund (yuan)"),
    ("handed.to", "已移送", "Handed over to"),
    ("must.act", "责任主体", "Who must act"),
    ("article", "依据", "Article"),
    ("told", "告知", "Told"),
    ("rulebook", "规则版本", "Rulebook"),
    ("as.of", "业务日期 {0}", "Business date {0}"),
    ("county", "全县（不属于单个项目）", "The county (no single project)"),
    ("unknown", "（未知）", "(unknown)"),
    ("yuan", "元", "yuan"),
    // Payments, and the alerts within one.
    ("settled.at", "入账时间", "Settled"),
    ("bank", "银行", "Bank"),
    ("payee", "收款账号", "Payee account"),
    ("for.month", "所属月份", "For month"),
    ("counts", "计入", "Counts"),
    ("counts.yes", "计入", "Counts"),
    ("counts.no", "不计：非本人登记账户", "Not: to an account that he did not name"),
    ("counts.returned", "不计：已退汇", "Not: returned"),
    ("counts.outside", "未经专户", "Not from the wage account"),
    ("kind", "类型", "Kind"),
    ("more.n", "另有 {0} 条", "{0} more"),
    ("history.dropped", "更早的 {0} 步已不再保留", "{0} earlier steps are no longer kept"),
];

/// Words of closed lists, by their names in the proto files.
pub const CASE_TERMS: &[Named] = &[
    ("ALERT_STATUS_OPEN", "待签收", "Open"),
    ("ALERT_STATUS_ACKNOWLEDGED", "已签收", "Acknowledged"),
    ("ALERT_STATUS_HANDLING", "办理中", "Handling"),
    ("ALERT_STATUS_DISMISSED", "不予处置", "Dismissed"),
    ("ALERT_STATUS_EXEMPTED", "暂缓", "Exempted"),
    ("ALERT_STATUS_RESOLVED", "已解除", "Resolved"),
    ("CHANGE_RAISED", "提起", "Raised"),
    ("CHANGE_CHANGED", "事实变化", "Facts changed"),
    ("CHANGE_RESOLVED", "解除", "Resolved"),
    ("CHANGE_REOPENED", "重新提起", "Reopened"),
    ("CHANGE_ACKNOWLEDGED", "签收", "Acknowledged"),
    ("CHANGE_ASSIGNED", "转办", "Assigned"),
    ("CHANGE_NOTED", "备注", "Noted"),
    ("CHANGE_DISMISSED", "不予处置", "Dismissed"),
    ("CHANGE_HANDLED", "开始办理", "Work began"),
    ("CHANGE_JUSTIFICATION_ASKED", "要求说明", "Justification asked"),
    ("CHANGE_JUSTIFIED", "单位说明", "Employer's word"),
    ("CHANGE_WORKER_SAID", "工人意见", "Worker's word"),
    ("CHANGE_EXEMPTED", "暂缓", "Exempted"),
    ("CHANGE_EXEMPTION_ENDED", "暂缓期满", "Exemption ended"),
    ("CHANGE_ADVANCED", "应急周转金垫付", "Advanced by the fund"),
    ("CHANGE_HANDED_OVER", "移送", "Handed over"),
    ("CHANGE_ESCALATED", "升级", "Escalated"),
    ("CHANGE_ROLLED_UP", "并入项目预警", "Part of the project's alert"),
    ("CHANGE_SHOWN", "单独列出", "Shown by itself"),
    ("CHANGE_RELEASED", "解除隔离", "Let go"),
    ("DISMISS_REASON_RECORD_WRONG", "记录有误", "The record is wrong"),
    ("DISMISS_REASON_PAID_OUTSIDE_RECORDS", "已付，未入记录", "Paid outside of the records"),
    ("DISMISS_REASON_WORKER_AGREED", "工人已同意", "The worker agreed"),
    ("DISMISS_REASON_NOT_A_WORKER", "不是工人", "Not a worker"),
    ("DISMISS_REASON_TEST_DATA", "测试数据", "Test data"),
    ("EXEMPTION_KIND_INSTALMENTS_AGREED", "工人书面同意分期支付", "Instalments agreed in writing"),
    ("EXEMPTION_KIND_IN_PROCEEDINGS", "仲裁或诉讼中", "Before an arbitration or a court"),
    ("EXEMPTION_KIND_SEASONAL_STOP", "季节性停工", "Closed for the season"),
    ("EXEMPTION_KIND_FORCE_MAJEURE", "不可抗力", "Force majeure"),
    ("EXEMPTION_KIND_DATA_TAKEOVER", "数据迁移补录", "Records being taken over"),
    ("EXEMPTION_KIND_BY_DECISION", "主管部门书面决定", "Decided in writing by the department"),
    ("WORKER_WORD_ACCEPTS", "属实，认可单位说明", "As the employer says"),
    ("WORKER_WORD_REJECTS", "不属实，预警无误", "Not so: the alert is right"),
    ("AUTHORITY_POLICE", "公安机关", "The police"),
    ("AUTHORITY_COURT", "人民法院", "A court"),
];

/// Both tongues of a name in a list; the name itself where it is in none.
pub fn named<'a>(list: &[Named], key: &'a str) -> (&'a str, &'a str) {
    list.iter().find(|(name, _, _)| *name == key).map_or((key, key), |(_, zh, en)| (*zh, *en))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AlertStatus, Authority, Change, DismissReason, ExemptionKind, WorkerWord};
    use std::collections::BTreeSet;

    #[test]
    fn every_word_of_a_closed_list_has_a_name_and_each_name_is_there_once() {
        let lists: [(&str, &[&str]); 6] = [
            ("ALERT_STATUS", AlertStatus::WORDS),
            ("CHANGE", Change::WORDS),
            ("DISMISS_REASON", DismissReason::WORDS),
            ("EXEMPTION_KIND", ExemptionKind::WORDS),
            ("WORKER_WORD", WorkerWord::WORDS),
            ("AUTHORITY", Authority::WORDS),
        ];
        let mut wanted = BTreeSet::new();
        for (prefix, words) in lists {
            wanted.extend(words.iter().map(|w| format!("{prefix}_{}", w.to_uppercase().replace('-', "_"))));
        }
        let there: BTreeSet<String> = CASE_TERMS.iter().map(|(key, _, _)| (*key).to_owned()).collect();
        assert_eq!(there, wanted);
        assert_eq!(there.len(), CASE_TERMS.len());
        let keys: BTreeSet<&str> = CASE_WORDS.iter().map(|(key, _, _)| *key).collect();
        assert_eq!(keys.len(), CASE_WORDS.len());
        assert_eq!(named(CASE_TERMS, "CHANGE_NOTED"), ("备注", "Noted"));
        assert_eq!(named(CASE_TERMS, "CHANGE_UNHEARD"), ("CHANGE_UNHEARD", "CHANGE_UNHEARD"));
    }
}
