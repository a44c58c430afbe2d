//! Credentials from the environment, else from a profile in the shared files.

use crate::{BoxError, Keys};
use std::path::PathBuf;

/// What to do where no keys are found.
const OTHERWISE: &str = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE for keys in ~/.aws/credentials; \
    for SSO, roles, containers and instances: eval \"$(aws configure export-credentials --format env)\"";

/// Reads credentials and region as AWS's tools do, but only from variables and static keys in profiles.
///
/// # Errors
/// A message that says what is not set.
pub fn read(lookup: &dyn Fn(&str) -> Option<String>) -> Result<Keys, BoxError> {
    let lookup = |name: &str| lookup(name).filter(|value| !value.is_empty());
    let home = || lookup("HOME").map(|home| PathBuf::from(home).join(".aws"));
    let file = |variable: &str, name: &str| {
        let path = lookup(variable).map(PathBuf::from).or_else(|| Some(home()?.join(name)))?;
        std::fs::read_to_string(path).ok()
    };
    let profile = lookup("AWS_PROFILE").unwrap_or_else(|| "default".into());
    let config = file("AWS_CONFIG_FILE", "config").unwrap_or_default();
    let config_section = if profile == "default" { profile.clone() } else { format!("profile {profile}") };
    let region = lookup("AWS_REGION").or_else(|| lookup("AWS_DEFAULT_REGION"));
    let region = region.or_else(|| value(&config, &config_section, "region"));
    let region = region.ok_or("no region: set AWS_REGION")?;
    // A profile that is asked for goes before keys in the environment, as for AWS's tools only where it is named.
    if let (None, Some(access_key_id)) = (lookup("AWS_PROFILE"), lookup("AWS_ACCESS_KEY_ID")) {
        let secret_access_key = lookup("AWS_SECRET_ACCESS_KEY").ok_or("AWS_SECRET_ACCESS_KEY is not set")?;
        return Ok(Keys {
            region,
            access_key_id,
            secret_access_key,
            session_token: lookup("AWS_SESSION_TOKEN"),
        });
    }
    let shared = file("AWS_SHARED_CREDENTIALS_FILE", "credentials").unwrap_or_default();
    let of = |key: &str| value(&shared, &profile, key).or_else(|| value(&config, &config_section, key));
    match (of("aws_access_key_id"), of("aws_secret_access_key")) {
        (Some(access_key_id), Some(secret_access_key)) => {
            Ok(Keys { region, access_key_id, secret_access_key, session_token: of("aws_session_token") })
        }
        _ => {
            Err(format!("no credentials in the environment or in the profile {profile}: {OTHERWISE}").into())
        }
    }
}

/// A key's value in a section of an INI file.
fn value(ini: &str, section: &str, key: &str) -> Option<String> {
    let mut lines = ini.lines().map(str::trim);
    lines.find(|line| line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) == Some(section))?;
    lines
        .take_while(|line| !line.starts_with('['))
        .filter_map(|line| line.split_once('='))
        .find(|(name, _)| name.trim() == key)
        .map(|(_, value)| value.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(variables: &[(&str, &str)]) -> Result<Keys, BoxError> {
        read(&|name| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn keys_come_from_the_environment_else_from_the_profile() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let shared = path(
            "credentials",
            "[default]\naws_access_key_id = D\n\n[p]\naws_access_key_id=P\naws_secret_access_key = s=\n",
        );
        let config = path("config", "[default]\nregion = us-east-1\n[profile p]\nregion = eu-west-1\n");
        let files = [("AWS_SHARED_CREDENTIALS_FILE", shared.as_str()), ("AWS_CONFIG_FILE", config.as_str())];
        let own = [("AWS_ACCESS_KEY_ID", "E"), ("AWS_SECRET_ACCESS_KEY", "t")];
        let from_environment = keys(&[&files[..], &own[..]].concat()).unwrap();
        assert_eq!(
            (from_environment.access_key_id.as_str(), from_environment.region.as_str()),
            ("E", "us-east-1")
        );
        let of_profile = keys(&[&files[..], &own[..], &[("AWS_PROFILE", "p")]].concat()).unwrap();
        assert_eq!((of_profile.access_key_id.as_str(), of_profile.secret_access_key.as_str()), ("P", "s="));
        assert_eq!(of_profile.region, "eu-west-1");
        let error = keys(&files).err().unwrap().to_string();
        assert!(error.contains("profile default") && error.contains("export-credentials"), "{error}");
    }
}
