"""More packs of forgers, of those who own the ledger's key: what the first hundred left open.

Added to the cases of tamper.py when that is run. Here are zip files in which two readers see two packs,
JSON that one language reads and another does not, signatures that only some verifiers take.
"""

import base64
import hashlib
import json
import struct
import zlib

from blake3 import blake3

from build import ACCOUNT, LEDGER, LONDON, ORIGIN, SECOND, TO, micros, pack
from tamper import GOOD, LOG, case, with_json, with_members, with_statement, without_the_denial
from writer import L, Log, SigningKey, manifest, to_json, zipped


def raw_zip(members, prefix=b"", comment=b"", local=lambda name: name, extra=lambda name: b"", behind=b"",
            between=b"", pack_flags=0):
    """A zip file with every freedom. `behind` stands after the packed bytes of the first member."""
    out, directory = bytearray(prefix), b""
    for number, (name, content) in enumerate(sorted(members.items())):
        packer = zlib.compressobj(9, 8, -15)
        packed = packer.compress(content) + packer.flush() + (behind if number == 0 else b"")
        out += between if number else b""
        start, said, more = len(out), local(name).encode(), extra(name)
        sizes = struct.pack("<3I", zlib.crc32(content), len(packed), len(content))
        out += struct.pack("<4s5H", b"PK\3\4", 20, pack_flags, 8, 0, 33) + sizes
        out += struct.pack("<2H", len(said), 0) + said + packed
        directory += struct.pack("<4s6H", b"PK\1\2", 20, 20, pack_flags, 8, 0, 33) + sizes
        directory += struct.pack("<5H2I", len(name), len(more), 0, 0, 0, 0, start) + name.encode() + more
    count = len(members)
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, count, count, len(directory), len(out), len(comment))
    return bytes(out) + directory + end + comment


@case("pack")
def a_second_pack_in_front():
    """The file is two packs: who reads from the front sees one, who reads from the end the other."""
    front = raw_zip(GOOD)
    behind = raw_zip(pack(without_the_denial()), prefix=front)[len(front):]
    return front[:-2] + struct.pack("<H", len(behind)) + behind


@case("pack")
def a_second_directory():
    """Readers that know zip64 see the pack with the denial, the others the one without."""
    first = raw_zip(GOOD)
    whole = raw_zip(pack(without_the_denial()), prefix=first[:-22])
    _, _, _, _, count, size, start, _ = struct.unpack("<4s4H2IH", first[-22:])
    _, _, _, _, other_count, other_size, other_start, _ = struct.unpack("<4s4H2IH", whole[-22:])
    body = bytearray(whole[:-22])
    sixty_four = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, start)
    sixty_four += struct.pack("<4sIQI", b"PK\6\7", 0, len(body), 1)
    last = body.rindex(b"PK\1\2")
    body[last + 32:last + 34] = struct.pack("<H", len(sixty_four))  # As the comment of the last member.
    return bytes(body) + sixty_four + struct.pack(
        "<4s4H2IH", b"PK\5\6", 0, 0, other_count, other_count, other_size + len(sixty_four), other_start, 0)


@case("pack")
def seals_exchanged_in_their_headers():
    """Who goes by the members' own headers takes the first seal for the last."""
    other = {"first.txt": "last.txt", "last.txt": "first.txt"}
    return raw_zip(GOOD, local=lambda name: other.get(name, name))


@case("pack")
def another_name_in_unicode():
    """An extra field gives two members other names, for those who read it."""
    other = {"README.txt": "verify.py", "verify.py": "README.txt"}

    def extra(name):
        if name not in other:
            return b""
        said = b"\1" + struct.pack("<I", zlib.crc32(name.encode())) + other[name].encode()
        return struct.pack("<2H", 0x7075, len(said)) + said
    return raw_zip(GOOD, extra=extra)


@case("pack")
def something_before_the_first_member():
    """A program with a pack behind it."""
    return raw_zip(GOOD, prefix=b"#!/bin/sh\necho ok\nexit\n")


@case("pack")
def something_between_the_members():
    """What no reader reads can hold what nobody should see."""
    return raw_zip(GOOD, between=b"hidden")


@case("pack")
def something_behind_the_packed_bytes():
    """The same, within a member."""
    return raw_zip(GOOD, behind=b"hidden")


@case("pack")
def something_behind_the_end():
    """The same, behind it all."""
    return raw_zip(GOOD) + b"hidden"


@case("pack")
def flags_of_a_patch():
    """Some readers refuse what others pass over."""
    return raw_zip(GOOD, pack_flags=0x20)


# JSON -------------------------------------------------------------------------------------------------------

@case("pack")
def lists_for_objects():
    """Values in the order in which a program declares its fields."""
    def change(proofs):
        proofs["inclusion"] = [list(each.values()) for each in proofs["inclusion"]]
    return with_json("proofs.json", change)


@case("pack")
def pack_json_as_a_list():
    """The same, of the whole file."""
    return with_members(pack_json=to_json(list(json.loads(GOOD["pack.json"]).values())))


@case("pack")
def null_left_out():
    """There is no plan, so nothing is said of it."""
    said = json.loads(GOOD["statement-2026-05.json"])
    said = {key: value for key, value in said.items() if key not in ("plan", "currency", "net")}
    return with_members(statement_2026_05_json=to_json({**said, "lines": []}))


@case("pack")
def amount_beyond_63_bits():
    """Some readers take it for a debt."""
    return with_statement(lambda statement: statement.update(net=1 << 63))


@case("statement")
def amount_below_nothing():
    """A credit that nothing gave."""
    return with_statement(lambda statement: statement.update(net=-24032))


@case("pack")
def licences_beyond_32_bits():
    """2^32 + 2 are 2, for some."""
    return with_statement(lambda statement: statement.update(opening_licences=(1 << 32) + 2))


@case("pack")
def plan_that_is_no_hash():
    """A name for a plan that no file can have."""
    return with_statement(lambda statement: statement.update(plan="standard"))


@case("pack")
def salt_in_capitals():
    """The same salt, spelt otherwise."""
    return with_json("directory.json", lambda names: names["entries"][0].update(
        salt=names["entries"][0]["salt"].upper()))


@case("pack")
def thirteenth_month():
    """A month that no calendar has, with a statement."""
    about = json.loads(GOOD["pack.json"])
    about["months"].append("2026-13")
    return zipped(manifest({**GOOD, "pack.json": to_json(about),
                            "statement-2026-13.json": GOOD["statement-2026-05.json"]}))


@case("pack")
def month_half_a_million_times():
    """A reader that reads a statement for each month that is listed runs out of memory."""
    about = {**json.loads(GOOD["pack.json"]), "months": ["2026-04"] * 500_000 + ["2026-05"]}
    return with_members(pack_json=to_json(about))


# Seals ------------------------------------------------------------------------------------------------------

TEXT, OURS = GOOD["last.txt"].split(b"\n\n")[0] + b"\n", GOOD["last.txt"].split(b"\n")[4].decode()


def signed_by(*lines):
    return with_members(last_txt=TEXT + b"\n" + "".join(line + "\n" for line in lines).encode())


@case("seal")
def a_good_signature_and_a_bad_one():
    """Two signatures of one key; one of them fails."""
    head, _, signature = OURS.rpartition(" ")
    raw = base64.b64decode(signature)
    return signed_by(OURS, f"{head} {base64.b64encode(raw[:-32] + bytes(32)).decode()}")


def stranger(name):
    return f"\u2014 {name} {base64.b64encode(b'abcd' + bytes(64)).decode()}"


@case("seal")
def signer_with_a_control_character():
    """U+0085 ends a line, for some."""
    return signed_by(OURS, stranger("a\x80b"))


@case("seal")
def signer_with_a_long_name():
    """201 bytes."""
    return signed_by(OURS, stranger("n" * 201))


@case("seal")
def signature_of_small_order():
    """R is the neutral point: a signature that some verifiers take and others do not."""
    key = SigningKey("seatledger test ledger", ORIGIN)
    neutral = (1).to_bytes(32, "little")

    def sign(message):
        digest = hashlib.sha512(neutral + key.public + message).digest()
        return neutral + (int.from_bytes(digest, "little") * key.scalar % L).to_bytes(32, "little")
    key.sign = sign
    assert key.vkey == LEDGER.vkey
    return zipped(pack(LOG, key=key))


# Periods, zones, plans --------------------------------------------------------------------------------------

def small_pack(*lines, zone=LONDON, period, told=(), plans=()):
    """An account of few commits, each a time and its events, closed at the end of the period."""
    log = Log()
    log.append(7, 1, [("AccountOpened", [LONDON, bytes(32)])])
    log.append(ACCOUNT, 2, [("AccountOpened", [zone, bytes(32)])])
    for at, *events in lines:
        log.append(ACCOUNT, at, events)
    log.append(ACCOUNT, period[1], [("EvidenceTaken", [*period, False])])
    return zipped(pack(log, told=dict(told), plans=plans, zone=zone, period=period, names=False, first_size=1,
                       witnesses=[]))


@case("period")
def period_beyond_the_calendar():
    """In the year 148,108 nobody can say which months there are."""
    return small_pack(period=(1 << 62, (1 << 62) + 1))


@case("period")
def the_machine_s_own_zone():
    """A zone that is another one on each machine."""
    return small_pack(zone="localtime", period=(TO, TO + SECOND))


@case("ok")
def sixty_plans_in_one_commit():
    """No forger: the last of those for the latest instant counts, and no sorting may lose their order."""
    plans = [b'plan="p"\ncurrency="GBP"\neffective_from="2026-01-01"\nmonthly_fee="%d"\n' % fee
             for fee in range(1, 61)]
    begins, ends = micros("2026-04-01 00:00"), micros("2026-05-01 00:00")
    assigned = [("PlanAssigned", [blake3(plan).digest(), (begins - 1 - number * 7 % 3, None)])
                for number, plan in enumerate(plans)]
    counts = max(number for number in range(60) if number * 7 % 3 == 0)
    statement = {
        "month": "2026-04", "from": begins, "to": ends, "plan": blake3(plans[counts]).hexdigest(),
        "currency": "GBP", "opening_licences": 2, "closing_licences": 2,
        "days": [{"from": "2026-04-01", "to": "2026-04-30", "days": 30, "in_force": 2, "billable": 2,
                  "licence_days": 60}],
        "licence_days": 60,
        "lines": [{"charge": "monthly", "subject": None, "counted": 60, "quantity": 2, "unit": 100 * (counts + 1),
                   "net": 200 * (counts + 1), "commits": [2]}],
        "net": 200 * (counts + 1)}
    return small_pack((begins - 10, *assigned, ("LicencesChanged", [0, 2, (begins - 10, None)])),
                      period=(begins, ends), told={"2026-04": statement}, plans=plans)
