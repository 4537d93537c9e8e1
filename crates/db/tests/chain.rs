//! Schemas that refer to each other in a long chain compile: whether one may go to another thread is not found
//! by looking through all of them.

use zzz_db::{BelongsTo, HasMany, Schema};

macro_rules! chain {
    ($($name:ident $next:ident $before:ident)*) => {$(
        #[derive(Schema, Debug, Default, Clone, PartialEq)]
        #[schema(table = "links")]
        struct $name {
            id: i64,
            next_id: Option<i64>,
            #[schema(belongs_to)]
            next: BelongsTo<$next>,
            #[schema(has_many(foreign_key = "next_id"))]
            before: HasMany<$before>,
        }
    )*};
}
chain! {
    L0 L1 L47
    L1 L2 L0
    L2 L3 L1
    L3 L4 L2
    L4 L5 L3
    L5 L6 L4
    L6 L7 L5
    L7 L8 L6
    L8 L9 L7
    L9 L10 L8
    L10 L11 L9
    L11 L12 L10
    L12 L13 L11
    L13 L14 L12
    L14 L15 L13
    L15 L16 L14
    L16 L17 L15
    L17 L18 L16
    L18 L19 L17
    L19 L20 L18
    L20 L21 L19
    L21 L22 L20
    L22 L23 L21
    L23 L24 L22
    L24 L25 L23
    L25 L26 L24
    L26 L27 L25
    L27 L28 L26
    L28 L29 L27
    L29 L30 L28
    L30 L31 L29
    L31 L32 L30
    L32 L33 L31
    L33 L34 L32
    L34 L35 L33
    L35 L36 L34
    L36 L37 L35
    L37 L38 L36
    L38 L39 L37
    L39 L40 L38
    L40 L41 L39
    L41 L42 L40
    L42 L43 L41
    L43 L44 L42
    L44 L45 L43
    L45 L46 L44
    L46 L47 L45
    L47 L0 L46
}

#[test]
fn the_first_of_a_long_chain_is_loaded_on_another_thread() {
    let first = L0 { id: 1, next: BelongsTo::from(L1 { id: 2, ..L1::default() }), ..L0::default() };
    let found = std::thread::spawn(move || first.next.get().map(|next| next.id)).join();
    assert_eq!(found.ok().flatten(), Some(2));
    let _ = L0::query().join_assoc(L0::next).preload((L0::next, L0::before));
}
