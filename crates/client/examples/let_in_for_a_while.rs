//! An application that lets up to five users in for up to a quarter of an hour while the licence server is away.
//!
//! ```sh
//! LICENCE_SERVER=http://127.0.0.1:8480 LICENCE_TOKEN=sl_2_... cargo run -p client --example let_in_for_a_while alice
//! ```
//!
//! Stop the server while it runs, and start it again: `seatledger trail clinic` then says who was let in.

use client::{Bound, Client, Lenient, LetIn, LoggedIn};
use std::env;
use std::thread::sleep;
use std::time::{Duration, Instant};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let client = Client::new(&env::var("LICENCE_SERVER")?, &env::var("LICENCE_TOKEN")?).retries(2);
    let (began, bound) = (Instant::now(), Bound { users: 5, minutes: 15 });
    let lenient = Lenient::new(client.clone(), bound, move || began.elapsed());
    let user = env::args().nth(1).unwrap_or_else(|| "alice".to_owned());
    loop {
        match lenient.log_in("clinic", &user) {
            Ok(LetIn::Answered(LoggedIn::Granted(seat))) => {
                println!("{user} has seat {}", seat.seat);
                client.log_out("clinic", seat.session).or_else(unreachable)?;
            }
            Ok(LetIn::Answered(LoggedIn::InLine { place, .. })) => println!("place {place}"),
            Ok(LetIn::Answered(LoggedIn::Refused(refusal))) => println!("{}", refusal.detail),
            Ok(LetIn::Offline(seat)) => println!("{} is let in without an answer", seat.user),
            Err(error) => println!("{user} is not let in: {error}"),
        }
        sleep(Duration::from_secs(5));
    }
}

/// A server that went away between the two is no reason to stop.
fn unreachable(error: client::Error) -> Result<(), client::Error> {
    match error {
        client::Error::Unreachable(_) => Ok(()),
        error => Err(error),
    }
}
