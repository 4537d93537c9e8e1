//! Every type survives the way to the database and back, at its edges too.

use chrono::{DateTime, NaiveDate, Utc};

use crate::backend::{Backend, Post, Thing};
use crate::case;

fn moment(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

case! {
    fn every_type_comes_back_as_it_went(db) {
        let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
        let thing = Thing {
            small: Some(-5), medium: Some(7), big: Some(9), byte: Some(255), word: Some(65_535), long: Some(u32::MAX),
            float: Some(1.5), double: Some(-0.1), flag: Some(true), text: Some("größe 🦀 ' \" ; --".into()),
            bytes: Some(vec![0, 1, 255]), moment: Some(moment("2026-11-21T03:50:56.123456Z")),
            naive: day.and_hms_micro_opt(23, 59, 59, 999_999), day: Some(day), clock: day.and_hms_opt(1, 2, 3).map(|at| at.time()),
            ..Thing::default()
        };
        let inserted = db.repo.insert(thing.clone()).await.unwrap();
        assert_eq!(inserted, Thing { id: inserted.id, ..thing });
        assert_eq!(db.repo.get::<Thing>(inserted.id).await.unwrap(), Some(inserted));
    }

    fn none_comes_back_as_none(db) {
        let inserted = db.repo.insert(Thing::default()).await.unwrap();
        assert_eq!(db.repo.reload(&inserted).await.unwrap(), Thing { id: inserted.id, ..Thing::default() });
    }

    fn whole_numbers_keep_their_extremes(db) {
        for big in [i64::MIN, i64::MAX, 0, -1, 9_007_199_254_740_993] {
            let inserted = db.repo.insert(Thing { big: Some(big), ..Thing::default() }).await.unwrap();
            let found = Thing::query().filter(Thing::big.eq(big)).one(&db.repo).await.unwrap();
            assert_eq!(found, Some(inserted));
        }
    }

    fn floats_keep_their_extremes_and_nan_is_refused(db) {
        for double in [f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY, 0.1 + 0.2, 2.0] {
            if db.backend == Backend::Mysql && double.is_infinite() {
                let refused = db.repo.insert(Thing { double: Some(double), ..Thing::default() }).await.unwrap_err();
                assert!(refused.is_value(), "{refused}");
                continue;
            }
            let inserted = db.repo.insert(Thing { double: Some(double), ..Thing::default() }).await.unwrap();
            assert_eq!(db.repo.reload(&inserted).await.unwrap().double, Some(double));
        }
        let refused = db.repo.insert(Thing { double: Some(f64::NAN), ..Thing::default() }).await.unwrap_err();
        assert!(refused.is_value(), "{refused}");
    }

    fn times_sort_in_the_database_as_they_do_in_rust(db) {
        let mut moments = ["2026-11-21T03:50:56.1Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z",
            "2026-11-21T03:50:56.09Z", "1969-12-31T23:59:59Z"].map(moment);
        for at in moments {
            db.repo.insert(Thing { moment: Some(at), ..Thing::default() }).await.unwrap();
        }
        moments.sort();
        let sorted = Thing::query().order_by(Thing::moment.asc()).select(Thing::moment).all(&db.repo).await.unwrap();
        assert_eq!(sorted, moments.map(Some));
        let early = Thing::query().filter(Thing::moment.lt(moment("2026-11-21T03:50:56.1Z")));
        assert_eq!(early.count(&db.repo).await.unwrap(), 3);
    }

    fn a_year_that_would_not_sort_is_refused(db) {
        let far = NaiveDate::from_ymd_opt(10_000, 1, 1);
        assert!(db.repo.insert(Thing { day: far, ..Thing::default() }).await.unwrap_err().is_value());
        let before = NaiveDate::from_ymd_opt(-1, 1, 1);
        assert!(db.repo.insert(Thing { day: before, ..Thing::default() }).await.unwrap_err().is_value());
    }

    fn a_moment_in_the_databases_own_words_is_understood(db) {
        db.repo.execute("INSERT INTO things (moment, day) VALUES (CURRENT_TIMESTAMP, CURRENT_DATE)", []).await.unwrap();
        let thing = Thing::query().one(&db.repo).await.unwrap().unwrap();
        assert_eq!(thing.moment.unwrap().date_naive(), thing.day.unwrap());
    }

    fn nanoseconds_are_cut_off_before_they_are_compared(db) {
        let at = moment("2026-11-21T03:50:56.123456789Z");
        db.repo.insert(Thing { moment: Some(at), ..Thing::default() }).await.unwrap();
        assert!(Thing::query().filter(Thing::moment.eq(at)).exists(&db.repo).await.unwrap());
    }

    fn an_empty_text_is_not_null(db) {
        db.repo.insert(Thing { text: Some(String::new()), ..Thing::default() }).await.unwrap();
        assert_eq!(Thing::query().filter(Thing::text.is_null()).count(&db.repo).await.unwrap(), 0);
        assert_eq!(Thing::query().filter(Thing::text.eq("")).count(&db.repo).await.unwrap(), 1);
    }

    fn a_virtual_field_is_neither_written_nor_read(db) {
        let inserted = db.repo.insert(Post { title: "a".into(), preview: true, ..Post::default() }).await.unwrap();
        assert!(inserted.preview);
        assert!(!db.repo.reload(&inserted).await.unwrap().preview);
    }
}
