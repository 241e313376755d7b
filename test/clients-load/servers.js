// The servers under load. Each answers GET /<name of a body>, with that name in x-name, and POST /
// with a compressed body by length and hash of what it decodes to. All start to listen on a port,
// which they resolve to.

const http = require('node:http');
const { once } = require('node:events');
const { Readable, pipeline } = require('node:stream');
const zlib = require('node:zlib');
const { BODIES, hash, use } = require('./support');

const PIECE = 16 << 10;

function* pieces(bytes) {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}

async function listen(server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server.address().port;
}

/** What a POST is answered with. */
const receipt = (body) => JSON.stringify([body.length, hash(body)]);

function startExpress() {
  const express = use('express');
  const app = express();
  // The damaged bodies of the load are refused without a word on stderr.
  app.set('env', 'test');
  app.use(use('compression')({ threshold: 500 }));
  app.get('/:name', (request, response) => {
    const body = BODIES[request.params.name];
    response.type('text').set('x-name', request.params.name);
    // Large ones as streams, with flushes between.
    if (body.length < 100_000) return response.send(body);
    const source = Readable.from(pieces(body));
    source.once('data', () => response.flush());
    return source.pipe(response);
  });
  // body-parser decompresses with createGunzip and createInflate.
  app.post('/', express.raw({ type: () => true, limit: '10mb' }), (request, response) => {
    response.send(receipt(request.body));
  });
  return listen(http.createServer(app));
}

async function startFastify() {
  const app = use('fastify')({ bodyLimit: 10 << 20 });
  await app.register(use('@fastify/compress'), { threshold: 500 });
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.get('/:name', (request, reply) => {
    const body = BODIES[request.params.name];
    reply.type('text/plain').header('x-name', request.params.name);
    return reply.send(body.length < 100_000 ? body : Readable.from(pieces(body)));
  });
  app.post('/', (request, reply) => reply.send(receipt(request.body)));
  await app.ready();
  return listen(app.server);
}

function startKoa() {
  const Koa = use('koa');
  const app = new (Koa.default ?? Koa)();
  app.use(use('koa-compress')({ threshold: 500, br: false }));
  // Clients that go away are part of the load; everything else is told on stderr.
  const GONE = new Set(['ECONNRESET', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE']);
  app.on('error', (error) => {
    if (!GONE.has(error.code)) console.error(error);
  });
  app.use((context) => {
    const body = BODIES[context.path.slice(1)];
    context.type = 'text/plain';
    context.set('x-name', context.path.slice(1));
    context.body = body.length < 100_000 ? body : Readable.from(pieces(body));
  });
  return listen(http.createServer(app.callback()));
}

function startPlain() {
  const encoders = { gzip: zlib.createGzip, deflate: zlib.createDeflate };
  const decoders = { gzip: zlib.createGunzip, deflate: zlib.createInflate };
  const server = http.createServer((request, response) => {
    if (request.method === 'POST') {
      const parts = [];
      const decoder = decoders[request.headers['content-encoding']]();
      decoder.on('data', (part) => parts.push(part));
      pipeline(request, decoder, (error) => {
        if (error) response.writeHead(400);
        response.end(error ? error.message : receipt(Buffer.concat(parts)));
      });
      return;
    }
    const encoding = request.headers['accept-encoding'];
    response.setHeader('content-encoding', encoding);
    response.setHeader('x-name', request.url.slice(1));
    const source = Readable.from(pieces(BODIES[request.url.slice(1)]));
    // An error is a client that has gone away.
    pipeline(source, encoders[encoding](), response, () => {});
  });
  return listen(server);
}

/** permessage-deflate: context take-over is the client's choice. */
async function startWs() {
  const { WebSocketServer } = use('ws');
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: { threshold: 0 },
  });
  server.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  await once(server, 'listening');
  return server.address().port;
}

module.exports = {
  express: startExpress,
  fastify: startFastify,
  koa: startKoa,
  http: startPlain,
  ws: startWs,
};
