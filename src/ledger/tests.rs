//! County and projects driven together: whatever the order, the repeats, the restarts and the
//! evictions, the same truth. Homes of payments are checked against a model from scratch.

use super::*;
use crate::domain::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Ten small numbers that make a record of a small world, where everything collides often.
type Seed = [u8; 10];

fn project(n: u8) -> ProjectId {
    ProjectId::parse("project_id", ["P-1", "P-2", "P-3"][usize::from(n % 3)]).unwrap()
}

fn worker(n: u8) -> IdNumber {
    let numbers = ["152722199001010019", "150621200301010012", "150621199001010015"];
    if n % 4 == 3 {
        return IdNumber::parse("id_number", Some("08"), "E12345678").unwrap();
    }
    IdNumber::parse("id_number", None, numbers[usize::from(n % 4)]).unwrap()
}

fn account(n: u8) -> Account {
    Account::parse(
        "account",
        ["62280000", "62280001", "62280002", "0053701"][usize::from(n % 4)].repeat(2).as_str(),
    )
    .unwrap()
}

fn uscc(n: u8) -> Uscc {
    Uscc::parse("uscc", ["91110000600037341L", "91150621MA0NTET009"][usize::from(n % 2)]).unwrap()
}

fn day(n: u8) -> Day {
    Day::from_ymd(2026, 2, 26).unwrap().plus(i32::from(n % 12))
}

fn period(n: u8) -> Period {
    Period::from_ym(2026, 2 + u32::from(n % 2)).unwrap()
}

fn some<T>(n: u8, value: T) -> Option<T> {
    (!n.is_multiple_of(3)).then_some(value)
}

fn fen(n: u8) -> Fen {
    Fen([0, 1, 150, 30_000, 99_999, Fen::MAX.0][usize::from(n % 6)])
}

fn record([kind, a, b, c, d, e, f, g, at, id]: Seed) -> Record {
    let text = |n: u8| compact_str::format_compact!("t{}", n % 3);
    let body = match kind % 18 {
        0..=2 => Body::Swipe(Swipe {
            project_id: project(a),
            id_number: worker(b),
            swiped_at: Time::from_seconds(
                (i64::from(day(c).0) * 24 + i64::from(d % 24)) * 3600 + i64::from(e),
            ),
            direction: None,
            device: None,
        }),
        3 | 4 => Body::WorkDay(WorkDay {
            project_id: project(a),
            id_number: worker(b),
            work_date: day(c),
            days: Days(u32::from(d % 4) * 50),
            minutes: some(e, u16::from(f) * 3),
        }),
        5 | 6 => Body::Enrolment(Box::new(Enrolment {
            project_id: project(a),
            id_number: worker(b),
            id_type: some(b, text(b)),
            name: text(c),
            employer_name: text(d),
            employer_uscc: some(d, uscc(d)),
            team: None,
            basis: Basis::ALL[usize::from(e % 4)],
            rate_fen: fen(f),
            effective_on: day(g),
            contract_signed_on: None,
            left_on: None,
            account: some(d, account(c)),
            pay_day: some(f, 1 + f % 31),
            pay_month_offset: some(g, g % 2),
        })),
        7 => Body::Piecework(Box::new(Piecework {
            project_id: project(a),
            id_number: worker(b),
            period: period(c),
            lot: text(d),
            amount_fen: fen(e),
        })),
        8 => Body::Payroll(Box::new(Payroll {
            project_id: project(a),
            employer_uscc: uscc(b),
            period: period(c),
            submitted_on: day(d),
            approved_on: None,
            lines: (0..e % 4)
                .map(|n| PayrollLine {
                    id_number: worker(f.wrapping_add(n / 2)),
                    payable_fen: fen(g.wrapping_add(n)),
                    deductions_fen: fen(f),
                    signed: n % 2 == g % 2,
                })
                .collect(),
        })),
        9..=11 => Body::Payment(Box::new(Payment {
            bank: text(a),
            txn_id: text(b),
            account: account(a % 3 + b % 3),
            payee_account: account(a % 3),
            payee_name: some(c, text(c)),
            id_number: some(d, worker(d)),
            project_id: some(e, project(e / 3)),
            period: some(f, period(f / 3)),
            amount_fen: Fen(1 + i64::from(a % 3) * 40_000),
            settled_at: Time::from_seconds(i64::from(g)),
            status: PaymentStatus::ALL[usize::from(g % 5 == 0)],
        })),
        12 => Body::Account(Box::new(WageAccount {
            project_id: project(a),
            account: account(b),
            bank: text(c),
            opened_on: day(d),
            agreement_signed: e % 2 == 0,
            closed_on: None,
        })),
        13 => Body::Project(Box::new(Project {
            project_id: project(a),
            name: text(b),
            sector: text(c),
            territory: text(d),
            funding: Funding::ALL[usize::from(e % 3)],
            owner_name: text(e),
            owner_uscc: some(f, uscc(f)),
            contractor_name: text(f),
            contractor_uscc: uscc(g),
            contract_signed_on: day(g),
            contract_fen: fen(g),
            labour_fee_fen: None,
            started_on: None,
            completed_on: None,
            pay_day: some(b, 1 + b % 31),
            pay_month_offset: some(c, c % 2),
            labour_officer: None,
            status: ProjectStatus::Active,
        })),
        14 => Body::Deposit(Box::new(Deposit {
            project_id: project(a),
            deposit_id: text(b),
            form: DepositForm::ALL[usize::from(c % 4)],
            amount_fen: fen(d),
            lodged_on: day(e),
            expires_on: some(f, day(f)),
            on_demand: g % 2 == 0,
            status: DepositStatus::Lodged,
        })),
        // A booking stands once, so all that it says follows from its key; its numbers are those of payments.
        15 => Body::AccountEntry(Box::new(AccountEntry {
            account: account(a),
            entry_id: text(b),
            direction: EntryDirection::ALL[usize::from((a % 4 + b % 3) % 2)],
            kind: EntryKind::ALL[usize::from((a % 4 + 2 * (b % 3)) % 4)],
            amount_fen: Fen(1 + i64::from(a % 4) * 50_000 + i64::from(b % 3)),
            booked_at: Time::from_seconds(i64::from(day(a % 4 + 3 * (b % 3)).0) * 86_400),
            counterparty: None,
            purpose: None,
        })),
        16 => Body::AccountRestraint(Box::new(AccountRestraint {
            account: account(a),
            restraint_id: text(b),
            kind: RestraintKind::ALL[usize::from(c % 3)],
            authority: text(c),
            imposed_on: day(d),
            lifted_on: some(e, day(e)),
        })),
        _ => Body::Complaint(Box::new(Complaint {
            complaint_id: text(a),
            channel: Channel::Court,
            filed_on: day(b),
            project_id: some(c, project(c / 3)),
            employer_uscc: None,
            sector: None,
            territory: None,
            workers: some(d, u32::from(d)),
            amount_fen: None,
            closed_on: None,
        })),
    };
    let head = Head { id: text(id), source: "test".into(), at: Time::from_seconds(i64::from(at % 4)) };
    Record { head, body }
}

/// County, projects, and a store from which both can come back.
#[derive(Default)]
struct World {
    county: County,
    projects: BTreeMap<ProjectId, ProjectLedger>,
    county_store: BTreeMap<CountyPage, Vec<u8>>,
    project_store: BTreeMap<(ProjectId, PageKey), Vec<u8>>,
}

/// All that can be seen from outside.
#[derive(PartialEq, Debug)]
struct Truth {
    facts: BTreeMap<ProjectId, Option<Project>>,
    views: Vec<WorkerView>,
    suspense: Vec<(ProjectId, KeptPayment, SuspenseReason)>,
    homeless: Vec<KeptPayment>,
    /// Every payment in every project.
    payments: BTreeMap<(ProjectId, String), KeptPayment>,
    accounts: Vec<(ProjectId, WageAccount)>,
    deposits: Vec<Deposit>,
    payrolls: Vec<Payroll>,
    complaints: Vec<Complaint>,
    /// Each complaint in the project that holds it.
    complained: Vec<(ProjectId, Complaint)>,
    /// All that rules see of each project's papers.
    papers: BTreeMap<ProjectId, String>,
}

fn payment_name(payment: &Payment) -> String {
    format!("{}/{}", payment.bank, payment.txn_id)
}

impl World {
    fn project(&mut self, id: &ProjectId) -> &mut ProjectLedger {
        self.projects.entry(id.clone()).or_insert_with(|| ProjectLedger::new(id.clone()))
    }

    fn apply(&mut self, record: &Record) -> (Verdict, Vec<Command>) {
        for page in self.county.needs(record) {
            self.county.load_page(page, &self.county_store[&page]).unwrap();
        }
        let mut out = Vec::new();
        let verdict = match self.county.route(record, &mut out) {
            Routed::Done(verdict) => verdict,
            Routed::Project(id) => {
                let touched = self.project(id).merge(record, &Rulebook::default());
                if touched.changed { Verdict::Accepted } else { Verdict::Duplicate }
            }
        };
        for command in &out {
            obey(self.project(command.project_id()), command);
        }
        (verdict, out)
    }

    fn checkpoint(&mut self) {
        self.county_store.extend(self.county.dirty_pages());
        for (id, project) in &mut self.projects {
            self.project_store
                .extend(project.dirty_pages().into_iter().map(|(key, bytes)| ((id.clone(), key), bytes)));
            assert!(!project.is_dirty());
        }
    }

    fn restart(&mut self) {
        self.checkpoint();
        self.county = County::new();
        for (page, bytes) in &self.county_store {
            self.county.exists(*page);
            if !page.is_lazy() {
                self.county.load_page(*page, bytes).unwrap();
            }
        }
        self.projects.clear();
        for ((id, key), bytes) in &self.project_store {
            let project = self.projects.entry(id.clone()).or_insert_with(|| ProjectLedger::new(id.clone()));
            project.load_page(*key, bytes).unwrap();
        }
        self.projects.values_mut().for_each(|project| project.finish_load().unwrap());
    }

    fn truth(&self) -> Truth {
        let book = Rulebook::default();
        let projects = || self.projects.iter();
        let mut views: Vec<WorkerView> = projects()
            .flat_map(|(_, p)| (0..u32::try_from(p.workers()).unwrap()).map(|ix| p.settle(ix, &book)))
            .filter(|view| !view.periods.is_empty() || view.enrolled || view.advance != 0)
            .collect();
        views.sort_by(|a, b| (&a.project_id, &a.id_number).cmp(&(&b.project_id, &b.id_number)));
        let of = |id: &ProjectId, kept: KeptPayment| ((id.clone(), payment_name(&kept.payment)), kept);
        Truth {
            facts: projects().map(|(id, p)| (id.clone(), p.facts().cloned())).collect(),
            views,
            suspense: projects()
                .flat_map(|(id, p)| p.suspense().into_iter().map(|(kept, why)| (id.clone(), kept, why)))
                .collect(),
            homeless: self.county.suspense().cloned().collect(),
            payments: projects()
                .flat_map(|(id, p)| p.payments.slots.iter().flatten().map(|s| of(id, s.read().unwrap())))
                .collect(),
            accounts: projects().flat_map(|(id, p)| p.accounts().map(|a| (id.clone(), a.clone()))).collect(),
            deposits: projects().flat_map(|(_, p)| p.deposits().map(|paper| paper.deposit.clone())).collect(),
            payrolls: projects().flat_map(|(_, p)| p.payrolls().cloned()).collect(),
            complaints: {
                let mut all: Vec<Complaint> = self.county.complaints().cloned().collect();
                all.sort_by(|a, b| a.complaint_id.cmp(&b.complaint_id));
                all
            },
            complained: projects()
                .flat_map(|(id, p)| p.complaints().map(|c| (id.clone(), c.clone())))
                .collect(),
            papers: projects().map(|(id, p)| (id.clone(), format!("{:?}", p.papers(false)))).collect(),
        }
    }
}

fn obey(project: &mut ProjectLedger, command: &Command) -> Touched {
    match command {
        Command::Payment { payment, .. } => project.put_payment(payment),
        Command::TakePayment { bank, txn_id, .. } => project.take_payment(bank, txn_id),
        Command::Account { account, .. } => project.put_account(account),
        Command::TakeAccount { account, .. } => project.take_account(*account),
        Command::Bookings { account, entries, restraints, .. } => {
            project.put_bookings(*account, entries, restraints)
        }
        Command::Complaint { complaint, .. } => project.put_complaint(complaint),
        Command::TakeComplaint { complaint_id, .. } => project.take_complaint(complaint_id),
        Command::Named { .. } => project.put_named(),
    }
}

/// Where every payment and account belongs, computed from the whole set of records.
fn homes(records: &[Record]) -> (BTreeMap<String, Option<ProjectId>>, BTreeMap<Account, ProjectId>) {
    let mut accounts: BTreeMap<Account, (Stamp, Vec<u8>, ProjectId)> = BTreeMap::new();
    let mut payments: BTreeMap<String, (Stamp, Vec<u8>, Payment)> = BTreeMap::new();
    let bytes = |value: &dyn Fn() -> Vec<u8>| value();
    for record in records {
        let stamp = record.head.stamp();
        if let Body::Account(a) = &record.body {
            let new = (stamp.clone(), bytes(&|| stored::Stored::packed(&**a)), a.project_id.clone());
            let known = accounts.entry(a.account).or_insert_with(|| new.clone());
            if (&new.0, &new.1) > (&known.0, &known.1) {
                *known = new;
            }
        }
        if let Body::Payment(p) = &record.body {
            let settled = Payment { status: PaymentStatus::Settled, ..(**p).clone() };
            let new = (stamp, bytes(&|| stored::Stored::packed(&settled)), settled);
            let known = payments.entry(payment_name(p)).or_insert_with(|| new.clone());
            if (&new.0, &new.1) > (&known.0, &known.1) {
                *known = new;
            }
        }
    }
    let accounts: BTreeMap<Account, ProjectId> = accounts.into_iter().map(|(a, (_, _, p))| (a, p)).collect();
    let home = |p: &Payment| p.project_id.clone().or_else(|| accounts.get(&p.account).cloned());
    (payments.into_iter().map(|(name, (_, _, p))| (name, home(&p))).collect(), accounts)
}

fn seeds(most: usize) -> impl Strategy<Value = Vec<Seed>> {
    prop::collection::vec(any::<Seed>(), 1..most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn order_repeats_and_restarts_do_not_show(
        seeds in seeds(120),
        order in prop::collection::vec((any::<prop::sample::Index>(), 0u8..40), 240),
    ) {
        let records: Vec<Record> = seeds.into_iter().map(record).collect();
        let mut once = World::default();
        records.iter().for_each(|r| { once.apply(r); });
        let mut other = World::default();
        // Some in any order, some of them twice, with restarts between; then all that may be missing, backwards.
        for (n, event) in &order {
            match event {
                0 => other.restart(),
                1 => other.checkpoint(),
                2 => { other.county.evict_clean(usize::MAX); }
                _ => { other.apply(n.get(&records)); }
            }
        }
        for r in records.iter().rev() {
            other.apply(r);
        }
        prop_assert_eq!(once.truth(), other.truth());
        other.restart();
        prop_assert_eq!(once.truth(), other.truth());
        once.restart();
        prop_assert_eq!(once.truth(), other.truth());
    }

    #[test]
    fn every_payment_and_account_stands_where_its_home_is(seeds in seeds(80)) {
        let mut world = World::default();
        let mut records: Vec<Record> = Vec::new();
        for seed in seeds {
            // Only what the county keeps and enrolments: dense enough to move homes often.
            let kind = [5, 9, 9, 9, 12, 12][usize::from(seed[0] % 6)];
            let record = record([kind, seed[1], seed[2], seed[3], seed[4], seed[5], seed[6], seed[7], seed[8], seed[9]]);
            world.apply(&record);
            records.push(record);
            let (payments, accounts) = homes(&records);
            let truth = world.truth();
            let mut got: BTreeMap<String, Option<ProjectId>> = BTreeMap::new();
            for (id, name) in truth.payments.keys() {
                prop_assert!(got.insert(name.clone(), Some(id.clone())).is_none(), "{name} stands in two projects");
            }
            for (name, home) in &payments {
                let mine = got.get(name).cloned().flatten();
                prop_assert_eq!(&mine, home, "{}", name);
            }
            let homed = payments.values().filter(|home| home.is_some()).count();
            prop_assert_eq!(got.len(), homed);
            for kept in &truth.homeless {
                prop_assert_eq!(payments.get(&payment_name(&kept.payment)), Some(&None));
            }
            let got: BTreeMap<Account, ProjectId> = truth.accounts.iter().map(|(id, a)| (a.account, id.clone())).collect();
            prop_assert_eq!(truth.accounts.len(), accounts.len());
            prop_assert_eq!(got, accounts);
        }
    }

    #[test]
    fn a_complaint_stands_in_the_project_that_it_names_and_in_no_other(seeds in seeds(40)) {
        let mut world = World::default();
        for seed in seeds {
            let mut seed = seed;
            seed[0] = 15;
            world.apply(&record(seed));
            let truth = world.truth();
            let named = truth.complaints.iter().filter_map(|c| Some((c.project_id.clone()?, c.clone())));
            let mut held = truth.complained.clone();
            held.sort_by(|a, b| a.1.complaint_id.cmp(&b.1.complaint_id));
            prop_assert_eq!(held, named.collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_second_time_nothing_changes(seeds in seeds(60)) {
        let mut world = World::default();
        let records: Vec<Record> = seeds.into_iter().map(record).collect();
        records.iter().for_each(|r| { world.apply(r); });
        world.checkpoint();
        for r in &records {
            let (_, out) = world.apply(r);
            prop_assert_eq!(out, []);
        }
        prop_assert_eq!(world.county.dirty_pages(), []);
        prop_assert!(world.projects.values().all(|p| !p.is_dirty()));
    }

    #[test]
    fn the_same_sequence_writes_the_same_pages(seeds in seeds(60), cut in any::<prop::sample::Index>()) {
        let records: Vec<Record> = seeds.into_iter().map(record).collect();
        let (mut whole, mut cut_world) = (World::default(), World::default());
        for (n, r) in records.iter().enumerate() {
            whole.apply(r);
            cut_world.apply(r);
            if n == cut.index(records.len()) {
                cut_world.restart();
            }
        }
        whole.checkpoint();
        cut_world.checkpoint();
        prop_assert_eq!(&whole.project_store, &cut_world.project_store);
        // Pages of what is empty again need not exist: both have those that say something.
        for (page, bytes) in &whole.county_store {
            if bytes.len() > 2 {
                prop_assert_eq!(Some(bytes), cut_world.county_store.get(page));
            }
        }
    }

    #[test]
    fn touched_names_every_worker_whose_view_changed(seeds in seeds(60)) {
        let book = Rulebook::default();
        let mut world = World::default();
        for seed in seeds {
            // One project, so that each record goes there.
            let mut r = record(seed);
            match &mut r.body {
                Body::Payment(p) => p.project_id = Some(project(0)),
                Body::Account(a) => a.project_id = project(0),
                _ => {}
            }
            if r.body.project_id().is_some_and(|id| *id != project(0)) { continue; }
            let mut out = Vec::new();
            let is_own = matches!(world.county.route(&r, &mut out), Routed::Project(_));
            let own = is_own.then_some(None).into_iter();
            for command in own.chain(out.iter().map(Some)) {
                let ledger = world.project(&project(0));
                let before: Vec<WorkerView> = (0..WorkerIx::try_from(ledger.workers()).unwrap()).map(|ix| ledger.settle(ix, &book)).collect();
                let (papers, present) = (judged_papers(ledger), presence(ledger, &book));
                let touched = match command {
                    None => ledger.merge(&r, &book),
                    Some(command) => obey(ledger, command),
                };
                prop_assert!(touched.papers || papers == judged_papers(ledger), "{:?} {:?}", r, touched);
                prop_assert!(touched.changed || papers == judged_papers(ledger));
                let turned = matches!(touched.who, Who::Attendance { turned: true, .. });
                prop_assert_eq!(turned, present != presence(ledger, &book), "{:?} {:?}", r, touched);
                let hit = |ix: u32| match &touched.who {
                    Who::Nobody => false,
                    Who::Everyone => true,
                    Who::Attendance { worker, .. } => *worker == ix,
                    Who::Workers(all) => all.contains(&ix),
                };
                for ix in 0..WorkerIx::try_from(ledger.workers()).unwrap() {
                    let same = before.get(ix as usize).is_some_and(|b| *b == ledger.settle(ix, &book));
                    let empty = ledger.settle(ix, &book).periods.is_empty();
                    prop_assert!(same || hit(ix) || (empty && before.get(ix as usize).is_none()), "{:?} {:?}", r, touched);
                    prop_assert!(same || touched.changed || empty);
                }
            }
        }
    }
}

/// What rules of papers see: all but balances, which are no paper's matter.
fn judged_papers(ledger: &ProjectLedger) -> String {
    let mut view = ledger.papers(false);
    view.accounts.iter_mut().for_each(|account| account.balance = 0);
    format!("{view:?}")
}

#[test]
fn a_conflict_names_the_field_and_changes_nothing() {
    let mut world = World::default();
    let first = record([9, 0, 0, 0, 1, 1, 1, 1, 0, 0]);
    world.apply(&first);
    let before = world.truth();
    for (field, change) in [
        ("amount_fen", (|p: &mut Payment| p.amount_fen = Fen(7)) as fn(&mut Payment)),
        ("account", |p| p.account = account(3)),
        ("payee_account", |p| p.payee_account = account(3)),
    ] {
        let mut other = first.clone();
        other.head.at = Time::from_seconds(9);
        if let Body::Payment(p) = &mut other.body {
            change(p);
            p.project_id = Some(project(2));
        }
        let (verdict, out) = world.apply(&other);
        let Verdict::Rejected(reason) = verdict else { panic!("{field} was taken") };
        assert_eq!((reason.field.as_str(), reason.code, out), (field, ReasonCode::Conflict, vec![]));
        assert_eq!(world.truth(), before);
    }
    let (verdict, _) = world.apply(&first);
    assert_eq!(verdict, Verdict::Duplicate);
}

#[test]
fn a_booking_stands_once_and_another_under_its_key_is_a_conflict() {
    let entry = AccountEntry {
        account: account(0),
        entry_id: "E1".into(),
        direction: EntryDirection::In,
        kind: EntryKind::LabourFee,
        amount_fen: Fen(5),
        booked_at: Time::from_seconds(5),
        counterparty: None,
        purpose: None,
    };
    let head = Head { id: "1".into(), source: "bank".into(), at: Time::from_seconds(1) };
    let mut county = County::new();
    let mut book = |entry: AccountEntry| {
        let record = Record { head: head.clone(), body: Body::AccountEntry(Box::new(entry)) };
        match county.route(&record, &mut Vec::new()) {
            Routed::Done(verdict) => verdict,
            Routed::Project(_) => panic!("an entry belongs to no project"),
        }
    };
    assert_eq!(book(entry.clone()), Verdict::Accepted);
    assert_eq!(book(entry.clone()), Verdict::Duplicate);
    match book(AccountEntry { purpose: Some("wages".into()), ..entry }) {
        Verdict::Rejected(reason) => assert_eq!(reason.field, "purpose"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn sums_of_the_greatest_amounts_do_not_overflow() {
    let mut world = World::default();
    let at = |n: u8| Head {
        id: compact_str::format_compact!("{n}"),
        source: "s".into(),
        at: Time::from_seconds(1),
    };
    for n in 0..200 {
        let piece = Piecework {
            project_id: project(0),
            id_number: worker(0),
            period: period(0),
            lot: compact_str::format_compact!("{n}"),
            amount_fen: Fen::MAX,
        };
        world.apply(&Record { head: at(n), body: Body::Piecework(Box::new(piece)) });
    }
    let view = world.project(&project(0)).settle(0, &Rulebook::default());
    assert_eq!(view.periods[0].arrears, 200 * Fen::MAX.sum());
}

fn paid(n: u32, status: PaymentStatus) -> Record {
    let at = Time::from_seconds(i64::from(n));
    let payment = Payment {
        bank: "103".into(),
        txn_id: compact_str::format_compact!("{n}"),
        account: Account::parse("account", "15062100000000001").unwrap(),
        payee_account: Account::parse("account", "6228480000000000001").unwrap(),
        payee_name: None,
        id_number: None,
        project_id: Some(project(0)),
        period: None,
        amount_fen: Fen(100),
        settled_at: at,
        status,
    };
    let head = Head { id: payment.txn_id.clone(), source: "bank".into(), at };
    Record { head, body: Body::Payment(Box::new(payment)) }
}

#[test]
fn a_payment_more_writes_no_more_when_many_came_before() {
    let mut county = County::new();
    let mut written = |numbers: std::ops::Range<u32>| {
        for n in numbers.clone() {
            county.route(&paid(n, PaymentStatus::Settled), &mut Vec::new());
        }
        let pages = county.dirty_pages();
        pages.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() / numbers.len()
    };
    let _few = written(0..200_000);
    let among_few = written(200_000..200_100);
    let _many = written(200_100..1_000_000);
    let among_many = written(1_000_000..1_000_100);
    assert!(among_many < 2 * among_few, "{among_few} bytes a payment among few, {among_many} among many");
}

#[test]
fn a_page_is_as_it_was_when_it_was_asked_for() {
    let (mut county, mut twin) = (County::new(), County::new());
    let numbers = || 0..20_000;
    let both = |county: &mut County, twin: &mut County, status| {
        for n in numbers() {
            county.route(&paid(n, status), &mut Vec::new());
            twin.route(&paid(n, status), &mut Vec::new());
        }
    };
    both(&mut county, &mut twin, PaymentStatus::Settled);
    let (images, then) = (county.dirty_images(), twin.dirty_pages());
    both(&mut county, &mut twin, PaymentStatus::Returned);
    let bytes: Vec<_> = images.into_iter().map(|(page, image)| (page, image.bytes())).collect();
    assert_eq!(bytes, then);
    let now = county.dirty_pages();
    assert_eq!(now, twin.dirty_pages());
    assert!(now != bytes);
}

#[test]
fn damaged_pages_end_in_an_error() {
    let mut world = World::default();
    (0u8..200).for_each(|n| {
        world.apply(&record([n, n / 7, n / 3, n / 5, n, n / 2, n / 4, n / 6, n, n / 9]));
    });
    world.checkpoint();
    for ((id, key), bytes) in &world.project_store {
        for cut in 0..bytes.len() {
            let mut ledger = ProjectLedger::new(id.clone());
            assert!(ledger.load_page(*key, &bytes[..cut]).is_err(), "{key:?} cut at {cut}");
        }
    }
    for (page, bytes) in &world.county_store {
        for cut in 0..bytes.len() {
            assert!(County::new().load_page(*page, &bytes[..cut]).is_err(), "{page:?} cut at {cut}");
        }
    }
}

/// Who worked on which days, of all months of which anything is said.
fn presence(ledger: &ProjectLedger, book: &Rulebook) -> Vec<(WorkerIx, Period, MonthDays)> {
    let workers = 0..WorkerIx::try_from(ledger.workers()).unwrap();
    let months = workers.flat_map(|ix| ledger.attended_months(ix).map(move |period| (ix, period)));
    let all = months.map(|(ix, period)| (ix, period, ledger.presence(ix, period, book)));
    all.filter(|(_, _, days)| !days.is_empty()).collect()
}

#[test]
fn a_swipe_tells_whose_month_it_touched_and_whether_it_is_the_first() {
    let mut ledger = ProjectLedger::new(project(0));
    let mut swipe = |text: &str| {
        let body = Body::Swipe(Swipe {
            project_id: project(0),
            id_number: worker(0),
            swiped_at: Time::parse(text).unwrap(),
            direction: None,
            device: None,
        });
        let head = Head { id: "1".into(), source: "gate".into(), at: Time::from_seconds(1) };
        ledger.merge(&Record { head, body }, &Rulebook::default())
    };
    let march = Period::from_ym(2026, 3).unwrap();
    // Any first swipe makes the day: only then is it another day than before.
    let touched = |period: Period, day: u32, minutes, new_worker_or_first_day| Touched {
        changed: true,
        who: Who::Attendance {
            worker: 0,
            period,
            day: period.day_or_last(day),
            minutes,
            new_worker_or_first_day,
            turned: minutes == 0,
        },
        papers: false,
    };
    assert_eq!(swipe("2026-03-02T08:00:00+08:00"), touched(march, 2, 0, true));
    assert_eq!(swipe("2026-03-02T18:00:00+08:00"), touched(march, 2, 600, false));
    assert_eq!(
        swipe("2026-03-02T12:00:00+08:00"),
        Touched { changed: false, who: Who::Nobody, papers: false }
    );
    assert_eq!(swipe("2026-04-01T03:59:59+08:00"), touched(march, 31, 0, false));
    assert_eq!(swipe("2026-04-01T04:00:00+08:00"), touched(march.plus(1), 1, 0, true));
}
