//! Random papers of a project, close to what the rules on them turn on: its own record, deposits,
//! guarantees, inspections, complaints. Knows no wage.

use super::*;

impl Maker {
    /// Some paper of the project, or about it.
    pub(super) fn paper(&mut self, project_id: ProjectId) {
        match self.dice.random_range(0..10) {
            0 => self.project(project_id),
            1..=4 => self.deposit(project_id),
            5 => self.guarantee(project_id),
            6 | 7 => self.inspection(project_id),
            _ => self.complaint(project_id),
        }
    }

    /// What a project's own record says beside its pay terms.
    pub(super) fn on_paper(&mut self, project: &mut Project) {
        let first = self.first.first_day();
        let contracts = [1_000_000_000, 299_999_999, 300_000_000, 200_000_050, 1_000_000_049, 0];
        project.contract_fen = Fen(*contracts.choose(&mut self.dice).unwrap());
        if self.one_in(2) {
            project.contract_signed_on = first.plus(self.dice.random_range(-80..40));
        }
        project.started_on =
            if self.one_in(5) { None } else { Some(first.plus(self.dice.random_range(-70..40))) };
        project.labour_officer = if self.one_in(3) { None } else { Some("王五".into()) };
        if self.one_in(4) {
            project.completed_on = Some(self.near_day());
        }
        project.status = match self.dice.random_range(0..8) {
            0 => ProjectStatus::Suspended,
            1 => ProjectStatus::Completed,
            _ => ProjectStatus::Active,
        };
    }

    /// A day of the world's span, and a little before.
    fn near_day(&mut self) -> Day {
        let days = i32::from(self.months) * 30 + 100;
        self.first.first_day().plus(self.dice.random_range(-40..days))
    }

    /// Of a payroll sheet: mostly some day around the month's pay day.
    pub(super) fn approved_on(&mut self, period: Period) -> Option<Day> {
        let days = self.dice.random_range(-2..50);
        (!self.one_in(3)).then(|| period.day_or_last(31).plus(days))
    }

    fn paper_id(&mut self, letter: char) -> CompactString {
        format_compact!("{letter}{}", self.dice.random_range(0..3))
    }

    pub(super) fn deposit(&mut self, project_id: ProjectId) {
        let lodged_on = self.near_day();
        let expires_in = *[0, 20, 30, 31, 60, 365].choose(&mut self.dice).unwrap();
        // Around what the contracts above ask for, and parts of it.
        let sums = [10_000_000, 9_999_999, 5_000_000, 3_000_000, 2_000_001, 2_000_000, 1, 0];
        let status = match self.dice.random_range(0..6) {
            0..=2 => DepositStatus::Lodged,
            3 | 4 => DepositStatus::Drawn,
            _ => DepositStatus::Released,
        };
        let paper = Deposit {
            project_id,
            deposit_id: self.paper_id('D'),
            form: *DepositForm::ALL.choose(&mut self.dice).unwrap(),
            amount_fen: Fen(*sums.choose(&mut self.dice).unwrap()),
            lodged_on,
            expires_on: (!self.one_in(3)).then(|| lodged_on.plus(expires_in)),
            on_demand: !self.one_in(3),
            status,
        };
        self.put(Body::Deposit(Box::new(paper)));
    }

    pub(super) fn guarantee(&mut self, project_id: ProjectId) {
        let provided_on = self.near_day();
        let expires_in = *[0, 30, 60, 365].choose(&mut self.dice).unwrap();
        let paper = PaymentGuarantee {
            project_id,
            guarantee_id: self.paper_id('G'),
            amount_fen: self.amount(),
            provided_on,
            expires_on: (!self.one_in(4)).then(|| provided_on.plus(expires_in)),
        };
        self.put(Body::PaymentGuarantee(Box::new(paper)));
    }

    pub(super) fn inspection(&mut self, project_id: ProjectId) {
        let inspected_on = if self.one_in(2) { self.near_day() } else { self.any_day() };
        let ghost = self.one_in(6).then(|| project_id_of("ghost.project_1"));
        let paper = Inspection {
            project_id: ghost.unwrap_or(project_id),
            inspection_id: self.paper_id('I'),
            department: "housing".into(),
            inspector: "李四".into(),
            inspected_on,
            outcome: *InspectionOutcome::ALL.choose(&mut self.dice).unwrap(),
            note: None,
        };
        self.put(Body::Inspection(Box::new(paper)));
    }

    pub(super) fn complaint(&mut self, project_id: ProjectId) {
        let filed_on = self.near_day();
        let ghost = self.one_in(6).then(|| project_id_of("ghost.project_1"));
        let closed_in = *[0, 1, 31, 90].choose(&mut self.dice).unwrap();
        let paper = Complaint {
            complaint_id: self.paper_id('C'),
            channel: Channel::Hotline,
            filed_on,
            project_id: ghost.or_else(|| (!self.one_in(3)).then_some(project_id)),
            employer_uscc: self.one_in(2).then(|| self.employers[0]),
            sector: None,
            territory: None,
            workers: self.one_in(2).then_some(3),
            amount_fen: if self.one_in(2) { Some(self.amount()) } else { None },
            closed_on: self.one_in(3).then(|| filed_on.plus(closed_in)),
        };
        self.put(Body::Complaint(Box::new(paper)));
    }
}

/// Numbers on papers that are not the default ones, at times.
pub(super) fn numbers(dice: &mut Dice, numbers: &mut Numbers) {
    if dice.random_ratio(1, 3) {
        numbers.deposit_days = dice.random_range(0..60);
        numbers.deposit_red_after_days = dice.random_range(0..60);
        numbers.deposit_rate = *[0, 1, 50, 100, 150].choose(dice).unwrap();
        numbers.deposit_expiry_days = dice.random_range(0..60);
    }
    if dice.random_ratio(1, 3) {
        numbers.deposit_refill_working_days = dice.random_range(0..30);
        numbers.guarantee_days = dice.random_range(0..90);
        numbers.inspection_by_day = dice.random_range(1..=28);
        numbers.payroll_working_days = dice.random_range(0..15);
    }
    if dice.random_ratio(1, 3) {
        numbers.complaint_orange_after_days = dice.random_range(0..40);
        numbers.complaint_red_after_days = numbers.complaint_orange_after_days + dice.random_range(0..40);
    }
}
