//! SQLite, on a pool of connections that block, each call on a thread that may.

use bench_work::{Case, Order, table, tasks::Peer};
use diesel::{ExpressionMethods as _, QueryDsl as _, SelectableHelper as _, SqliteConnection};
use diesel_async::{
    AsyncConnection as _, RunQueryDsl as _, SimpleAsyncConnection as _,
    pooled_connection::{
        AsyncDieselConnectionManager, ManagerConfig,
        deadpool::{Object, Pool},
    },
    sync_connection_wrapper::SyncConnectionWrapper,
};

use super::{Draft, Post, bench_drafts, bench_posts};

type Connection = SyncConnectionWrapper<SqliteConnection>;

pub(crate) struct Bench(Pool<Connection>);

impl Bench {
    async fn connection(&self) -> Object<Connection> {
        self.0.get().await.unwrap()
    }
}

impl Peer for Bench {
    async fn connect(order: &Order) -> Self {
        let mut config = ManagerConfig::<Connection>::default();
        config.custom_setup = Box::new(|url| {
            let url = url.to_owned();
            Box::pin(async move {
                let mut connection = Connection::establish(&url).await?;
                let told = connection.batch_execute(&table::pragmas()).await;
                told.map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
                Ok(connection)
            })
        });
        let manager = AsyncDieselConnectionManager::new_with_config(order.path(), config);
        let mut pool = Pool::builder(manager);
        if order.case == Case::Inserts {
            // SQLite lets one write at a time: the others would wait in turns that only get longer.
            pool = pool.max_size(1);
        }
        Bench(pool.build().unwrap())
    }

    async fn get(&self, id: i64) -> u64 {
        let get = bench_posts::table.filter(bench_posts::id.eq(id)).select(Post::as_select());
        get.first(&mut self.connection().await).await.unwrap().sum()
    }

    async fn all(&self) -> u64 {
        let all = bench_posts::table.select(Post::as_select());
        let posts = all.load(&mut self.connection().await).await.unwrap();
        posts.iter().map(Post::sum).fold(0, u64::wrapping_add)
    }

    async fn insert_all(&self, first: u64) -> u64 {
        // Many rows with one statement are for a connection that blocks alone.
        let insert = diesel::insert_into(bench_drafts::table).values(Draft::many(first));
        let mut connection = self.connection().await;
        let inserted = connection
            .spawn_blocking(move |connection| diesel::RunQueryDsl::execute(insert, connection))
            .await;
        inserted.unwrap() as u64
    }

    async fn insert(&self, number: u64) -> u64 {
        let insert = diesel::insert_into(bench_drafts::table).values(Draft::of(number));
        let insert = insert.returning(bench_drafts::id);
        let id: i64 = insert.get_result(&mut self.connection().await).await.unwrap();
        id.unsigned_abs()
    }

    async fn close(self) {
        self.0.close();
    }
}
