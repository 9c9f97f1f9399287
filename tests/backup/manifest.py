#!/usr/bin/python3
"""manifest DIR: all that a backup must bring back, a line for each name.

Type, mode, owner, time in ns, size, what is stored of it when there are holes,
device number, link target, attributes, flags, the hash of its bytes, and for
files with several names the first of them.
"""
import fcntl
import hashlib
import os
import stat
import struct
import sys

GETFLAGS = 0x80086601
OURS = 0x10 | 0x20 | 0x40


def flags_of(path, mode):
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        return 0
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    try:
        word = fcntl.ioctl(fd, GETFLAGS, struct.pack("L", 0))
        return struct.unpack("L", word)[0] & OURS
    except OSError:
        return 0
    finally:
        os.close(fd)


def attributes(path):
    try:
        names = sorted(os.listxattr(path, follow_symlinks=False))
    except OSError:
        return []
    return [(n, os.getxattr(path, n, follow_symlinks=False).hex())
            for n in names if n != "security.selinux"]


def line(path, below, first):
    st = os.lstat(path)
    words = [repr(below), oct(st.st_mode), st.st_uid, st.st_gid,
             st.st_mtime_ns, attributes(path), flags_of(path, st.st_mode)]
    if stat.S_ISLNK(st.st_mode):
        words.append(repr(os.readlink(path)))
    if stat.S_ISCHR(st.st_mode) or stat.S_ISBLK(st.st_mode):
        words.append(st.st_rdev)
    if stat.S_ISREG(st.st_mode):
        with open(path, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest() \
                if hasattr(hashlib, "file_digest") \
                else hashlib.sha256(file.read()).hexdigest()
        sparse = st.st_blocks * 512 < st.st_size
        words += [st.st_size, sparse and st.st_blocks, digest]
    if st.st_nlink > 1 and not stat.S_ISDIR(st.st_mode):
        words.append(repr(first.setdefault((st.st_dev, st.st_ino), below)))
    return " ".join(map(str, words))


def main(top):
    top = os.fsencode(top)
    first = {}
    print(line(top, b"", first))
    for where, dirs, files in os.walk(top):
        dirs.sort()
        for name in sorted(dirs + files):
            path = os.path.join(where, name)
            print(line(path, os.path.relpath(path, top), first))


main(sys.argv[1])
