//! Validations, message by message, and what is told of them.

use zzz_core::{Param, Params};
use zzz_db::changeset::{CastOptions, Compare, FieldValue, Length, Unit, Validation};
use zzz_db::{Action, Changeset, Schema, Value, fields};

use crate::backend::{Post, Thing, params};

#[derive(Schema, Debug, Clone, PartialEq)]
#[schema(table = "accounts")]
struct Account {
    id: i64,
    email: String,
    #[schema(virtual, redact)]
    password: String,
    #[schema(virtual)]
    terms: bool,
    key: Option<Vec<u8>>,
    #[schema(default = "3")]
    seats: i64,
}

fn messages<S: Schema>(changeset: &Changeset<S>) -> Vec<String> {
    changeset.errors().iter().map(|error| format!("{} {error}", error.field())).collect()
}

fn account(pairs: &[(&str, &str)]) -> Changeset<Account> {
    Changeset::new(Account::default()).cast(&params(pairs), fields![email, password, terms, seats])
}

#[test]
fn all_six_comparisons_say_what_they_want() {
    let of = |compare: Compare| {
        let changeset =
            Changeset::new(Post::default()).put_change(Post::views, 5).validate_number(Post::views, compare);
        changeset.errors().first().map(|error| (error.to_string(), error.key().to_owned()))
    };
    let wrong = |compare, text: &str, key: &str| {
        assert_eq!(of(compare), Some((text.into(), format!("number.{key}"))))
    };
    wrong(Compare::less_than(5), "must be less than 5", "less_than");
    wrong(Compare::greater_than(5.5), "must be greater than 5.5", "greater_than");
    wrong(Compare::less_than_or_equal_to(4), "must be less than or equal to 4", "less_than_or_equal_to");
    wrong(
        Compare::greater_than_or_equal_to(6),
        "must be greater than or equal to 6",
        "greater_than_or_equal_to",
    );
    wrong(Compare::equal_to(4), "must be equal to 4", "equal_to");
    wrong(Compare::not_equal_to(5.0), "must be not equal to 5", "not_equal_to");
    wrong(Compare::greater_than(0).and(Compare::less_than(3)), "must be less than 3", "less_than");
    for right in
        [Compare::less_than(6), Compare::greater_than(4), Compare::equal_to(5), Compare::not_equal_to(4)]
    {
        assert_eq!(of(right), None);
    }
}

#[cfg(feature = "decimal")]
#[test]
fn decimals_are_compared_to_the_last_digit() {
    use rust_decimal::Decimal;

    #[derive(Schema, Debug, Default)]
    #[schema(table = "items")]
    struct Item {
        id: i64,
        price: Option<Decimal>,
    }
    let of = |price: &str, compare| {
        let price: Decimal = price.parse().unwrap();
        messages(
            &Changeset::new(Item::default())
                .put_change(Item::price, price)
                .validate_number(Item::price, compare),
        )
    };
    let least: Decimal = "0.01".parse().unwrap();
    assert_eq!(
        of("0.009999999999999999", Compare::greater_than_or_equal_to(least)),
        ["price must be greater than or equal to 0.01"]
    );
    assert_eq!(of("0.01", Compare::greater_than_or_equal_to(least)), [""; 0]);
    assert_eq!(of("9007199254740993", Compare::equal_to(9_007_199_254_740_993_i64)), [""; 0]);
    assert_eq!(of("1", Compare::less_than(f64::INFINITY)), [""; 0]);
    assert_eq!(of("0.5", Compare::equal_to(0.5)), [""; 0]);
}

#[test]
fn a_length_counts_what_it_is_told_to() {
    let of = |text: &str, length: Length| {
        messages(&account(&[("email", text)]).validate_length(Account::email, length))
    };
    assert_eq!(of("größe", Length::bytes(..=5)), ["email should be at most 5 byte(s)"]);
    assert_eq!(of("größe", Length::bytes(7)), [""; 0]);
    assert_eq!(of("größe", 4.into()), ["email should be 4 character(s)"]);
    let key = Changeset::new(Account::default())
        .put_change(Account::key, vec![1, 2, 3])
        .validate_length(Account::key, 4..);
    assert_eq!(messages(&key), ["key should be at least 4 byte(s)"]);
    #[cfg(feature = "graphemes")]
    {
        let family = "👨‍👩‍👧e\u{301}";
        assert_eq!(of(family, Length::graphemes(2)), [""; 0]);
        assert_eq!(of(family, Length::graphemes(3..)), ["email should be at least 3 character(s)"]);
        assert_eq!(of(family, 2.into()), ["email should be 2 character(s)"]);
    }
}

#[cfg(feature = "json")]
#[test]
fn lists_have_items_of_a_kind_and_a_number() {
    use zzz_db::Json;

    #[derive(Schema, Debug, Default)]
    #[schema(table = "pizzas")]
    struct Pizza {
        id: i64,
        toppings: Option<Json<Vec<String>>>,
    }
    let of = |given: Param| {
        let mut map = Params::new();
        map.insert("toppings", given);
        Changeset::new(Pizza::default())
            .cast(&map, fields![toppings])
            .validate_length(Pizza::toppings, 2..=3)
            .validate_subset(Pizza::toppings, ["cheese", "olives"])
    };
    let texts = |items: &[&str]| Param::List(items.iter().map(|item| Param::Text((*item).into())).collect());
    assert_eq!(messages(&of(texts(&["", "cheese", ""]))), ["toppings should have at least 2 item(s)"]);
    assert_eq!(messages(&of(texts(&["cheese", "stone"]))), ["toppings has an invalid entry"]);
    assert_eq!(of(texts(&["cheese", "stone"])).errors()[0].key(), "subset");
    assert!(of(texts(&["cheese", "olives"])).is_valid());
    let form = of(texts(&["cheese", "stone"])).form();
    assert_eq!(form.field("toppings").unwrap().values(), ["cheese", "stone"]);
}

#[test]
fn a_confirmation_is_what_was_typed_twice() {
    let with = |pairs: &[(&str, &str)]| messages(&account(pairs).validate_confirmation(Account::password));
    assert_eq!(with(&[("password", "a"), ("password_confirmation", "a")]), [""; 0]);
    assert_eq!(
        with(&[("password", "a"), ("password_confirmation", "b")]),
        ["password_confirmation does not match confirmation"]
    );
    assert_eq!(with(&[("password", "a")]), [""; 0]);
    assert_eq!(with(&[("password_confirmation", "b")]), [""; 0]);
    let required = account(&[("password", "a")]).validate_confirmation_required(Account::password);
    assert_eq!(messages(&required), ["password_confirmation can't be blank"]);
    let refused = account(&[("password", "a"), ("password_confirmation", "b")])
        .validate_confirmation(Account::password)
        .message("ist nicht dasselbe")
        .with_action(Action::Validate);
    let form = refused.form();
    assert_eq!(form.field("password_confirmation").unwrap().errors(), ["ist nicht dasselbe"]);
    assert_eq!(form.field("password_confirmation").unwrap().value(), "");
}

#[test]
fn terms_are_accepted_once_something_is_sent() {
    let with = |pairs: &[(&str, &str)]| messages(&account(pairs).validate_acceptance(Account::terms));
    assert_eq!(with(&[("email", "x")]), ["terms must be accepted"]);
    assert_eq!(with(&[("terms", "false")]), ["terms must be accepted"]);
    assert_eq!(with(&[("terms", "perhaps")]), ["terms is invalid"]);
    assert_eq!(with(&[("terms", "on")]), [""; 0]);
    assert!(Changeset::new(Account::default()).validate_acceptance(Account::terms).is_valid());
}

#[test]
fn messages_and_fields_are_those_of_the_step_before() {
    let changeset = account(&[("email", "x"), ("seats", "many")])
        .message("what is that?")
        .validate_length(Account::email, 2..)
        .message("needs %{count}")
        .validate_required(fields![password])
        .message("wo?")
        .error_key(Account::email);
    assert_eq!(messages(&changeset), ["seats what is that?", "email needs 2", "email wo?"]);
    assert_eq!(changeset.errors()[1].key(), "length.min");
}

#[test]
fn errors_as_json_have_a_key_and_numbers() {
    let changeset = account(&[("email", "x")]).validate_length(Account::email, 2..);
    let json = serde_json::to_value(&changeset.errors()[0]).unwrap();
    let expected = serde_json::json!({
        "field": "email", "key": "length.min", "message": "should be at least 2 character(s)", "params": {"count": 2},
    });
    assert_eq!(json, expected);
    let german = changeset.traverse_errors(|error| error.fill("mindestens %{count}"));
    assert_eq!(serde_json::to_value(german).unwrap(), serde_json::json!({"email": ["mindestens 2"]}));
    let form = changeset.with_action(Action::Insert).form_with(|error| error.key().to_owned());
    assert_eq!(form.field("email").unwrap().errors(), ["length.min"]);
}

#[test]
fn what_was_validated_is_told_to_forms_and_documentation() {
    let changeset = Changeset::new(Post::default())
        .validate_required(fields![title])
        .validate_length(Post::title, 2..=100)
        .validate_length(Post::title, ..=80)
        .validate_pattern(Post::url, "https?://.*", |url| url.starts_with("http"))
        .validate_number(Post::views, 0..=10)
        .validate_inclusion(Post::status, ["draft", "out"])
        .unique(Post::title);
    let form = changeset.form();
    let attributes = |name: &str| form.field(name).unwrap().attributes().to_vec();
    assert_eq!(attributes("title"), [("minlength", "2".to_owned()), ("maxlength", "80".to_owned())]);
    assert_eq!(attributes("url"), [("pattern", "https?://.*".to_owned())]);
    assert_eq!(attributes("views"), [("min", "0".to_owned()), ("max", "10".to_owned())]);
    let validations: Vec<_> = changeset.validations().collect();
    let length = Validation::Length { unit: Unit::Characters, min: Some(2), max: Some(100) };
    assert_eq!((validations.len(), validations[0]), (5, ("title", &length)));
    assert_eq!(
        validations[4].1,
        &Validation::Inclusion(vec![Value::Text("draft".into()), Value::Text("out".into())])
    );
    assert_eq!(changeset.required_fields().collect::<Vec<_>>(), ["title"]);
    assert_eq!(changeset.constraints().collect::<Vec<_>>(), [(zzz_db::ConstraintKind::Unique, "title")]);
}

#[test]
fn an_empty_input_is_the_fields_default() {
    let seats = |value: &str| account(&[("seats", value)]).get_field(Account::seats);
    assert_eq!((seats(""), seats(" "), seats("0")), (Some(3), Some(3), Some(0)));
    let mut given = Params::new();
    given.insert("seats", Param::Null);
    let changeset = Changeset::new(Account::default()).cast(&given, fields![seats]);
    assert_eq!(messages(&changeset), ["seats can't be blank"]);
}

#[test]
fn a_cast_can_keep_white_space_trim_it_or_force_changes() {
    let given = params(&[("email", "  "), ("password", " a ")]);
    let cast = |options: CastOptions<'_>| {
        Changeset::new(Account::default()).cast_with(&given, fields![email, password], options)
    };
    assert_eq!(cast(CastOptions::new()).get_change(Account::email), None);
    let kept = cast(CastOptions::new().empty_values(&|_| false));
    assert_eq!(kept.get_change(Account::email).as_deref(), Some("  "));
    assert!(kept.validate_required_untrimmed(fields![email]).is_valid());
    assert_eq!(cast(CastOptions::new().trim()).get_change(Account::password).as_deref(), Some("a"));
    let forced = cast(CastOptions::new().force_changes());
    assert_eq!(forced.get_change(Account::email).as_deref(), Some(""));
    assert!(forced.field_missing(Account::email) && !forced.field_missing(Account::password));
}

#[test]
fn changes_are_forced_updated_fetched_and_merged() {
    let post = Post { title: "a".into(), ..Post::default() };
    let changeset = Changeset::new(post.clone()).force_change(Post::title, "a").put_change(Post::body, "b");
    assert_eq!(changeset.fetch_field(Post::title), Some(FieldValue::Change("a".into())));
    assert_eq!(changeset.fetch_field(Post::views), Some(FieldValue::Data(0)));
    assert_eq!(changeset.fetch_field(Post::views).unwrap().into_inner(), 0);
    let changeset =
        changeset.update_change(Post::body, |body| body + "!").update_change(Post::views, |views| views + 1);
    assert_eq!(
        (changeset.get_change(Post::body).as_deref(), changeset.changed(Post::views)),
        (Some("b!"), false)
    );
    let other = Changeset::new(post)
        .put_change(Post::body, "c")
        .put_change(Post::views, 3)
        .add_error(Post::url, "no");
    let merged = changeset.merge(other).unwrap();
    assert_eq!(
        (merged.get_change(Post::body).as_deref(), merged.get_change(Post::views)),
        (Some("c"), Some(3))
    );
    assert!(merged.changed(Post::title) && messages(&merged) == ["url no"]);
    let error = merged.merge(Changeset::new(Post::default())).unwrap_err();
    assert!(error.to_string().contains("differ in the field `title`"), "{error}");
}

#[test]
fn dates_come_from_three_selects_too() {
    let part = |pairs: &[(&str, &str)]| Param::Map(params(pairs));
    let mut given = Params::new();
    given.insert("day", part(&[("year", "2026"), ("month", "11"), ("day", "21")]));
    given.insert("clock", part(&[("hour", "7"), ("minute", "05")]));
    given.insert("moment", part(&[("year", ""), ("month", ""), ("day", "")]));
    given.insert(
        "naive",
        part(&[("year", "2026"), ("month", "13"), ("day", "1"), ("hour", "1"), ("minute", "1")]),
    );
    let changeset = Changeset::new(Thing::default()).cast(&given, fields![day, clock, moment, naive]);
    assert_eq!(messages(&changeset), ["naive is invalid"]);
    assert_eq!(changeset.get_field(Thing::day).flatten().unwrap().to_string(), "2026-11-21");
    assert_eq!(changeset.get_field(Thing::clock).flatten().unwrap().to_string(), "07:05:00");
    assert_eq!(changeset.get_field(Thing::moment), Some(None));
}
