#!/usr/bin/env python3
"""Measures many processes as one service, all on this machine, and prints one JSON document.

    bench/cluster/measure.py --binary build/src/apps/samcache --stand-in build/bench/cluster/cluster_stand_in_worker

throughput  encodes a second with 1, 2 and 4 workers, and what one costs PostgreSQL
delay       how long jobs wait for one of 4 workers that are busy 80 % of the time
warm        prompts through nginx with and without hashing by the image: how many meet a server that has it ready
proxy       downloads of an encoding through nginx, buffered and not
trouble     uploads and clicks while workers and servers are killed all the time

nginx is deploy/nginx/samcache.conf; PostgreSQL and Azurite are those of the tests, but PostgreSQL flushes its log.
Workers are cluster_stand_in_worker where the model does not matter: README.md beside this file says what that means.
"""

import argparse
import json
import os
import pathlib
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "bench" / "service"), str(ROOT / "tests" / "integration")]
PARTS = ("throughput", "delay", "warm", "proxy", "trouble")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--binary", type=pathlib.Path, required=True)
    parser.add_argument("--stand-in", type=pathlib.Path, required=True)
    parser.add_argument("--only", default=",".join(PARTS))
    parser.add_argument("--encode-ms", type=int, default=2000, help="what an encode takes the stand-in")
    arguments = parser.parse_args()
    os.environ["SAMCACHE_BINARY"] = str(arguments.binary.resolve())
    os.environ["SAMCACHE_TEST_DATA"] = str(ROOT / "tests" / "data")
    os.environ["SAMCACHE_TEST_BACKEND"] = "servers"
    os.environ.setdefault(
        "SAMCACHE_AZURITE", str(ROOT / "tests" / "servers" / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js")
    )

    import encodes
    import prompts
    from bench import Bench
    from machine import machine_facts

    functions = {
        "throughput": encodes.throughput,
        "delay": encodes.queue_delay,
        "warm": prompts.warm_share,
        "proxy": prompts.downloads,
        "trouble": prompts.trouble,
    }
    result = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": machine_facts(),
        "load_before": os.getloadavg(),
    }
    try:
        for name in arguments.only.split(","):
            with tempfile.TemporaryDirectory(prefix="samcache-bench-") as folder, Bench(
                pathlib.Path(folder), arguments.stand_in.resolve(), arguments.encode_ms
            ) as bench:
                print(f"{name} …", file=sys.stderr, flush=True)
                result[name] = {**functions[name](bench), "load_after": os.getloadavg()}
    finally:
        unittest.doModuleCleanups()
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
