"""Plays `docs/verify.py` over the good pack, the tampered ones, and packs damaged at random.

    python3 tests/evidence/check.py [--rust PATH_TO_seatledger]

With `--rust` the program must come to the same verdict, code and position on each pack.
With SEATLEDGER_SHARED set, the verifier's parts are held against published test vectors too.
"""

import argparse
import base64
import io
import json
import os
import random
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERIFY, EVIDENCE, TAMPERED = ROOT / "docs/verify.py", ROOT / "fixtures/evidence", ROOT / "fixtures/tampered"
sys.path.insert(0, str(ROOT / "docs"))

import build  # noqa: E402
import verify  # noqa: E402
import writer  # noqa: E402
from bills import bill_cases  # noqa: E402
from heavy import heavy_cases  # noqa: E402
from lawful import lawful_cases  # noqa: E402
from wild import wild_cases  # noqa: E402

FAILED = []
POLICY = str(EVIDENCE / "policy.txt")


def check(holds, what):
    if not holds:
        FAILED.append(what)
        print(f"FAILED {what}", file=sys.stderr)


def told(command):
    """Verdict, code and position as the program prints them, or what it did instead."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        answer = json.loads(done.stdout)
        found = answer["verdict"], answer.get("code"), answer.get("position")
    except (ValueError, KeyError, subprocess.TimeoutExpired) as error:
        return f"no answer: {error}"
    stumbled = "Traceback" in done.stderr or "stumbled" in done.stdout
    if done.returncode != (0 if found[0] == "ok" else 5) or stumbled:
        return f"exit code {done.returncode}: {done.stdout}{done.stderr}"
    return found


def verdict_of(data, keys):
    """In this process, for speed: any other exception is what must never be."""
    try:
        list(verify.verify(data, [verify.read_key(keys, verify.LEDGER)]))
        return "ok", None, None
    except verify.Wrong as wrong:
        return "bad", wrong.code, wrong.position


def compare(name, pack, policy, wanted, rust, keys):
    arguments = [str(pack), "--key", keys] + (["--policy", POLICY] if policy else [])
    if pack.is_relative_to(ROOT):
        found = told([sys.executable, str(VERIFY), *arguments, "--json"])
    else:
        found = verdict_of(pack.read_bytes(), keys)
    check(found == wanted, f"{name}: verify.py says {found}, expected {wanted}")
    if rust:
        found = told([rust, "verify", *arguments, "--format", "json"])
        check(found == wanted, f"{name}: seatledger says {found}, expected {wanted}")


def cases(folder, keys, wild):
    """Every pack with what must be said of it: name, file, policy given, verdict."""
    yield "good", EVIDENCE / "good.zip", False, ("ok", None, None)
    yield "good with policy", EVIDENCE / "good.zip", True, ("ok", None, None)
    for line in (TAMPERED / "expected.tsv").read_text(encoding="utf-8").split("\n")[1:-1]:
        name, policy, code, position = line.split("\t")
        verdict = ("ok", None, None) if code == "ok" else (
            "bad", code, None if position == "-" else int(position))
        yield name, TAMPERED / f"{name}.zip", policy == "yes", verdict
    for name, data, verdict in chain(bill_cases(), lawful_cases(), wild_cases(wild, keys)):
        path = Path(folder) / f"{name}.zip"
        path.write_bytes(data)
        yield name, path, False, verdict


def heavy(folder, rust, keys):
    """Packs made to be slow: both programs answer within the time and memory that any pack may take."""
    slowest = {}
    for name, data, seconds, wanted in heavy_cases():
        path = Path(folder) / f"{name}.zip"
        path.write_bytes(data)
        call = [str(path), "--key", keys]
        programs = {"verify.py": [sys.executable, str(VERIFY), *call, "--json"]}
        if rust:
            programs["seatledger"] = [rust, "verify", *call, "--format", "json"]
        for program, command in programs.items():
            begun = time.monotonic()
            found = told(command)
            took = time.monotonic() - begun
            check(found == wanted, f"{name}: {program} says {found}, expected {wanted}")
            check(took < seconds, f"{name}: {program} took {took:.1f} s, of {seconds} allowed")
            slowest[program] = max(slowest.get(program, (0, "")), (took, name))
    return "heavy packs, the slowest: " + ", ".join(
        f"{program} {took:.1f} s ({name})" for program, (took, name) in slowest.items())


# Damage at random -------------------------------------------------------

def unzipped(data):
    """The members as another reader sees them; None if it sees none."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception:
        return None


def damage(keys):
    good, source = (EVIDENCE / "good.zip").read_bytes(), random.Random(2026)
    members, passed = unzipped(good), 0
    damaged = []
    for _ in range(300):
        offset, bit = source.randrange(len(good)), 1 << source.randrange(8)
        damaged.append((f"flip of {bit} at {offset}",
     good[:offset] + bytes([good[offset] ^ bit]) + good[offset + 1:]))
    for _ in range(50):
        end = source.randrange(len(good))
        damaged.append((f"cut at {end}", good[:end]))
    for what, data in damaged:
        try:
            verdict = verdict_of(data, keys)[0]
        except Exception as error:
            check(False, f"{what}: {error!r}")
            continue
        passed += verdict == "ok"
        check(verdict != "ok" or unzipped(data) == members, f"{what}: passed though the members differ")
    # What the zip file's own digests would hide: flips within the members, the manifest made anew.
    inner = 0
    for _ in range(300):
        changed = dict(members)
        name = source.choice(["commits.bin"] * 3 + [name for name, _ in members if name not in (
            "README.txt", "verify.py", "manifest.txt", "commits.bin")])
        content = changed[name]
        offset, bit = source.randrange(len(content)), 1 << source.randrange(8)
        changed[name] = content[:offset] + bytes([content[offset] ^ bit]) + content[offset + 1:]
        try:
            verdict = verdict_of(writer.zipped(writer.manifest(changed)), keys)[0]
        except Exception as error:
            check(False, f"flip of {bit} at {offset} in {name}: {error!r}")
            continue
        check(
            verdict != "ok" or harmless(
                name,
                content,
                changed[name]),
            f"flip of {bit} at {offset} in {name}: passed")
        inner += verdict == "ok"
    return (f"{len(damaged)} damaged files ({passed} with the members unharmed), "
            f"300 damaged members ({inner} harmless)")


def harmless(name, before, after):
    """May this pass? White space; what is only told; a period cut otherwise that holds the same months; and
    signatures of witnesses whom nobody asked for, as no policy is given here."""
    if name == "last.txt":
        return before.split(b"\n")[:5] == after.split(b"\n")[:5]
    before, after = json.loads(before), json.loads(after)
    for key in ("product", "tzdb", "from", "to") if name == "pack.json" else ():
        before.pop(key), after.pop(key)
    return before == after


# Published vectors ------------------------------------------------------

def tables():
    """The golden commits: read, hashed, and written again to the same bytes."""
    lines = (ROOT / "fixtures/golden/commits-1.txt").read_text(encoding="utf-8").split("\n")
    found = [(lines[n + 1], lines[n + 2]) for n, line in enumerate(lines) if line.startswith("Commit {")]
    for raw, leaf in ((bytes.fromhex(raw), leaf) for raw, leaf in found):
        commit = verify.read_commit(raw)
        check(verify.leaf_hash(raw).hex() == leaf, f"golden leaf {leaf}")
        check(writer.commit_bytes(*commit[:-1], commit.events) == raw, f"golden commit {leaf}")
        for bad in (raw[:-1], raw + b"\0", b"\2" + raw[1:]):
            check(unreadable(bad), f"golden commit {leaf} changed")
    lines = (ROOT / "fixtures/golden/blocks-1.txt").read_text(encoding="utf-8").split("\n")
    leaves = []
    for block, root in zip(lines[3::3], lines[4::3]):
        block = bytes.fromhex(block)
        check(verify.blake3(block[32:]).digest() == block[:32], "golden block")
        leaves.append(verify.leaf_hash(block[45:]))
        check(
            root == f"{len(leaves)} {writer.Tree(leaves).root(0, len(leaves)).hex()}",
            f"golden root {len(leaves)}")
    return f"{len(found)} golden commits, {len(leaves)} golden blocks"


def unreadable(raw):
    try:
        verify.read_commit(raw)
    except verify.Unreadable:
        return True
    return False


RFC_8032 = [  # Section 7.1: secret key, public key, message, signature.
    ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
     "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
    ("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
     "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    ("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
     "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"),
]


def signatures():
    for secret, public, message, signature in RFC_8032:
        public, message, signature = (bytes.fromhex(each) for each in (public, message, signature))
        key = writer.SigningKey("", "k", seed=bytes.fromhex(secret))
        check(key.public == public and key.sign(message) == signature, "RFC 8032: signing")
        check(verify.signed(public, message, signature), "RFC 8032: verifying")
        check(not verify.signed(public, message + b"x", signature), "RFC 8032: another message")
        check(not verify.signed(public,
    message,
    signature[:-1] + bytes([signature[-1] ^ 16])),
            "RFC 8032: another s")
        s = int.from_bytes(signature[32:], "little") + verify.L
        check(not verify.signed(public, message, signature[:32] + s.to_bytes(32, "little")), "s above L")
        check(not verify.signed(public, message, signature[:40]), "half a signature")
    for spelling in (verify.P + 1, verify.P, 1 << 255 | 1, 2):  # Beyond p, -0, and no point at all.
        check(verify.point_of(spelling.to_bytes(32, "little")) is None, f"a point spelt {spelling}")
    check(verify.point_of((1).to_bytes(32, "little")) == (0, 1, 1, 0), "the neutral point")
    return f"{len(RFC_8032)} vectors of RFC 8032"


def note_verdict(note, keys):
    note = note if isinstance(note, bytes) else note.encode()
    keys = [verify.read_key(key, verify.LEDGER) for key in keys]
    try:
        return [key.name for key, _ in verify.open_note(note, {(key.name, key.id): key for key in keys})[1]]
    except verify.Wrong:
        return "bad"


def notes(shared):
    given = json.loads((shared / "notes/signed_note_vectors.json").read_text(encoding="utf-8"))
    keys, text, line = given["verifier_keys"], given["text"], given["sig_lines"]
    both = f"{text}\n{line['peter']}\n{line['enoch']}\n"
    check(note_verdict(both, [keys["peter"]]) == ["PeterNeumann"], "a note by a known key and another")
    check(note_verdict(both, keys.values()) == ["PeterNeumann", "EnochRoot"], "a note by two known keys")
    check(note_verdict(both, []) == [], "a note by nobody known")
    peter = line["peter"]
    check(
        note_verdict(
            f"{text}\n{peter[:60]}ABCD{peter[60:]}\n", [
                keys["peter"]]) == "bad", "a longer signature")
    for malformed in given["malformed"]:
        note = malformed.get("note") or base64.b64decode(malformed["note_base64"])
        check(note_verdict(note, [keys["peter"]]) == "bad", f"note: {malformed['why']}")
    peter = keys["peter"]
    bad = given["bad_verifier_keys"][:2] + [peter[:n] for n in range(len(peter))]
    bad += [peter[:n] + chr(ord(peter[n]) + 1) + peter[n + 1:] for n in range(len(peter))]
    for key in bad:
        try:
            verify.read_key(key, verify.LEDGER)
            check(False, f"key {key}")
        except verify.Usage:
            pass
    real = json.loads((shared / "notes/real_checkpoint_sumdb.json").read_text(encoding="utf-8"))
    check(note_verdict(real["checkpoint"], [real["vkey"]]) == [
          "sum.golang.org"], "the checkpoint of sum.golang.org")
    return (f"{len(given['malformed'])} malformed notes, {len(bad)} malformed keys, "
            "a checkpoint of sum.golang.org")


def policies(folder, rust, keys):
    """What a policy may say; and that the witnesses' groups are counted. The last seal of the good pack is
    signed by ash and birch, so that both programs can be asked about those two."""
    ledger, (ash, birch, cedar) = build.LEDGER.vkey, (witness.vkey for witness in build.WITNESSES)
    three = f"witness a {ash}\nwitness b {birch}\nwitness c {cedar}\n"
    witnesses = [verify.read_key(key, verify.WITNESS) for key in (ash, birch, cedar)]
    asked = []
    for rules, signed, met in (
            ("quorum none", "", True), ("quorum a", "a", True), ("quorum a", "bc", False),
            ("quorum b", "ab", True), ("quorum c", "ab", False), ("quorum none", "ab", True),
            ("group g all a b c\nquorum g", "abc", True), ("group g all a b c\nquorum g", "ab", False),
            ("group g all a b\nquorum g", "ab", True), ("group g any a b c\nquorum g", "ab", True),
            ("group g any a b c\nquorum g", "c", True), ("group g any a b c\nquorum g", "", False),
            ("group g 2 a b c\nquorum g", "ac", True), ("group g 2 a b c\nquorum g", "c", False),
            ("group g 2 a b c\nquorum g", "ab", True), ("group g 3 a b c\nquorum g", "ab", False),
            ("group g any a b\ngroup h all g c\nquorum h", "bc", True),
            ("group g any a b\ngroup h all g c\nquorum h", "ab", False),
            ("group g any c b\ngroup h all g a\nquorum h", "ab", True),
            (f"log {ledger}\nquorum b", "ab", True),
            ("\t# words\n  quorum \t a\n\n", "ab", True)):
        signers = [key for key, name in zip(witnesses, "abc") if name in signed]
        signers += [verify.read_key(ledger, verify.LEDGER)]
        check(verify.Policy(three + rules).met(signers) == met, f"policy {rules!r} signed by {signed}")
        if signed == "ab":
            asked.append((three + rules, ("ok", None, None) if met else ("bad", "witness", None)))
    logged = verify.Policy(f"log {ledger} https://ledger.example\nquorum none")
    check(not logged.met([]) and logged.met([verify.read_key(ledger, verify.LEDGER)]),
          "a policy that names the log")
    other = writer.SigningKey("somebody else", build.ORIGIN).vkey
    asked.append((f"log {other}\nquorum none", ("bad", "witness", None)))
    asked.append((f"log {other}\nlog {ledger}\nquorum none", ("ok", None, None)))
    asked.append((three.replace(ash, birch).replace(f"witness b {birch}\n", "") + "quorum a", ("ok", None, None)))
    bad = [
        "",
        three,
        "quorum d",
        three + "quorum a\nquorum a",
        three + "group a any b\nquorum a",
        "quorum none\nfish",
        three + "group g 0 a\nquorum g",
        three + "group g 2 a\nquorum g",
        three + "group g any a a\nquorum g",
        three + "group g any a\ngroup h any a\nquorum h",
        three + "group g any none\nquorum g",
        "quorum none\r\n",
        three + "group g any\nquorum g",
        "quorum g\n" + three + "group g any a",
        f"log {ash}\nquorum none",
        f"witness a {ledger}\nquorum a",
        three + f"witness d {ash}\nquorum a",
        f"witness none {ash}\nquorum none",
        three + "group g +1 a b\nquorum g",
        three + "group g 01 a b\nquorum g",
        three + "quorum a b",
        three + "quorum\u00a0a",
        three + "quorum a\x85",
        "quorum none" + "\n" * 10_001,
        f"log {ledger}\nlog {ledger}\nquorum none",
        "log\nquorum none",
        three + "group g 99999999999999999999 a b\nquorum g"]
    for text in bad:
        try:
            verify.Policy(text)
            check(False, f"policy {text[:500]!r} is taken")
        except verify.Usage:
            pass
    programs = [[sys.executable, str(VERIFY)]] + ([[rust, "verify"]] if rust else [])
    for number, (text, wanted) in enumerate(asked + [(text, None) for text in bad] if rust else asked):
        path = Path(folder) / f"policy-{number}.txt"
        path.write_text(text, encoding="utf-8", newline="\n")
        for program in programs:
            call = [*program, str(EVIDENCE / "good.zip"), "--key", keys, "--policy", str(path)]
            if wanted:
                found = told(call + (["--json"] if program[0] == sys.executable else ["--format", "json"]))
            else:
                found = subprocess.run(call, capture_output=True, check=False).returncode
            check(found == (wanted or 2), f"policy {text[-60:]!r}: {program[0]} says {found}, expected {wanted or 2}")
    return f"{len(asked)} policies, {len(bad)} malformed"


def currencies():
    """The verifier's table is that of docs/evidence.md; a test of `reporting` holds the program to it too."""
    page = (ROOT / "docs/evidence.md").read_text(encoding="utf-8")
    listed = page[page.index("The currencies are"):].split("```")[1].removeprefix("text\n")
    check(listed == verify.MINOR_UNITS.lstrip("\n"), "the currencies of docs/evidence.md and of verify.py differ")
    codes = [code for code in listed.split() if code[0].isalpha()]
    check(len(codes) == len({*codes}) == len(verify.PLACES), "a currency is listed twice, or not read")
    return f"{len(codes)} currencies"


def calls(keys, rust):
    """Called wrongly: exit code 2 and no traceback."""
    good = str(EVIDENCE / "good.zip")
    for arguments in ([], [good], [good, "--key", "x"], [good, "--key", keys[:-1]],
                      [good + "x", "--key", keys],
                      [str(EVIDENCE), "--key", keys], [good, "--key", build.WITNESSES[0].vkey],
                      [good, "--key", keys, "--policy", good], [good, "--key", keys, "--policy", good + "x"]):
        for program in [[sys.executable, str(VERIFY)]] + ([[rust, "verify"]] if rust and arguments else []):
            done = subprocess.run([*program, *arguments], capture_output=True, text=True, check=False)
            check(done.returncode == 2 and "Traceback" not in done.stderr,
                  f"{program[0]} called with {arguments}: {done.returncode}")


def hashes(shared):
    vectors = json.loads((shared / "hash/blake3_test_vectors.json").read_text(encoding="utf-8"))["cases"]
    for vector in vectors:
        content = bytes(n % 251 for n in range(vector["input_len"]))
        check(verify.blake3(content).hexdigest() == vector["hash"][:64], f"BLAKE3 of {len(content)} bytes")
    return f"{len(vectors)} vectors of BLAKE3"


def paths(shared):
    """The tree's logic with the hash of the vectors in it. A first tree of size 0 is another matter there."""
    ours, count = verify.node, 0
    verify.node = lambda left, right: sha256(b"\1" + left + right).digest()
    for kind in ("inclusion", "consistency"):
        for file in sorted((shared / "merkle_sha256" / kind).rglob("*.json")):
            vector = json.loads(file.read_text(encoding="utf-8"))
            path = [base64.b64decode(each) for each in vector["proof"] or []]
            root = {
                key: base64.b64decode(
                    vector[key] or "") for key in (
                    "root",
                    "root1",
                    "root2",
                    "leafHash") if key in vector}
            if kind == "inclusion":
                held = len(root["leafHash"]) == 32 and verify.included(
                    root["leafHash"], vector["leafIdx"], vector["treeSize"], path, root["root"])
            elif vector["size1"] and vector["size1"] <= vector["size2"]:
                held = verify.consistent(vector["size1"], root["root1"], vector["size2"], root["root2"], path)
            else:
                continue
            check(held != vector["wantErr"], f"{kind}: {file.name} says {held}")
            count += 1
    verify.node = ours
    return f"{count} paths"


def grown_tree():
    """Every path of every tree up to 24 leaves, by the writer's recursion and by the verifier's loops."""
    leaves = [verify.leaf_hash(struct.pack(">Q", n)) for n in range(24)]
    tree = writer.Tree(leaves)
    for size in range(1, 25):
        root = tree.root(0, size)
        for index in range(size):
            path = tree.inclusion(index, 0, size)
            check(verify.included(leaves[index], index, size, path, root), f"leaf {index} of {size}")
            check(
                not verify.included(
                    leaves[index],
                    index,
                    size,
                    path + [root],
                    root),
                f"leaf {index} of {size}, longer")
            check(not path or not verify.included(
                leaves[index], index, size, path[:-1], root), f"leaf {index} of {size}, shorter")
        for first in range(size + 1):
            path = tree.consistency(first, 0, size) if 0 < first < size else []
            check(verify.consistent(first, tree.root(0, first), size, root, path), f"{first} within {size}")
            check(
                not verify.consistent(
                    first,
                    tree.root(
                        0,
                        first),
                    size,
                    root,
                    path +
                    [root]),
                f"{first} within {size}, longer")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rust", metavar="PATH", help="the program, to be compared")
    rust = parser.parse_args().rust
    keys = (EVIDENCE / "keys.txt").read_text(encoding="utf-8").strip()
    done = [tables(), signatures(), currencies()]
    grown_tree()
    calls(keys, rust)
    shared = os.environ.get("SEATLEDGER_SHARED")
    shared = next(
        (path for path in (
            Path(shared),
            Path(shared) /
            "data") if (
            path /
            "notes").is_dir()),
        None) if shared else None
    done += [notes(shared), hashes(shared), paths(shared)
             ] if shared else ["published vectors SKIPPED: SEATLEDGER_SHARED is not set"]
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(2) as pool:
        done += [policies(folder, rust, keys), heavy(folder, rust, keys)]
        packs = list(cases(folder, keys, 150 if rust else 5))
        for each in [pool.submit(compare, *pack, rust, keys) for pack in packs]:
            each.result()
    done += [f"{len(packs)} packs" + (" by both" if rust else ""), damage(keys)]
    print(("FAILED: " + str(len(FAILED)) if FAILED else "ok") + ": " + ", ".join(done))
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
