//! The directory as the alerts' routing wants it. Knows no file.

use super::directory::{Directory, Role};
use crate::alerts;

impl Directory {
    /// Who is told of a project's alerts.
    ///
    /// # Errors
    /// None for a directory that [`super::Config::load`] let pass: it has checked the same, and more.
    pub fn routes(&self) -> Result<alerts::Directory, alerts::DirectoryError> {
        let departments = self.departments.iter().map(|department| alerts::Department {
            code: department.code.as_str().into(),
            name: department.name.as_str().into(),
            role: match department.role {
                Role::Coordinator => alerts::Role::Coordinator,
                Role::SectorConstruction => alerts::Role::SectorConstruction,
                Role::SectorOther => alerts::Role::SectorOther,
                Role::Territory => alerts::Role::Territory,
                Role::Support => alerts::Role::Support,
                Role::CountyHead => alerts::Role::CountyHead,
            },
            sectors: department.sectors.iter().map(|sector| sector.as_str().into()).collect(),
            funding: department.funding.clone(),
        });
        let territories = self.territories.iter().map(|territory| alerts::Territory {
            code: territory.code.as_str().into(),
            name: territory.name.as_str().into(),
            department: Some(territory.department.as_str().into()),
        });
        alerts::Directory::new(departments.collect(), territories.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::super::Config;
    use crate::domain::Funding;

    #[test]
    fn a_dam_in_the_development_zone_goes_to_water_the_zone_and_the_coordinator() {
        let routes = Config::default().directory.routes().unwrap();
        let told = |sector, territory, funding| {
            let audience = routes.route(sector, territory, funding);
            let codes: Vec<String> = audience.departments().iter().map(|d| d.code.to_string()).collect();
            (codes.join(" "), audience.unknown())
        };
        assert_eq!(
            told("reservoir", "150621400", Some(Funding::Government)),
            ("water dev-zone hrss agency-construction".into(), false)
        );
        assert_eq!(told("building", "150621100", None), ("housing township hrss".into(), false));
        assert_eq!(told("nobody", "", None), ("hrss".into(), true));
    }
}
