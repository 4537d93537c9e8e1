//! `config`: prints the configuration as a file would hold it, with where each value comes from.

use zzz_core::Result;

use super::print;
use crate::boot::Prepared;

pub(super) fn config(prepared: &Prepared) -> Result<()> {
    let mut text = format!("# environment: {}\n# root: {}\n", prepared.config.env(), prepared.root.display());
    let mut section = "";
    for shown in prepared.config.shown() {
        if shown.section != section {
            section = shown.section;
            text.push_str(&format!("\n[{section}]\n"));
        }
        let line = match &shown.value {
            Some(value) => format!("{} = {value}", shown.key.name),
            None => format!("# {} is not set", shown.key.name),
        };
        text.push_str(&format!("{line:<40} # {}\n", shown.origin));
    }
    print(&text)
}
