"""A million live sessions over HTTP, each heard of once a PERIOD of seconds.

    python3 sessions.py URL TOKEN SERVER_PROCESS ACCOUNTS SESSIONS PERIOD SECONDS

Accounts a1, a2, ... have room for their share. Sessions begin by `/v1/commands`, 1,000 a call. 99 of 100 are then
kept alive as a gateway does it, by `/v1/heartbeats` with 1,000 a call, the last one by a call of its own. When each
has been heard of once, the lease is set to three periods. Meanwhile somebody logs in by single calls every 20 ms.
Nothing else may be recorded: a session that is not heard of in time goes dormant, and that would be a commit.
"""

import asyncio
import json
import re
import sys
import time
from itertools import count
from urllib.parse import urlsplit

URL, TOKEN, SERVER = urlsplit(sys.argv[1]), sys.argv[2], sys.argv[3]
ACCOUNTS, SESSIONS, PERIOD, SECONDS = map(int, sys.argv[4:8])
AT_ONCE = 1000
TICKS = 100  # Of /proc, in a second.
SETTLING = 5  # Seconds.


class Connection:
    async def call(self, method, path, body=b"", headers=""):
        """Status and content of the answer, and the seconds until it was whole."""
        if not hasattr(self, "reader"):
            self.reader, self.writer = await asyncio.open_connection(URL.hostname, URL.port, limit=1 << 22)
        begun = time.perf_counter()
        self.writer.write(
            f"{method} {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\ncontent-type: application/json\r\n"
            f"{headers}content-length: {len(body)}\r\n\r\n".encode() + body)
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = int(re.search(rb"content-length: (\d+)", head)[1])
        content = await self.reader.readexactly(length)
        return int(head[9:12]), content, time.perf_counter() - begun


async def metric(name):
    _, content, _ = await Connection().call("GET", "/metrics")
    return int(re.search(rf"^seatledger_{name} (\d+)$", content.decode(), re.M)[1])


async def begin():
    """Every session: its account, and its number."""
    share, sessions, due = SESSIONS // ACCOUNTS, [], iter(range(0, SESSIONS, AT_ONCE))

    async def work():
        connection = Connection()
        for first in due:
            logins = [(f"a{n // share + 1}", n % share) for n in range(first, min(first + AT_ONCE, SESSIONS))]
            commands = [{"do": "log_in", "account": account, "request": f"begin-{account}-{user}",
                         "login": {"user": f"u{user}"}} for account, user in logins]
            status, content, _ = await connection.call("POST", "/v1/commands", json.dumps({"commands": commands}).encode())
            answers = json.loads(content)["answers"]
            refused = [answer for answer in answers if answer["status"] != 201]
            if status != 200 or refused:
                sys.exit(f"{status}: {len(refused)} of {len(answers)} were refused, as {refused[:1]}")
            sessions.extend((account, answer["body"]["session"]) for (account, _), answer in zip(logins, answers))

    await asyncio.gather(*(work() for _ in range(16)))
    return sessions


async def set_lease(seconds):
    due = iter(range(1, ACCOUNTS + 1))
    body = json.dumps({"policy": {"lease": f"{seconds} s"}}).encode()

    async def work():
        connection = Connection()
        for number in due:
            status, content, _ = await connection.call("PATCH", f"/v1/accounts/a{number}/policy", body)
            if status != 200:
                sys.exit(f"the policy of a{number}: {status} {content[:300]}")

    await asyncio.gather(*(work() for _ in range(64)))


async def in_turn(calls, period, connections, until, took):
    """Makes each call once a period, evenly spread; notes how long after it was due it was answered well."""
    begun, places = time.perf_counter(), count()

    async def work():
        connection = Connection()
        while True:
            place = next(places)
            due = begun + place * period / len(calls)
            if due >= until():
                return
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            path, body, wanted = calls[place % len(calls)]
            status, content, _ = await connection.call("POST", path, body)
            if status != 200 or content.count(b'"state":"live"') != wanted:
                sys.exit(f"{path}: {status} {content[:300]}")
            took.append(time.perf_counter() - due)

    await asyncio.gather(*(work() for _ in range(connections)))


async def log_in(until, took):
    connection = Connection()
    for attempt in count():
        if time.perf_counter() >= until():
            return
        headers = f"idempotency-key: meanwhile-{attempt}\r\n"
        body = b'{"user":"late"}'
        status, content, seconds = await connection.call("POST", f"/v1/accounts/m{attempt % 100 + 1}/logins", body, headers)
        if status != 201:
            sys.exit(f"a login meanwhile: {status} {content[:300]}")
        took.append(seconds)
        await asyncio.sleep(0.02)


def cpu(process):
    fields = open(f"/proc/{process}/stat").read().rsplit(") ", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def resident():
    return int(re.search(r"VmRSS:\s+(\d+)", open(f"/proc/{SERVER}/status").read())[1]) // 1024


def shown(what, took):
    took.sort()
    at = lambda part: took[int((len(took) - 1) * part)] * 1000
    print(f"{what}: {len(took)} in {SECONDS} s, p50 {at(0.5):.2f} ms, p99 {at(0.99):.2f} ms, longest {took[-1] * 1000:.0f} ms")


async def main():
    begun, before = time.perf_counter(), cpu(SERVER)
    sessions = await begin()
    seconds = time.perf_counter() - begun
    print(f"{len(sessions)} sessions in {ACCOUNTS} accounts began in {seconds:.0f} s, {len(sessions) / seconds:.0f} a second, "
          f"{cpu(SERVER) - before:.0f} s of processor; the server takes {resident()} MiB", flush=True)
    many, single = [], []
    for number, (account, session) in enumerate(sessions):
        if number % 100:
            many.append({"account": account, "session": session})
        else:
            single.append((f"/v1/accounts/{account}/sessions/{session}/heartbeat", b"{}", 1))
    chunks = (many[first:first + AT_ONCE] for first in range(0, len(many), AT_ONCE))
    many = [("/v1/heartbeats", json.dumps({"heartbeats": chunk}).encode(), len(chunk)) for chunk in chunks]

    # Looked at when everything has found its pace.
    ends = float("inf")
    until, bulk, alone, logins = (lambda: ends), [], [], []
    beating = [asyncio.create_task(in_turn(many, PERIOD, 8, until, bulk)),
               asyncio.create_task(in_turn(single, PERIOD, 64, until, alone))]
    await asyncio.sleep(PERIOD + SETTLING)
    await set_lease(3 * PERIOD)
    await asyncio.sleep(SETTLING)
    for took in (bulk, alone):
        took.clear()
    ends = time.perf_counter() + SECONDS
    commits, server, own = await metric("commits_total"), cpu(SERVER), cpu("self")
    meanwhile = asyncio.create_task(log_in(until, logins))
    await asyncio.gather(meanwhile, *beating)
    server, own = cpu(SERVER) - server, cpu("self") - own
    recorded, live = await metric("commits_total") - commits, await metric("sessions")
    shown("bulk calls of 1,000 signs of life, from when they were due", bulk)
    shown("single signs of life, from when they were due", alone)
    shown("logins meanwhile", logins)
    print(f"every {PERIOD} s each, by a lease of {3 * PERIOD} s, {SESSIONS / PERIOD:.0f} a second: the server takes {resident()} MiB and {server / SECONDS:.2f} "
          f"of a core, this load {own / SECONDS:.2f}; {live} sessions hold a seat; "
          f"{recorded} commits for {len(logins)} logins")
    if recorded > len(logins):
        sys.exit("more was recorded than logins: sessions went dormant")


asyncio.run(main())
