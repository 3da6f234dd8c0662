#!/usr/bin/env python3
"""Measures the running service, client and server on one machine, and prints one JSON document.

    bench/service/measure.py --binary build/src/apps/samcache [--minutes 10] [--only http,download,click,encode,sockets]

http      small JSON calls (/healthz, an image's status) against nginx answering a static file of the same size: wrk, in
          turn, several rounds; needs nginx and wrk
download  a 10 MiB encoding against nginx with sendfile; needs nginx and wrk
click     what a WebSocket click costs above the bare decode
encode    clicks while an encode runs
sockets   500 idle and 50 busy WebSockets, and the server's memory meanwhile

Uses the servers and clients that the integration tests have (tests/integration).
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent), str(ROOT / "tests" / "integration")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--only", default="http,download,click,encode,sockets")
    parser.add_argument("--minutes", type=float, default=10, help="of `sockets`")
    parser.add_argument("--seconds", type=int, default=8, help="of one wrk run")
    arguments = parser.parse_args()
    os.environ["SAMCACHE_BINARY"] = str(arguments.binary.resolve())
    os.environ["SAMCACHE_TEST_DATA"] = str(ROOT / "tests" / "data")

    import http_load
    import session_load
    from machine import machine_facts

    measurements = {
        "http": lambda folder: http_load.small_calls(folder, arguments.seconds),
        "download": lambda folder: http_load.downloads(folder, arguments.seconds),
        "click": session_load.click_cost,
        "encode": session_load.clicks_while_encoding,
        "sockets": lambda folder: session_load.many_sockets(folder, arguments.minutes * 60),
    }
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine_facts(),
        "load_before": os.getloadavg(),
    }
    for name in arguments.only.split(","):
        with tempfile.TemporaryDirectory(prefix="samcache-bench-") as folder:
            pathlib.Path(folder).chmod(0o755)
            print(f"{name} …", file=sys.stderr, flush=True)
            result[name] = {**measurements[name](pathlib.Path(folder)), "load_after": os.getloadavg()}
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
