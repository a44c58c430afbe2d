//! The software bill of materials: every crate in the bundle's binaries, as CycloneDX 1.5 JSON.

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;

/// The file's name, in the bundle's folder: the ending that CycloneDX recommends.
pub const FILE: &str = "sbom.cdx.json";

/// The output of `cargo metadata` for one target.
#[derive(Debug, Deserialize)]
pub struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
    /// Where cargo puts what it builds.
    pub target_directory: PathBuf,
}

impl Metadata {
    /// The folders in which the sources of what is not the workspace's own lie: a registry's, a mirror's or a
    /// vendored one's, in their order.
    pub fn sources(&self) -> BTreeSet<PathBuf> {
        let foreign = self.packages.iter().filter(|package| package.source.is_some());
        foreign.filter_map(|package| Some(package.manifest_path.parent()?.parent()?.to_owned())).collect()
    }
}

#[derive(Debug, Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    /// `null` for the workspace's own.
    source: Option<String>,
    /// The package's `Cargo.toml`.
    manifest_path: PathBuf,
}

#[derive(Debug, Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Debug, Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Debug, Deserialize)]
struct Kind {
    /// `null` for an ordinary dependency, else `dev` or `build`.
    kind: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Debug, Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

/// What a bundle's bill covers.
#[derive(Debug)]
pub struct Scope<'a> {
    pub version: &'a str,
    /// The crates whose binaries the bundle holds, each with the metadata of the target it was built for.
    pub binaries: &'a [(&'a str, &'a Metadata)],
    pub lock: &'a str,
    /// The compiler's version: its standard library is in every binary.
    pub rustc: &'a str,
    /// Source address and version of each provider in the bundle.
    pub providers: &'a [(String, String)],
}

/// A component of the bill, with what it depends on.
struct Component {
    body: Value,
    depends_on: BTreeSet<String>,
}

/// The bill, a pure function of the lock file and cargo's metadata: no time, no serial number, no path.
/// It covers ordinary dependencies including macros, but not those of build scripts, which are not in a binary.
/// Cargo resolves features for the whole workspace, so the bill may list a crate that a binary does not contain.
pub fn bill(scope: &Scope<'_>) -> anyhow::Result<Value> {
    let lock: Lock = toml::from_str(scope.lock).context("cannot read Cargo.lock")?;
    let checksums: HashMap<_, _> = lock
        .package
        .iter()
        .filter_map(|locked| {
            Some(((locked.name.as_str(), locked.version.as_str()), locked.checksum.as_deref()?))
        })
        .collect();
    let mut components = BTreeMap::new();
    for (root, metadata) in scope.binaries {
        collect(root, metadata, &checksums, &mut components)?;
    }
    let root = format!("pkg:generic/sluicegate-bundle@{}", scope.version);
    let mut top: BTreeSet<String> = BTreeSet::new();
    for (name, metadata) in scope.binaries {
        top.extend(metadata.packages.iter().filter(|package| package.name == *name).map(purl));
    }
    let std = format!("pkg:generic/rust-std@{}", scope.rustc);
    let body = json!({
        "type": "library", "bom-ref": std, "name": "rust-std", "version": scope.rustc, "purl": std,
        "licenses": [{ "expression": "MIT OR Apache-2.0" }],
    });
    components.insert(std.clone(), Component { body, depends_on: BTreeSet::new() });
    top.insert(std);
    for (source, version) in scope.providers {
        let name = format!("terraform-provider-{}", source.rsplit('/').next().unwrap_or(source));
        let purl = format!("pkg:generic/{name}@{version}");
        let body = json!({
            "type": "application", "bom-ref": purl, "name": name, "version": version, "purl": purl, "group": source,
        });
        components.insert(purl.clone(), Component { body, depends_on: BTreeSet::new() });
        top.insert(purl);
    }
    let mut dependencies = vec![json!({ "ref": root, "dependsOn": top })];
    dependencies.extend(
        components.iter().map(|(purl, component)| json!({ "ref": purl, "dependsOn": component.depends_on })),
    );
    let components: Vec<_> = components.into_values().map(|component| component.body).collect();
    Ok(json!({
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application", "bom-ref": root, "name": "sluicegate-bundle", "version": scope.version,
                "licenses": [{ "expression": "MIT OR Apache-2.0" }],
            },
        },
        "components": components,
        "dependencies": dependencies,
    }))
}

/// Adds a binary's crate and all that it is made of.
fn collect(
    root: &str,
    metadata: &Metadata,
    checksums: &HashMap<(&str, &str), &str>,
    components: &mut BTreeMap<String, Component>,
) -> anyhow::Result<()> {
    let packages: HashMap<_, _> =
        metadata.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let nodes: HashMap<_, _> = metadata.resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let own = metadata.packages.iter().find(|package| package.source.is_none() && package.name == root);
    let own = own.with_context(|| format!("the workspace has no crate {root}"))?;
    let mut waiting = vec![own];
    let mut seen = BTreeSet::new();
    while let Some(package) = waiting.pop() {
        if !seen.insert(package.id.as_str()) {
            continue;
        }
        let node =
            nodes.get(package.id.as_str()).with_context(|| format!("cargo resolved no {}", package.name))?;
        let mut depends_on = BTreeSet::new();
        for dependency in
            node.deps.iter().filter(|dependency| dependency.dep_kinds.iter().any(|kind| kind.kind.is_none()))
        {
            let dependency = packages
                .get(dependency.pkg.as_str())
                .context("cargo resolved a crate that it does not list")?;
            depends_on.insert(purl(dependency));
            waiting.push(dependency);
        }
        let checksum = checksums.get(&(package.name.as_str(), package.version.as_str())).copied();
        if package.source.is_some() && checksum.is_none() {
            bail!(
                "Cargo.lock has no checksum of {} {}: run `cargo update --workspace`",
                package.name,
                package.version
            );
        }
        let component = components.entry(purl(package)).or_insert_with(|| Component {
            body: body(package, checksum, package.id == own.id),
            depends_on: BTreeSet::new(),
        });
        component.depends_on.extend(depends_on);
    }
    Ok(())
}

fn body(package: &Package, checksum: Option<&str>, is_binary: bool) -> Value {
    let purl = purl(package);
    let mut body = json!({
        "type": if is_binary { "application" } else { "library" },
        "bom-ref": purl, "name": package.name, "version": package.version, "purl": purl,
    });
    if let Some(license) = &package.license {
        // Older crates write a slash where SPDX has OR.
        let expression = license.split('/').map(str::trim).collect::<Vec<_>>().join(" OR ");
        body["licenses"] = json!([{ "expression": expression }]);
    }
    if let Some(checksum) = checksum {
        body["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    body
}

/// The crate's package URL.
fn purl(package: &Package) -> String {
    // A version's build metadata begins with a plus sign, which the URL's syntax gives another meaning.
    format!("pkg:cargo/{}@{}", package.name, package.version.replace('+', "%2B"))
}

#[cfg(test)]
mod tests;
