//! docs/benchmarks.md, and the same tables for the terminal.

use super::{
    contenders::CONTENDERS,
    data,
    environment::Environment,
    metrics::METRICS,
    results::{AppResult, Built, Compiled, Results, RowResult, Seconds},
    rows::ROWS,
    statistics::{median, spread},
    table::Table,
};

const OPENING: &str = "\
# Benchmarks

<!-- Written by `cargo xtask bench`. Whatever is changed here by hand is lost with its next run. -->

zzz beside its peers, measured in one run on one machine. Every figure in any document of zzz comes from here.
`cargo xtask bench` measures it anew on yours, `cargo xtask bench json` one row of it, and
`cargo xtask bench data` the data layer alone, `cargo xtask bench build` the sample app, `cargo xtask bench routes`
what 200 routes cost to compile, and `cargo xtask bench schemas` what 100 schemas cost;
`cargo xtask help bench` tells the rest.

![requests per second and instructions per request, row by row](benchmarks.svg)
";

const READING: &str = "\
Each figure is the median of the rounds. In every round each contender has its turn under load, and the next
round begins with another one, so that what else the machine did hit all of them. `±` is half the distance between
the quartiles of the rounds, as a part of the median: two contenders that are closer than that are equal. In
parentheses stands the multiple of zzz's figure.
";

/// What a reader has to know before believing a figure.
const UNFAIR: &[&str] = &[
    "To zzz: it holds every connection to a deadline for its head, for idleness and for the handler, and to limits \
     on head, target and body. It gives each response an `x-request-id`, would log each request if the level let it, \
     and catches panics. hyper here does none of it, and axum and actix-web only some.",
    "To zzz, axum and actix-web: hyper has a `match` on the path and no router, no extractors, no error pages.",
    "To actix-web: it parses HTTP itself and is made for many threads that share nothing; here it has one.",
    "To axum and hyper: they accept on the main thread and serve on another, which costs nothing on kept \
     connections, and would on short ones.",
    "To the peers: the application is ours, so a peer's expert may know a setting that its documentation does not \
     advise. A better server under `benches/peers` is welcome.",
    "To zzz, where there is a database: it watches over its connections, sends a read again whose connection breaks, and \
     bounds each statement; a `World` is a struct with a derive, which axum with the bare driver reads by hand. To \
     axum-tokio-postgres: its one connection is busy with one statement at a time, as are zzz's two, where sqlx has ten. To \
     axum-sqlx: nobody keeps its users from turning `test_before_acquire` off.",
    "To everybody: client and server talk over loopback and have one core each, no request comes from another \
     machine, and no row waits for a disk; the database shares the cores with both, so that its processor time is in \
     nobody's but slows all down. In an app these figures are a small part of a request. On a virtual machine the cores \
     may be threads of one.",
];

const ROUTES: &str = "\
The same app of {count} handlers in 20 modules, written by the bench on zzz and on axum: path parameters, queries, JSON
and forms into structs, services (axum: state), headers, typed results. What the app depends on is built before; the
apps have their turns one after the other, in the profile in which people work. `processor` is what Cargo and all
that it starts had of the processor, `clock` is what one waits. In parentheses stands the multiple of zzz's figure.

";

const SCHEMAS: &str = "\
The same {count} tables of 12 columns, in groups of ten whose rows belong to each other's, written by the bench on zzz-db, on
SeaORM in its compact format and on Diesel with diesel-async, each with an insert, a get by the key, a query with two conditions
and an update. Diesel has the features of tables of up to 16 columns only, and `allow_tables_to_appear_in_same_query!` for each group and not for all
tables. The edit renames a column. What the apps depend on is built before; they have their turns one after the other, in the profile in which people work.
`processor` is what Cargo and all that it starts had of the processor, `clock` is what one waits. In parentheses stands the
multiple of zzz's figure.

";

/// A spread that says more of the machine than of the contender.
const NOISE: f64 = 0.1;

/// The page.
pub(crate) fn markdown(results: &Results) -> String {
    let mut page = OPENING.to_owned();
    page.push_str("\n## Rows\n");
    if results.rows.is_empty() {
        page.push_str("\nNothing has been measured yet.\n");
    }
    let newest = newest(results);
    for row in &results.rows {
        page.push_str(&section(row, newest));
    }
    if !results.data.is_empty() {
        page.push_str(&data::page::section(&results.data, newest));
    }
    if let Some(app) = &results.app {
        page.push_str("\n## The sample app\n\n");
        page.push_str(&figures(app).markdown());
        page.push_str(&differs(&app.environment, newest));
    }
    let compiled = [(&results.routes, "routes", ROUTES), (&results.schemas, "schemas", SCHEMAS)];
    for (built, what, text) in compiled {
        let Some(built) = built else { continue };
        let count = built.count;
        page.push_str(&format!("\n## Compiling {count} {what}\n\n"));
        page.push_str(&text.replace("{count}", &count.to_string()));
        page.push_str(&times(built).markdown());
        page.push_str(&differs(&built.environment, newest));
    }
    page.push_str("\n## How to read it\n\n");
    page.push_str(READING);
    page.push('\n');
    for metric in METRICS {
        page.push_str(&format!("- **{}**: {}\n", metric.title, metric.means));
    }
    page.push_str("\n## The contenders\n\n");
    page.push_str(&contenders(newest).markdown());
    page.push_str(
        "\nAll have mimalloc as their allocator, are built with fat LTO in one codegen unit at `opt-level` 3, and \
         have the same number of threads that serve. All answers are checked before anything is measured; who \
         answers wrongly is left out.\n",
    );
    if let Some(environment) = newest {
        page.push_str("\n## The machine\n\n");
        page.push_str(&machine(environment).markdown());
    }
    page.push_str("\n## What is unfair, and to whom\n\n");
    for line in UNFAIR {
        page.push_str(&format!("- {line}\n"));
    }
    page
}

/// The tables alone.
pub(crate) fn terminal(results: &Results) -> String {
    let mut text = String::new();
    for row in &results.rows {
        text.push_str(&format!("\n{}\n{}", row.name, table(row).text()));
        for line in remarks(row) {
            text.push_str(&format!("  {line}\n"));
        }
    }
    text.push_str(&data::page::terminal(&results.data));
    for (built, what) in [(&results.routes, "routes"), (&results.schemas, "schemas")] {
        if let Some(built) = built {
            text.push_str(&format!("\ncompiling {} {what}\n{}", built.count, times(built).text()));
        }
    }
    if let Some(app) = &results.app {
        text.push_str(&format!("\nthe sample app\n{}", figures(app).text()));
    }
    text
}

/// What most of the page was measured with: the environment of the row that was measured last.
fn newest(results: &Results) -> Option<&Environment> {
    results.environments().max_by(|a, b| a.date.cmp(&b.date))
}

fn section(row: &RowResult, newest: Option<&Environment>) -> String {
    let mut text = format!("\n### {}\n\n", row.name);
    if let Some(known) = ROWS.iter().find(|known| known.name == row.name) {
        text.push_str(&format!("{}.\n\n", known.does));
    }
    if !row.contenders.is_empty() {
        text.push_str(&table(row).markdown());
    }
    text.push('\n');
    for line in remarks(row) {
        text.push_str(&format!("- {line}\n"));
    }
    text.push_str(&differs(&row.environment, newest));
    text
}

/// One line for each contender.
fn table(row: &RowResult) -> Table {
    let headings = std::iter::once(String::new()).chain(METRICS.iter().map(|it| it.title.to_owned()));
    let rows = row.contenders.iter().map(|it| {
        let cells = METRICS.iter().map(|metric| metric.cell(row, it));
        std::iter::once(it.name.clone()).chain(cells).collect()
    });
    Table { words: false, headings: headings.collect(), rows: rows.collect() }.without_empty_columns()
}

/// The load, who was left out, and what is missing.
fn remarks(row: &RowResult) -> Vec<String> {
    let how = &row.how;
    let mut lines = Vec::new();
    if how.rounds > 0 {
        let cores = if how.pinned { "a core each" } else { "not pinned to cores" };
        lines.push(format!(
            "load: {}, {} connections, {} rounds of {} s; {} serving thread{}; server and load: {cores}",
            how.load,
            how.connections,
            how.rounds,
            how.seconds,
            how.workers,
            if how.workers == 1 { "" } else { "s" },
        ));
        if !how.database.is_empty() {
            lines.push(format!("database: {}", how.database));
        }
    }
    let noise = METRICS
        .iter()
        .filter(|it| it.chart.is_some())
        .flat_map(|it| row.contenders.iter().filter_map(|contender| it.spread(contender)));
    lines.extend(busy(noise));
    lines.extend(row.left_out.iter().map(|(name, why)| format!("{name} is left out: {}", first_line(why))));
    lines.extend(row.notes.iter().map(|note| first_line(note)));
    lines
}

/// A line for spreads of which one is no contender's doing.
pub(super) fn busy(spreads: impl Iterator<Item = f64>) -> Option<String> {
    let line = "the machine did other work meanwhile: of these figures only instructions can be compared, and \
                CPU time to some percent";
    (spreads.fold(0.0, f64::max) > NOISE).then(|| line.to_owned())
}

/// What fits into a line of a remark.
pub(super) fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().to_owned()
}

/// A line for what was measured at another time than most of the page.
pub(super) fn differs(environment: &Environment, newest: Option<&Environment>) -> String {
    match newest {
        Some(newest) if newest != environment => {
            format!(
                "\nMeasured on {}, at commit {}, with {} on {}.\n",
                environment.date, environment.commit, environment.rustc, environment.kernel
            )
        }
        _ => String::new(),
    }
}

fn figures(app: &AppResult) -> Table {
    let rows =
        app.figures.iter().map(|it| vec![it.what.clone(), it.value.clone(), it.goal.clone(), it.how.clone()]);
    let headings = ["", "measured", "goal", "how"].map(str::to_owned).to_vec();
    Table { words: true, headings, rows: rows.collect() }
}

/// Two lines for each app: processor time, which other work on the machine changes little, and time by the clock.
fn times(built: &Compiled) -> Table {
    type Builds = (&'static str, fn(&Built) -> &Seconds);
    type Times = (&'static str, fn(&Seconds) -> &[f64]);
    let builds: [Builds; 4] = [
        ("cold build of the app's crate", |app| &app.cold),
        ("cold check", |app| &app.cold_check),
        ("build after an edit", |app| &app.edit),
        ("check after an edit", |app| &app.check),
    ];
    let times: [Times; 2] = [("processor", |seconds| &seconds.cpu), ("clock", |seconds| &seconds.wall)];
    let headings = std::iter::once(String::new()).chain(builds.iter().map(|(title, _)| (*title).to_owned()));
    let first = built.apps.first();
    let row = |at: usize, app: &Built, (title, time): &Times| {
        let cells = builds.iter().map(|(_, of)| {
            let values = time(of(app));
            let Some(seconds) = median(values) else { return "–".to_owned() };
            let spread = spread(values).unwrap_or_default() * 100.0;
            let own = first.and_then(|first| median(time(of(first)))).filter(|own| at > 0 && *own > 0.0);
            let times = own.map(|own| format!(" ({:.2}×)", seconds / own)).unwrap_or_default();
            format!("{seconds:.2} s ±{spread:.0}%{times}")
        });
        std::iter::once(format!("{}, {title}", app.name)).chain(cells).collect()
    };
    let rows = times.iter().flat_map(|time| {
        built.apps.iter().enumerate().map(move |(at, app)| row(at, app, time)).collect::<Vec<_>>()
    });
    Table { words: false, headings: headings.collect(), rows: rows.collect() }.without_empty_columns()
}

fn contenders(environment: Option<&Environment>) -> Table {
    let version = |name: &str| environment.map(|it| it.version(name)).unwrap_or_default();
    let rows = CONTENDERS.iter().map(|it| vec![it.name.to_owned(), version(it.name), it.is.to_owned()]);
    let headings = ["", "versions", "what it is"].map(str::to_owned).to_vec();
    Table { words: true, headings, rows: rows.collect() }
}

fn machine(environment: &Environment) -> Table {
    let row = |name: &str, value: &str| vec![name.to_owned(), value.to_owned()];
    Table {
        words: true,
        headings: row("", ""),
        rows: vec![
            row("date", &environment.date),
            row("zzz", &format!("commit {}", environment.commit)),
            row("processor", &format!("{}, {} cores", environment.cpu, environment.cores)),
            row("kernel", &environment.kernel),
            row("compiler", &environment.rustc),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::results::{Figure, tests::sample};

    #[test]
    fn the_page_has_every_figure_and_who_was_left_out() {
        let page = markdown(&Results { rows: vec![sample("json")], ..Results::default() });
        assert!(page.contains("| axum | 25,000 ±5% (0.50×) | 30.0 ±0% (2.00×) | 18,000 (2.00×)"), "{page}");
        assert!(page.contains("- actix-web is left out: the build failed\n"));
        assert!(page.contains("| processor | Fast @ 3GHz, 2 cores |"));
        assert!(page.contains(
            "wrk 4.1.0, 32 connections, 3 rounds of 1 s; 1 serving thread; server and load: a core"
        ));
        assert!(!page.contains("Measured on"), "one environment is told once");
        assert!(page.lines().all(|line| line.trim_end() == line), "no white space at the end of a line");
    }

    #[test]
    fn a_row_that_is_older_than_the_page_says_so() {
        let mut older = sample("plaintext");
        older.environment.date = "2024-12-01".to_owned();
        let page = markdown(&Results { rows: vec![older, sample("json")], ..Results::default() });
        assert_eq!(page.matches("Measured on 2024-12-01, at commit 0123456789").count(), 1);
    }

    #[test]
    fn compile_times_stand_beside_the_peers_with_their_spread() {
        let built = |name: &str, factor: f64| Built {
            name: name.to_owned(),
            cold: Seconds {
                wall: [3.0, 4.0, 5.0].map(|seconds| seconds * factor).to_vec(),
                cpu: vec![2.0 * factor; 3],
            },
            cold_check: Seconds::default(),
            edit: Seconds { wall: vec![factor; 3], cpu: vec![] },
            check: Seconds { wall: vec![0.5 * factor; 3], cpu: vec![0.25; 3] },
        };
        let compiled = |count: u64, peer: &str| Compiled {
            count,
            apps: vec![built("zzz", 1.0), built(peer, 1.5)],
            ..Compiled::default()
        };
        let (routes, schemas) = (compiled(200, "axum"), compiled(100, "Diesel"));
        let results = Results { routes: Some(routes), schemas: Some(schemas), ..Results::default() };
        assert_eq!(Results::parse(&results.to_json().to_string()).as_ref(), Ok(&results));
        let page = markdown(&results);
        for line in [
            "## Compiling 200 routes",
            "The same app of 200 handlers in 20 modules",
            "## Compiling 100 schemas",
            "| Diesel, clock | 6.00 s ±12% (1.50×) |",
            "|  | cold build of the app's crate | build after an edit | check after an edit |",
            "| zzz, processor | 2.00 s ±0% | – | 0.25 s ±0% |",
            "| axum, processor | 3.00 s ±0% (1.50×) | – | 0.25 s ±0% (1.00×) |",
            "| zzz, clock | 4.00 s ±12% | 1.00 s ±0% | 0.50 s ±0% |",
            "| axum, clock | 6.00 s ±12% (1.50×) | 1.50 s ±0% (1.50×) | 0.75 s ±0% (1.50×) |",
        ] {
            assert!(page.contains(line), "{line} is not in {page}");
        }
        assert!(terminal(&results).contains("compiling 200 routes"));
    }

    #[test]
    fn the_terminal_shows_the_same_figures() {
        let figure = Figure { what: "cold build".to_owned(), value: "93 s".to_owned(), ..Figure::default() };
        let app = AppResult { figures: vec![figure], ..AppResult::default() };
        let text = terminal(&Results { rows: vec![sample("json")], app: Some(app), ..Results::default() });
        assert!(text.contains("zzz ") && text.contains("18,000 (2.00×)") && text.contains("93 s"), "{text}");
        assert!(text.contains("actix-web is left out"));
    }

    #[test]
    fn a_busy_machine_is_told() {
        let mut row = sample("json");
        assert!(!remarks(&row).iter().any(|line| line.contains("other work")), "±5% is quiet");
        row.contenders[1].rounds[0].requests_per_second = 1000.0;
        assert!(remarks(&row).iter().any(|line| line.contains("other work")));
    }

    #[test]
    fn a_page_without_results_says_so() {
        assert!(markdown(&Results::default()).contains("Nothing has been measured yet."));
    }
}
