"""Encodes by stand-in workers: how many a second, what they cost the database, how long they wait."""

import heapq
import random
import time

from bench import Statistics, held_seconds, percentile, summary
from drawn_images import drawn_png
from service import wait_until

WORKERS = (1, 2, 4)
IMAGES_A_WORKER = 16
LOAD, ARRIVALS, WARM_UP = 0.8, 160, 8


def upload(cluster, count, what):
    return [cluster.front.upload(drawn_png(f"{what} {i}", 320, 240)).json["id"] for i in range(count)]


def run(bench, workers):
    """Everything is queued first, so that no worker ever waits."""
    cluster = bench.stand_in_cluster(f"throughput{workers}", workers=0)
    database = Statistics(cluster.backend)
    count = IMAGES_A_WORKER * workers
    upload(cluster, count, f"throughput {workers}")
    per_upload = database.per(count)
    database.reset()
    for i in range(workers):
        name = f"worker{i + 1}"
        cluster.ports[name] = None
        cluster.machines[name] = cluster.backend.on_another_machine(name)
    for i in range(workers):
        cluster.start(f"worker{i + 1}")
    all_work = time.time()
    wait_until(lambda: len(database.jobs()) == count, 60 + 10 * IMAGES_A_WORKER * bench.encode_ms / 1e3, "all is encoded")
    per_encode = database.per(count)
    # From when all are at work until the first has nothing left to do.
    finished = [at for _, _, at in database.jobs() if at > all_work][workers:-workers]
    rate = (len(finished) - 1) / (finished[-1] - finished[0])
    held = list(held_seconds(cluster.all("worker")).values())
    for process in cluster.processes.values():
        process.stop()
    return {
        "workers": workers,
        "encodes": count,
        "encodes_per_s": round(rate, 3),
        "limit_encodes_per_s": round(workers * 1e3 / bench.encode_ms, 3),
        "job": summary([1e3 * seconds for seconds in held]),
        "postgres_per_encode": per_encode,
        "postgres_per_upload": per_upload,
    }


def throughput(bench):
    runs = [run(bench, workers) for workers in WORKERS]
    return {
        "encode_ms": bench.encode_ms,
        "runs": runs,
        "scaling": [round(each["encodes_per_s"] / runs[0]["encodes_per_s"], 2) for each in runs],
        "limit_scaling": list(WORKERS),
        "wanted_scaling_at_4": 3.8,
        "note": "limit: the stand-in's clock alone; a job is that, the original's load and decode, and the encoding's save",
    }


def ideal_delays(jobs, workers):
    """Of the same (arrival, duration)s, in order, at workers that lose no time between jobs."""
    free, delays = [0.0] * workers, []
    for at, seconds in sorted(jobs):
        begins = max(at, heapq.heappop(free))
        delays.append(begins - at)
        heapq.heappush(free, begins + seconds)
    return delays


def queue_delay(bench):
    workers = WORKERS[-1]
    cluster = bench.stand_in_cluster("delay", workers=workers)
    database = Statistics(cluster.backend)
    before = WARM_UP * workers
    upload(cluster, before, "before")
    wait_until(lambda: len(database.jobs()) == before, 120, "the first are encoded")
    first = held_seconds(cluster.all("worker"))
    settled = [first[content] for content, _, _ in database.jobs()[before // 2 :]]
    job_s = percentile(settled, 0.1)  # those that met no other program
    rate = LOAD * workers / job_s
    dice = random.Random(80)
    pictures = [drawn_png(f"delayed {i}", 320, 240) for i in range(ARRIVALS)]
    due = time.monotonic()
    for picture in pictures:  # one at a time: an upload takes far less than the time between two
        due += dice.expovariate(rate)
        time.sleep(max(0, due - time.monotonic()))
        cluster.front.upload(picture)
    wait_until(lambda: len(database.jobs()) == ARRIVALS + before, 120, "all are encoded")
    held = held_seconds(cluster.all("worker"))
    jobs = [job for job in database.jobs() if job[0] not in first]
    delays = [finished - created - held[content] for content, created, finished in jobs]
    ideal = ideal_delays([(created, held[content]) for content, created, _ in jobs], workers)
    seconds = max(finished for _, _, finished in jobs) - min(created for _, created, _ in jobs)
    return {
        "workers": workers,
        "arrivals_per_s": round(rate, 2),
        "job": summary([1e3 * held[content] for content, _, _ in jobs]),
        "busy_share": round(sum(held[content] for content, _, _ in jobs) / (workers * seconds), 3),
        "delay": summary([1e3 * max(0, delay) for delay in delays]),
        "limit_delay": summary([1e3 * delay for delay in ideal]),
        "note": "arrivals by chance (Poisson); limit: the same jobs at workers that lose no time between two",
    }
