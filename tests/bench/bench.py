#!/usr/bin/env python3
"""Measures kiosk against what its HTTP library can do at all, and prints a table.

The ceiling and kiosk (on three databases) run in turn, A B C D A B C D, with wrk on the same
machine. What is compared was measured within the same minutes; figures of two runs are not.
"""

import argparse
import contextlib
import http.client
import json
import os
import platform
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from servers import MB, Ceiling, Server, Shop

HERE = os.path.dirname(os.path.abspath(__file__))

# --- measuring ---


class Failure(Exception):
    pass


def wrk(shop, kind, seconds, connections=64):
    """Requests a second, latencies in ms and bytes an answer of one run."""
    threads = min(2, connections)
    output = subprocess.run(
        ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s",
         HERE + "/work.lua", f"http://127.0.0.1:{shop.server.port}", "--", kind,
         str(shop.users), str(shop.orders), str(shop.first)],
        check=True, capture_output=True, text=True).stdout
    shop.first += 100_000 * seconds
    result = json.loads(output.splitlines()[-1])
    if result["errors"] or not result["requests"]:
        raise Failure(f"{kind}: {result['errors']} errors among {result['requests']} requests")
    return {"rps": result["requests"] / result["us"] * 1e6, "p50": result["p50"] / 1000,
            "p99": result["p99"] / 1000, "max": result["max"] / 1000,
            "bytes": result["bytes"] / result["requests"]}


def fdatasync_ms(folder, count=200):
    """The median time to write a page into a file of settled size and have the disk hold it."""
    page = b"x" * 4096
    times = []
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        os.write(file.fileno(), page * count)
        os.fsync(file.fileno())
        for i in range(count):
            os.pwrite(file.fileno(), page, i * len(page))
            begin = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begin) * 1000)
    return statistics.median(times)


def median(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def read_listing(port):
    """Reads GET /orders to its end; its size in bytes, the seconds it took, the orders in it."""
    begin = time.perf_counter()
    size = orders = 0
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"GET /orders HTTP/1.1\r\nHost: localhost\r\n\r\n")
        end = b""
        buffer = bytearray(1 << 20)
        while not end.endswith(b"\r\n0\r\n\r\n"):
            count = connection.recv_into(buffer)
            if count == 0:
                raise Failure("GET /orders ended early")
            size += count
            piece = end + buffer[:count]
            orders += piece.count(b'"created_at"') - end.count(b'"created_at"')
            end = piece[-12:]
    return size, time.perf_counter() - begin, orders


class Watch(threading.Thread):
    """Samples a server's memory and its write-ahead log's size until it is stopped."""

    def __init__(self, shop):
        super().__init__()
        self.shop, self.samples, self.ending = shop, [], threading.Event()

    def run(self):
        begin = time.monotonic()
        while not self.ending.wait(0.25):
            log = self.shop.path + "-wal"
            size = os.path.getsize(log) if os.path.exists(log) else 0
            self.samples.append(
                (time.monotonic() - begin, self.shop.server.memory(), size / MB))

    def stop(self):
        self.ending.set()
        self.join()


# --- the table ---


class Table:
    """What was measured, line by line: printed at once, and kept for the JSON."""

    FORMAT = "{:<46} {:>13} {:>13} {:>8} {:>8}  {}"

    def __init__(self):
        self.rows = []
        print(self.FORMAT.format("", "measured", "against", "figure", "target", ""))

    def add(self, name, measured, against, figure, target, met, **details):
        """`met` is None for a line that only informs."""
        mark = "" if met is None else "ok" if met else "MISSED"
        print(self.FORMAT.format(name, measured, against, figure, target, mark), flush=True)
        self.rows.append({"name": name, "figure": figure, "target": target, "met": met} | details)


def rate(run):
    return f"{run['rps']:,.0f}/s"


WORK = [
    # name, kind, connections, least share of the ceiling
    ("GET /api/products", "products", 64, 0.90),
    ("GET /api/users/:id of 10,000", "user", 64, 0.75),
    ("GET /orders/:id of 100,000", "order", 64, 0.70),
    ("POST /api/orders, two items", "place", 64, 0.50),
    ("POST /orders, three-hour rule", "book", 64, 0.50),
    ("POST /api/orders, 1 connection", "place", 1, None),
]
FDATASYNCS = 2.5
GROWN = 0.90
SIZES = {"small": (100, 1_000), "middle": (10_000, 100_000), "large": (100_000, 1_000_000)}


def measure_work(table, ceiling, shops, folder, rounds, seconds):
    latencies = []
    for name, kind, connections, least in WORK:
        runs = {"ceiling": []} | {size: [] for size in shops}
        syncs = []
        for _ in range(rounds):
            syncs.append(fdatasync_ms(folder))
            runs["ceiling"].append(wrk(ceiling, kind, seconds, connections))
            for size, shop in shops.items():
                if size == "small" and kind in ("place", "book"):
                    shop.start_over()  # or it would not stay small
                runs[size].append(wrk(shop, kind, seconds, connections))
        result = {size: median(of_size) for size, of_size in runs.items()}
        top, own = result["ceiling"], result["middle"]
        if abs(own["bytes"] / top["bytes"] - 1) > 0.05:
            raise Failure(f"{name}: answers of {own['bytes']:.0f} and {top['bytes']:.0f} bytes")
        details = {"runs": runs, "medians": result}
        if least:
            ratio = own["rps"] / top["rps"]
            table.add(name, rate(own), rate(top), f"{ratio:.2f}", f">= {least:.2f}", ratio >= least,
                      **details)
        else:
            sync = statistics.median(syncs)
            most = top["p50"] + FDATASYNCS * sync
            table.add(name + ", p50", f"{own['p50']:.3f} ms", f"{top['p50']:.3f} ms",
                      f"{(own['p50'] - top['p50']) / sync:.2f}", f"<= {FDATASYNCS:.2f}",
                      own["p50"] <= most, fdatasync_ms=sync, **details)
        large, small = result["large"], result["small"]
        if least:
            figures, ratio = (rate(large), rate(small)), large["rps"] / small["rps"]
        else:
            figures = f"{large['p50']:.3f} ms", f"{small['p50']:.3f} ms"
            ratio = small["p50"] / large["p50"]
        table.add("  at 1,000,000 orders, against 1,000", *figures, f"{ratio:.2f}",
                  f">= {GROWN:.2f}", ratio >= GROWN)
        latencies += [(name, size, result[size]) for size in result]
    return latencies


def measure_listing(table, shop, seconds):
    wrk(shop, "products", 1)
    before = shop.server.memory()
    shop.server.forget_peak()
    listings = [read_listing(shop.server.port) for _ in range(3)]
    size, took, orders = sorted(listings, key=lambda listing: listing[1])[1]
    if orders < shop.orders:
        raise Failure(f"GET /orders gave {orders} orders")

    ending = threading.Event()
    beside = []

    def read_on():
        while not ending.is_set():
            beside.append(read_listing(shop.server.port))

    reader = threading.Thread(target=read_on)
    reader.start()
    products = wrk(shop, "products", seconds)
    ending.set()
    reader.join()
    growth = shop.server.memory("VmHWM") - before
    speed = size / took / MB
    table.add(f"GET /orders of {orders:,}, memory growth", f"{growth:.1f} MB", "", f"{growth:.1f}",
              "<= 16", growth <= 16)
    table.add("  speed", f"{size / MB:.0f} MB", f"{took:.2f} s", f"{speed:.0f}", ">= 100 MB/s",
              speed >= 100)
    table.add("  GET /api/products meanwhile, p99", f"{products['p99']:.2f} ms", rate(products),
              f"{products['p99']:.2f}", "< 20 ms", products["p99"] < 20, products=products,
              listing_mb_per_s=beside[0][0] / beside[0][1] / MB)


def measure_unused_service(table, shop, times=51):
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", shop.server.port)) as connection:

        def ask(method, target, body=None):
            begin = time.perf_counter()
            connection.request(method, target, body, {"Content-Type": "application/json"})
            text = connection.getresponse().read()
            return json.loads(text), 1000 * (time.perf_counter() - begin)

        service, _ = ask("POST", "/services", '{"name": "Unused"}')
        asked = [ask("GET", f"/orders?service_id={service['id']}") for _ in range(times)]
    if any(orders for orders, _ in asked):
        raise Failure("an unused service has orders")
    took = statistics.median(ms for _, ms in asked)
    table.add(f"GET /orders?service_id= of an unused one of {shop.orders:,}", f"{took:.2f} ms", "",
              f"{took:.2f}", "<= 5 ms", took <= 5, milliseconds=took)


def reset(shop, seconds=2):
    """Its seconds; the slowest read in ms of two readers, who ask for what it keeps, meanwhile."""
    resets = []

    def ask():
        time.sleep(seconds / 4)
        begin = time.perf_counter()
        with contextlib.closing(
                http.client.HTTPConnection("127.0.0.1", shop.server.port)) as connection:
            connection.request("POST", "/_kiosk/reset")
            if connection.getresponse().status == 200:
                resets.append(time.perf_counter() - begin)

    asking = threading.Thread(target=ask)
    asking.start()
    slowest = wrk(shop, "kept", seconds, 2)["max"]
    asking.join()
    if not resets:
        raise Failure("POST /_kiosk/reset was refused")
    return resets[0], slowest


def measure_reset(table, shop, times=3):
    runs = []
    for _ in range(times):
        shop.start_over()
        undisturbed = wrk(shop, "kept", 2, 2)["max"]
        took, slowest = reset(shop)
        runs.append({"seconds": took, "slowest_ms": slowest, "undisturbed_ms": undisturbed})
    result = median(runs)
    took, slowest = result["seconds"], result["slowest_ms"]
    table.add(f"POST /_kiosk/reset of {shop.orders:,} orders", f"{took:.3f} s", "", f"{took:.3f}",
              "<= 0.5 s", took <= 0.5, runs=runs)
    table.add("  slowest read meanwhile, against without", f"{slowest:.2f} ms",
              f"{result['undisturbed_ms']:.2f} ms", f"{slowest:.2f}", "<= 20 ms", slowest <= 20)

def measure_mixed(table, shop, seconds):
    watch = Watch(shop)
    watch.start()
    try:
        run = wrk(shop, "mixed", seconds)
    finally:
        watch.stop()
    settled = min(60, seconds / 4)
    early = max(memory for at, memory, _ in watch.samples if at <= settled)
    late = max(memory for at, memory, _ in watch.samples if at > settled)
    log = max(size for _, _, size in watch.samples)
    details = {"run": run, "samples": watch.samples}
    table.add(f"mixed, 80 % reads, {seconds} s", rate(run), f"p99 {run['p99']:.1f} ms", "0 errors",
              "0", True, **details)
    table.add(f"  memory after {settled:.0f} s, against before", f"{late:.1f} MB",
              f"{early:.1f} MB", f"+{max(0, late - early):.1f}", "<= 2 MB", late - early <= 2)
    table.add("  write-ahead log", f"{log:.1f} MB", "", f"{log:.1f}", "<= 96 MB", log <= 96)


def pack_frontend(kiosk, folder):
    """A packed kiosk with a frontend of 20 MB: 1,500 files of 8 kB, 2 of 4 MB."""
    build = f"{folder}/build"
    os.makedirs(build + "/assets")
    sizes = {"index.html": 1_000, "assets/main.js": 4_000_000, "assets/main.js.map": 4_000_000}
    sizes |= {f"assets/{i}.svg": 8_000 for i in range(1_500)}
    for name, size in sizes.items():
        with open(f"{build}/{name}", "wb") as file:
            file.write(os.urandom(size))
    subprocess.run([kiosk, "pack", "-o", f"{folder}/packed", "--frontend", build], check=True)
    return f"{folder}/packed"


def measure_start(table, name, kiosk, folder, most, times=11):
    """`most`: to the ready line, in ms."""
    started, memory = [], []
    for i in range(times):
        path = f"{folder}/{os.path.basename(kiosk)}{i}.db"
        server = Server([kiosk, "--quiet", "--port", "0", "--db", path])
        started.append(server.ready_ms)
        time.sleep(0.2)
        memory.append(server.memory())
        server.stop()
    ready, idle = statistics.median(started), statistics.median(memory)
    table.add(name, f"{ready:.1f} ms", "", f"{ready:.1f}", f"<= {most} ms", ready <= most,
              runs=started)
    return idle


def print_latencies(latencies):
    print("\nlatencies in ms, medians of the rounds\n")
    print(f"{'':<34} {'':<8} {'p50':>9} {'p99':>9} {'requests/s':>12}")
    for name, size, run in latencies:
        print(f"{name if size == 'ceiling' else '':<34} {size:<8} {run['p50']:>9.3f} "
              f"{run['p99']:>9.3f} {run['rps']:>12,.0f}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kiosk", required=True, help="the executable")
    parser.add_argument("--ceiling", required=True, help="the ceiling's executable")
    parser.add_argument("--quick", action="store_true", help="fewer and shorter rounds")
    parser.add_argument("--json", help="write all figures to this file")
    parser.add_argument("--folder", default=".", help="where the databases go: on which disk")
    options = parser.parse_args()
    rounds, seconds, mixed_seconds = (3, 1, 30) if options.quick else (5, 3, 300)

    begin = time.time()
    servers = []
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        try:
            print(f"{os.cpu_count()} CPUs, load {os.getloadavg()[0]:.1f}; {rounds} rounds of "
                  f"{seconds} s, in turn; 64 connections; medians\n")
            table = Table()
            idle = measure_start(table, "start, to the ready line, a new database", options.kiosk,
                                 folder, 30)
            table.add("  idle memory", f"{idle:.1f} MB", "", f"{idle:.1f}", "<= 12 MB", idle <= 12)
            packed = pack_frontend(options.kiosk, folder)
            measure_start(table, "  packed with a frontend of 20 MB", packed, folder, 50)
            ceiling = Ceiling(options.ceiling)
            servers.append(ceiling)
            shops = {}
            for size, (users, orders) in SIZES.items():
                shops[size] = Shop(options.kiosk, f"{folder}/{size}.db", users, orders)
            for shop in shops.values():
                shop.start()
                servers.append(shop)
            measure_listing(table, shops["large"], 2 * seconds)
            measure_unused_service(table, shops["large"])
            latencies = measure_work(table, ceiling, shops, folder, rounds, seconds)
            measure_mixed(table, shops["large"], mixed_seconds)
            measure_reset(table, shops["large"])
        except Failure as failure:
            sys.exit(f"bench: {failure}")
        finally:
            for owner in servers:
                owner.server.stop()
    print_latencies(latencies)
    missed = sum(row["met"] is False for row in table.rows)
    print(f"\n{missed} of {len(table.rows)} targets missed; {time.time() - begin:.0f} s")
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump({"machine": platform.platform(), "cpus": os.cpu_count(), "rounds": rounds,
                       "seconds": seconds, "rows": table.rows}, file, indent=1)


if __name__ == "__main__":
    main()
