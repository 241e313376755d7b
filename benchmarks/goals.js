// What this package must reach on 2 cores against node:zlib at the same level in the same run. The
// limits are ratios: `speed` of throughput or operations per second, `size` of compressed bytes (for
// every file of a class by itself), `cpu` of CPU seconds per GB, `memory` of what was added, `p99`;
// `works` is 1 if the outputs of all decoded to the inputs.

const LEVEL =
  (level) =>
  ({ params }) =>
    params.level === level;
const FORM =
  (form, size) =>
  ({ params }) =>
    params.form === form && params.size === size;
const KiB = 1 << 10;
const MiB = 1 << 20;

/** @type {{ text: string, scenario: string, where: Function, limits: object }[]} */
const GOALS = [
  {
    text: 'createGzip stream, level 1',
    scenario: 'stream',
    where: LEVEL(1),
    limits: { speed: { atLeast: 6 }, size: { atMost: 1 } },
  },
  ...[6, 'default'].map((level) => ({
    text: `createGzip stream, level ${level}`,
    scenario: 'stream',
    where: LEVEL(level),
    limits: { speed: { atLeast: 3.2 }, size: { atMost: 1.005 } },
  })),
  {
    text: 'createGzip stream, level 9',
    scenario: 'stream',
    where: LEVEL(9),
    limits: { speed: { atLeast: 2.4 }, size: { atMost: 1 } },
  },
  ...[2, 3, 4, 5, 7, 8].map((level) => ({
    text: `createGzip stream, level ${level}`,
    scenario: 'stream',
    where: LEVEL(level),
    limits: { speed: { atLeast: 2.4 }, size: { atMost: 1.005 } },
  })),
  {
    text: 'CPU time per GB, level 6',
    scenario: 'stream',
    where: LEVEL(6),
    limits: { cpu: { atMost: 0.6 } },
  },
  {
    text: 'createGunzip stream, one member',
    scenario: 'gunzip',
    where: () => true,
    limits: { speed: { atLeast: 2.2 } },
  },
  ...[1 * KiB, 16 * KiB].flatMap((size) =>
    ['gzipSync', 'gunzipSync'].map((form) => ({
      text: `${form} ${size / KiB} KiB`,
      scenario: 'oneshot',
      where: FORM(form, size),
      limits: { speed: { atLeast: 2 } },
    })),
  ),
  ...[1, 16].map((mebibytes) => ({
    text: `gzipSync ${mebibytes} MiB, level 6`,
    scenario: 'large',
    where: FORM('gzipSync', mebibytes * MiB),
    limits: { speed: { atLeast: 3 } },
  })),
  {
    text: 'gzip() callback, 64 in flight, 16 KiB JSON',
    scenario: 'callback',
    where: ({ params }) => params.inFlight === 64,
    limits: { speed: { atLeast: 2 }, p99: { atMost: 1 } },
  },
  {
    text: '1,000 concurrent createGzip responses, 100 KB HTML',
    scenario: 'http',
    where: ({ params }) => params.clients === 1000,
    limits: { speed: { atLeast: 2 }, p99: { atMost: 1 } },
  },
  {
    text: 'raw deflate, flush after each 300-byte message',
    scenario: 'websocket',
    where: () => true,
    limits: { speed: { atLeast: 1.5 } },
  },
  {
    text: '2,000 open idle streams',
    scenario: 'idle',
    where: ({ params }) => params.streams === 2000 && params.state === 'flushed',
    limits: { memory: { atMost: 1 / 6 } },
  },
  {
    text: '10,000 open idle streams work',
    scenario: 'idle',
    where: ({ params }) => params.streams === 10_000,
    limits: { works: { atLeast: 1 } },
  },
  {
    text: 'warpgzip -6 against pigz -6 -p 2',
    scenario: 'cli',
    where: ({ params }) => params.goal === 'pigz',
    limits: { speed: { atLeast: 2 }, size: { atMost: 1 } },
  },
  {
    text: 'warpgzip -1 against igzip -3 -T 2',
    scenario: 'cli',
    where: ({ params }) => params.goal === 'igzip',
    limits: { speed: { atLeast: 1.2 }, size: { atMost: 1 } },
  },
  ...[1, 6, 9].flatMap((level) =>
    ['files', 'memory'].map((from) => ({
      text: `one stream from ${from}, 2 threads against 1, level ${level}`,
      scenario: 'threads',
      where: ({ params }) => params.level === level && params.from === from,
      limits: { speed: { atLeast: 1.8 } },
    })),
  ),
];

/** Which side of a result the goals judge. */
const JUDGED = { cli: 'warpgzip', threads: '2 threads' };

/** The measured value of a limit, and for sizes which file it is of. */
function measured(metric, side) {
  const { ratio } = side;
  if (metric === 'size') {
    const files = Object.entries(ratio.sizes ?? {});
    if (files.length === 0) return {};
    const [file, value] = files.reduce((worst, entry) => (entry[1] > worst[1] ? entry : worst));
    return { value, file: files.length > 1 ? file : undefined };
  }
  if (metric === 'works') return { value: side.verified ? 1 : 0 };
  const name = { speed: 'rate', cpu: 'cpuPerGB', memory: 'addedBytes', p99: 'p99Ms' }[metric];
  return { value: ratio[name], spread: metric === 'speed' ? side.spread : undefined };
}

/**
 * Judges results by the goals.
 * @returns rows { goal, corpus, metric, limit, value, spread, file, met }; a goal without a result
 *   is one row whose `value` is undefined
 */
function judge(results) {
  return GOALS.flatMap(({ text, scenario, where, limits }) => {
    const matching = results.filter((result) => result.scenario === scenario && where(result));
    return Object.entries(limits).flatMap(([metric, limit]) => {
      const row = { goal: text, metric, limit };
      if (matching.length === 0) return [row];
      return matching.map((result) => {
        const side = result.sides.find(({ name }) => name === (JUDGED[scenario] ?? 'warpdrive'));
        const found = side ? measured(metric, side) : {};
        const { value } = found;
        const met =
          value === undefined
            ? undefined
            : value >= (limit.atLeast ?? -Infinity) && value <= (limit.atMost ?? Infinity);
        return { ...row, corpus: result.corpus, ...found, met };
      });
    });
  });
}

module.exports = { GOALS, judge };
