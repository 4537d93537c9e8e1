//! The servers' programs, as the command that runs all tests finds and starts them.

#[cfg(feature = "mysql")]
#[path = "../../../../xtask/src/servers/mysql.rs"]
pub(crate) mod mysql;
#[cfg(feature = "postgres")]
#[path = "../../../../xtask/src/servers/postgres.rs"]
pub(crate) mod postgres;
#[path = "../../../../xtask/src/servers/throwaway.rs"]
mod throwaway;
