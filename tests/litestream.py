#!/usr/bin/env python3
"""Replicates a kiosk with Litestream under load, with a reset in the middle, and restores the copy.

What is asserted: no write is refused or takes 0.5 s, the restored copy is intact, and it holds
everything that was written before the last sync.
"""

import argparse
import contextlib
import http.client
import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

WRITERS = 16
SLOWEST = 0.5  # seconds that a write may take

CONFIG = """\
dbs:
  - path: {database}
    monitor-interval: 100ms
    checkpoint-interval: 2s
    replicas:
      - type: file
        path: {replica}
        sync-interval: 200ms
        snapshot-interval: 10s
"""


class Kiosk:
    def __init__(self, command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if "listening on" not in line:
            sys.exit("litestream: kiosk did not start")
        self.port = int(line.rsplit(":", 1)[1])

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


class Writer(threading.Thread):
    """Orders as fast as it can, and keeps when each write was answered."""

    def __init__(self, kiosk, number, ending):
        super().__init__()
        self.kiosk, self.number, self.ending = kiosk, number, ending
        self.slowest, self.refused = 0.0, []
        self.written = []  # (when it was asked for, when it was answered, id)

    def run(self):
        connection = self.kiosk.connect()
        count = 0
        while not self.ending.is_set():
            count += 1
            order = f"w{self.number}-{count}"
            body = json.dumps({"id": order, "product": "Chair", "quantity": 1})
            begin = time.monotonic()
            connection.request("POST", "/orders", body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            end = time.monotonic()
            self.slowest = max(self.slowest, end - begin)
            if response.status == 201:
                self.written.append((begin, end, order))
            else:
                self.refused.append(response.status)


def reset(kiosk):
    """Asks for a reset; when it was asked for and answered."""
    connection = kiosk.connect()
    begin = time.monotonic()
    connection.request("POST", "/_kiosk/reset")
    response = connection.getresponse()
    response.read()
    if response.status != 200:
        sys.exit(f"litestream: the reset was answered with {response.status}")
    return begin, time.monotonic()


def query(path, sql):
    with contextlib.closing(sqlite3.connect(path)) as database:
        return [row[0] for row in database.execute(sql)]


CHECK = "PRAGMA integrity_check(3)"


def intact(path):
    return query(path, CHECK) == ["ok"]


def check(name, holds, detail):
    print(f"{'ok  ' if holds else 'FAIL'} {name}: {detail}")
    return holds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kiosk", required=True)
    parser.add_argument("--litestream", required=True)
    parser.add_argument("--folder", default=".", help="where the databases go: on which disk")
    parser.add_argument("--seconds", type=float, default=30)
    options = parser.parse_args()

    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        folder = os.path.abspath(folder)
        database, config = f"{folder}/kiosk.db", f"{folder}/litestream.yml"
        with open(config, "w", encoding="ascii") as file:
            file.write(CONFIG.format(database=database, replica=f"{folder}/replica"))
        kiosk = Kiosk([options.kiosk, "--quiet", "--port", "0", "--db", database])
        with open(f"{folder}/litestream.log", "w", encoding="utf-8") as log:
            litestream = subprocess.Popen([options.litestream, "replicate", "-config", config],
                                          stdout=log, stderr=subprocess.STDOUT)
        try:
            time.sleep(1)
            ending = threading.Event()
            writers = [Writer(kiosk, i, ending) for i in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(options.seconds / 2)
            reset_asked, reset_answered = reset(kiosk)
            time.sleep(options.seconds / 2)
            ending.set()
            for writer in writers:
                writer.join()
            # Litestream stops by itself only after a last sync.
            litestream.send_signal(signal.SIGINT)
            litestream.wait(timeout=60)
        finally:
            litestream.kill()
            litestream.wait()
            kiosk.stop()
        restored = f"{folder}/restored.db"
        subprocess.run([options.litestream, "restore", "-config", config, "-o", restored, database],
                       check=True, capture_output=True)

        written = [order for writer in writers for order in writer.written]
        refused = [status for writer in writers for status in writer.refused]
        slowest = max(writer.slowest for writer in writers)
        copied = set(query(restored, "SELECT id FROM desk_orders"))
        expected = {order for asked, _, order in written if asked > reset_answered}
        gone = {order for _, answered, order in written if answered < reset_asked}
        results = [
            check("writes refused", not refused, f"{len(refused)} of {len(written)}"),
            check("slowest write", slowest < SLOWEST, f"{slowest * 1000:.0f} ms"),
            check("reset", reset_answered - reset_asked < SLOWEST,
                  f"{(reset_answered - reset_asked) * 1000:.0f} ms"),
            check("integrity_check of the database", intact(database), query(database, CHECK)[0]),
            check("integrity_check of the restored copy", intact(restored),
                  query(restored, CHECK)[0]),
            check("complete", expected <= copied,
                  f"{len(expected & copied)} of {len(expected)} orders after the reset"),
            check("nothing from before the reset", not gone & copied, 
                  f"{len(gone & copied)} of {len(gone)} orders"),
            check("the same as the database", copied == set(
                query(database, "SELECT id FROM desk_orders")), f"{len(copied)} orders"),
        ]
        if not all(results):
            with open(f"{folder}/litestream.log", encoding="utf-8") as log:
                print(log.read()[-3000:])
            sys.exit(1)


if __name__ == "__main__":
    main()
