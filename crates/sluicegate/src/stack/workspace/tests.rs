//! What a working folder takes from a bundle and from an environment.

use super::*;
use crate::bundle::architecture::Architecture;
use crate::bundle::manifest::About;
use std::fs;

/// A folder with a small bundle, and an environment called `prod`.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let bundle = folder.path().join("bundle");
    layout::write(&bundle.join("terraform/main.tf"), "# first").unwrap();
    layout::write(&bundle.join("terraform/modules/m/main.tf"), "# module").unwrap();
    layout::write(&bundle.join("functions/echo.zip"), "zip").unwrap();
    seal(&bundle);
    layout::write(&folder.path().join("environments/prod.tfvars"), "name = \"prod\"").unwrap();
    folder
}

fn seal(bundle: &Path) {
    let about = About {
        version: "1".into(),
        commit: None,
        modified: false,
        architecture: Architecture::X86_64,
        platform: platform(),
        providers: true,
        tools: [].into(),
    };
    Manifest::of(bundle, about).unwrap().write(bundle).unwrap();
}

fn prepare(folder: &tempfile::TempDir, environment: &str) -> anyhow::Result<Workspace> {
    let [bundle, environments, state] =
        ["bundle", "environments", "state"].map(|name| folder.path().join(name));
    Workspace::prepare(&bundle, environment, &environments, &state)
}

#[test]
fn state_is_local_where_the_environment_does_not_say() {
    let folder = folder();
    let workspace = prepare(&folder, DEFAULT).unwrap();
    let backend = fs::read_to_string(workspace.terraform().join("backend.tf")).unwrap();
    assert!(backend.contains("backend \"local\"") && backend.contains("../terraform.tfstate"), "{backend}");
    assert_eq!(workspace.values, None);
    assert!(workspace.providers.is_some());
    assert_eq!(fs::read_to_string(folder.path().join("state/.gitignore")).unwrap(), "*\n");
}

#[test]
fn an_environment_has_its_own_values_backend_and_state() {
    let folder = folder();
    layout::write(&folder.path().join("environments/prod.backend.tf"), "# remote").unwrap();
    let [default, prod] = [DEFAULT, "prod"].map(|name| prepare(&folder, name).unwrap());
    assert_eq!(prod.values, Some(folder.path().join("environments/prod.tfvars")));
    assert_eq!(fs::read_to_string(prod.terraform().join("backend.tf")).unwrap(), "# remote");
    assert_ne!(default.terraform(), prod.terraform());
}

#[test]
fn an_environment_without_a_name_or_a_backend_is_warned_of() {
    let folder = folder();
    assert_eq!(prepare(&folder, DEFAULT).unwrap().warnings().unwrap(), Vec::<String>::new());
    let [backend] = &prepare(&folder, "prod").unwrap().warnings().unwrap()[..] else { panic!("one warning") };
    assert!(
        backend.starts_with("environment prod has no prod.backend.tf: its state is on this machine alone")
    );
    layout::write(&folder.path().join("environments/prod.backend.tf"), "# remote").unwrap();
    layout::write(&folder.path().join("environments/prod.tfvars"), "stage = \"v2\"").unwrap();
    let [name] = &prepare(&folder, "prod").unwrap().warnings().unwrap()[..] else { panic!("one warning") };
    assert!(name.contains(
        "prod.tfvars sets no name: environment prod deploys under the name that stack.auto.tfvars has"
    ));
}

#[test]
fn an_environment_without_values_is_refused() {
    let error = prepare(&folder(), "pord").unwrap_err().to_string();
    assert!(error.contains("pord.tfvars"), "{error}");
}

#[test]
fn a_name_that_leaves_the_folder_is_refused() {
    for name in ["../prod", "", "Prod", "a/b", "-x", &"a".repeat(33)] {
        assert!(
            prepare(&folder(), name).unwrap_err().to_string().contains("invalid environment name"),
            "{name}"
        );
    }
}

#[test]
fn a_new_bundle_replaces_the_old_files_and_keeps_what_terraform_keeps() {
    let folder = folder();
    let workspace = prepare(&folder, DEFAULT).unwrap();
    layout::write(&workspace.terraform().join(".terraform/kept"), "kept").unwrap();
    layout::write(&folder.path().join("state/default/terraform.tfstate"), "state").unwrap();
    let bundle = folder.path().join("bundle");
    fs::remove_file(bundle.join("terraform/modules/m/main.tf")).unwrap();
    layout::write(&bundle.join("terraform/main.tf"), "# second").unwrap();
    seal(&bundle);
    let workspace = prepare(&folder, DEFAULT).unwrap();
    let main = fs::read_to_string(workspace.terraform().join("main.tf")).unwrap();
    assert_eq!(main, "# second");
    assert!(!workspace.terraform().join("modules/m/main.tf").exists());
    assert!(workspace.terraform().join(".terraform/kept").is_file());
    assert!(folder.path().join("state/default/terraform.tfstate").is_file());
}

#[test]
fn an_altered_bundle_is_not_deployed() {
    let folder = folder();
    layout::write(&folder.path().join("bundle/functions/echo.zip"), "zap").unwrap();
    let error = prepare(&folder, DEFAULT).unwrap_err().to_string();
    assert!(error.contains("functions/echo.zip was modified"), "{error}");
}

#[test]
#[cfg(unix)]
fn state_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = folder();
    prepare(&folder, DEFAULT).unwrap();
    let mode = folder.path().join("state/default").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

/// Terraform silently drops an attribute that a type does not have.
#[test]
fn a_misspelled_attribute_is_refused_before_terraform_drops_it() {
    let folder = folder();
    let bundle = folder.path().join("bundle");
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    layout::copy_terraform(&project.join(TERRAFORM), &bundle.join(TERRAFORM)).unwrap();
    fs::remove_file(bundle.join(crate::bundle::manifest::FILE)).unwrap();
    seal(&bundle);
    prepare(&folder, "prod").unwrap().check_values().unwrap();
    for (values, sentence) in [
        (
            "functions = { echo = { memry_mb = 256 } }",
            "there is no attribute \"memry_mb\"; did you mean \"memory_mb\"?",
        ),
        ("nam = \"x\"", "there is no variable \"nam\"; did you mean \"name\"?"),
        ("name = var.x", "only literals can stand here, not var.x: write the value itself"),
        ("stream = { mode = \"FAST\" }", "stream.mode must be PROVISIONED or ON_DEMAND."),
    ] {
        layout::write(&folder.path().join("environments/prod.tfvars"), values).unwrap();
        let error = prepare(&folder, "prod").unwrap().check_values().unwrap_err().to_string();
        assert!(error.contains(sentence) && error.contains("prod.tfvars"), "{error}");
    }
}
