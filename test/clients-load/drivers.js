// What loads the servers. It runs in a process without the preload, so that the zlib that checks
// the answers is Node's own.

const http = require('node:http');
const { once } = require('node:events');
const zlib = require('node:zlib');
const { STEP_LIMIT_MS } = require('../support/limits');
const { BODIES, NAMES, Tally, hash, onLanes, sleep, use } = require('./support');

const CONNECTIONS = 24;
const POSTING = 8;
const RUDE = 2;

/** Throws if an answer to GET /<name> is not what it should be. */
function checkBody(name, status, encoding, body) {
  if (status !== 200) throw new Error(`status ${status}`);
  const decode = { gzip: zlib.gunzipSync, deflate: zlib.inflateSync }[encoding];
  const decoded = decode ? decode(body) : body;
  if (!BODIES[name]?.equals(decoded)) throw new Error(`wrong body of ${name}`);
}

/** autocannon asks for every body in both encodings; each answer is decoded and compared
 * with the body that its x-name header names. */
async function cannon(port, seconds, tally) {
  const requests = [];
  for (const path of NAMES) {
    for (const encoding of ['gzip', 'deflate']) {
      requests.push({ path: `/${path}`, headers: { 'accept-encoding': encoding } });
    }
  }
  const setupClient = (client) => {
    let parts = [];
    let head = {};
    client.on('headers', ({ headers }) => {
      head = {};
      for (let i = 0; i < headers.length; i += 2) head[headers[i].toLowerCase()] = headers[i + 1];
      parts = [];
    });
    client.on('body', (part) => parts.push(Buffer.from(part)));
    client.on('response', (status) => {
      try {
        checkBody(head['x-name'], status, head['content-encoding'], Buffer.concat(parts));
        tally.right();
      } catch (error) {
        tally.wrong(error);
      }
    });
  };
  const result = await use('autocannon')({
    url: `http://127.0.0.1:${port}`,
    connections: CONNECTIONS,
    duration: seconds,
    timeout: STEP_LIMIT_MS / 1000,
    requests,
    setupClient,
  });
  for (const kind of ['errors', 'timeouts', 'resets', 'non2xx']) {
    for (let i = 0; i < result[kind]; i++) tally.wrong(`autocannon: ${kind}`);
  }
}

function exchange(port, agent, options, body) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, agent, ...options }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => resolve([response.statusCode, Buffer.concat(parts)]));
    });
    request.on('error', reject);
    request.end(body);
  });
}

/** Compressed requests, some of them damaged: those must be refused, and do no harm. */
async function post(port, isOver, tally) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: POSTING });
  const bodies = NAMES.map((name) => {
    const forms = { gzip: zlib.gzipSync(BODIES[name]), deflate: zlib.deflateSync(BODIES[name]) };
    const receipt = JSON.stringify([BODIES[name].length, hash(BODIES[name])]);
    return { forms, receipt };
  });
  await onLanes(POSTING, isOver, tally, async (i) => {
    const { forms, receipt } = bodies[i % bodies.length];
    const encoding = i % 2 ? 'gzip' : 'deflate';
    const damaged = i % 11 === 0;
    const body = Buffer.from(forms[encoding]);
    if (damaged) body[body.length - 2] ^= 1;
    const headers = { 'content-encoding': encoding, 'content-type': 'application/octet-stream' };
    const options = { method: 'POST', path: '/', headers };
    const [status, answer] = await exchange(port, agent, options, body).catch((error) => {
      // Some servers end the connection after a damaged body.
      if (damaged && error.code === 'ECONNRESET') return [400];
      throw error;
    });
    if (damaged ? status !== 400 : status !== 200) throw new Error(`POST: status ${status}`);
    if (!damaged && answer.toString() !== receipt) throw new Error('POST: wrong receipt');
  });
  agent.destroy();
}

/** Clients that go away in mid-body. */
function rude(port, isOver, tally) {
  return onLanes(RUDE, isOver, tally, async (i) => {
    const headers = { 'accept-encoding': 'gzip' };
    const request = http.get({ host: '127.0.0.1', port, path: '/blocks', headers, agent: false });
    request.on('error', () => {});
    const [response] = await once(request, 'response');
    response.on('error', () => {});
    if (i % 2) await once(response, 'data');
    response.destroy();
    await sleep(20);
  });
}

function driveHttp({ posts }) {
  return async (port, seconds) => {
    const tally = new Tally();
    const others = new Tally();
    let over = false;
    const isOver = () => over;
    const ends = [rude(port, isOver, others)];
    if (posts) ends.push(post(port, isOver, tally));
    await cannon(port, seconds, tally);
    over = true;
    await Promise.all(ends);
    tally.add({ requests: 0, errors: others.errors });
    return tally;
  };
}

/** Echo of messages of all sizes, half of the connections without context take-over. */
async function driveWs(port, seconds) {
  const WebSocket = use('ws');
  const tally = new Tally();
  const end = Date.now() + seconds * 1000;
  const ends = Array.from({ length: CONNECTIONS }, async (_, i) => {
    const forget = i % 2 === 1;
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, {
      perMessageDeflate: {
        threshold: 0,
        clientNoContextTakeover: forget,
        serverNoContextTakeover: forget,
        serverMaxWindowBits: i % 3 ? undefined : 10,
      },
    });
    await once(socket, 'open');
    if (!socket.extensions.includes('permessage-deflate')) tally.wrong('no permessage-deflate');
    let sent = i;
    await onLanes(
      1,
      () => Date.now() > end,
      tally,
      async () => {
        const body = BODIES[NAMES[sent++ % 4]];
        const message =
          sent % 3 ? body.subarray(sent % 500, (sent % 500) + 40 + (sent % 200)) : body;
        socket.send(message);
        const limit = AbortSignal.timeout(STEP_LIMIT_MS);
        const [answer] = await once(socket, 'message', { signal: limit });
        if (!answer.equals(message)) throw new Error('wrong echo');
      },
    );
    socket.close();
    await once(socket, 'close');
  });
  await Promise.all(ends);
  return tally;
}

module.exports = {
  express: driveHttp({ posts: true }),
  fastify: driveHttp({ posts: true }),
  koa: driveHttp({ posts: false }),
  http: driveHttp({ posts: true }),
  ws: driveWs,
};
