"""What bench.py measures: the ceiling, and kiosk on databases of its own."""

import contextlib
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

MB = 1e6


class Server:
    """The ceiling or kiosk as a child process, from its ready line on."""

    def __init__(self, command):
        begin = time.perf_counter()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.ready_ms = (time.perf_counter() - begin) * 1000
        if "listening on" not in line:
            sys.exit(f"bench: {command[0]} did not start")
        self.port = int(line.rsplit(":", 1)[1])

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def memory(self, field="VmRSS"):
        """In MB; VmHWM is the peak since forget_peak."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            return int(re.search(field + r":\s+(\d+) kB", status.read())[1]) * 1024 / MB

    def forget_peak(self):
        with open(f"/proc/{self.process.pid}/clear_refs", "w", encoding="ascii") as refs:
            refs.write("5")


class Shop:
    """Kiosk on a database of its own."""

    def __init__(self, kiosk, path, users, orders):
        self.kiosk, self.path, self.users, self.orders = kiosk, path, users, orders
        self.first = 0  # see work.lua
        self.start()  # which creates the database
        self.stop()
        fill(path, users, orders)

    def start(self):
        self.server = Server([self.kiosk, "--quiet", "--port", "0", "--db", self.path])

    def stop(self):
        self.server.stop()

    def start_over(self):
        """Forgets what was written since the first call."""
        self.stop()
        kept = self.path + ".kept"
        if os.path.exists(kept):
            shutil.copyfile(kept, self.path)
        else:
            shutil.copyfile(self.path, kept)
        os.sync()  # as in fill
        self.start()


class Ceiling:
    users, orders, first = 10_000, 100_000, 0

    def __init__(self, command):
        self.server = Server([command])


def fill(path, users, orders):
    """Orders 1001 and up exactly three hours apart from 2030 on; user1 and up own two products."""
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        numbers = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT ?)"
        now = 1767225600000
        db.execute(
            f"""{numbers} INSERT INTO desk_orders
                  (id, id_number, datetime, totalfee, created_at, updated_at, place)
                SELECT 1000 + n, 1000 + n, 1893456000000 + n * 10800000, 10000, {now}, {now},
                       1893456000000 + n * 10800000
                FROM numbers""", [orders])
        db.execute(
            f"""{numbers} INSERT INTO desk_order_services
                  (order_number, order_id, position, service_id, place)
                SELECT 1000 + n, 1000 + n, 0, 123, 1893456000000 + n * 10800000
                FROM numbers""", [orders])
        db.execute("INSERT OR REPLACE INTO next_ids (kind, next) VALUES ('order', ?), ('purchase', ?)",
                   [1001 + orders, 1 + users])
        db.execute(
            f"""{numbers} INSERT INTO users (user_id, starting_balance, balance)
                SELECT 'user' || n, 50000, 50000 - 11599 FROM numbers""", [users])
        db.execute(
            f"""{numbers} INSERT INTO benefit_orders (order_id, user_id, total, created_at)
                SELECT n, 'user' || n, 11599, {now} FROM numbers""", [users])
        for position, (product, price) in enumerate([("netflix", 7599), ("spotify", 4000)]):
            db.execute(
                f"""{numbers} INSERT INTO owned_products
                      (user_id, product_id, position, order_id, price)
                    SELECT 'user' || n, ?, ?, n, ? FROM numbers""",
                [users, product, position, price])
    # In the file and on the disk, so that it does not weigh on what is measured.
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    os.sync()
