// fastify with @fastify/compress.

const assert = require('node:assert');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

test('answers: global, per route, streams of all kinds, threshold, the synchronous path', async () => {
  const scene = async () => {
    const fastify = require('fastify');
    const { Readable } = require('node:stream');
    const { get, listen, picture, text } = require('./support/http-client');
    const { mixed } = require('../support/data');

    const app = fastify({ forceCloseConnections: true });
    await app.register(require('@fastify/compress'), { threshold: 500, syncThreshold: 100_000 });
    const body = (request) => text(Number(request.query.size ?? 30_000));
    const type = 'text/plain';
    const pieces = (bytes) => {
      const parts = [];
      for (let at = 0; at < bytes.length; at += 7000) parts.push(bytes.subarray(at, at + 7000));
      return parts;
    };
    app.get('/text', (request, reply) => reply.type(type).send(body(request).toString()));
    app.get('/buffer', (request, reply) => reply.type(type).send(body(request)));
    app.get('/json', async () => ({ list: Array.from({ length: 900 }, (_, i) => ({ i })) }));
    app.get('/stream', (request, reply) =>
      reply.type(type).send(Readable.from(pieces(body(request)))),
    );
    app.get('/web', (request, reply) => reply.type(type).send(new Blob([body(request)]).stream()));
    app.get('/response', () => new Response(text(40_000), { headers: { 'content-type': type } }));
    app.get('/generator', (_request, reply) =>
      reply.type(type).compress(
        (async function* () {
          for (const part of pieces(text(60_000))) yield part;
        })(),
      ),
    );
    app.get('/never', { compress: false }, (request, reply) =>
      reply.type(type).send(body(request)),
    );
    const zlibOptions = { level: 9, memLevel: 9, windowBits: 12, chunkSize: 1024 };
    app.get(
      '/own',
      { compress: { zlibOptions, threshold: 0, syncThreshold: 0 } },
      (request, reply) => reply.type(type).send(body(request)),
    );
    app.get('/binary', (_request, reply) => reply.type('image/png').send(mixed(20_000)));
    // What is compressed already is sent as it is, or decompressed for who did not ask for it.
    const packed = Buffer.from(require('pako').gzip(text(50_000)));
    app.get('/packed', { compress: { inflateIfDeflated: true } }, (_request, reply) =>
      reply.type(type).send(packed),
    );
    await app.ready();
    const server = await listen(app.server);
    const told = {};
    for (const path of ['text', 'buffer', 'stream', 'web', 'own', 'never']) {
      for (const size of [0, 499, 500, 30_000, 1_100_000]) {
        for (const encoding of ['gzip', 'deflate', 'identity']) {
          const headers = { 'accept-encoding': encoding };
          const answer = await get(server.port, `/${path}?size=${size}`, { headers });
          told[`${path} ${size} ${encoding}`] = picture(answer);
        }
      }
    }
    for (const path of ['json', 'response', 'generator', 'binary', 'packed', 'text']) {
      for (const encoding of ['gzip', 'deflate', 'identity', 'gzip;q=0, deflate', 'unknown']) {
        const headers = { 'accept-encoding': encoding };
        told[`${path} ${encoding}`] = picture(await get(server.port, `/${path}`, { headers }));
      }
      const headers = { 'accept-encoding': 'gzip' };
      told[`${path} HEAD`] = await get(server.port, `/${path}`, { headers, method: 'HEAD' }).then(
        ({ status, body }) => [status, body.length],
      );
    }
    await app.close();
    return told;
  };
  const told = await sameWithPreload(scene);
  assert.strictEqual(told['text 499 gzip']['content-encoding'], undefined);
  for (const path of ['text', 'buffer', 'stream', 'own']) {
    for (const encoding of ['gzip', 'deflate']) {
      const { size, ...each } = told[`${path} 1100000 ${encoding}`];
      assert.strictEqual(each['content-encoding'], encoding, path);
      assert.strictEqual(size, 1_100_000, path);
    }
  }
  assert.strictEqual(told['packed identity'].size, 50_000);
});

test('compressed requests: good, damaged, cut off, of the wrong kind', async () => {
  const scene = async () => {
    const fastify = require('fastify');
    const pako = require('pako');
    const { Readable } = require('node:stream');
    const { get, listen } = require('./support/http-client');

    const app = fastify({ bodyLimit: 4 << 20, forceCloseConnections: true });
    await app.register(require('@fastify/compress'), { requestEncodings: ['gzip', 'deflate'] });
    const handler = (request) => ({
      length: request.body.list.length,
      last: request.body.list.at(-1),
    });
    app.post('/', handler);
    app.post('/small', { bodyLimit: 1000 }, handler);
    app.post('/forced', { decompress: { forceRequestEncoding: 'gzip' } }, handler);
    app.post(
      '/own',
      {
        decompress: {
          onInvalidRequestPayload: (_request, encoding, error) => ({
            statusCode: 422,
            code: 'OWN',
            error: 'own',
            message: `${encoding}: ${error.message}`,
          }),
        },
      },
      handler,
    );
    app.post('/as-it-is', { decompress: false }, () => ({}));
    await app.ready();
    const server = await listen(app.server);
    const list = Array.from({ length: 20_000 }, (_, i) => `entry ${(i * 7919) % 1000}`);
    const json = Buffer.from(JSON.stringify({ list }));
    const packed = { gzip: Buffer.from(pako.gzip(json)), deflate: Buffer.from(pako.deflate(json)) };
    const flip = (bytes, at) => {
      const copy = Buffer.from(bytes);
      copy[at < 0 ? copy.length + at : at] ^= 4;
      return copy;
    };
    const told = {};
    const post = async (name, path, encoding, body) => {
      const headers = { 'content-type': 'application/json', 'content-encoding': encoding };
      const answer = await get(server.port, path, { method: 'POST', headers, body });
      told[name] = [answer.status, answer.body.toString()];
    };
    const slices = (bytes, step) => {
      const parts = [];
      for (let at = 0; at < bytes.length; at += step) parts.push(bytes.subarray(at, at + step));
      return Readable.from(parts);
    };
    for (const [encoding, bytes] of Object.entries(packed)) {
      const other = encoding === 'gzip' ? 'deflate' : 'gzip';
      const bodies = {
        good: bytes,
        'with zeros after': Buffer.concat([bytes, Buffer.alloc(9)]),
        twice: Buffer.concat([bytes, bytes]),
        'cut off': bytes.subarray(0, bytes.length >> 1),
        'without the last byte': bytes.subarray(0, -1),
        'damaged header': flip(bytes, 0),
        'damaged trailer': flip(bytes, -1),
        'not compressed': json,
        empty: Buffer.alloc(0),
      };
      for (const [name, body] of Object.entries(bodies)) {
        for (const path of ['/', '/own'])
          await post(`${encoding} ${name} ${path}`, path, encoding, body);
      }
      await post(`${encoding} in pieces`, '/', encoding, slices(bytes, 100));
      await post(`${encoding} called ${other}`, '/', other, bytes);
      await post(`${encoding} forced gzip`, '/forced', 'identity', bytes);
      await post(`${encoding} too large`, '/small', encoding, bytes);
      await post(`${encoding} as it is`, '/as-it-is', encoding, bytes);
    }
    await post('unknown', '/', 'unknown', packed.gzip);
    await app.close();
    return told;
  };
  const told = await sameWithPreload(scene, null, { preload: 'import' });
  const good = JSON.stringify({ length: 20_000, last: `entry ${(19_999 * 7919) % 1000}` });
  assert.deepStrictEqual(told['gzip good /'], [200, good]);
  assert.deepStrictEqual(told['deflate in pieces'], [200, good]);
  assert.strictEqual(told['gzip damaged trailer /'][0], 400);
  assert.strictEqual(told['deflate cut off /own'][0], 422);
});

test('streams that fail and clients that go away do not stop the server', async () => {
  const scene = async () => {
    const fastify = require('fastify');
    const zlib = require('node:zlib');
    const { EventEmitter, once } = require('node:events');
    const { Readable } = require('node:stream');
    const { get, listen, open, picture, text } = require('./support/http-client');
    const { noise } = require('../support/data');

    const app = fastify({ forceCloseConnections: true });
    await app.register(require('@fastify/compress'));
    const part = noise(64 << 10);
    let destroyed = 0;
    const seen = new EventEmitter();
    // Breaks when the client has had a part of the body, or never.
    const source = (breaks) => {
      const readable = new Readable({
        read() {
          this.push(part);
        },
      });
      if (breaks) seen.once('part', () => readable.destroy(new Error('the source broke')));
      return readable.on('close', () => destroyed++);
    };
    app.get('/endless', (_request, reply) => reply.type('text/plain').send(source(false)));
    app.get('/broken', (_request, reply) => reply.type('text/plain').send(source(true)));
    app.get('/good', (_request, reply) => reply.type('text/plain').send(text(70_000)));
    await app.ready();
    const server = await listen(app.server);
    const headers = { 'accept-encoding': 'gzip' };
    const late = [];
    for (let i = 0; i < 12; i++) {
      const response = await open(server.port, i % 2 ? '/endless' : '/broken', { headers });
      response.on('error', () => {});
      if (i % 4) await once(response, 'data');
      seen.emit('part');
      if (i % 2) response.destroy();
      else response.resume();
      late.push(response.statusCode);
    }
    while (destroyed < 12) await new Promise((resolve) => setTimeout(resolve, 10));
    const good = picture(await get(server.port, '/good', { headers }));
    await app.close();
    while ((zlib.warpdrive?.stats().outstanding ?? 0) > 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return { late, good };
  };
  const { late, good } = await sameWithPreload(scene);
  assert.deepStrictEqual(late, Array(12).fill(200));
  assert.strictEqual(good.size, 70_000);
});
