//! A service gets the name of a trait that it does not implement.

use zzz_core::ServicesBuilder;

trait Mail: Send + Sync {}
struct Mailer;

fn main() {
    ServicesBuilder::new().value(Mailer).alias::<dyn Mail>(|mailer| mailer);
}
