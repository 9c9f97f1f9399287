#!/usr/bin/env python3
"""A chat while 200 embeddings are asked for at once.

burst.py EMBED_PORT CHAT_PORT MODEL: one record with the seconds to a chat's
first token, alone and in the burst, and how many embeddings were answered.
"""
import http.client
import json
import sys
import threading
import time

EMBED_PORT, CHAT_PORT, MODEL = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
MANY, CHATS = 200, 5
answered = threading.Semaphore(0)
good = []


def post(port, path, body, headers=()):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
    connection.request("POST", path, json.dumps(body), dict(headers))
    return connection.getresponse()


def embed(number):
    text = f"Document {number}: the quick brown fox and the lazy dog."
    reply = post(EMBED_PORT, "/api/embed", {"model": MODEL, "input": text},
                 {"X-Aikit-Priority": "batch"})
    if len(json.load(reply)["embeddings"]) == 1:
        good.append(number)
    answered.release()


def first_token(number):
    """Another prompt each time, of which nothing is known from the last."""
    begun = time.monotonic()
    reply = post(CHAT_PORT, "/api/chat", {
        "model": MODEL, "options": {"num_predict": 4},
        "messages": [{"role": "user", "content": f"{number} is a number. Why?"}]})
    while not json.loads(reply.readline())["message"]["content"]:
        pass
    seconds = time.monotonic() - begun
    reply.read()
    return seconds


alone = []
for i in range(CHATS):
    embed(MANY + i)
    answered.acquire()
    alone.append(first_token(i))
good.clear()
threads = [threading.Thread(target=embed, args=(i,)) for i in range(MANY)]
for thread in threads:
    thread.start()
during = []
for i in range(CHATS):
    # Not all at the beginning, when nothing waits yet.
    for _ in range(MANY // (CHATS + 1)):
        answered.acquire()
    during.append(first_token(CHATS + i))
left = MANY - len(good)
for thread in threads:
    thread.join()
print(json.dumps({"type": "burst", "alone_seconds": alone,
                  "during_seconds": during, "left": left,
                  "answered": len(good)}))
