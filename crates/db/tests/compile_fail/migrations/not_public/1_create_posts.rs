//! A fixture.

fn change(_: &mut zzz_db::migration::Change) {}
