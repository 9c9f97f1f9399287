#!/usr/bin/python3
"""model SEED STEPS: a tree and a repository of it, changed at random.

Each step changes the tree, backs it up, forgets, prunes, kills a command, turns
a bit and repairs it, or does a check. A copy of the tree is kept for every
snapshot, and after each step all snapshots that there are, or one of them, must
be what their copies are. What was done is told on standard output.
"""
import json
import os
import random
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TREE, REPO = "tree", os.environ["AIKIT_BACKUP_REPO"]


class Wrong(Exception):
    pass


def run(*words, allow=(0,)):
    done = subprocess.run(["aikit-backup", *words], capture_output=True,
                          text=True)
    if done.returncode not in allow:
        raise Wrong("%s: %d\n%s%s" % (" ".join(words), done.returncode,
                                      done.stdout, done.stderr))
    return [json.loads(line) for line in done.stdout.splitlines()]


def manifest(path):
    """How many blocks a file with holes takes is told late by some systems."""
    lines = subprocess.run([HERE + "/manifest.py", path], check=True,
                           capture_output=True).stdout
    return re.sub(rb" (\d+) \d+ ([0-9a-f]{64})", rb" \1 sparse \2", lines)


class Model:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.snapshots = {}  # name: manifest of its tree
        os.mkdir(TREE)
        run("init")

    def files(self):
        return [os.path.join(below, name)
                for below, _, names in os.walk(TREE) for name in names]

    def some_bytes(self):
        size = self.random.choice((0, 1, 500, 33000, 70000, 900000))
        if self.random.random() < 0.5:
            return self.random.randbytes(size)
        line = b"%d the same words again and again\n"
        return b"".join(line % self.random.randrange(90)
                        for _ in range(size // 30))

    def new_path(self):
        parts = [self.random.choice(("a", "b", "a b", "a.b", "z\udcff"))
                 for _ in range(self.random.randrange(1, 4))]
        below = os.path.join(TREE, *parts[:-1])
        if os.path.isdir(below) or not os.path.lexists(below):
            try:
                os.makedirs(below, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                below = TREE
        else:
            below = TREE
        return os.path.join(below, "%s%d" % (parts[-1],
                                             self.random.randrange(99)))

    def write(self):
        path = self.new_path()
        if not os.path.isdir(path):
            with open(path, "wb") as file:
                file.write(self.some_bytes())
                if self.random.random() < 0.3:
                    file.seek(self.random.randrange(3 << 20), 1)
                    file.write(b"behind a hole")

    def change(self):
        for path in self.random.sample(self.files(), 1 if self.files() else 0):
            if os.path.islink(path):
                return
            with open(path, "r+b") as file:
                file.seek(self.random.randrange(os.path.getsize(path) + 1))
                file.write(self.random.randbytes(40))
            os.chmod(path, self.random.choice((0o600, 0o644, 0o4711)))

    def remove(self):
        for path in self.random.sample(self.files(), 1 if self.files() else 0):
            os.unlink(path)

    def link(self):
        path = self.new_path()
        if self.files() and not os.path.lexists(path):
            target = self.random.choice(self.files())
            if self.random.random() < 0.5:
                os.link(target, path, follow_symlinks=False)
            else:
                os.symlink(os.path.basename(target), path)

    def mutate(self):
        acts = (self.write, self.write, self.write, self.change, self.change,
                self.remove, self.link)
        for _ in range(self.random.randrange(1, 12)):
            self.random.choice(acts)()

    def backup(self):
        self.mutate()
        words = self.random.choice(([], [], [], ["--full"],
                                    ["--full", "--independent"]))
        name = run("backup", TREE, *words)[-1]["snapshot"]
        self.snapshots[name] = manifest(TREE)

    def killed(self):
        self.mutate()
        words = self.random.choice((["backup", TREE], ["prune", "--grace", "0"],
                                    ["reindex"], ["repair"]))
        plan = "any:%d:%s" % (self.random.randrange(1, 60),
                              self.random.choice(("kill", "drop", "reorder",
                                                  "EIO", "ENOSPC")))
        subprocess.run(["aikit-backup", *words], capture_output=True,
                       env=dict(os.environ, AIKIT_FAULT=plan,
                                AIKIT_BACKUP_CHECKPOINT=self.random.choice(
                                    ("0", "5m"))))
        self.reread()

    def reread(self):
        """A backup may have been done when it was killed."""
        for snapshot in run("snapshots"):
            self.snapshots.setdefault(snapshot["snapshot"], manifest(TREE))

    def forget(self):
        run("forget", "--keep-last", str(self.random.randrange(2, 5)),
            "--keep-min", "1", "--yes")
        there = {snapshot["snapshot"] for snapshot in run("snapshots")}
        if not there or not there <= set(self.snapshots):
            raise Wrong("forget left %s" % there)
        self.snapshots = {name: self.snapshots[name] for name in there}

    def prune(self):
        run("prune", "--grace", self.random.choice(("0", "0", "24h")))

    def objects(self):
        """But for those that a kill left without their parity until now."""
        for below, _, names in os.walk(REPO):
            for name in names:
                path = os.path.relpath(os.path.join(below, name), REPO)
                room = path.split("/")[0]
                beside = path.removeprefix("packs/").removeprefix("meta/")
                if room in ("parity", "trash") or os.path.exists(
                        os.path.join(REPO, "parity", beside)):
                    yield os.path.join(below, name)

    def damage(self):
        path = self.random.choice(sorted(self.objects()))
        os.chmod(path, 0o600)
        with open(path, "r+b") as file:
            at = self.random.randrange(os.path.getsize(path))
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            file.write(bytes([byte ^ 1 << self.random.randrange(8)]))
        run("verify", "--level", "scrub", allow=(65,))
        self.check_one()
        run("repair")

    def verify(self):
        run("verify", "--level", self.random.choice(("fast", "scrub", "data")))

    def check(self, name):
        shutil.rmtree("back", ignore_errors=True)
        run("restore", name, "--to", "back")
        back = manifest("back" + os.path.abspath(TREE)).splitlines()
        kept = self.snapshots[name].splitlines()
        if back != kept:
            raise Wrong("snapshot %s is not what was backed up:\n%s" % (
                name, "\n".join(map(repr, set(kept) ^ set(back)))))

    def check_one(self):
        self.check(self.random.choice(sorted(self.snapshots)))

    def step(self):
        acts = [self.backup] * 4 + [self.killed] * 3 + [
            self.forget, self.prune, self.prune, self.damage, self.verify]
        act = self.random.choice(acts) if self.snapshots else self.backup
        print("%s, %d snapshots" % (act.__name__, len(self.snapshots)),
              flush=True)
        act()
        self.check_one()
        if self.random.random() < 0.2:
            for name in self.snapshots:
                self.check(name)
        run("verify", "--level", "data")


def main():
    seed, steps = int(sys.argv[1]), int(sys.argv[2])
    model = Model(seed)
    for _ in range(steps):
        model.step()
    for name in model.snapshots:
        model.check(name)


try:
    main()
except Wrong as why:
    print(why)
    sys.exit(1)
