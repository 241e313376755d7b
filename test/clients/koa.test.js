// koa with koa-compress.

const assert = require('node:assert');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

test('bodies of every kind, threshold, filter, options, ETag and ranges', async () => {
  const scene = async () => {
    const { default: Koa = require('koa') } = require('koa');
    const compress = require('koa-compress');
    const zlib = require('node:zlib');
    const { Readable } = require('node:stream');
    const { get, listen, picture, text } = require('./support/http-client');
    const { sha256 } = require('../support/data');

    const app = new Koa();
    const { Z_SYNC_FLUSH } = zlib.constants;
    app.use(
      compress({
        threshold: 1000,
        filter: (type) => /text|json/i.test(type),
        gzip: { flush: Z_SYNC_FLUSH },
        deflate: (_type, size) => (size > 1_000_000 ? { level: 1 } : { level: 9, chunkSize: 512 }),
        br: false,
        zstd: false,
      }),
    );
    const pieces = (bytes) => {
      const parts = [];
      for (let at = 0; at < bytes.length; at += 9000) parts.push(bytes.subarray(at, at + 9000));
      return parts;
    };
    app.use((ctx) => {
      const [, kind, size = 40_000] = ctx.path.split('/');
      const bytes = text(Number(size));
      ctx.type = 'text/plain';
      if (kind === 'string') ctx.body = bytes.toString();
      if (kind === 'buffer') ctx.body = bytes;
      if (kind === 'stream') ctx.body = Readable.from(pieces(bytes));
      // koa asks `instanceof Stream`: what our own streams are matters here.
      if (kind === 'zlib')
        ctx.body = Readable.from([zlib.gzipSync(bytes)]).pipe(zlib.createGunzip());
      if (kind === 'packed') {
        ctx.set('Content-Encoding', 'gzip');
        ctx.body = Readable.from(pieces(bytes)).pipe(zlib.createGzip());
      }
      if (kind === 'response') ctx.body = new Response(bytes);
      if (kind === 'blob') ctx.body = new Blob([bytes]);
      if (kind === 'json') ctx.body = { list: Array.from({ length: 700 }, (_, i) => i) };
      if (kind === 'image') {
        ctx.type = 'image/png';
        ctx.body = bytes;
      }
      if (kind === 'forced') {
        ctx.type = 'image/png';
        ctx.compress = true;
        ctx.body = bytes;
      }
      if (kind === 'local') {
        ctx.compress = { threshold: 1, gzip: { level: 3, memLevel: 1 } };
        ctx.body = bytes;
      }
      if (kind === 'none') {
        ctx.compress = false;
        ctx.body = bytes;
      }
      if (kind === 'still') {
        ctx.set('Cache-Control', 'public, no-transform');
        ctx.body = bytes;
      }
      if (kind === 'tagged') {
        ctx.body = bytes;
        ctx.etag = sha256(bytes).slice(0, 16);
        if (ctx.fresh) ctx.status = 304;
      }
      if (kind === 'empty') ctx.status = 204;
    });
    const server = await listen(app.callback());
    const told = {};
    const ask = async (path, headers, method = 'GET') => {
      const answer = await get(server.port, path, { headers, method });
      told[`${method} ${path} ${Object.values(headers)}`] = picture(answer);
      return answer.headers;
    };
    for (const kind of ['string', 'buffer', 'stream', 'zlib', 'local']) {
      for (const size of [0, 999, 1000, 1_100_000]) {
        await ask(`/${kind}/${size}`, { 'accept-encoding': 'gzip' });
        await ask(`/${kind}/${size}`, { 'accept-encoding': 'deflate' });
      }
    }
    const kinds = 'string zlib packed response blob json image forced none still tagged empty';
    for (const kind of kinds.split(' ')) {
      for (const encoding of ['gzip', 'deflate', 'identity', '*', 'deflate, gzip;q=0.5']) {
        const { etag } = await ask(`/${kind}`, { 'accept-encoding': encoding });
        if (etag) await ask(`/${kind}`, { 'accept-encoding': encoding, 'if-none-match': etag });
      }
      if (kind !== 'packed') await ask(`/${kind}`, { 'accept-encoding': 'gzip' }, 'HEAD');
    }
    await server.close();
    return told;
  };
  const told = await sameWithPreload(scene);
  for (const kind of ['string', 'buffer', 'stream', 'zlib']) {
    const { size, ...each } = told[`GET /${kind}/1100000 gzip`];
    assert.strictEqual(each['content-encoding'], 'gzip', kind);
    assert.strictEqual(size, 1_100_000, kind);
  }
  assert.strictEqual(told['GET /string/999 gzip']['content-encoding'], undefined);
  assert.strictEqual(told['GET /packed identity'].size, 40_000);
  assert.strictEqual(told['GET /empty gzip'].status, 204);
});

test('with flush: Z_SYNC_FLUSH each piece of a stream arrives before the next is made', async () => {
  const scene = async () => {
    const { default: Koa = require('koa') } = require('koa');
    const compress = require('koa-compress');
    const { once, EventEmitter } = require('node:events');
    const { PassThrough } = require('node:stream');
    const { decodeAsItComes, listen, open } = require('./support/http-client');

    const arrived = new EventEmitter();
    const app = new Koa();
    const { Z_SYNC_FLUSH } = require('node:zlib').constants;
    app.use(compress({ gzip: { flush: Z_SYNC_FLUSH }, deflate: { flush: Z_SYNC_FLUSH } }));
    app.use((ctx) => {
      ctx.type = 'text/plain';
      const body = new PassThrough();
      ctx.body = body;
      (async () => {
        for (let i = 0; i < 30; i++) {
          const heard = once(arrived, 'line');
          body.write(`line ${i} ${'-'.repeat(i * i * 20)}\n`);
          await heard;
        }
        body.end();
      })();
    });
    const server = await listen(app.callback());
    const told = [];
    for (const encoding of ['gzip', 'deflate']) {
      const response = await open(server.port, '/', { headers: { 'accept-encoding': encoding } });
      const lengths = [];
      let rest = '';
      decodeAsItComes(response, (bytes) => {
        rest += bytes;
        if (!rest.endsWith('\n')) return;
        lengths.push(rest.length);
        rest = '';
        arrived.emit('line');
      });
      await once(response, 'end');
      told.push(lengths, rest);
    }
    await server.close();
    return told;
  };
  const told = await sameWithPreload(scene, null, { preload: 'import' });
  assert.strictEqual(told[0].length, 30);
  assert.deepStrictEqual(told[0], told[2]);
});

test('a stream that fails, a client that goes away: koa hears of it and goes on', async () => {
  const scene = async () => {
    const { default: Koa = require('koa') } = require('koa');
    const compress = require('koa-compress');
    const zlib = require('node:zlib');
    const { once } = require('node:events');
    const { Readable } = require('node:stream');
    const { get, listen, open, picture, text } = require('./support/http-client');
    const { noise } = require('../support/data');

    const part = noise(64 << 10);
    const app = new Koa();
    const heard = [];
    app.on('error', (error) => heard.push(error.code ?? error.message));
    app.use(compress());
    app.use((ctx) => {
      ctx.type = 'text/plain';
      if (ctx.path === '/good') ctx.body = text(60_000);
      // A body that is one of our streams, and fails in the middle.
      else if (ctx.path === '/damaged') {
        const packed = zlib.gzipSync(noise(900_000));
        packed[packed.length - 6] ^= 1;
        ctx.compress = false;
        ctx.body = Readable.from([packed]).pipe(zlib.createGunzip());
      } else {
        ctx.body = new Readable({
          read() {
            this.push(part);
          },
        });
      }
    });
    const server = await listen(app.callback());
    const headers = { 'accept-encoding': 'gzip' };
    for (let i = 0; i < 8; i++) {
      const response = await open(server.port, '/endless', { headers });
      response.on('error', () => {});
      if (i % 2) await once(response, 'data');
      response.destroy();
    }
    const damaged = await get(server.port, '/damaged', { headers });
    const good = picture(await get(server.port, '/good', { headers }));
    await server.close();
    while ((zlib.warpdrive?.stats().outstanding ?? 0) > 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // What else it heard of are connections that were gone, each in its way.
    const heardOfIt = heard.filter((code) => code === 'Z_DATA_ERROR').length;
    return { damaged: [damaged.status, damaged.complete], good, heardOfIt };
  };
  const { damaged, good, heardOfIt } = await sameWithPreload(scene);
  assert.deepStrictEqual(damaged, [200, false]);
  assert.strictEqual(good.size, 60_000);
  assert(heardOfIt > 0);
});
