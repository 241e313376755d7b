// An HTTP server that answers each request with a page of 100 KB through createGzip, to 1,000
// clients at once that each send the next request when the last one is answered.

const assert = require('node:assert/strict');
const { execFile } = require('node:child_process');
const { once } = require('node:events');
const http = require('node:http');
const path = require('node:path');
const { promisify } = require('node:util');
const nodeZlib = require('node:zlib');
const { slices } = require('../corpus/corpora.js');

const PAGE_BYTES = 100_000;
const PAGES = 16;
const LOAD = path.resolve(__dirname, '../lanes/http-load.js');
const run = promisify(execFile);

function tests({ corpora, quick }) {
  const corpus = corpora.find(({ name }) => name === 'html') ?? corpora[0];
  const params = quick ? { clients: 200, requests: 600 } : { clients: 1000, requests: 4000 };
  return [{ name: `${params.clients} clients`, corpus, params }];
}

async function prepare({ corpus, params }, zlib) {
  const pages = slices(corpus.files, PAGE_BYTES, PAGES);
  let next = 0;
  const server = http.createServer((request, response) => {
    const page = pages[Number(request.url.slice(1) || next++) % pages.length];
    response.setHeader('content-type', 'text/html');
    response.setHeader('content-encoding', 'gzip');
    const gzip = zlib.createGzip();
    gzip.pipe(response);
    gzip.end(page);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { ...params, pages, url: `http://127.0.0.1:${server.address().port}/` };
}

async function load({ url }, clients, requests) {
  const { stdout } = await run(process.execPath, [LOAD, url, clients, requests]);
  return JSON.parse(stdout);
}

async function verify({ url, pages }) {
  for (const [index, page] of pages.entries()) {
    const [response] = await once(http.get(`${url}${index}`), 'response');
    const chunks = await response.toArray();
    assert.ok(nodeZlib.gunzipSync(Buffer.concat(chunks)).equals(page), `page ${index} is another`);
  }
}

const warmUp = (state) => load(state, 50, 100);

async function measured(state) {
  const outcome = await load(state, state.clients, state.requests);
  return { operations: state.requests, bytesIn: state.requests * PAGE_BYTES, ...outcome };
}

module.exports = {
  title: 'createGzip responses of 100 KB HTML; p50 and p99 are of the time to a whole response',
  tests,
  prepare,
  verify,
  warmUp,
  run: measured,
};
