//! A fixture.

pub fn change(_: &mut zzz_db::migration::Change) {}
