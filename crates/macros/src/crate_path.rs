//! Where generated code finds our crates: inside the facade if the user's package depends on it, else by
//! their own names.

use std::path::Path;

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Ident;

/// The path of the crate of package `own` (library name with underscores), which the facade re-exports as
/// the module `module`.
pub(crate) fn find(own: &str, module: &str) -> TokenStream {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .and_then(|folder| std::fs::read_to_string(Path::new(&folder).join("Cargo.toml")).ok())
        .unwrap_or_default();
    let ident = |name: &str| Ident::new(&name.replace('-', "_"), Span::call_site());
    if let Some(facade) = dependency(&manifest, "zzz-web") {
        // The library of the package `zzz-web` is named `zzz`; a renamed dependency has the new name.
        let facade = ident(if facade == "zzz-web" { "zzz" } else { &facade });
        let module = ident(module);
        return quote!(::#facade::#module);
    }
    let own = ident(dependency(&manifest, own).as_deref().unwrap_or(own));
    quote!(::#own)
}

/// The name under which a manifest depends on `package`: its own, or the key with `package = "..."`.
///
/// Read by lines, which is enough for how dependencies are written, and needs no TOML parser in every build.
fn dependency(manifest: &str, package: &str) -> Option<String> {
    let mut section = String::new();
    for line in manifest.lines().map(str::trim) {
        if let Some(header) = line.strip_prefix('[') {
            section = header.split(']').next().unwrap_or_default().to_owned();
            // `[dependencies.zzz-web]`
            if let Some((table, key)) = section.rsplit_once('.')
                && table.ends_with("dependencies")
                && key.trim_matches('"') == package
            {
                return Some(package.to_owned());
            }
            continue;
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        // `zzz-web.workspace = true`
        let key = key.trim();
        let key = key.split_once('.').map_or(key, |(name, _)| name).trim_matches('"');
        let renamed = value.contains(&format!("package = \"{package}\""));
        // `zzz.workspace = true`: the workspace's manifest has the package's name, which is ours by this key.
        let inherited = package == "zzz-web" && key == "zzz" && line.contains("workspace");
        if section.ends_with("dependencies") && (renamed || inherited || key == package) {
            return Some(key.to_owned());
        }
        // `[dependencies.db]` with `package = "zzz-db"` below it.
        if let Some((table, name)) = section.rsplit_once('.')
            && table.ends_with("dependencies")
            && key == "package"
            && value.trim().trim_matches('"') == package
        {
            return Some(name.trim_matches('"').to_owned());
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::dependency;

    #[test]
    fn finds_a_dependency_however_it_is_written() {
        let found = |manifest: &str| dependency(manifest, "zzz-web");
        for manifest in [
            "[dependencies]\nzzz-web = \"0.1\"",
            "[dependencies]\nzzz-web.workspace = true",
            "[dependencies]\nzzz-web = { path = \"../zzz\" }",
            "[dev-dependencies]\nzzz-web = \"0.1\"",
            "[dependencies.zzz-web]\nversion = \"0.1\"",
            "[target.'cfg(unix)'.dependencies]\nzzz-web = \"0.1\"",
        ] {
            assert_eq!(found(manifest).as_deref(), Some("zzz-web"), "{manifest}");
        }
        assert_eq!(found("[dependencies]\nz = { package = \"zzz-web\" }").as_deref(), Some("z"));
        assert_eq!(found("[dependencies]\nzzz.workspace = true").as_deref(), Some("zzz"));
        assert_eq!(found("[dependencies]\nzzz = { workspace = true }").as_deref(), Some("zzz"));
        assert_eq!(found("[dependencies]\nzzz = \"0.3\""), None, "another package");
        assert_eq!(found("[dependencies.z]\npackage = \"zzz-web\"").as_deref(), Some("z"));
        assert_eq!(found("[package]\nname = \"zzz-web\"\n[dependencies]\nzzz-web-extra = \"1\""), None);
    }
}
