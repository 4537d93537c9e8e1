//! Cases that a backend can not pass, each with its reason.

use crate::backend::Backend::{self, Mysql, Postgres, Sqlite};

pub(crate) const EXCLUDED: &[(Backend, &str, &str)] = &[
    (Sqlite, "of_two_that_read_what_the_other_writes_one_fails", "two that write are never open at once"),
    (Sqlite, "a_conflict_is_run_again_until_both_have_committed", "two that write are never open at once"),
    (Sqlite, "a_deadlock_is_run_again", "two that write are never open at once"),
    (Sqlite, "nothing_but_a_conflict_is_run_again", "it knows no lock that is not waited for"),
    (Sqlite, "the_last_failure_is_what_comes_of_it", "it can not be told to fail; it has a case of its own"),
    (Sqlite, "a_commit_of_unknown_outcome_is_not_run_again", "there is no connection that could break"),
    (Mysql, "a_constraint_that_waits_is_looked_at_in_a_sandbox_too", "it has no deferred constraints"),
    (
        Postgres,
        "a_year_that_would_not_sort_is_refused",
        "its dates are numbers and sort whatever the year; a_year_past_9999_is_kept has its own behaviour",
    ),
    (
        Postgres,
        "no_increment_is_lost_between_two_pools",
        "two transactions may read the same row before either writes it, as Ecto's do; on SQLite there is one writer",
    ),
    (
        Mysql,
        "no_increment_is_lost_between_two_pools",
        "two transactions may read the same row before either writes it, as on PostgreSQL",
    ),
    (Mysql, "a_full_join_makes_both_sides_options", "it has no FULL JOIN"),
    (
        Mysql,
        "a_condition_decides_which_rows_are_changed",
        "ON DUPLICATE KEY UPDATE has no condition; it is refused with words that say so",
    ),
    (
        Mysql,
        "a_constraint_is_named_where_the_database_knows_it",
        "ON DUPLICATE KEY UPDATE is for whichever unique index; a target is not looked at",
    ),
    (
        Mysql,
        "nothing_for_one_index_does_not_excuse_another",
        "ON DUPLICATE KEY UPDATE is for whichever unique index; a target is not looked at",
    ),
    (
        Mysql,
        "rows_that_a_conflict_left_out_do_not_come_back",
        "a row that was left as it was is given back as it is: MariaDB can not tell them apart, and INSERT IGNORE, \
         which could, ignores every other error too",
    ),
    (Mysql, "update_all_gives_back_what_it_changed", "it has no UPDATE ... RETURNING"),
    (Mysql, "a_constraint_that_waits_for_the_commit_refuses_it", "it has no deferred constraints"),
    (
        Mysql,
        "a_failing_migration_leaves_nothing_behind",
        "CREATE TABLE and its like commit by themselves: no transaction holds a migration together",
    ),
    (
        Mysql,
        "a_migration_that_commits_by_itself_is_refused",
        "CREATE TABLE and its like commit by themselves: no transaction holds a migration together",
    ),
    (
        Mysql,
        "a_query_inserts_its_rows",
        "a row that a conflict changed counts twice, and one that it left as it was counts; \
         a_query_inserts_its_rows_on_mysql has its own numbers",
    ),
];
