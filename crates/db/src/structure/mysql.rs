//! `mysqldump`, which MariaDB has too; it is given the password by a variable: a command line can be read by others.

use super::program;
use crate::Result;
use crate::driver::mysql::Options;

pub(super) async fn dump(options: &Options) -> Result<String> {
    let install = "the client programs of MySQL or MariaDB (Debian: `mariadb-client`)";
    let text = program::output(options.dump_command(), install).await?;
    Ok(tidied(&text))
}

/// Without what differs from run to run, and what only the command line client understands.
fn tidied(text: &str) -> String {
    let noise = ["/*M!999999", "DELIMITER "];
    let text = program::tidied(text, |line| !noise.iter().any(|start| line.starts_with(start)));
    let mut tidy = String::with_capacity(text.len());
    for line in text.lines() {
        // How far a table has counted is no part of its structure.
        const COUNTED: &str = " AUTO_INCREMENT=";
        let line = line.strip_suffix(";;").map_or(line.to_owned(), |line| format!("{line};"));
        match line.find(COUNTED).filter(|_| line.starts_with(") ")) {
            Some(at) => {
                let rest = line[at + COUNTED.len()..].trim_start_matches(|c: char| c.is_ascii_digit());
                tidy.push_str(&line[..at]);
                tidy.push_str(rest);
            }
            None => tidy.push_str(&line),
        }
        tidy.push('\n');
    }
    tidy
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_differs_from_run_to_run_is_left_out() {
        let text = "/*M!999999\\- enable the sandbox mode */ \n\n\nCREATE TABLE `a` (\n  `b` int\n\
                    ) ENGINE=InnoDB AUTO_INCREMENT=17 DEFAULT CHARSET=utf8mb4;\nDELIMITER ;;\nCREATE TRIGGER t ;;\nDELIMITER ;\n";
        assert_eq!(
            super::tidied(text),
            "CREATE TABLE `a` (\n  `b` int\n) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4;\nCREATE TRIGGER t ;\n"
        );
    }
}
