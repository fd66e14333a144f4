"""Who may do what: roles, and tokens for some accounts only."""

import pytest

from server import Client

# What each role is answered. 403: it may not.
MAY = [
    # call, app, support, finance, auditor, customer
    (("POST", "/logins", {"user": "dan"}), 201, 403, 403, 403, 403),
    (("GET", "/occupancy", None), 403, 200, 200, 200, 200),
    (("GET", "/trail?names=false", None), 403, 200, 200, 200, 200),
    (("GET", "/usage", None), 403, 200, 200, 200, 200),
    (("PUT", "/licences", {"licences": 7}), 403, 403, 200, 403, 403),
    (("POST", "/sites", {"name": "north"}), 201, 201, 403, 403, 403),
    (("GET", "/users", None), 200, 200, 403, 403, 403),
    (("POST", "/users/1/forget", {"reason": "asked to"}), 403, 403, 403, 403, 403),
    (("GET", "/access", None), 403, 403, 403, 200, 403),
]
ROLES = ["app", "support", "finance", "auditor", "customer"]


@pytest.mark.parametrize("role", ROLES)
def test_a_role_does_its_work_and_no_other(server, role):
    for (method, path, body), *statuses in MAY:
        clinic = server.open_account(licences=2)
        client = server.client(role, clinic.name)
        answer = client.call(method, clinic.path + path, body, idempotency_key="x")
        expected = statuses[ROLES.index(role)]
        assert answer.status == expected, f"{role} {method} {path}: {answer.status} {answer.text}"
        if expected == 403:
            answer.problem(403, "not_allowed")


def test_a_token_of_one_account_cannot_tell_whether_another_exists(server, clinic):
    theirs = server.open_account(licences=1)
    theirs.seat("zoe")
    for role in ROLES:
        client = server.client(role, clinic.name)
        for account in (theirs.name, "nobody's"):
            for path in ("", "/occupancy", "/trail", "/sessions/1", "/events"):
                answer = client.get(f"/v1/accounts/{account}{path}").problem(403, "not_allowed")
                assert "zoe" not in str(answer)
        listed = client.get("/v1/accounts")
        if listed.status == 200:
            assert [account["account"] for account in listed.body["accounts"]] == [clinic.name]


def test_without_a_good_token_there_is_nothing(server, clinic):
    Client(server.url, None).get(clinic.path).problem(401, "no_token")
    answer = Client(server.url, "sl_9_" + "0" * 64).get(clinic.path)
    answer.problem(401, "bad_token")
    assert answer.headers["www-authenticate"].startswith("Bearer")
    made = server.client("app")
    made.get(clinic.path).ok()
    server.run("token", "revoke", made.token.split("_")[1])
    made.get(clinic.path).problem(401, "bad_token")


def test_commercial_reports_are_for_whom_statements_are(server, clinic):
    theirs = server.open_account(licences=1)
    for role, status in (("app", 403), ("support", 200), ("finance", 200), ("auditor", 200), ("customer", 200)):
        client = server.client(role, clinic.name)
        month = client.get("/v1/reports/movement?from=2026-01")
        assert month.status == status, f"{role}: {month.status} {month.text}"
        if status == 200:
            assert theirs.name not in month.text
        client.get(f"/v1/reports/movement?from=2026-01&account={theirs.name}").problem(403, "not_allowed")
