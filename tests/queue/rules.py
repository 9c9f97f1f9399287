#!/usr/bin/env python3
"""rules - what aikit-queue makes of who asks, of what is asked and of what it
must not take, one function a claim, as in claims.py.

    rules.py NAME...      all when none is named; exit 1 when one does not hold
"""
import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time

import claims
from claims import (CLASSES, CLAIMS, Fake, Keep, Queue, Response, claim,
                    free_port, generate, raw, read_all, read_until, together,
                    until, world)

CLAIMS.clear()


def ask_at(port, path="/api/generate", body=None, headers={}, method="POST"):
    c = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    c.request(method, path, json.dumps(body or generate()), headers)
    r = c.getresponse()
    r.body = r.read()
    c.close()
    return r


class Log:
    """The access log from here on, as requests one after the other make it."""

    def __init__(self, q):
        self.q = q
        self.before = len(self.lines())

    def lines(self):
        return [json.loads(line) for line in self.q.said().splitlines()
                if line.startswith('{"type":"access"')]

    def after(self, count):
        return until(lambda: len(self.lines()) - self.before >= count and
                     self.lines()[self.before:], 5, "logged")


# ---- Who asks. ----

@claim
def the_peer_of_a_unix_socket_is_its_user():
    with tempfile.TemporaryDirectory() as dir:
        path = dir + "/s"
        uid = "uid:%d" % os.getuid()
        fake = Fake()
        q = Queue(dir, fake, listen=["unix:" + path], conf="[rule mine]\n"
                  "client = %s\nclass = batch\n" % uid)
        try:
            log = Log(q)
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(10)
                s.connect(path)
                s.sendall(raw(body=generate(stream=False)))
                assert Response(Keep(s)).status == 200
            assert ask_at(q.port).status == 200
            got = [(line["client"], line["class"]) for line in log.after(2)]
            assert got == [(uid, "batch"), ("127.0.0.1", "normal")], got
            q.stop()
        finally:
            fake.stop()


@claim
def each_listener_has_its_own_defaults():
    ports = [free_port() for _ in range(3)]
    at = ["127.0.0.1:%d\nclass = interactive\ntrust_user = yes" % ports[0],
          "127.0.0.1:%d\nclass = batch\nclient = scripts\n"
          "class_best = normal" % ports[1],
          "127.0.0.1:%d\nneed_key = no\nclass_best = batch" % ports[2]]
    user = {"X-OpenWebUI-User-Id": "u1"}

    def wants(name):
        return {"X-Aikit-Priority": name}
    rows = (
        (0, {}, "127.0.0.1", "interactive"),
        (0, user, "u1", "interactive"),
        (0, wants("batch"), "127.0.0.1", "batch"),
        (0, wants("nonsense"), "127.0.0.1", "interactive"),
        (1, {}, "scripts", "batch"),
        (1, user, "scripts", "batch"),
        (1, wants("normal"), "scripts", "normal"),
        # More than it may ask for is the best that it may.
        (1, wants("interactive"), "scripts", "normal"),
        (2, {}, "127.0.0.1", "normal"),
        (2, wants("interactive"), "127.0.0.1", "batch"),
    )
    with world(listen=at) as (q, f):
        log = Log(q)
        for n, headers, _, _ in rows:
            assert ask_at(ports[n], headers=headers).status == 200
        for row, line in zip(rows, log.after(len(rows))):
            assert (line["client"], line["class"]) == row[2:], (row, line)


@claim
def rules_give_classes_of_ones_own():
    conf = ("class = work\nclass_header = X-Level\n"
            "[class chat]\nmin_share = 10%\n[class work]\n[class idle]\n"
            "patience = 1m\n"
            "[rule embeddings]\npath = /api/embed*\nclass = idle\n"
            "[rule small]\nmodel = qwen*:?b\nclass = chat\n"
            "[rule n8n]\nagent = *n8n*\npath = /v1/*\nclass = idle\n"
            "[rule all-qwen]\nmodel = qwen*\nclass = idle\n")
    chat = {"model": "a", "messages": [{"role": "user", "content": "x"}]}
    rows = (
        ("/api/generate", generate("a"), {}, "work"),
        ("/api/embed", {"model": "a", "input": "x"}, {}, "idle"),
        ("/api/generate", generate("qwen3:8b"), {}, "chat"),
        ("/api/generate", generate("qwen3"), {}, "idle"),
        # The first rule that fits decides.
        ("/api/embed", {"model": "qwen3:8b", "input": "x"}, {}, "idle"),
        # All patterns of a rule must fit.
        ("/v1/chat/completions", chat, {"User-Agent": "my-n8n/1"}, "idle"),
        ("/api/chat", chat, {"User-Agent": "my-n8n/1"}, "work"),
        ("/v1/chat/completions", chat, {"User-Agent": "curl"}, "work"),
        # What a header asks for comes before a rule.
        ("/api/embed", {"model": "a", "input": "x"}, {"X-Level": "chat"},
         "chat"),
        ("/api/embed", {"model": "a", "input": "x"},
         {"X-Aikit-Priority": "chat"}, "idle"),
    )
    with world("--models", "a,qwen3,qwen3:8b", conf=conf) as (q, f):
        log = Log(q)
        for path, body, headers, _ in rows:
            assert ask_at(q.port, path, body, headers).status == 200
        for row, line in zip(rows, log.after(len(rows))):
            assert line["class"] == row[3], (row, line)
        classes = [c["class"] for c in q.records("/v1/status", "class")]
        assert classes == ["chat", "work", "idle"], classes
        assert q.metric('requests_total{class="idle"') == 5


# ---- What is asked, and when it is wanted. ----

def busy(q, f, model="a"):
    """A connection on which a long answer comes."""
    s = q.connect()
    s.sendall(raw(body=generate(model, options={"num_predict": 400})))
    until(lambda: f.ask()["running"] == 1)
    return s


@claim
def what_passes_is_never_behind_work():
    rows = (
        ("GET", "/"), ("HEAD", "/"), ("GET", "/api/tags"),
        ("HEAD", "/api/tags"), ("GET", "/api/ps"), ("GET", "/api/version"),
        ("HEAD", "/api/version"), ("GET", "/api/status"),
        ("GET", "/v1/models"), ("GET", "/v1/models/a"), ("POST", "/api/show"),
        ("POST", "/api/copy"), ("POST", "/api/me"), ("POST", "/api/signout"),
        ("DELETE", "/api/user/keys/x"), ("HEAD", "/api/blobs/sha256:0"),
        ("POST", "/api/blobs/sha256:0"), ("POST", "/api/create"),
        ("POST", "/api/push"), ("POST", "/api/pull"),
        ("POST", "/api/experimental/web_search"),
        ("POST", "/api/experimental/web_fetch"),
        ("GET", "/api/experimental/model-recommendations"),
        # A model that runs elsewhere is no work for this GPU.
        ("POST", "/api/chat"), ("POST", "/v1/chat/completions"),
    )
    with world("--token-ms", 20, "--models", "a,big:cloud",
               "--loaded-max", 3, "--slots", 2) as (q, f):
        s = busy(q, f)
        for method, path in rows:
            body = {"model": "big:cloud" if "chat" in path else "a",
                    "messages": [{"role": "user", "content": "x"}],
                    "max_tokens": 2, "options": {"num_predict": 2}}
            r = ask_at(q.port, path, body if method == "POST" else None, {},
                       method)
            assert r.status in (200, 201), (method, path, r.status, r.body)
            assert r.getheader("X-Aikit-Queue-Wait-Ms") is None
            assert (r.body == b"") == (method == "HEAD"), (path, r.body)
        assert f.ask()["running"] == 1, "all that took too long"
        s.close()


@claim
def unknown_paths_are_refused_unless_it_is_said():
    for said, status in (("no", 404), ("yes", 200)):
        with world(conf="unknown_paths = " + said) as (q, f):
            r = q.ask("GET", "/api/new/thing")
            assert r.status == status, (said, r.status)
            # Not even then what hides a path that is known.
            for path in ("/api/%64elete", "/api//delete", "/x/../api/delete",
                         "/api/delete/"):
                assert q.ask("GET", path).status == 404, path
            r = q.ask("PUT", "/api/tags")
            assert r.status == 405, r.status
            assert r.getheader("Allow") == "GET, HEAD, OPTIONS", \
                r.getheader("Allow")


@claim
def keep_alive_has_a_default_and_a_bound():
    rows = ((generate(), "420"), (generate(keep_alive=None), "420"),
            (generate(keep_alive=5), 5), (generate(keep_alive="9m"), "9m"),
            (generate(keep_alive="1h"), 600), (generate(keep_alive=-1), 600),
            (generate(keep_alive="forever"), None))
    with world(conf="keep_alive = 7m\nkeep_alive_max = 10m") as (q, f):
        for body, want in rows:
            f.set(reset=True)
            r = q.ask("POST", "/api/generate", body)
            if want is None:
                continue    # the backend says what it thinks of it
            assert r.status == 200, (body, r.status)
            got = f.events("asked")[0]["keep_alive"]
            assert str(got) == str(want), (body, got)
        # Too large for memory, it is put into the file on its way.
        f.set(reset=True)
        r = q.ask("POST", "/api/generate", generate(images=["y" * 300000]))
        assert r.status == 200
        assert str(f.events("asked")[0]["keep_alive"]) == "420"
        # OpenAI's API has no such thing.
        f.set(reset=True)
        r = q.ask("POST", "/v1/chat/completions", {
            "model": "a", "messages": [{"role": "user", "content": "x"}]})
        assert r.status == 200
        assert f.events("asked")[0]["keep_alive"] is None


@claim
def embeddings_go_one_at_a_time():
    with world("--slots", 4, "--embed-ms", 30, "--token-ms", 5, slots=4,
               limit=4, conf="[model m]\nslots = 2\n") as (q, f):
        def peak(path, model):
            f.set(reset=True)
            body = {"model": model, "input": "x", "prompt": "x"}
            got = together(q, [(path, body)] * 8)
            assert {status for status, _, _ in got} == {200}
            return f.ask()["peak"]
        assert peak("/api/generate", "a") == 4
        for path in ("/api/embed", "/api/embeddings", "/v1/embeddings"):
            assert peak(path, "embed") == 1, path
        assert peak("/api/embed", "m") == 2, "as it is said of it"
        # One that chats as well is not held to it afterwards.
        assert peak("/api/embed", "a") == 1
        assert peak("/api/generate", "a") == 4


@claim
def a_context_is_raised_to_what_is_usual():
    with world(conf="ctx_policy = max\nnum_ctx = 4096\n[model b]\n"
               "num_ctx = 1k\n") as (q, f):
        for model, said, want in (("a", None, 4096), ("a", 2048, 4096),
                                  ("a", 4096, 4096), ("a", 8192, 8192),
                                  ("b", None, 1024), ("b", 2048, 2048)):
            f.set(reset=True)
            options = {"num_predict": 1}
            if said:
                options["num_ctx"] = said
            r = q.ask("POST", "/api/generate",
                      generate(model, options=options))
            assert r.status == 200
            got = f.events("asked")[0]["options"]
            assert got == {"num_predict": 1, "num_ctx": want}, (said, got)


@claim
def a_deadline_is_kept_or_told():
    with world("--token-ms", 20) as (q, f):
        s = busy(q, f)
        begun = time.monotonic()
        r = q.ask("POST", "/v1/chat/completions", {
            "model": "a", "messages": [{"role": "user", "content": "x"}]},
            {"X-Aikit-Deadline": "0.3"})
        took = time.monotonic() - begun
        assert r.status == 504 and 0.25 < took < 1.5, (r.status, took)
        assert r.getheader("Retry-After") is None, "nobody waits for it"
        error = json.loads(r.body)["error"]
        assert error["code"] == "waited_too_long", error
        assert error["type"] == "timeout_error", error
        # It was not sent, and nobody else was kept from it.
        assert len(f.events("asked")) == 1
        s.close()
        r = q.ask("POST", "/api/generate", generate(),
                  {"X-Aikit-Deadline": "5"})
        assert r.status == 200
        for nonsense in ("soon", "-1", "0", "nan", "1e999"):
            r = q.ask("POST", "/api/generate", generate(),
                      {"X-Aikit-Deadline": nonsense})
            assert r.status == 200, nonsense


@claim
def what_would_miss_its_deadline_is_refused_at_once():
    with world("--token-ms", 10, conf="shed = yes") as (q, f):
        # What is known of waiting is known from what was.
        for _ in range(3):
            r = q.ask("POST", "/api/generate",
                      generate(options={"num_predict": 100}))
            assert r.status == 200
        held = [busy(q, f)]
        for _ in range(3):
            held.append(q.connect())
            held[-1].sendall(raw(body=generate()))
        until(lambda: len(q.records("/v1/requests?state=queued",
                                    "request")) == 3)
        begun = time.monotonic()
        r = q.ask("POST", "/api/generate", generate(),
                  {"X-Aikit-Deadline": "0.6"})
        assert r.status == 503 and time.monotonic() - begun < 0.55, r.status
        assert float(r.getheader("Retry-After")) >= 1
        for s in held:
            s.close()


@claim
def who_waited_for_too_long_is_refused_where_it_is_said():
    with world("--token-ms", 20, conf=CLASSES + "max_wait = 300ms\n"
               "overdue = refuse\n") as (q, f):
        s = busy(q, f)
        r = q.ask("POST", "/v1/messages", {
            "model": "a", "max_tokens": 1,
            "messages": [{"role": "user", "content": "x"}]},
            {"X-Aikit-Priority": "batch"})
        assert r.status == 503 and r.getheader("Retry-After"), r.status
        said = json.loads(r.body)
        assert said["error"]["type"] == "overloaded_error", said
        s.close()


# ---- Full. ----

DIALECTS = (
    ("/api/chat", lambda e: e["error"], None),
    ("/v1/chat/completions", lambda e: e["error"]["message"],
     lambda e: e["error"]["type"]),
    ("/v1/messages", lambda e: e["error"]["message"],
     lambda e: e["error"]["type"]),
)


@claim
def who_is_refused_is_told_when_to_come_again():
    for conf, status, text, kind in (
            ("client_queue = 1", 429, "too many of your requests wait",
             "rate_limit_error"),
            ("queue_limit = 1", 503, "the queue is full",
             "overloaded_error"),
            (CLASSES.replace("[class normal]\n",
                             "[class normal]\nqueue_limit = 1\n"), 503,
             "the queue of this class is full", "overloaded_error"),
            ("memory_max = 64k\nbody_memory = 64k", 503,
             "no more room for requests", "overloaded_error")):
        with world("--token-ms", 20, conf=conf) as (q, f):
            held = [busy(q, f), q.connect()]
            held[1].sendall(raw(body=generate(prompt="x" * 60000)))
            until(lambda: q.records("/v1/requests?state=queued", "request"))
            for path, said, type_of in DIALECTS:
                r = q.ask("POST", path, {
                    "model": "a", "max_tokens": 1,
                    "messages": [{"role": "user", "content": "x" * 9000}]})
                error = json.loads(r.body)
                assert r.status == status, (conf, path, r.status, r.body)
                assert said(error) == text, error
                assert not type_of or type_of(error) == kind, error
                ms = int(r.getheader("retry-after-ms"))
                assert ms > 0
                assert int(r.getheader("Retry-After")) == -(-ms // 1000)
            for s in held:
                s.close()


@claim
def what_is_too_large_is_told():
    with world(conf="body_max = 10k\nhead_max = 2k\ntarget_max = 200\n"
               "fields_max = 20") as (q, f):
        until(lambda: f.events("tags"))
        before = len(f.events("asked"))
        body = json.dumps(generate(prompt="x" * 20000)).encode()
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(body[at:at + 999]),
                                             body[at:at + 999])
                          for at in range(0, len(body), 999))
        head = b"POST /api/generate HTTP/1.1\r\nHost: x\r\n"
        rows = (
            (head + b"Content-Length: %d\r\n\r\n" % len(body), 413),
            (head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks, 413),
            (head + b"X-Long: " + b"y" * 3000 + b"\r\n\r\n", 431),
            (head + b"X-Many: y\r\n" * 30 + b"\r\n", 431),
            (b"GET /" + b"z" * 300 + b" HTTP/1.1\r\nHost: x\r\n\r\n", 414),
        )
        for data, status in rows:
            with q.connect() as s:
                s.sendall(data)
                got = read_all(s)     # and it closes
            assert got.startswith(b"HTTP/1.1 %d " % status), (status, got)
            assert b"Connection: close" in got, got
        assert len(f.events("asked")) == before


# ---- What is no HTTP. ----

H = b"POST /api/generate HTTP/1.1\r\nHost: a\r\n"
CHUNKED = H + b"Transfer-Encoding: chunked\r\n\r\n"
BODY = json.dumps(generate()).encode()
PIECE = b"%x\r\n%s\r\n" % (len(BODY), BODY)
SIZED = b"Content-Length: %d\r\n" % len(BODY)

MALFORMED = (
    ("a length and a coding",
     H + SIZED + b"Transfer-Encoding: chunked\r\n\r\n" + PIECE +
     b"0\r\n\r\n", 400),
    ("another coding", H + b"Transfer-Encoding: gzip, chunked\r\n\r\n" +
     PIECE + b"0\r\n\r\n", 501),
    ("a coding with HTTP/1.0", CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") +
     PIECE + b"0\r\n\r\n", 400),
    ("two codings", H + b"Transfer-Encoding: chunked\r\n" * 2 + b"\r\n" +
     PIECE + b"0\r\n\r\n", 400),
    ("two lengths", H + SIZED * 2 + b"\r\n" + BODY, 400),
    ("a list of lengths", H + b"Content-Length: 5, 5\r\n\r\n" + BODY, 400),
    ("a signed length", H + b"Content-Length: +5\r\n\r\n" + BODY, 400),
    ("a length in hexadecimal", H + b"Content-Length: 0x5\r\n\r\n" + BODY,
     400),
    ("an empty length", H + b"Content-Length:\r\n\r\n" + BODY, 400),
    ("a length beyond all", H + b"Content-Length: 99999999999999999999"
     b"\r\n\r\n" + BODY, 400),
    ("a folded field", H + b"X: a\r\n b\r\n" + SIZED + b"\r\n" + BODY, 400),
    ("a bare CR", H + b"X: a\rb\r\n" + SIZED + b"\r\n" + BODY, 400),
    ("a bare LF", H.replace(b"\r\n", b"\n") + SIZED + b"\r\n" + BODY, 400),
    ("NUL in a value", H + b"X: a\0b\r\n" + SIZED + b"\r\n" + BODY, 400),
    ("a control byte", H + b"X: a\x01b\r\n" + SIZED + b"\r\n" + BODY, 400),
    ("a blank before the colon", H + b"Content-Length : 5\r\n\r\n" + BODY,
     400),
    ("an empty name", H + b": x\r\n" + SIZED + b"\r\n" + BODY, 400),
    ("a name that is none", H + b"X(y): x\r\n" + SIZED + b"\r\n" + BODY,
     400),
    ("no Host", H.replace(b"Host: a\r\n", b"") + SIZED + b"\r\n" + BODY,
     400),
    ("two Hosts", H + b"Host: b\r\n" + SIZED + b"\r\n" + BODY, 400),
    ("a Host with a comma", H.replace(b": a", b": a, b") + SIZED + b"\r\n" +
     BODY, 400),
    ("a Host with a user", H.replace(b": a", b": u@a") + SIZED + b"\r\n" +
     BODY, 400),
    ("another host in the target",
     H.replace(b"/api", b"http://b/api") + SIZED + b"\r\n" + BODY, 400),
    ("a chunk size with a sign", CHUNKED + b"+" + PIECE + b"0\r\n\r\n", 400),
    ("a chunk size with 0x", CHUNKED + b"0x" + PIECE + b"0\r\n\r\n", 400),
    ("a chunk size with _", CHUNKED + b"0_" + PIECE + b"0\r\n\r\n", 400),
    ("a chunk size with a blank", CHUNKED + b" " + PIECE + b"0\r\n\r\n",
     400),
    ("a chunk size of 17 digits", CHUNKED + b"0" * 16 + PIECE +
     b"0\r\n\r\n", 400),
    ("a long chunk extension", CHUNKED +
     PIECE.replace(b"\r\n", b";" + b"x" * 300 + b"\r\n", 1), 400),
    ("a chunk extension with LF", CHUNKED +
     PIECE.replace(b"\r\n", b";a\nb\r\n", 1), 400),
    ("a chunk line with LF", CHUNKED + PIECE.replace(b"\r\n", b"\n", 1),
     400),
    ("a chunk without CRLF", CHUNKED + PIECE[:-2] + b"0\r\n\r\n", 400),
    ("a trailer of framing", CHUNKED + PIECE +
     b"0\r\nContent-Length: 5\r\n\r\n", 400),
    ("CONNECT", b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501),
    ("TRACE", b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    ("an upgrade", H + b"Connection: upgrade\r\nUpgrade: websocket\r\n" +
     SIZED + b"\r\n" + BODY, 400),
    ("HTTP/2.0", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    ("HTTP/1.2", H.replace(b"1.1", b"1.2") + SIZED + b"\r\n" + BODY, 505),
    ("HTTP/0.9", b"GET /api/tags\r\n\r\n", 400),
    ("another expectation", H + b"Expect: 200-ok\r\n" + SIZED + b"\r\n" +
     BODY, 417),
)


@claim
def what_is_no_http_reaches_nobody():
    with world() as (q, f):
        assert q.ask("POST", "/api/generate", BODY).status == 200
        until(lambda: f.events("tags"))
        f.set(reset=True)
        behind = b"DELETE /api/delete HTTP/1.1\r\nHost: a\r\n" \
            b"Content-Length: 13\r\n\r\n{\"model\":\"a\"}"
        for what, data, status in MALFORMED:
            with q.connect() as s:
                s.sendall(data + behind)
                got = read_all(s)     # and it closes
            assert got.startswith(b"HTTP/1.1 %d " % status), (what, got)
            assert got.count(b"HTTP/1.1 ") == 1, (what, got)
            assert b"Connection: close" in got, (what, got)
        assert not f.events("asked") and not f.events("error"), f.ask()
        # What was behind did nothing either.
        assert q.ask("POST", "/api/generate", BODY).status == 200
        assert q.metric("parse_errors_total") == len(MALFORMED)


# ---- Reload. ----

def answer(s):
    r = Response(Keep(s))
    return r.read()


@claim
def a_reload_takes_nothing_from_who_is_served():
    for prefill in 0, 400:      # part of an answer is there, or none of it
        reload_while_served(prefill)


def reload_while_served(prefill):
    with tempfile.TemporaryDirectory() as dir:
        fakes = [Fake("--token-ms", 10, "--prefill-ms", prefill)
                 for _ in range(2)]
        port = free_port()
        q = Queue(dir, *fakes, limit=4, slots=1,
                  listen=["127.0.0.1:%d" % port])
        try:
            idle = socket.create_connection(("127.0.0.1", port), 10)
            idle.sendall(raw("/api/version", method="GET"))
            read_until(idle, b"fake")
            body = generate(options={"num_predict": 80})
            held = [q.connect(), socket.create_connection(
                ("127.0.0.1", port), 10)]
            for s, model in zip(held, "ab"):
                s.sendall(raw(body=dict(body, model=model)))
            for f in fakes:
                until(lambda: f.ask()["running"] == 1)
            if prefill == 0:
                for s in held:
                    s.recv(1, socket.MSG_PEEK)
            # Both its backend and its listener go.
            with open(q.path) as file:
                text = file.read()
            with open(q.path, "w") as file:
                file.write(text[:text.index("[backend b1]")] +
                           text[text.index("[listen l0]"):
                                text.index("[listen l1]")])
            q.process.send_signal(1)
            until(lambda: ": reloaded" in q.said())
            assert read_all(idle) == b"", "who asks nothing is let go"
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                raise AssertionError("it still listens")
            except ConnectionRefusedError:
                pass
            for s in held:
                assert b'"done": true' in answer(s)
            assert read_all(held[1]) == b"", "served, and let go"
            assert ask_at(q.port, body=generate("b")).status == 200
            assert [b["backend"] for b in
                    q.records("/v1/status", "backend")] == ["b0"]
            assert all(f.events("cancelled") == [] for f in fakes)
            assert [len(f.events("run")) for f in fakes] == [2, 1]
            for s in held + [idle]:
                s.close()
        finally:
            q.stop()
            for f in fakes:
                f.stop()


@claim
def several_servers_have_one_list():
    with world(fakes=2, conf="health_interval = 200ms\nhealth_fall = 1\n"
               "health_timeout = 1s\nmodels_interval = 0") as (q, a, b):
        a.set(models=["one", "both"])
        b.set(models=["two", "both"])

        def named(path="/api/tags", of="models", name="model"):
            r = ask_at(q.port, path, method="GET")
            assert r.status == 200, (path, r.status, r.body)
            assert r.headers["X-Aikit-Request-Id"]
            return [m[name] for m in json.loads(r.body)[of]]

        every = ["both:latest", "one:latest", "two:latest"]
        # What the first has comes first, whoever is the quicker.
        for late in a, b, None:
            for f in a, b:
                f.set(tags_ms=100 if f is late else 0)
            assert named() == every
        assert named("/v1/models", "data", "id") == every
        # One model that runs on both runs twice.
        assert named("/api/ps") == []
        for f in a, b:
            ask_at(f.port, body=generate("both"))
        assert named("/api/ps") == ["both", "both"]
        r = ask_at(q.port, "/api/tags", method="HEAD")
        assert r.status == 200 and r.body == b""
        # Whether a page may read it is for one of them to say.
        r = ask_at(q.port, "/api/tags", method="GET",
                   headers={"origin": "http://page.example"})
        assert "host" in json.loads(r.body)
        # A second one on the same connection, and a client that leaves.
        with q.connect() as s:
            s.sendall(raw("/api/tags", method="GET") * 2)
            for _ in range(2):
                assert b"two:latest" in answer(s)
        b.set(tags_ms=300)
        with q.connect() as s:
            s.sendall(raw("/api/tags", method="GET"))
            until(lambda: q.records("/v1/requests", "request"))
        until(lambda: q.records("/v1/requests", "request") == [])
        # Who fails to answer is left out; when all do, that is told.
        b.set(tags_ms=0, tags=500)
        assert named() == ["both:latest", "one:latest"]
        b.set(tags=None, tags_ms=3000)
        assert named() == ["both:latest", "one:latest"]
        a.set(tags=500)
        assert ask_at(q.port, "/api/tags", method="GET").status == 503
        # Of one that is there a list is passed on as it is.
        a.set(tags=None)
        b.set(tags_ms=0, down=True)
        until(lambda: q.metric("backend_up") == 1)
        r = ask_at(q.port, "/api/tags", method="GET")
        assert json.loads(r.body)["host"] == "127.0.0.1:%d" % a.port


@claim
def a_file_in_the_place_of_a_socket_stays():
    with tempfile.TemporaryDirectory() as dir:
        path = dir + "/s"
        with open(path, "w") as file:
            file.write("precious")
        for option in (["--listen", "unix:" + path],
                       ["--listen", "127.0.0.1:0", "--admin", path]):
            got = subprocess.run(
                claims.QUEUE + ["--backend", "http://127.0.0.1:1",
                                "--admin", dir + "/admin"] + option,
                capture_output=True, text=True, timeout=10)
            assert got.returncode == 73, got
            assert got.stderr.endswith(path + ": is there and no socket\n"), \
                got.stderr
            with open(path) as file:
                assert file.read() == "precious"


@claim
def who_waits_for_a_backend_that_is_gone_is_told():
    with world("--token-ms", 20, fakes=2, limit=4, slots=1,
               conf="health_interval = 100ms\nhealth_fall = 2") as (q, a, b):
        a.set(models=["one"])
        b.set(models=["two"])
        time.sleep(0.3)     # as old as a list must be to be read again
        assert ask_at(q.port, body=generate("two")).status == 200
        with q.connect() as s:
            s.settimeout(20)
            first = busy(q, b, "two")
            s.sendall(raw(body=generate("two")))
            until(lambda: q.records("/v1/requests?state=queued", "request"))
            b.set(hang=True, down=True)
            first.close()
            begun = time.monotonic()
            r = Response(Keep(s))
            took = time.monotonic() - begun
            assert r.status == 503 and r.getheader("Retry-After"), r.status
            assert 5 < took < 15, took
        assert ask_at(q.port, body=generate("one")).status == 200


# ---- What the backends have loaded. ----

@claim
def what_is_loaded_by_another_way_is_known():
    with world("--loaded-max", 2, loaded=2,
               conf="residency_interval = 200ms") as (q, f):
        ask_at(f.port, body=generate("a"))
        until(lambda: [m for m in q.records("/v1/status", "model")
                       if m["model"] == "a:latest" and "loaded_on" in m])
        log = Log(q)
        for model in "abab":
            assert ask_at(q.port, body=generate(model)).status == 200
        switched = ["switched" in line for line in log.after(4)]
        assert switched == [False, True, False, False], switched
        assert q.metric("backend_resident") == 2
        ask_at(f.port, body={"model": "b", "keep_alive": 0})
        until(lambda: q.metric("backend_resident") == 1)
        assert ask_at(q.port, body=generate("b")).status == 200
        assert "switched" in log.after(5)[4]


@claim
def the_one_that_must_go_is_unloaded_by_name():
    with world("--loaded-max", 2, "--token-ms", 20, loaded=2, limit=4,
               slots=1) as (q, f):
        with open(q.path) as file:
            text = file.read()
        with open(q.path, "w") as file:
            file.write(text.replace("loaded = 2\n", "loaded = 2\n"
                                    "unload = yes\n"))
        q.process.send_signal(1)
        until(lambda: ": reloaded" in q.said())
        for model in "ab":
            assert ask_at(q.port, body=generate(model)).status == 200
        # b works on, and stays: a goes.
        s = busy(q, f, "b")
        assert not f.events("unload")
        assert ask_at(q.port, body=generate("c")).status == 200
        assert [e["model"] for e in f.events("unload")] == ["a:latest"], \
            f.events("unload")
        assert f.ask()["running"] == 1
        s.close()


def load(q, model, what="load", head=""):
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(20)
        s.connect(q.path.replace("queue-", "admin-")[:-5])
        s.sendall(raw("/v1/models/%s/%s" % (model, what), head=head))
        r = Response(Keep(s))
        r.body = json.loads(r.read())
        return r


@claim
def the_operator_loads_without_hanging_ollama():
    with world("--bug-17408", "--slots", 2, "--token-ms", 5, slots=2,
               limit=2) as (q, f):
        stop = threading.Event()

        def traffic():
            with contextlib.suppress(OSError):
                while not stop.is_set():
                    ask_at(q.port, body=generate("a", keep_alive=-1))
        threads = [threading.Thread(target=traffic) for _ in range(3)]
        for t in threads:
            t.start()
        try:
            until(lambda: len(f.events("run")) > 5)
            r = load(q, "b")
            assert r.status == 200, r.body
            assert "b" in [e["model"] for e in f.events("loaded")]
        finally:
            stop.set()
            for t in threads:
                t.join()
        assert not f.ask()["stuck"]


@claim
def the_operator_loads_where_the_model_is():
    with world(fakes=2) as (q, a, b):
        a.set(models=["one"])
        b.set(models=["two"])
        time.sleep(0.3)     # as old as a list must be to be read again
        for head in ("", "Connection: close\r\n"):
            r = load(q, "two", head=head)
            assert r.status == 200 and r.body["backend"] == "b1", r.body
            assert b.ask()["resident"] == ["two"]
            r = load(q, "two", "unload", head)
            assert r.status == 200 and r.body["backend"] == "b1", r.body
            assert b.ask()["resident"] == []
        r = load(q, "three")
        assert r.status == 404, r.body
        assert "not found" in r.body["error"], r.body


# ---- Metrics. ----

# Each that is promised, and what it is after what happens below; None where
# it is something, and ... where it may be nothing.
METRICS = {
    "build_info": 1, "requests_total": None, "depth": 0,
    "depth_limit": 30000, "wait_seconds_count": 4, "rejected_total": 3,
    "cancelled_total": 1, "running": 1, "slots": 1,
    "oldest_wait_seconds": 0, "upstream_ttfb_seconds_count": 4,
    "time_to_first_token_seconds_count": 4,
    "request_duration_seconds_count": None,
    "inter_token_seconds_count": None, "prompt_tokens_total": 21,
    "generated_tokens_total": None, "model_switches_total": 3,
    "model_load_seconds_count": 2, "gpu_busy_seconds_total": None,
    "client_tokens_total": None, "fairness_gap_tokens": 0,
    "starvation_promotions_total": 0, "backend_up": 1,
    "backend_resident": 1, "breaker_state": 0, "overhead_seconds_count": None,
    "parse_errors_total": 1, "spilled_bytes": 0, "paused": 0,
    "backend_silent": 0, "backend_requests_total": 5,
    "backend_failures_total": 0, "switch_seconds_total": None,
    "switches_failed_total": 0, "preempted_total": 0, "connections": 1,
    "accepted_total": None, "accept_throttled_total": 0, "retried_total": 0,
    "replayed_total": 0, "upstream_connects_total": None,
    "upstream_malformed_total": 0, "body_memory_bytes": ...,
    "log_dropped_total": 0,
}


@claim
def each_metric_is_there_and_is_filled():
    with world("--token-ms", 5, "--load-ms", 150,
               conf="client_labels = yes") as (q, f):
        until(lambda: f.events("tags"))
        for model in "ab":
            assert ask_at(q.port, body=generate(model)).status == 200
        assert ask_at(q.port, body=generate("missing")).status == 404
        assert ask_at(q.port, path="/api/nothing").status == 404
        with q.connect() as s:
            s.sendall(b"GET / HTTP/1.1\nHost: x\n\n")
            read_all(s)
        s = busy(q, f, "a")
        read_until(s, b"t1 ")
        s.close()
        until(lambda: q.metric("cancelled_total") == 1)
        assert ask_at(q.port, body=generate("a")).status == 200
        assert ask_at(q.port, "/api/tags", method="PUT").status == 405
        s = busy(q, f, "a")
        text = q.admin("/metrics")
        for name, want in METRICS.items():
            assert "\naikit_queue_" + name in text, name
            got = q.metric(name + "{") + q.metric(name + " ")
            assert want is ... or (got > 0 if want is None else
                                   got == want), (name, got, want)
        for name in ("process_resident_memory_bytes", "process_open_fds",
                     "process_cpu_seconds_total"):
            assert float(text.split("\n" + name + " ")[1].split()[0]) > 0
        s.close()


if __name__ == "__main__":
    sys.exit(claims.main())
