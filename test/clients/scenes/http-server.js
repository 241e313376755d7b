// A server that sends the bodies of http-bodies.js as they are. Paths: /NAME, with ?redirect or
// ?status=N; /slow never ends, /broken is broken off.

const { createHash } = require('node:crypto');
const { once } = require('node:events');
const http = require('node:http');
const { STEP_LIMIT_MS } = require('../../support/limits');
const { BODIES, slow } = require('./http-bodies');

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 12);

function sendInPieces(response, body, step) {
  let offset = 0;
  const next = () => {
    if (offset >= body.length) {
      response.end();
      return;
    }
    response.write(body.subarray(offset, offset + step), () => setImmediate(next));
    offset += step;
  };
  next();
}

function sendSlowly(response) {
  response.writeHead(200, { 'content-encoding': 'gzip' });
  let offset = 0;
  const timer = setInterval(() => {
    if (offset < slow.length - 3000) response.write(slow.subarray(offset, offset + 2000));
    offset += 2000;
  }, 1);
  response.on('close', () => clearInterval(timer));
}

function sendBroken(request, response) {
  response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': slow.length });
  response.write(slow.subarray(0, 20_000));
  setTimeout(() => request.socket.destroy(), 30);
}

function answer(request, response) {
  const url = new URL(request.url, 'http://host');
  const name = decodeURIComponent(url.pathname.slice(1));
  if (name === 'slow') return sendSlowly(response);
  if (name === 'broken') return sendBroken(request, response);
  if (url.searchParams.has('redirect')) {
    const headers = { location: url.pathname, 'content-encoding': 'gzip' };
    return response.writeHead(302, headers).end(BODIES['gzip small'].body);
  }
  const { encoding, body, step } = BODIES[name];
  const status = Number(url.searchParams.get('status') ?? 200);
  const headers = encoding ? { 'content-encoding': encoding } : {};
  if (!step && status === 200) headers['content-length'] = body.length;
  response.writeHead(status, headers);
  if (status === 204 || status === 304) return response.end();
  return step ? sendInPieces(response, body, step) : response.end(body);
}

async function serve() {
  const server = http.createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return { base: `http://127.0.0.1:${server.address().port}`, stop };
}

/** An error and its causes, without what is different in every run. */
function describe(error) {
  const told = [];
  for (let each = error; each; each = each.cause) {
    const message = String(each.message).replace(/127\.0\.0\.1:\d+/g, 'HOST');
    told.push(`${each.name} ${each.code} ${each.errno} ${message}`);
  }
  return told;
}

/** Reads a body by `for await`: [bytes, digest], and the error if there is one. */
async function consume(body) {
  const chunks = [];
  const seen = () => {
    const bytes = Buffer.concat(chunks);
    return [bytes.length, digest(bytes)];
  };
  try {
    for await (const chunk of body) chunks.push(Buffer.from(chunk));
    return seen();
  } catch (error) {
    return [...seen(), ...describe(error)];
  }
}

async function limited(work, name) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer: ${name}`)), STEP_LIMIT_MS);
  });
  try {
    return await Promise.race([work, limit]);
  } catch (error) {
    return describe(error);
  } finally {
    clearTimeout(timer);
  }
}

const SPECIAL = ['gzip whole', 'raw small', 'gzip flip 20000', 'gzip cut 5000', 'gzip empty'];
const QUERIES = ['?redirect', '?status=204', '?status=304', '?status=404'];

/** Every request of the scenes: [name, path and query, method]. */
function* requests(accept) {
  for (const name of Object.keys(BODIES)) {
    if (accept(name)) yield [name, encodeURIComponent(name), 'GET'];
  }
  for (const name of SPECIAL) {
    const path = encodeURIComponent(name);
    for (const query of QUERIES) yield [`${name}${query}`, `${path}${query}`, 'GET'];
    yield [`HEAD ${name}`, path, 'HEAD'];
  }
}

/**
 * Makes each request with `get(url, method)` one by one (so that connections are kept alive), then
 * several at a time. Resolves to {name: what get() resolved to, or its error}.
 */
async function getAll(get, accept = () => true) {
  const { base, stop } = await serve();
  const results = {};
  const list = [...requests(accept)];
  for (const [name, path, method] of list) {
    results[name] = await limited(get(`${base}/${path}`, method), name);
  }
  const some = list.filter((_, i) => i % 7 === 3);
  results.parallel = await Promise.all(
    some.map(([name, path, method]) => limited(get(`${base}/${path}`, method), name)),
  );
  stop();
  return results;
}

module.exports = { consume, describe, digest, getAll, serve };
