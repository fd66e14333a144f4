"""A running server, and clients that speak JSON to it."""

import json
import os
import re
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from itertools import count
from pathlib import Path

PROBLEM = "application/problem+json"
PATIENCE = 20


@dataclass
class Answer:
    status: int
    headers: dict
    content: bytes

    @property
    def text(self):
        return self.content.decode()

    @property
    def body(self):
        return json.loads(self.content)

    def ok(self, status=200):
        assert self.status == status, f"{self.status} {self.text}"
        return self.body

    def problem(self, status, code):
        """The problem's body; its status, code and type go together."""
        assert (self.status, self.body.get("code")) == (status, code), f"{self.status} {self.text}"
        assert self.headers["content-type"] == PROBLEM and self.body["status"] == status
        assert self.body["title"] and self.body["detail"] and self.body["type"] == f"/docs#{code}"
        return self.body


class Client:
    """Whoever has this token."""

    def __init__(self, url, token):
        self.url, self.token = url, token

    def open(self, method, path, body=None, timeout=PATIENCE, **headers):
        """The response as it comes; for streams."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["content-type"] = "application/json"
            body = json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        return urllib.request.urlopen(request, timeout=timeout)

    def call(self, method, path, body=None, **headers):
        try:
            response = self.open(method, path, body, **headers)
        except urllib.error.HTTPError as refused:
            response = refused
        with response:
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, found, response.read())

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.call("POST", path, body, **headers)


class Server:
    """`seatledger serve` in a directory, with a key to seal with."""

    def __init__(self, folder: Path, *settings):
        self.binary, self.data = os.environ["SEATLEDGER"], folder / "ledger"
        self.accounts, self.attempts = count(1), count(1)
        self.key = self.run("key", "new", "example.org/seats").split()[0]
        log = folder / "log"
        with log.open("w") as stderr:
            arguments = [argument for setting in settings for argument in ("--set", setting)]
            self.process = subprocess.Popen(
                [self.binary, "--data", self.data, "serve", "--listen", "127.0.0.1:0", *arguments],
                stderr=stderr, stdout=subprocess.DEVNULL)
        self.url = self.said(log, r"listening on (\S+);")
        self.admin = Client(self.url, self.said(log, r"shown once: (\S+)"))

    def said(self, log, pattern):
        while not (found := re.search(pattern, log.read_text())):
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(f"the server has ended: {log.read_text()}")
        return found[1]

    def run(self, *arguments):
        """The command line, on the server's directory."""
        done = subprocess.run([self.binary, "--data", self.data, *arguments], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def client(self, role, *accounts):
        """Somebody with a token of that role, for these accounts or for all."""
        named = [argument for account in accounts for argument in ("--account", account)]
        made = self.run("token", "create", "--role", role, "--label", role, *named)
        return Client(self.url, made.split()[0])

    def open_account(self, **wanted):
        name = wanted.pop("name", f"clinic-{next(self.accounts)}")
        self.admin.post("/v1/accounts", {"name": name, **wanted}).ok(201)
        return Account(self, name)

    def stop(self):
        self.process.terminate()
        assert self.process.wait(PATIENCE) == 0


class Account:
    """An account, seen by the vendor's application."""

    def __init__(self, server, name):
        self.server, self.name, self.path = server, name, f"/v1/accounts/{name}"
        self.app = server.client("app", name)

    def log_in(self, user, attempt=None, **more):
        attempt = attempt or f"attempt-{next(self.server.attempts)}"
        return self.app.post(f"{self.path}/logins", {"user": user, **more}, idempotency_key=attempt)

    def seat(self, user):
        return self.log_in(user).ok(201)
