//! How many projects' figures are in doubt, by department, territory and sector, beside the counts of what stands:
//! where nothing stands, silence is no green.

use super::filter::Filter;
use super::rows::Rows;
use crate::guard::Visit;
use crate::proto::v1 as pb;

/// Adds the projects that the caller sees and asks for.
pub fn add(counts: &mut pb::StatsResponse, filter: &Filter, rows: &Rows, visit: &Visit) {
    let routes = rows.routes();
    for project in rows.doubts().keys() {
        let home = rows.home_of(project);
        if !visit.sees_project(home.place()) || !filter.project_passes(project, &home) {
            continue;
        }
        counts.total.get_or_insert_default().projects_in_doubt += 1;
        for code in &home.departments {
            let name = routes.department(code).map(|d| d.name.as_str());
            count(&mut counts.by_department, code, name);
        }
        let territory = routes.route("", &home.territory, None).territory;
        count(&mut counts.by_territory, &home.territory, territory.map(|t| t.name.as_str()));
        let sector = routes.route(&home.sector, "", None).sector_department;
        count(&mut counts.by_sector, &home.sector, sector.map(|d| d.name.as_str()));
    }
}

/// A place without alerts has no line yet.
fn count(lines: &mut Vec<pb::AlertCount>, key: &str, name: Option<&str>) {
    let at = lines.partition_point(|line| line.key.as_str() < key);
    if lines.get(at).is_none_or(|line| line.key != key) {
        let name = name.unwrap_or_default().to_owned();
        lines.insert(at, pb::AlertCount { key: key.to_owned(), name, ..pb::AlertCount::default() });
    }
    lines[at].projects_in_doubt += 1;
}
