// Node's own http server and client with zlib's streams between, as people write them.

const assert = require('node:assert');
const { test } = require('../support/bounded');
const { sameWithPreload } = require('./support/client');

test('a server that pipelines a body through createGzip, and its clients', async () => {
  const scene = async () => {
    const zlib = require('node:zlib');
    const { createHash } = require('node:crypto');
    const { Readable, Writable } = require('node:stream');
    const { pipeline } = require('node:stream/promises');
    const { get, listen, open, picture } = require('./support/http-client');
    const { mixed, sha256 } = require('../support/data');

    const data = mixed(1_200_000, 7);
    const makers = {
      gzip: zlib.createGzip,
      deflate: zlib.createDeflate,
      'x-raw': zlib.createDeflateRaw,
    };
    const readers = {
      gzip: [zlib.createGunzip, zlib.createUnzip],
      deflate: [zlib.createInflate, zlib.createUnzip],
      'x-raw': [zlib.createInflateRaw],
    };
    const cut = (step) => {
      const parts = [];
      for (let at = 0; at < data.length; at += step) parts.push(data.subarray(at, at + step));
      return Readable.from(parts);
    };
    const aborts = [];
    // GET answers compressed, POST answers with the hash of what the body decodes to.
    const server = await listen(async (req, res) => {
      const encoding = req.url.slice(1);
      if (req.method === 'GET') {
        res.setHeader('content-encoding', encoding);
        await pipeline(cut(50_000), makers[encoding](), res).catch((e) => aborts.push(e.code));
        return;
      }
      const hash = createHash('sha256');
      req
        .pipe(readers[encoding][0]())
        .on('error', (error) => {
          req.resume();
          res.writeHead(400).end(`${error.code} ${error.message}`);
        })
        .pipe(hash)
        .on('finish', () => res.end(hash.digest('hex')));
    });

    const told = { data: sha256(data) };
    for (const [encoding, choices] of Object.entries(readers)) {
      for (const [i, create] of choices.entries()) {
        const hash = createHash('sha256');
        await pipeline(await open(server.port, `/${encoding}`), create(), hash);
        told[`${encoding} ${i}`] = hash.digest('hex');
      }
      const body = cut(9_000).pipe(makers[encoding]());
      const answer = await get(server.port, `/${encoding}`, { method: 'POST', body });
      told[`post ${encoding}`] = [answer.status, answer.body.toString()];
      const bad = await get(server.port, `/${encoding}`, {
        method: 'POST',
        body: data.subarray(0, 50_000),
      });
      told[`bad ${encoding}`] = [bad.status, bad.body.toString()];
    }
    told.gzip = picture(await get(server.port, '/gzip'));
    told.deflate = picture(await get(server.port, '/deflate'));
    // It takes nothing in: the server is still sending when the client goes.
    const sink = new Writable({ write: () => {} });
    const partly = await open(server.port, '/gzip');
    partly.once('data', () => setImmediate(() => partly.destroy()));
    told.enough = await pipeline(partly, zlib.createGunzip(), sink).catch((e) => e.code);
    await server.close();
    return { ...told, aborts };
  };
  const told = await sameWithPreload(scene);
  assert.strictEqual(told['gzip 1'], told.data);
  assert.deepStrictEqual(told['post x-raw'], [200, told.data]);
  assert.strictEqual(told.deflate.hash, told.data);
  assert.strictEqual(told['bad gzip'][0], 400);
});

test('a client that aborts: the pipeline ends with Node’s error and its streams are closed', async () => {
  const scene = async () => {
    const zlib = require('node:zlib');
    const { once } = require('node:events');
    const { Readable, pipeline } = require('node:stream');
    const { listen, open } = require('./support/http-client');
    const { noise } = require('../support/data');

    const part = noise(64 << 10);
    const ends = [];
    const server = await listen((_req, res) => {
      const source = new Readable({
        read() {
          this.push(part);
        },
      });
      const gzip = zlib.createGzip();
      let closes = 0;
      gzip.on('close', () => closes++);
      pipeline(source, gzip, res, (error) => {
        const { code } = error;
        setImmediate(() => ends.push([code, source.destroyed, gzip.destroyed, closes]));
      });
    });
    for (let i = 0; i < 16; i++) {
      const response = await open(server.port, '/');
      // Some go at once, some in mid-body.
      if (i % 2) await once(response, 'data');
      response.on('error', () => {});
      response.destroy();
    }
    while (ends.length < 16) await new Promise((resolve) => setTimeout(resolve, 10));
    await server.close();
    while ((zlib.warpdrive?.stats().outstanding ?? 0) > 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    return ends;
  };
  const ends = await sameWithPreload(scene, null, { preload: 'import' });
  const expected = ['ERR_STREAM_PREMATURE_CLOSE', true, true, 1];
  assert.deepStrictEqual(ends, Array(16).fill(expected));
});

test('bodies that are cut off, damaged, or followed by something', async () => {
  const scene = async () => {
    const zlib = require('node:zlib');
    const pako = require('pako');
    const { Writable } = require('node:stream');
    const { pipeline } = require('node:stream/promises');
    const { listen, open } = require('./support/http-client');
    const { sha256, text } = require('../support/data');

    const data = text(90_000, 3);
    const gzip = Buffer.from(pako.gzip(data));
    const deflate = Buffer.from(pako.deflate(data));
    const raw = Buffer.from(pako.deflateRaw(data));
    const flip = (bytes, at) => {
      const copy = Buffer.from(bytes);
      copy[at < 0 ? copy.length + at : at] ^= 0x10;
      return copy;
    };
    const bodies = { empty: Buffer.alloc(0), plain: data };
    for (const [name, bytes] of Object.entries({ gzip, deflate, raw })) {
      for (const end of [1, 2, 9, 10, 11, 100, 5000, -9, -8, -4, -1]) {
        bodies[`${name} cut at ${end}`] = bytes.subarray(0, end);
      }
      for (const at of [0, 1, 2, 40, 3000, -6, -1]) {
        bodies[`${name} damaged at ${at}`] = flip(bytes, at);
      }
      bodies[`${name} and text`] = Buffer.concat([bytes, Buffer.from('trailing garbage')]);
      bodies[`${name} and zeros`] = Buffer.concat([bytes, Buffer.alloc(700)]);
      bodies[`${name} twice`] = Buffer.concat([bytes, bytes]);
    }
    const server = await listen((req, res) => {
      const { name, broken } = JSON.parse(decodeURIComponent(req.url.slice(1)));
      const body = bodies[name];
      if (!broken) return res.end(body);
      // The connection ends before the body does, after the client has had a part of it.
      res.writeHead(200, { 'content-length': body.length });
      res.write(body.subarray(0, body.length >> 1), () => setTimeout(() => res.destroy(), 10));
    });
    const { Z_SYNC_FLUSH } = zlib.constants;
    const readers = {
      createGunzip: zlib.createGunzip,
      createInflate: zlib.createInflate,
      createInflateRaw: zlib.createInflateRaw,
      createUnzip: zlib.createUnzip,
    };
    const told = {};
    const read = async (name, reader, options, broken) => {
      const parts = [];
      const sink = new Writable({
        write(chunk, _encoding, callback) {
          parts.push(chunk);
          callback();
        },
      });
      const url = `/${encodeURIComponent(JSON.stringify({ name, broken }))}`;
      const error = await pipeline(
        await open(server.port, url),
        readers[reader](options),
        sink,
      ).catch((e) => [e.name, e.code, e.errno, e.message]);
      const bytes = Buffer.concat(parts);
      // What came through before an error depends on timing here; it is right as far as it goes.
      const prefix = data.subarray(0, bytes.length).equals(bytes);
      const size = error && prefix ? 'a prefix' : [bytes.length, sha256(bytes)];
      return { error, size };
    };
    for (const name of Object.keys(bodies)) {
      for (const reader of Object.keys(readers)) {
        const lenient = { flush: Z_SYNC_FLUSH, finishFlush: Z_SYNC_FLUSH };
        told[`${reader} ${name}`] = await read(name, reader);
        told[`${reader} ${name}, lenient`] = await read(name, reader, lenient);
      }
    }
    told.broken = await read('gzip and text', 'createGunzip', {}, true);
    await server.close();
    return told;
  };
  const told = await sameWithPreload(scene);
  assert.strictEqual(told['createGunzip gzip cut at 5000'].error[1], 'Z_BUF_ERROR');
  assert.strictEqual(told['createGunzip gzip cut at 5000, lenient'].error, undefined);
  assert.strictEqual(told.broken.error[1], 'ECONNRESET');
});
