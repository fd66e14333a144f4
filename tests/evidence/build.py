"""Makes `fixtures/evidence`: a good pack, the auditor's keys, a policy of witnesses.

    python3 tests/evidence/build.py

The practice Riverside is account 3 of a ledger with three accounts. The statements are not computed:
they were worked out by hand from docs/evidence.md, and stand here as they must come out.
"""

import hashlib
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from blake3 import blake3

from writer import Log, SigningKey, frames, kept_json, manifest, seal, to_json, zipped

ROOT = Path(__file__).resolve().parents[2]
ORIGIN, ACCOUNT, LONDON = "ledger.example/seats", 3, "Europe/London"
LEDGER = SigningKey("seatledger test ledger", ORIGIN)
WITNESSES = [SigningKey(f"seatledger test witness {name}", f"{name}.example",
                        4) for name in ("ash", "birch", "cedar")]
PLAN = (ROOT / "fixtures/plans/standard-2026.toml").read_bytes()
PLAN_HASH = blake3(PLAN).digest()
NAMES = {("account", 3): "Riverside", ("site", 1): "Harbour Street", ("user", 1): "carol", ("user", 2): "dan",
         ("user", 3): "alice", ("user", 4): "erin", ("device", 1): "front desk"}


def micros(text, zone=LONDON):
    """An instant from civil time: `2026-05-14 09:30`."""
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))
    return int(moment.timestamp()) * 1_000_000


def days(text):
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def salt(kind, number):
    return hashlib.sha256(f"salt of {kind} {number}".encode()).digest()


def profile(kind, number):
    return blake3(salt(kind, number) + NAMES[kind, number].encode()).digest()


def note(text):
    return hashlib.sha256(f"note: {text}".encode()).digest()


def request(label):
    return hashlib.sha256(f"request {label}".encode()).digest()[:16]


FROM, TO = micros("2026-04-01 00:00"), micros("2026-06-01 00:00")


class Script:
    """The account's history, line by line: at, role, events, delay."""

    def __init__(self):
        self.lines, self.session, self.asked = [], 0, 0

    def add(self, when, *events, role="App", delay=0):
        self.lines.append((micros(when), role, list(events), delay))

    def ask(self, user, site=None, device=None):
        self.asked += 1
        return ("LoginRequested", [request(self.asked), user, site, device])

    def grant(self, seat, overdraft=False, named=False):
        self.session += 1
        return ("SeatGranted", [request(self.asked) if named else None, self.session, seat, overdraft])

    def login(self, when, user, seat, site=1, device=None, overdraft=False):
        self.add(when, self.ask(user, site, device), self.grant(seat, overdraft))
        return self.session

    def logout(self, when, session):
        self.add(when, ("LoggedOut", [session, "User", None, None, 0]))

    def day(self, day, *users):
        """An ordinary day: one after the other they come at nine and go at five."""
        sessions = [self.login(f"{day} 09:{10 + seat}", user, seat) for seat, user in enumerate(users, 1)]
        for minute, session in enumerate(sessions):
            self.logout(f"{day} 17:{10 + minute}", session)


SECOND = 1_000_000


def riverside():
    """The history of the good pack. The forgers of tamper.py start from it too."""
    s = Script()
    s.add("2026-03-16 09:00", ("AccountOpened", [LONDON, profile("account", 3)]), role="Admin")
    policy = [("Lease", [120]), ("Reclaim", ["OnDemand"]), ("MaxSession", [43200]), ("SameUser", ["TakeOver"]),
              ("Overdraft", [0]), ("Reasons", ["ForLooks"])]
    s.add("2026-03-16 09:01", ("PolicyChanged", [policy]), role="Admin")
    s.add("2026-03-16 09:05", ("LicencesChanged", [0, 2, (micros("2026-03-16 09:05"), days("2026-03-16"))]),
          role="Finance")
    s.add("2026-03-16 09:06", ("PlanAssigned", [PLAN_HASH, (FROM, days("2026-04-01"))]), role="Finance")
    s.add("2026-03-16 09:10", ("SiteAdded", [1, profile("site", 1)]),
          ("DeviceAdded", [1, profile("device", 1)]))
    for user in (1, 2, 3):
        s.add(f"2026-03-16 09:2{user}", ("UserAdded", [user, profile("user", user)]))
    s.day("2026-03-30", 1, 2)
    s.day("2026-04-01", 1, 2)
    s.day("2026-04-02", 2, 1)
    # A denial, a ghost, and who needed the seat gets it.
    carol, dan = s.login("2026-04-07 09:00", 1, 1, device=1), s.login("2026-04-07 09:01", 2, 2)
    s.add("2026-04-07 09:30", s.ask(3, 1), ("SeatDenied", [None, "AllSeatsHeld", 2, 0]))
    s.add("2026-04-07 10:02", ("WentDormant", [dan, 120 * SECOND]), role="Clock", delay=31 * SECOND)
    s.add("2026-04-07 10:05", ("Resumed", [dan]))
    s.add("2026-04-07 11:00", ("WentDormant", [dan, 120 * SECOND]), role="Clock", delay=240 * SECOND)
    s.add("2026-04-07 11:04", s.ask(3, 1), ("Expired", [dan, "Reclaimed", 360 * SECOND]), s.grant(2))
    alice = s.session
    s.add("2026-04-07 13:00", s.ask(1, None, 1), ("Expired", [carol, "TakenOver", 5 * SECOND]),
          s.grant(1, named=True))
    carol = s.session
    s.add("2026-04-07 16:40", ("LoggedOut", [alice, "Release", "HolderAway", note("gone home"), 60 * SECOND]),
          role="Support")
    s.add("2026-04-07 16:41", ("ReasonGiven", [note("asked on the telephone")]), role="Support")
    s.logout("2026-04-07 17:30", carol)
    s.day("2026-04-13", 1, 3)
    # Suspended while logged in, and back.
    dan = s.login("2026-04-20 09:00", 2, 1)
    s.add("2026-04-20 10:00", ("UserSuspended", [2]), ("Expired", [dan, "UserSuspended", 10 * SECOND]),
          role="Admin")
    s.add("2026-04-20 10:05", s.ask(2, 1), ("SeatDenied", [None, "UserSuspended", 0, 0]))
    s.add("2026-04-21 09:00", ("UserReinstated", [2]), role="Admin")
    # The longest session is over.
    dan = s.login("2026-04-22 07:00", 2, 1)
    s.add("2026-04-22 19:00", ("Expired", [dan, "MaxSession", 3 * SECOND]), role="Clock", delay=5 * SECOND)
    s.day("2026-04-28", 1, 2)
    s.day("2026-05-05", 1, 3)
    s.day("2026-05-12", 2, 3)
    # The third licence, used at once.
    carol, dan = s.login("2026-05-14 09:00", 1, 1), s.login("2026-05-14 09:01", 2, 2)
    s.add("2026-05-14 09:20", s.ask(3, 1), ("SeatDenied", [None, "AllSeatsHeld", 2, 0]))
    s.add("2026-05-14 09:30", ("LicencesChanged", [2, 3, (micros("2026-05-14 09:30"), days("2026-05-14"))]),
          role="Finance")
    alice = s.login("2026-05-14 09:31", 3, 3)
    s.add("2026-05-14 09:40", ("UserAdded", [4, profile("user", 4)]), s.ask(4, 1),
          ("SeatDenied", [None, "AllSeatsHeld", 3, 0]))
    for minute, session in enumerate((carol, dan, alice)):
        s.logout(f"2026-05-14 17:0{minute}", session)
    s.day("2026-05-19", 1, 2, 3)
    # One seat above the licences, marked.
    s.add("2026-05-20 08:00", ("PolicyChanged", [[("Overdraft", [1])]]), role="Admin")
    sessions = [s.login(f"2026-05-20 09:0{user}", user, user, overdraft=user == 4) for user in (1, 2, 3, 4)]
    for minute, session in enumerate(sessions):
        s.logout(f"2026-05-20 17:0{minute}", session)
    s.add("2026-05-21 08:00", ("PolicyChanged", [[("Overdraft", [0])]]), role="Admin")
    s.day("2026-05-28", 4, 1)
    s.add("2026-06-01 08:30", ("EvidenceTaken", [FROM, TO, True]), role="Auditor")
    return s.lines


def ledger(lines, after=5):
    """The account's lines in a log with others' between them."""
    log = Log()
    log.append(0, lines[0][0] - 60 * SECOND, [("ServiceStarted", [None])], role="Service", actor=0)
    for account in (1, 2):
        opened = ("AccountOpened", ["Europe/Paris", note(f"account {account}")])
        log.append(account, lines[0][0] - 30 * SECOND, [opened], role="Admin")
    for number, (at, role, events, delay, *forge) in enumerate(lines):
        log.append(ACCOUNT, at, events, role, 0 if role in ("Clock", "Service") else 1, delay, *forge)
        for other in range(number * 7 % 3):
            log.append(1 + other, at + delay, [("ReasonGiven", [note(f"{number} {other}")])], role="Support")
    for other in range(after):
        log.append(1 + other % 2, TO + 43_200 * SECOND, [("ReasonGiven", [note(f"after {other}")])],
                   role="Support")
    return log


def statements(log):
    """By hand. April: 2 licences, 30 days. May: 13 days of 2 and 18 of 3 are 80 licence-days of 31; 80 x
    35.00 / 31 = 90.3225..., so 90.32; the third licence is above the most there ever was: 150.00. On the 20th
    four seats were live."""
    bought, plan, third, *_ = (position for position in log.of(ACCOUNT)
                               if log.kinds[position] in ("LicencesChanged", "PlanAssigned"))
    row = "from to days in_force billable licence_days".split()
    may = micros("2026-05-01 00:00")
    april = {
        "month": "2026-04", "from": FROM, "to": may, "plan": PLAN_HASH.hex(), "currency": "GBP",
        "opening_licences": 2, "closing_licences": 2,
        "days": [dict(zip(row, ("2026-04-01", "2026-04-30", 30, 2, 2, 60)))], "licence_days": 60,
        "lines": [{"charge": "monthly", "subject": None, "counted": 60, "quantity": 2, "unit": 3500, "net": 7000,
                   "commits": [bought, plan]}],
        "net": 7000}
    may = {
        "month": "2026-05", "from": may, "to": TO, "plan": PLAN_HASH.hex(), "currency": "GBP",
        "opening_licences": 2, "closing_licences": 3,
        "days": [dict(zip(row, ("2026-05-01", "2026-05-13", 13, 2, 2, 26))),
                 dict(zip(row, ("2026-05-14", "2026-05-31", 18, 3, 3, 54)))], "licence_days": 80,
        "overdraft": [{"from": "2026-05-20", "to": "2026-05-20", "days": 1, "over": 1}],
        "lines": [{"charge": "monthly", "subject": None, "counted": 80, "quantity": 1, "unit": 9032, "net": 9032,
                   "commits": [bought, plan, third]},
                  {"charge": "setup", "subject": None, "counted": None, "quantity": 1, "unit": 15000, "net": 15000,
                   "commits": [third]}],
        "net": 24032}
    return {"2026-04": april, "2026-05": may}


def offsets(zone, begins, ends):
    """The zone's offset at an instant, and from when on it is another: hour by hour, the last by halves."""
    def at(second):
        return datetime.fromtimestamp(second, ZoneInfo(zone)).utcoffset() // timedelta(seconds=1)
    begins, ends = begins // SECOND, ends // SECOND
    found = [[begins * SECOND, at(begins)]]
    for hour in range(begins, ends, 3600):
        low, high = hour, min(hour + 3600, ends - 1)
        while at(low) != at(high) and high - low > 1:
            low, high = ((low + high) // 2, high) if at((low + high) // 2) == at(low) else (low, (low + high) // 2)
        if at(high) != at(low):
            found.append([high * SECOND, at(high)])
    return found


def document(short, account, zone, as_of, until):
    """A statement with all its keys. What is left out: no overdraft, no VAT, nothing carried."""
    if "format" in short:
        return short
    net, carried = short["net"], short.get("carried_in", 0)
    gross = None if net is None else net + (short["vat"]["amount"] if short.get("vat") else 0)
    known = {"as_of": short.get("as_of", as_of), "until": short.get("until", until)}
    begins, ends = short["from"], short["to"]
    return {
        "format": "seatledger statement 1", "account": account, "month": short["month"], "from": begins, "to": ends,
        "zone": zone, "tzdb": "2025b", "offsets": offsets(zone, begins, ends), **known,
        **{key: short[key] for key in ("plan", "currency", "opening_licences", "closing_licences", "days",
                                       "licence_days")},
        "overdraft": short.get("overdraft", []), "lines": short["lines"], "net": net, "vat": short.get("vat"),
        "gross": gross, "carried_in": None if net is None else carried,
        "due": None if net is None else max(gross + carried, 0),
        "carried_out": None if net is None else min(gross + carried, 0)}


def directory():
    return {"entries": [{"kind": kind, "number": number, "salt": salt(kind, number).hex(), "text": text}
                        for (kind, number), text in NAMES.items()]}


def seals(log, first_size=None, key=LEDGER, origin=ORIGIN, witnesses=WITNESSES[:2], end=None):
    """The first seal and the last, which two of the three witnesses signed."""
    tree, end = log.tree(), end or len(log.commits)
    first_size = end * 2 // 5 if first_size is None else first_size
    cosigned = [(witness, TO // SECOND + 50_000 + n) for n, witness in enumerate(witnesses)]
    return {"first.txt": seal(origin, first_size, tree.root(0, first_size), key),
            "last.txt": seal(origin, end, tree.root(0, end), key, *cosigned)}


def hexes(path):
    return [each.hex() for each in path]


def proofs(log, first_size, end, named, account=ACCOUNT):
    tree, ours = log.tree(), [position for position in log.of(account) if position < end]
    below = [position for position in ours if position < first_size]
    return {
        "inclusion": [{"position": position, "path": hexes(tree.inclusion(position, 0, end))}
                      for position in sorted({ours[0], ours[-1], *named})],
        "first_inclusion": {"position": below[-1],
                            "path": hexes(tree.inclusion(below[-1], 0, first_size))} if below else None,
        "consistency": hexes(tree.consistency(first_size, 0, end)) if 0 < first_size < end else []}


README = """Evidence about the account Riverside, made by the tests of Seatledger.

Nothing here needs to be believed. Take the ledger's public key from somebody other than whoever gave
you this pack, and run: python3 verify.py PACK --key VKEY
"""


def pack(log, told=None, plans=(PLAN,), account=ACCOUNT, zone=LONDON, period=(FROM, TO), names=True,
         **sealed):
    """The members of a pack, the manifest included. `sealed` goes to `seals`."""
    told = statements(log) if told is None else told
    members = seals(log, **sealed)
    first_size, end = (int(members[name].split(b"\n")[1]) for name in ("first.txt", "last.txt"))
    ours = [position for position in log.of(account) if position < end]
    told = {month: document(short, account, zone, len(ours), log.times[ours[-1]]) for month, short in told.items()}
    named = {position for statement in told.values()
             for line in statement["lines"] for position in line["commits"]}
    members.update({
        "README.txt": README.encode(), "verify.py": b"# see docs/verify.py\n",
        "pack.json": to_json({
            "format": "seatledger evidence 1", "origin": sealed.get("origin", ORIGIN), "account": account,
            "zone": zone, "from": period[0], "to": period[1], "commits": len(ours), "months": list(told),
            "product": "seatledger 0.1.0", "tzdb": "2025b"}),
        "commits.bin": frames((position, log.commits[position]) for position in ours),
        "proofs.json": to_json(proofs(log, first_size, end, named, account))})
    for month, statement in told.items():
        members[f"statement-{month}.json"] = kept_json(statement)
    for toml in plans:
        members[f"plan-{blake3(toml).hexdigest()}.toml"] = toml
    if names:
        members["directory.json"] = to_json(directory())
    return manifest(members)


POLICY = "# Two of three witnesses must have signed.\n" + f"log {LEDGER.vkey}\n" + "".join(
    f"witness {key.name.split('.')[0]} {key.vkey}\n" for key in WITNESSES)
POLICY += "group two 2 ash birch cedar\nquorum two\n"


def main():
    folder = ROOT / "fixtures/evidence"
    folder.mkdir(parents=True, exist_ok=True)
    log = ledger(riverside())
    (folder / "good.zip").write_bytes(zipped(pack(log)))
    (folder / "keys.txt").write_text(LEDGER.vkey + "\n", encoding="utf-8")
    (folder / "policy.txt").write_text(POLICY, encoding="utf-8")
    print(f"good.zip: {len(log.of(ACCOUNT))} of {len(log.commits)} commits")


if __name__ == "__main__":
    main()
