//! A vendor's application whose pages need a seat.
//!
//! ```sh
//! seatledger account open clinic --licences 2 --data d; seatledger --data d serve &
//! seatledger --data d token create --role app
//! LICENCE_SERVER=http://127.0.0.1:8480 LICENCE_TOKEN=sl_2_... cargo run -p client --example guarded_app
//! ```
//!
//! Then open <http://127.0.0.1:8481/login?user=alice>. Each page after it is guarded by the seat token alone.

use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::get;
use axum::{Router, serve};
use client::{Checker, Client, LoggedIn};
use serde::Deserialize;
use std::env;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;

struct App {
    client: Client,
    checker: Checker,
    licence_server: String,
}

#[derive(Deserialize)]
struct LogIn {
    user: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let licence_server = env::var("LICENCE_SERVER")?;
    let client = Client::new(&licence_server, &env::var("LICENCE_TOKEN")?);
    let asking = client.clone();
    let checker = tokio::task::spawn_blocking(move || asking.checker()).await??;
    let app = Arc::new(App { client, checker, licence_server });
    let routes = Router::new().route("/", get(page)).route("/login", get(log_in)).with_state(app);
    println!("http://127.0.0.1:8481/login?user=alice");
    serve(TcpListener::bind("127.0.0.1:8481").await?, routes).await?;
    Ok(())
}

/// Where the application has checked the password, it asks for a seat.
async fn log_in(State(app): State<Arc<App>>, Query(asked): Query<LogIn>) -> Response {
    let client = app.client.clone();
    let answer = tokio::task::spawn_blocking(move || client.log_in("clinic", &asked.user)).await;
    match answer {
        Ok(Ok(LoggedIn::Granted(seat))) => {
            let cookie = format!("seat={}; HttpOnly; SameSite=Lax; Path=/", seat.token);
            ([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response()
        }
        Ok(Ok(LoggedIn::InLine { place, .. })) => {
            (StatusCode::CONFLICT, format!("you are in line, place {place}")).into_response()
        }
        Ok(Ok(LoggedIn::Refused(refusal))) => {
            (StatusCode::CONFLICT, refusal.detail).into_response()
        }
        Ok(Err(error)) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}

/// A guarded page: no call is made, the token says it all.
async fn page(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let cookies =
        headers.get(header::COOKIE).and_then(|cookies| cookies.to_str().ok()).unwrap_or("");
    let token = cookies.split("; ").find_map(|cookie| cookie.strip_prefix("seat=")).unwrap_or("");
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    match app.checker.check(token, now) {
        Err(why) => (StatusCode::UNAUTHORIZED, why.to_string()).into_response(),
        Ok(seat) => Html(format!(
            "<h1>Seat {}</h1><p>session {}</p><script type=module>\
             import {{ hold }} from '{server}/seat.js';\
             hold({{ server: '{server}', token: '{token}', onLost: lost => document.body.append(lost.detail) }});\
             </script>",
            seat.seat,
            seat.session,
            server = app.licence_server,
        ))
        .into_response(),
    }
}
