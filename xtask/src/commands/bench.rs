//! `cargo xtask bench [ROW...] [--quick] [--instructions] [--json]` and `cargo xtask bench data|build|routes|schemas`.

use std::path::Path;

use super::{Command, unknown, usage};
use crate::{
    Outcome,
    bench::{self, Options, ROWS, generator},
};

pub(super) const COMMAND: Command = Command {
    name: "bench",
    arguments: "[ROW...]",
    summary: "measure zzz beside its peers, or the sample app's build and start",
    details,
    run,
};

fn details() -> String {
    let mut text = "\
Builds the servers under benches/, checks their answers, and measures them in turns. It writes
docs/benchmarks.md, its chart and its figures; what is not measured this time stays there as it was.

The rows, all of them if none is named:
"
    .to_owned();
    for row in ROWS {
        text.push_str(&format!("  {:<22} {}\n", row.name, row.does));
    }
    text.push_str(
        "\nAnd:
  data                   the data layer alone, beside the drivers below it and its peers; of it,
                         `postgres`, `sqlite` or `mysql`, or one row, such as `sqlite/all`
  build                  build times, sizes, start and memory of the sample app
  routes                 compile times of an app of 200 routes, on zzz and on axum
  schemas                compile times of 100 schemas, on zzz, SeaORM and Diesel

Options:
  --quick                3 rounds instead of 7
  --instructions         instructions per request alone, which need no quiet machine; writes no page
  --json                 the results as JSON

What it uses where it is installed: wrk or oha for load, valgrind for instructions, taskset for a core each. Rows with a
database need PostgreSQL, which is looked for, and started, as cargo xtask test does.
Profiles stay in target/bench-run/callgrind, to be read with
  callgrind_annotate --inclusive=yes target/bench-run/callgrind/zzz-plaintext-3500.out",
    );
    text
}

fn run(root: &Path, arguments: &[String]) -> Outcome {
    if let Some(outcome) = generator(arguments) {
        return outcome;
    }
    match Options::of(arguments) {
        Ok(options) => bench::run(root, &options),
        Err(word) => usage(&unknown("row or option", &word, bench::known())),
    }
}
