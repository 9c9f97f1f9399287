#!/usr/bin/env python3
"""claims - what aikit-queue promises of bytes and connections, one function a
claim, each with a fake Ollama and a queue of its own.

    claims.py NAME...      all when none is named; exit 1 when one does not hold

AIKIT_QUEUE is the command that serves ("aikit-queue run").
"""
import atexit
import contextlib
import ctypes
import http.client
import json
import os
import random
import resource
import shlex
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))
from ports import free as free_port  # noqa: E402

QUEUE = shlex.split(os.environ.get("AIKIT_QUEUE", "aikit-queue run"))
CLAIMS = {}


def claim(f):
    CLAIMS[f.__name__] = f
    return f


def until(holds, seconds=5, what="in time"):
    end = time.monotonic() + seconds
    while True:
        value = holds()
        if value:
            return value
        assert time.monotonic() < end, "not " + what
        time.sleep(0.005)


class Fake:
    def __init__(self, *args):
        self.process = subprocess.Popen(
            [sys.executable, HERE + "/fake_ollama.py", *map(str, args)],
            stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        assert self.url, "no fake"
        self.port = int(self.url.rsplit(":", 1)[1]) \
            if self.url.startswith("http") else None

    def ask(self, method="GET", body=None):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        c.request(method, "/fake", body and json.dumps(body))
        return json.loads(c.getresponse().read())

    def set(self, **what):
        self.ask("POST", what)

    def events(self, what):
        return [e for e in self.ask()["events"] if e["what"] == what]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Queue:
    def __init__(self, dir, *fakes, limit=1, slots=None, loaded=1, conf="",
                 listen=(), manage="manage = yes\n", files=None):
        self.port = free_port()
        path = dir + "/queue-%d.conf" % self.port
        self.path = path
        text = "[queue]\nlimit = %d\nadmin = %s/admin-%d\n%s\n" % (
            limit, dir, self.port, conf)
        for n, fake in enumerate(fakes):
            url = fake if isinstance(fake, str) else fake.url
            text += "[backend b%d]\nurl = %s\nslots = %d\nloaded = %d\n" % (
                n, url, slots or max(limit, 1), loaded)
        for n, at in enumerate(("127.0.0.1:%d" % self.port, *listen)):
            text += "[listen l%d]\naddress = %s\n%s" % (
                n, at + "\n", manage)
        with open(path, "w") as f:
            f.write(text)
        self.log = open(dir + "/queue-%d.log" % self.port, "w+")
        self.process = subprocess.Popen(
            QUEUE + [path], stderr=self.log, stdout=self.log,
            preexec_fn=files and (lambda: resource.setrlimit(
                resource.RLIMIT_NOFILE, (files, files))))
        atexit.register(self.process.kill)      # however the claim ends
        until(self.up, 10, "listening")

    def up(self):
        assert self.process.poll() is None, "queue ended: " + self.said()
        try:
            self.connect().close()
            self.admin("/healthz")  # is there a little later
            return True
        except OSError:
            return False

    def said(self):
        self.log.flush()
        with open(self.log.name) as f:
            return f.read()

    def connect(self, timeout=10):
        s = socket.create_connection(("127.0.0.1", self.port), timeout)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return s

    def ask(self, method, path, body=None, headers={}, timeout=20):
        c = http.client.HTTPConnection("127.0.0.1", self.port,
                                       timeout=timeout)
        if isinstance(body, dict):
            body = json.dumps(body)
        c.request(method, path, body, headers)
        r = c.getresponse()
        r.body = r.read()
        c.close()
        return r

    def admin(self, path, method="GET", body=None):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(10)
            s.connect(self.path.replace("queue-", "admin-")[:-5])
            s.sendall(raw(path, body, method, "Connection: close\r\n"))
            return Response(Keep(s)).read().decode()

    def records(self, path, kind):
        return [r for r in map(json.loads, self.admin(path).splitlines())
                if r["type"] == kind]

    def metric(self, name):
        """The sum of its samples whose text begins so."""
        return sum(float(line.rsplit(" ", 1)[1])
                   for line in self.admin("/metrics").splitlines()
                   if line.startswith("aikit_queue_" + name))

    def rss(self):
        """kB; 0 when a sanitizer's own memory would be measured."""
        with open("/proc/%d/maps" % self.process.pid) as f:
            if "libasan" in f.read():
                return 0
        with open("/proc/%d/status" % self.process.pid) as f:
            for line in f:
                if line.startswith("VmRSS"):
                    return int(line.split()[1])

    def stop(self):
        self.process.terminate()
        code = self.process.wait(20)
        text = self.said()
        self.log.close()
        assert code == 0, "queue ended with %d: %s" % (code, text)


@contextlib.contextmanager
def world(*fake, fakes=1, **queue):
    with tempfile.TemporaryDirectory() as dir:
        made = [Fake(*fake) for _ in range(fakes)]
        try:
            q = Queue(dir, *made, **queue)
            try:
                yield (q, *made)
            finally:
                q.stop()
        finally:
            for f in made:
                f.stop()


def generate(model="a", **more):
    return dict({"model": model, "prompt": "x"}, **more)


def raw(path="/api/generate", body=None, method="POST", head=""):
    data = json.dumps(body).encode() if body is not None else b""
    return ("%s %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n" %
            (method, path, head, len(data))).encode() + data


def read_all(s):
    data = b""
    with contextlib.suppress(ConnectionResetError):
        while True:
            piece = s.recv(65536)
            if not piece:
                break
            data += piece
    return data


def read_until(s, mark):
    data = b""
    while mark not in data:
        piece = s.recv(65536)
        assert piece, "ended before %r: %r" % (mark, data)
        data += piece
    return data


class Response(http.client.HTTPResponse):
    """Of a raw socket, so that several can be read one after the other."""

    def __init__(self, file, method="GET"):
        class Holder:
            @staticmethod
            def makefile(_mode):
                return file
        super().__init__(Holder, method=method)
        self.begin()


class Keep:
    """A file that survives the close of the response that read from it."""

    def __init__(self, s):
        self.file = s.makefile("rb")

    def __getattr__(self, name):
        return getattr(self.file, name)

    def close(self):
        pass


def leave(s, reset=False):
    if reset:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                     struct.pack("ii", 1, 0))
    s.close()


# ---- Passing through. ----

@claim
def host_is_rewritten():
    with world() as (q, f):
        r = q.ask("GET", "/api/tags", headers={"Host": "evil.example"})
        assert json.loads(r.body)["host"] == "127.0.0.1:%d" % f.port


@claim
def head_has_no_body():
    with world() as (q, f):
        with q.connect() as s:
            s.sendall(b"HEAD /api/tags HTTP/1.1\r\nHost: x\r\n\r\n"
                      b"GET /api/version HTTP/1.1\r\nHost: x\r\n"
                      b"Connection: close\r\n\r\n")
            data = read_all(s)
        assert data.count(b"HTTP/1.1 200") == 2, data
        assert b"models" not in data and b"0.0.0-fake" in data, data


def alone(port):
    """How many of 200 tokens, 5 ms apart, came apart."""
    c = http.client.HTTPConnection("127.0.0.1", port)
    c.request("POST", "/api/chat", json.dumps({
        "model": "a", "messages": [{"role": "user", "content": "x"}],
        "options": {"num_predict": 200}}))
    times, lines = [], []
    for line in c.getresponse():
        times.append(time.monotonic())
        lines.append(json.loads(line))
    assert len(lines) == 201 and lines[-1]["done"]
    return sum(b - a > 0.002 for a, b in zip(times, times[1:]))


@claim
def tokens_arrive_one_by_one():
    with world("--token-ms", 5) as (q, f):
        # Beside the fake alone, since a busy machine runs tokens together.
        best = max(alone(q.port) - alone(f.port) for _ in range(4))
        assert best >= -10, "%d more came together than directly" % -best


@claim
def every_dialect_streams():
    with world() as (q, f):
        for path, mark in (("/v1/chat/completions", b"data: [DONE]"),
                           ("/v1/messages", b"data:"),
                           ("/api/chat", b'"done": true')):
            r = q.ask("POST", path, {
                "model": "a", "stream": True, "max_tokens": 3,
                "messages": [{"role": "user", "content": "x"}]})
            assert r.status == 200 and mark in r.body, (path, r.body)
            assert r.getheader("X-Aikit-Request-Id")
            assert r.getheader("X-Aikit-Queue-Wait-Ms") is not None


@claim
def chunked_bodies_are_taken():
    with world() as (q, f):
        def pieces():
            text = json.dumps(generate(stream=False)).encode()
            for n in range(0, len(text), 7):
                yield text[n:n + 7]
        c = http.client.HTTPConnection("127.0.0.1", q.port)
        c.request("POST", "/api/generate", pieces(), encode_chunked=True,
                  headers={"Transfer-Encoding": "chunked"})
        r = c.getresponse()
        assert r.status == 200 and json.loads(r.read())["done"]


@claim
def a_byte_at_a_time_is_the_same():
    with world() as (q, f):
        with q.connect() as s:
            for b in raw(body=generate(stream=False)):
                s.sendall(bytes([b]))
            r = Response(Keep(s))
            assert r.status == 200 and json.loads(r.read())["done"]


@claim
def continue_is_said_before_the_body():
    with world() as (q, f):
        body = json.dumps(generate(stream=False)).encode()
        with q.connect() as s:
            s.sendall(b"POST /api/generate HTTP/1.1\r\nHost: x\r\n"
                      b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" %
                      len(body))
            read_until(s, b"100 Continue\r\n\r\n")
            s.sendall(body)
            assert Response(Keep(s)).status == 200


@claim
def expect_is_refused_when_the_queue_is_full():
    with world("--token-ms", 100, conf="queue_limit = 1") as (q, f):
        first, second = q.connect(), q.connect()
        first.sendall(raw(body=generate()))
        until(lambda: f.events("run"))
        second.sendall(raw(body=generate()))
        time.sleep(0.1)
        with q.connect() as s:
            s.sendall(b"POST /api/generate HTTP/1.1\r\nHost: x\r\n"
                      b"Expect: 100-continue\r\nContent-Length: 99\r\n\r\n")
            r = Response(Keep(s))
            assert r.status == 503 and r.getheader("Retry-After"), r.status
        first.close(), second.close()


@claim
def pipelined_requests_are_answered_in_order():
    with world(slots=4, limit=4) as (q, f):
        with q.connect() as s:
            s.sendall(b"".join(
                raw(body=generate(stream=False,
                                  options={"num_predict": 9 - n}))
                for n in range(8)) + raw("/api/version", method="GET"))
            file = Keep(s)
            counts = [json.loads(Response(file, "POST").read())["eval_count"]
                      for n in range(8)]
            assert counts == list(range(9, 1, -1)), counts
            assert b"fake" in Response(file).read()


@claim
def a_unix_socket_serves_and_knows_its_peer():
    with tempfile.TemporaryDirectory() as dir:
        path = dir + "/s"
        fake = Fake("--listen", "unix:" + dir + "/ollama")
        q = Queue(dir, fake, listen=["unix:" + path])
        try:
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(10)
                s.connect(path)
                s.sendall(raw(body=generate(stream=False)))
                r = Response(Keep(s))
                assert r.status == 200 and json.loads(r.read())["done"]
            q.stop()
            assert not os.path.exists(path), "the socket stays"
        finally:
            fake.stop()


@claim
def old_clients_are_answered_until_the_end():
    with world() as (q, f):
        with q.connect() as s:
            body = json.dumps(generate()).encode()
            s.sendall(b"POST /api/generate HTTP/1.0\r\nContent-Length: %d"
                      b"\r\n\r\n" % len(body) + body)
            data = read_all(s)
        assert b"chunked" not in data and b'"done": true' in data, data


@claim
def large_bodies_are_spilled_and_arrive():
    with world(conf="keep_alive = 7m") as (q, f):
        before = q.rss()
        big = "y" * 20_000_000
        for _ in range(2):
            r = q.ask("POST", "/api/generate",
                      generate(stream=False, images=[big]))
            assert r.status == 200, r.body
        assert f.ask()["bytes"] > 40_000_000
        assert q.rss() - before < 2000, "%d kB more" % (q.rss() - before)
        r = q.ask("POST", "/api/show", {"model": "a", "pad": big})
        assert json.loads(r.body)["length"] > len(big)


def blob(q, size, chunked):
    piece = b"z" * (1 << 20)
    peak = 0
    with q.connect(60) as s:
        s.sendall(b"POST /api/blobs/sha256:0 HTTP/1.1\r\nHost: x\r\n" + (
            b"Transfer-Encoding: chunked\r\n\r\n" if chunked else
            b"Content-Length: %d\r\n\r\n" % size))
        for n in range(size >> 20):
            s.sendall(b"100000\r\n" + piece + b"\r\n" if chunked else piece)
            if n % 32 == 0:
                peak = max(peak, q.rss())
        if chunked:
            s.sendall(b"0\r\n\r\n")
        assert Response(Keep(s)).status == 201
    return peak


@claim
def a_blob_of_a_gigabyte_takes_no_memory():
    with world() as (q, f):
        before = q.rss()
        peak = blob(q, 1 << 30, False)
        assert f.ask()["bytes"] == 1 << 30
        assert peak - before < 3000, "%d kB more" % (peak - before)
        peak = blob(q, 64 << 20, True)
        assert f.ask()["bytes"] == (1 << 30) + (64 << 20)
        assert peak - before < 3000, "%d kB more" % (peak - before)


@claim
def a_blob_left_half_way_is_left_there_too():
    with world() as (q, f):
        s = q.connect()
        s.sendall(b"POST /api/blobs/sha256:0 HTTP/1.1\r\nHost: x\r\n"
                  b"Content-Length: 1000000\r\n\r\n" + b"z" * 1000)
        until(lambda: f.ask()["bytes"] == 1000)
        s.close()
        assert q.ask("GET", "/api/version").status == 200


@claim
def pulls_have_a_lane_of_their_own():
    with world("--token-ms", 50) as (q, f):
        with q.connect() as s:
            s.sendall(raw(body=generate()))
            until(lambda: f.events("run"))
            r = q.ask("POST", "/api/pull", {"model": "b"}, timeout=2)
            assert r.body.count(b"pulling") == 5


@claim
def a_pull_may_take_as_long_as_it_goes_on():
    with world(conf="run_timeout = 500ms\nstall_timeout = 300ms") as (q, f):
        for pause in (200, 400):
            f.set(pull_ms=pause)
            r = q.ask("POST", "/api/pull", {"model": "b"})
            assert r.body.count(b"pulling") == 5, (pause, r.body)
        f.set(pull_ms=3000)
        begun = time.monotonic()
        with contextlib.suppress(http.client.IncompleteRead):
            q.ask("POST", "/api/pull", {"model": "b"})
        assert time.monotonic() - begun < 2, "a pause has no end"


@claim
def unloading_is_never_behind_work():
    with world("--token-ms", 500) as (q, f):
        with q.connect() as s:
            s.sendall(raw(body=generate()))
            until(lambda: f.events("run"))
            begun = time.monotonic()
            r = q.ask("POST", "/api/generate",
                      {"model": "b", "keep_alive": 0})
            assert r.status == 200 and time.monotonic() - begun < 3
            assert b"unload" in r.body


def zstd(data):
    lib = ctypes.CDLL("libzstd.so.1")
    room = len(data) + 1000
    text = ctypes.create_string_buffer(room)
    lib.ZSTD_compress.restype = ctypes.c_size_t
    n = lib.ZSTD_compress(text, ctypes.c_size_t(room), data,
                          ctypes.c_size_t(len(data)), 3)
    return text[:n]


@claim
def a_body_in_zstd_is_looked_into_and_goes_on_as_it_came():
    with world() as (q, f):
        until(lambda: f.events("tags"))
        for size in (1, 3_000_000):
            body = json.dumps({"model": "a", "max_tokens": 3, "messages": [
                {"role": "user", "content": random.Random(1).randbytes(
                    size // 2).hex()}]}).encode()
            r = q.ask("POST", "/v1/chat/completions", zstd(body),
                      {"Content-Encoding": "zstd"})
            assert r.status == 200, (r.status, r.body)
            assert r.getheader("X-Aikit-Queue-Position") is not None
        body = body.replace(b'"a"', b'"missing"')
        for data, status in ((zstd(body), 404), (zstd(body)[:-9], 400),
                             (body, 400)):
            r = q.ask("POST", "/v1/chat/completions", data,
                      {"Content-Encoding": "zstd"})
            assert r.status == status, (status, r.status, r.body)
        assert q.ask("POST", "/v1/chat/completions", body,
                     {"Content-Encoding": "gzip"}).status == 415


@claim
def a_transcription_waits_for_its_model():
    with world("--token-ms", 20) as (q, f):
        until(lambda: f.events("tags"))
        kind = {"Content-Type": "multipart/form-data; boundary=xx"}
        sound = random.Random(1).randbytes(300_000)
        form = (b'--xx\r\nContent-Disposition: form-data; name="file"; '
                b'filename="a.wav"\r\n\r\n' + sound +
                b'\r\n--xx\r\nContent-Disposition: form-data; '
                b'name="model"\r\n\r\nMODEL\r\n--xx--\r\n')

        def of(model):
            return form.replace(b"MODEL", model)
        with q.connect() as s:
            s.sendall(raw(body=generate("b")))
            until(lambda: f.events("run"))
            r = q.ask("POST", "/v1/audio/transcriptions", of(b"a"), kind)
            got = json.loads(r.body)
            assert r.status == 200 and got["text"] == "heard", r.body
            assert got["length"] == len(of(b"a"))
            assert f.ask()["peak"] == 1 and f.ask()["loads"] == 2
        for data, status in ((of(b"missing"), 404),
                             (form.replace(b'"model"', b'"mode"'), 400)):
            r = q.ask("POST", "/v1/audio/transcriptions", data, kind)
            assert r.status == status, (status, r.body)
            assert "message" in json.loads(r.body)["error"]
        # Ollama would take the model from there.
        r = q.ask("POST", "/v1/audio/transcriptions?model=b", of(b"a"), kind)
        assert r.status == 400, r.status


@claim
def an_offer_of_http2_is_let_be_and_other_upgrades_are_refused():
    with world() as (q, f):
        for offer, status in (("h2c", b" 200 "), ("websocket", b" 400 ")):
            with q.connect() as s:
                s.sendall(b"GET /api/version HTTP/1.1\r\nHost: x\r\n"
                          b"Connection: Upgrade, HTTP2-Settings, close\r\n"
                          b"HTTP2-Settings: AAMAAABkAAQAAP__\r\n"
                          b"Upgrade: %s\r\n\r\n" % offer.encode())
                data = read_all(s)
            assert data.startswith(b"HTTP/1.1" + status), data
            assert b"pgrade" not in data.split(b"\r\n\r\n")[0], data


# ---- Scheduling, as far as bytes go. ----

def together(q, jobs):
    """Each (path, body), at once; answers and when they ended."""
    out = [None] * len(jobs)

    def one(n, path, body):
        r = q.ask("POST", path, body, timeout=60)
        out[n] = (r.status, time.monotonic(), r.body)
    threads = [threading.Thread(target=one, args=(n, *job))
               for n, job in enumerate(jobs)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    return out


@claim
def two_models_take_turns():
    with world("--load-ms", 100, "--token-ms", 1, "--slots", 2, slots=2,
               limit=2) as (q, f):
        got = together(q, [("/api/generate", generate("ab"[n % 2]))
                           for n in range(20)])
        assert all(status == 200 for status, _, _ in got)
        loads = f.ask()["loads"]
        assert loads <= 4, "%d loads for two models" % loads
        assert f.ask()["peak"] == 2


@claim
def options_that_reload_are_kept_together():
    with world("--load-ms", 50) as (q, f):
        together(q, [("/api/generate", generate(
            options={"num_ctx": 2048 << (n % 2)})) for n in range(16)])
        assert f.ask()["loads"] <= 4, f.ask()["loads"]


@claim
def a_pinned_context_loads_once():
    with world("--load-ms", 50, conf="ctx_policy = pin\nnum_ctx = 4096") as \
            (q, f):
        together(q, [("/api/generate", generate(
            options={"num_ctx": 2048 << (n % 3)})) for n in range(9)])
        loads = f.events("load")
        assert len(loads) == 1 and loads[0]["options"]["num_ctx"] == 4096, \
            loads


def deadlocking(port, jobs, seconds):
    """How many of the jobs, all at once, are answered directly in time."""
    done = []

    def one(body):
        with contextlib.suppress(OSError):
            c = http.client.HTTPConnection("127.0.0.1", port,
                                           timeout=seconds)
            c.request("POST", "/api/generate", json.dumps(body))
            c.getresponse().read()
            done.append(1)
    threads = []
    for body in jobs:
        threads.append(threading.Thread(target=one, args=(body,)))
        threads[-1].start()
        time.sleep(0.01)
    for t in threads:
        t.join()
    return len(done)


def deadlock_jobs(bug):
    if bug == "--bug-14407":
        return [generate(options={"num_ctx": 1024 << (n % 2)})
                for n in range(12)]
    return [generate("a", keep_alive=-1) if n % 3 else
            generate("b", keep_alive=-1) for n in range(12)]


@claim
def what_deadlocks_ollama_passes_through():
    for bug in ("--bug-17408", "--bug-14407"):
        jobs = deadlock_jobs(bug)
        fake = Fake(bug, "--slots", 2, "--load-ms", 20)
        try:
            got = deadlocking(fake.port, jobs, 3)
            assert got < len(jobs) and fake.ask()["stuck"], \
                "%s: not a deadlock at all" % bug
        finally:
            fake.stop()
        with world(bug, "--slots", 2, "--load-ms", 20, slots=2, limit=2) as \
                (q, f):
            got = deadlocking(q.port, jobs, 20)
            assert got == len(jobs), "%s: %d" % (bug, got)
            assert not f.ask()["stuck"], bug


CLASSES = "[class interactive]\n[class normal]\n[class batch]\n"


@claim
def better_work_stops_what_may_be_stopped():
    with world("--prefill-ms", 1500, "--load-ms", 20,
               conf=CLASSES + "preemptible = yes") as (q, f):
        # One that still loads is not stopped.
        assert q.ask("POST", "/api/generate", generate("a")).status == 200
        f.set(reset=True)
        with q.connect() as s:
            s.sendall(raw(body=generate("a"),
                          head="X-Aikit-Priority: batch\r\n"))
            until(lambda: f.events("run"))
            begun = time.monotonic()
            r = q.ask("POST", "/api/generate", generate("b"),
                      {"X-Aikit-Priority": "interactive"})
            assert r.status == 200
            assert time.monotonic() - begun < 2.5, "it waited for batch"
            assert f.events("cancelled") and q.metric("preempted_total") == 1
            # What was stopped waits again, and is answered.
            assert Response(Keep(s)).read().count(b'"done": true') == 1


@claim
def a_burst_of_embeddings_delays_a_chat_by_one():
    with world("--embed-ms", 40, "--loaded-max", 2, loaded=2) as (q, f):
        q.ask("POST", "/api/generate", generate("chat"))
        q.ask("POST", "/api/embed", {"model": "embed", "input": "x"})

        def batch(n):
            q.ask("POST", "/api/embed", {"model": "embed", "input": "x"},
                  {"X-Aikit-Priority": "batch"}, 60)
        threads = [threading.Thread(target=batch, args=(n,))
                   for n in range(200)]
        for t in threads:
            t.start()
        until(lambda: len(f.events("run")) > 5)
        # The best of some: how busy this machine is is not the question.
        waited = []
        for _ in range(5):
            c = http.client.HTTPConnection("127.0.0.1", q.port)
            begun = time.monotonic()
            c.request("POST", "/api/chat", json.dumps({
                "model": "chat",
                "messages": [{"role": "user", "content": "x"}]}),
                {"X-Aikit-Priority": "interactive"})
            r = c.getresponse()
            r.readline()
            waited.append(time.monotonic() - begun)
            r.read()
        assert any(t.is_alive() for t in threads), "the burst was too short"
        for t in threads:
            t.join()
        assert min(waited) < 0.042 * 2 + 0.05, waited


@claim
def a_place_in_the_queue_and_its_wait_are_told():
    with world("--token-ms", 20) as (q, f):
        first = q.ask("POST", "/api/generate", generate())
        assert first.getheader("X-Aikit-Queue-Position") == "0"
        held = [q.connect() for _ in range(4)]
        held[0].sendall(raw(body=generate()))
        until(lambda: f.ask()["running"])
        for n, s in enumerate(held[1:]):
            s.sendall(raw(body=generate(), head="X-Aikit-Priority: batch\r\n"
                          if n == 0 else ""))
            until(lambda: len(q.records("/v1/requests?state=queued",
                                        "request")) == n + 1)
        waiting = q.records("/v1/requests?state=queued", "request")
        places = {(r["class"], r["position"]) for r in waiting}
        assert places == {("normal", 1), ("normal", 2), ("batch", 3)}, places
        waits = [r["estimate_seconds"]
                 for r in sorted(waiting, key=lambda r: r["position"])]
        assert 0 < waits[0] < waits[1] < waits[2] < 5, waits
        # What it was when it came: the batch was alone then.
        for s, place in zip(held[1:], "112"):
            assert Response(Keep(s)).getheader(
                "X-Aikit-Queue-Position") == place
        for s in held:
            s.close()


@claim
def switches_and_our_own_time_are_counted():
    with world("--load-ms", 20) as (q, f):
        for model in "abab":
            assert q.ask("POST", "/api/generate",
                         generate(model)).status == 200
        time.sleep(0.1)
        one = 'model_switches_total{from="%s",to="%s",reason="need"}'
        assert q.metric(one % ("none", "a:latest")) == 1
        assert q.metric(one % ("a:latest", "b:latest")) == 2
        assert q.metric(one % ("b:latest", "a:latest")) == 1
        assert q.metric("overhead_seconds_count") == 4
        own = q.metric("overhead_seconds_sum")
        assert 0 < own < 0.05, own      # one load alone takes 0.02
        version = subprocess.check_output([QUEUE[0], "--version"], text=True)
        assert q.metric('build_info{version="%s"} ' %
                        version.split()[1]) == 1
        # What we ask ourselves is none of that.
        assert q.metric("backend_requests_total") == 4
        f.set(down=True)
        time.sleep(0.3)
        assert q.metric("backend_failures_total") == 0


@claim
def managing_is_for_loopback_unless_it_is_said():
    with tempfile.TemporaryDirectory() as dir:
        fake = Fake()
        ports = [free_port() for _ in range(4)]
        at = ["127.0.0.1:%d" % ports[0], "0.0.0.0:%d" % ports[1],
              "127.0.0.1:%d\nmanage = no" % ports[2],
              "0.0.0.0:%d\nmanage = yes" % ports[3], "unix:" + dir + "/s"]
        q = Queue(dir, fake, listen=at, manage="")
        try:
            for port, status in zip([q.port] + ports,
                                    (200, 200, 403, 403, 200)):
                c = http.client.HTTPConnection("127.0.0.1", port)
                c.request("POST", "/api/pull", '{"model":"x"}')
                assert c.getresponse().status == status, (port, status)
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(dir + "/s")
                s.sendall(raw("/api/pull", {"model": "x"}))
                assert Response(Keep(s)).status == 200
            q.stop()
        finally:
            fake.stop()


# ---- Cancel, in every phase. ----

def cancel_once(q, f, model, phase, reset):
    """Seconds until the backend sees it."""
    f.set(reset=True)
    s = q.connect()
    s.sendall(raw(body=generate(model, options={"num_predict": 500})))
    until(lambda: f.events(phase))
    if phase == "run":
        read_until(s, b"t0 ")
    f.set(reset=True)
    leave(s, reset)
    until(lambda: f.events("cancelled"), 1, "cancelled")
    return f.events("cancelled")[0]["at"]


def cancel_in(phase, reset, *fake):
    with world("--models", "a,b,c,d,e", *fake) as (q, f):
        # The best of some: how busy this machine is is not the question.
        took = min(cancel_once(q, f, model, phase, reset)
                   for model in "abcde")
        assert took < 0.01, "after %.4f s" % took


@claim
def a_client_that_leaves_while_streaming_is_cancelled():
    for reset in (False, True):
        cancel_in("run", reset, "--token-ms", 5)


@claim
def a_client_that_leaves_while_loading_is_cancelled():
    for reset in (False, True):
        cancel_in("load", reset, "--load-ms", 3000)


@claim
def a_client_that_leaves_in_prefill_is_cancelled():
    with world("--prefill-ms", 3000) as (q, f):
        s = q.connect()
        s.sendall(raw(body=generate()))
        until(lambda: f.events("run"))
        s.close()
        until(lambda: f.events("cancelled"), 2, "cancelled")


@claim
def a_client_that_leaves_the_queue_is_never_sent():
    with world("--token-ms", 20) as (q, f):
        first = q.connect()
        first.sendall(raw(body=generate("a")))
        until(lambda: f.events("run"))
        for reset in (False, True):
            s = q.connect()
            s.sendall(raw(body=generate("b")))
            time.sleep(0.02)
            leave(s, reset)
        read_until(first, b"0\r\n\r\n")
        assert q.ask("POST", "/api/generate", generate("a")).status == 200
        assert not [e for e in f.events("asked") if e["model"] == "b"]
        first.close()


@claim
def a_client_that_leaves_in_its_body_leaves_nothing():
    with world() as (q, f):
        for reset in (False, True):
            s = q.connect()
            s.sendall(raw(body=generate())[:-5])
            time.sleep(0.02)
            leave(s, reset)
        assert q.ask("POST", "/api/generate", generate()).status == 200
        assert len(f.events("asked")) == 1


@claim
def a_client_that_leaves_while_connecting_is_forgotten():
    # A listener whose queue is full takes no connection.
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        held = []
        for _ in range(4):
            h = socket.socket()
            h.setblocking(False)
            h.connect_ex(("127.0.0.1", port))
            held.append(h)
        with tempfile.TemporaryDirectory() as dir:
            q = Queue(dir, "http://127.0.0.1:%d" % port,
                      conf="connect_timeout = 500ms")
            s = q.connect()
            s.sendall(raw(body=generate()))
            time.sleep(0.1)
            s.close()
            r = q.ask("POST", "/api/generate", generate())
            assert r.status in (502, 503), r.status
            q.stop()
        for h in held:
            h.close()


@claim
def half_close_can_be_allowed():
    for allowed in (False, True):
        with world("--token-ms", 20, conf="half_close = %s" %
                   ("yes" if allowed else "no")) as (q, f):
            with q.connect() as s:
                s.sendall(raw(body=generate()))
                until(lambda: f.events("run"))
                s.shutdown(socket.SHUT_WR)
                data = read_all(s)
            assert (b'"done": true' in data) == allowed, data


# ---- Backends that fail. ----

@claim
def death_before_the_first_byte_is_a_502():
    with world() as (q, f):
        # The first may go out on a kept connection, and is tried again.
        f.set(die="before", count=2)
        r = q.ask("POST", "/api/generate", generate())
        assert r.status == 502 and b"error" in r.body, r.status
        assert q.ask("POST", "/api/generate", generate()).status == 200


@claim
def a_kept_connection_that_dies_is_tried_again_once():
    with world() as (q, f):
        q.ask("POST", "/api/generate", generate())
        f.set(reset=True)
        f.set(die="before", count=1)
        r = q.ask("POST", "/api/generate", generate())
        assert r.status == 200, r.status
        f.set(die="before", count=2)
        r = q.ask("POST", "/api/generate", generate())
        assert r.status == 502, r.status


@claim
def death_in_the_head_is_never_tried_again():
    with world() as (q, f):
        q.ask("POST", "/api/generate", generate())
        f.set(die="head")
        assert q.ask("POST", "/api/generate", generate()).status == 502


@claim
def death_in_the_stream_is_an_error_object():
    with world() as (q, f):
        for path, mark in (("/api/generate", b'{"error":'),
                           ("/v1/chat/completions", b'data: {"error":'),
                           ("/v1/messages", b"event: error")):
            f.set(die="stream", count=1)
            r = q.ask("POST", path, {
                "model": "a", "stream": True, "prompt": "x",
                "messages": [{"role": "user", "content": "x"}]})
            assert r.status == 200 and mark in r.body, (path, r.body)
            assert r.body.count(b"t2 ") == 1


@claim
def another_backend_takes_over_before_the_first_byte():
    with world(fakes=2) as (q, a, b):
        for _ in range(4):
            a.set(die="before", count=1)
            b.set(die="before", count=1)
        got = [q.ask("POST", "/api/generate", generate(stream=False)).status
               for _ in range(4)]
        assert got.count(200) >= 3, got
        a.set(status=503)
        b.set(die="none")
        got = [q.ask("POST", "/api/generate",
                     generate(stream=False)).status for _ in range(4)]
        assert got == [200] * 4, got
        assert len(b.events("run")) >= 4 and not a.ask()["running"]


@claim
def a_backend_that_is_down_is_told_with_retry_after():
    with tempfile.TemporaryDirectory() as dir:
        q = Queue(dir, "http://127.0.0.1:%d" % free_port(),
                  conf="health_interval = 100ms\nhealth_fall = 1")

        def down():
            r = q.ask("POST", "/api/generate", generate())
            assert r.status in (502, 503), r.status
            return r.status == 503 and r.getheader("Retry-After")
        until(down, 5, "a 503")
        r = q.ask("POST", "/v1/messages", {
            "model": "a", "max_tokens": 1,
            "messages": [{"role": "user", "content": "x"}]})
        assert json.loads(r.body)["type"] == "error"
        q.stop()


@claim
def a_backend_that_comes_back_is_used_again():
    with world(conf="health_interval = 100ms\nhealth_fall = 1") as (q, f):
        f.set(down=True)
        until(lambda: q.ask("GET", "/api/tags").status == 503, 5, "down")
        f.set(down=False)
        until(lambda: q.ask("GET", "/api/tags").status == 200, 5, "up")


@claim
def a_breaker_opens_and_closes():
    with world(conf="health_interval = 100ms\nbreaker = 3\n"
               "breaker_wait = 500ms") as (q, f):
        f.set(status=500)
        for n in range(3):
            assert q.metric("breaker_state") == 0
            # That it answers other questions closes nothing.
            assert q.ask("GET", "/api/version").status == 200
            assert q.ask("POST", "/api/generate", generate()).status == 500
        assert q.metric("breaker_state") == 1
        asked = q.metric("backend_requests_total")
        r = q.ask("POST", "/api/generate", generate())
        assert r.status == 503 and r.getheader("Retry-After")
        assert q.metric("backend_requests_total") == asked
        until(lambda: q.metric("breaker_state") == 2, 3, "half open")
        assert q.ask("POST", "/api/generate", generate()).status == 500
        assert q.metric("breaker_state") == 1, "one failure opens it again"
        f.set(status=0)
        until(lambda: q.metric("breaker_state") == 2, 3, "half open")
        got = together(q, [("/api/generate", generate())] * 4)
        assert [status for status, _, _ in got] == [200] * 4
        assert q.metric("breaker_state") == 0
        assert "breaker open" in q.said() and "breaker closed" in q.said()


@claim
def a_backend_that_only_looks_well_is_found():
    with world(conf="health_interval = 100ms\nhealth_timeout = 100ms\n"
               "probe_model = a\nprobe_interval = 1s") as (q, f):
        until(lambda: f.events("run"), 5, "probed")
        f.set(hang=True)
        until(lambda: q.metric("backend_up") == 0, 10, "down")
        assert q.ask("POST", "/api/generate", generate()).status == 503
        # Its own questions are answered as well as ever.
        assert http.client.HTTPConnection("127.0.0.1", f.port)
        refused = q.metric("rejected_total")
        f.set(hang=False)
        until(lambda: q.metric("backend_up") == 1, 10, "up")
        assert q.ask("POST", "/api/generate", generate()).status == 200
        assert q.metric("rejected_total") == refused
        # Not while it works: that would cost somebody a load.
        f.set(reset=True)
        with q.connect() as s:
            s.sendall(raw(body=generate("b", options={"num_predict": 1000})))
            time.sleep(2)
            assert not [e for e in f.events("asked") if e["model"] == "a"]


@claim
def a_busy_backend_without_a_byte_is_told_of():
    with world(conf="health_interval = 100ms\nwatchdog = 500ms") as (q, f):
        f.set(hang=True)
        with q.connect() as s:
            s.sendall(raw(body=generate()))
            time.sleep(0.3)
            assert q.metric("backend_silent") == 0
            until(lambda: q.metric("backend_silent") == 1, 3, "told")
            assert ": silent" in q.said()
            assert q.records("/v1/status", "backend")[0]["state"] == "silent"
        until(lambda: q.metric("backend_silent") == 0, 3, "heard again")
        # One that is idle, or that speaks, is not silent.
        f.set(hang=False)
        r = q.ask("POST", "/api/generate", generate(
            options={"num_predict": 600}))
        assert r.status == 200 and q.said().count(": silent") == 1


@claim
def a_name_without_an_address_holds_nobody_up():
    with tempfile.TemporaryDirectory() as dir:
        fake = Fake()
        q = Queue(dir, fake, "http://nowhere.invalid:1",
                  conf="health_interval = 100ms\nhealth_fall = 1")
        try:
            time.sleep(0.5)
            for _ in range(20):
                begun = time.monotonic()
                r = q.ask("POST", "/api/generate", generate(stream=False))
                assert r.status == 200, r.status
                assert time.monotonic() - begun < 3
            q.stop()
        finally:
            fake.stop()


@claim
def malformed_answers_are_a_502():
    with world() as (q, f):
        for what in ("head", "length", "te"):
            f.set(malformed=what)
            r = q.ask("POST", "/api/generate", generate())
            assert r.status == 502, (what, r.status)
        f.set(malformed="chunk")
        r = q.ask("POST", "/api/generate", generate())
        assert r.status == 200 and b'"error"' in r.body, r.body
        f.set(malformed="json")
        r = q.ask("POST", "/api/generate", generate())
        assert r.status == 200 and r.body.count(b"[}") == 10, r.body


@claim
def a_model_that_is_nowhere_is_a_404():
    with world() as (q, f):
        until(lambda: f.events("tags"))
        for path, where in (("/api/chat", lambda e: e["error"]),
                            ("/v1/chat/completions",
                             lambda e: e["error"]["message"]),
                            ("/v1/messages",
                             lambda e: e["error"]["message"])):
            r = q.ask("POST", path, {
                "model": "missing", "max_tokens": 1,
                "messages": [{"role": "user", "content": "x"}]})
            assert r.status == 404, (path, r.status)
            said = where(json.loads(r.body))
            assert said == "model 'missing' not found", said
        r = q.ask("POST", "/api/chat", {"model": "missing:latest"})
        said = json.loads(r.body)["error"]
        assert said == "model 'missing:latest' not found", said
        # A model that is there is found in any case, and all of its names.
        for name in ("A", "a:latest", "library/a", "a:local"):
            r = q.ask("POST", "/api/embed", {"model": name, "input": "x"})
            assert r.status == 200, (name, r.body)


@claim
def a_model_that_is_nowhere_waits_for_nobody():
    with world("--token-ms", 50, "--tokens", 40) as (q, f):
        with q.connect() as s:
            s.sendall(raw(body=generate()))
            until(lambda: f.events("run"))
            begun = time.monotonic()
            r = q.ask("POST", "/api/generate", generate("missing"))
            assert r.status == 404 and time.monotonic() - begun < 1
            assert f.ask()["running"] == 1


@claim
def a_model_that_came_by_another_way_is_found():
    with world() as (q, f):
        until(lambda: f.events("tags"))
        assert q.ask("POST", "/api/generate",
                     generate("new")).status == 404
        time.sleep(0.3)     # as old as a list must be to be read again
        f.set(models=["new"])
        assert q.ask("POST", "/api/generate",
                     generate("new")).status == 200
        assert q.ask("POST", "/api/pull", {"model": "other"}).status == 200
        time.sleep(0.3)
        assert q.ask("POST", "/api/generate",
                     generate("other")).status == 200
        assert q.ask("DELETE", "/api/delete",
                     {"model": "other"}).status == 200

        def gone():
            n = len(f.events("asked"))
            r = q.ask("POST", "/api/generate", generate("other"))
            return r.status == 404 and len(f.events("asked")) == n
        until(gone, 5, "told by the queue")


@claim
def a_list_that_cannot_be_read_decides_nothing():
    with tempfile.TemporaryDirectory() as dir:
        fake = Fake()
        fake.set(tags=500)
        q = Queue(dir, fake)
        try:
            until(lambda: fake.events("tags"))
            r = q.ask("POST", "/api/generate", generate("missing"))
            # The backend's own words.
            assert r.status == 404 and b"'missing'" in r.body, r.body
            q.stop()
        finally:
            fake.stop()


@claim
def a_model_goes_to_the_backend_that_has_it():
    with world(fakes=2, conf="health_interval = 100ms\nhealth_fall = 1") as \
            (q, a, b):
        a.set(models=["one"])
        b.set(models=["two"])
        time.sleep(0.3)
        for name, at, other in (("one", a, b), ("two", b, a)):
            for _ in range(4):
                r = q.ask("POST", "/api/generate", generate(name))
                assert r.status == 200, (name, r.status)
            assert len([e for e in at.events("run")
                        if e["model"] == name]) == 4
            assert not [e for e in other.events("asked")
                        if e["model"] == name]


        # Where none that has it is there, the others are not asked.
        b.set(down=True)
        until(lambda: q.metric("backend_up") == 1, 5, "down")
        assert q.ask("POST", "/api/generate", generate("two")).status == 503
        assert q.ask("POST", "/api/generate", generate("one")).status == 200


@claim
def what_needs_no_gpu_goes_where_its_model_is():
    with world(fakes=2) as (q, a, b):
        a.set(models=["one"])
        b.set(models=["two"])
        time.sleep(0.3)     # as old as a list must be to be read again
        assert q.ask("POST", "/api/generate", generate("two")).status == 200
        for name, at in (("one", a), ("two", b)):
            r = q.ask("POST", "/api/show", {"model": name})
            assert r.status == 200, (name, r.status)
            r = q.ask("GET", "/v1/models/" + name)
            assert r.status == 200, (name, r.status)
            assert len(at.events("show")) == 2
        # What is nowhere is asked for all the same.
        r = q.ask("POST", "/api/show", {"model": "three"})
        assert r.status == 404 and b"model not found" in r.body, r.body
        r = q.ask("DELETE", "/api/delete", {"model": "two"})
        assert r.status == 200
        c = http.client.HTTPConnection("127.0.0.1", b.port)
        c.request("GET", "/api/tags")
        assert json.loads(c.getresponse().read())["models"] == []


@claim
def a_model_is_unloaded_where_it_is_loaded():
    with world(fakes=2) as (q, a, b):
        a.set(models=["one"])
        b.set(models=["two"])
        time.sleep(0.3)
        for name in ("one", "two"):
            r = q.ask("POST", "/api/generate", generate(name))
            assert r.status == 200
        for at in (a, b):
            at.set(models=["one", "two", "three"])
        r = q.ask("POST", "/api/show", {"model": "three"})
        for _ in range(3):
            assert q.ask("GET", "/api/version").status == 200
            for name, at in (("two", b), ("one", a)):
                assert q.ask("POST", "/api/generate",
                             generate(name)).status == 200
                assert at.ask()["resident"] == [name]
                r = q.ask("POST", "/api/generate",
                          {"model": name, "keep_alive": 0})
                assert b"unload" in r.body, r.body
                assert at.ask()["resident"] == [], name
                # It is known before the next look at all of them.
                until(lambda: not [m for m in q.records("/v1/status", "model")
                                   if m["model"] == name + ":latest" and
                                   "loaded_on" in m], 2, "known")


# ---- Time. ----

@claim
def a_slow_head_is_a_408():
    with world(conf="head_timeout = 200ms") as (q, f):
        with q.connect() as s:
            s.sendall(b"POST /api/generate HT")
            assert b" 408 " in read_all(s)


@claim
def a_slow_body_is_a_408():
    with world(conf="body_timeout = 200ms") as (q, f):
        with q.connect() as s:
            s.sendall(raw(body=generate())[:-5])
            assert b" 408 " in read_all(s)


@claim
def an_idle_connection_is_closed():
    with world(conf="idle_timeout = 200ms") as (q, f):
        with q.connect() as s:
            s.sendall(b"GET /api/version HTTP/1.1\r\nHost: x\r\n\r\n")
            data = read_all(s)
        assert data.count(b"HTTP/1.1") == 1 and b" 200 " in data


@claim
def silence_is_a_504_and_frees_the_slot():
    with world(conf="first_timeout = 300ms") as (q, f):
        f.set(hang=True)
        r = q.ask("POST", "/v1/chat/completions", {
            "model": "a", "stream": True,
            "messages": [{"role": "user", "content": "x"}]})
        assert r.status == 504, r.status
        assert "message" in json.loads(r.body)["error"]
        f.set(hang=False)
        assert q.ask("POST", "/api/generate", generate()).status == 200


@claim
def a_stalled_stream_ends_with_an_error():
    with world(conf="stall_timeout = 300ms") as (q, f):
        f.set(stall=True)
        r = q.ask("POST", "/api/generate", generate())
        assert r.status == 200 and b'"error"' in r.body


@claim
def no_request_runs_longer_than_it_may():
    with world("--tokens", 1000, "--token-ms", 5,
               conf="run_timeout = 500ms") as (q, f):
        for stream, status in ((True, 200), (False, 504)):
            begun = time.monotonic()
            r = q.ask("POST", "/api/generate", generate(stream=stream))
            took = time.monotonic() - begun
            assert r.status == status and 0.4 < took < 2, (r.status, took)
            last = json.loads(r.body.splitlines()[-1])
            assert last == {"error": "the answer took too long"}, last
            until(lambda: f.ask()["running"] == 0, 1, "cancelled")


@claim
def a_stall_is_told_in_every_dialect():
    with world(conf="stall_timeout = 300ms") as (q, f):
        f.set(stall=True)
        for path, mark in (("/api/chat", b'{"error":'),
                           ("/v1/chat/completions", b'data: {"error":'),
                           ("/v1/messages", b"event: error")):
            r = q.ask("POST", path, {
                "model": "a", "stream": True, "max_tokens": 9,
                "messages": [{"role": "user", "content": "x"}]})
            assert r.status == 200 and mark in r.body, (path, r.body)
            until(lambda: f.ask()["running"] == 0, 1, "cancelled")


@claim
def a_trickle_does_not_hold_a_slot():
    with world("--fat", 20000, "--tokens", 2000, "--token-ms", 0,
               conf="write_timeout = 1s\nbuffer_max = 64k") as (q, f):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", q.port))
        s.settimeout(5)
        s.sendall(raw(body=generate()))
        until(lambda: f.events("run"))

        def over():
            with contextlib.suppress(ConnectionResetError):
                s.recv(64)
            return f.ask()["running"] == 0
        until(over, 10, "cancelled")
        s.close()
        assert q.ask("POST", "/api/generate", generate(
            options={"num_predict": 2})).status == 200


@claim
def connections_have_a_limit_and_the_rest_waits():
    with world(conf="connections = 4") as (q, f):
        held = [q.connect() for _ in range(4)]
        until(lambda: q.metric("connections") == 4)
        with q.connect() as s:
            s.sendall(raw(body=generate(stream=False)))
            s.settimeout(0.5)
            with contextlib.suppress(TimeoutError):
                s.recv(1)
                raise AssertionError("a fifth was served")
            held.pop().close()
            s.settimeout(10)
            assert Response(Keep(s)).status == 200
        for h in held:
            h.close()


@claim
def when_files_run_out_the_rest_waits():
    with world(files=48) as (q, f):
        held = [q.connect() for _ in range(80)]
        until(lambda: q.process.poll() is None and
              len(os.listdir("/proc/%d/fd" % q.process.pid)) == 48)
        time.sleep(0.3)
        with open("/proc/%d/stat" % q.process.pid) as stat:
            before = int(stat.read().split()[13])
        time.sleep(0.5)
        with open("/proc/%d/stat" % q.process.pid) as stat:
            spent = int(stat.read().split()[13]) - before
        assert spent < 20, "%d ticks of 50 spent on nothing" % spent
        for h in held:
            h.close()
        assert q.ask("POST", "/api/generate", generate()).status == 200
        assert q.metric("accept_throttled_total") > 0


@claim
def a_slow_reader_stops_the_backend_and_then_goes():
    with world("--fat", 20000, "--tokens", 2000, "--token-ms", 0,
               conf="write_timeout = 1s") as (q, f):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", q.port))
        before = q.rss()
        s.sendall(raw(body=generate()))
        until(lambda: f.events("run"))
        time.sleep(0.6)
        assert q.rss() - before < 2500, "%d kB more" % (q.rss() - before)
        until(lambda: f.ask()["running"] == 0, 3, "cancelled")
        s.close()
        r = q.ask("POST", "/api/generate", generate(
            options={"num_predict": 2}))
        assert r.status == 200


@claim
def a_slow_reader_that_goes_on_gets_it_all():
    with world("--fat", 20000, "--tokens", 200, "--token-ms", 0) as (q, f):
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        s.connect(("127.0.0.1", q.port))
        s.sendall(raw(body=generate()))
        until(lambda: f.events("run"))
        time.sleep(0.3)
        lines = Response(Keep(s)).read().splitlines()
        assert len(lines) == 201 and json.loads(lines[-1])["done"]
        s.close()


# ---- The whole. ----

@claim
def a_drain_ends_what_runs_and_takes_no_more():
    with world("--token-ms", 30) as (q, f):
        with q.connect() as s:
            s.sendall(raw(body=generate()))
            until(lambda: f.events("run"))
            q.process.terminate()
            until(lambda: not listening(q), 2, "closed")
            assert b'"done": true' in read_all(s)
        assert q.process.wait(5) == 0


def listening(q):
    with contextlib.suppress(OSError):
        q.connect().close()
        return True
    return False


@claim
def reloads_drop_nothing():
    with world("--slots", 4, "--token-ms", 1, slots=4, limit=4) as (q, f):
        stop, failed, done = threading.Event(), [], []

        def load():
            while not stop.is_set():
                try:
                    r = q.ask("POST", "/api/generate", generate())
                    ok = r.status == 200 and b'"done": true' in r.body
                except Exception as e:
                    ok = False
                    failed.append(e)
                (done if ok else failed).append(1)
        threads = [threading.Thread(target=load) for _ in range(8)]
        for t in threads:
            t.start()
        for _ in range(100):
            q.process.send_signal(1)
            time.sleep(0.02)
        stop.set()
        for t in threads:
            t.join()
        assert not failed and len(done) > 50, (failed, len(done))


@claim
def nothing_is_lost_or_mixed_up_in_turmoil():
    """Clients that leave, backends that die, reloads: whoever stays is
    answered, once, with what was asked for."""
    seconds = float(os.environ.get("TURMOIL_SECONDS", "4"))
    with world("--slots", 4, "--token-ms", 0.3, "--load-ms", 5, fakes=2,
               slots=4, limit=8, conf="health_interval = 200ms") as \
            (q, a, b):
        stop, bad, count = threading.Event(), [], [0, 0, 0]

        def one(dice):
            tokens = dice.randint(4, 30)
            body = generate("abc"[dice.randrange(3)],
                            prompt="p" * dice.choice((1, 900, 90000)),
                            options={"num_predict": tokens})
            s = q.connect()
            data = raw(body=body)
            cut = dice.randint(1, len(data))
            s.sendall(data[:cut])
            s.sendall(data[cut:])
            if dice.random() < 0.3:
                time.sleep(dice.random() * 0.05)
                leave(s, dice.random() < 0.5)
                count[1] += 1
                return
            r = Response(Keep(s))
            got = r.read()
            s.close()
            lines = got.splitlines()
            if r.status == 200 and b'"error"' not in got:
                last = json.loads(lines[-1])
                if len(lines) != tokens + 1 or not last["done"] or \
                        last["model"] != body["model"]:
                    bad.append(("mixed", tokens, got))
                count[0] += 1
            elif r.status in (200, 502, 503):
                count[2] += 1
            else:
                bad.append((r.status, got))

        def many(seed):
            dice = random.Random(seed)
            while not stop.is_set():
                try:
                    one(dice)
                except Exception as e:
                    bad.append(repr(e))
        threads = [threading.Thread(target=many, args=(n,))
                   for n in range(12)]
        for t in threads:
            t.start()
        end = time.monotonic() + seconds
        dice = random.Random(7)
        while time.monotonic() < end:
            time.sleep(0.05)
            what = dice.randrange(4)
            if what == 0:
                q.process.send_signal(1)
            elif what < 3:
                dice.choice((a, b)).set(
                    die=dice.choice(("before", "head", "stream")), count=1)
        stop.set()
        for t in threads:
            t.join(20)
            assert not t.is_alive(), "one was never answered"
        assert not bad, (len(bad), bad[:3])
        assert count[0] > 20 and count[1] > 10, count
        until(lambda: a.ask()["running"] + b.ask()["running"] == 0)


@claim
def queued_requests_take_little_memory():
    with world("--token-ms", 2000, conf="queue_limit = 20000\n"
               "client_queue = 20000") as (q, f):
        idle = q.rss()
        assert idle <= 8192, "%d kB idle" % idle
        held = []
        body = generate(prompt="p" * 900)
        for n in range(3000):
            s = q.connect()
            s.sendall(raw(body=body))
            held.append(s)
        until(lambda: q.ask("GET", "/api/version").status == 200)
        grown = q.rss() - idle
        for s in held:
            s.close()
        assert grown <= 3000 * 2.9, "%.2f kB each" % (grown / 3000)
        until(lambda: q.rss() - idle < 1500, 10, "given back (%d kB)" %
              (q.rss() - idle))


def main():
    """All claims, or those that are named: 1 when one does not hold."""
    failed = 0
    for name in sys.argv[1:] or CLAIMS:
        begun = time.monotonic()
        try:
            CLAIMS[name]()
            print("ok %s (%.1f s)" % (name, time.monotonic() - begun),
                  flush=True)
        except Exception as e:
            failed += 1
            import traceback
            tb = traceback.extract_tb(e.__traceback__)
            line = [t.lineno for t in tb if t.filename.startswith(HERE)]
            print("not ok %s: %s %s (line %s)" % (
                name, type(e).__name__, e, line), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
