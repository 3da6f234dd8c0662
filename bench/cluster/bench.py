"""What the measurements share: clusters, PostgreSQL's own statistics, and figures of samples."""

import contextlib
import json
import statistics
import subprocess

from cluster import Cluster
from http_load import shallow_model
from service import POSTGRES, Backend

# A real disk's flush at each commit, as in production, and a count of every statement.
POSTGRES_SETTINGS = """
fsync = on
shared_buffers = 256MB
shared_preload_libraries = 'pg_stat_statements'
pg_stat_statements.max = 1000
"""


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def summary(values, unit="ms", digits=1):
    return {
        "count": len(values),
        f"median_{unit}": round(statistics.median(values), digits),
        f"mean_{unit}": round(statistics.mean(values), digits),
        f"p95_{unit}": round(percentile(values, 0.95), digits),
        f"highest_{unit}": round(max(values), digits),
    }


class Bench(contextlib.ExitStack):
    """A folder, and the clusters in it, which end with it."""

    def __init__(self, folder, stand_in, encode_ms):
        super().__init__()
        self.folder, self.stand_in, self.encode_ms = folder, stand_in, encode_ms
        folder.chmod(0o755)
        self.set_up_postgres()

    @staticmethod
    def set_up_postgres():
        Backend.servers()
        settings = Backend.postgres_folder / "data" / "postgresql.conf"
        if POSTGRES_SETTINGS in settings.read_text():
            return
        with settings.open("a") as file:
            file.write(POSTGRES_SETTINGS)
        subprocess.run([POSTGRES, "restart", Backend.postgres_folder], check=True)

    def cluster(self, name, **options):
        folder = self.folder / name
        folder.mkdir()
        return Cluster(folder, self.callback, **options)

    def stand_in_cluster(self, name, workers, encode_ms=None, change=None):
        """With encodings of the released model's size, by workers whose encode takes a fixed time."""
        model = self.folder / "shallow" / "model"
        if not model.exists():
            model.parent.mkdir()
            shallow_model(model.parent)
        quiet = ["--model", model, "--request-log", "failures", "--token-rate", "1000000"]
        command = [self.stand_in, "--model", model, "--encode-ms", encode_ms or self.encode_ms]
        return self.cluster(name, servers=1, workers=workers, worker_command=command, arguments=quiet, change=change)


class Statistics:
    """What PostgreSQL did in a database since this was made."""

    def __init__(self, backend):
        """`backend`: of a cluster whose processes have made the database's tables."""
        self.url = backend.arguments[backend.arguments.index("--database") + 1]
        self.query("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
        self.reset()

    def query(self, statement):
        """The rows, each a list of texts."""
        done = subprocess.run(
            ["psql", "-q", "-A", "-t", "-F", "\t", self.url, "-c", statement], check=True, capture_output=True, text=True
        )
        return [line.split("\t") for line in done.stdout.splitlines()]

    def reset(self):
        self.query("SELECT pg_stat_statements_reset()")
        self.query("SELECT pg_stat_reset_shared('wal')")

    def per(self, count):
        """Statements, transactions, time and log of each of `count` events."""
        ours = "dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) "
        ours += "AND query NOT LIKE '%pg_stat%' AND query NOT LIKE '%measured%'"  # but for what is asked here
        calls, ms = self.query(f"SELECT sum(calls), sum(total_exec_time) FROM pg_stat_statements WHERE {ours}")[0]
        commits = self.query(f"SELECT sum(calls) FROM pg_stat_statements WHERE {ours} AND query ILIKE 'COMMIT%'")[0][0]
        wal = self.query("SELECT wal_bytes FROM pg_stat_wal")[0][0]
        top = self.query(
            "SELECT left(regexp_replace(query, '\\s+', ' ', 'g'), 70), calls, round(total_exec_time::numeric, 1) "
            f"FROM pg_stat_statements WHERE {ours} ORDER BY total_exec_time DESC LIMIT 5"
        )
        return {
            "statements": round(int(calls) / count, 1),
            "commits": round(int(commits or 0) / count, 1),
            "time_ms": round(float(ms) / count, 2),
            "wal_bytes": round(int(wal) / count),
            "dearest": [{"query": q, "calls": round(int(c) / count, 2), "ms": round(float(t) / count, 3)} for q, c, t in top],
        }

    def jobs(self):
        """[(content, seconds at which it was asked for, seconds at which it was done)] of completed jobs."""
        rows = self.query("SELECT content_id AS measured, created_at, finished_at FROM jobs WHERE state = 'completed' ORDER BY finished_at")
        return [(content, int(created) / 1e3, int(finished) / 1e3) for content, created, finished in rows]


def held_seconds(workers):
    """{content: how long a worker held its job}, from the workers' logs."""
    held = {}
    for worker in workers:
        for line in worker.log.read_text().splitlines():
            if '"encoded"' in line:
                entry = json.loads(line)
                held[entry["content"]] = entry["seconds"]
    return held
