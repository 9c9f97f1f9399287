#!/usr/bin/env python3
"""A Docker socket that goes away in the middle.

cut.py SOCKET UPSTREAM BYTES: passes everything on, and after BYTES from the
daemon closes all connections and the socket itself.
"""
import os
import socket
import sys
import threading

left = int(sys.argv[3])
lock = threading.Lock()


def pump(source, sink, counted):
    global left
    try:
        while data := source.recv(4096):
            if counted:
                with lock:
                    sink.sendall(data[:max(left, 0)])
                    left -= len(data)
                    if left < 0:
                        os._exit(0)
            else:
                sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def main():
    path, upstream_path = sys.argv[1:3]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    while True:
        client, _ = listener.accept()
        upstream = socket.socket(socket.AF_UNIX)
        upstream.connect(upstream_path)
        for ends in ((client, upstream, False), (upstream, client, True)):
            threading.Thread(target=pump, args=ends, daemon=True).start()


main()
