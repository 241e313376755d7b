// Results as tables on a terminal.

const Table = require('cli-table3');

const BARE = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

function render(head, rows) {
  const numeric = head.map((_, column) => (column < 3 ? 'left' : 'right'));
  const style = { head: [], border: [], 'padding-left': 0, 'padding-right': 0 };
  const table = new Table({ head, chars: BARE, style, colAligns: numeric });
  table.push(...rows);
  return `${table.toString()}\n`;
}

/** A number with three or four digits that count; '-' for what was not measured. */
function short(value, unit = '') {
  if (value === undefined || Number.isNaN(value)) return '-';
  const digits =
    Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return `${value.toFixed(digits)}${unit}`;
}

const times = (value) => (value === undefined ? '-' : `${value.toFixed(2)}×`);
const megabytes = (bytes) => short(bytes === undefined ? undefined : bytes / 1e6);

function speed(rate, counts) {
  if (rate === undefined) return '-';
  return counts === 'bytes' ? `${short(rate / 1e6)} MB/s` : `${Math.round(rate)} /s`;
}

const HEAD = [
  'test',
  'data',
  'side',
  'speed',
  'ratio',
  'spread',
  'best',
  'size',
  'CPU s/GB',
  'CPU',
  'main s/GB',
  'main µs',
  'peak MB',
  'added MB',
  'p50 ms',
  'p99 ms',
];

function sideRow(result, side) {
  const { median, ratio, spread } = side;
  return [
    result.test,
    result.corpus,
    side.name,
    speed(median.rate, result.rate),
    times(ratio.rate),
    `${short(spread[0])}-${short(spread[1])}`,
    times(ratio.best),
    ratio.size === undefined ? '-' : ratio.size.toFixed(4),
    short(median.cpuPerGB),
    times(ratio.cpuPerGB),
    short(median.mainCpuPerGB),
    short(median.mainMicros),
    megabytes(median.peakBytes),
    megabytes(median.addedBytes),
    short(median.p50Ms),
    short(median.p99Ms),
  ];
}

/** Compressed sizes of the single files, where a class has several. */
function fileSizes(results) {
  const rows = results.flatMap((result) =>
    result.sides.slice(1).flatMap((side) => {
      const files = Object.entries(side.ratio.sizes ?? {});
      if (files.length < 2) return [];
      return [
        [
          result.test,
          result.corpus,
          side.name,
          ...files.map(([name, ratio]) => `${name} ${ratio.toFixed(4)}`),
        ],
      ];
    }),
  );
  if (rows.length === 0) return '';
  const columns = Math.max(...rows.map((row) => row.length));
  const head = ['size, file by file', 'data', 'side', ...Array(columns - 3).fill('')];
  return `\n${render(head, rows)}`;
}

/** The table of one scenario's results. */
function scenarioTable(title, results) {
  const rows = results.flatMap((result) => result.sides.map((side) => sideRow(result, side)));
  const used = HEAD.map((_, column) => rows.some((row) => row[column] !== '-'));
  const keep = (row) => row.filter((_, column) => used[column]);
  return `\n${title}\n${render(keep(HEAD), rows.map(keep))}${fileSizes(results)}`;
}

/** Goal, measured, met or missed: a row for each class of data. */
function goalsTable(rows) {
  const text = ({ atLeast, atMost }) =>
    atLeast === undefined ? `≤ ${Number(atMost.toFixed(3))}` : `≥ ${atLeast}`;
  return render(
    ['goal', 'data', 'what', 'limit', 'measured', 'spread', 'verdict'],
    rows.map(({ goal, corpus, metric, limit, value, spread, file, met }) => [
      goal,
      corpus ?? '-',
      metric,
      text(limit),
      value === undefined
        ? '-'
        : `${value.toFixed(metric === 'size' ? 4 : 2)}${file ? ` (${file})` : ''}`,
      spread ? `${short(spread[0])}-${short(spread[1])}` : '-',
      met === undefined ? 'not measured' : met ? 'met' : 'MISSED',
    ]),
  );
}

module.exports = { scenarioTable, goalsTable };
