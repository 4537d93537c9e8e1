//! `templates check`: the syntax of every template.

use zzz_core::{Error, Result};

use super::print;
use crate::boot::Prepared;

pub(super) fn check(prepared: &Prepared) -> Result<()> {
    let Some((builder, files)) = prepared.templates()? else {
        return Err(Error::internal("this app has no templates: it sets no folder with `App::templates`"));
    };
    let names = files.list()?;
    let mistakes: Vec<String> = builder
        .build()?
        .check()
        .iter()
        .map(|mistake| format!("{mistake}\n{}", mistake.excerpt().trim_end()))
        .collect();
    match mistakes.len() {
        0 => print(&format!("{} templates are in order.\n", names.len())),
        1 => Err(Error::internal(mistakes.concat())),
        count => Err(Error::internal(format!("{count} templates are wrong\n{}", mistakes.join("\n")))),
    }
}
