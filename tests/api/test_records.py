"""What support, finance and auditors ask: who, why, what happened, how much; and that it can be proved."""

import base64
import json
import re
import subprocess
import sys
from pathlib import Path

import blake3
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def busy(server):
    """Two licences; alice and bob sit, carol was refused."""
    clinic = server.open_account(licences=2)
    clinic.sessions = [clinic.seat(user) for user in ("alice", "bob")]
    clinic.refusal = clinic.log_in("carol").problem(409, "all_seats_held")
    clinic.support = server.client("support")
    return clinic


def test_who_sits_where_now_and_at_any_instant(busy):
    now = busy.support.get(f"{busy.path}/occupancy").ok()
    assert [(seat["seat"], seat["user"]) for seat in now["seats"]] == [(1, "alice"), (2, "bob")]
    at = busy.sessions[1]["answered_at"]
    busy.app.post(f"{busy.path}/sessions/{busy.sessions[0]['session']}/logout").ok()
    then = busy.support.get(f"{busy.path}/occupancy?at={at}").ok()
    assert [seat["user"] for seat in then["seats"]] == ["alice", "bob"]
    now = busy.support.get(f"{busy.path}/occupancy").ok()
    assert [(seat["seat"], seat["user"]) for seat in now["seats"]] == [(2, "bob")]
    busy.support.get(f"{busy.path}/occupancy?at=2999-01-01").problem(422, "unprocessable")


def test_why_somebody_was_refused(busy):
    why = busy.support.get(f"{busy.path}/why?user=carol").ok()
    assert why["refusal"]["position"] == busy.refusal["position"]
    assert [holder["user"] for holder in why["refusal"]["holders"]] == ["alice", "bob"]
    assert why["explanation"][0].startswith("carol was refused on ") and why["advice"]
    text = busy.support.get(f"{busy.path}/why?user=carol", accept="text/plain")
    assert text.headers["content-type"].startswith("text/plain") and "both seats were held" in text.text
    busy.support.get(f"{busy.path}/why?user=zoe").problem(404, "unknown_user")


def test_what_happened_and_how_much(busy):
    trail = busy.support.get(f"{busy.path}/trail").ok()
    assert [row["version"] for row in trail["rows"]] == [1, 2, 3, 4], "dense, so a gap would show"
    assert trail["rows"][-1]["what"].endswith("login carol -> denied: all 2 seats are held")
    of_bob = busy.support.get(f"{busy.path}/trail?user=bob").ok()["rows"]
    assert [row["version"] for row in of_bob] == [3]
    usage = busy.support.get(f"{busy.path}/usage").ok()
    assert (usage["logins"], usage["grants"], usage["denials"], usage["peak_seats"]) == (3, 2, 1, 2)
    [run] = busy.support.get(f"{busy.path}/denials").ok()["rows"]
    assert (run["user"], run["attempts"], run["outcome"]) == ("carol", 1, "open")


def test_numbers_instead_of_names_leave_no_access_record(busy):
    auditor = busy.server.client("auditor")
    looks = f"{busy.path}/access"
    before = len(auditor.get(looks).ok()["rows"])
    shown = busy.support.get(f"{busy.path}/trail?names=false").text
    assert "alice" not in shown and "user-1" in shown
    assert len(auditor.get(looks).ok()["rows"]) == before
    assert "alice" in busy.support.get(f"{busy.path}/trail").text
    assert len(auditor.get(looks).ok()["rows"]) == before + 1


def test_a_month_as_finance_gets_it(busy):
    finance = busy.server.client("finance")
    opened = finance.get(f"{busy.path}/trail?names=false").ok()["rows"][0]["at"]
    plan = (ROOT / "fixtures/plans/standard-2026.toml").read_text()
    month = opened[:7]
    finance.call("PUT", f"{busy.path}/plan", {"plan": plan, "from": f"{month}-01"}).ok()
    finance.call("PUT", f"{busy.path}/plan", {"plan": "x"}).problem(422, "unprocessable")
    finance.call("PUT", f"{busy.path}/licences", {"licences": 3, "reason": "a third room"}).ok()
    statement = finance.get(f"{busy.path}/statements/{month}").ok()
    assert (statement["status"], statement["closing_licences"]) == ("provisional", 3)
    assert [(change["from"], change["to"]) for change in statement["changes"]] == [(0, 2), (2, 3)]
    assert statement["sums"]["net_minor"] > 0 and statement["lines"]
    again = finance.get(f"{busy.path}/statements/{month}").ok()
    assert again["lines"] == statement["lines"]


def test_a_commit_is_proved_to_be_in_the_sealed_log(busy):
    auditor = busy.server.client("auditor")
    seal = auditor.post("/v1/seals").ok()
    origin, size, root, *_ = seal["note"].splitlines()
    assert int(size) == seal["size"] and origin
    position = busy.refusal["position"]
    proof = auditor.get(f"/v1/proofs/inclusion?position={position}&size={size}").ok()
    commit = auditor.get(f"/v1/commits/{position}")
    assert commit.headers["content-type"] == "application/octet-stream"
    assert included(commit.content, position, int(size), proof["hashes"]) == proof["root"]
    assert base64.b64decode(root).hex() == proof["root"], "the root that was signed"
    assert included(commit.content + b"!", position, int(size), proof["hashes"]) != proof["root"]
    assert seal["size"] in auditor.get("/v1/seals").ok()["sizes"]
    note = auditor.get("/v1/seals/latest", accept="text/plain").text
    assert re.search(rf"^{size}$", note, re.M)
    auditor.get(f"/v1/commits/{2**40}").problem(404, "unknown_position")


def test_an_evidence_pack_is_verified_without_the_product(busy, tmp_path):
    auditor = busy.server.client("auditor")
    pack = auditor.get(f"{busy.path}/evidence?from=2020-01-01&to={busy.refusal['answered_at']}&reason=audit")
    assert pack.status == 200, pack.text
    file = tmp_path / "pack.zip"
    file.write_bytes(pack.content)
    verify = [sys.executable, ROOT / "docs/verify.py", "--key", busy.server.key, "--json"]
    checked = subprocess.run([*verify, file], capture_output=True, text=True, check=False)
    assert json.loads(checked.stdout)["verdict"] == "ok", checked.stdout + checked.stderr
    asked_for = busy.server.client("auditor").get(f"{busy.path}/access").ok()["rows"]
    assert "audit" in json.dumps(asked_for), "that it was taken is on record, with the reason"


def included(commit, position, size, hashes):
    """The root that a commit's bytes and an inclusion proof lead to (RFC 9162, with BLAKE3)."""
    def node(left, right):
        return blake3.blake3(b"\x01" + left + right).digest()

    found, last = blake3.blake3(b"\x00" + commit).digest(), size - 1
    for part in map(bytes.fromhex, hashes):
        if position % 2 == 1 or position == last:
            found = node(part, found)
            while position % 2 == 0 and position:
                position, last = position // 2, last // 2
        else:
            found = node(found, part)
        position, last = position // 2, last // 2
    return found.hex()
