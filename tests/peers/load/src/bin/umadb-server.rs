//! UmaDB's own server, as its `umadb` command starts it; here so that it is built at a locked version with
//! UmaDB's own release profile.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    umadb::start_server_with_cli_options(umadb::parse_cli_options(std::env::args())?)
}
