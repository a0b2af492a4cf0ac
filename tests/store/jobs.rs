//! Jobs: asked for in a transaction, tried again, run twice where a worker died, given up where hopeless.

use std::sync::Mutex;
use std::time::Duration;

use hoian_server::app::App;
use hoian_server::jobs::{Failure, Job, Registry, enqueue, run_due};
use hoian_server::store::entity::job;
use sea_orm::{DbErr, EntityTrait};
use serde::{Deserialize, Serialize};

use crate::House;

on_both_databases!(
    runs_only_what_was_committed,
    tries_again_with_growing_pauses_and_gives_up_the_hopeless,
    runs_again_what_a_dead_worker_left,
);

/// Writes down that it ran, then ends as it was told.
#[derive(Serialize, Deserialize)]
struct Note {
    name: String,
    end: End,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum End {
    Well,
    Later,
    Never,
    Panic,
}

/// Names of the notes that ran; each test uses names of its own.
static RAN: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn ran(name: &str) -> usize {
    RAN.lock().unwrap().iter().filter(|ran| *ran == name).count()
}

impl Job for Note {
    const KIND: &'static str = "test.note";

    async fn run(self, _: App) -> Result<(), Failure> {
        RAN.lock().unwrap().push(self.name);
        match self.end {
            End::Well => Ok(()),
            End::Later => Err(Failure::Later("not yet".into())),
            End::Never => Err(Failure::Never("hopeless".into())),
            End::Panic => panic!("a fault of the job"),
        }
    }
}

async fn ask(house: &House, name: &str, end: End) {
    let note = Note {
        name: name.into(),
        end,
    };
    house
        .app
        .store
        .write(async |tx| enqueue(tx, &house.app.clock, &note).await)
        .await
        .unwrap();
}

/// Away with the jobs that migrations ask for: these stories count.
async fn alone(house: &House) {
    let all = job::Entity::delete_many();
    house
        .app
        .store
        .write(async |tx| all.exec(tx).await)
        .await
        .unwrap();
}

async fn work(house: &House) -> usize {
    run_due(&house.app, &Registry::default().with::<Note>())
        .await
        .unwrap()
}

fn unique(house: &House, name: &str) -> String {
    format!("{name} {}", house.url)
}

async fn runs_only_what_was_committed(house: House) {
    alone(&house).await;
    let (kept, dropped) = (unique(&house, "kept"), unique(&house, "dropped"));
    ask(&house, &kept, End::Well).await;
    let failed = house
        .app
        .store
        .write(async |tx| {
            enqueue(
                tx,
                &house.app.clock,
                &Note {
                    name: dropped.clone(),
                    end: End::Well,
                },
            )
            .await?;
            Err::<(), _>(DbErr::Custom("changed my mind".into()))
        })
        .await;
    assert!(failed.is_err());
    assert_eq!((work(&house).await, work(&house).await), (1, 0));
    assert_eq!((ran(&kept), ran(&dropped)), (1, 0));
}

async fn tries_again_with_growing_pauses_and_gives_up_the_hopeless(house: House) {
    alone(&house).await;
    let (later, panics, never) = (
        unique(&house, "later"),
        unique(&house, "panics"),
        unique(&house, "never"),
    );
    ask(&house, &later, End::Later).await;
    ask(&house, &panics, End::Panic).await;
    ask(&house, &never, End::Never).await;
    assert_eq!(work(&house).await, 3);
    assert_eq!(work(&house).await, 0, "not before its pause");
    house.app.clock.advance(Duration::from_secs(2));
    assert_eq!(work(&house).await, 2);
    house.app.clock.advance(Duration::from_secs(3));
    assert_eq!(work(&house).await, 0, "the second pause is 4 s");
    house.app.clock.advance(Duration::from_secs(1));
    assert_eq!(work(&house).await, 2);
    assert_eq!((ran(&later), ran(&panics), ran(&never)), (3, 3, 1));
    let rows = job::Entity::find().all(house.app.store.read()).await.unwrap();
    let given_up: Vec<_> = rows.iter().filter(|row| row.is_given_up).collect();
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].last_error.as_deref(), Some("hopeless"));
}

async fn runs_again_what_a_dead_worker_left(house: House) {
    alone(&house).await;
    let name = unique(&house, "left");
    ask(&house, &name, End::Well).await;
    // A worker that took the job and died: leased, neither ended nor failed.
    let lease = house.app.clock.now().after(Duration::from_secs(300));
    let taken =
        job::Entity::update_many().col_expr(job::Column::LeasedUntil, sea_orm::sea_query::Expr::value(lease));
    house
        .app
        .store
        .write(async |tx| taken.exec(tx).await)
        .await
        .unwrap();
    assert_eq!(work(&house).await, 0, "while the lease holds");
    house.app.clock.advance(Duration::from_secs(300));
    assert_eq!(work(&house).await, 1);
    assert_eq!(ran(&name), 1);
}
