//! The three apps, as text: the same 100 tables, with what a user of each library writes to use them.
//!
//! The tables are in groups of ten. A row belongs to one of the table before it in its group, the first table's to one
//! of the last, so that every table has both sides of a relation.

use std::fmt::Write;

/// Tables.
pub(super) const SCHEMAS: usize = 100;

/// Tables in a group.
const GROUP: usize = 10;

/// What a library's users write. `THIS`, `BEFORE` and `AFTER` stand for two digits: the number of the table, and of
/// those that are related to it; `EXTRA` for the column that an edit renames.
#[derive(Clone, Copy)]
pub(super) struct Library {
    /// A module: a schema, and what is done with it.
    module: &'static str,
    /// What stands for a table in one file of all, if the library has one, and for a group of tables.
    tables: Option<(&'static str, OfGroup)>,
    /// `main.rs`, below its modules, with `CALLS` where each schema is used.
    main: &'static str,
}

/// Writes what stands behind the tables of a group.
type OfGroup = fn(&[usize]) -> String;

/// The file of all tables.
const TABLES: &str = "schema";

pub(super) const ZZZ: Library = Library {
    module: r#"//! A schema, and what is done with it.

use chrono::{DateTime, Utc};
use zzz_db::{BelongsTo, Changeset, HasMany, Repo, Result, Schema};

use crate::{mAFTER::ThingAFTER, mBEFORE::ThingBEFORE};

#[derive(Schema, Debug, Default)]
#[schema(table = "things_THIS", timestamps)]
pub struct ThingTHIS {
    pub id: i64,
    pub name: String,
    pub title: String,
    pub body: Option<String>,
    pub position: i32,
    pub views: i64,
    pub price: f64,
    pub active: bool,
    pub EXTRA: Option<i64>,
    pub parent_id: i64,
    pub inserted_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[schema(belongs_to)]
    pub parent: BelongsTo<ThingBEFORE>,
    #[schema(has_many(foreign_key = "parent_id"))]
    pub children: HasMany<ThingAFTER>,
}

pub async fn create(repo: &Repo, name: &str, parent_id: i64) -> Result<ThingTHIS> {
    let thing = ThingTHIS { name: name.into(), title: name.into(), active: true, parent_id, ..Default::default() };
    repo.insert(thing).await
}

pub async fn find(repo: &Repo, id: i64) -> Result<Option<ThingTHIS>> {
    repo.get::<ThingTHIS>(id).await
}

pub async fn search(repo: &Repo, text: &str) -> Result<Vec<ThingTHIS>> {
    ThingTHIS::query()
        .filter(ThingTHIS::title.contains(text).and(ThingTHIS::active.eq(true)))
        .order_by(ThingTHIS::views.desc())
        .limit(20)
        .all(repo)
        .await
}

pub async fn rename(repo: &Repo, thing: ThingTHIS, name: &str) -> Result<Option<ThingTHIS>> {
    Ok(repo.update(Changeset::new(thing).put_change(ThingTHIS::name, name)).await?.ok())
}

pub async fn exercise(repo: &Repo) -> Result<usize> {
    let id = create(repo, "thing", 1).await?.id;
    if let Some(thing) = find(repo, id).await? {
        rename(repo, thing, "another").await?;
    }
    Ok(search(repo, "thing").await?.len())
}
"#,
    tables: None,
    main: r#"use zzz_db::{DatabaseConfig, DatabaseUrl, Repo, Result};

async fn run() -> Result<usize> {
    let url = DatabaseUrl::parse("postgres://postgres@127.0.0.1/things", std::path::Path::new("/"))?;
    let db = &Repo::connect(&url, &DatabaseConfig::default()).await?;
    let mut found = 0;
CALLS    Ok(found)
}
"#,
};

pub(super) const SEA_ORM: Library = Library {
    module: r#"//! An entity, and what is done with it.

use chrono::Utc;
use sea_orm::entity::prelude::*;
use sea_orm::{ActiveValue::Set, QueryOrder, QuerySelect};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "things_THIS")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub name: String,
    pub title: String,
    pub body: Option<String>,
    pub position: i32,
    pub views: i64,
    pub price: f64,
    pub active: bool,
    pub EXTRA: Option<i64>,
    pub parent_id: i64,
    pub inserted_at: DateTimeUtc,
    pub updated_at: DateTimeUtc,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "crate::mBEFORE::Entity", from = "Column::ParentId", to = "crate::mBEFORE::Column::Id")]
    Parent,
    #[sea_orm(has_many = "crate::mAFTER::Entity")]
    Children,
}

impl Related<crate::mBEFORE::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Parent.def()
    }
}

impl Related<crate::mAFTER::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Children.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

pub async fn create(db: &DatabaseConnection, name: &str, parent_id: i64) -> Result<Model, DbErr> {
    let now = Utc::now();
    let thing = ActiveModel {
        name: Set(name.into()),
        title: Set(name.into()),
        position: Set(0),
        views: Set(0),
        price: Set(0.0),
        active: Set(true),
        parent_id: Set(parent_id),
        inserted_at: Set(now),
        updated_at: Set(now),
        ..Default::default()
    };
    thing.insert(db).await
}

pub async fn find(db: &DatabaseConnection, id: i64) -> Result<Option<Model>, DbErr> {
    Entity::find_by_id(id).one(db).await
}

pub async fn search(db: &DatabaseConnection, text: &str) -> Result<Vec<Model>, DbErr> {
    Entity::find()
        .filter(Column::Title.contains(text))
        .filter(Column::Active.eq(true))
        .order_by_desc(Column::Views)
        .limit(20)
        .all(db)
        .await
}

pub async fn rename(db: &DatabaseConnection, thing: Model, name: &str) -> Result<Model, DbErr> {
    let mut thing: ActiveModel = thing.into();
    thing.name = Set(name.into());
    thing.updated_at = Set(Utc::now());
    thing.update(db).await
}

pub async fn exercise(db: &DatabaseConnection) -> Result<usize, DbErr> {
    let id = create(db, "thing", 1).await?.id;
    if let Some(thing) = find(db, id).await? {
        rename(db, thing, "another").await?;
    }
    Ok(search(db, "thing").await?.len())
}
"#,
    tables: None,
    main: r#"async fn run() -> Result<usize, sea_orm::DbErr> {
    let db = &sea_orm::Database::connect("postgres://postgres@127.0.0.1/things").await?;
    let mut found = 0;
CALLS    Ok(found)
}
"#,
};

pub(super) const DIESEL: Library = Library {
    module: r#"//! A model, and what is done with it.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};

use crate::mBEFORE::ThingBEFORE;
use crate::schema::things_THIS;

#[derive(Debug, Queryable, Selectable, Identifiable, Associations)]
#[diesel(table_name = things_THIS, check_for_backend(diesel::pg::Pg))]
#[diesel(belongs_to(ThingBEFORE, foreign_key = parent_id))]
pub struct ThingTHIS {
    pub id: i64,
    pub name: String,
    pub title: String,
    pub body: Option<String>,
    pub position: i32,
    pub views: i64,
    pub price: f64,
    pub active: bool,
    pub EXTRA: Option<i64>,
    pub parent_id: i64,
    pub inserted_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

#[derive(Insertable)]
#[diesel(table_name = things_THIS)]
pub struct NewThing<'a> {
    pub name: &'a str,
    pub title: &'a str,
    pub active: bool,
    pub parent_id: i64,
}

pub async fn create(db: &mut AsyncPgConnection, name: &str, parent_id: i64) -> QueryResult<ThingTHIS> {
    let thing = NewThing { name, title: name, active: true, parent_id };
    diesel::insert_into(things_THIS::table).values(&thing).returning(ThingTHIS::as_returning()).get_result(db).await
}

pub async fn find(db: &mut AsyncPgConnection, id: i64) -> QueryResult<Option<ThingTHIS>> {
    things_THIS::table.find(id).select(ThingTHIS::as_select()).first(db).await.optional()
}

pub async fn search(db: &mut AsyncPgConnection, text: &str) -> QueryResult<Vec<ThingTHIS>> {
    things_THIS::table
        .filter(things_THIS::title.like(format!("%{text}%")))
        .filter(things_THIS::active.eq(true))
        .order(things_THIS::views.desc())
        .limit(20)
        .select(ThingTHIS::as_select())
        .load(db)
        .await
}

pub async fn rename(db: &mut AsyncPgConnection, thing: ThingTHIS, name: &str) -> QueryResult<ThingTHIS> {
    diesel::update(&thing)
        .set((things_THIS::name.eq(name), things_THIS::updated_at.eq(Utc::now())))
        .returning(ThingTHIS::as_returning())
        .get_result(db)
        .await
}

pub async fn exercise(db: &mut AsyncPgConnection) -> QueryResult<usize> {
    let id = create(db, "thing", 1).await?.id;
    if let Some(thing) = find(db, id).await? {
        rename(db, thing, "another").await?;
    }
    Ok(search(db, "thing").await?.len())
}
"#,
    tables: Some((
        r#"
diesel::table! {
    things_THIS (id) {
        id -> Int8,
        name -> Text,
        title -> Text,
        body -> Nullable<Text>,
        position -> Int4,
        views -> Int8,
        price -> Float8,
        active -> Bool,
        EXTRA -> Nullable<Int8>,
        parent_id -> Int8,
        inserted_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::joinable!(things_THIS -> things_BEFORE (parent_id));
"#,
        |group| {
            let names: Vec<String> = group.iter().map(|number| format!("things_{number:02}")).collect();
            format!("\ndiesel::allow_tables_to_appear_in_same_query!({});\n", names.join(", "))
        },
    )),
    main: r#"use diesel_async::{AsyncConnection, AsyncPgConnection};

async fn run() -> Result<usize, Box<dyn std::error::Error>> {
    let db = &mut AsyncPgConnection::establish("postgres://postgres@127.0.0.1/things").await?;
    let mut found = 0;
CALLS    Ok(found)
}
"#,
};

/// The end of every `main.rs`.
const START: &str = r#"
fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    println!("{:?}", runtime.block_on(run()));
}
"#;

/// The column that is renamed, before the first edit.
const EXTRA: &str = "extra";

impl Library {
    /// Every file below `src/`, with its text.
    pub(super) fn files(&self) -> Vec<(String, String)> {
        let mut main = "//! An app of 100 schemas, written by `cargo xtask bench schemas`.\n\n".to_owned();
        let mut calls = String::new();
        let mut files: Vec<(String, String)> = Vec::new();
        for number in 0..SCHEMAS {
            let _ = writeln!(main, "mod m{number:02};");
            let _ = writeln!(calls, "    found += Box::pin(m{number:02}::exercise(db)).await?;");
            files.push((format!("m{number:02}.rs"), filled(self.module, number, EXTRA)));
        }
        if let Some(tables) = self.tables(None) {
            let _ = writeln!(main, "mod {TABLES};");
            files.push(tables);
        }
        let _ = write!(main, "\n{}{START}", self.main.replace("CALLS", &calls));
        files.push(("main.rs".to_owned(), main));
        files
    }

    /// The files that change when the column of one table gets another name, each time another one.
    pub(super) fn edited(&self, number: usize, edit: usize) -> Vec<(String, String)> {
        let name = format!("{EXTRA}_{edit}");
        let module = (format!("m{number:02}.rs"), filled(self.module, number, &name));
        [module].into_iter().chain(self.tables(Some((number, &name)))).collect()
    }

    /// The file of all tables, one of which may have another name for its column.
    fn tables(&self, edited: Option<(usize, &str)>) -> Option<(String, String)> {
        let (table, group) = self.tables?;
        let mut text = "//! The tables.\n".to_owned();
        let numbers: Vec<usize> = (0..SCHEMAS).collect();
        for numbers in numbers.chunks(GROUP) {
            for number in numbers {
                let extra = edited.filter(|(edited, _)| edited == number).map_or(EXTRA, |(_, name)| name);
                text.push_str(&filled(table, *number, extra));
            }
            text.push_str(&group(numbers));
        }
        Some((format!("{TABLES}.rs"), text))
    }
}

fn filled(text: &str, number: usize, extra: &str) -> String {
    let first = number - number % GROUP;
    let related = |step: usize| format!("{:02}", first + (number + step) % GROUP);
    text.replace("THIS", &format!("{number:02}"))
        .replace("BEFORE", &related(GROUP - 1))
        .replace("AFTER", &related(1))
        .replace("EXTRA", extra)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Library; 3] = [ZZZ, SEA_ORM, DIESEL];

    fn file(files: &[(String, String)], name: &str) -> String {
        files.iter().find(|(known, _)| known == name).unwrap().1.clone()
    }

    #[test]
    fn the_three_apps_have_the_same_tables_each_in_its_own_words() {
        for library in ALL {
            let files = library.files();
            let (module, main) = (file(&files, "m10.rs"), file(&files, "main.rs"));
            for capitals in ["THIS", "BEFORE", "AFTER", "EXTRA", "CALLS"] {
                assert!(!module.contains(capitals) && !main.contains(capitals), "{capitals} is left");
            }
            assert_eq!(main.matches("\nmod m").count(), SCHEMAS);
            assert_eq!(main.matches("::exercise(db)).await?;").count(), SCHEMAS);
            let fields = module.split("\n}\n").find(|part| part.contains("pub extra: Option<i64>")).unwrap();
            let columns =
                fields.lines().filter(|line| line.starts_with("    pub ") && !line.contains('<')).count()
                    + fields.matches(": Option<").count()
                    + fields.matches(": DateTime<").count();
            assert_eq!(columns, 12, "{fields}");
            for function in ["create", "find", "search", "rename", "exercise"] {
                assert!(module.contains(&format!("pub async fn {function}(")), "{function}");
            }
        }
    }

    #[test]
    fn a_table_is_related_to_its_neighbours_within_its_group() {
        let module = file(&ZZZ.files(), "m10.rs");
        assert!(module.contains("use crate::{m11::Thing11, m19::Thing19};"), "{module}");
        assert!(file(&SEA_ORM.files(), "m19.rs").contains(r#"has_many = "crate::m10::Entity""#));
        let tables = file(&DIESEL.files(), "schema.rs");
        assert!(tables.contains("diesel::joinable!(things_10 -> things_19 (parent_id));"));
        assert_eq!(tables.matches("diesel::table! {").count(), SCHEMAS);
        assert_eq!(tables.matches("allow_tables_to_appear_in_same_query!(").count(), SCHEMAS / GROUP);
    }

    #[test]
    fn an_edit_renames_one_column_wherever_it_is_written() {
        for (library, files) in [(ZZZ, 1), (SEA_ORM, 1), (DIESEL, 2)] {
            let edited = library.edited(7, 3);
            assert_eq!(edited.len(), files);
            let before = library.files();
            for (name, text) in &edited {
                assert_eq!(text.matches("extra_3").count(), 1, "{name}");
                assert_eq!(text.replace("extra_3", "extra"), file(&before, name));
            }
        }
    }
}
