#!/usr/bin/env python3
"""restore - reads an aikit-backup repository without aikit-backup.

    python3 restore.py [--repo DIR] KEY list
    python3 restore.py [--repo DIR] KEY ls SNAPSHOT [PATH]
    python3 restore.py [--repo DIR] KEY restore SNAPSHOT TARGET [PATH]

KEY is --key-file FILE or --passphrase-file FILE; a recovery code goes into the latter.
SNAPSHOT is "latest" or the begin of a name; TARGET is empty or missing. Needs Python 3,
its package cryptography, and the program zstd. It reads packs alone, no index; every chunk
is checked by its SHA-256. What is damaged is named, all else restored: exit status 65.
"""
import argparse, fcntl, glob, hashlib, hmac, json, os, struct, subprocess, sys
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

CIPHERS = ("none", "aes-256-gcm", "chacha20-poly1305")
REGULAR, DIRECTORY, LINK, FIFO, SOCKET, CHARACTER, BLOCK = range(1, 8)

def hkdf(key, salt, info):
    prk = hmac.new(salt, key, "sha256").digest()
    return hmac.new(prk, info.encode() + b"\1", "sha256").digest()

def unseal(cipher, key, nonce, data, aad):
    if cipher > 0:
        return (AESGCM, ChaCha20Poly1305)[cipher - 1](key).decrypt(nonce, data, aad)
    if hashlib.sha256(nonce + aad + data[:-16]).digest()[:16] != data[-16:]:
        raise ValueError("damaged")
    return data[:-16]

def unzstd(data):
    return subprocess.run(["zstd", "-dcq"], input=data, check=True, stdout=-1).stdout

class Bytes:
    def __init__(self, data):
        self.data, self.at = data, 0
    def take(self, count):
        if count > len(self.data) - self.at:
            raise ValueError("cut short")
        self.at += count
        return self.data[self.at - count:self.at]
    def fixed(self, form):
        return struct.unpack("<" + form, self.take(struct.calcsize("<" + form)))
    def varint(self):
        byte = self.take(1)[0]
        return byte if byte < 128 else byte - 128 + (self.varint() << 7)
    def string(self):
        return self.take(self.varint())
    def list(self, *parts):
        return [tuple(part() for part in parts) for _ in range(self.varint())]

class Repository:
    def __init__(self, path, secret, is_key_file):
        self.path, self.cache, self.places, self.bad, line = path, {}, {}, False, b""
        try:
            line = open(path + "/config", "rb").readline()
            config = json.loads(line)
            self.cipher = CIPHERS.index(config["cipher"])
        except (OSError, ValueError, LookupError):
            config, self.cipher = {"aikit-backup": 1}, self.guess() if secret else 0
            self.tell("config is lost or damaged")
        if config["aikit-backup"] != 1:
            sys.exit("restore.py: a version of repository that I do not know")
        # What says that it is clear is not believed by whoever has a key.
        if secret and self.cipher == 0:
            sys.exit("restore.py: a key is given, and the repository has no cipher")
        master = self.master(secret, is_key_file) if self.cipher else bytes(32)
        data, meta, mac = (hkdf(master, b"", "aikit-backup %s 1" % use)
                           for use in ("data", "meta", "mac"))
        self.keys = data, meta
        clear = line[:line.rindex(b',"check":"')] if "check" in config else b""
        if clear and config["check"] != hmac.new(mac, clear, "sha256").hexdigest():
            sys.exit("restore.py: config was not written with this key")
    def guess(self):
        """The key slots say the cipher as well; what they seal proves the key."""
        for name in glob.glob(self.path + "/keys/*"):
            try:
                return CIPHERS.index(json.load(open(name))["cipher"])
            except Exception:
                continue
        return 0
    def master(self, secret, is_key_file):
        code = secret.upper().replace(b"-", b"").replace(b" ", b"")
        code = code.translate(bytes.maketrans(b"ILO", b"110"))
        for name in glob.glob(self.path + "/keys/*"):
            line = open(name, "rb").read()
            try:
                slot = json.loads(line)
                salt, kind = bytes.fromhex(slot["salt"]), slot["type"]
                if is_key_file != (kind == "key_file"):
                    continue
                if kind == "passphrase":
                    key = hashlib.scrypt(secret, salt=salt, n=slot["n"], r=slot["r"],
                                         p=slot["p"], dklen=32, maxmem=1 << 30)
                else:
                    known = hashlib.sha256(secret if is_key_file else code).digest()
                    key = hkdf(known, salt, "aikit-backup slot 1")
                return unseal(self.cipher, key, bytes(12),
                              bytes.fromhex(slot["sealed"]), line[:line.rindex(b',"sealed":"')])
            except Exception:
                continue
        sys.exit("restore.py: no key slot opens with this")
    def tell(self, *words):
        self.bad = True
        print("restore.py:", *words, file=sys.stderr)
    def snapshots(self):
        for name in sorted(os.listdir(self.path + "/snaps")):
            data = open(self.path + "/snaps/" + name, "rb").read()
            try:
                key = hkdf(self.keys[1], data[8:40], "aikit-backup snapshot 1")
                plain = unseal(self.cipher, key, bytes(12), data[40:], data[:40])
                yield name, json.loads(unzstd(plain))
            except Exception:
                self.tell("snapshot", name, "is damaged")
    def opened(self, pack, offset, length, number, aad):
        """Sealed bytes of a pack: a frame by its number, or the footer."""
        with open(pack, "rb") as file:
            head = file.read(40)
            file.seek(offset)
            key = hkdf(self.keys[head[6]], head[8:40], "aikit-backup pack 1")
            return unseal(self.cipher, key, struct.pack("<QI", number, 0), file.read(length),
                          head + aad)
    def frame(self, pack, number, frame):
        if (pack, number) not in self.cache:
            offset, clen, rlen, codec = frame
            data = self.opened(pack, offset + 12, clen, number,
                               struct.pack("<IIII", clen, rlen, codec, number))
            plain = Bytes(unzstd(data) if codec else data)
            lens = [size for size, in plain.list(plain.varint)]
            while len(self.cache) >= 16:
                self.cache.pop(next(iter(self.cache)))
            self.cache[pack, number] = [plain.take(size) for size in lens]
        return self.cache[pack, number]
    def footer(self, pack):
        with open(pack, "rb") as file:
            end = file.seek(-16, 2)
            tail = file.read(16)
        clen = struct.unpack("<I", tail[:4])[0]
        found = Bytes(unzstd(self.opened(pack, end - clen, clen, 1 << 63, tail)))
        frames = [found.fixed("QIIB") for _ in range(found.fixed("I")[0])]
        frame = ordinal = 0
        for _ in range(found.fixed("I")[0]):
            name, delta, _ = found.take(32), found.varint(), found.varint()
            frame, ordinal = frame + delta, 0 if delta else ordinal
            self.places.setdefault(name, []).append((pack, frame, frames[frame], ordinal))
            ordinal += 1
    def scan(self, pack):
        """A pack without its footer: frame by frame from the front."""
        offset, size = 40, os.path.getsize(pack)
        for number in range(65535):
            with open(pack, "rb") as file:
                file.seek(offset)
                head = file.read(12)
            if len(head) < 12 or struct.unpack("<I", head[:4])[0] > size - offset - 12:
                return
            frame = (offset, *struct.unpack("<III", head))
            try:
                for ordinal, data in enumerate(self.frame(pack, number, frame)):
                    name = hashlib.sha256(data).digest()
                    self.places.setdefault(name, []).append((pack, number, frame, ordinal))
            except Exception:
                pass # it is lost; the next one begins behind it
            offset += 12 + frame[1]
    def chunk(self, name):
        for pack in glob.glob(self.path + "/*/??/*") if not self.places else ():
            if os.path.relpath(pack, self.path).startswith(("packs/", "meta/")):
                try:
                    self.footer(pack)
                except Exception:
                    self.tell(pack, "has no footer that can be read")
                    self.scan(pack)
        for pack, number, frame, ordinal in self.places.get(name, []):
            try:
                data = self.frame(pack, number, frame)[ordinal]
                if hashlib.sha256(data).digest() == name:
                    return data
            except Exception:
                continue
        raise ValueError("chunk %s is damaged or lost" % name.hex()[:16])
    def entries(self, snapshot, below):
        for source in snapshot["sources"]:
            prefix = source.get("prefix", "").encode()
            for name, _ in source["tree"]:
                try:
                    tree, path = Bytes(self.chunk(bytes.fromhex(name))), b""
                    while tree.at < len(tree.data):
                        path = path[:tree.varint()] + tree.string()
                        entry = Entry(tree, b"/".join(filter(None, (prefix, path))))
                        if (entry.path + b"/").startswith(below + b"/" if below else b""):
                            yield entry
                except Exception as why:
                    self.tell("a part of", source["name"] + ":", why)

class Entry:
    def __init__(self, tree, path):
        self.path, (self.type, has) = path, tree.take(2)
        self.mode, self.uid, self.gid = (tree.varint() for _ in range(3))
        self.mtime, _ = tree.fixed("qq")
        self.size, _, device, group = (tree.varint() for _ in range(4))
        self.group = (device, group) if group else None
        self.link = tree.string() if self.type == LINK else b""
        self.rdev = tree.varint() if self.type in (CHARACTER, BLOCK) else 0
        self.xattrs = tree.list(tree.string, tree.string) if has & 1 else []
        self.holes = tree.list(tree.varint, tree.varint) if has & 2 else []
        self.flags = tree.varint() if has & 8 else 0
        self.chunks, self.lists = tree.list(lambda: tree.take(32), tree.varint), has & 16
    def data(self, repo):
        for name, _ in self.chunks:
            if not self.lists:
                yield repo.chunk(name)
                continue
            part = Bytes(repo.chunk(name))
            while part.at < len(part.data):
                inner, _ = part.take(32), part.varint()
                yield repo.chunk(inner)
    def fill(self, file, repo):
        holes = self.holes + [(self.size, 0)]
        for data in self.data(repo):
            while data:
                while file.tell() == holes[0][0]:
                    file.seek(holes.pop(0)[1], 1)
                room = holes[0][0] - file.tell()
                file.write(data[:room])
                data = data[room:]
        file.truncate(self.size)
    def write(self, repo, path, made):
        os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)
        if self.type == DIRECTORY:
            return os.makedirs(path, 0o700, exist_ok=True)
        if self.group in made:
            return os.link(made[self.group], path, follow_symlinks=False)
        if self.type == LINK:
            os.symlink(self.link, path)
        elif self.type == REGULAR:
            with open(path, "xb") as file:
                self.fill(file, repo)
        elif self.type != SOCKET:
            kind = {FIFO: 0o010000, CHARACTER: 0o020000, BLOCK: 0o060000}[self.type]
            os.mknod(path, kind | 0o600, self.rdev)
        made[self.group or path] = path
    def finish(self, path):
        changes = [(os.chown, self.uid, self.gid)] + [(os.setxattr, *pair) for pair in self.xattrs]
        changes += [(os.chmod, self.mode)] if self.type != LINK else []
        changes += [(lambda path, **how: os.utime(path, ns=(self.mtime,) * 2, **how),)]
        for change, *values in changes:
            try:
                change(path, *values, **({} if change == os.chmod else {"follow_symlinks": False}))
            except OSError as why:
                print("restore.py:", why, file=sys.stderr)

    def fix(self, path):
        """Immutable, append only, no dump: FS_IOC_GETFLAGS, FS_IOC_SETFLAGS."""
        try:
            file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            flags, = struct.unpack("l", fcntl.ioctl(file, 0x80086601, bytes(8)))
            fcntl.ioctl(file, 0x40086602, struct.pack("l", flags | self.flags))
            os.close(file)
        except OSError as why:
            print("restore.py:", why, file=sys.stderr)

def restore(repo, snapshot, target, below):
    os.makedirs(target, 0o700, exist_ok=True)
    if os.listdir(target):
        sys.exit("restore.py: %s is not empty" % target)
    made, done = {}, []
    # Links last, so that nothing is written through one; what is inside before what it is in.
    for entry in sorted(repo.entries(snapshot, below), key=lambda entry: entry.type == LINK):
        path = os.path.join(os.fsencode(target), entry.path)
        try:
            if entry.path and {b"", b".", b".."} & set(entry.path.split(b"/")):
                raise ValueError("no path to restore")
            entry.write(repo, path, made)
            done += [(path, entry)] if entry.type != SOCKET else []
        except (OSError, ValueError) as why:
            repo.tell(os.fsdecode(entry.path) + ":", why)
    for path, entry in sorted(done, key=lambda pair: pair[0], reverse=True):
        entry.finish(path)
    for path, entry in done:
        if entry.flags and entry.type in (REGULAR, DIRECTORY):
            entry.fix(path)

def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--repo", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--key-file")
    parser.add_argument("--passphrase-file")
    parser.add_argument("what", choices=("list", "ls", "restore"))
    parser.add_argument("words", nargs="*")
    args = parser.parse_args()
    named, (which, one, two) = args.key_file or args.passphrase_file, (args.words + [""] * 3)[:3]
    secret = open(named, "rb").read() if named else b""
    repo = Repository(args.repo, secret[:-1] if secret[-1:] == b"\n" else secret, bool(args.key_file))
    snapshots = sorted(repo.snapshots(), key=lambda pair: int(pair[1]["begin_ns"]))
    if args.what == "list":
        for name, snapshot in snapshots:
            print(name, *(source["name"] for source in snapshot["sources"]))
        sys.exit(65 if repo.bad else 0)
    chosen = [pair for pair in snapshots if which and pair[0].startswith(which)]
    chosen = snapshots[-1:] if which == "latest" else chosen
    if len(chosen) != 1 or (args.what == "restore" and not one):
        sys.exit("restore.py: %d snapshots are named so" % len(chosen) if one else __doc__)
    if args.what == "restore":
        restore(repo, chosen[0][1], one, os.fsencode(two.strip("/")))
    for entry in repo.entries(chosen[0][1], os.fsencode(one.strip("/"))) if args.what == "ls" else ():
        print(os.fsdecode(entry.path))
    sys.exit(65 if repo.bad else 0)

main()
