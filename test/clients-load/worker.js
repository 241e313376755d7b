// The process under load: one server or one loop, told by its parent when to stop.

const zlib = require('node:zlib');
const loops = require('./loops');
const servers = require('./servers');
const { Tally, sleep } = require('./support');

const name = process.argv[2];
let over = false;
const stopped = new Promise((resolve) => {
  process.once('message', () => {
    over = true;
    resolve();
  });
});

const work = () => {
  const { requests = 0, inlineRequests = 0 } = zlib.warpdrive?.stats() ?? {};
  return requests + inlineRequests;
};

/** What aborted streams had in flight must come back: false if it does not within 10 s. */
async function settles() {
  for (let i = 0; i < 100; i++) {
    if ((zlib.warpdrive?.stats().outstanding ?? 0) === 0) return true;
    await sleep(100);
  }
  return false;
}

async function main() {
  const tally = new Tally();
  // A leak shows in how much is resident after half of the time and at the end.
  const half = setTimeout(() => {
    half.rss = process.memoryUsage.rss();
  }, Number(process.argv[3]) * 500);
  if (servers[name]) {
    process.send({ port: await servers[name]() });
    await stopped;
  } else {
    process.send({});
    await loops[name](() => over, tally);
  }
  if (!(await settles())) tally.wrong('requests of the package are still outstanding');
  const { requests, errors } = tally;
  const rss = process.memoryUsage.rss();
  process.send({ requests, errors, rss, halfRss: half.rss, work: work() }, () => process.exit());
}

main();
