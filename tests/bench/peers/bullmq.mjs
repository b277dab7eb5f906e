// SPDX-License-Identifier: MIT
// Puts one kind of load on BullMQ, as its users write it, and prints what it measured as JSON:
// bullmq.mjs SOCKET COMMAND NUMBER...
import { Queue, QueueEvents, Worker } from 'bullmq';
import Redis from 'ioredis';

const OUTSTANDING = 64;
const CONCURRENCY = 50;
const BULK = 1000;
const WARM_UP = 2000;
const NAME = 'bench';
const DATA = { prompt: 'x' };

const [path, command, ...numbers] = process.argv.slice(2);
const opened = [];

function open(thing) {
  opened.push(thing);
  return thing;
}

// BullMQ asks for maxRetriesPerRequest null in workers; auto-pipelining is to its advantage.
function connect() {
  return open(new Redis({ path, maxRetriesPerRequest: null, enableAutoPipelining: true }));
}

function openQueue() {
  return open(new Queue(NAME, { connection: connect() }));
}

// `total` adds, of which 64 are outstanding at any time, in turns over the queues' connections.
async function addAll(queues, total) {
  let begun = 0;
  const lane = async (queue) => {
    while (begun < total) {
      begun += 1;
      await queue.add('job', DATA);
    }
  };
  await Promise.all(Array.from({ length: OUTSTANDING }, (_, i) => lane(queues[i % queues.length])));
}

async function perSecond(jobs, work) {
  const begin = performance.now();
  await work();
  return { per_second: (jobs * 1000) / (performance.now() - begin) };
}

// A worker that does nothing; `done(n)` resolves once it has completed n more jobs.
function openWorker() {
  const options = { connection: connect(), concurrency: CONCURRENCY };
  const worker = open(new Worker(NAME, async () => {}, options));
  let completed = 0;
  let until = () => {};
  worker.on('completed', () => {
    completed += 1;
    until();
  });
  const done = (jobs) => new Promise((resolve) => {
    const goal = completed + jobs;
    until = () => completed >= goal && resolve();
  });
  return { ready: worker.waitUntilReady(), done };
}

const commands = {
  async add(jobs, connections) {
    const queues = Array.from({ length: connections }, openQueue);
    await Promise.all(queues.map((queue) => queue.waitUntilReady()));
    await addAll(queues, WARM_UP);
    return perSecond(jobs, () => addAll(queues, jobs));
  },

  async bulk(jobs) {
    const queue = openQueue();
    const some = Array.from({ length: BULK }, () => ({ name: 'job', data: DATA }));
    await queue.addBulk(some);
    return perSecond(jobs, async () => {
      for (let added = 0; added < jobs; added += BULK) await queue.addBulk(some);
    });
  },

  async complete(jobs) {
    const queue = openQueue();
    const worker = openWorker();
    await worker.ready;
    const round = (total) => Promise.all([worker.done(total), addAll([queue], total)]);
    await round(WARM_UP);
    return perSecond(jobs, () => round(jobs));
  },

  async roundTrip(times) {
    const queue = openQueue();
    const events = open(new QueueEvents(NAME, { connection: connect() }));
    await Promise.all([openWorker().ready, events.waitUntilReady()]);
    const latencies = [];
    for (let i = 0; i < 2 * times; i += 1) {
      const begin = performance.now();
      const job = await queue.add('job', DATA);
      await job.waitUntilFinished(events);
      latencies.push(performance.now() - begin);
    }
    const warm = latencies.slice(times).sort((a, b) => a - b);
    return { p50_ms: warm[Math.floor(times / 2)] };
  },
};

await connect().flushall();
console.log(JSON.stringify(await commands[command](...numbers.map(Number))));
for (const thing of opened.reverse()) await (thing.close?.() ?? thing.quit());
