//! `folder!`: a folder of the app, read from the disk in dev and embedded in a release build.
//!
//! Written on `proc_macro` alone, so that it builds without syn.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use proc_macro::{Delimiter, Group, Literal, Punct, Spacing, Span, TokenStream, TokenTree};

/// Expands `crate_path, "name"`, where `crate_path` is what offers `Folder`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = input.into_iter().collect();
    let Some(TokenTree::Literal(literal)) = tokens.pop().map(ungroup) else {
        return compile_error("name the folder as a text: folder!(\"templates\")", Span::call_site());
    };
    let span = literal.span();
    let text = literal.to_string();
    let Some(name) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else {
        return compile_error("name the folder as a plain text: folder!(\"templates\")", span);
    };
    // What is left is the path of the crate and a comma.
    tokens.pop();
    let krate = TokenStream::from_iter(tokens);
    let folder = match root() {
        Ok(root) => root.join(name),
        Err(message) => return compile_error(&message, span),
    };
    if !folder.is_dir() {
        let message = format!("there is no folder `{name}` at {}", folder.display());
        return compile_error(&message, span);
    }
    let mut files = Vec::new();
    if let Err(error) = collect(&folder, "", &mut files) {
        return compile_error(&format!("the folder `{name}` can not be read: {error}"), span);
    }
    files.sort();
    expansion(&krate, &literal, &files)
}

/// What a `macro_rules!` passes on stands in a group that shows nothing.
pub(crate) fn ungroup(token: TokenTree) -> TokenTree {
    match token {
        TokenTree::Group(group) if group.delimiter() == Delimiter::None => {
            group.stream().into_iter().next().map_or(TokenTree::Group(group), ungroup)
        }
        token => token,
    }
}

/// The app's root: `ZZZ_ROOT`, or the nearest folder at or above the package that holds
/// `config/default.toml`, as at run time; without either the package's own folder.
pub(crate) fn root() -> Result<PathBuf, String> {
    if let Some(root) = std::env::var_os("ZZZ_ROOT") {
        return Ok(root.into());
    }
    let package =
        std::env::var_os("CARGO_MANIFEST_DIR").ok_or("CARGO_MANIFEST_DIR is not set; build with cargo")?;
    let package = PathBuf::from(package);
    let found = package.ancestors().find(|folder| folder.join("config/default.toml").is_file());
    Ok(found.unwrap_or(&package).to_owned())
}

/// Every file below `folder` as (its path with `/`, where it is); hidden ones are left out.
pub(crate) fn collect(
    folder: &Path,
    prefix: &str,
    files: &mut Vec<(String, PathBuf)>,
) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else { continue };
        let path = entry.path();
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), files)?;
        } else {
            files.push((format!("{prefix}{name}"), path));
        }
    }
    Ok(())
}

/// ```text
/// {
///     #[cfg(debug_assertions)] const FOLDER: krate::Folder = krate::Folder::on_disk("name");
///     #[cfg(not(debug_assertions))] const FOLDER: krate::Folder = krate::Folder::embedded("name", &[...]);
///     FOLDER
/// }
/// ```
fn expansion(krate: &TokenStream, name: &Literal, files: &[(String, PathBuf)]) -> TokenStream {
    let mut list = String::new();
    for (path, place) in files {
        let place = place.display().to_string();
        let _ = write!(list, "({path:?}, include_bytes!({place:?}) as &[u8]),");
    }
    let text = |text: &str| text.parse::<TokenStream>().unwrap_or_default();
    let mut body = TokenStream::new();
    let mut constant = |condition: &str, function: &str, rest: &str| {
        body.extend(text(&format!("#[cfg({condition})] const FOLDER:")));
        body.extend(krate.clone());
        body.extend(text("::Folder ="));
        body.extend(krate.clone());
        body.extend(text(&format!("::Folder::{function}")));
        let mut arguments = TokenStream::from(TokenTree::Literal(name.clone()));
        arguments.extend(text(rest));
        body.extend([TokenTree::Group(Group::new(Delimiter::Parenthesis, arguments))]);
        body.extend([TokenTree::Punct(Punct::new(';', Spacing::Alone))]);
    };
    constant("debug_assertions", "on_disk", "");
    constant("not(debug_assertions)", "embedded", &format!(", &[{list}]"));
    body.extend(text("FOLDER"));
    TokenStream::from(TokenTree::Group(Group::new(Delimiter::Brace, body)))
}

pub(crate) fn compile_error(message: &str, span: Span) -> TokenStream {
    let error: TokenStream = format!("::core::compile_error!({message:?})").parse().unwrap_or_default();
    error
        .into_iter()
        .map(|mut token| {
            token.set_span(span);
            token
        })
        .collect()
}
