//! A record as one line of the contract's JSON: the way back of the decoder. For made-up records, for
//! listing what was kept, for examples. Writes what a record says and nothing else: absent fields are
//! left out, never null. Knows no file.

use super::json_line::Line;
use crate::domain::*;

/// Appends the record and a line feed. Identity numbers and accounts stand in full.
pub fn write_line(record: &Record, out: &mut Vec<u8>) {
    let mut w = Line { out };
    w.out.extend_from_slice(b"{\"type\":\"");
    w.out.extend_from_slice(record.body.record_type().as_str().as_bytes());
    w.out.push(b'"');
    w.text("id", &record.head.id);
    w.text("source", &record.head.source);
    w.time("at", record.head.at);
    w.body(&record.body);
    w.out.extend_from_slice(b"}\n");
}

impl Line<'_> {
    fn body(&mut self, body: &Body) {
        match body {
            Body::Project(r) => self.project(r),
            Body::Enrolment(r) => self.enrolment(r),
            Body::Swipe(r) => {
                self.worker(&r.project_id, &r.id_number);
                self.time("swiped_at", r.swiped_at);
                self.word("direction", r.direction.map(SwipeDirection::as_str));
                self.optional("device", &r.device);
            }
            Body::WorkDay(r) => {
                self.worker(&r.project_id, &r.id_number);
                self.day("work_date", Some(r.work_date));
                self.shown("days", &r.days);
                self.number("minutes", r.minutes);
            }
            Body::Piecework(r) => {
                self.worker(&r.project_id, &r.id_number);
                self.period("period", Some(r.period));
                self.text("lot", &r.lot);
                self.fen("amount_fen", Some(r.amount_fen));
            }
            Body::Payroll(r) => self.payroll(r),
            Body::Payment(r) => self.payment(r),
            Body::Account(r) => {
                self.plain("project_id", r.project_id.as_str());
                self.plain("account", &r.account.reveal());
                self.text("bank", &r.bank);
                self.day("opened_on", Some(r.opened_on));
                self.flag("agreement_signed", r.agreement_signed);
                self.day("closed_on", r.closed_on);
            }
            Body::AccountEntry(r) => {
                self.plain("account", &r.account.reveal());
                self.text("entry_id", &r.entry_id);
                self.plain("direction", r.direction.as_str());
                self.plain("kind", r.kind.as_str());
                self.fen("amount_fen", Some(r.amount_fen));
                self.time("booked_at", r.booked_at);
                self.optional("counterparty", &r.counterparty);
                self.optional("purpose", &r.purpose);
            }
            Body::AccountRestraint(r) => {
                self.plain("account", &r.account.reveal());
                self.text("restraint_id", &r.restraint_id);
                self.plain("kind", r.kind.as_str());
                self.text("authority", &r.authority);
                self.day("imposed_on", Some(r.imposed_on));
                self.day("lifted_on", r.lifted_on);
            }
            Body::Deposit(_) | Body::PaymentGuarantee(_) | Body::Inspection(_) => self.paper(body),
            Body::Complaint(r) => self.complaint(r),
            Body::BusinessSignal(r) => {
                self.plain("employer_uscc", r.employer_uscc.as_str());
                self.plain("signal", r.signal.as_str());
                self.number("level", Some(r.level));
                self.day("observed_on", Some(r.observed_on));
            }
        }
    }

    fn project(&mut self, r: &Project) {
        self.plain("project_id", r.project_id.as_str());
        self.text("name", &r.name);
        self.text("sector", &r.sector);
        self.text("territory", &r.territory);
        self.plain("funding", r.funding.as_str());
        self.text("owner_name", &r.owner_name);
        self.uscc("owner_uscc", r.owner_uscc);
        self.text("contractor_name", &r.contractor_name);
        self.uscc("contractor_uscc", Some(r.contractor_uscc));
        self.day("contract_signed_on", Some(r.contract_signed_on));
        self.fen("contract_fen", Some(r.contract_fen));
        self.fen("labour_fee_fen", r.labour_fee_fen);
        self.day("started_on", r.started_on);
        self.day("completed_on", r.completed_on);
        self.number("pay_day", r.pay_day);
        self.number("pay_month_offset", r.pay_month_offset);
        self.optional("labour_officer", &r.labour_officer);
        self.plain("status", r.status.as_str());
    }

    fn enrolment(&mut self, r: &Enrolment) {
        self.plain("project_id", r.project_id.as_str());
        self.plain("id_number", &r.id_number.reveal());
        self.optional("id_type", &r.id_type);
        self.text("name", &r.name);
        self.text("employer_name", &r.employer_name);
        self.uscc("employer_uscc", r.employer_uscc);
        self.optional("team", &r.team);
        self.plain("basis", r.basis.as_str());
        self.fen("rate_fen", Some(r.rate_fen));
        self.day("effective_on", Some(r.effective_on));
        self.day("contract_signed_on", r.contract_signed_on);
        self.day("left_on", r.left_on);
        self.account("account", r.account);
        self.number("pay_day", r.pay_day);
        self.number("pay_month_offset", r.pay_month_offset);
    }

    fn payroll(&mut self, r: &Payroll) {
        self.plain("project_id", r.project_id.as_str());
        self.uscc("employer_uscc", Some(r.employer_uscc));
        self.period("period", Some(r.period));
        self.day("submitted_on", Some(r.submitted_on));
        self.day("approved_on", r.approved_on);
        self.key("lines");
        self.out.push(b'[');
        for (n, line) in r.lines.iter().enumerate() {
            self.out.extend_from_slice(if n == 0 { b"{" } else { b",{" });
            self.out.extend_from_slice(b"\"id_number\":\"");
            self.out.extend_from_slice(line.id_number.reveal().as_bytes());
            self.out.push(b'"');
            self.document(&line.id_number);
            self.fen("payable_fen", Some(line.payable_fen));
            self.fen("deductions_fen", Some(line.deductions_fen).filter(|fen| fen.0 != 0));
            self.flag("signed", line.signed);
            self.out.push(b'}');
        }
        self.out.push(b']');
    }

    fn payment(&mut self, r: &Payment) {
        self.text("bank", &r.bank);
        self.text("txn_id", &r.txn_id);
        self.account("account", Some(r.account));
        self.account("payee_account", Some(r.payee_account));
        self.optional("payee_name", &r.payee_name);
        if let Some(id_number) = &r.id_number {
            self.plain("id_number", &id_number.reveal());
            self.document(id_number);
        }
        if let Some(project_id) = &r.project_id {
            self.plain("project_id", project_id.as_str());
        }
        self.period("period", r.period);
        self.fen("amount_fen", Some(r.amount_fen));
        self.time("settled_at", r.settled_at);
        self.plain("status", r.status.as_str());
    }

    /// Deposits, guarantees, inspections.
    fn paper(&mut self, body: &Body) {
        match body {
            Body::Deposit(r) => {
                self.plain("project_id", r.project_id.as_str());
                self.text("deposit_id", &r.deposit_id);
                self.plain("form", r.form.as_str());
                self.fen("amount_fen", Some(r.amount_fen));
                self.day("lodged_on", Some(r.lodged_on));
                self.day("expires_on", r.expires_on);
                self.flag("on_demand", r.on_demand);
                self.plain("status", r.status.as_str());
            }
            Body::PaymentGuarantee(r) => {
                self.plain("project_id", r.project_id.as_str());
                self.text("guarantee_id", &r.guarantee_id);
                self.fen("amount_fen", Some(r.amount_fen));
                self.day("provided_on", Some(r.provided_on));
                self.day("expires_on", r.expires_on);
            }
            Body::Inspection(r) => {
                self.plain("project_id", r.project_id.as_str());
                self.text("inspection_id", &r.inspection_id);
                self.text("department", &r.department);
                self.text("inspector", &r.inspector);
                self.day("inspected_on", Some(r.inspected_on));
                self.plain("outcome", r.outcome.as_str());
                self.optional("note", &r.note);
            }
            _ => {}
        }
    }

    fn complaint(&mut self, r: &Complaint) {
        self.text("complaint_id", &r.complaint_id);
        self.plain("channel", r.channel.as_str());
        self.day("filed_on", Some(r.filed_on));
        if let Some(project_id) = &r.project_id {
            self.plain("project_id", project_id.as_str());
        }
        self.uscc("employer_uscc", r.employer_uscc);
        self.optional("sector", &r.sector);
        self.optional("territory", &r.territory);
        self.number("workers", r.workers);
        self.fen("amount_fen", r.amount_fen);
        self.day("closed_on", r.closed_on);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(body: Body) -> String {
        let at = Time::parse("2026-03-04T02:30:00.5Z").unwrap();
        let record = Record { head: Head { id: "a\"\\\u{1}b".into(), source: "s".into(), at }, body };
        let mut out = Vec::new();
        write_line(&record, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_record_is_one_line_of_the_contract() {
        let body = Body::WorkDay(WorkDay {
            project_id: ProjectId::parse("p", "P1").unwrap(),
            id_number: IdNumber::parse("i", Some("03"), "E1234567").unwrap(),
            work_date: Day::parse("2026-03-04").unwrap(),
            days: Days(125),
            minutes: Some(0),
        });
        assert_eq!(
            line(body),
            "{\"type\":\"attendance\",\"id\":\"a\\\"\\\\\\u0001b\",\"source\":\"s\",\
             \"at\":\"2026-03-04T10:30:00.500000000+08:00\",\"project_id\":\"P1\",\"id_number\":\"E1234567\",\
             \"id_type\":\"99\",\"work_date\":\"2026-03-04\",\"days\":1.25,\"minutes\":0}\n"
        );
    }

    #[test]
    fn a_sheet_lists_its_lines() {
        let resident = IdNumber::parse("i", None, "152722199001010019").unwrap();
        let of = |payable: i64, deductions: i64, signed: bool| PayrollLine {
            id_number: resident.clone(),
            payable_fen: Fen(payable),
            deductions_fen: Fen(deductions),
            signed,
        };
        let text = line(Body::Payroll(Box::new(Payroll {
            project_id: ProjectId::parse("p", "P1").unwrap(),
            employer_uscc: Uscc::parse("u", "91110000600037341L").unwrap(),
            period: Period::parse("2026-03").unwrap(),
            submitted_on: Day::parse("2026-04-01").unwrap(),
            approved_on: None,
            lines: vec![of(0, 0, true), of(500, 20, false)],
        })));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value["lines"][0].to_string(),
            r#"{"id_number":"152722199001010019","payable_fen":0,"signed":true}"#
        );
        assert_eq!(value["lines"][1]["deductions_fen"], 20);
        assert_eq!(value["id"], "a\"\\\u{1}b");
        assert_eq!(value.get("approved_on"), None);
    }
}
