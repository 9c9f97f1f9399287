#!/usr/bin/env python3
"""backup_corpus.py - what an AI kit holds, made anew, for tests/bench/backup.sh.

    backup_corpus.py make DIR [SCALE]    about 1.44 GB at scale 1
    backup_corpus.py change DIR SEED     a day of use
    backup_corpus.py small DIR COUNT     COUNT files of some hundred bytes

make: text trees of this system, workflows in JSON, a chat database of SQLite,
a dump of PostgreSQL, and two model blobs named by their digests. change: rows
of one per cent of the database's pages overwritten in place, one per cent of
the dump appended, twenty workflows touched. Everything is drawn from one seed;
only the text trees are the system's own.
"""
import hashlib
import itertools
import json
import os
import random
import shutil
import sqlite3
import sys
import uuid

MIB = 1 << 20
TREES = "/usr/share/doc", "/usr/include", "/usr/lib/python3", "/usr/lib/python3.11"
MODELS = "llama3.1:8b", "qwen2.5:14b", "mistral:7b"


class Writer:
    """Words as often as words are: the nth most frequent 1/n as often."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.words = ["".join(self.random.choices("etaoinshrdlucmfw", k=n))
                      for n in self.random.choices(range(2, 12), k=12000)]
        self.weights = list(itertools.accumulate(
            1 / (n + 2.7) for n in range(len(self.words))))

    def prose(self, size):
        words = self.random.choices(self.words, cum_weights=self.weights,
                                    k=max(3, size // 6))
        parts = []
        while words:
            length = self.random.randint(6, 18)
            parts.append(" ".join(words[:length]).capitalize() + ".")
            words = words[length:]
        return " ".join(parts)

    def name(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))


def make_trees(top):
    for tree in filter(os.path.isdir, TREES):
        shutil.copytree(tree, os.path.join(top, "files", tree[1:]), symlinks=True)


def make_workflows(top, writer, count):
    os.makedirs(top + "/n8n")
    for i in range(count):
        nodes = [{"id": writer.name(), "parameters": {
            "url": "https://host/" + writer.name(),
            "text": writer.prose(writer.random.randint(50, 1500))}}
            for _ in range(writer.random.randint(2, 12))]
        with open(f"{top}/n8n/workflow-{i:05d}.json", "w") as f:
            json.dump({"id": writer.name(), "nodes": nodes}, f, indent=1)


def make_database(top, writer, size):
    os.makedirs(top + "/webui")
    path = top + "/webui/webui.db"
    db = sqlite3.connect(path)
    db.executescript("""PRAGMA journal_mode = off; PRAGMA synchronous = off;
        CREATE TABLE chat (id TEXT PRIMARY KEY, title TEXT, chat TEXT);
        CREATE TABLE message (id INTEGER PRIMARY KEY, chat TEXT, content TEXT);
        CREATE INDEX message_chat ON message (chat);
        CREATE TABLE part (id TEXT PRIMARY KEY, text TEXT, vector BLOB);""")
    for n in itertools.count():
        chat = writer.name()
        texts = [writer.prose(writer.random.choice((60, 120, 300, 800, 2000)))
                 for _ in range(writer.random.randint(2, 14))]
        db.executemany("INSERT INTO message (chat, content) VALUES (?, ?)",
                       ((chat, text) for text in texts))
        db.execute("INSERT INTO chat VALUES (?, ?, ?)",
                   (chat, writer.prose(40), json.dumps(
                       {"messages": texts, "model": MODELS[n % 3]})))
        if n % 4 == 0:
            db.execute("INSERT INTO part VALUES (?, ?, ?)", (
                writer.name(), writer.prose(1000), writer.random.randbytes(1536)))
        if n % 500 == 499:
            db.commit()
            if os.path.getsize(path) >= size:
                break
    db.close()


def make_dump(top, writer, size):
    os.makedirs(top + "/pg")
    with open(top + "/pg/dump.sql", "w") as f:
        f.write("COPY public.execution (id, workflow, status, data) FROM stdin;\n")
        for i in itertools.count():
            f.write("%d\t%s\t%s\t%s\n" % (
                i, writer.name(), ("success", "error")[i % 2],
                json.dumps({"out": writer.prose(writer.random.randint(40, 900))})))
            if f.tell() >= size:
                break


def make_models(top, writer, sizes):
    os.makedirs(top + "/ollama/blobs")
    for size in sizes:
        digest, path = hashlib.sha256(), top + "/ollama/blobs/draft"
        with open(path, "wb") as f:
            for _ in range(size):
                block = writer.random.randbytes(MIB)
                digest.update(block)
                f.write(block)
        os.rename(path, f"{top}/ollama/blobs/sha256-{digest.hexdigest()}")


def make(top, scale=1.0):
    writer = Writer(20241124)
    os.makedirs(top)
    if scale >= 0.5:
        make_trees(top)
    make_workflows(top, writer, int(4000 * scale))
    make_database(top, writer, int(300 * MIB * scale))
    make_dump(top, writer, int(300 * MIB * scale))
    make_models(top, writer, (int(300 * scale), int(100 * scale)))


def change(top, seed):
    draw = random.Random(seed)
    path = top + "/webui/webui.db"
    db = sqlite3.connect(path)
    db.executescript("PRAGMA journal_mode = off; PRAGMA synchronous = off;")
    last = db.execute("SELECT max(id) FROM message").fetchone()[0]
    for _ in range(int(os.path.getsize(path) / 4096 * 0.0105)):
        row = draw.randint(1, last)
        text = db.execute("SELECT content FROM message WHERE id = ?",
                          (row,)).fetchone()[0]
        at = draw.randrange(len(text))
        text = text[:at] + draw.choice("bcdfg") + text[at + 1:]
        db.execute("UPDATE message SET content = ? WHERE id = ?", (text, row))
    db.commit()
    db.close()
    size = os.path.getsize(top + "/pg/dump.sql")
    with open(top + "/pg/dump.sql", "r+b") as f:
        f.seek(draw.randrange(size // 2))
        block = bytearray(f.read(size // 100))
        for _ in range(len(block) // 50):
            block[draw.randrange(len(block))] = draw.randrange(97, 122)
        f.seek(0, os.SEEK_END)
        f.write(block)
    flows = sorted(os.listdir(top + "/n8n"))
    for name in draw.sample(flows, min(20, len(flows))):
        with open(f"{top}/n8n/{name}", "a") as f:
            f.write("\n")


def small(top, count):
    for i in range(count):
        if i % 1000 == 0:
            folder = f"{top}/{i // 100000:03d}/{i // 1000:06d}"
            os.makedirs(folder)
        with open(f"{folder}/{i:07d}", "w") as f:
            f.write(f"{i} " * (10 + i * 7919 % 90))


def main():
    what, top, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    if what == "make":
        make(top, *map(float, rest))
    elif what == "change":
        change(top, int(rest[0]))
    else:
        small(top, int(rest[0]))


main()
