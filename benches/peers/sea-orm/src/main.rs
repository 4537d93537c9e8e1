//! SeaORM: entities, and a pool with its default settings.

use bench_work::{
    BATCH, Case, Database, Order, table,
    tasks::{self, Peer},
};
use sea_orm::{ActiveModelTrait as _, ConnectOptions, DatabaseConnection, EntityTrait as _, NotSet, Set};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod post {
    //! The table that is read.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "bench_posts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
        pub views: i32,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

mod draft {
    //! The table that is written.
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel)]
    #[sea_orm(table_name = "bench_drafts")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i64,
        pub title: String,
        pub views: i32,
    }

    #[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

impl post::Model {
    fn sum(&self) -> u64 {
        table::sum(self.id, &self.title, self.views)
    }
}

fn draft(number: u64) -> draft::ActiveModel {
    draft::ActiveModel {
        id: NotSet,
        title: Set(table::draft_title(number)),
        views: Set(table::views(number)),
    }
}

struct SeaOrm(DatabaseConnection);

impl Peer for SeaOrm {
    async fn connect(order: &Order) -> Self {
        let mut options = ConnectOptions::new(order.url_for_sqlx());
        options.sqlx_logging(false);
        options.map_sqlx_sqlite_opts(|mut sqlite| {
            for (name, value) in table::PRAGMAS {
                sqlite = sqlite.pragma(name, value);
            }
            sqlite
        });
        if (order.database, order.case) == (Database::Sqlite, Case::Inserts) {
            // SQLite lets one write at a time: the others would wait in turns that only get longer.
            options.max_connections(1);
        }
        SeaOrm(sea_orm::Database::connect(options).await.unwrap())
    }

    async fn get(&self, id: i64) -> u64 {
        post::Entity::find_by_id(id).one(&self.0).await.unwrap().unwrap().sum()
    }

    async fn all(&self) -> u64 {
        let posts = post::Entity::find().all(&self.0).await.unwrap();
        posts.iter().map(post::Model::sum).fold(0, u64::wrapping_add)
    }

    async fn insert_all(&self, first: u64) -> u64 {
        let drafts = (first..).take(BATCH as usize).map(draft);
        draft::Entity::insert_many(drafts).exec_without_returning(&self.0).await.unwrap()
    }

    async fn insert(&self, number: u64) -> u64 {
        draft(number).insert(&self.0).await.unwrap().id.unsigned_abs()
    }

    async fn close(self) {
        self.0.close().await.unwrap();
    }
}

fn main() {
    tasks::run::<SeaOrm>(&Order::of_process());
}
