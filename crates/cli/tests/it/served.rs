//! The same commands against a running server.

use crate::place::Place;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A server on a directory of its own; stopped in good order when it goes.
struct Served {
    child: Child,
    url: String,
    token: String,
    _place: Place,
}

impl Served {
    fn start() -> Served {
        Served::with(&[])
    }

    fn with(flags: &[&str]) -> Served {
        Served::on(Place::new(), flags)
    }

    fn on(place: Place, flags: &[&str]) -> Served {
        let mut child = Command::new(env!("CARGO_BIN_EXE_seatledger"))
            .args(["--data", place.data().to_str().unwrap(), "serve", "--listen", "127.0.0.1:0"])
            .args(flags)
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut line = |mark: &str| loop {
            let line = lines.next().unwrap().unwrap();
            if let Some((_, rest)) = line.split_once(mark) {
                return rest.split([' ', ';']).next().unwrap().to_owned();
            }
        };
        let token = line("shown once: ");
        let url = line("listening on ");
        Served { child, url, token, _place: place }
    }

    fn run(&self, args: &[&str]) -> (i32, String, String) {
        let output = Command::new(env!("CARGO_BIN_EXE_seatledger"))
            .args(["--server", &self.url, "--token", &self.token])
            .args(args)
            .output()
            .unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
    }

    #[track_caller]
    fn ok(&self, args: &[&str]) -> String {
        let (code, stdout, stderr) = self.run(args);
        assert_eq!(code, 0, "{args:?}: {stdout}{stderr}");
        stdout
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let stopped = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(stopped.success());
        assert!(self.child.wait().unwrap().success(), "it stops in good order");
    }
}

#[test]
fn a_server_answers_as_a_directory_does() {
    let served = Served::start();
    served.ok(&["account", "open", "clinic", "--licences", "1", "--release-floor", "0 s"]);
    assert_eq!(served.ok(&["login", "clinic", "alice"]), "seat 1 (session-1)\n");
    let (code, denied, _) = served.run(&["login", "clinic", "bob"]);
    assert_eq!(code, 3);
    assert!(
        denied.starts_with("denied: the one seat is held\n") && denied.contains("alice"),
        "{denied}"
    );
    assert!(served.ok(&["who", "clinic"]).contains(", 0 free"));
    assert!(served.ok(&["who", "clinic", "--no-names"]).contains("user-1"));
    assert!(served.ok(&["why", "clinic", "bob"]).contains("alice"));
    assert!(served.ok(&["--format", "json", "usage", "clinic"]).contains("\"grants\": 1"));
    assert_eq!(served.ok(&["heartbeat", "clinic", "alice"]), "seat 1 live\n");
    let release = ["release", "clinic", "alice", "--reason", "holder-away"];
    assert_eq!(served.ok(&release), "seat 1 free\n");
    let (code, _, said) = served.run(&["logout", "clinic", "session-1"]);
    assert_eq!(code, 4);
    assert!(said.contains("somebody released it: holder away"), "{said}");
    served.ok(&["user", "add", "clinic", "Ana-María"]);
    served.ok(&["user", "suspend", "clinic", "Ana-María"]);
    served.ok(&["site", "add", "clinic", "north"]);
    served.ok(&["account", "set-policy", "clinic", "--reserved", "north:1", "--lease", "5 min"]);
    served.ok(&["account", "set-licences", "clinic", "3"]);
    assert!(served.ok(&["account", "list"]).contains("Europe/London"));
    assert!(served.ok(&["access", "--account", "clinic"]).contains("admin 1"));
}

#[test]
fn what_a_server_refuses_is_refused_in_its_words() {
    let served = Served::start();
    let (code, _, said) = served.run(&["who", "nowhere"]);
    assert_eq!((code, said.as_str()), (4, "seatledger: there is no account \"nowhere\"\n"));
    let (code, _, said) = served.run(&["verify"]);
    assert_eq!(code, 2);
    assert!(said.contains("works on a directory only"), "{said}");
    let wrong = Command::new(env!("CARGO_BIN_EXE_seatledger"))
        .args(["--server", &served.url, "--token", "sl_1_00", "who", "clinic"])
        .output()
        .unwrap();
    assert_eq!(wrong.status.code(), Some(4));
    let nobody = Command::new(env!("CARGO_BIN_EXE_seatledger"))
        .args(["--server", "http://127.0.0.1:9", "--token", "x", "who", "clinic"])
        .output()
        .unwrap();
    assert_eq!(nobody.status.code(), Some(1));
    let (code, _, said) =
        served.run(&["account", "open", "clinic", "--licences", "1", "--lease", "soon"]);
    assert_eq!(code, 2);
    assert!(said.contains("lease"), "{said}");
}

#[test]
fn a_running_server_is_backed_up() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("backup");
    let served = Served::with(&["--set", &format!("backup_dir={}", folder.display())]);
    served.ok(&["account", "open", "clinic", "--licences", "1"]);
    let said = served.ok(&["backup"]);
    assert!(said.contains("commits, ") && said.contains("\nroot "), "{said}");
    served.ok(&["login", "clinic", "alice"]);
    assert!(served.ok(&["backup"]).contains(", 1 of them new"));
    assert_eq!(served.run(&["backup", "/tmp/elsewhere"]).0, 2);
    let to = place.path().join("restored");
    let restored = Command::new(env!("CARGO_BIN_EXE_seatledger"))
        .args(["--data", to.to_str().unwrap(), "restore", folder.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(restored.status.success(), "{restored:?}");
}

#[test]
fn webhooks_are_made_listed_and_removed() {
    let served = Served::start();
    served.ok(&["account", "open", "clinic", "--licences", "1"]);
    let url = "https://example.invalid/hook";
    let made =
        served.ok(&["webhook", "create", url, "--event", "SeatDenied", "--account", "clinic"]);
    assert!(made.starts_with("whsec_") && made.contains("secret of webhook 1"), "{made}");
    let list = served.ok(&["webhook", "list"]);
    assert!(list.contains(url) && list.contains("SeatDenied") && list.contains("clinic"), "{list}");
    served.ok(&["webhook", "dead", "1"]);
    let retry = served.ok(&["webhook", "retry", "1"]);
    assert!(retry.contains("once more: 0"), "{retry}");
    served.ok(&["webhook", "remove", "1"]);
    assert!(!served.ok(&["webhook", "list"]).contains(url));
    assert_eq!(served.run(&["webhook", "remove", "1"]).0, 4);
    assert_eq!(served.run(&["webhook", "create", "http://127.0.0.1/"]).0, 2);
}

#[test]
fn the_month_s_end_at_a_server_is_that_of_a_directory() {
    let place = Place::new();
    place.ok("demo");
    let books = tempfile::tempdir().unwrap();
    let served = Served::on(place, &[]);
    let (code, told, said) = served.run(&["close", "--month", "2026-04"]);
    assert_eq!(code, 4, "{said}");
    assert!(told.contains("March 2026 is not closed yet"), "{told}");
    let would = served.ok(&["close", "harley-street", "--month", "2026-03", "--dry-run"]);
    assert!(would.contains("2026-03: 1 would be closed"), "{would}");
    served.ok(&["close", "--month", "2026-03", "--reason", "month end"]);
    let told = served.ok(&["close", "--month", "2026-04"]);
    assert!(told.contains("2026-04: 1 closed, 0 closed before, 0 open; GBP 265.50 net"), "{told}");
    assert!(served.ok(&["reconcile"]).contains("All statements agree"));
    assert!(served.ok(&["reconcile", "harley-street"]).contains("2026-03  closed"));

    let folder = books.path().to_str().unwrap();
    let export = ["export", "charges", "--month", "2026-03", "-o", folder];
    assert_eq!(served.ok(&export), "charges-2026-03.csv\n");
    let file = std::fs::read(books.path().join("charges-2026-03.csv")).unwrap();
    let known_by = blake3::hash(blake3::hash(&file).as_bytes()).to_string();
    assert!(served.ok(&["access"]).contains(&known_by));
    let (code, _, said) = served.run(&export);
    assert_eq!(code, 4);
    assert!(said.contains("is there already"), "{said}");
    let said =
        served.ok(&["account", "set-licences", "harley-street", "9", "--from", "2026-04-10"]);
    assert!(said.contains("it becomes an adjustment in May 2026"), "{said}");
}

#[test]
fn commercial_reports_are_the_same_words() {
    let place = tempfile::tempdir().unwrap();
    let served = Served::start();
    served.ok(&["account", "open", "clinic", "--licences", "2"]);
    let now = admission::Clock::wall(&admission::SystemClock);
    let today = reporting::civil::show_date(reporting::civil::Zone::UTC.date_of(now));
    let asked = ["report", "movement", "--account", "clinic", "--month", &today[..7]];
    let text = served.ok(&asked);
    let row = |line: &str| line.split_whitespace().eq(["clinic", "0", "2", "0", "2", "1"]);
    assert!(text.lines().any(row), "{text}");
    let file = place.path().join("movement.csv");
    let csv = [asked.as_slice(), &["--csv", file.to_str().unwrap()]].concat();
    served.ok(&csv);
    let rows = std::fs::read_to_string(&file).unwrap();
    assert!(rows.ends_with("\r\nclinic,0,2,0,2,1\r\n"), "{rows}");
    assert_eq!(served.run(&csv).0, 4, "a file that is there is not written over");
}
