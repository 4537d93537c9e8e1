//! A constructor does not make the type that it is registered for.

use zzz_core::ServicesBuilder;

struct Gallery;
struct Mailer;

async fn connect() -> zzz_core::Result<Mailer> {
    Ok(Mailer)
}

fn main() {
    ServicesBuilder::new().singleton::<Gallery, _>(connect);
}
