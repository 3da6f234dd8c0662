"""Clicks over WebSockets: what they cost, beside an encode, and with many connections."""

import multiprocessing
import random
import statistics
import threading
import time

from drawn_images import drawn_png
from service import SCENE, Backend, Server

MIB = 1 << 20
IDLE, BUSY = 500, 50


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def summary(values):
    return {
        "count": len(values),
        "median_ms": round(statistics.median(values), 2),
        "p95_ms": round(percentile(values, 0.95), 2),
    }


def click(socket, dice):
    """(milliseconds until the answer was there, the answer) of one click on a new object."""
    point = [dice.uniform(0.05, 0.95), dice.uniform(0.05, 0.95)]
    started = time.perf_counter()
    answer = socket.ask({"type": "preview", "point": point})
    elapsed_ms = (time.perf_counter() - started) * 1e3
    assert answer["type"] == "inference_result", answer
    return elapsed_ms, answer


class Scene:
    """A server with the scene encoded."""

    def __init__(self, folder):
        self.server = Server(Backend(folder), "--request-log", "failures")
        self.image = self.server.upload(SCENE.read_bytes()).json["id"]
        self.server.wait_for_encoding(self.image)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.kill()


def click_cost(folder, clicks=1000):
    dice = random.Random(1)
    with Scene(folder) as scene, scene.server.web_socket(scene.image) as socket:
        for _ in range(50):
            click(socket, dice)
        seen = [click(socket, dice) for _ in range(clicks)]
    decode = [answer["timing"]["prompt_ms"] for _, answer in seen]
    above = [elapsed - answer["timing"]["prompt_ms"] for elapsed, answer in seen]
    return {
        "click": summary([elapsed for elapsed, _ in seen]),
        "bare_decode": summary(decode),
        "above_the_decode": summary(above),
    }


def keep_encoding(server, pictures, going_on, encoded):
    """Eight pictures always wait; in a process of its own, so that it takes nothing from the one that measures."""
    for first in range(0, len(pictures), 8):
        images = [server.upload(picture).json["id"] for picture in pictures[first : first + 8]]
        for image in images:
            server.wait_for_encoding(image)
            encoded.value += 1
        if not going_on.is_set():
            return


def clicks_while_encoding(folder, clicks=400):
    dice = random.Random(2)
    pictures = [drawn_png(f"load {number}", 800, 600) for number in range(400)]
    with Scene(folder) as scene, scene.server.web_socket(scene.image) as socket:
        for _ in range(50):
            click(socket, dice)
        idle = [click(socket, dice)[0] for _ in range(clicks)]
        processes = multiprocessing.get_context("fork")
        going_on, encoded = processes.Event(), processes.Value("i", 0)
        going_on.set()
        load = processes.Process(target=keep_encoding, args=(scene.server, pictures, going_on, encoded))
        load.start()
        time.sleep(1)
        before, started = encoded.value, time.monotonic()
        beside = [click(socket, dice)[0] for _ in range(clicks)]
        seconds, meanwhile = time.monotonic() - started, encoded.value - before
        still_busy = load.is_alive()
        going_on.clear()
        load.join()
    assert still_busy, "the pictures were too few"
    idle_p95, beside_p95 = percentile(idle, 0.95), percentile(beside, 0.95)
    return {
        "idle": summary(idle),
        "beside_an_encode": summary(beside),
        "p95_ratio": round(beside_p95 / idle_p95, 2),
        "images_encoded_meanwhile": meanwhile,
        "seconds": round(seconds, 1),
    }


def many_sockets(folder, seconds):
    with Scene(folder) as scene:
        idle = [scene.server.web_socket(scene.image, timeout=600) for _ in range(IDLE)]
        end = time.monotonic() + seconds
        latencies, failures, lock = [], [], threading.Lock()

        def keep_clicking(number):
            dice = random.Random(number)
            try:
                with scene.server.web_socket(scene.image) as socket:
                    while time.monotonic() < end:
                        elapsed, _ = click(socket, dice)
                        with lock:
                            latencies.append(elapsed)
                        time.sleep(0.5)
            except Exception as error:  # told in the result
                failures.append(repr(error))

        def keep_alive():
            """Idle clients answer pings, which browsers do by themselves."""
            while time.monotonic() < end:
                for socket in idle:
                    socket.ask({"type": "ping"})
                time.sleep(10)

        threads = [threading.Thread(target=keep_clicking, args=[i]) for i in range(BUSY)]
        threads.append(threading.Thread(target=keep_alive))
        for thread in threads:
            thread.start()
        memory = []
        while time.monotonic() < end:
            memory.append(scene.server.memory())
            time.sleep(2)
        for thread in threads:
            thread.join()
        for socket in idle:
            assert socket.ask({"type": "ping"})["type"] == "pong"
            socket.socket.close()
    quarter = max(1, len(memory) // 4)
    second, last = statistics.mean(memory[quarter : 2 * quarter]), statistics.mean(memory[-quarter:])
    return {
        "idle": IDLE,
        "busy": BUSY,
        "seconds": seconds,
        "clicks": summary(latencies),
        "failures": failures,
        "rss_mib": {
            "second_quarter": round(second / MIB, 1),
            "last_quarter": round(last / MIB, 1),
            "highest": round(max(memory) / MIB, 1),
        },
    }
