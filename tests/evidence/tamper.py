"""Makes `fixtures/tampered`: the good pack as forgers would have it, and what must be said of each.

    python3 tests/evidence/tamper.py          these, and those of forged.py

Each function makes one pack; its name is the pack's, its docstring what its forger hopes for.
`expected.tsv` tells: name, whether the policy is given, the code, the position. Where a pack is fine
without the policy, it has a line for that too.
"""

import base64
import json
import struct
import warnings

from blake3 import blake3

from build import ACCOUNT, LEDGER, ORIGIN, PLAN, ROOT, SECOND, TO, WITNESSES, ledger, note, pack, riverside
from writer import SigningKey, commit_bytes, frames, leaf_hash, manifest, seal, to_json, zipped

CASES = []
LINES = riverside()
LOG = ledger(LINES)
GOOD = pack(LOG)
OURS = LOG.of(ACCOUNT)
LAST = len(LOG.commits)


def case(code, position=None, policy=False, without=None):
    """`without`: the code when no policy is given, if that is told apart."""
    def keep(make):
        CASES.append((make.__name__.replace("_", "-"), make, code, position, policy, without))
        return make
    return keep


def with_members(**changed):
    """The good pack with other members, its manifest made anew. Names are written with _ for . and -."""
    members = dict(GOOD)
    for short, content in changed.items():
        name = next(name for name in GOOD if name.replace(".", "_").replace("-", "_") == short)
        members[name] = content
    return zipped(manifest(members))


def records():
    return [[position, LOG.commits[position]] for position in OURS]


def with_records(changed):
    return with_members(commits_bin=frames(changed))


def with_json(name, change):
    value = json.loads(GOOD[name])
    change(value)
    return zipped(manifest({**GOOD, name: to_json(value)}))


def place(kind, nth=0):
    """The place in the script of the nth line that begins with such an event."""
    return [index for index, line in enumerate(LINES) if line[2][0][0] == kind][nth]


def answered(kind, nth=0):
    """The place of the nth line that holds such an event anywhere."""
    return [index for index, line in enumerate(LINES) if kind in [name for name, _ in line[2]]][nth]


RELEASED = next(i for i, line in enumerate(LINES)
                if line[2][0][0] == "LoggedOut" and line[2][0][1][1] == "Release")
THIRD = OURS[place("LicencesChanged", 1)]
DENIED = place("LoginRequested", [i for i, line in enumerate(LINES) if line[2]
               [0][0] == "LoginRequested"].index(answered("SeatDenied")))


def flipped(raw, offset):
    return raw[:offset] + bytes([raw[offset] ^ 1]) + raw[offset + 1:]


# Commits changed, dropped, moved ----------------------------------------------------------------------------

@case("chain", OURS[RELEASED + 1])
def byte_flipped():
    """The note of a release says something else; the digests of the pack are made anew."""
    changed = records()
    raw = changed[RELEASED][1]
    changed[RELEASED][1] = flipped(raw, raw.index(note("gone home")))
    return with_records(changed)


@case("manifest")
def byte_flipped_manifest_kept():
    """The same, by somebody who does not know of the manifest."""
    changed = records()
    raw = changed[RELEASED][1]
    changed[RELEASED][1] = flipped(raw, raw.index(note("gone home")))
    return zipped({**GOOD, "commits.bin": frames(changed)})


@case("inclusion", OURS[-1])
def byte_flipped_in_the_last():
    """No later commit holds the hash of the last one."""
    changed = records()
    changed[-1][1] = changed[-1][1][:-1] + b"\0"
    return with_records(changed)


@case("gap", OURS[DENIED + 1])
def commit_dropped():
    """A denial never happened."""
    return with_records(records()[:DENIED] + records()[DENIED + 1:])


@case("gap", OURS[11])
def commits_swapped():
    """Two commits change places, their positions with them."""
    changed = records()
    changed[10], changed[11] = changed[11], changed[10]
    return with_records(changed)


@case("gap", OURS[10])
def bytes_swapped():
    """Two commits change places, the positions stay in order."""
    changed = records()
    changed[10][1], changed[11][1] = changed[11][1], changed[10][1]
    return with_records(changed)


@case("order", OURS[10])
def position_repeated():
    """Two commits are told to stand at one place."""
    changed = records()
    changed[11][0] = OURS[10]
    return with_records(changed)


@case("inclusion", OURS[-1])
def tail_rolled_back():
    """The end of the history is left out."""
    return with_records(records()[:-1])


@case("inclusion", OURS[-3])
def tail_rolled_back_neatly():
    """The end is left out, and the number and the paths made to fit."""
    about, proof = json.loads(GOOD["pack.json"]), json.loads(GOOD["proofs.json"])
    about["commits"] -= 2
    proof["inclusion"] = proof["inclusion"][:-1]
    return with_members(
        commits_bin=frames(
            records()[
                :-2]),
        pack_json=to_json(about),
        proofs_json=to_json(proof))


@case("account", OURS[20])
def moved_to_another_account():
    """A commit is told to be another account's."""
    changed = records()
    raw = changed[20][1]
    assert raw[1] == ACCOUNT
    changed[20][1] = raw[:1] + b"\1" + raw[2:]
    return with_records(changed)


FOREIGN = next(position for position in range(OURS[20], LAST) if LOG.accounts[position] == 1)


@case("account", FOREIGN)
def foreign_commit_added():
    """A true commit of another account stands among ours."""
    return with_records(sorted(records() + [[FOREIGN, LOG.commits[FOREIGN]]]))


@case("account", OURS[0])
def pack_of_another_account():
    """Our history is shown as another customer's."""
    return with_json("pack.json", lambda about: about.update(account=4))


@case("pack")
def huge_length():
    """A reader that believes the length runs out of memory."""
    whole = GOOD["commits.bin"]
    return with_members(commits_bin=whole[:8] + b"\xff\xff\xff\xff" + whole[12:])


@case("pack")
def half_a_commit():
    """A reader that takes what there is never sees that the end is missing."""
    return with_members(commits_bin=GOOD["commits.bin"][:-5])


@case("bytes", OURS[0])
def huge_text_length():
    """The zone's name is told to be eight exabytes long."""
    changed = records()
    raw = changed[0][1]
    where = raw.index(b"\x0dEurope/London")
    changed[0][1] = raw[:where] + b"\xfd" + b"\xff" * 8 + raw[where + 1:]
    return with_records(changed)


@case("bytes", OURS[0])
def huge_count_of_events():
    """The first commit is told to hold 2^64 - 1 events."""
    changed = records()
    raw = changed[0][1]
    where = raw.index(b"\x01\x00\x0dEurope/London")
    changed[0][1] = raw[:where] + b"\xfd" + b"\xff" * 8 + raw[where + 1:]
    return with_records(changed)


@case("order", OURS[0] + 1000)
def positions_beyond_the_seal():
    """Every commit stands after the end of the log."""
    return with_records([[position + 1000, raw] for position, raw in records()])


@case("period")
def nothing_at_all():
    """Where there is nothing, nothing is wrong."""
    proof = json.loads(GOOD["proofs.json"])
    proof.update(inclusion=[], first_inclusion=None)
    told = {f"statement-2026-{month}.json": None for month in ("04", "05")}
    members = {name: content for name, content in GOOD.items() if name not in told}
    about = {**json.loads(GOOD["pack.json"]), "months": [], "commits": 0}
    return zipped(manifest({**members,
    "commits.bin": b"",
    "proofs.json": to_json(proof),
        "pack.json": to_json(about)}))


# Histories that were never sealed, or sealed and unlawful ---------------------------------------------------

def inserted(index, *events, at=None, role="App", forge=None):
    """The script with a line more, and the place of that line."""
    when = (LINES[index - 1][0] + LINES[index - 1][3] if at is None else at)
    return LINES[:index] + [(when, role, list(events), 0) + ((forge,) if forge else ())] + LINES[index:]


def sealed(index, *events, **how):
    """Such a history, sealed by the ledger itself."""
    return zipped(pack(ledger(inserted(index, *events, **how))))


def position_of(index, *events, **how):
    return ledger(inserted(index, *events, **how)).of(ACCOUNT)[index]


ASK = ("LoginRequested", [bytes(16), 3, 1, None])
FULL = DENIED  # Here carol and dan hold both seats.
EXTRA = [ASK, ("SeatGranted", [None, 1000, 3, False])]


@case("inclusion", THIRD)
def forged_grant():
    """A login that never was, every hash after it made anew; nobody with the key was asked to sign."""
    where = next(i for i in range(place("ReasonGiven"), len(LINES)) if LOG.accounts[OURS[i] - 1] != ACCOUNT
                 and LINES[i][0] - LINES[i - 1][0] > 10 * 3600 * SECOND)
    at, free = LINES[where][0] - 1, OURS[where] - 1  # By night all seats are free.
    forged, previous = records()[:where], leaf_hash(LOG.commits[OURS[where - 1]])
    session = min(parts[1] for line in LINES[where:] for name, parts in line[2] if name == "SeatGranted")
    events = [ASK, ("SeatGranted", [None, session, 1, False]),
                    ("LoggedOut", [session, "User", None, None, 0])]
    lines = [(at, "App", events, 0)] + renumbered(LINES[where:], session)
    for number, (at, role, events, delay) in enumerate(lines):
        raw = commit_bytes(ACCOUNT, where + number + 1, previous, at, delay, role,
                           0 if role in ("Clock", "Service") else 1, 1, 0, events)
        forged.append([free if number == 0 else OURS[where + number - 1], raw])
        previous = leaf_hash(raw)
    return with_records(forged)


def renumbered(lines, least):
    """Sessions from `least` on count one more, so that there is room for another."""
    where = {"SeatGranted": 1, "WentDormant": 0, "Resumed": 0, "LoggedOut": 0, "Expired": 0}

    def moved(name, parts):
        index = where.get(name)
        if index is None or parts[index] < least:
            return name, parts
        return name, parts[:index] + [parts[index] + 1] + parts[index + 1:]
    return [(at, role, [moved(*event) for event in events], delay) for at, role, events, delay in lines]


@case("law", position_of(FULL, *EXTRA))
def oversubscribed():
    """A third login onto two licences, sealed by the ledger as if nothing were wrong."""
    return sealed(FULL, *EXTRA)


GONE = [("LoggedOut", [1, "User", None, None, 0])]


@case("law", position_of(FULL, *GONE))
def release_without_holding():
    """A session that ended long ago ends again."""
    return sealed(FULL, *GONE)


UNASKED = [("SeatGranted", [None, 1000, 1, False])]


@case("law", position_of(place("ReasonGiven"), *UNASKED))
def grant_without_request():
    """A seat for somebody who never asked."""
    return sealed(place("ReasonGiven"), *UNASKED)


DENIAL = [ASK, ("SeatDenied", [None, "AllSeatsHeld", 1, 0])]


@case("law", position_of(FULL, *DENIAL))
def denial_miscounted():
    """Fewer seats were held than there were, so the customer needs no more."""
    return sealed(FULL, *DENIAL)


CHEAPER = [("LicencesChanged", [1, 2, (TO, None)])]


@case("law", position_of(FULL, *CHEAPER))
def change_from_what_was_not():
    """A change of licences names another number than was in force."""
    return sealed(FULL, *CHEAPER)


BACK = LINES[FULL - 1][0] - SECOND


@case("time", position_of(FULL, ("ReasonGiven", [bytes(32)]), at=BACK, forge=lambda raw: raw))
def time_goes_back():
    """A note is dated to before what is already recorded."""
    return sealed(FULL, ("ReasonGiven", [bytes(32)]), at=BACK, forge=lambda raw: raw)


def spelt_longer(raw):
    """The version of the commit as `FB` and two bytes."""
    assert raw[2] <= 250
    return raw[:2] + bytes([251, raw[2], 0]) + raw[3:]


@case("bytes", position_of(FULL, ("ReasonGiven", [bytes(32)])))
def spelt_another_way():
    """The same commit in other bytes has another hash: a second history with the same words."""
    return sealed(FULL, ("ReasonGiven", [bytes(32)]), forge=spelt_longer)


@case("bytes", position_of(FULL, ("ReasonGiven", [bytes(32)])))
def bytes_behind_the_last_event():
    """What no reader reads can hold what nobody should see."""
    return sealed(FULL, ("ReasonGiven", [bytes(32)]), forge=lambda raw: raw + b"hidden")


@case("bytes", position_of(FULL, ("ReasonGiven", [bytes(32)])))
def commit_without_events():
    """A commit that says nothing."""
    return sealed(FULL, ("ReasonGiven", [bytes(32)]), forge=lambda raw: raw[:-34] + b"\0")


@case("period")
def period_not_closed():
    """The pack ends before the period does; what came after is not told."""
    return zipped(pack(ledger(LINES[:-1])))


@case("period")
def commits_after_the_closing_one():
    """More is shown than was asked for."""
    return zipped(
        pack(ledger(LINES + [(TO + 50_000 * SECOND, "App", [("ReasonGiven", [bytes(32)])], 0)], after=0)))


def without_the_denial():
    return ledger(LINES[:DENIED] + LINES[DENIED + 1:])


@case("witness", policy=True, without="ok")
def rewritten():
    """The ledger itself drops a denial and seals the new history; the witnesses signed the true one only."""
    return zipped(pack(without_the_denial(), witnesses=[]))


@case("seal", policy=True, without="ok")
def rewritten_with_old_signatures():
    """The same, with the witnesses' signatures copied from the true seal."""
    members = pack(without_the_denial(), witnesses=[])
    lines = GOOD["last.txt"].decode().split("\n")[5:]
    members["last.txt"] += "\n".join(lines).encode()
    return zipped(manifest(members))


@case("witness", policy=True, without="ok")
def too_few_witnesses():
    """One witness is enough, is it not?"""
    return zipped(pack(LOG, witnesses=WITNESSES[2:]))


def witnessed(*seconds, of=WITNESSES):
    """The good pack, with cosignatures so many seconds after its last commit was recorded."""
    closed = LINES[-1][0] + LINES[-1][3]
    tree, end = LOG.tree(), len(LOG.commits)
    times = [(witness, closed // SECOND + after) for witness, after in zip(of, seconds)]
    return with_members(last_txt=seal(ORIGIN, end, tree.root(0, end), LEDGER, *times))


@case("witness", policy=True, without="ok")
def witnessed_weeks_before_the_end():
    """May is over on the 2nd of May, for the ledger's clock; the witnesses say when they saw it."""
    return witnessed(-29 * 86_400, -29 * 86_400)


@case("witness", policy=True, without="ok")
def witnessed_at_no_time():
    """A witness that does not say when."""
    closed = LINES[-1][0] // SECOND
    return witnessed(-closed, -closed)


@case("ok", policy=True)
def witnessed_by_clocks_behind():
    """No forger: the witnesses' clocks are five minutes behind the ledger's."""
    return witnessed(-300, -300)


@case("witness", policy=True, without="ok")
def witnessed_a_second_too_early():
    """One of two is."""
    return witnessed(-301, -300)


@case("ok", policy=True)
def witnessed_too_early_by_one_of_three():
    """No forger: the other two are enough."""
    return witnessed(-301, 0, 1)


@case("ok", policy=True)
def witnessed_in_the_last_second():
    """No forger: the witness signs when time has become 2^64 - 1 seconds."""
    closed = LINES[-1][0] // SECOND
    return witnessed((1 << 64) - 1 - closed, (1 << 64) - 1 - closed)


@case("seal", policy=True, without="ok")
def witness_at_another_time():
    """The witness signed earlier than it did."""
    text, _, lines = GOOD["last.txt"].decode().rpartition("\n\n")
    ours, ash, birch = lines[:-1].split("\n")
    head, _, signature = ash.rpartition(" ")
    raw = base64.b64decode(signature)
    raw = raw[:4] + struct.pack(">Q", struct.unpack(">Q", raw[4:12])[0] - 3600) + raw[12:]
    ash = f"{head} {base64.b64encode(raw).decode()}"
    return with_members(last_txt=f"{text}\n\n{ours}\n{ash}\n{birch}\n".encode())


# Seals ------------------------------------------------------------------------------------------------------

@case("seal")
def seal_by_an_unknown_key():
    """Whoever cannot get the key makes one, with the same name."""
    return zipped(pack(LOG, key=SigningKey("somebody else", ORIGIN)))


@case("seal")
def another_origin_told():
    """The pack is of another ledger than it says."""
    return with_json("pack.json", lambda about: about.update(origin="ledger.example/other"))


@case("seal")
def another_origin_signed():
    """A key of one ledger seals for another."""
    return zipped(pack(LOG, origin="ledger.example/other"))


@case("seal")
def size_in_the_seal_changed():
    """The seal is of a longer log."""
    return with_members(last_txt=GOOD["last.txt"].replace(f"\n{LAST}\n".encode(), f"\n{LAST + 1}\n".encode()))


FIRST_SIZE = int(GOOD["first.txt"].split(b"\n")[1])


@case("consistency")
def first_seal_of_another_history():
    """The auditor's old seal is of a history that was since replaced."""
    tree = without_the_denial().tree()
    return with_members(first_txt=seal(ORIGIN, FIRST_SIZE, tree.root(0, FIRST_SIZE), LEDGER))


@case("consistency")
def consistency_too_long():
    """A path with something behind its end."""
    return with_json("proofs.json", lambda proof: proof["consistency"].append("00" * 32))


@case("consistency")
def consistency_left_out():
    """Who looks at a path that is not there?"""
    return with_json("proofs.json", lambda proof: proof["consistency"].clear())


@case("consistency")
def seals_exchanged():
    """The old seal is shown as the new one."""
    return with_members(first_txt=GOOD["last.txt"], last_txt=GOOD["first.txt"])


OLD = OURS[40]


@case("order", OLD)
def last_seal_too_old():
    """The commits go on after what the seal covers."""
    about = pack(LOG, end=OLD)
    members = {**GOOD, "first.txt": about["first.txt"], "last.txt": about["last.txt"]}
    proof = {**json.loads(GOOD["proofs.json"]),
     "consistency": json.loads(about["proofs.json"])["consistency"]}
    return zipped(manifest({**members, "proofs.json": to_json(proof)}))


def noted(change):
    """The last seal with something changed in it and signed again by the ledger."""
    text = GOOD["last.txt"].decode().rpartition("\n\n")[0] + "\n"
    text = change(text).encode()
    return with_members(last_txt=text + b"\n" + LEDGER.line(text).encode())


@case("seal")
def leading_zero():
    """Two spellings of one size are two seals."""
    return noted(lambda text: text.replace(f"\n{LAST}\n", f"\n0{LAST}\n"))


@case("seal")
def a_line_more():
    """A fourth line, signed."""
    return noted(lambda text: text + "and more\n")


@case("seal")
def root_without_padding():
    """base64 that some readers take and some do not."""
    return noted(lambda text: text.replace("=\n", "\n"))


@case("seal")
def root_with_stray_bits():
    """Two spellings of one root."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return noted(lambda text: text[:-3] + digits[digits.index(text[-3]) + 1] + "=\n")


@case("seal")
def no_final_newline():
    """A note that was cut."""
    return with_members(first_txt=GOOD["first.txt"][:-1])


@case("seal")
def signature_without_padding():
    """The signature in another spelling; one that has no padding to lose gets some."""
    lines = GOOD["last.txt"].decode().split("\n")
    lines[4] = lines[4].rstrip("=") if lines[4].endswith("=") else lines[4] + "="
    return with_members(last_txt="\n".join(lines).encode())


@case("seal")
def carriage_returns():
    """A seal that went through somebody's editor."""
    return with_members(last_txt=GOOD["last.txt"].replace(b"\n", b"\r\n"))


@case("seal")
def seal_for_another_ledger():
    """A key of this ledger sealed for another one, with another history."""
    tree = LOG.tree()
    return with_members(last_txt=seal("ledger.example/other", LAST, tree.root(0, LAST), LEDGER))


def with_line(line):
    return with_members(last_txt=GOOD["last.txt"] + line.encode() + b"\n")


@case("seal")
def control_character():
    """A signer whom nobody knows and whose name moves the cursor."""
    return with_line("\u2014 some\x1bbody AAAAAAAAAAA=")


@case("seal")
def hyphen_for_a_dash():
    """A line that looks like a signature."""
    return with_line("- somebody AAAAAAAAAAA=")


@case("seal")
def signature_without_a_key():
    """A signature that is too short to name a key."""
    return with_line("\u2014 somebody AAAA")


@case("seal")
def seal_of_seventy_kilobytes():
    """A signer whom nobody knows, with much to say."""
    return with_line("\u2014 somebody " + "AAAA" * 17_500)


@case("seal")
def a_hundred_and_one_signatures():
    """A verifier that checks them all is busy for long."""
    text, _, lines = GOOD["first.txt"].decode().rpartition("\n\n")
    return with_members(first_txt=f"{text}\n\n{lines * 101}".encode())


# Paths ------------------------------------------------------------------------------------------------------

def entry(proof, position):
    return next(each for each in proof["inclusion"] if each["position"] == position)


@case("inclusion", THIRD)
def path_of_another_commit():
    """One path is much like another."""
    def change(proof):
        entry(proof, THIRD)["path"] = entry(proof, OURS[0])["path"]
    return with_json("proofs.json", change)


@case("pack")
def over_long_path():
    """65 hashes, for a tree of more than 2^64 leaves."""
    return with_json("proofs.json", lambda proof: proof["inclusion"][0].update(path=["00" * 32] * 65))


@case("inclusion", THIRD)
def path_left_out():
    """The bill names a commit that is not proved."""
    return with_json("proofs.json", lambda proof: proof["inclusion"].remove(entry(proof, THIRD)))


@case("inclusion", FOREIGN)
def path_of_a_foreign_commit():
    """A path, and a true one, of what is not in the pack."""
    def change(proof):
        path = [each.hex() for each in LOG.tree().inclusion(FOREIGN, 0, LAST)]
        proof["inclusion"] = sorted(proof["inclusion"] + [{"position": FOREIGN, "path": path}],
                                    key=lambda each: each["position"])
    return with_json("proofs.json", change)


BELOW = [position for position in OURS if position < FIRST_SIZE][-1]


@case("inclusion", BELOW)
def first_path_left_out():
    """The old seal is said to hold nothing of the account."""
    return with_json("proofs.json", lambda proof: proof.update(first_inclusion=None))


@case("inclusion", BELOW)
def first_path_to_another_root():
    """The commit stood there, but not with this content."""
    def change(proof):
        proof["first_inclusion"]["path"][0] = "00" * 32
    return with_json("proofs.json", change)


@case("inclusion", OURS[0])
def first_path_where_nothing_was():
    """The old seal is older than the account."""
    members = pack(LOG, first_size=OURS[0])
    proof = json.loads(members["proofs.json"])
    proof["first_inclusion"] = {"position": OURS[0], "path": []}
    return zipped(manifest({**members, "proofs.json": to_json(proof)}))


@case("ok")
def first_seal_before_the_account():
    """No forger: the auditor's old seal is older than the account."""
    return zipped(pack(LOG, first_size=OURS[0]))


@case("ok")
def first_seal_of_nothing():
    """No forger: the first seal was made when the ledger was empty."""
    return zipped(pack(LOG, first_size=0))


@case("ok")
def one_seal_twice():
    """No forger: there is but one seal."""
    return zipped(pack(LOG, first_size=LAST))


@case("consistency")
def first_seal_of_nothing_with_a_root():
    """An empty ledger that was not empty."""
    members = pack(LOG, first_size=0)
    return zipped(manifest({**members, "first.txt": seal(ORIGIN, 0, bytes(32), LEDGER)}))


@case("inclusion", OURS[0])
def paths_out_of_order():
    """A path too many, where a reader that counts them does not look."""
    return with_json("proofs.json", lambda proof: proof["inclusion"].insert(1, proof["inclusion"][0]))


@case("inclusion", BELOW)
def first_path_of_an_older_commit():
    """The old seal is said to hold less of the account than it does."""
    def change(proof):
        path = [each.hex() for each in LOG.tree().inclusion(OURS[5], 0, FIRST_SIZE)]
        proof["first_inclusion"] = {"position": OURS[5], "path": path}
    return with_json("proofs.json", change)


# Statements, plans, names -----------------------------------------------------------------------------------

def with_statement(change):
    return with_json("statement-2026-05.json", change)


@case("statement")
def statement_edited():
    """The bill is a pound higher, in every place where it stands."""
    def change(statement):
        statement["lines"][0]["net"] = statement["lines"][0]["unit"] = 9132
        statement["net"] = 24132
    return with_statement(change)


@case("statement")
def days_edited():
    """The third licence counted from the first of the month."""
    def change(statement):
        statement["days"] = [{"from": "2026-05-01", "to": "2026-05-31",
            "days": 31, "in_force": 3, "billable": 3, "licence_days": 93}]
    return with_statement(change)


@case("statement")
def set_up_fee_left_out():
    """A favour to the customer that the books do not show."""
    def change(statement):
        del statement["lines"][1]
        statement["net"] = 9032
    return with_statement(change)


@case("inclusion", OURS[30])
def statement_names_another_commit():
    """The bill points to a commit that has nothing to do with it."""
    return with_statement(lambda statement: statement["lines"][1].update(commits=[OURS[30]]))


@case("pack")
def amount_as_a_fraction():
    """24032.0 is not an amount."""
    content = GOOD["statement-2026-05.json"].replace(b'"net": 24032}', b'"net": 24032.0}')
    return with_members(statement_2026_05_json=content)


@case("period")
def month_left_out():
    """The month with the error is not in the pack."""
    members = {name: content for name, content in GOOD.items() if name != "statement-2026-05.json"}
    about = {**json.loads(GOOD["pack.json"]), "months": ["2026-04"]}
    return zipped(manifest({**members, "pack.json": to_json(about)}))


@case("pack")
def statement_missing():
    """The month is listed, and its statement is not there."""
    members = {name: content for name, content in GOOD.items() if name != "statement-2026-05.json"}
    return zipped(manifest(members))


@case("pack")
def statement_of_no_month():
    """A statement that nobody checks stands beside the others."""
    return zipped(manifest({**GOOD, "statement-2026-06.json": GOOD["statement-2026-05.json"]}))


CHEAP = PLAN.replace(b'"35.00"', b'"25.00"')


@case("pack")
def plan_edited():
    """The price is lower, the name of the file is kept."""
    return zipped(manifest({**GOOD, plan_name(PLAN): CHEAP}))


@case("statement")
def plan_replaced():
    """The price is lower, and the file has the name that it must have."""
    members = {name: content for name, content in GOOD.items() if name != plan_name(PLAN)}
    return zipped(manifest({**members, plan_name(CHEAP): CHEAP}))


def plan_name(plan):
    return f"plan-{blake3(plan).hexdigest()}.toml"


@case("directory")
def name_edited():
    """It was not carol who had the seat but somebody else."""
    return with_json("directory.json", lambda names: names["entries"][2].update(text="mallory"))


@case("directory")
def names_exchanged():
    """Two people change places, their salts with them."""
    def change(names):
        names["entries"][2]["number"], names["entries"][3]["number"] = 2, 1
    return with_json("directory.json", change)


@case("directory")
def name_for_nobody():
    """A name for a user whom the account does not have."""
    return with_json("directory.json", lambda names: names["entries"][5].update(number=99))


@case("period")
def another_zone():
    """Days begin when it suits the bill."""
    return with_json("pack.json", lambda about: about.update(zone="Europe/Paris"))


@case("period")
def a_zone_that_tells_the_same_time():
    """Today the days of Guernsey begin when those of London do."""
    return with_json("pack.json", lambda about: about.update(zone="Europe/Guernsey"))


@case("period")
def period_that_ends_before_it_begins():
    """A period without a single month needs no statement."""
    members = {name: content for name, content in GOOD.items() if not name.startswith("statement-")}
    about = {**json.loads(GOOD["pack.json"]), "from": TO + SECOND, "months": []}
    return zipped(manifest({**members, "pack.json": to_json(about)}))


@case("period")
def another_number_of_commits():
    """The pack says that it holds more than it does."""
    return with_json("pack.json", lambda about: about.update(commits=len(OURS) + 1))


@case("pack")
def another_format():
    """A pack of a later format, of which we do not know what it means."""
    return with_json("pack.json", lambda about: about.update(format="seatledger evidence 2"))


@case("pack")
def a_key_more():
    """A key that one reader passes over and another obeys."""
    return with_json("pack.json", lambda about: about.update(comment="trust me"))


@case("pack")
def a_key_twice():
    """Some readers take the first, some the last."""
    return with_members(pack_json=GOOD["pack.json"].replace(b'"account": 3', b'"account": 4, "account": 3'))


@case("pack")
def truth_for_a_number():
    """In some languages true is 1."""
    content = GOOD["statement-2026-05.json"].replace(b'"quantity": 1', b'"quantity": true')
    return with_members(statement_2026_05_json=content)


@case("pack")
def no_number():
    """NaN is not JSON."""
    return with_members(pack_json=GOOD["pack.json"].replace(b'"account": 3', b'"account": NaN'))


@case("pack")
def deep_json():
    """A reader that calls itself for each bracket falls over."""
    return with_members(proofs_json=b"[" * 2_000_000)


# The zip file -----------------------------------------------------------------------------------------------

@case("pack")
def path_traversal():
    """Whoever unpacks it writes outside of the folder."""
    return zipped(manifest({**GOOD, "../x": b"x"}))


@case("pack")
def member_of_another_name():
    """Something for the auditor to open."""
    return zipped(manifest({**GOOD, "invoice.pdf.exe": b"x"}))


@case("pack")
def member_twice():
    """One reader takes the first of the two, another the last."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return zipped([("README.txt", b"The bill is wrong.\n")] + sorted(GOOD.items()))


@case("pack")
def member_missing():
    """Without the manifest nothing differs from it."""
    return zipped({name: content for name, content in GOOD.items() if name != "manifest.txt"})


@case("manifest")
def line_in_the_manifest():
    """The manifest vouches for a file that comes by another way."""
    return zipped({**GOOD, "manifest.txt": GOOD["manifest.txt"] + b"0" * 64 + b"  z.txt\n"})


def with_size(data, name, size):
    """The zip file with another unpacked size of one member in its headers."""
    name, data = name.encode(), bytearray(data)
    local, central = data.index(name) - 30, data.rindex(name) - 46
    data[local + 22:local + 26] = data[central + 24:central + 28] = struct.pack("<I", size)
    return bytes(data)


@case("pack")
def bomb():
    """A few bytes that are told to become three gigabytes."""
    return with_size(zipped(GOOD), "README.txt", 3 << 30)


@case("pack")
def hidden_bomb():
    """Told to become a thousand bytes, and becomes fifteen million."""
    return with_size(with_members(README_txt=bytes(15_000_000)), "README.txt", 1000)


@case("pack")
def truncated():
    """A download that broke off."""
    return zipped(GOOD)[:-700]


@case("pack")
def no_zip():
    """Something else altogether."""
    return b"seatledger evidence 1\n"


@case("pack")
def encrypted():
    """Whoever asks for the password learns who audits."""
    data = bytearray(zipped(GOOD))
    central = data.rindex(b"pack.json") - 46
    data[central + 8] |= 1
    data[data.index(b"pack.json") - 30 + 6] |= 1
    return bytes(data)


def main():
    folder = ROOT / "fixtures/tampered"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.zip"):
        old.unlink()
    rows = ["name\tpolicy\tcode\tposition"]
    for name, make, code, position, policy, without in CASES:
        data = make()
        assert len(data) < 30_000, f"{name}: {len(data)} bytes"
        (folder / f"{name}.zip").write_bytes(data)
        at = "-" if position is None else position
        rows.append(f"{name}\t{'yes' if policy else 'no'}\t{code}\t{at}")
        if without:
            rows.append(f"{name}\tno\t{without}\t-")
    (folder / "expected.tsv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    print(f"{len(CASES)} packs")


if __name__ == "__main__":
    import forged  # noqa: F401  It adds its cases to those of the module, not to this one's.
    import tamper
    tamper.main()
