"""Writes what `docs/verify.py` reads: commits, a log with its Merkle tree, seals, packs.

Shares no code with the verifier: the tables of docs/format.md stand here a second time, the other way
round, and the tree is the recursion of RFC 6962 instead of the loops of RFC 9162.
Keys are made from labels, so that every fixture can be made again, byte for byte.
"""

import base64
import hashlib
import io
import json
import struct
import zipfile

from blake3 import blake3

# Commits ------------------------------------------------------------------------------------------------

EVENTS = """AccountOpened text b32 / PolicyChanged settings / LicencesChanged u u effective
PlanAssigned b32 effective / SiteAdded u b32 / UserAdded u b32 / UserSuspended u / UserReinstated u
UserForgotten u / DeviceAdded u b32 / LoginRequested b16 u ?u ?u / SeatGranted ?b16 u u flag
SeatDenied ?b16 denial u u / WentDormant u u / Resumed u / LoggedOut u by ?release ?b32 u
Expired u cause u / AccountSuspended / AccountReinstated / AccountClosed / ImportStarted b32
ImportCompleted b32 / ServiceStarted ?u / ServiceStopped / ClockStepped u u / SealingKeyChanged b32 ?b32
DeviceForgotten u / ReasonGiven b32 / IdentityShown u look ?u / EvidenceTaken u u flag
Queued denial u u / SeatOffered b16 u u / OfferLapsed b16 / OfferWithdrawn b16 / LeftQueue b16 leaving
HandOverAsked u b16 u u / HandOverEnded u handing
TokenMade u capacity ?numbers ?u / TokenRevoked u / SeatTakenOffline b16 u u u
PeriodClosed u u8 u u u u b32 b32 b3 i i i i u b32 text text
StatementsExported exporting u u8 ?numbers u b32 flag"""
SETTINGS = """Users users / Lease ?u / IdleAfter ?u / GoodbyeGrace u / Reclaim reclaim / MaxSession ?u
SameUser same / Overdraft u / Linger u / Reserved u u / ReleaseFloor u / Names names / KeepDevices ?u
Reasons reasons / WhenFull full / Offer u / WaitLease u / HandOver ?u"""
TAGS = {
    "role": "Clock App Support Finance Auditor Admin Customer Importer Service",
    "denial": "AllSeatsHeld SeatsReserved AlreadyLoggedIn NotRegistered UserSuspended AccountSuspended "
              "AccountClosed",
    "by": "User Release",
    "release": "BrowserClosed HolderAway HolderAsked NeededElsewhere Unauthorised Other",
    "cause": "Reclaimed TakenOver LeaseEnded Idle Goodbye MaxSession UserSuspended AccountClosed "
             "HandedOver",
    "leaving": "GaveUp NotHeardOf AskedAnew Barred", "full": "Deny Queue",
    "capacity": "App Support Finance Auditor Admin Customer",
    "exporting": "Charges Xero Sage Gocardless Notices Xlsx Html",
    "handing": "Consented Declined Silent Withdrawn",
    "look": "Who Why Trail Evidence SubjectAccess Directory",
    "users": "Open Registered", "reclaim": "Never OnDemand AtOnce", "same": "TakeOver Share Separate Deny",
    "names": "Full Initials None", "reasons": "Optional ForLooks ForAll",
}


def table(rows):
    rows = [row.split() for row in rows.replace("\n", " / ").split(" / ")]
    return {name: (tag, parts) for tag, (name, *parts) in enumerate(rows)}


EVENTS, SETTINGS = table(EVENTS), table(SETTINGS)
TAGS = {kind: names.split() for kind, names in TAGS.items()}


def number(n):
    if n <= 250:
        return bytes([n])
    for marker, size in ((251, 2), (252, 4), (253, 8)):
        if n < 1 << 8 * size:
            return bytes([marker]) + n.to_bytes(size, "little")
    raise ValueError(n)


def part(kind, value):
    if kind[0] == "?":
        return b"\0" if value is None else b"\1" + part(kind[1:], value)
    if kind == "u":
        return number(value)
    if kind == "i":
        return number(2 * value if value >= 0 else -2 * value - 1)
    if kind in ("flag", "u8"):
        return bytes([value])
    if kind in ("b3", "b16", "b32"):
        assert len(value) == int(kind[1:])
        return value
    if kind == "text":
        return number(len(value.encode())) + value.encode()
    if kind == "effective":
        instant, day = value
        zigzag = None if day is None else 2 * day if day >= 0 else -2 * day - 1
        return number(instant) + part("?u", zigzag)
    if kind == "numbers":
        return number(len(value)) + b"".join(number(each) for each in value)
    if kind == "settings":
        return number(len(value)) + b"".join(row(SETTINGS, *setting) for setting in value)
    return number(TAGS[kind].index(value))


def row(rows, name, values):
    tag, kinds = rows[name]
    assert len(kinds) == len(values), name
    return number(tag) + b"".join(part(*each) for each in zip(kinds, values))


def commit_bytes(account, version, previous, at, delay, role, actor, rules, pool, events):
    return (b"\1" + number(account) + number(version) + previous + number(at) + number(delay)
            + part("role", role) + number(actor) + number(rules) + number(pool) + number(len(events))
            + b"".join(row(EVENTS, *event) for event in events))


# The tree and the log -------------------------------------------------------------------------------------

def leaf_hash(raw):
    return blake3(b"\0" + raw).digest()


def split(count):
    return 1 << (count - 1).bit_length() - 1


class Tree:
    """RFC 6962, 2.1, by recursion; roots are kept, because packs ask for the same ones again."""

    def __init__(self, leaves):
        self.leaves, self.roots = leaves, {}

    def root(self, first, end):
        if end - first == 0:
            return blake3(b"").digest()
        if end - first == 1:
            return self.leaves[first]
        if (first, end) not in self.roots:
            middle = first + split(end - first)
            both = self.root(first, middle) + self.root(middle, end)
            self.roots[first, end] = blake3(b"\1" + both).digest()
        return self.roots[first, end]

    def inclusion(self, index, first, end):
        if end - first == 1:
            return []
        middle = first + split(end - first)
        if index < middle:
            return self.inclusion(index, first, middle) + [self.root(middle, end)]
        return self.inclusion(index, middle, end) + [self.root(first, middle)]

    def consistency(self, size, first, end, whole=True):
        """That the tree of the first `size` leaves from `first` on is the beginning of the one to `end`."""
        if size == end - first:
            return [] if whole else [self.root(first, end)]
        k = split(end - first)
        if size <= k:
            return self.consistency(size, first, first + k, whole) + [self.root(first + k, end)]
        return self.consistency(size - k, first + k, end, False) + [self.root(first, first + k)]


class Log:
    """Commits of all accounts, in order of position."""

    def __init__(self):
        self.commits, self.accounts, self.kinds, self.times = [], [], [], []
        self.heads, self.recorded = {}, 0

    def append(self, account, at, events, role="App", actor=1, delay=0, forge=None):
        """`forge` changes the bytes before they are hashed: what no ledger would write."""
        assert forge or at + delay >= self.recorded, "recorded_at never goes back"
        self.recorded = at + delay
        version, previous = self.heads.get(account, (0, bytes(32)))
        raw = commit_bytes(account, version + 1, previous, at, delay, role, actor, 1, 0, events)
        raw = forge(raw) if forge else raw
        self.heads[account] = version + 1, leaf_hash(raw)
        self.commits.append(raw)
        self.accounts.append(account)
        self.times.append(at)
        self.kinds.append(events[0][0] if events else None)
        return len(self.commits) - 1

    def tree(self):
        return Tree([leaf_hash(raw) for raw in self.commits])

    def of(self, account):
        return [position for position, owner in enumerate(self.accounts) if owner == account]


# Ed25519, the signing half of RFC 8032, in plain coordinates: slow and short -------------------------------

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
BASE = (15112221349535400772501151409588531511454012693041857206046113283949847762202,
        46316835694926478169428394003475163141307993866256225615783033603165251855960)


def add(a, b):
    (x1, y1), (x2, y2) = a, b
    k = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + k, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - k, -1, P) % P)


def multiply(n, point):
    total = (0, 1)
    for bit in bin(n)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


def compress(point):
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


class SigningKey:
    """A key for tests only: whoever knows its label can sign with it."""

    def __init__(self, label, name, kind=1, seed=None):
        digest = hashlib.sha512(seed or hashlib.sha256(label.encode()).digest()).digest()
        self.scalar = (int.from_bytes(digest[:32], "little") & (1 << 254) - 8) | 1 << 254
        self.prefix, self.name, self.kind = digest[32:], name, kind
        self.public = compress(multiply(self.scalar, BASE))
        body = bytes([kind]) + self.public
        self.id = hashlib.sha256(name.encode() + b"\n" + body).digest()[:4]
        self.vkey = f"{name}+{self.id.hex()}+{base64.b64encode(body).decode()}"

    def sign(self, message):
        r = int.from_bytes(hashlib.sha512(self.prefix + message).digest(), "little") % L
        spelling = compress(multiply(r, BASE))
        h = int.from_bytes(hashlib.sha512(spelling + self.public + message).digest(), "little")
        return spelling + ((r + h * self.scalar) % L).to_bytes(32, "little")

    def line(self, text, time=None):
        """A signature line; a witness says when."""
        if self.kind == 4:
            signature = struct.pack(">Q", time) + self.sign(b"cosignature/v1\ntime %d\n" % time + text)
        else:
            signature = self.sign(text)
        return f"\u2014 {self.name} {base64.b64encode(self.id + signature).decode()}\n"


def seal(origin, size, root, *signers):
    """Signers are keys, or a witness's key and its time."""
    text = f"{origin}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    lines = [key.line(text) if isinstance(key, SigningKey) else key[0].line(text, key[1]) for key in signers]
    return text + b"\n" + "".join(lines).encode()


# Packs ------------------------------------------------------------------------------------------------------

def kept_json(value):
    """As a closed statement is kept."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def to_json(value):
    return (json.dumps(value, ensure_ascii=False, separators=(", ", ": ")) + "\n").encode()


def frames(records):
    return b"".join(struct.pack(">QI", position, len(raw)) + raw for position, raw in records)


def manifest(members):
    rest = {name: content for name, content in members.items() if name != "manifest.txt"}
    lines = [f"{hashlib.sha256(rest[name]).hexdigest()}  {name}\n" for name in sorted(rest)]
    return {**rest, "manifest.txt": "".join(lines).encode()}


def zipped(members, stored=("commits.bin",)):
    """A zip file of (name, bytes); the same bytes every time, with the same zlib."""
    file = io.BytesIO()
    pairs = sorted(members.items()) if isinstance(members, dict) else members
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in pairs:
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            archive.writestr(info, content, compresslevel=9)
    return file.getvalue()
