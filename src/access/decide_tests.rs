//! Every role, every call, and a row of each kind, once its own and once another's: the whole table.

use super::*;
use crate::domain::RecordType;
use compact_str::CompactString;
use std::collections::BTreeSet;

fn set(codes: &[&str]) -> BTreeSet<CompactString> {
    codes.iter().map(|code| CompactString::from(*code)).collect()
}

/// A caller of each role: water's, the town's, the bank ABC's, project P1's.
fn caller(role: Role) -> Principal {
    let mut who =
        Principal { name: role.as_str().into(), role: Some(role), reveal: true, ..Principal::default() };
    match role {
        Role::Bank => who.banks = set(&["ABC"]),
        Role::SitePlatform => who.projects = set(&["P1", "W-*"]),
        Role::Supervisor => who.sectors = set(&["reservoir"]),
        Role::Territory => who.territories = set(&["150621100"]),
        Role::Inspector => who.departments = set(&["water"]),
        Role::Coordinator | Role::Platform | Role::Auditor | Role::Operator | Role::Instance => {}
    }
    who
}

/// The first letter of each role that may make the call, in the order of the roles.
const CALLS: [(Call, &str); 28] = [
    (Call::Submit, "B S . . C I . . . ."),
    (Call::SubmitStream, "B S . . C I . . . ."),
    (Call::Resubmit, "B S . . C I . . . ."),
    (Call::Subscribe, ". . S T C I P . . ."),
    (Call::List, ". . S T C I P . . ."),
    (Call::Get, ". . S T C I P . . ."),
    (Call::Act, ". . S T C I . . . ."),
    (Call::WhatIf, ". . S T C I . . . ."),
    (Call::Stats, ". . S T C I P . . ."),
    (Call::GetWorkerLedger, ". . S T C I . . . ."),
    (Call::GetProject, ". . S T C I . . . ."),
    (Call::GetProjectFunds, ". . S T C I . . . ."),
    (Call::ListWorkers, ". . S T C I . . . ."),
    (Call::ListDue, ". . S T C I . . . ."),
    (Call::ListProjects, ". . S T C I . . . ."),
    (Call::ListSuspense, ". . S T C I . . . ."),
    (Call::ListDeadLetters, "B S . . C I . . . ."),
    (Call::Reveal, ". . S T C I . . . ."),
    (Call::GetStatus, ". . . . . . . . O ."),
    (Call::SetBusinessDate, ". . . . . . . . O ."),
    (Call::ListSources, ". . . . C . . . O ."),
    (Call::ListQuarantine, ". . . . C . . . O ."),
    (Call::ReleaseRule, ". . . . C . . . O ."),
    (Call::ListEntries, ". . . . . . . A . ."),
    (Call::Ask, ". . . . . . . . . N"),
    (Call::Reflection, "B S S T C I P . O ."),
    (Call::Metrics, ". . . . . . . . O ."),
    (Call::Health, "B S S T C I P A O N"),
];

#[test]
fn every_role_and_every_call() {
    assert_eq!(CALLS.map(|(call, _)| call).as_slice(), Call::ALL);
    for (call, may) in CALLS {
        for (role, letter) in Role::ALL.iter().zip(may.split(' ')) {
            let answer = may_call(&caller(*role), call);
            assert_eq!(answer.is_ok(), letter != ".", "{role} {call}");
        }
        let want = if call == Call::Reveal { Err(Denied::NoReveal) } else { Ok(()) };
        assert_eq!(may_call(&Principal::anyone(), call), want);
    }
}

#[test]
fn full_numbers_are_for_those_who_are_named_for_it() {
    for role in Role::ALL {
        let who = Principal { reveal: false, ..caller(*role) };
        assert!(may_call(&who, Call::Reveal).is_err(), "{role}");
    }
}

/// Which roles see a row: + allowed, - filtered; whoever may not make the call at all is refused.
const ROWS: [(&str, &str); 6] = [
    // of the reservoir in the town
    ("own", "- - + + + + + - - -"),
    // of a road elsewhere
    ("foreign", "- - - - + - + - - -"),
    // of a project of which no project record is known
    ("unknown", "- - - - + - + - - -"),
    ("county", "- - - - + - - - - -"),
    ("service", "- - - - - - - - + -"),
    ("trail", "- - - - - - - + - -"),
];

#[test]
fn every_role_every_call_and_every_row() {
    let (water, road) = ([CompactString::from("water")], [CompactString::from("transport")]);
    for (kind, sees) in ROWS {
        let row = match kind {
            "own" => Row::Project(Place { sector: "reservoir", territory: "150621100", departments: &water }),
            "foreign" => {
                Row::Project(Place { sector: "highway", territory: "150621200", departments: &road })
            }
            "unknown" => Row::Project(Place::default()),
            "county" => Row::County,
            "service" => Row::Service,
            _ => Row::Trail,
        };
        for call in Call::ALL {
            for (role, sign) in Role::ALL.iter().zip(sees.split(' ')) {
                let who = caller(*role);
                let want = match (may_call(&who, *call), sign) {
                    (Err(denied), _) => Decision::Refused(denied),
                    (Ok(()), "+") => Decision::Allowed,
                    _ => Decision::Filtered,
                };
                assert_eq!(decide(&who, *call, &row), want, "{role} {call} {kind}");
            }
            let anyone = decide(&Principal::anyone(), *call, &row);
            assert_eq!(anyone == Decision::Allowed, *call != Call::Reveal, "{call}");
        }
    }
}

/// Who may hand in which type, of his own and of another's.
const RECORDS: [(RecordType, &[Role]); 14] = [
    (RecordType::Project, &[Role::Coordinator]),
    (RecordType::Enrolment, &[Role::SitePlatform]),
    (RecordType::Attendance, &[Role::SitePlatform]),
    (RecordType::Piecework, &[Role::SitePlatform]),
    (RecordType::Payroll, &[Role::SitePlatform]),
    (RecordType::Payment, &[Role::Bank]),
    (RecordType::Account, &[Role::Bank]),
    (RecordType::AccountEntry, &[Role::Bank]),
    (RecordType::AccountRestraint, &[Role::Bank]),
    (RecordType::Deposit, &[Role::Coordinator]),
    (RecordType::PaymentGuarantee, &[Role::Coordinator]),
    (RecordType::Inspection, &[Role::Coordinator, Role::Inspector]),
    (RecordType::Complaint, &[Role::Coordinator]),
    (RecordType::BusinessSignal, &[Role::Coordinator]),
];

#[test]
fn every_role_and_every_record() {
    let (water, road) = ([CompactString::from("water")], [CompactString::from("transport")]);
    let statement = |kind, own: bool| Statement {
        kind,
        project_id: Some(if own { "P1" } else { "P2" }),
        bank: Some(if own { "ABC" } else { "ICBC" }),
        account_bank: None,
        department: Some(if own { "water" } else { "transport" }),
        place: Place {
            sector: if own { "reservoir" } else { "highway" },
            territory: "150621100",
            departments: if own { &water } else { &road },
        },
    };
    assert_eq!(RECORDS.map(|(kind, _)| kind).as_slice(), RecordType::ALL);
    for (kind, may) in RECORDS {
        for role in Role::ALL {
            let who = caller(*role);
            for call in [Call::Submit, Call::SubmitStream, Call::Resubmit] {
                let own = decide(&who, call, &Row::Record(statement(kind, true)));
                assert_eq!(own == Decision::Allowed, may.contains(role), "{role} {kind}");
                let foreign = decide(&who, call, &Row::Record(statement(kind, false)));
                let all = *role == Role::Coordinator && may.contains(role);
                assert_eq!(foreign == Decision::Allowed, all, "{role} foreign {kind}");
            }
        }
    }
}

/// A kind of row that is added stands in none of the tables here: then this does not compile.
#[test]
fn every_kind_of_row_is_tried() {
    let kind = |row: &Row<'_>| match row {
        Row::Project(_) | Row::County | Row::Service | Row::Trail => "every_role_every_call_and_every_row",
        Row::Record(_) => "every_role_and_every_record",
        Row::Letter(_) => "every_role_and_every_dead_letter",
    };
    let here = include_str!("decide_tests.rs");
    assert!(here.contains(&format!("fn {}()", kind(&Row::County))));
}

/// A dead letter is seen by whoever might have handed it in, and by the coordinator, who sees all.
#[test]
fn every_role_and_every_dead_letter() {
    let (water, road) = ([CompactString::from("water")], [CompactString::from("transport")]);
    for (kind, may) in RECORDS {
        for own in [true, false] {
            let place = Place {
                sector: if own { "reservoir" } else { "highway" },
                territory: "150621100",
                departments: if own { &water } else { &road },
            };
            let letter = Statement {
                kind,
                project_id: Some(if own { "P1" } else { "P2" }),
                bank: Some(if own { "ABC" } else { "ICBC" }),
                account_bank: None,
                department: Some(if own { "water" } else { "transport" }),
                place,
            };
            for role in Role::ALL {
                let who = caller(*role);
                let sees = |letter| decide(&who, Call::ListDeadLetters, &Row::Letter(letter));
                let want = match *role {
                    _ if may_call(&who, Call::ListDeadLetters).is_err() => {
                        Decision::Refused(Denied::NotHisCall)
                    }
                    Role::Coordinator => Decision::Allowed,
                    _ if own && may.contains(role) => Decision::Allowed,
                    _ => Decision::Filtered,
                };
                assert_eq!(sees(letter), want, "{role} {kind} own: {own}");
                if *role == Role::Bank {
                    // A letter that names no bank is his only if its account is known to be.
                    let silent = Statement { bank: None, ..letter };
                    assert_eq!(sees(silent), Decision::Filtered, "{kind}");
                    let known = Statement { account_bank: Some("ABC"), ..silent };
                    assert_eq!(sees(known) == Decision::Allowed, may.contains(role), "{kind}");
                    let others = Statement { account_bank: Some("ICBC"), ..letter };
                    assert_eq!(sees(others), Decision::Filtered, "{kind}");
                }
            }
            // He sees all of them, and mends his own.
            let mends = decide(&caller(Role::Coordinator), Call::Resubmit, &Row::Letter(letter));
            assert_eq!(mends == Decision::Allowed, may.contains(&Role::Coordinator), "{kind}");
            let anyone = decide(&Principal::anyone(), Call::ListDeadLetters, &Row::Letter(letter));
            assert_eq!(anyone, Decision::Allowed);
        }
    }
}

#[test]
fn each_part_of_a_record_must_be_his() {
    let water = [CompactString::from("water")];
    let place = Place { sector: "reservoir", territory: "", departments: &water };
    let base = Statement {
        kind: RecordType::Payment,
        project_id: Some("P1"),
        bank: Some("ABC"),
        account_bank: None,
        department: Some("water"),
        place,
    };
    let check = |role, statement, want: Result<(), Denied>| {
        let want = want.map_or_else(Decision::Refused, |()| Decision::Allowed);
        assert_eq!(decide(&caller(role), Call::Submit, &Row::Record(statement)), want, "{statement:?}");
    };
    check(Role::Bank, base, Ok(()));
    let entry = Statement { kind: RecordType::AccountEntry, bank: None, ..base };
    check(Role::Bank, entry, Ok(()));
    check(Role::Bank, Statement { account_bank: Some("ABC"), ..entry }, Ok(()));
    check(Role::Bank, Statement { account_bank: Some("ICBC"), ..entry }, Err(Denied::NotHisBank));
    // Another bank's account is not taken over by calling it one's own.
    let account = Statement { kind: RecordType::Account, account_bank: Some("ICBC"), ..base };
    check(Role::Bank, account, Err(Denied::NotHisBank));
    let sheet = Statement { kind: RecordType::Payroll, ..base };
    check(Role::SitePlatform, Statement { project_id: Some("W-17"), ..sheet }, Ok(()));
    check(Role::SitePlatform, Statement { project_id: Some("W"), ..sheet }, Err(Denied::NotHisProject));
    check(Role::SitePlatform, Statement { project_id: None, ..sheet }, Err(Denied::NotHisProject));
    let inspection = Statement { kind: RecordType::Inspection, ..base };
    check(Role::Inspector, Statement { department: None, ..inspection }, Err(Denied::NotHisDepartment));
    let nowhere = Statement { place: Place::default(), ..inspection };
    check(Role::Inspector, nowhere, Err(Denied::NotHisProject));
}

#[test]
fn another_platform_sees_no_person() {
    for role in Role::ALL {
        let want = if *role == Role::Platform { Sight::NoPersons } else { Sight::Masked };
        assert_eq!(sight(&caller(*role)), want, "{role}");
    }
}
