//! Writes what is asked of lists, and done with them: arrays, or JSON where there are none.

use super::render::Writer;
use super::syntax::Lists;
use crate::Value;
use crate::query::ast::{Expr, ListOperator};
use crate::value::list;

impl Writer<'_> {
    /// A list as this database keeps it.
    pub(super) fn list_value(&mut self, value: Value) -> Value {
        match &value {
            Value::List(values) if self.syntax.lists != Lists::Array => self.json(list::to_json(values)),
            _ => value,
        }
    }

    fn json(&mut self, json: Option<Value>) -> Value {
        json.unwrap_or_else(|| {
            self.refuse("keeps lists as JSON, for which the feature `json` of zzz-db has to be compiled in");
            Value::Null
        })
    }

    pub(super) fn list_condition(&mut self, left: &Expr, operator: ListOperator, values: &[Value]) {
        match self.syntax.lists {
            Lists::Array => {
                self.operand(left);
                self.text(match operator {
                    ListOperator::Contains => " @> ",
                    ListOperator::Overlaps => " && ",
                });
                self.value(Value::List(values.to_vec()));
            }
            Lists::JsonTable => self.json_rows(left, operator, values),
            Lists::JsonFunctions => {
                self.text(match operator {
                    ListOperator::Contains => "JSON_CONTAINS(",
                    ListOperator::Overlaps => "JSON_OVERLAPS(",
                });
                self.expr(left);
                self.text(", ");
                self.value(Value::List(values.to_vec()));
                self.text(")");
            }
        }
    }

    fn json_rows(&mut self, left: &Expr, operator: ListOperator, values: &[Value]) {
        match (operator, values) {
            (ListOperator::Contains, []) => {
                self.operand(left);
                self.text(" IS NOT NULL");
            }
            (ListOperator::Overlaps, []) => self.text("1 = 0"),
            (ListOperator::Contains, _) => {
                self.text("(");
                self.list(" AND ", values, |sql, value| sql.json_has(left, std::slice::from_ref(value)));
                self.text(")");
            }
            (ListOperator::Overlaps, _) => self.json_has(left, values),
        }
    }

    /// Whether one of a JSON array's values is one of these.
    fn json_has(&mut self, left: &Expr, values: &[Value]) {
        self.text("EXISTS (SELECT 1 FROM json_each(");
        self.expr(left);
        self.text(") AS element WHERE element.value IN (");
        self.list(", ", values, |sql, value| sql.value(list::in_json(value)));
        self.text("))");
    }

    pub(super) fn append(&mut self, column: &Expr, value: &Value) {
        if self.syntax.lists == Lists::Array {
            self.text("array_append(");
            self.expr(column);
            self.text(", ");
            self.value(value.clone());
            self.text(")");
        } else {
            let json = self.json(list::element_to_json(value));
            self.push_json(column, json);
        }
    }

    pub(super) fn remove(&mut self, column: &Expr, value: &Value) {
        match self.syntax.lists {
            Lists::Array => {
                self.text("array_remove(");
                self.expr(column);
                self.text(", ");
                self.value(value.clone());
                self.text(")");
            }
            Lists::JsonTable => {
                self.text("CASE WHEN ");
                self.expr(column);
                self.text(
                    " IS NOT NULL THEN (SELECT json_group_array(element.value) FROM json_each(",
                );
                self.expr(column);
                self.text(") AS element WHERE element.value IS NOT ");
                self.value(list::in_json(value));
                self.text(") END");
            }
            Lists::JsonFunctions => self.refuse(
                "has no function that takes a value out of a JSON array; read the list, and set it without the value",
            ),
        }
    }

    /// A JSON array with one more value.
    pub(super) fn push_json(&mut self, column: &Expr, value: Value) {
        let [before, between, after] = self.syntax.json_push;
        self.text(before);
        self.expr(column);
        self.text(between);
        self.value(value);
        self.text(after);
    }
}
