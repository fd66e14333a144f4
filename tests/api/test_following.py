"""Following the log: every commit once, in order, and again from where one left off."""

import json


def follow(client, path, wanted, **headers):
    """The first so many commits of a stream: their ids and contents."""
    found, last = [], None
    with client.open("GET", path, timeout=10, **headers) as stream:
        assert stream.headers["content-type"] == "text/event-stream"
        for line in stream:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                last = value
            elif name == "data":
                found.append((last, json.loads(value)))
                if len(found) == wanted:
                    return found


def test_a_stream_is_resumed_where_it_was_left(clinic):
    clinic.seat("alice"), clinic.seat("bob")
    stream = f"{clinic.path}/events"
    first = follow(clinic.app, f"{stream}?from=0", 2)
    assert [commit["version"] for _, commit in first] == [1, 2]
    assert [event["event"] for event in first[1][1]["events"]] == ["UserAdded", "LoginRequested", "SeatGranted"]
    assert "alice" not in json.dumps(first), "users are numbers"
    clinic.log_in("carol").problem(409, "all_seats_held")
    rest = follow(clinic.app, stream, 2, last_event_id=first[-1][0])
    assert [commit["version"] for _, commit in rest] == [3, 4], "nothing missed, nothing twice"
    assert rest[-1][1]["events"][-1]["event"] == "SeatDenied"


def test_what_happens_while_somebody_listens_is_told(clinic):
    with clinic.app.open("GET", f"{clinic.path}/events", timeout=10) as stream:
        clinic.seat("alice")
        assert next(line for line in stream if line.startswith(b"event:")) == b"event: commit\n"


def test_a_stream_begins_within_the_log(clinic):
    clinic.app.get(f"{clinic.path}/events?from={2**40}").problem(404, "unknown_position")
    clinic.app.get(f"{clinic.path}/events", last_event_id="yesterday").problem(400, "bad_request")
    clinic.app.get("/v1/events").problem(403, "not_allowed")
