//! Loading relations: one query for each, all of a level at once.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use super::preload::{Edge, Fill, Load, Owners, Preload};
use super::{Association, RelationMeta, owner_key, reach, unique};
use crate::driver::{Access, BoxFuture};
use crate::query::ast::{Output, Select};
use crate::query::{Load as Decode, Source};
use crate::{Repo, Result, Schema, Value, ValueRef};

/// A value that rows are found by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    Int(i64),
    Bytes(Vec<u8>),
    Text(String),
}

impl Key {
    pub(super) fn new(value: &Value) -> Self {
        match value {
            Value::Int(value) => Self::Int(*value),
            Value::Uuid(value) => Self::Bytes(value.to_vec()),
            Value::Blob(value) => Self::Bytes(value.clone()),
            other => Self::Text(other.to_text()),
        }
    }
}

/// Loads relations into records, all of them at once.
pub(crate) async fn run<S: Send + 'static>(
    repo: &Repo,
    preloads: &[Preload<S>],
    force: bool,
    mut records: Vec<&mut S>,
) -> Result<()> {
    if records.is_empty() || preloads.is_empty() {
        return Ok(());
    }
    // Loops, and types without `S`, where iterators would be compiled for each schema.
    let mut started = Vec::with_capacity(preloads.len());
    for preload in preloads {
        started.push(preload.load.start(repo, force, &mut records));
    }
    let fills = join(started).await?;
    fill(fills, &mut records);
    Ok(())
}

fn fill(fills: Vec<Fill>, records: &mut dyn Owners) {
    for fill in fills {
        fill(records);
    }
}

/// Waits for all, and gives what there is to fill in, in their order.
async fn join(mut futures: Vec<BoxFuture<'_, Result<Option<Fill>>>>) -> Result<Vec<Fill>> {
    let mut outcomes: Vec<Option<Result<Option<Fill>>>> = futures.iter().map(|_| None).collect();
    poll_fn(|context| {
        let mut pending = false;
        for (future, outcome) in futures.iter_mut().zip(&mut outcomes) {
            if outcome.is_none() {
                match future.as_mut().poll(context) {
                    Poll::Ready(ready) => *outcome = Some(ready),
                    Poll::Pending => pending = true,
                }
            }
        }
        if pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    outcomes.into_iter().flatten().filter_map(Result::transpose).collect()
}

/// Rows that were loaded before, with the records that share them.
struct Kept<T> {
    rows: Arc<Vec<T>>,
    records: Vec<usize>,
}

impl<S, R> Load<S> for Edge<S, R>
where
    S: Schema + Source<Schema = S> + 'static,
    R: Association,
{
    fn start<'a>(
        &'a self,
        repo: &'a Repo,
        force: bool,
        records: &mut [&mut S],
    ) -> BoxFuture<'a, Result<Option<Fill>>> {
        let field = self.relation.field;
        let path = self.relation.path();
        let mut wanted: Vec<(usize, Value)> = Vec::new();
        let mut kept: Vec<Kept<R::Target>> = Vec::new();
        for (at, record) in records.iter_mut().enumerate() {
            let slot = field(record);
            if slot.is_filled() && !force && !self.force {
                if !self.nested.is_empty() {
                    keep(&mut kept, slot, at);
                }
                continue;
            }
            wanted.push((at, owner_key(*record, &path)));
        }
        if wanted.is_empty() && kept.is_empty() {
            return Box::pin(async { Ok(None) });
        }
        // What is needed to find the rows again that somebody else holds too.
        let keys: Vec<Value> = match kept.is_empty() {
            true => Vec::new(),
            false => records.iter().map(|record| owner_key(&**record, &path)).collect(),
        };
        Box::pin(async move {
            let mut held: Vec<(Vec<R::Target>, Vec<usize>)> = Vec::new();
            for Kept { rows, records } in kept {
                match Arc::try_unwrap(rows) {
                    Ok(rows) => held.push((rows, records)),
                    Err(_) => wanted.extend(records.into_iter().map(|at| (at, keys[at].clone()))),
                }
            }
            let found = self.fetch::<S>(repo, wanted.iter().map(|(_, key)| key.clone())).await?;
            let (owners, mut rows): (Vec<Key>, Vec<R::Target>) = found.into_iter().unzip();
            if !self.nested.is_empty() {
                let all =
                    rows.iter_mut().chain(held.iter_mut().flat_map(|(rows, _)| rows.iter_mut())).collect();
                // A future that loads itself has to be boxed somewhere.
                let nested: BoxFuture<'_, Result<()>> = Box::pin(run(repo, &self.nested, force, all));
                nested.await?;
            }
            let groups = group(self.relation.meta(), owners, rows);
            let fill: Fill = Box::new(move |records| {
                let none = Arc::new(Vec::new());
                let mut put = |at: usize, rows: &Arc<Vec<R::Target>>| {
                    if let Some(record) = records.owner(at).and_then(|record| record.downcast_mut::<S>()) {
                        field(record).fill(Arc::clone(rows));
                    }
                };
                for (at, key) in wanted {
                    put(at, groups.get(&Key::new(&key)).filter(|_| !key.is_null()).unwrap_or(&none));
                }
                for (rows, sharers) in held {
                    let rows = Arc::new(rows);
                    sharers.into_iter().for_each(|at| put(at, &rows));
                }
            });
            Ok(Some(fill))
        })
    }
}

/// Takes loaded rows out of a record, once for all that share them.
fn keep<R: Association>(kept: &mut Vec<Kept<R::Target>>, slot: &mut R, at: usize) {
    let Some(rows) = slot.empty() else { return };
    match kept.iter_mut().find(|other| Arc::ptr_eq(&other.rows, &rows)) {
        Some(other) => other.records.push(at),
        None => kept.push(Kept { rows, records: vec![at] }),
    }
}

fn group<T: Schema>(relation: &RelationMeta, owners: Vec<Key>, rows: Vec<T>) -> HashMap<Key, Arc<Vec<T>>> {
    let mut groups: HashMap<Key, Vec<T>> = HashMap::new();
    let mut seen = HashSet::new();
    for (owner, row) in owners.into_iter().zip(rows) {
        let key = || -> Vec<Key> { row.primary_key().iter().map(Key::new).collect() };
        if !relation.through || seen.insert((owner.clone(), key())) {
            groups.entry(owner).or_default().push(row);
        }
    }
    groups.into_iter().map(|(owner, rows)| (owner, Arc::new(rows))).collect()
}

impl<A: Source, R: Association> Edge<A, R> {
    /// The rows for owners with these keys, each with its owner's key.
    async fn fetch<S: Schema>(
        &self,
        repo: &Repo,
        keys: impl Iterator<Item = Value>,
    ) -> Result<Vec<(Key, R::Target)>> {
        let keys = unique(keys.filter(|key| !key.is_null()));
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let path = self.relation.path();
        let target = R::Target::META;
        let owner_field = path.first().and_then(|hop| S::META.of_column(hop.from)).map(|(_, field)| field);
        let mut select = match &self.query {
            Some(select) => select.clone(),
            None => Select::new(R::Target::NAME, target),
        };
        if select.order_by.is_empty()
            && let Some(order) = self.relation.meta().order
        {
            select.order_by = order().0;
        }
        let key = reach(&mut select, self.relation.meta(), &path, keys);
        let mut outputs: Vec<Output> = target
            .columns()
            .map(|(_, field)| Output { expr: select.root(field.column), name: None })
            .collect();
        outputs.push(Output { expr: key, name: None });
        select.outputs = Some(outputs);
        let statement = crate::dialect::select(repo.dialect(), repo.prefix(), &select)?;
        let normalize = owner_field.map(|field| field.normalize);
        let decode = move |row: &dyn crate::Row| {
            let last = row.len().saturating_sub(1);
            let raw: ValueRef<'_> = row.value(last)?;
            let owner = match normalize.map(|normalize| normalize(raw)) {
                Some(Ok(value)) => value,
                _ => raw.to_value(),
            };
            Ok((Key::new(&owner), R::Target::load(row, 0)?))
        };
        repo.fetch_with(statement, Access::Read, Decode::With(Arc::new(decode))).await
    }
}
