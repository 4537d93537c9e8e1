//! `migrations!`: the folder of an app's migrations, SQL files and Rust.
//!
//! A file in Rust becomes a module; which functions it has is read from its tokens, so that a mistake is an error here
//! and not one of a migration that does nothing. Written on `proc_macro` alone, so that it builds without syn.

use std::fmt::Write;

use proc_macro::{Delimiter, Group, Literal, Span, TokenStream, TokenTree};

use crate::folder::{collect, compile_error, root, ungroup};

/// The databases that a SQL file can be for.
const DATABASES: [&str; 3] = ["sqlite", "postgres", "mysql"];

/// Expands `crate_path, "name"`, where `crate_path` is what offers `migrate::Folder`.
pub(crate) fn expand(input: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = input.into_iter().collect();
    let Some(TokenTree::Literal(literal)) = tokens.pop().map(ungroup) else {
        return compile_error("name the folder as a text: migrations!(\"migrations\")", Span::call_site());
    };
    // What is left is the path of the crate and a comma.
    tokens.pop();
    let span = literal.span();
    match build(&TokenStream::from_iter(tokens), &literal) {
        Ok(expansion) => expansion,
        Err(message) => compile_error(&message, span),
    }
}

fn build(krate: &TokenStream, literal: &Literal) -> Result<TokenStream, String> {
    let text = literal.to_string();
    let name = text
        .strip_prefix('"')
        .and_then(|text| text.strip_suffix('"'))
        .ok_or("name the folder as a plain text: migrations!(\"migrations\")")?;
    let folder = root()?.join(name);
    if !folder.is_dir() {
        return Err(format!("there is no folder `{name}` at {}", folder.display()));
    }
    let mut files = Vec::new();
    collect(&folder, "", &mut files)
        .map_err(|error| format!("the folder `{name}` can not be read: {error}"))?;
    files.sort();
    let (mut modules, mut code, mut texts) = (String::new(), String::new(), String::new());
    let mut taken: Vec<(u64, Option<String>, String)> = Vec::new();
    for (file, place) in &files {
        let place = place.display().to_string();
        let (stem, database) = if let Some(stem) = file.strip_suffix(".rs") {
            (stem, None)
        } else if let Some(stem) = file.strip_suffix(".sql") {
            match stem.split_once('.') {
                Some((stem, database)) if DATABASES.contains(&database) => (stem, Some(database.to_owned())),
                Some((_, other)) => {
                    return Err(format!(
                        "the migration `{file}` is for the database `{other}`, which is unknown; known are `sqlite`, \
                         `postgres` and `mysql`"
                    ));
                }
                None => (stem, None),
            }
        } else {
            continue;
        };
        let version = version(stem).ok_or_else(|| {
            format!(
                "the migration `{file}` needs a name of a version and words, such as \
                 `20261121120000_create_posts.rs`"
            )
        })?;
        let is_code = file.ends_with(".rs");
        let beside = taken.iter().find(|(other, of, name)| {
            *other == version && (*of == database || is_code || name.ends_with(".rs"))
        });
        if let Some((_, _, other)) = beside {
            return Err(format!(
                "two migrations have the same version: `{other}` and `{file}`; give one of them another"
            ));
        }
        taken.push((version, database, file.clone()));
        if !is_code {
            let _ = write!(texts, "({file:?}, include_str!({place:?})),");
            continue;
        }
        let module = format!("migration_{version}");
        let functions = functions(file, &place)?;
        let _ = write!(
            modules,
            "#[path = {place:?}] #[allow(unreachable_pub, missing_docs, dead_code)] mod {module};"
        );
        let _ = write!(code, "({stem:?}, {{krate}}::migrate::Code::{}),", functions.call(&module));
    }
    let place = folder.display().to_string();
    let body = format!(
        "{modules} const CODE: &[(&str, {{krate}}::migrate::Code)] = &[{code}];
        {{krate}}::migrate::Folder {{
            name: {name:?},
            place: {place:?},
            files: {{
                #[cfg(debug_assertions)] const FILES: Option<&[(&str, &str)]> = None;
                #[cfg(not(debug_assertions))] const FILES: Option<&[(&str, &str)]> = Some(&[{texts}]);
                FILES
            }},
            code: CODE,
        }}"
    );
    // The path of the crate has a meaning only as the token that it is, so it is put in as one.
    let tokens = body
        .replace("{krate}", "__zzz_crate")
        .parse::<TokenStream>()
        .map_err(|error| format!("the migrations can not be listed: {error}"))?;
    Ok(TokenTree::Group(Group::new(Delimiter::Brace, with_crate(tokens, krate))).into())
}

/// Puts the path of the crate in the place of its name.
fn with_crate(tokens: TokenStream, krate: &TokenStream) -> TokenStream {
    let mut all = TokenStream::new();
    for token in tokens {
        match token {
            TokenTree::Ident(ident) if ident.to_string() == "__zzz_crate" => all.extend(krate.clone()),
            TokenTree::Group(group) => {
                let inner = with_crate(group.stream(), krate);
                all.extend([TokenTree::Group(Group::new(group.delimiter(), inner))]);
            }
            token => all.extend([token]),
        }
    }
    all
}

/// The number in front of a name.
fn version(stem: &str) -> Option<u64> {
    let (version, words) = stem.split_once('_')?;
    let digits = !words.is_empty() && version.bytes().all(|byte| byte.is_ascii_digit());
    version.parse().ok().filter(|version| digits && *version > 0 && i64::try_from(*version).is_ok())
}

/// Which functions a file has.
#[derive(Default)]
struct Functions {
    change: bool,
    up: bool,
    down: bool,
}

impl Functions {
    fn call(&self, module: &str) -> String {
        match self {
            Self { change: true, .. } => format!("change({module}::change)"),
            Self { down: true, .. } => format!("up_down({module}::up, {module}::down)"),
            _ => format!("up({module}::up)"),
        }
    }
}

fn functions(file: &str, place: &str) -> Result<Functions, String> {
    let text = std::fs::read_to_string(place)
        .map_err(|error| format!("the migration `{file}` can not be read: {error}"))?;
    let mut found = Functions::default();
    // What has no tokens is rustc's to complain about, when it compiles the module.
    let Ok(tokens) = text.parse::<TokenStream>() else { return Ok(Functions { change: true, ..found }) };
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let word = |at: Option<usize>| match at.and_then(|at| tokens.get(at)) {
        Some(TokenTree::Ident(ident)) => ident.to_string(),
        _ => String::new(),
    };
    for at in 0..tokens.len() {
        if word(Some(at)) != "fn" {
            continue;
        }
        let name = word(Some(at + 1));
        let function = match name.as_str() {
            "change" => &mut found.change,
            "up" => &mut found.up,
            "down" => &mut found.down,
            _ => continue,
        };
        *function = true;
        if word(at.checked_sub(1)) != "pub" {
            return Err(format!("`fn {name}` of the migration `{file}` must be `pub`"));
        }
    }
    match found {
        Functions { change: true, up, down } if up || down => Err(format!(
            "the migration `{file}` has `fn change` and `fn up` or `fn down`; it is either the one or the others"
        )),
        Functions { change: false, up: false, .. } => Err(format!(
            "the migration `{file}` has no `pub fn change(m: &mut Change)`, nor `pub fn up(m: &mut Change)`"
        )),
        found => Ok(found),
    }
}
