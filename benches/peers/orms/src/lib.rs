//! No program: what stands in this package's manifest is in the lock file, so that the apps that
//! `cargo xtask bench schemas` writes are compiled with versions that are known.
