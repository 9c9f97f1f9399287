#!/usr/bin/env python3
"""A TCP port of 127.0.0.1 on which nobody listens.

Of those below the range that the kernel gives to whoever asks for any: a port of
that may be another test's before it is used.
"""
import random
import socket


def free():
    with open("/proc/sys/net/ipv4/ip_local_port_range") as f:
        end = int(f.read().split()[0])
    while True:
        with socket.socket() as s:
            port = random.randrange(min(10240, end - 1), end)
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


if __name__ == "__main__":
    print(free())
