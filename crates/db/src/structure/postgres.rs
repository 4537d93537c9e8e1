//! `pg_dump`, which is told where the database is by variables: a command line can be read by others.

use std::process::Command;

use tokio_postgres::config::{Host, SslMode};

use super::program;
use crate::Result;
use crate::driver::postgres::Options;

pub(super) async fn dump(options: &Options) -> Result<String> {
    let install = "PostgreSQL's client programs (Debian: `postgresql-client`)";
    let text = program::output(command(options), install).await?;
    Ok(tidied(&text))
}

/// Without what differs from run to run, what only psql understands, and what the session is told before anything is
/// created: it would stay with a session that does other things afterwards. Every name has its schema all the same.
fn tidied(text: &str) -> String {
    let mut creates = false;
    program::tidied(text, |line| {
        creates |= line.starts_with("CREATE ");
        let told = line.starts_with("SET ") || line.starts_with("SELECT pg_catalog.set_config(");
        // Functions may name what comes after them.
        let needed = creates || line.starts_with("SET check_function_bodies");
        !line.starts_with('\\') && !line.starts_with("-- Dumped ") && (needed || !told)
    })
}

fn command(options: &Options) -> Command {
    let mut command = Command::new("pg_dump");
    command
        .args(["--schema-only", "--no-owner", "--no-privileges", "--encoding=UTF8"])
        .env("PGDATABASE", options.database());
    let config = &options.config;
    let host = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(folder) => folder.display().to_string(),
    };
    let hosts: Vec<String> = config.get_hosts().iter().map(host).collect();
    let ports: Vec<String> = config.get_ports().iter().map(u16::to_string).collect();
    for (variable, value) in [("PGHOST", hosts.join(",")), ("PGPORT", ports.join(","))] {
        if !value.is_empty() {
            command.env(variable, value);
        }
    }
    if let Some(user) = config.get_user() {
        command.env("PGUSER", user);
    }
    if let Some(password) = config.get_password() {
        command.env("PGPASSWORD", String::from_utf8_lossy(password).as_ref());
    }
    let mode = match config.get_ssl_mode() {
        SslMode::Disable => "disable",
        SslMode::Prefer => "prefer",
        _ => "require",
    };
    command.env("PGSSLMODE", mode);
    command
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_differs_from_run_to_run_and_what_a_session_is_told_is_left_out() {
        let text = "--\n-- Dumped from database version 15.1\n\n\\restrict abc\n\nSET lock_timeout = 0;\n\
                    SELECT pg_catalog.set_config('search_path', '', false);\nSET check_function_bodies = false;\n\n\
                    CREATE FUNCTION public.a() AS $$\nUPDATE public.b\nSET c = 1;\n$$;\n\\unrestrict abc\n";
        assert_eq!(
            super::tidied(text),
            "--\n\nSET check_function_bodies = false;\n\n\
             CREATE FUNCTION public.a() AS $$\nUPDATE public.b\nSET c = 1;\n$$;\n"
        );
    }
}
