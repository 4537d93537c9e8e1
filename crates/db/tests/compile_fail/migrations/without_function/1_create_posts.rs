//! A fixture.

pub fn chnage(_: &mut zzz_db::migration::Change) {}
