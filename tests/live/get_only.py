#!/usr/bin/env python3
"""A Docker socket that lets GET and HEAD through and refuses all else.

get_only.py SOCKET UPSTREAM LOG: serves until it is ended; what it refused, and
what it passed on, is a line each in LOG.
"""
import socket
import sys
import threading

REFUSAL = (b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\n"
           b"Content-Length: 28\r\nConnection: close\r\n\r\n"
           b'{"message":"only GET here"}\n')


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def serve(client, upstream_path, log):
    """Each request is looked at: bodies are refused, so lines begin them."""
    upstream = socket.socket(socket.AF_UNIX)
    upstream.connect(upstream_path)
    threading.Thread(target=pump, args=(upstream, client), daemon=True).start()
    pending = b""
    try:
        while data := client.recv(65536):
            pending += data
            while b"\r\n\r\n" in pending:
                head, pending = pending.split(b"\r\n\r\n", 1)
                line = head.split(b"\r\n", 1)[0].decode()
                print(line, file=log, flush=True)
                if line.split(" ", 1)[0] not in ("GET", "HEAD"):
                    client.sendall(REFUSAL)
                    return
                upstream.sendall(head + b"\r\n\r\n")
    except OSError:
        pass
    finally:
        client.close()
        upstream.close()


def main():
    path, upstream, log_path = sys.argv[1:]
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    with open(log_path, "a") as log:
        while True:
            client, _ = listener.accept()
            threading.Thread(target=serve, args=(client, upstream, log),
                             daemon=True).start()


main()
