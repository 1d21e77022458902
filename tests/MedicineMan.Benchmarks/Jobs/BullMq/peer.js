// BullMQ doing what our queue is measured at: node peer.js <port> <what> <count> <callers>. Prints one line of JSON. Completed jobs are kept, as ours are.
import { performance } from 'node:perf_hooks';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

const [port, what, countText, callersText] = process.argv.slice(2);
const [count, callers] = [Number(countText), Number(callersText)];
const connection = { host: '127.0.0.1', port: Number(port) };
const name = 'bench';
const bulk = 1000;

const redis = new Redis(connection);
await redis.flushall();
const queue = new Queue(name, { connection });
await queue.waitUntilReady();

const work = {
  // A backlog that is there already, from the start of the worker to the last job finished.
  async process() {
    await fill();
    const { worker, finished } = workFor(count);
    const start = performance.now();
    worker.run();
    await finished;
    const seconds = (performance.now() - start) / 1000;
    await worker.close();
    return { perSecond: count / seconds };
  },

  async enqueue() {
    let left = count;
    return perSecond(() => Promise.all(Array.from({ length: callers }, async () => {
      while (left-- > 0) {
        await queue.add('noop', { n: left });
      }
    })));
  },

  bulk: () => perSecond(fill),

  // Jobs come while a worker is there, all at once.
  async burst() {
    const { worker, finished } = workFor(count);
    worker.run();
    await worker.waitUntilReady();
    const result = await perSecond(async () => {
      await fill();
      await finished;
    });
    await worker.close();
    return result;
  },

  // From the call to the handler's first line, on an idle queue.
  async latency() {
    let started;
    const worker = new Worker(name, async () => started(performance.now()), { connection, concurrency: callers });
    await worker.waitUntilReady();
    const times = [];
    for (let i = -10; i < count; i++) {
      await new Promise(resolve => setTimeout(resolve, 15 + Math.random() * 20));
      const start = new Promise(resolve => { started = resolve; });
      const asked = performance.now();
      await queue.add('noop', { n: i });
      const taken = await start - asked;
      if (i >= 0) {
        times.push(taken);
      }
    }
    await worker.close();
    return { milliseconds: times };
  },
};

console.log(JSON.stringify(await work[what]()));
await queue.close();
await redis.quit();

async function fill() {
  for (let done = 0; done < count; done += bulk) {
    await queue.addBulk(Array.from({ length: Math.min(bulk, count - done) }, (_, i) => ({ name: 'noop', data: { n: done + i } })));
  }
}

async function perSecond(act) {
  const start = performance.now();
  await act();
  return { perSecond: count / ((performance.now() - start) / 1000) };
}

function workFor(expected) {
  let done = 0;
  const worker = new Worker(name, async () => {}, { connection, concurrency: callers, autorun: false });
  const finished = new Promise(resolve => worker.on('completed', () => { if (++done === expected) resolve(); }));
  return { worker, finished };
}
