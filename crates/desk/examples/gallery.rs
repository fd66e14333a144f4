//! Writes every page of the desk, filled from a small history in memory, into a folder, to be looked at in a
//! browser.
//!
//! ```sh
//! cargo run -p desk --example gallery -- /tmp/gallery
//! ```

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_arguments,
    dead_code,
    reason = "shares its stage with the tests; an example that cannot go on panics"
)]

#[path = "../tests/it/clinic.rs"]
mod clinic;
#[path = "../tests/it/stage.rs"]
mod stage;

use std::fs;
use std::path::PathBuf;

fn main() {
    let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: gallery FOLDER");
        std::process::exit(2);
    };
    let assets = folder.join("desk");
    fs::create_dir_all(&assets).unwrap();
    fs::write(assets.join("desk.css"), desk::CSS).unwrap();
    fs::write(assets.join("desk.js"), desk::SCRIPT).unwrap();
    fs::write(assets.join("desk.svg"), desk::ICON).unwrap();
    for (name, html) in stage::Stage::set().pages() {
        // Files have no root: the same addresses, relative to the folder.
        let html = html.replace("=\"/desk/desk.", "=\"desk/desk.");
        let path = folder.join(format!("{name}.html"));
        fs::write(&path, html).unwrap();
        println!("{}", path.display());
    }
}
