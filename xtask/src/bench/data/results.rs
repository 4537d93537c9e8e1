//! What was measured of the data layer, as it is kept in docs/benchmarks.json.

use serde_json::{Value, json};

use crate::bench::{
    environment::Environment,
    results::{environment, environment_to_json, list, pairs, pairs_to_json, rounded, text, whole},
};

/// One row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct DataResult {
    /// The row's name.
    pub(crate) name: String,
    /// Where, when and with what.
    pub(crate) environment: Environment,
    /// The database's version, as it says itself.
    pub(crate) server: String,
    /// How often each contender had its turn.
    pub(crate) turns: u64,
    /// Who did it, ours first.
    pub(crate) contenders: Vec<DataMeasured>,
    /// Who was left out, and why.
    pub(crate) left_out: Vec<(String, String)>,
    /// What is missing, and why.
    pub(crate) notes: Vec<String>,
}

/// A contender's figures in a row, each for what the row calls `each`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct DataMeasured {
    /// The contender's name.
    pub(crate) name: String,
    /// Time by the clock, in microseconds; one for each turn.
    pub(crate) time: Vec<f64>,
    /// Processor time, in user space and in the kernel, in microseconds; one for each turn.
    pub(crate) cpu: Vec<f64>,
    /// Instructions in user space.
    pub(crate) instructions: Option<f64>,
}

impl DataResult {
    pub(crate) fn of(value: &Value) -> Self {
        DataResult {
            name: text(&value["name"]),
            environment: environment(&value["environment"]),
            server: text(&value["server"]),
            turns: whole(&value["turns"]),
            contenders: list(&value["contenders"], DataMeasured::from_json),
            left_out: pairs(&value["left_out"]),
            notes: list(&value["notes"], text),
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "name": self.name,
            "environment": environment_to_json(&self.environment),
            "server": self.server,
            "turns": self.turns,
            "contenders": self.contenders.iter().map(DataMeasured::to_json).collect::<Value>(),
            "left_out": pairs_to_json(&self.left_out),
            "notes": self.notes,
        })
    }
}

impl DataMeasured {
    fn from_json(value: &Value) -> Self {
        let turns = |key: &str| list(&value[key], |value| value.as_f64().unwrap_or_default());
        DataMeasured {
            name: text(&value["name"]),
            time: turns("time"),
            cpu: turns("cpu"),
            instructions: value["instructions"].as_f64(),
        }
    }

    fn to_json(&self) -> Value {
        let turns = |values: &[f64]| values.iter().copied().map(rounded).collect::<Vec<_>>();
        json!({
            "name": self.name,
            "time": turns(&self.time),
            "cpu": turns(&self.cpu),
            "instructions": self.instructions.map(rounded),
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::bench::{contenders::OURS, results};

    /// Ours, and the bare driver at half its cost.
    pub(crate) fn sample(name: &str) -> DataResult {
        let measured = |name: &str, factor: f64| DataMeasured {
            name: name.to_owned(),
            time: vec![45.0 * factor, 50.0 * factor, 60.0 * factor],
            cpu: vec![20.0 * factor; 3],
            instructions: Some(9000.0 * factor),
        };
        DataResult {
            name: name.to_owned(),
            environment: results::tests::sample("json").environment,
            server: "PostgreSQL 17.5".to_owned(),
            turns: 3,
            contenders: vec![measured(OURS, 1.0), measured("tokio-postgres", 0.5)],
            left_out: vec![("diesel".to_owned(), "the build failed".to_owned())],
            notes: vec!["a note".to_owned()],
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let result = sample("postgres/get");
        let text = result.to_json().to_string();
        assert_eq!(DataResult::of(&serde_json::from_str(&text).unwrap()), result);
    }
}
