//! [`Results`]: what was measured, kept in docs/benchmarks.json so that measuring one row changes no other.

use serde_json::{Map, Value, json};

use super::{
    data::{results::DataResult, rows::DATA_ROWS},
    environment::Environment,
};

/// Everything that the page shows.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Results {
    /// In the order of the page.
    pub(crate) rows: Vec<RowResult>,
    /// The data layer alone, in the order of the page.
    pub(crate) data: Vec<DataResult>,
    /// The sample app's build and start.
    pub(crate) app: Option<AppResult>,
    /// Compile times of 200 routes.
    pub(crate) routes: Option<Compiled>,
    /// Compile times of 100 schemas.
    pub(crate) schemas: Option<Compiled>,
}

/// One row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct RowResult {
    /// The row's name.
    pub(crate) name: String,
    /// Where, when and with what.
    pub(crate) environment: Environment,
    /// Under which load.
    pub(crate) how: How,
    /// Who answered it.
    pub(crate) contenders: Vec<Measured>,
    /// Who was left out, and why.
    pub(crate) left_out: Vec<(String, String)>,
    /// What is missing, and why.
    pub(crate) notes: Vec<String>,
}

/// The load.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct How {
    /// What made it.
    pub(crate) load: String,
    /// How often each contender had its turn.
    pub(crate) rounds: u64,
    /// How long a turn was, in seconds.
    pub(crate) seconds: u64,
    /// Connections at once.
    pub(crate) connections: u64,
    /// Threads of the server.
    pub(crate) workers: u64,
    /// Whether server and load had a core each.
    pub(crate) pinned: bool,
    /// The database, and where it runs; empty if there was none.
    pub(crate) database: String,
}

/// A contender's figures in a row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Measured {
    /// The contender's name.
    pub(crate) name: String,
    /// Its turns.
    pub(crate) rounds: Vec<Round>,
    /// Instructions in user space for each request.
    pub(crate) instructions: Option<f64>,
    /// The most memory that it had, in KiB.
    pub(crate) peak_kib: Option<u64>,
}

/// One turn under load.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Round {
    /// Requests answered in a second.
    pub(crate) requests_per_second: f64,
    /// Processor time of the server for each request, in microseconds.
    pub(crate) cpu_micros: Option<f64>,
    /// Processor time of the database's sessions for each request, in microseconds.
    pub(crate) database_micros: Option<f64>,
    /// Latency: half of the answers took at most this, in microseconds.
    pub(crate) p50_micros: f64,
    /// Latency: 99 of 100 answers took at most this, in microseconds.
    pub(crate) p99_micros: f64,
}

/// The sample app.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct AppResult {
    /// Where, when and with what.
    pub(crate) environment: Environment,
    /// Its figures.
    pub(crate) figures: Vec<Figure>,
}

/// Compile times of an app of many parts, on zzz and on its peers.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Compiled {
    /// Where, when and with what.
    pub(crate) environment: Environment,
    /// How many parts the app has: handlers, or schemas.
    pub(crate) count: u64,
    /// zzz, then the peers.
    pub(crate) apps: Vec<Built>,
}

/// Compile times of one app.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Built {
    /// What it is written on.
    pub(crate) name: String,
    /// Of its crate, with everything below it built.
    pub(crate) cold: Seconds,
    /// The same without code: `cargo check`.
    pub(crate) cold_check: Seconds,
    /// After a change in one part.
    pub(crate) edit: Seconds,
    /// After such a change, without code: `cargo check`.
    pub(crate) check: Seconds,
}

/// What builds took, in seconds, one for each round.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Seconds {
    /// By the clock.
    pub(crate) wall: Vec<f64>,
    /// Of the processor, for Cargo and everything that it started; none where that can not be told.
    pub(crate) cpu: Vec<f64>,
}

impl Built {
    /// Of this app, with nothing measured yet.
    pub(crate) fn of(name: &str) -> Self {
        Built { name: name.to_owned(), ..Built::default() }
    }

    fn from_json(value: &Value) -> Self {
        let seconds = |key: &str| Seconds::from_json(&value[key]);
        Built {
            name: text(&value["name"]),
            cold: seconds("cold"),
            cold_check: seconds("cold_check"),
            edit: seconds("edit"),
            check: seconds("check"),
        }
    }

    fn to_json(&self) -> Value {
        let Built { name, cold, cold_check, edit, check } = self;
        json!({
            "name": name,
            "cold": cold.to_json(),
            "cold_check": cold_check.to_json(),
            "edit": edit.to_json(),
            "check": check.to_json(),
        })
    }
}

impl Compiled {
    fn from_json(value: &Value) -> Option<Self> {
        value.is_object().then(|| Compiled {
            environment: environment(&value["environment"]),
            count: whole(&value["count"]),
            apps: list(&value["apps"], Built::from_json),
        })
    }

    fn to_json(&self) -> Value {
        let apps: Value = self.apps.iter().map(Built::to_json).collect();
        json!({ "environment": environment_to_json(&self.environment), "count": self.count, "apps": apps })
    }
}

impl Seconds {
    fn from_json(value: &Value) -> Self {
        let seconds = |key: &str| list(&value[key], |value| value.as_f64().unwrap_or_default());
        Seconds { wall: seconds("wall"), cpu: seconds("cpu") }
    }

    fn to_json(&self) -> Value {
        json!({ "wall": self.wall, "cpu": self.cpu })
    }
}

/// A figure of the sample app's.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Figure {
    /// What was measured.
    pub(crate) what: String,
    /// The value with its unit, as it is shown.
    pub(crate) value: String,
    /// What it is meant to be, if anything; empty if nothing.
    pub(crate) goal: String,
    /// How it was measured.
    pub(crate) how: String,
}

impl Measured {
    /// Of this contender, with nothing known yet.
    pub(crate) fn of(name: &str) -> Self {
        Measured { name: name.to_owned(), ..Measured::default() }
    }
}

impl Results {
    /// Takes fresh results in. Older ones of another machine are dropped, since nobody could compare them;
    /// what is dropped is told.
    pub(crate) fn merge(&mut self, fresh: &Results) -> Vec<String> {
        let mut dropped = Vec::new();
        if let Some(here) = fresh.environments().next() {
            keep_those_of(here, &mut self.rows, &mut dropped);
            keep_those_of(here, &mut self.data, &mut dropped);
            if self.app.as_ref().is_some_and(|app| !app.environment.same_machine(here)) {
                dropped.push("the sample app was measured on another machine and is dropped".to_owned());
                self.app = None;
            }
            for (compiled, what) in [(&mut self.routes, "200 routes"), (&mut self.schemas, "100 schemas")] {
                if compiled.as_ref().is_some_and(|it| !it.environment.same_machine(here)) {
                    dropped.push(format!("the {what} were compiled on another machine and are dropped"));
                    *compiled = None;
                }
            }
        }
        take_in(&mut self.rows, &fresh.rows, &super::ROWS.iter().map(|row| row.name).collect::<Vec<_>>());
        take_in(&mut self.data, &fresh.data, &DATA_ROWS.iter().map(|row| row.name).collect::<Vec<_>>());
        if fresh.app.is_some() {
            self.app.clone_from(&fresh.app);
        }
        if fresh.routes.is_some() {
            self.routes.clone_from(&fresh.routes);
        }
        if fresh.schemas.is_some() {
            self.schemas.clone_from(&fresh.schemas);
        }
        dropped
    }

    /// Where and when each part was measured.
    pub(crate) fn environments(&self) -> impl Iterator<Item = &Environment> {
        let rows = self.rows.iter().map(|row| &row.environment);
        let app = self.app.iter().map(|app| &app.environment);
        let data = self.data.iter().map(|row| &row.environment);
        let compiled = self.routes.iter().chain(&self.schemas);
        rows.chain(data).chain(app).chain(compiled.map(|compiled| &compiled.environment))
    }

    /// Reads what [`to_json`](Self::to_json) gave.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if !value["rows"].is_array() {
            return Err("it has no `rows`".to_owned());
        }
        let app = &value["app"];
        Ok(Results {
            rows: list(&value["rows"], RowResult::of),
            data: list(&value["data"], DataResult::of),
            app: app.is_object().then(|| AppResult {
                environment: environment(&app["environment"]),
                figures: list(&app["figures"], Figure::of),
            }),
            routes: Compiled::from_json(&value["routes"]),
            schemas: Compiled::from_json(&value["schemas"]),
        })
    }

    /// For machines to read.
    pub(crate) fn to_json(&self) -> Value {
        let mut json = Map::new();
        json.insert("rows".to_owned(), self.rows.iter().map(RowResult::to_json).collect());
        if !self.data.is_empty() {
            json.insert("data".to_owned(), self.data.iter().map(DataResult::to_json).collect());
        }
        if let Some(app) = &self.app {
            let figures: Value = app.figures.iter().map(Figure::to_json).collect();
            let app = json!({ "environment": environment_to_json(&app.environment), "figures": figures });
            json.insert("app".to_owned(), app);
        }
        for (name, compiled) in [("routes", &self.routes), ("schemas", &self.schemas)] {
            if let Some(compiled) = compiled {
                json.insert(name.to_owned(), compiled.to_json());
            }
        }
        Value::Object(json)
    }
}

/// What was measured under a name.
trait Named: Clone {
    fn name(&self) -> &str;
    fn environment(&self) -> &Environment;
}

impl Named for RowResult {
    fn name(&self) -> &str {
        &self.name
    }

    fn environment(&self) -> &Environment {
        &self.environment
    }
}

impl Named for DataResult {
    fn name(&self) -> &str {
        &self.name
    }

    fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// Drops what was measured on another machine, and tells it.
fn keep_those_of<T: Named>(here: &Environment, rows: &mut Vec<T>, dropped: &mut Vec<String>) {
    rows.retain(|row| {
        let keep = row.environment().same_machine(here);
        if !keep {
            dropped.push(format!("`{}` was measured on another machine and is dropped", row.name()));
        }
        keep
    });
}

/// Puts fresh rows in the place of older ones. Rows whose names are no more go, and the others stand in the order of the
/// names.
fn take_in<T: Named>(rows: &mut Vec<T>, fresh: &[T], names: &[&str]) {
    for row in fresh {
        match rows.iter_mut().find(|known| known.name() == row.name()) {
            Some(known) => known.clone_from(row),
            None => rows.push(row.clone()),
        }
    }
    let place = |row: &T| names.iter().position(|name| *name == row.name());
    rows.retain(|row| place(row).is_some());
    rows.sort_by_key(place);
}

impl RowResult {
    fn of(value: &Value) -> Self {
        let how = &value["how"];
        RowResult {
            name: text(&value["name"]),
            environment: environment(&value["environment"]),
            how: How {
                load: text(&how["load"]),
                rounds: whole(&how["rounds"]),
                seconds: whole(&how["seconds"]),
                connections: whole(&how["connections"]),
                workers: whole(&how["workers"]),
                pinned: how["pinned"].as_bool().unwrap_or(false),
                database: text(&how["database"]),
            },
            contenders: list(&value["contenders"], Measured::from_json),
            left_out: pairs(&value["left_out"]),
            notes: list(&value["notes"], text),
        }
    }

    fn to_json(&self) -> Value {
        let how = &self.how;
        json!({
            "name": self.name,
            "environment": environment_to_json(&self.environment),
            "how": {
                "load": how.load,
                "rounds": how.rounds,
                "seconds": how.seconds,
                "connections": how.connections,
                "workers": how.workers,
                "pinned": how.pinned,
                "database": how.database,
            },
            "contenders": self.contenders.iter().map(Measured::to_json).collect::<Value>(),
            "left_out": pairs_to_json(&self.left_out),
            "notes": self.notes,
        })
    }
}

impl Measured {
    fn from_json(value: &Value) -> Self {
        Measured {
            name: text(&value["name"]),
            rounds: list(&value["rounds"], |round| Round {
                requests_per_second: number(&round["requests_per_second"]),
                cpu_micros: round["cpu_micros"].as_f64(),
                database_micros: round["database_micros"].as_f64(),
                p50_micros: number(&round["p50_micros"]),
                p99_micros: number(&round["p99_micros"]),
            }),
            instructions: value["instructions"].as_f64(),
            peak_kib: value["peak_kib"].as_u64(),
        }
    }

    fn to_json(&self) -> Value {
        let round = |round: &Round| {
            json!({
                "requests_per_second": rounded(round.requests_per_second),
                "cpu_micros": round.cpu_micros.map(rounded),
                "database_micros": round.database_micros.map(rounded),
                "p50_micros": rounded(round.p50_micros),
                "p99_micros": rounded(round.p99_micros),
            })
        };
        json!({
            "name": self.name,
            "rounds": self.rounds.iter().map(round).collect::<Value>(),
            "instructions": self.instructions.map(rounded),
            "peak_kib": self.peak_kib,
        })
    }
}

impl Figure {
    fn of(value: &Value) -> Self {
        Figure {
            what: text(&value["what"]),
            value: text(&value["value"]),
            goal: text(&value["goal"]),
            how: text(&value["how"]),
        }
    }

    fn to_json(&self) -> Value {
        json!({ "what": self.what, "value": self.value, "goal": self.goal, "how": self.how })
    }
}

pub(crate) fn environment(value: &Value) -> Environment {
    Environment {
        date: text(&value["date"]),
        cpu: text(&value["cpu"]),
        cores: usize::try_from(whole(&value["cores"])).unwrap_or_default(),
        kernel: text(&value["kernel"]),
        rustc: text(&value["rustc"]),
        commit: text(&value["commit"]),
        versions: pairs(&value["versions"]),
    }
}

pub(crate) fn environment_to_json(environment: &Environment) -> Value {
    json!({
        "date": environment.date,
        "cpu": environment.cpu,
        "cores": environment.cores,
        "kernel": environment.kernel,
        "rustc": environment.rustc,
        "commit": environment.commit,
        "versions": pairs_to_json(&environment.versions),
    })
}

pub(crate) fn list<T>(value: &Value, of: impl Fn(&Value) -> T) -> Vec<T> {
    value.as_array().into_iter().flatten().map(of).collect()
}

pub(crate) fn pairs(value: &Value) -> Vec<(String, String)> {
    list(value, |pair| (text(&pair[0]), text(&pair[1])))
}

pub(crate) fn pairs_to_json(pairs: &[(String, String)]) -> Value {
    pairs.iter().map(|(name, value)| json!([name, value])).collect()
}

pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_default()
}

pub(crate) fn whole(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

/// To a hundredth: what is beyond was not measured.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A row with two contenders, the second twice as costly, and a third that was left out.
    pub(crate) fn sample(name: &str) -> RowResult {
        let measured = |name: &str, factor: f64| Measured {
            name: name.to_owned(),
            rounds: [0.9, 1.0, 1.1]
                .map(|noise| Round {
                    requests_per_second: (50_000.0 / factor * noise).round(),
                    cpu_micros: Some(15.0 * factor),
                    database_micros: None,
                    p50_micros: 600.0 * factor,
                    p99_micros: 1250.0 * factor,
                })
                .to_vec(),
            instructions: Some(9000.0 * factor),
            peak_kib: Some(5120),
        };
        RowResult {
            name: name.to_owned(),
            environment: Environment {
                date: "2025-01-31".to_owned(),
                cpu: "Fast @ 3GHz".to_owned(),
                cores: 2,
                kernel: "Linux 6".to_owned(),
                rustc: "rustc 1.95.0".to_owned(),
                commit: "0123456789".to_owned(),
                versions: vec![("zzz".to_owned(), "hyper 1.12.0".to_owned())],
            },
            how: How {
                load: "wrk 4.1.0".to_owned(),
                rounds: 3,
                seconds: 1,
                connections: 32,
                workers: 1,
                pinned: true,
                database: String::new(),
            },
            contenders: vec![measured("zzz", 1.0), measured("axum", 2.0)],
            left_out: vec![("actix-web".to_owned(), "the build failed".to_owned())],
            notes: vec!["a note".to_owned()],
        }
    }

    fn one(name: &str) -> Results {
        Results { rows: vec![sample(name)], ..Results::default() }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut results = one("json");
        let figure = Figure { what: "a build".to_owned(), value: "3 s".to_owned(), ..Figure::default() };
        let environment = results.rows[0].environment.clone();
        results.app = Some(AppResult { environment, figures: vec![figure] });
        assert_eq!(Results::parse(&results.to_json().to_string()).unwrap(), results);
        assert!(Results::parse("{}").unwrap_err().contains("no `rows`"));
        assert!(Results::parse("not JSON").is_err());
    }

    #[test]
    fn a_row_replaces_itself_and_no_other() {
        let mut results = one("json");
        assert_eq!(results.merge(&one("plaintext")), [""; 0]);
        let mut newer = one("json");
        newer.rows[0].environment.date = "2025-02-01".to_owned();
        results.merge(&newer);
        let found: Vec<_> =
            results.rows.iter().map(|row| (row.name.as_str(), row.environment.date.as_str())).collect();
        assert_eq!(found, [("plaintext", "2025-01-31"), ("json", "2025-02-01")]);
    }

    #[test]
    fn rows_of_the_data_layer_are_taken_in_like_the_others() {
        let of = |names: &[&str]| {
            let data = names.iter().map(|name| crate::bench::data::results::tests::sample(name)).collect();
            Results { data, ..Results::default() }
        };
        let mut results = of(&["sqlite/all", "no such row"]);
        assert_eq!(results.merge(&of(&["postgres/get"])), [""; 0]);
        let names = |results: &Results| results.data.iter().map(|row| row.name.clone()).collect::<Vec<_>>();
        assert_eq!(names(&results), ["postgres/get", "sqlite/all"]);
        assert_eq!(Results::parse(&results.to_json().to_string()).as_ref(), Ok(&results));
        let mut elsewhere = of(&["mysql/get"]);
        elsewhere.data[0].environment.cores = 64;
        assert_eq!(results.merge(&elsewhere).len(), 2);
        assert_eq!(names(&results), ["mysql/get"]);
    }

    #[test]
    fn figures_of_another_machine_and_rows_that_are_gone_are_dropped() {
        let mut results = one("json");
        let mut elsewhere = one("plaintext");
        elsewhere.rows[0].environment.cores = 64;
        assert_eq!(results.merge(&elsewhere), ["`json` was measured on another machine and is dropped"]);
        assert_eq!(results.rows.len(), 1);
        results.rows[0].name = "no such row".to_owned();
        results.merge(&Results::default());
        assert_eq!(results.rows, []);
    }
}
