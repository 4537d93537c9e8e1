//! Sends SQL to the database that DATABASE_URL names and prints the rows that come back, a line for each, with a tab
//! between the values: `bench-sql "SELECT 1; SELECT 2"`. `cargo xtask bench` looks with it, and with no contender, at
//! what is in the database, and drops it.

use std::{error::Error, process::ExitCode};

use tokio_postgres::{NoTls, SimpleQueryMessage};

async fn rows(sql: &str) -> Result<String, Box<dyn Error>> {
    let (client, connection) = tokio_postgres::connect(&std::env::var("DATABASE_URL")?, NoTls).await?;
    tokio::spawn(connection);
    let mut text = String::new();
    for message in client.simple_query(sql).await? {
        if let SimpleQueryMessage::Row(row) = message {
            let values: Vec<&str> = (0..row.len()).map(|at| row.get(at).unwrap_or("NULL")).collect();
            text.push_str(&values.join("\t"));
            text.push('\n');
        }
    }
    Ok(text)
}

fn main() -> ExitCode {
    let sql = std::env::args().nth(1).unwrap_or_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    match runtime.map_err(Into::into).and_then(|runtime| runtime.block_on(rows(&sql))) {
        Ok(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            // The driver's own words for the database's are `db error`.
            let cause = error.source().map(|cause| format!(": {cause}")).unwrap_or_default();
            eprintln!("{error}{cause}");
            ExitCode::FAILURE
        }
    }
}
