// Plots of the results, as SVG.

const fs = require('node:fs');
const path = require('node:path');
const { predict } = require('./model.js');

const SIZE = { width: 360, height: 240 };

const quantitative = (field, title, type = 'linear') => ({
  field,
  title,
  type: 'quantitative',
  scale: type === 'linear' ? { type, zero: false } : { type },
});
const nominal = (field, title) => ({ field, title, type: 'nominal' });

/** A chart of one line for each `color`, a panel for each `panel`. */
function lines({ title, values, x, y, color, panel, label }) {
  const encoding = { x, y, color };
  const layers = [{ mark: { type: 'line', point: true }, encoding }];
  if (label) {
    layers.push({
      mark: { type: 'text', dy: -8, fontSize: 9 },
      encoding: { ...encoding, text: { field: label } },
    });
  }
  return {
    $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
    title,
    data: { values },
    facet: { ...panel, header: { labelFontWeight: 'bold' } },
    columns: 2,
    spec: { ...SIZE, layer: layers },
    resolve: { scale: { x: 'independent', y: 'independent' } },
    config: { background: 'white' },
  };
}

const of = (report, scenario) => report.results.filter((result) => result.scenario === scenario);

/** One value for each side of each of the results. */
function points(results, make) {
  return results.flatMap((result) => result.sides.map((side) => make(result, side)));
}

function speedAgainstSize(report) {
  const streams = of(report, 'stream').filter(({ params }) => params.level !== 'default');
  const measured = points(streams, ({ corpus, params }, { name, median, bytesOut, bytesIn }) => ({
    corpus,
    side: name,
    level: params.level,
    speed: median.rate / 1e6,
    size: (100 * bytesOut) / bytesIn,
  }));
  const commands = points(of(report, 'cli'), ({ corpus }, { name, median, bytesOut, bytesIn }) => ({
    corpus,
    side: name.split(' ')[0],
    level: name.split(' -')[1] ?? '',
    speed: median.rate / 1e6,
    size: (100 * bytesOut) / bytesIn,
  }));
  return lines({
    title: 'Speed against size: one stream at levels 1 to 9, and commands on files',
    values: [...measured, ...commands.filter(({ side }) => side !== 'warpgzip')],
    x: quantitative('size', 'compressed size, % of input'),
    y: quantitative('speed', 'MB/s', 'log'),
    color: nominal('side', ''),
    panel: nominal('corpus', ''),
    label: 'level',
  });
}

function throughputAgainstThreads(report) {
  const kinds = [
    ['measured', 'measured'],
    ['predicted', 'model'],
  ];
  const values = predict(report).flatMap((row) =>
    kinds
      .filter(([key]) => row[key] !== undefined)
      .map(([key, kind]) => ({
        ...row,
        speed: row[key] / 1e6,
        line: `level ${row.level}, ${kind}`,
      })),
  );
  return lines({
    title: 'One stream: throughput against threads, measured and by the model',
    values,
    x: quantitative('threads', 'threads (and, for the model, as many cores)', 'log'),
    y: quantitative('speed', 'MB/s', 'log'),
    color: nominal('line', ''),
    panel: nominal('corpus', ''),
  });
}

function latencyAgainstPayload(report) {
  const values = points(of(report, 'latency'), ({ params }, { name, median }) => ({
    form: params.form,
    side: name,
    size: params.size,
    latency: median.p50Ms,
  }));
  return lines({
    title: 'Latency against payload, one call after the other',
    values,
    x: quantitative('size', 'bytes', 'log'),
    y: quantitative('latency', 'median, ms', 'log'),
    color: nominal('side', ''),
    panel: nominal('form', ''),
  });
}

function memoryAgainstStreams(report) {
  const values = points(of(report, 'idle'), ({ params }, { name, median }) => ({
    state: params.state,
    side: name,
    streams: params.streams,
    memory: median.addedBytes / 1e6,
  }));
  return lines({
    title: 'Memory against open streams: 4 KiB written and flushed, then idle; or unused',
    values,
    x: quantitative('streams', 'streams'),
    y: quantitative('memory', 'added memory, MB'),
    color: nominal('side', ''),
    panel: nominal('state', ''),
  });
}

/** Plots by file name, and the scenarios they need. */
const PLOTS = {
  'speed-size.svg': { needs: ['stream'], draw: speedAgainstSize },
  'throughput-threads.svg': { needs: ['threads'], draw: throughputAgainstThreads },
  'latency-payload.svg': { needs: ['latency'], draw: latencyAgainstPayload },
  'memory-streams.svg': { needs: ['idle'], draw: memoryAgainstStreams },
};

/** Draws every plot that the report has data for. @returns {Promise<string[]>} the files written */
async function writePlots(report, folder) {
  // ES modules, and large: loaded only where something is drawn.
  const [vega, vegaLite] = await Promise.all([import('vega'), import('vega-lite')]);
  fs.mkdirSync(folder, { recursive: true });
  const written = [];
  for (const [name, { needs, draw }] of Object.entries(PLOTS)) {
    if (!needs.every((scenario) => of(report, scenario).length > 0)) continue;
    const { spec } = vegaLite.compile(draw(report));
    const view = new vega.View(vega.parse(spec), { renderer: 'none' });
    const file = path.join(folder, name);
    fs.writeFileSync(file, `${await view.toSVG()}\n`);
    written.push(file);
  }
  return written;
}

if (require.main === module) {
  const [results = path.join(__dirname, 'results/results.json')] = process.argv.slice(2);
  writePlots(JSON.parse(fs.readFileSync(results, 'utf8')), path.dirname(results)).then((files) =>
    console.log(files.join('\n')),
  );
}

module.exports = { writePlots };
