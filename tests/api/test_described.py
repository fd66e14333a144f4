"""The API is as it describes itself: every call, good data and bad, in sequences by its links."""

import subprocess
import sys
from pathlib import Path

from server import Server

HERE = Path(__file__).resolve().parent


def test_schemathesis_finds_no_failure(tmp_path):
    # Bad tokens are one of its checks, so they are not to run out.
    server = Server(tmp_path, "failures_max=1000000")
    try:
        server.open_account(name="clinic", licences=5)
        checked = subprocess.run(
            [Path(sys.executable).with_name("schemathesis"), "--config-file", HERE / "schemathesis.toml",
             "run", f"{server.url}/openapi.json", "--header", f"Authorization: Bearer {server.admin.token}",
             "--checks", "all", "--output-sanitize", "false", "--warnings", "off", "--no-color"],
            capture_output=True, text=True, check=False, cwd=tmp_path)
        assert checked.returncode == 0, checked.stdout + checked.stderr
        print(checked.stdout)
    finally:
        server.stop()
