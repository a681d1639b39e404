//! The keys that say where knowledge comes from beside the built-in: `[catalogue]`, `[geo]`.

use super::section::Section;
use super::settings::CatalogueFiles;
use crate::catalogue::UpdateKey;
use crate::geo;

/// The highest least version that can be asked for.
const MAX_MIN_VERSION: u64 = 1_000_000_000;

pub(super) fn read_catalogue(section: &mut Section<'_>, files: &mut CatalogueFiles) {
    if let Some(directory) = section.text("directory") {
        files.directory = directory.into();
    }
    section.optional_path("update", &mut files.update);
    if let Some(text) = section.text("update_key").filter(|text| !text.is_empty()) {
        match UpdateKey::parse(text) {
            Ok(key) => files.update_key = Some(key),
            Err(problem) => return section.refuse("update_key", problem.to_string()),
        }
    }
    section.count("update_min_version", &mut files.update_min_version, 0..=MAX_MIN_VERSION);

    let Some(update) = &files.update else { return };
    if files.update_key.is_none() {
        let problem = "needs catalogue.update_key, the public key that it has to be signed for";
        section.refuse("update", problem.to_owned());
    }
    if update.starts_with(&files.directory) {
        let problem =
            "must lie outside catalogue.directory: what lies there is read without a signature";
        section.refuse("update", problem.to_owned());
    }
}

pub(super) fn read_geo(section: &mut Section<'_>, config: &mut geo::Config) {
    section.flag("enabled", &mut config.enabled);
    section.optional_path("country", &mut config.country);
    section.optional_path("asn", &mut config.asn);
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    const KEY: &str = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

    #[test]
    fn an_update_and_its_key_are_read() {
        let text = format!(
            "[catalogue]\nupdate = \"/var/lib/hikwatch/update.toml\"\nupdate_key = \"{KEY}\"\nupdate_min_version = 3\n"
        );

        let files = Config::from_toml(&text).unwrap().catalogue;

        assert_eq!(files.update.unwrap().to_str(), Some("/var/lib/hikwatch/update.toml"));
        assert_eq!(files.update_key.unwrap().to_string(), KEY);
        assert_eq!(files.update_min_version, 3);
    }

    #[test]
    fn an_update_without_a_key_is_refused() {
        assert!(problem("update = \"/srv/update.toml\"").contains("needs catalogue.update_key"));
    }

    #[test]
    fn a_key_that_is_none_is_refused() {
        assert!(problem("update_key = \"c2hvcnQ=\"").starts_with("catalogue.update_key: "));
    }

    #[test]
    fn an_update_may_not_lie_where_files_are_read_without_a_signature() {
        let text = format!("update = \"/etc/hikwatch/catalogue/u.toml\"\nupdate_key = \"{KEY}\"");
        assert!(problem(&text).contains("outside catalogue.directory"));
    }

    #[test]
    fn the_databases_are_read_and_nothing_is_the_one_of_the_program() {
        let text = "[geo]\nenabled = false\ncountry = \"/srv/country.mmdb\"\nasn = \"\"\n";

        let geo = Config::from_toml(text).unwrap().geo;

        assert!(!geo.enabled);
        assert_eq!(geo.country.unwrap().to_str(), Some("/srv/country.mmdb"));
        assert_eq!(geo.asn, None);
        assert!(Config::from_toml("").unwrap().geo.enabled);
    }

    fn problem(lines: &str) -> String {
        Config::from_toml(&format!("[catalogue]\n{lines}\n")).unwrap_err().to_string()
    }
}
