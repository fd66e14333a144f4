"""What the vendor's application calls at each login: seats, refusals, retries, signs of life, the line."""

import base64
import json


def test_a_seat_from_login_to_log_out(clinic):
    granted = clinic.log_in("alice", device="front desk").ok(201)
    assert (granted["seat"], granted["state"], granted["again"]) == (1, "live", False)
    session = f"{clinic.path}/sessions/{granted['session']}"
    assert clinic.app.get(session).ok()["state"] == "live"
    beat = clinic.app.post(f"{session}/heartbeat", {"active": True}).ok()
    assert (beat["seat"], beat["state"]) == (1, "live")
    assert clinic.app.post(f"{session}/logout").ok() == {"state": "ended", "seat": 1}
    assert clinic.seat("bob")["seat"] == 1, "the lowest free seat is granted"


def test_the_seat_token_says_who_sits_where_and_until_when(clinic):
    granted = clinic.seat("alice")
    head, claims, _ = (part + "=" * (-len(part) % 4) for part in granted["token"].split("."))
    head, claims = (json.loads(base64.urlsafe_b64decode(part)) for part in (head, claims))
    keys = clinic.app.get("/.well-known/jwks.json").ok()["keys"]
    assert head["alg"] == "EdDSA" and head["kid"] in [key["kid"] for key in keys]
    assert (claims["account"], claims["session"], claims["seat"]) == (clinic.name, granted["session"], 1)
    assert claims["exp"] - claims["iat"] == 120, "one lease"
    # A browser needs nothing else.
    beat = clinic.server.admin.post("/v1/seat/heartbeat", {"token": granted["token"], "active": True})
    assert beat.ok()["seat"] == 1
    bad = {"token": granted["token"][:-4] + "AAAA"}
    clinic.app.post("/v1/seat/heartbeat", bad).problem(401, "bad_token")


def test_a_refusal_says_who_holds_the_seats_and_when_to_ask_again(clinic):
    clinic.seat("alice"), clinic.seat("bob")
    answer = clinic.log_in("carol")
    refusal = answer.problem(409, "all_seats_held")
    assert [holder["user"] for holder in refusal["holders"]] == ["alice", "bob"]
    assert all(holder["state"] == "live" and holder["silent_s"] < 60 for holder in refusal["holders"])
    assert "release" in [remedy["code"] for remedy in refusal["what_can_be_done"]]
    assert 1 <= int(answer.headers["retry-after"]) <= 120
    assert (refusal["held"], refusal["licences"]) == (2, 2)


def test_an_attempt_is_answered_once_and_remembered(clinic):
    first = clinic.log_in("alice", attempt="one").ok(201)
    again = clinic.log_in("alice", attempt="one").ok(201)
    assert again["again"] and (again["session"], again["position"]) == (first["session"], first["position"])
    clinic.log_in("bob", attempt="one").problem(422, "request_reused")
    clinic.app.post(f"{clinic.path}/sessions/{first['session']}/logout").ok()
    late = clinic.log_in("alice", attempt="one").ok(201)
    assert (late["state"], late["token"]) == ("ended", None), "nothing to sit down with"


def test_a_released_session_is_over_for_ever(clinic):
    clinic.seat("alice")
    session = f"{clinic.path}/sessions/{clinic.seat('bob')['session']}"
    clinic.log_in("carol").problem(409, "all_seats_held")
    support = clinic.server.client("support")
    why = {"reason": "browser-closed"}
    support.post(f"{session}/release", why).problem(409, "too_young")
    support.post(f"{session}/release", {"reason": "boredom"}).problem(422, "unprocessable")
    support.post(f"{session}/release", {**why, "forced": True}).ok()
    for call in (lambda: clinic.app.post(f"{session}/heartbeat", {}), lambda: clinic.app.get(session),
                 lambda: clinic.app.post(f"{session}/logout")):
        over = call().problem(410, "session_over")
        assert (over["how"], over["reason"]) == ("released", "browser closed") and over["by"].startswith("support")
    assert clinic.seat("carol")["seat"] == 2
    clinic.app.get(f"{clinic.path}/sessions/99").problem(404, "unknown_session")


def test_a_gateway_asks_many_things_at_once(clinic):
    def login(user):
        return {"do": "log_in", "account": clinic.name, "request": f"bulk-{user}", "login": {"user": user}}

    commands = [login("alice"), login("bob"), login("carol"), {**login("dan"), "account": "nobody's"}]
    answers = clinic.server.admin.post("/v1/commands", {"commands": commands}).ok()["answers"]
    assert [answer["status"] for answer in answers] == [201, 201, 409, 404]
    sessions = [answer["body"]["session"] for answer in answers[:2]]
    beats = [{"account": clinic.name, "session": session} for session in [*sessions, 99]]
    answers = clinic.app.post("/v1/heartbeats", {"heartbeats": beats}).ok()["answers"]
    assert [answer["status"] for answer in answers] == [200, 200, 404]
    assert answers[0]["body"] == {"state": "live", "seat": 1, "asked_for": None}
    clinic.app.post("/v1/heartbeats", {"heartbeats": beats[:1] * 1001}).problem(413, "too_large")


def test_whoever_waits_in_line_gets_the_seat_that_comes_free(server):
    clinic = server.open_account(licences=1, policy={"when-full": "queue"})
    alice = clinic.seat("alice")
    answer = clinic.log_in("bob", attempt="bob")
    assert answer.problem(409, "in_line")["place"] == 1 and "retry-after" in answer.headers
    assert clinic.log_in("carol", attempt="carol").problem(409, "in_line")["place"] == 2
    clinic.app.post(f"{clinic.path}/sessions/{alice['session']}/logout").ok()
    assert clinic.log_in("carol", attempt="carol").problem(409, "in_line"), "nobody overtakes"
    assert clinic.log_in("bob", attempt="bob").ok(201)["seat"] == 1
    clinic.app.post(f"{clinic.path}/logins/leave", idempotency_key="carol").ok()
    clinic.app.post(f"{clinic.path}/logins/leave", idempotency_key="carol").problem(409, "not_in_line")


def test_what_cannot_be_read_is_said_to_be_so(clinic):
    logins = f"{clinic.path}/logins"
    clinic.app.post(logins, {"user": "alice"}).problem(400, "bad_request")
    clinic.app.post(logins, {"user": "alice", "colour": "red"}, idempotency_key="x").problem(400, "bad_request")
    clinic.log_in("").problem(422, "unprocessable")
    clinic.log_in("alice", site="nowhere").problem(404, "unknown_site")
    clinic.app.get("/v1/nothing").problem(404, "not_found")
    clinic.app.call("DELETE", logins).problem(405, "method_not_allowed")
    clinic.server.admin.get("/v1/accounts/nobody's").problem(404, "unknown_account")
