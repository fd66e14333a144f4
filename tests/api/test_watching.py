"""What those who run the server look at: health, readiness, metrics."""

import re
import subprocess

from server import Server


def samples(server):
    text = server.admin.get("/metrics").text
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line[0] != "#"}


def test_promtool_finds_nothing_to_say(server, clinic):
    clinic.seat("alice")
    metrics = server.admin.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    checked = subprocess.run(["promtool", "check", "metrics"], input=metrics.content, capture_output=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, b"")
    labels = set(re.findall(r"(\w+)=\"", metrics.text))
    assert labels == {"reason", "class", "le", "outcome"}, "no account, no user: the page stays as short with a million"


def test_what_happens_is_counted(tmp_path):
    server = Server(tmp_path)
    clinic = server.open_account(licences=1, policy={"when-full": "queue"})
    clinic.seat("alice")
    clinic.log_in("bob").problem(409, "in_line")
    full = server.open_account(licences=1)
    full.seat("alice")
    full.log_in("bob").problem(409, "all_seats_held")
    counted = {
        "seatledger_grants_total": 2, 'seatledger_denials_total{reason="all_seats_held"}': 1,
        "seatledger_queued_total": 1, "seatledger_queued_logins": 1, "seatledger_sessions": 2,
        "seatledger_licences": 2, "seatledger_accounts": 2, "seatledger_full_accounts": 2,
    }
    for _ in range(100):  # They are counted as the log is followed, a moment after the answer.
        now = samples(server)
        found = {name: now[name] for name in counted}
        if found == counted:
            break
    assert found == counted
    assert now["seatledger_sync_duration_seconds_count"] == now["seatledger_syncs_total"] > 0
    assert now['seatledger_sync_duration_seconds_bucket{le="+Inf"}'] > 0
    assert now["seatledger_views_lag_seconds"] < 60
    server.stop()


def test_it_says_that_it_is_well(server):
    assert (server.admin.get("/healthz").text, server.admin.get("/readyz").text) == ("ok\n", "ready\n")
