// Where one stream's throughput ends on more cores than there are here: a simulation of the pipeline
// from measured costs. docs/tuning.md explains it. Usage: node benchmarks/model.js [RESULTS.json]

const fs = require('node:fs');
const path = require('node:path');

const RESULTS = path.join(__dirname, 'results/results.json');
const THREADS = [1, 2, 4, 8, 16, 32, 64];
const BLOCKS = 4000;
/** Blocks of one kind of data take different times: evenly spread by this part to either side. */
const JITTER = 0.25;
/** Requests of a stream that are in flight beyond one per worker (docs/architecture.md, section 2). */
const EXTRA_REQUESTS = 2;

/** Over BLOCKS blocks their size cancels out; the real ones hold 256 KiB or 1 MiB. */
const BLOCK_BYTES = 1 << 20;
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** Evenly spread over -1..1 without a pattern, and the same in every run. */
const spread = (block) => 2 * ((block * GOLDEN) % 1) - 1;

/**
 * Bytes that cross memory for one byte of input: the kernel's copy into the read buffer and the copy
 * into the block (a read and a write each), the codec's read of it; and of the output the codec's
 * write and the copy into the buffer JavaScript gets. Caches make it less; the model lets them not.
 */
const traffic = (sizeRatio) => 5 + 3 * sizeRatio;

/**
 * Simulates one stream. The main thread fills a block and hands it over; the first free worker takes
 * it; results are taken in order, and at most `threads + 2` blocks are between the two.
 * @param {{ main: number, worker: number, threads: number, cores: number }} costs seconds per byte
 * @returns {number} bytes per second
 */
function simulate({ main, worker, threads, cores }) {
  // Where there are fewer cores than busy threads, everybody gets an equal part of them.
  const busy = threads + Math.min(1, (threads * main) / worker);
  const share = Math.min(1, cores / busy);
  const fill = (main * BLOCK_BYTES) / share;
  const work = (worker * BLOCK_BYTES) / share;
  const limit = threads + EXTRA_REQUESTS;
  const freeAt = new Array(threads).fill(0);
  const takenAt = [];
  let mainAt = 0;
  let lastTaken = 0;
  for (let block = 0; block < BLOCKS; block++) {
    mainAt = Math.max(mainAt, takenAt[block - limit] ?? 0) + fill;
    let free = 0;
    for (let i = 1; i < threads; i++) if (freeAt[i] < freeAt[free]) free = i;
    const duration = work * (1 + JITTER * spread(block));
    freeAt[free] = Math.max(freeAt[free], mainAt) + duration;
    lastTaken = Math.max(lastTaken, freeAt[free]);
    takenAt.push(lastTaken);
  }
  return (BLOCKS * BLOCK_BYTES) / lastTaken;
}

/** The costs of a test of the scenario `threads`, in seconds per byte, and how much smaller it gets. */
function costsOf(result) {
  const one = result.sides.find(({ name }) => name === '1 thread');
  const { cpuPerGB, mainCpuPerGB } = one.median;
  if (mainCpuPerGB === undefined) {
    throw new Error("the results do not hold the main thread's CPU time; measure on Linux");
  }
  return {
    main: mainCpuPerGB / 1e9,
    worker: (cpuPerGB - mainCpuPerGB) / 1e9,
    sizeRatio: one.bytesOut / one.bytesIn,
  };
}

/**
 * @param {object} report of npm run bench, with the scenario `threads`, from files
 * @param {number} [bytesPerSecond] memory bandwidth of the machine to predict for; default: what one
 *   core of the measured machine copies, times its cores up to 8 (a socket's memory is saturated by
 *   about that many)
 * @returns rows { corpus, level, threads, predicted, measured, bound }, bytes per second, for as many
 *   cores as threads, and at least as many as were measured
 */
function predict(report, bytesPerSecond) {
  const perCore = report.bandwidth.find(({ threads }) => threads === 1).bytesPerSecond;
  return report.results
    .filter(({ scenario, params }) => scenario === 'threads' && params.from !== 'memory')
    .flatMap((result) => {
      const { main, worker, sizeRatio } = costsOf(result);
      return THREADS.map((threads) => {
        const bandwidth = bytesPerSecond ?? perCore * Math.min(8, threads + 1);
        const memory = bandwidth / traffic(sizeRatio);
        const cores = Math.max(threads, report.machine.cores);
        const pipeline = simulate({ main, worker, threads, cores });
        const predicted = Math.min(pipeline, memory);
        const side = result.sides.find(({ name }) => Number.parseInt(name, 10) === threads);
        const bound =
          predicted === memory ? 'memory' : predicted > 0.9 / main ? 'main thread' : 'workers';
        return {
          corpus: result.corpus,
          level: result.params.level,
          mainPerGB: main * 1e9,
          workerPerGB: worker * 1e9,
          threads,
          predicted,
          measured: side?.median.rate,
          bound,
        };
      });
    });
}

function cell({ threads, predicted, measured, bound }) {
  const beside = measured ? ` (measured ${Math.round(measured / 1e6)})` : '';
  const end = bound === 'workers' ? '' : ` [${bound}]`;
  return `${threads}: ${Math.round(predicted / 1e6)}${beside}${end}`;
}

/** Text of the prediction: costs and throughput of each level and class of data. */
function modelTable(rows) {
  const names = [...new Set(rows.map(({ corpus, level }) => `${corpus}, level ${level}`))];
  const lines = names.map((name) => {
    const group = rows.filter(({ corpus, level }) => `${corpus}, level ${level}` === name);
    const { mainPerGB, workerPerGB } = group[0];
    return (
      `${name}: main thread ${mainPerGB.toFixed(2)} s/GB, workers ${workerPerGB.toFixed(2)} s/GB\n` +
      `  threads: MB/s  ${group.map(cell).join('  ')}`
    );
  });
  return `${lines.join('\n')}\n`;
}

if (require.main === module) {
  const report = JSON.parse(fs.readFileSync(process.argv[2] ?? RESULTS, 'utf8'));
  process.stdout.write(modelTable(predict(report)));
}

module.exports = { predict, modelTable, simulate };
