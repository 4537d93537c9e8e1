//! [`WakerSet`]: tasks that wait for the same thing.

use std::sync::{Mutex, PoisonError};
use std::task::Waker;

/// The wakers of tasks that wait for the same thing, one place for each.
///
/// It knows no runtime, so that what is built on it (a signal, a topic) works on every one. A task registers
/// *before* it looks whether what it waits for has happened; else it could happen in between, unseen.
///
/// ```
/// use std::task::Waker;
/// use zzz_core::wakers::{Place, WakerSet};
///
/// let waiting = WakerSet::default();
/// let mut place = Place::default();
/// waiting.register(&mut place, Waker::noop());
/// waiting.wake_all();
/// waiting.leave(&mut place);
/// ```
#[derive(Debug, Default)]
pub struct WakerSet {
    places: Mutex<Places>,
}

#[derive(Debug, Default)]
struct Places {
    wakers: Vec<Option<Waker>>,
    free: Vec<usize>,
}

/// A task's place in a [`WakerSet`]. Whoever has one gives it back with [`WakerSet::leave`].
#[derive(Debug, Default)]
pub struct Place(Option<usize>);

impl WakerSet {
    /// Notes the waker of a task, instead of the one it had there before.
    pub fn register(&self, place: &mut Place, waker: &Waker) {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let at = match place.0 {
            Some(at) => at,
            None => {
                let at = places.free.pop().unwrap_or(places.wakers.len());
                if at == places.wakers.len() {
                    places.wakers.push(None);
                }
                place.0 = Some(at);
                at
            }
        };
        if let Some(known) = places.wakers.get_mut(at)
            && !known.as_ref().is_some_and(|known| known.will_wake(waker))
        {
            *known = Some(waker.clone());
        }
    }

    /// Gives the place back.
    pub fn leave(&self, place: &mut Place) {
        if let Some(at) = place.0.take() {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            let waker = places.wakers.get_mut(at).and_then(Option::take);
            places.free.push(at);
            drop(places);
            // What a waker does when it is dropped is its runtime's code.
            drop(waker);
        }
    }

    /// Wakes every task that has registered since it was last woken.
    pub fn wake_all(&self) {
        let wakers: Vec<Waker> = {
            let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
            places.wakers.iter_mut().filter_map(Option::take).collect()
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
    use std::task::Wake;

    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Relaxed);
        }
    }

    #[test]
    fn each_task_is_woken_once_and_places_are_used_again() {
        let set = WakerSet::default();
        let counts = [Arc::new(Count::default()), Arc::new(Count::default())];
        let mut places = [Place::default(), Place::default()];
        for (count, place) in counts.iter().zip(&mut places) {
            set.register(place, &Waker::from(Arc::clone(count)));
            set.register(place, &Waker::from(Arc::clone(count)));
        }
        set.wake_all();
        set.wake_all();
        assert_eq!(counts.each_ref().map(|count| count.0.load(Relaxed)), [1, 1]);

        set.register(&mut places[0], &Waker::from(Arc::clone(&counts[0])));
        set.leave(&mut places[0]);
        set.wake_all();
        assert_eq!(counts[0].0.load(Relaxed), 1, "who has left is not woken");
        let mut third = Place::default();
        set.register(&mut third, Waker::noop());
        assert_eq!(set.places.lock().unwrap().wakers.len(), 2);
    }
}
