"""Several samcache processes as one service, each with folders of its own as on a machine of its own; its clients."""

import http.client
import json
import random
import re
import threading
import time

from drawn_images import drawn_png
from nginx import Nginx
from service import Backend, Client, Process, Server, create_token, free_port
from web_socket import Closed, Refused

# What a client sees of a server that dies, and may answer by asking again.
GONE = (ConnectionError, http.client.HTTPException, TimeoutError, OSError)


class Cluster:
    """Servers, workers and the nginx before them. `start` starts one again after it was killed.

    `worker_command`: a program and its arguments in place of `samcache worker`. `change`: see Nginx.
    """

    def __init__(self, folder, cleanup, servers=2, workers=2, worker_command=None, arguments=(), change=None):
        self.backend = Backend(folder)
        self.token = create_token(self.backend, "cluster", "admin")["token"]
        self.cleanup, self.worker_command, self.arguments = cleanup, worker_command, arguments
        self.machines, self.processes = {}, {}
        names = [f"server{i + 1}" for i in range(servers)] + [f"worker{i + 1}" for i in range(workers)]
        self.ports = {name: free_port() for name in names}
        for name in names:
            self.machines[name] = self.backend.on_another_machine(name)
            self.start(name)
        self.front = Nginx(folder / "nginx", [server.port for server in self.servers], change or (lambda text: text))
        self.front.token = self.token
        cleanup(self.front.stop)

    def start(self, name):
        machine, port = self.machines[name], self.ports[name]
        if name.startswith("server"):
            proxy = ["--trusted-proxy", "127.0.0.0/8"]
            process = Server(machine, "--no-worker", *proxy, *self.arguments, port=port)
        elif self.worker_command is None:
            process = Worker(machine, name, port)
        else:
            program, *arguments = self.worker_command
            process = Process(machine, None, *arguments, "--name", name, name=name, program=program)
            process.read_line()
        process.token = self.token
        self.cleanup(process.kill)
        self.processes[name] = process
        return process

    def __getitem__(self, name):
        return self.processes[name]

    def all(self, kind):
        return [process for name, process in self.processes.items() if name.startswith(kind)]

    @property
    def servers(self):
        return self.all("server")

    def encodes(self):
        """How many encodes the workers that run now have completed, by their metrics."""
        return sum(int(metric(worker, 'samcache_encodes_total{result="encoded"}')) for worker in self.all("worker"))


class Worker(Process, Client):
    """A `samcache worker` whose health and metrics can be asked for."""

    def __init__(self, machine, name, port):
        super().__init__(machine, "worker", "--name", name, "--port", port, name=name)
        self.port = port


def metric(process, name):
    found = re.search(rf"^{re.escape(name)} (\S+)$", process.get("/metrics").body.decode(), re.MULTILINE)
    return float(found[1]) if found else 0


class Events:
    """The statuses that a server's event stream tells, collected on a thread."""

    def __init__(self, client):
        self.statuses = []
        self.connection = client.connect(30)
        self.connection.request("GET", "/api/v1/events", headers={"Authorization": f"Bearer {client.token}"})
        self.response = self.connection.getresponse()
        self.thread = threading.Thread(target=self.listen, daemon=True)
        self.thread.start()

    def listen(self):
        try:
            for line in self.response:
                if line.startswith(b"data: "):
                    event = json.loads(line[6:])
                    self.statuses.append((event.get("id"), event.get("encoding_status")))
        except (*GONE, ValueError, AttributeError):
            pass  # the test has ended, and closed it


class Uploader(threading.Thread):
    """Uploads so many pictures with a pause after each, and asks again when the server it met has died."""

    def __init__(self, front, number, count, pause):
        super().__init__()
        self.front, self.number, self.count, self.pause = front, number, count, pause
        self.images, self.retries = [], 0

    def run(self):
        for i in range(self.count):
            picture = drawn_png(f"uploader {self.number} {i}", 240, 180)
            while True:
                try:
                    answer = self.front.upload(picture, timeout=10)
                    if answer.status == 201:
                        break
                except GONE:
                    pass
                self.retries += 1
                time.sleep(0.1)
            self.images.append(answer.json["id"])
            time.sleep(self.pause)


class Annotator(threading.Thread):
    """Clicks over a WebSocket. The prompts are the client's: after a break it says them again, to whoever answers."""

    def __init__(self, front, image, number, end):
        super().__init__()
        self.front, self.image, self.end = front, image, end
        self.dice = random.Random(number)
        self.socket, self.points, self.masks = None, [], []
        self.answers, self.breaks, self.longest_pause, self.differences = 0, 0, 0.0, []

    def run(self):
        last = time.monotonic()
        while time.monotonic() < self.end:
            try:
                self.work()
            except (Closed, Refused, *GONE):
                self.drop()
                self.breaks += 1
                time.sleep(0.05)
                continue
            self.answers += 1
            self.longest_pause = max(self.longest_pause, time.monotonic() - last)
            last = time.monotonic()
            time.sleep(0.1)
        self.drop()

    def drop(self):
        if self.socket is not None:
            self.socket.socket.close()
        self.socket = None

    def work(self):
        if self.socket is None:
            self.socket = self.front.web_socket(self.image, timeout=10)
            self.say_again()
        if len(self.points) >= 6:
            self.ask({"type": "reset"})
            self.points, self.masks = [], []
        point = [self.dice.uniform(0.1, 0.9), self.dice.uniform(0.1, 0.9)]
        masks = self.ask({"type": "add_point", "point": point})
        self.points.append(point)
        self.masks = masks

    def say_again(self):
        masks = None
        for point in self.points:
            masks = self.ask({"type": "add_point", "point": point})
        if self.points and masks != self.masks:
            self.differences.append(list(self.points))

    def ask(self, message):
        answer = self.socket.ask(message)
        if answer["type"] != "inference_result":
            raise ConnectionError(answer)
        return answer["masks"]
