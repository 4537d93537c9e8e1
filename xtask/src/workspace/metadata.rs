//! [`Metadata`]: the members of the workspace, and the packages that they resolve to on this machine's target.

use std::{
    collections::{BTreeMap, HashSet},
    path::Path,
};

use serde_json::Value;

use crate::cargo::{cargo, output};

/// What `cargo metadata` says, every feature on, for this machine's target.
#[derive(Debug, Default)]
pub(crate) struct Metadata {
    /// The workspace's own packages.
    pub(crate) members: Vec<Package>,
    /// Every package that some member needs, the members among them.
    pub(crate) resolved: Vec<Package>,
}

/// A package.
#[derive(Debug, Default, Clone)]
pub(crate) struct Package {
    /// Its name.
    pub(crate) name: String,
    /// Its version.
    pub(crate) version: String,
    /// Its SPDX expression, if it gives one.
    pub(crate) license: Option<String>,
    /// What it is for, if it says so.
    pub(crate) description: Option<String>,
    /// Its manifest; relative to the workspace's folder for members.
    pub(crate) manifest: String,
    /// Its features and what each turns on.
    pub(crate) features: BTreeMap<String, Vec<String>>,
    /// What it depends on.
    pub(crate) edges: Vec<Edge>,
}

/// A dependency of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Edge {
    /// The name of the package depended on.
    pub(crate) to: String,
    /// The key in the manifest, which differs if it is renamed.
    pub(crate) key: String,
    /// What it is needed for.
    pub(crate) kind: EdgeKind,
}

/// What a dependency is needed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EdgeKind {
    /// The code.
    Normal,
    /// The build script.
    Build,
    /// Tests and examples.
    Dev,
}

impl EdgeKind {
    /// The table of the manifest that declares it.
    pub(crate) fn section(self) -> &'static str {
        match self {
            EdgeKind::Normal => "dependencies",
            EdgeKind::Build => "build-dependencies",
            EdgeKind::Dev => "dev-dependencies",
        }
    }
}

impl Metadata {
    /// Asks Cargo.
    pub(super) fn read(root: &Path) -> Result<Self, String> {
        let host = host(&output(cargo(root, ["-vV"]))?)?;
        let words = [
            "metadata",
            "--format-version=1",
            "--all-features",
            "--locked",
            "--filter-platform",
            host.as_str(),
        ];
        Self::parse(&output(cargo(root, words))?)
    }

    fn parse(json: &str) -> Result<Self, String> {
        let value: Value =
            serde_json::from_str(json).map_err(|error| format!("cargo metadata is not JSON: {error}"))?;
        let root = text(&value["workspace_root"]);
        let members: HashSet<&str> = array(&value["workspace_members"]).filter_map(Value::as_str).collect();
        let needed: HashSet<&str> =
            array(&value["resolve"]["nodes"]).filter_map(|node| node["id"].as_str()).collect();
        let mut metadata = Metadata::default();
        for entry in array(&value["packages"]) {
            let id = entry["id"].as_str().unwrap_or_default();
            let package = package(entry, &root);
            if members.contains(id) {
                metadata.members.push(package.clone());
            }
            if needed.contains(id) {
                metadata.resolved.push(package);
            }
        }
        Ok(metadata)
    }

    /// The member of this name.
    pub(crate) fn member(&self, name: &str) -> Option<&Package> {
        self.members.iter().find(|package| package.name == name)
    }
}

/// The target that this machine is, from `cargo -vV`.
fn host(version: &str) -> Result<String, String> {
    let line = version.lines().find_map(|line| line.strip_prefix("host: "));
    line.map(str::to_owned).ok_or_else(|| format!("`cargo -vV` does not name the host:\n{version}"))
}

fn package(entry: &Value, root: &str) -> Package {
    let path = text(&entry["manifest_path"]);
    let relative =
        path.strip_prefix(root).map(|path| path.trim_start_matches(['/', '\\']).replace('\\', "/"));
    let features = entry["features"].as_object().into_iter().flatten();
    Package {
        name: text(&entry["name"]),
        version: text(&entry["version"]),
        license: entry["license"].as_str().map(str::to_owned),
        description: entry["description"].as_str().map(str::to_owned),
        manifest: relative.unwrap_or(path),
        features: features.map(|(name, on)| (name.clone(), array(on).map(text).collect())).collect(),
        edges: array(&entry["dependencies"]).map(edge).collect(),
    }
}

fn edge(entry: &Value) -> Edge {
    let to = text(&entry["name"]);
    Edge {
        key: entry["rename"].as_str().map_or_else(|| to.clone(), str::to_owned),
        to,
        kind: match entry["kind"].as_str() {
            Some("dev") => EdgeKind::Dev,
            Some("build") => EdgeKind::Build,
            _ => EdgeKind::Normal,
        },
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The line of the lock file that names the package in this version, or the first.
pub(crate) fn line_in_lock(lock: &str, package: &Package) -> usize {
    let (name, version) =
        (format!("name = \"{}\"", package.name), format!("version = \"{}\"", package.version));
    let lines: Vec<&str> = lock.lines().collect();
    lines.windows(2).position(|pair| pair == [name.as_str(), version.as_str()]).map_or(1, |at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_members_from_what_they_need_and_from_other_targets() {
        let json = r#"{
            "workspace_root": "/w", "workspace_members": ["a"], "resolve": {"nodes": [{"id": "a"}, {"id": "b"}]},
            "packages": [
                {"id": "a", "name": "a", "version": "0.1.0", "manifest_path": "/w/crates/a/Cargo.toml",
                 "features": {"default": ["x"]}, "license": "MIT",
                 "dependencies": [{"name": "b", "kind": null, "rename": "bee"}, {"name": "c", "kind": "dev"}]},
                {"id": "b", "name": "b", "version": "2.0.0", "manifest_path": "/registry/b/Cargo.toml",
                 "license": null, "features": {}, "dependencies": []},
                {"id": "w", "name": "only-windows", "version": "1.0.0", "manifest_path": "/registry/w/Cargo.toml"}
            ]}"#;
        let metadata = Metadata::parse(json).unwrap();
        let a = metadata.member("a").unwrap();
        assert_eq!(a.manifest, "crates/a/Cargo.toml");
        assert_eq!(a.features["default"], ["x"]);
        assert_eq!(a.edges[0], Edge { to: "b".into(), key: "bee".into(), kind: EdgeKind::Normal });
        assert_eq!(a.edges[1].kind, EdgeKind::Dev);
        assert_eq!(metadata.resolved.len(), 2);
        assert!(metadata.member("b").is_none());
    }

    #[test]
    fn reads_the_host_from_the_version() {
        assert_eq!(
            host("cargo 1.95.0\nhost: x86_64-unknown-linux-gnu\n").unwrap(),
            "x86_64-unknown-linux-gnu"
        );
        assert!(host("cargo 1.95.0").is_err());
    }
}
