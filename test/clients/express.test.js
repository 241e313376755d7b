// express with compression.

const assert = require('node:assert');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

test('encodings, threshold, filter, level, HEAD, ETag, 304 and ranges', async () => {
  const scene = async () => {
    const express = require('express');
    const compression = require('compression');
    const { get, listen, picture, text } = require('./support/http-client');
    const app = express();
    const filter = (req, res) => req.query.bare === undefined && compression.filter(req, res);
    app.use('/level', compression({ level: 9, memLevel: 9, windowBits: 14, chunkSize: 4096 }));
    app.use('/stored', compression({ level: 0, threshold: 0 }));
    app.use('/forced', compression({ enforceEncoding: 'gzip' }));
    app.use('/dynamic', compression({ strategy: require('node:zlib').constants.Z_HUFFMAN_ONLY }));
    app.use(compression({ filter, threshold: 1000 }));
    app.get('/*path/body/:size', (req, res) => {
      res.type('text').send(text(Number(req.params.size)).toString());
    });
    app.get('/json', (_req, res) => res.json({ list: Array.from({ length: 500 }, (_, i) => i) }));
    app.get('/image', (_req, res) => res.type('png').send(text(5000)));
    app.get('/still', (_req, res) => {
      res.set('Cache-Control', 'no-transform').type('text').send(text(5000).toString());
    });
    app.get('/file', (_req, res) => res.sendFile(require.resolve('express/lib/response.js')));
    app.get('/empty', (_req, res) => res.type('text').end());
    app.get('/pieces', (_req, res) => {
      res.type('text');
      for (let i = 0; i < 300; i++) res.write(`line ${i}\n`);
      res.end();
    });
    const server = await listen(app);

    const told = {};
    const ask = async (path, headers = {}, method = 'GET') => {
      const answer = await get(server.port, path, { headers, method });
      told[`${method} ${path} ${JSON.stringify(headers)}`] = picture(answer);
      return answer.headers;
    };
    const gzip = { 'accept-encoding': 'gzip' };
    for (const size of [0, 1, 999, 1000, 65536, 1_500_000]) {
      await ask(`/x/body/${size}`, gzip);
      await ask(`/x/body/${size}`, { 'accept-encoding': 'deflate' });
    }
    for (const kind of ['level', 'stored', 'dynamic']) {
      await ask(`/${kind}/body/200000`, gzip);
      await ask(`/${kind}/body/50`, { 'accept-encoding': 'deflate;q=1, gzip;q=0.5' });
    }
    await ask('/forced/body/2000');
    for (const path of ['/json', '/image', '/still', '/file', '/empty', '/pieces']) {
      const { etag } = await ask(path, gzip);
      await ask(path, gzip, 'HEAD');
      await ask(path, { 'accept-encoding': 'identity' });
      if (etag) await ask(path, { ...gzip, 'if-none-match': etag });
    }
    await ask('/json?bare', gzip);
    for (const range of ['bytes=0-99', 'bytes=5000-', 'bytes=-1500', 'bytes=99999999-']) {
      await ask('/file', { ...gzip, range });
    }
    await server.close();
    return told;
  };
  const told = await sameWithPreload(scene);
  const gzip = '{"accept-encoding":"gzip"}';
  assert.strictEqual(told[`GET /x/body/999 ${gzip}`]['content-encoding'], undefined);
  assert.strictEqual(told[`GET /x/body/1000 ${gzip}`]['content-encoding'], 'gzip');
  assert.strictEqual(told[`GET /x/body/1500000 ${gzip}`].size, 1_500_000);
  assert.strictEqual(told[`GET /file ${gzip}`]['content-encoding'], 'gzip');
  assert.strictEqual(told[`GET /image ${gzip}`]['content-encoding'], undefined);
  const last = told['GET /level/body/50 {"accept-encoding":"deflate;q=1, gzip;q=0.5"}'];
  assert.strictEqual(last.size, 50);
  assert.strictEqual(Object.values(told).filter((each) => each.status === 304).length > 0, true);
  assert.strictEqual(Object.values(told).filter((each) => each.status === 206).length, 3);
});

test("server-sent events: each arrives before the next is sent, by res.flush()'s doing", async () => {
  const scene = async () => {
    const express = require('express');
    const compression = require('compression');
    const { once, EventEmitter } = require('node:events');
    const { decodeAsItComes, listen, open } = require('./support/http-client');

    const arrived = new EventEmitter();
    const app = express();
    app.use(compression());
    app.get('/events', async (_req, res) => {
      res.type('text/event-stream');
      for (let i = 0; i < 25; i++) {
        // An event beyond a block, and one of many writes, now and then.
        const data = i % 10 === 9 ? 'x'.repeat(1_200_000) : `event ${i}`;
        for (const part of ['data: ', data, '\n\n']) res.write(part);
        const heard = once(arrived, 'event');
        res.flush();
        await heard;
      }
      res.end();
    });
    const server = await listen(app);

    const told = [];
    for (const encoding of ['gzip', 'deflate']) {
      const response = await open(server.port, '/events', {
        headers: { 'accept-encoding': encoding },
      });
      let rest = '';
      const lengths = [];
      decodeAsItComes(response, (bytes) => {
        rest += bytes;
        if (!rest.endsWith('\n\n')) return;
        lengths.push(rest.length);
        rest = '';
        arrived.emit('event');
      });
      await once(response, 'end');
      told.push({ encoding: response.headers['content-encoding'], lengths, rest });
    }
    await server.close();
    return told;
  };
  const told = await sameWithPreload(scene, null, { preload: 'import' });
  for (const { lengths, rest } of told) {
    assert.strictEqual(lengths.length, 25);
    assert.strictEqual(rest, '');
  }
});

test('a large body with backpressure: bounded memory, all of it, in order', async () => {
  const scene = async () => {
    const express = require('express');
    const compression = require('compression');
    const { once } = require('node:events');
    const { createHash } = require('node:crypto');
    const { Readable } = require('node:stream');
    const { setTimeout: sleep } = require('node:timers/promises');
    const { decodeAsItComes, listen, open } = require('./support/http-client');
    const { noise } = require('../support/data');

    const part = noise(64 << 10);
    const PARTS = 256;
    const made = createHash('sha256');
    let sent = 0;
    function* parts() {
      for (; sent < PARTS; sent++) {
        part.writeUInt32LE(sent);
        made.update(part);
        yield Buffer.from(part);
      }
    }
    const app = express();
    app.use(compression());
    app.get('/piped', (_req, res) => {
      res.type('text');
      Readable.from(parts()).pipe(res);
    });
    const server = await listen(app);

    const response = await open(server.port, '/piped', { headers: { 'accept-encoding': 'gzip' } });
    const got = createHash('sha256');
    let size = 0;
    decodeAsItComes(response, (bytes) => {
      size += bytes.length;
      got.update(bytes);
    });
    // Nobody reads: the source must come to a stop.
    response.pause();
    let before = -1;
    while (before !== sent) {
      before = sent;
      await sleep(200);
    }
    const stopped = sent < PARTS;
    response.resume();
    await once(response, 'end');
    await server.close();
    return {
      stopped,
      whole: size === PARTS * part.length,
      same: made.digest('hex') === got.digest('hex'),
    };
  };
  const told = await sameWithPreload(scene);
  assert.deepStrictEqual(told, { stopped: true, whole: true, same: true });
});

test('a client that goes away, a handler that fails: the server goes on', async () => {
  const scene = async () => {
    const express = require('express');
    const compression = require('compression');
    const zlib = require('node:zlib');
    const { once } = require('node:events');
    const { Readable, pipeline } = require('node:stream');
    const { get, listen, open, picture, text } = require('./support/http-client');
    const { noise } = require('../support/data');

    const app = express();
    app.use(compression());
    const part = noise(64 << 10);
    const closed = [];
    app.get('/endless', (_req, res) => {
      res.type('text');
      const source = new Readable({
        read() {
          this.push(part);
        },
      });
      res.on('close', () => {
        closed.push({ finished: res.writableFinished });
        source.destroy();
      });
      source.pipe(res);
    });
    // Both fail when the client has seen a part of the body.
    const gate = () => {
      const made = {};
      made.opened = new Promise((resolve) => {
        made.open = resolve;
      });
      return made;
    };
    const gates = { '/broken': gate(), '/late': gate() };
    app.get('/broken', (_req, res) => {
      res.type('text');
      async function* parts() {
        for (let i = 0; i < 40; i++) yield part;
        await gates['/broken'].opened;
        throw new Error('the source broke');
      }
      pipeline(Readable.from(parts()), res, (error) => closed.push({ error: error?.message }));
    });
    app.get('/late', async (_req, res) => {
      res.type('text').write(part);
      res.flush();
      await gates['/late'].opened;
      throw new Error('the handler failed');
    });
    app.get('/early', () => {
      throw new Error('x'.repeat(3000));
    });
    app.get('/good', (_req, res) => res.type('text').send(text(100_000).toString()));
    // express's own error handler, without its printing.
    app.set('env', 'test');
    const server = await listen(app);
    const headers = { 'accept-encoding': 'gzip' };

    for (let i = 0; i < 12; i++) {
      const response = await open(server.port, '/endless', { headers });
      await once(response, 'data');
      response.on('error', () => {});
      response.destroy();
    }
    const half = async (path) => {
      const response = await open(server.port, path, { headers });
      response.on('error', () => {});
      response.once('data', gates[path].open).resume();
      await new Promise((resolve) => response.once('close', resolve));
      return [response.statusCode, response.headers['content-encoding'], response.complete];
    };
    const broken = await half('/broken');
    const late = await half('/late');
    const early = await get(server.port, '/early', { headers });
    const good = await get(server.port, '/good', { headers });
    while (closed.length < 13) await new Promise((resolve) => setTimeout(resolve, 10));
    await server.close();
    // Nothing that the aborted responses used is held any longer.
    while ((zlib.warpdrive?.stats().outstanding ?? 0) > 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return {
      closed,
      broken,
      late,
      early: early.status,
      good: picture(good),
    };
  };
  const told = await sameWithPreload(scene, null, { preload: 'import' });
  assert.strictEqual(told.closed.length, 13);
  assert.deepStrictEqual(told.broken, [200, 'gzip', false]);
  assert.deepStrictEqual(told.late, [200, 'gzip', false]);
  assert.strictEqual(told.good.size, 100_000);
});

test('keep-alive: many requests one after the other and at once', async () => {
  const scene = async () => {
    const express = require('express');
    const compression = require('compression');
    const http = require('node:http');
    const { decoded, get, listen, text } = require('./support/http-client');
    const app = express();
    app.use(compression({ threshold: 0 }));
    app.get('/:size', (req, res) =>
      res.type('text').send(text(Number(req.params.size)).toString()),
    );
    const server = await listen(app);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    const wrong = [];
    let right = 0;
    const ask = async (i) => {
      const size = (i * 7919) % 30_000;
      const encoding = i % 3 ? 'gzip' : 'deflate';
      const answer = await get(server.port, `/${size}`, {
        agent,
        headers: { 'accept-encoding': encoding },
      });
      const body = decoded(answer);
      const good = answer.headers['content-encoding'] === encoding && body.equals(text(size));
      if (good) right++;
      else wrong.push([i, answer.status, body.length]);
    };
    for (let i = 0; i < 40; i++) await ask(i);
    await Promise.all(Array.from({ length: 80 }, (_, i) => ask(i)));
    agent.destroy();
    await server.close();
    return { right, wrong };
  };
  assert.deepStrictEqual(await sameWithPreload(scene), { right: 120, wrong: [] });
});
