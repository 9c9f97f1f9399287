#!/usr/bin/env python3
"""top - what a person sees of aikit-queue top, and what the keys do.

    top.py KEY=TEXT...      each key is pressed, and then TEXT must be seen

On a terminal of 24 lines and 80 columns. Exit 1 when a text does not come, when
a line is too long for the screen, when q does not end it, or when it leaves the
terminal in another state than it found it.
"""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

LINES, COLUMNS, WAIT = 24, 80, 10


def frames(fd, seconds):
    """What comes, piece by piece, until it ends or time has passed."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.1)[0]:
            try:
                piece = os.read(fd, 65536)
            except OSError:
                return
            if not piece:
                return
            yield piece.decode("utf-8", "replace")


def plain(text):
    return re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", text)


def fits(picture):
    """Whether it is no larger than the screen; ends the program if not."""
    for line in plain(picture).split("\r\n"):
        if len(line.rstrip()) > COLUMNS:
            sys.exit("a line of %d: %s" % (len(line), line))
    if picture.count("\n") >= LINES:
        sys.exit("a picture of %d lines" % picture.count("\n"))


def sees(fd, wanted, count=1):
    """Until so many pictures have had it."""
    seen = ""
    for piece in frames(fd, WAIT):
        # What is behind the last way home may not be whole yet.
        *whole, seen = (seen + piece).split("\x1b[H")
        for picture in whole:
            fits(picture)
            count -= wanted in plain(picture)
            if count <= 0:
                return
    sys.exit("not seen: %s in\n%s" % (wanted, plain(seen)))


def main():
    pid, fd = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execvp("aikit-queue", ["aikit-queue", "top", "-i", "100ms"])
    fcntl.ioctl(fd, termios.TIOCSWINSZ,
                struct.pack("HHHH", LINES, COLUMNS, 0, 0))
    before = termios.tcgetattr(fd)
    for step in sys.argv[1:]:
        key, text = step.split("=", 1)
        os.write(fd, key.encode())
        sees(fd, text)
    # So many that its history is wider than the screen.
    sees(fd, "tokens/s", 40)
    os.write(fd, b"q")
    end = time.monotonic() + WAIT
    rest = ""
    while os.waitpid(pid, os.WNOHANG) == (0, 0):
        rest += "".join(frames(fd, 0.1))
        if time.monotonic() > end:
            sys.exit("q does not end it")
    rest += "".join(frames(fd, 0.2))
    if "\x1b[?1049l" not in rest or "\x1b[?7h\x1b[?25h" not in rest:
        sys.exit("the screen is not given back")
    if termios.tcgetattr(fd) != before:
        sys.exit("the terminal is not as it was")


if __name__ == "__main__":
    main()
