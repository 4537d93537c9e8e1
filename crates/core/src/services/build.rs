//! Building the singletons, each after what it needs.

use std::sync::Arc;

use super::Services;
use super::builder::ServicesBuilder;
use super::recipe::{Lifetime, Recipe};
use super::resolve::{Sources, make};
use super::stored::ByType;
use crate::Result;

/// Builds what was checked.
pub(super) async fn build(builder: ServicesBuilder) -> Result<Services> {
    let order = Order::of(&builder).shared;
    let ServicesBuilder { recipes, hooks, advice, .. } = builder;
    let recipes: Vec<Arc<Recipe>> = recipes.into_iter().map(Arc::new).collect();
    let by_type: ByType<Arc<Recipe>> =
        recipes.iter().map(|recipe| (recipe.need.id(), Arc::clone(recipe))).collect();
    let mut services = Services::new();
    services.advice = advice;
    services.hooks = hooks;
    for index in order {
        let Some(recipe) = recipes.get(index) else { continue };
        // Transient services that a singleton takes are built here, and belong to it alone.
        let sources = Sources { ready: &services.ready, recipes: &by_type, context: None };
        let service = match make(sources, &mut Vec::new(), recipe).await {
            Ok(service) => service,
            Err(error) => {
                // Those that stand already are shut down in order, as if the app had run. What fails on the way out
                // matters less than why.
                drop(services.shutdown().await);
                return Err(error);
            }
        };
        services.ready.insert(recipe.need.id(), service);
        services.order.push(recipe.need);
    }
    // The rest is built when somebody needs it.
    services.recipes = by_type.into_iter().filter(|(id, _)| !services.ready.contains_key(id)).collect();
    Ok(services)
}

/// The order of building: what is needed first, otherwise as registered.
struct Order<'a> {
    builder: &'a ServicesBuilder,
    seen: Vec<bool>,
    shared: Vec<usize>,
}

impl<'a> Order<'a> {
    fn of(builder: &'a ServicesBuilder) -> Self {
        let mut order = Self { builder, seen: vec![false; builder.recipes.len()], shared: Vec::new() };
        for index in 0..builder.recipes.len() {
            if builder.recipes.get(index).is_some_and(|recipe| order.is_shared(recipe)) {
                order.add(index);
            }
        }
        order
    }

    fn add(&mut self, index: usize) {
        let Some(recipe) = self.builder.recipes.get(index) else { return };
        if std::mem::replace(&mut self.seen[index], true) {
            return;
        }
        for need in &recipe.needs.services {
            if let Some(next) = self.builder.index.get(&need.id()) {
                self.add(*next);
            }
        }
        if self.is_shared(recipe) {
            self.shared.push(index);
        }
    }

    /// Whether everybody shares one: a singleton, also by another name.
    fn is_shared(&self, recipe: &Recipe) -> bool {
        match recipe.lifetime {
            Lifetime::Singleton => true,
            Lifetime::PerRequest | Lifetime::Transient => false,
            Lifetime::Alias => recipe.needs.services.iter().all(|need| {
                let index = self.builder.index.get(&need.id());
                index.and_then(|index| self.builder.recipes.get(*index)).is_some_and(|of| self.is_shared(of))
            }),
        }
    }
}
