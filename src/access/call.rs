//! The calls that there are, the roles that callers have, and which role may make which call.

use crate::domain::words;

words!(
    /// What a caller is to the county. One caller has one role; whoever needs two has two names.
    Role {
        /// Hands in payments and account records of its own banks.
        Bank = "bank",
        /// Hands in attendance, enrolments, piecework and payroll of its projects.
        SitePlatform = "site-platform",
        /// A sector's department: alerts and ledgers of its sectors.
        Supervisor = "supervisor",
        /// Answers for an area.
        Territory = "territory",
        /// Sees all projects, and what belongs to none.
        Coordinator = "coordinator",
        /// As the department that he works for; and records inspections.
        Inspector = "inspector",
        /// Another monitoring platform: all alerts, and no person in them.
        Platform = "platform",
        /// The audit trail, and nothing else.
        Auditor = "auditor",
        /// Status, metrics and the business date; no business data.
        Operator = "operator",
        /// Another instance of the same cluster.
        Instance = "instance",
    }
);

words!(
    /// Everything that can be asked of the service; the words are the paths of gRPC, and of HTTP.
    Call {
        Submit = "IntakeService/Submit",
        SubmitStream = "IntakeService/SubmitStream",
        /// A dead letter mended: a submission.
        Resubmit = "IntakeService/Resubmit",
        Subscribe = "AlertService/Subscribe",
        List = "AlertService/List",
        Get = "AlertService/Get",
        Act = "AlertService/Act",
        WhatIf = "AlertService/WhatIf",
        Stats = "AlertService/Stats",
        GetWorkerLedger = "LedgerService/GetWorkerLedger",
        GetProject = "LedgerService/GetProject",
        GetProjectFunds = "LedgerService/GetProjectFunds",
        ListWorkers = "LedgerService/ListWorkers",
        ListDue = "LedgerService/ListDue",
        ListProjects = "LedgerService/ListProjects",
        ListSuspense = "LedgerService/ListSuspense",
        ListDeadLetters = "LedgerService/ListDeadLetters",
        /// Full numbers and names, with a reason.
        Reveal = "LedgerService/Reveal",
        GetStatus = "AdminService/GetStatus",
        SetBusinessDate = "AdminService/SetBusinessDate",
        /// Who sends records, and who has fallen silent.
        ListSources = "AdminService/ListSources",
        /// What is held of a flood, and letting it go.
        ListQuarantine = "AdminService/ListQuarantine",
        ReleaseRule = "AdminService/ReleaseRule",
        ListEntries = "AuditService/ListEntries",
        /// What instances of a cluster ask each other.
        Ask = "PeerService/Ask",
        /// Which services there are; says nothing of anybody.
        Reflection = "reflection",
        Metrics = "metrics",
        /// Whether the service lives and is ready: for machines that have no name.
        Health = "health",
    }
);

const PACKAGE: &str = "/wagewatch.v1.";

impl Call {
    /// The call behind a path of gRPC or HTTP; `None` for one that nobody answers.
    pub fn of_path(path: &str) -> Option<Call> {
        if let Some(name) = path.strip_prefix(PACKAGE) {
            return Call::parse(name).filter(|call| call.as_str().contains('/'));
        }
        match path {
            "/metrics" => Some(Call::Metrics),
            "/livez" | "/readyz" => Some(Call::Health),
            _ if path.starts_with("/grpc.health.v1.Health/") => Some(Call::Health),
            _ if path.starts_with("/grpc.reflection.") => Some(Call::Reflection),
            _ => None,
        }
    }

    /// Whether somebody without a name may make it.
    pub fn is_public(self) -> bool {
        self == Call::Health
    }

    pub(super) fn is_of(self, role: Role) -> bool {
        use Role::{
            Auditor, Bank, Coordinator, Inspector, Instance, Operator, Platform, SitePlatform, Supervisor,
            Territory,
        };
        let offices = matches!(role, Supervisor | Territory | Coordinator | Inspector);
        match self {
            // Who hands in sees which of his could not be taken.
            Call::Submit | Call::SubmitStream | Call::Resubmit | Call::ListDeadLetters => {
                matches!(role, Bank | SitePlatform | Coordinator | Inspector)
            }
            Call::Subscribe | Call::List | Call::Get | Call::Stats => offices || role == Platform,
            Call::Act
            | Call::WhatIf
            | Call::GetWorkerLedger
            | Call::GetProject
            | Call::GetProjectFunds
            | Call::ListWorkers
            | Call::ListDue
            | Call::ListProjects
            | Call::ListSuspense
            | Call::Reveal => offices,
            Call::GetStatus | Call::SetBusinessDate | Call::Metrics => role == Operator,
            Call::ListSources | Call::ListQuarantine | Call::ReleaseRule => {
                matches!(role, Operator | Coordinator)
            }
            Call::ListEntries => role == Auditor,
            Call::Ask => role == Instance,
            Call::Reflection => !matches!(role, Auditor | Instance),
            Call::Health => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_calls() {
        assert_eq!(Call::of_path("/wagewatch.v1.AlertService/Get"), Some(Call::Get));
        assert_eq!(Call::of_path("/metrics"), Some(Call::Metrics));
        assert_eq!(Call::of_path("/grpc.health.v1.Health/Watch"), Some(Call::Health));
        for nothing in ["/wagewatch.v1.metrics", "/wagewatch.v1.AlertService/get", "/", "", "metrics"] {
            assert_eq!(Call::of_path(nothing), None, "{nothing}");
        }
    }
}
