#!/usr/bin/env python3
"""A writer that never rests, and a judge of copies of what it writes.

    sqlite_writer.py write DB MODE ROWS     until standard input ends
    sqlite_writer.py check DB ROWS          0: the copy is one state

Every transaction moves an amount from one row to another: in each state that
ever was, the sum is ROWS times 1000.
"""
import json
import os
import random
import sqlite3
import sys
import threading
import time


def make(path, mode, rows):
    db = sqlite3.connect(path, timeout=5)
    db.execute("PRAGMA journal_mode=" + mode)
    db.execute("CREATE TABLE account (id INTEGER PRIMARY KEY, amount INT, pad BLOB)")
    db.executemany("INSERT INTO account VALUES (?, 1000, ?)",
                   ((i, os.urandom(900)) for i in range(rows)))
    db.commit()
    db.close()


def move(db, rows):
    one, two = random.randrange(rows), random.randrange(rows)
    db.execute("BEGIN IMMEDIATE")
    db.execute("UPDATE account SET amount = amount - 7 WHERE id = ?", (one,))
    db.execute("UPDATE account SET amount = amount + 7, pad = ? WHERE id = ?",
               (os.urandom(900), two))
    db.execute("COMMIT")


def write(path, mode, rows):
    make(path, mode, rows)
    db = sqlite3.connect(path, timeout=5, isolation_level=None)
    db.execute("PRAGMA synchronous=OFF")
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()),
                     daemon=True).start()
    done = busy = 0
    longest = 0.0
    begin = time.monotonic()
    while not ended.is_set():
        before = time.monotonic()
        try:
            move(db, rows)
            done += 1
        except sqlite3.OperationalError:
            busy += 1
            if db.in_transaction:
                db.execute("ROLLBACK")
        longest = max(longest, time.monotonic() - before)
        if done == 1:
            print("ready", flush=True)
    print(json.dumps({"transactions": done, "busy": busy,
                      "a_second": round(done / (time.monotonic() - begin)),
                      "longest_ms": round(longest * 1000)}), flush=True)


def check(path, rows):
    db = sqlite3.connect(path)
    sound = db.execute("PRAGMA integrity_check").fetchone()[0]
    found = db.execute("SELECT sum(amount), count(*) FROM account").fetchone()
    if sound != "ok" or found != (1000 * rows, rows):
        sys.exit(f"{path}: {sound[:80]}, sum and rows {found}")


if sys.argv[1] == "write":
    write(sys.argv[2], sys.argv[3], int(sys.argv[4]))
else:
    check(sys.argv[2], int(sys.argv[3]))
