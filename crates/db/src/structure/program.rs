//! Runs a program that tells a database's structure.

use std::process::{Command, Stdio};

use tokio::sync::oneshot;

use crate::{Error, ErrorKind, Result};

/// What the program writes. `install` says where it comes from.
pub(super) async fn output(mut command: Command, install: &str) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let (reply, replied) = oneshot::channel();
    let spawned = std::thread::Builder::new().name(format!("zzz-db {name}")).spawn(move || {
        let _ = reply.send(command.stdin(Stdio::null()).output());
    });
    let failed = |what: String| Error::new(ErrorKind::Storage, what);
    spawned.map_err(|error| failed(format!("{name} can not be started: {error}")))?;
    let output = match replied.await {
        Ok(Ok(output)) => output,
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(failed(format!(
                "the structure of this database is told by the program `{name}`, which is not there; install {install}"
            )));
        }
        Ok(Err(error)) => return Err(failed(format!("{name} can not be started: {error}"))),
        Err(_) => return Err(failed(format!("the thread that waits for {name} has died"))),
    };
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr);
        return Err(failed(format!("{name} failed: {}", why.trim())));
    }
    String::from_utf8(output.stdout).map_err(|error| {
        Error::with_source(ErrorKind::Storage, format!("what {name} wrote is not UTF-8"), error)
    })
}

/// The lines that are wanted, with one empty line where there were several.
pub(super) fn tidied(text: &str, mut wanted: impl FnMut(&str) -> bool) -> String {
    let mut tidy = String::with_capacity(text.len());
    let mut blank = true;
    for line in text.lines().filter(|line| wanted(line)) {
        if line.is_empty() && blank {
            continue;
        }
        blank = line.is_empty();
        tidy.push_str(line);
        tidy.push('\n');
    }
    tidy
}
