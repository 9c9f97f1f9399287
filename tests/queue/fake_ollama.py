#!/usr/bin/env python3
"""fake_ollama - as much of Ollama's server as a queue can notice.

Models load one after the other, stay, and are evicted; each has its slots;
tokens come at a rate. Two faults of Ollama's scheduler can be switched on:

  --bug-17408  a request for a loaded model takes the eviction mark off it, and
               the load that waits for the eviction waits for ever
  --bug-14407  a request with other options for a busy model blocks every load

GET /fake tells what happened, as JSON; POST /fake sets what happens next:
  {"die": "before"|"head"|"stream", "count": N}  ends connections so early
  {"malformed": "head"|"chunk"|"json"|"length"|"te"}
  {"status": 503} answers so, {"hang": true} takes requests and says nothing
  {"down": true} makes /api/version fail
  {"models": [NAME, ...]} has these, as by hand; {"tags": 500} tells none
  {"pull_ms": 20} between two lines of a pull
  {"reset": true} forgets what happened
"""
import argparse
import asyncio
import ctypes
import json
import re
import socket
import sys
import time

ARGS = None
OPTIONS = ("num_ctx", "num_batch", "num_gpu", "main_gpu", "use_mmap",
           "num_thread", "draft_num_predict")


def tagged(name):
    name = name.lower().removeprefix("library/").removesuffix(":local")
    return name if ":" in name else name + ":latest"


class Runner:
    def __init__(self, key, keep_alive):
        self.key = key
        self.model = key[0]
        self.uses = 0
        self.doomed = False
        self.keep_alive = keep_alive
        self.slots = asyncio.Semaphore(ARGS.slots)
        self.idle = asyncio.Event()
        self.idle.set()


class State:
    def __init__(self):
        self.runners = {}          # model -> Runner
        self.pending = asyncio.Queue()
        self.stuck = False
        self.models = set(map(tagged, ARGS.models.split(",")))
        self.clear()
        self.next = {}

    def clear(self):
        self.started = time.monotonic()
        self.events = []
        self.loads = 0
        self.running = 0
        self.peak = 0
        self.connections = 0
        self.bytes = 0

    def tell(self, what, **more):
        self.events.append(dict(
            at=round(time.monotonic() - self.started, 4), what=what, **more))


STATE = None


def key_of(body):
    options = body.get("options") or {}
    return (body.get("model", ""),
            tuple((o, options[o]) for o in OPTIONS if o in options))


def acquire_now(runner):
    if ARGS.bug_17408:
        runner.doomed = False      # the mark is gone, the waiter still waits
    runner.uses += 1
    runner.idle.clear()
    return runner


def release(runner):
    runner.uses -= 1
    if runner.uses == 0:
        runner.idle.set()


async def runner_for(body):
    """As getRunner(): past the queue if loaded and fit, else behind it."""
    key = key_of(body)
    runner = STATE.runners.get(key[0])
    if runner and runner.key == key and (not runner.doomed or ARGS.bug_17408):
        return acquire_now(runner)
    done = asyncio.get_running_loop().create_future()
    STATE.pending.put_nowait((key, body.get("keep_alive"), done))
    try:
        return await done
    except asyncio.CancelledError:
        if done.done() and not done.cancelled():
            release(done.result())
        raise


async def evict(runner):
    runner.doomed = True
    while True:
        await runner.idle.wait()
        if runner.doomed:
            break
        if runner.keep_alive == -1 or ARGS.bug_17408:
            STATE.tell("deadlock", model=runner.model)
            STATE.stuck = True
            await asyncio.Event().wait()
    STATE.tell("unload", model=runner.model)
    STATE.runners.pop(runner.model, None)


async def scheduler():
    """As processPending(): one load at a time, all others behind it."""
    while True:
        key, keep_alive, done = await STATE.pending.get()
        if done.cancelled():
            continue
        runner = STATE.runners.get(key[0])
        if runner and runner.key == key and not runner.doomed:
            done.set_result(acquire_now(runner))
            continue
        if runner:
            if ARGS.bug_14407 and runner.uses:
                STATE.tell("deadlock", model=key[0])
                STATE.stuck = True
                await asyncio.Event().wait()
            await evict(runner)
        while len(STATE.runners) >= ARGS.loaded_max:
            victims = sorted(STATE.runners.values(), key=lambda r: r.uses)
            await evict(victims[0])
        if done.cancelled():
            continue
        STATE.loads += 1
        STATE.tell("load", model=key[0], options=dict(key[1]))
        wait = asyncio.ensure_future(asyncio.sleep(ARGS.load_ms / 1000))
        await asyncio.wait({wait, done},
                           return_when=asyncio.FIRST_COMPLETED)
        if done.cancelled():       # a client that leaves aborts the load
            wait.cancel()
            STATE.tell("abort", model=key[0])
            continue
        runner = STATE.runners[key[0]] = Runner(key, keep_alive)
        STATE.tell("loaded", model=key[0])
        done.set_result(acquire_now(runner))


class Http:
    def __init__(self, reader, writer):
        self.reader = reader
        self.writer = writer
        self.chunked = False

    async def request(self):
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, _ = lines[0].split(" ")
        self.headers = {}
        for line in lines[1:]:
            if line:
                name, value = line.split(":", 1)
                self.headers[name.lower()] = value.strip()
        blob = self.path.startswith("/api/blobs/")
        self.body = b""
        async for piece in self.pieces():
            STATE.bytes += len(piece)
            if not blob:
                self.body += piece

    async def exactly(self, size):
        while size > 0:
            piece = await self.reader.read(min(size, 1 << 20))
            if not piece:
                raise asyncio.IncompleteReadError(b"", size)
            size -= len(piece)
            yield piece

    async def pieces(self):
        if self.headers.get("transfer-encoding") != "chunked":
            size = int(self.headers.get("content-length", 0))
            async for piece in self.exactly(size):
                yield piece
            return
        while True:
            size = int(await self.reader.readuntil(b"\r\n"), 16)
            async for piece in self.exactly(size):
                yield piece
            await self.reader.readexactly(2)
            if size == 0:
                return

    def head(self, status, kind, length=None):
        text = "HTTP/1.1 %d X\r\nContent-Type: %s\r\n" % (status, kind)
        if length is None:
            self.chunked = True
            text += "Transfer-Encoding: chunked\r\n\r\n"
        else:
            text += "Content-Length: %d\r\n\r\n" % length
        self.writer.write(text.encode())

    def chunk(self, data):
        self.writer.write(b"%x\r\n%s\r\n" % (len(data), data))

    def answer(self, value, status=200):
        data = json.dumps(value).encode()
        self.head(status, "application/json", len(data))
        if self.method != "HEAD":
            self.writer.write(data)


def final(body, tokens, load):
    return {"model": body["model"], "done": True, "done_reason": "stop",
            "total_duration": 1000000, "load_duration": int(load * 1e9),
            "prompt_eval_count": 7, "prompt_eval_duration": 1000,
            "eval_count": tokens,
            "eval_duration": int(tokens * ARGS.token_ms * 1e6)}


def piece_of(http, body, n):
    text = "t%d " % n
    if http.path == "/api/chat":
        return {"model": body["model"], "done": False,
                "message": {"role": "assistant", "content": text}}
    return {"model": body["model"], "response": text, "done": False}


async def generate(http, body):
    options = body.get("options") or {}
    tokens = options.get("num_predict") or body.get("max_tokens") or \
        ARGS.tokens
    embed = "embed" in http.path or "transcriptions" in http.path
    v1 = http.path.startswith("/v1/")
    stream = body.get("stream", not v1) and not embed
    empty = not (body.get("prompt") or body.get("messages") or
                 body.get("input"))
    if empty and body.get("keep_alive") == 0:
        STATE.tell("unload", model=body["model"])
        for name in list(STATE.runners):
            if tagged(name) == tagged(body["model"]):
                STATE.runners.pop(name)
        return http.answer({"model": body["model"], "done": True,
                            "done_reason": "unload"})
    begun = time.monotonic()
    STATE.tell("asked", model=body["model"], path=http.path,
               keep_alive=body.get("keep_alive"), options=options)
    runner = await runner_for(body)
    load = time.monotonic() - begun
    try:
        async with runner.slots:
            STATE.running += 1
            STATE.peak = max(STATE.peak, STATE.running)
            STATE.tell("run", model=body["model"], path=http.path)
            try:
                await produce(http, body, tokens, load, stream, embed, empty)
            finally:
                STATE.running -= 1
    finally:
        release(runner)


async def produce(http, body, tokens, load, stream, embed, empty):
    await asyncio.sleep(ARGS.prefill_ms / 1000)
    if empty:
        return http.answer({"model": body["model"], "done": True,
                            "done_reason": "load"})
    if embed:
        await asyncio.sleep(ARGS.embed_ms / 1000)
        return http.answer({"model": body["model"], "embeddings": [[0.5]],
                            "text": "heard", "length": body.get("length"),
                            "prompt_eval_count": 3,
                            "load_duration": int(load * 1e9)})
    if not stream:
        await asyncio.sleep(tokens * ARGS.token_ms / 1000)
        value = final(body, tokens, load)
        value["response"] = "x" * tokens
        return http.answer(value)
    sse = http.path.startswith("/v1/")
    http.head(200, "text/event-stream" if sse else "application/x-ndjson")
    for n in range(tokens):
        if n == 3 and STATE.next.get("die") == "stream" and once("die"):
            http.writer.close()
            raise ConnectionError
        if n == 3 and STATE.next.get("stall"):
            await asyncio.sleep(3600)
        data = json.dumps(piece_of(http, body, n))
        if sse:
            data = 'data: {"choices":[{"delta":{"content":"t%d "}}]}\n' % n
        data += "\n"
        if ARGS.fat:
            data = data.replace("t", "t" * ARGS.fat, 1)
        if STATE.next.get("malformed") == "json":
            data = '{"x\xff": [}\n'
        http.chunk(data.encode("latin-1"))
        await http.writer.drain()
        if ARGS.token_ms:
            await asyncio.sleep(ARGS.token_ms / 1000)
    if sse:
        http.chunk(b"data: [DONE]\n\n")
    else:
        http.chunk((json.dumps(final(body, tokens, load)) + "\n").encode())
    http.writer.write(b"0\r\n\r\n")


def once(name):
    left = STATE.next.get("count", 1)
    if left <= 1:
        STATE.next.pop(name, None)
    STATE.next["count"] = left - 1
    return True


MALFORMED = {
    "head": b"HTP/1.1 200 OK\r\n\r\n",
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"
              b"Content-Length: 4\r\n\r\nabcd",
    "te": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabcd",
    "chunk": b"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
             b"Transfer-Encoding: chunked\r\n\r\n5\r\n{}\n{}\r\nzz\r\n",
}


def body_of(http):
    data = http.body
    if path_of(http) == "/v1/audio/transcriptions":
        model = re.search(rb'name="model"\r\n\r\n(.*?)\r\n', data, re.S)
        return {"model": model[1].decode(), "input": "x",
                "length": len(data)}
    if http.headers.get("content-encoding") == "zstd":
        zstd = ctypes.CDLL("libzstd.so.1")
        text = ctypes.create_string_buffer(1 << 24)
        zstd.ZSTD_decompress.restype = ctypes.c_size_t
        data = text[:zstd.ZSTD_decompress(text, ctypes.c_size_t(1 << 24), data,
                                          ctypes.c_size_t(len(data)))]
    return json.loads(data)


WORK = ("/api/generate", "/api/chat", "/api/embed", "/api/embeddings")


def path_of(http):
    return http.path.split("?")[0]


async def work(http):
    path, method = path_of(http), http.method
    if method == "OPTIONS":
        return http.answer({})
    if path == "/fake" and method == "POST":
        value = json.loads(http.body)
        if value.pop("reset", False):
            STATE.clear()
            STATE.next = {}
        if "models" in value:
            STATE.models = set(map(tagged, value.pop("models")))
        STATE.next.update(value)
        return http.answer({"ok": True})
    if path == "/fake":
        return http.answer({
            "loads": STATE.loads, "peak": STATE.peak, "stuck": STATE.stuck,
            "running": STATE.running, "connections": STATE.connections,
            "bytes": STATE.bytes, "events": STATE.events,
            "resident": list(STATE.runners)})
    if path == "/api/version":
        if STATE.next.get("down"):
            raise ConnectionError
        return http.answer({"version": "0.0.0-fake"})
    if path == "/api/ps":
        return http.answer({"models": [
            {"name": r.model, "model": r.model} for r in
            STATE.runners.values()]})
    if path in ("/", "/api/status"):
        return http.answer("Ollama is running")
    if path in ("/api/tags", "/v1/models"):
        STATE.tell("tags")
        await asyncio.sleep(STATE.next.get("tags_ms", 0) / 1000)
        if STATE.next.get("tags"):
            return http.answer({"error": "no"}, STATE.next["tags"])
        if path == "/v1/models":
            return http.answer({"object": "list", "data": [
                {"id": n, "object": "model"} for n in sorted(STATE.models)]})
        return http.answer({"models": [
            {"name": n, "model": n, "details": {"parent_model": ""}}
            for n in sorted(STATE.models)],
            "host": http.headers.get("host")})
    if path == "/api/delete":
        STATE.models.discard(tagged(json.loads(http.body)["model"]))
        return http.answer({})
    if path == "/api/show" or path.startswith("/v1/models/"):
        name = path[len("/v1/models/"):] if http.method == "GET" \
            else json.loads(http.body)["model"]
        STATE.tell("show", model=name)
        if tagged(name) not in STATE.models:
            return http.answer({"error": "model not found"}, 404)
        return http.answer({"length": len(http.body), "id": name})
    if path.startswith("/api/blobs/"):
        return http.answer({}, 201)
    if path == "/api/pull":
        http.head(200, "application/x-ndjson")
        for n in range(5):
            http.chunk(b'{"status":"pulling"}\n')
            await asyncio.sleep(STATE.next.get("pull_ms", 20) / 1000)
        STATE.models.add(tagged(json.loads(http.body)["model"]))
        return http.writer.write(b"0\r\n\r\n")
    if STATE.next.get("die") == "before" and once("die"):
        raise ConnectionError
    if STATE.next.get("die") == "head" and once("die"):
        http.writer.write(b"HTTP/1.1 200 OK\r\nConte")
        await http.writer.drain()
        raise ConnectionError
    if STATE.next.get("status"):
        return http.answer({"error": "server busy, please try again"},
                           STATE.next["status"])
    if STATE.next.get("hang"):
        await asyncio.sleep(3600)
    if STATE.next.get("malformed") in MALFORMED:
        http.writer.write(MALFORMED[STATE.next["malformed"]])
        await http.writer.drain()
        return await asyncio.sleep(0.2)
    if not (path.startswith("/v1/") or path in WORK):
        return http.answer({"fake": path, "length": len(http.body)})
    body = body_of(http)
    if tagged(body.get("model", "")) not in STATE.models:
        return http.answer({"error": "model '%s' not found" %
                            body.get("model")}, 404)
    await generate(http, body)


async def serve(reader, writer):
    http = Http(reader, writer)
    STATE.connections += 1
    sock = writer.get_extra_info("socket")
    if sock.family != socket.AF_UNIX:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        while True:
            await http.request()
            task = asyncio.ensure_future(work(http))
            gone = asyncio.ensure_future(left(reader, writer))
            await asyncio.wait({task, gone},
                               return_when=asyncio.FIRST_COMPLETED)
            # A write may notice it before the reader does.
            if not task.done() or isinstance(
                    task.exception(), (ConnectionResetError, BrokenPipeError)):
                STATE.tell("cancelled", path=http.path)
                task.cancel()
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)
            await task
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError,
            asyncio.CancelledError):
        pass
    except Exception as e:      # a request that is none: told, not hidden
        STATE.tell("error", text=repr(e))
    finally:
        writer.close()


async def left(reader, writer):
    """Until the other side has closed, without reading what it sends."""
    while not reader.at_eof() and not writer.is_closing():
        if reader._eof:
            return
        await asyncio.sleep(0.001)


async def main():
    global STATE
    STATE = State()
    asyncio.ensure_future(scheduler())
    if ARGS.listen.startswith("unix:"):
        server = await asyncio.start_unix_server(serve, ARGS.listen[5:])
        print(ARGS.listen, flush=True)
    else:
        host, port = ARGS.listen.rsplit(":", 1)
        server = await asyncio.start_server(serve, host, int(port),
                                            backlog=1024)
        port = server.sockets[0].getsockname()[1]
        print("http://%s:%d" % (host, port), flush=True)
    async with server:
        await server.serve_forever()


parser = argparse.ArgumentParser()
parser.add_argument("--listen", default="127.0.0.1:0")
parser.add_argument("--slots", type=int, default=1)
parser.add_argument("--loaded-max", type=int, default=1)
parser.add_argument("--load-ms", type=float, default=50)
parser.add_argument("--prefill-ms", type=float, default=2)
parser.add_argument("--token-ms", type=float, default=2)
parser.add_argument("--embed-ms", type=float, default=10)
parser.add_argument("--tokens", type=int, default=10)
parser.add_argument("--fat", type=int, default=0)
parser.add_argument("--models", default="a,b,c,m,chat,embed,llama3")
parser.add_argument("--bug-17408", action="store_true")
parser.add_argument("--bug-14407", action="store_true")
ARGS = parser.parse_args()
try:
    asyncio.run(main())
except KeyboardInterrupt:
    sys.exit(0)
