// Memory bandwidth as copies see it: N threads at once, each copying 64 MiB again and again.

const { availableParallelism } = require('node:os');
const { Worker, isMainThread, parentPort } = require('node:worker_threads');

const BYTES = 64 << 20;
const SECONDS = 0.4;

/** Bytes per second that this thread reads and writes together. */
function copyForAWhile() {
  const from = Buffer.alloc(BYTES, 1);
  const to = Buffer.alloc(BYTES, 2);
  const start = performance.now();
  let copies = 0;
  let elapsed = 0;
  do {
    from.copy(to);
    copies++;
    elapsed = (performance.now() - start) / 1000;
  } while (elapsed < SECONDS);
  return (2 * BYTES * copies) / elapsed;
}

async function withThreads(count) {
  const workers = Array.from({ length: count }, () => new Worker(__filename));
  const rates = workers.map(
    (worker) =>
      new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject)),
  );
  return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
}

/** @returns {Promise<{ threads: number, bytesPerSecond: number }[]>} for one thread and all cores */
async function measureBandwidth() {
  const counts = [...new Set([1, availableParallelism()])];
  const measured = [];
  for (const threads of counts) {
    measured.push({ threads, bytesPerSecond: await withThreads(threads) });
  }
  return measured;
}

if (!isMainThread) parentPort.postMessage(copyForAWhile());

module.exports = { measureBandwidth };
