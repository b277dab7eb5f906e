# SPDX-License-Identifier: MIT
"""Clients of a daemon that is killed under them, and what must be true of their jobs in the end.

A kind of client is a subclass of Client with a story, which it tells again and again. It repeats
each request until it is answered; what it then knows of a job stands in its `jobs`. To add a kind,
write its story and name it in CLIENTS."""

import collections
import dataclasses
import http.client
import json
import random
import threading
import time

from daemon import ENDED

REPEAT_SECONDS = 0.01  # between two tries while there is no daemon
PAUSE_SECONDS = 0.1    # between two stories, at most
OPEN_MAX = 8           # jobs of one client that have not ended, so that the queue does not grow for ever


@dataclasses.dataclass
class Promise:
    """What an acknowledged job must have become."""
    prompt: str
    status: str = "completed"
    attempt: int = 1
    after: list = dataclasses.field(default_factory=list)
    error_code: str = ""
    seen: list = dataclasses.field(default_factory=list)  # its first events, as a client has read them


class Stopped(Exception):
    """The test is over and there is no daemon that could answer."""


class Client(threading.Thread):
    def __init__(self, daemon, name, seed):
        super().__init__(name=name)
        self.server, self.random = daemon, random.Random(seed)
        self.jobs, self.keys, self.open, self.trouble = {}, {}, collections.deque(), None
        self.stop = threading.Event()

    def run(self):
        try:
            while not self.stop.wait(self.random.uniform(0, PAUSE_SECONDS)):
                self.story()
                self.keep_up()
        except Stopped:
            pass
        except Exception as trouble:  # told by the test, which waits for this thread
            self.trouble = trouble

    def story(self):
        raise NotImplementedError

    def keep_up(self):
        while len(self.open) > OPEN_MAX:
            job = self.call("GET", f"/api/jobs/{self.open[0]}").json()
            if job["status"] in ENDED:
                self.open.popleft()
            else:
                self.call("GET", f"/api/jobs/{job['job_id']}/events?after={job['seq']}&wait=5")

    def call(self, method, path, body=None, headers=None):
        """The answer to a request, which is repeated until there is one: a first try may have been
        carried out all the same."""
        while True:
            try:
                answer = self.server.request(method, path, body, headers, timeout=10)
            except (OSError, http.client.HTTPException):
                if self.stop.is_set() and self.server.process.poll() is not None:
                    raise Stopped from None
                time.sleep(REPEAT_SECONDS)
            else:
                if answer.status != 503:  # it starts
                    return answer

    def submit(self, prompt=None, promise=None, **job):
        """The id of a new job, which is acknowledged once and for all."""
        prompt = prompt or self.words()
        key = f"{self.name}-{len(self.keys)}"
        body = {"prompt": prompt, "priority": self.random.choice([20, 50, 80]), **job}
        answer = self.call("POST", "/api/jobs", body, {"Idempotency-Key": key})
        assert answer.status in (200, 201), answer.body
        job_id = answer.json()["job_id"]
        assert job_id not in self.jobs, f"job {job_id} was given twice"
        self.jobs[job_id] = promise or Promise(prompt)
        self.jobs[job_id].prompt = prompt
        self.keys[key] = job_id, body
        self.open.append(job_id)
        return job_id

    def command(self, job_id, verb):
        """The job after a command, or None where its state forbids it."""
        answer = self.call("POST", f"/api/jobs/{job_id}/{verb}")
        assert answer.status in (200, 409), answer.body
        return answer.json() if answer.status == 200 else None

    def words(self, most=6):
        return " ".join(f"w{self.random.randrange(100)}" for _ in range(self.random.randint(1, most)))

    def speed(self):
        # Short enough that few are killed twice: a job under which the daemon dies ten times fails.
        return {"tokens_per_second": self.random.choice([0, 100, 200])}


class Submitter(Client):
    def story(self):
        self.submit(params=self.speed())


class Retrier(Client):
    """Its jobs fail once and are tried again."""

    def story(self):
        self.submit(params=self.speed() | {"fail": "retry_now", "fail_attempts": 1},
                    promise=Promise("", attempt=2))


class Delayer(Client):
    def story(self):
        self.submit(params=self.speed(), delay_seconds=self.random.choice([1, 2]))


class Holder(Client):
    """Holds its jobs, from the start or later, and lets them go."""

    def story(self):
        held = self.random.random() < 0.5
        job_id = self.submit(params=self.speed(), hold=held)
        if not held:
            self.command(job_id, "hold")
        self.command(job_id, "release")


class Canceller(Client):
    def story(self):
        job_id = self.submit(params={"tokens_per_second": 30})
        self.stop.wait(self.random.uniform(0, 0.1))
        if cancelled := self.command(job_id, "cancel"):
            assert cancelled["status"] == "cancelled", cancelled
            self.jobs[job_id].status = "cancelled"


class Chainer(Client):
    """Each of its jobs follows those before it."""

    def story(self):
        chain = []
        for _ in range(self.random.randint(2, 4)):
            after = self.random.sample(chain, min(len(chain), self.random.randint(1, 2)))
            chain.append(self.submit(params=self.speed(), after=after, promise=Promise("", after=after)))


class ChainBreaker(Client):
    """Cancels a job that another was to follow."""

    def story(self):
        first = self.submit(hold=True, promise=Promise("", status="cancelled"))
        self.submit(after=[first],
                    promise=Promise("", status="failed", attempt=0, error_code="dependency_failed"))
        assert self.command(first, "cancel")


class Follower(Client):
    """Reads a job's events while it runs; none of them may be taken back."""

    def story(self):
        job_id = self.submit(params={"tokens_per_second": 100})
        seen = self.jobs[job_id].seen
        while not seen or seen[-1]["type"] != "completed":
            after = seen[-1]["seq"] if seen else 0
            answer = self.call("GET", f"/api/jobs/{job_id}/events?after={after}&wait=5")
            assert answer.status == 200, answer.body
            seen += answer.json()["events"]


class Uploader(Client):
    """Hands in several jobs at once."""

    def story(self):
        key = f"{self.name}-{len(self.jobs)}"
        prompts = [self.words() for _ in range(self.random.randint(2, 6))]
        lines = "".join(json.dumps({"prompt": prompt, "params": self.speed()}) + "\n" for prompt in prompts)
        answer = self.call("POST", f"/api/jobs/bulk?group={key}", lines.encode(),
                           {"Idempotency-Key": key, "Content-Type": "application/x-ndjson"})
        assert answer.status == 200, answer.body
        accepted = [json.loads(line)["job_id"] for line in answer.body.splitlines()]
        assert len(accepted) == len(prompts), answer.body
        for job_id, prompt in zip(accepted, prompts):
            assert job_id not in self.jobs, f"job {job_id} was given twice"
            self.jobs[job_id] = Promise(prompt)
            self.open.append(job_id)
        group = self.call("GET", f"/api/groups/{key}").json()
        assert group["total"] == len(prompts), group


class Pauser(Client):
    """Keeps the queue from going on for a moment, now and then."""

    def story(self):
        assert self.call("POST", "/api/queue/pause").json()["paused"]
        self.stop.wait(self.random.uniform(0, 0.05))
        assert not self.call("POST", "/api/queue/resume").json()["paused"]
        self.submit(params=self.speed())


CLIENTS = [Uploader, Pauser, Submitter, Submitter, Retrier, Delayer, Holder, Canceller, Chainer, ChainBreaker, Follower]
