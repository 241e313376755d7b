// What both ends of a WebSocket with permessage-deflate see.

const { once } = require('node:events');
const pako = require('pako');
const { WebSocket, WebSocketServer } = require('ws');
const { mixed, noise, text, zeros } = require('../../support/data');
const { CLOSE, converse, digest, frame } = require('./websocket-frames');

const HOST = '127.0.0.1';
const CONNECTIONS = 100;
const GOODBYE = frame(Buffer.from([3, 0xe8]), { compressed: false, opcode: CLOSE });
const MESSAGES = [
  text(1000).toString('latin1'),
  text(5000),
  '',
  Buffer.alloc(0),
  text(5000),
  noise(3000),
  zeros(100_000),
  'x',
  text(60_000, 5),
  mixed(50_000, 7),
  text(5000),
];

async function serve(options, onConnection) {
  const server = new WebSocketServer({ port: 0, host: HOST, ...options });
  await once(server, 'listening');
  server.on('connection', onConnection);
  const { port } = server.address();
  return { server, port, url: `ws://${HOST}:${port}` };
}

async function stop(server) {
  for (const socket of server.clients) socket.terminate();
  await new Promise((resolve) => server.close(resolve));
}

async function connect(url, perMessageDeflate = { threshold: 0 }) {
  const socket = new WebSocket(url, { perMessageDeflate });
  await once(socket, 'open');
  return socket;
}

const closed = (socket) =>
  socket.readyState === WebSocket.CLOSED ? undefined : once(socket, 'close');

/** Appends what a socket tells to `log`. */
function record(socket, log) {
  socket.on('message', (data, binary) => log.push(`${data.length} ${digest(data)} ${binary}`));
  socket.on('error', (error) => log.push(`error ${error.code} ${error.message}`));
  socket.on('close', (code, reason) => log.push(`close ${code} ${reason}`));
  return log;
}

const echo = (socket) => socket.on('message', (data, binary) => socket.send(data, { binary }));

/** Sends messages to a server that sends them back. */
async function exchange(serverSide, clientSide, messages = MESSAGES, options = {}) {
  const log = { server: [], client: [] };
  const { server, url } = await serve({ perMessageDeflate: serverSide, ...options }, (socket) => {
    record(socket, log.server);
    echo(socket);
  });
  const client = await connect(url, clientSide);
  record(client, log.client);
  const answered = new Promise((resolve) => {
    let left = messages.length;
    client.on('message', () => --left === 0 && resolve());
    client.on('close', resolve);
  });
  const sent = messages.map((message) => new Promise((resolve) => client.send(message, resolve)));
  const failures = (await Promise.all(sent)).filter(Boolean).map((error) => error.message);
  await answered;
  client.close(1000, 'done');
  await closed(client);
  await stop(server);
  return { ...log, extensions: client.extensions, failures };
}

async function takeOver() {
  const results = {};
  for (const serverNoContextTakeover of [false, true]) {
    for (const clientNoContextTakeover of [false, true]) {
      const options = { threshold: 0, serverNoContextTakeover, clientNoContextTakeover };
      const key = JSON.stringify(options);
      results[`server asks: ${key}`] = await exchange(options, { threshold: 0 });
      results[`client asks: ${key}`] = await exchange({ threshold: 0 }, options);
    }
  }
  return results;
}

async function windowBits() {
  const results = {};
  for (const bits of [8, 9, 10, 11, 12, 13, 14, 15]) {
    const options = { threshold: 0, serverMaxWindowBits: bits, clientMaxWindowBits: 23 - bits };
    results[`server asks: ${bits}`] = await exchange(options, { threshold: 0 });
    results[`client asks: ${bits}`] = await exchange({ threshold: 0 }, options);
  }
  return results;
}

async function zlibOptions() {
  const results = {};
  for (const options of [
    { level: 1 },
    { level: 9, memLevel: 1 },
    { level: 3, memLevel: 7, chunkSize: 1024 },
    { level: 0 },
    { strategy: 2 },
    { level: 6, memLevel: 9, chunkSize: 64 },
  ]) {
    const { chunkSize } = options;
    const side = { threshold: 0, zlibDeflateOptions: options, zlibInflateOptions: { chunkSize } };
    results[JSON.stringify(options)] = await exchange(side, side);
  }
  return results;
}

function manySmall() {
  const messages = Array.from({ length: 800 }, (_, i) =>
    JSON.stringify({ id: i, topic: `t${i % 17}`, text: 'ab'.repeat(i % 50) }),
  );
  return exchange({ threshold: 0 }, { threshold: 0 }, messages);
}

function large() {
  const part = mixed(1 << 18, 11);
  const whole = Buffer.concat(Array.from({ length: 41 }, (_, i) => part.subarray(i * 100)));
  return exchange({}, {}, [whole, whole.toString('base64', 0, 2 << 20), 'after']);
}

async function fragments() {
  const log = { server: [], client: [] };
  const { server, url } = await serve({ perMessageDeflate: { threshold: 0 } }, (socket) => {
    record(socket, log.server);
    echo(socket);
  });
  const client = await connect(url);
  record(client, log.client);
  const plain = text(50_000, 9);
  for (const size of [1, 100, 1024, 20_000]) {
    const data = plain.subarray(0, size * 40);
    const answer = once(client, 'message');
    for (let offset = 0; offset < data.length; offset += size) {
      const fin = offset + size >= data.length;
      client.send(data.subarray(offset, offset + size), { fin, binary: size > 100 });
      if (offset === 3 * size) client.ping('between fragments');
    }
    await answer;
  }
  for (const compress of [true, false, true]) {
    const answer = once(client, 'message');
    client.send(plain, { compress });
    await answer;
  }
  client.close();
  await closed(client);
  await stop(server);
  return log;
}

/** What a server sends, as frames read by another implementation. */
async function framesOf(extensions, perMessageDeflate, messages) {
  const { server, port } = await serve({ perMessageDeflate }, (socket) => {
    for (const message of messages) socket.send(message);
    socket.close(1000);
  });
  const frames = await converse(port, extensions);
  await stop(server);
  return frames;
}

async function readByPako() {
  const results = {};
  for (const [parameters, zlibDeflateOptions] of [
    ['', undefined],
    ['; server_no_context_takeover', undefined],
    ['; server_max_window_bits=9', undefined],
    ['; server_max_window_bits=12', { level: 9, memLevel: 3 }],
    ['', { level: 1 }],
  ]) {
    const key = `${parameters} ${JSON.stringify(zlibDeflateOptions)}`;
    const options = { threshold: 0, zlibDeflateOptions };
    results[key] = await framesOf(`permessage-deflate${parameters}`, options, MESSAGES);
  }
  return results;
}

async function threshold() {
  const results = {};
  const messages = [0, 9, 10, 11, 1023, 1024, 1025, 50_001].map((size) => text(size).toString());
  const none = { serverNoContextTakeover: true, clientNoContextTakeover: true };
  const extensions = 'permessage-deflate; client_no_context_takeover; server_no_context_takeover';
  for (const size of [0, 10, 1024, 50_000]) {
    results[size] = await framesOf(extensions, { ...none, threshold: size }, messages);
  }
  return results;
}

/** {case: frames' payloads}, most of them corrupt. */
function corruptCases() {
  const deflate = new pako.Deflate({ raw: true });
  const parts = [];
  deflate.onData = (part) => parts.push(Buffer.from(part));
  deflate.push(text(2000), 2);
  const good = Buffer.concat(parts).subarray(0, -4);
  const whole = Buffer.from(pako.deflateRaw(text(2000)));
  const flip = (offset) => {
    const bad = Buffer.from(good);
    bad[offset] ^= 0xff;
    return bad;
  };
  return {
    good: [frame(good)],
    'reserved block type': [frame(Buffer.from([7, 1, 2, 3]))],
    ones: [frame(Buffer.alloc(50, 0xff))],
    'first byte': [frame(flip(0))],
    middle: [frame(flip(100))],
    'near the end': [frame(flip(good.length - 10))],
    truncated: [frame(good.subarray(0, 100)), frame(good)],
    'last block set': [frame(whole), frame(whole)],
    'last block and garbage': [frame(Buffer.concat([whole, Buffer.alloc(40, 0xaa)])), frame(good)],
    empty: [frame(Buffer.alloc(0)), frame(good)],
    'one zero': [frame(Buffer.from([0]))],
    'distance too far': [frame(Buffer.from('4b04020000', 'hex')), frame(good)],
    'second fragment': [
      frame(good.subarray(0, 50), { fin: false }),
      frame(flip(80).subarray(50), { compressed: false, opcode: 0 }),
    ],
    'after a good one': [frame(good), frame(Buffer.from([7, 1, 2])), frame(good)],
  };
}

async function corrupt() {
  const results = {};
  for (const [name, frames] of Object.entries(corruptCases())) {
    for (const apart of [false, true]) {
      const log = [];
      const perMessageDeflate = { threshold: 0 };
      const { server, port } = await serve({ perMessageDeflate }, (socket) => record(socket, log));
      const answers = await converse(port, 'permessage-deflate', [...frames, GOODBYE], apart);
      while (!log.some((entry) => entry.startsWith('close'))) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await stop(server);
      results[`${name}, apart: ${apart}`] = { log, answers };
    }
  }
  return results;
}

async function maxPayload() {
  const results = {};
  for (const [size, limit] of [
    [20 << 20, 1 << 20],
    [100_001, 100_000],
    [100_000, 100_000],
    [20_000, 100],
  ]) {
    for (const clientNoContextTakeover of [false, true]) {
      const log = { server: [], client: [] };
      const perMessageDeflate = { threshold: 0, clientNoContextTakeover };
      const { server, url } = await serve({ maxPayload: limit, perMessageDeflate }, (socket) => {
        record(socket, log.server);
        socket.on('message', () => socket.close(1000));
      });
      const client = await connect(url);
      record(client, log.client);
      client.send(Buffer.alloc(size, 'a'));
      await closed(client);
      while (server.clients.size > 0) await new Promise((resolve) => setTimeout(resolve, 2));
      await stop(server);
      results[`${size} of ${limit}, ${clientNoContextTakeover}`] = log;
    }
  }
  return results;
}

async function terminate() {
  const seen = new Set();
  const { server, url } = await serve({ perMessageDeflate: { threshold: 0 } }, (socket) => {
    socket.on('error', (error) => seen.add(`error ${error.message}`));
    socket.on('close', (code) => seen.add(`close ${code}`));
    socket.on('message', (data) => {
      socket.send(data);
      socket.send(data);
      socket.terminate();
    });
  });
  const data = text(100_000);
  for (let i = 0; i < 12; i++) {
    const client = await connect(url);
    client.on('error', (error) => seen.add(`client error ${error.message}`));
    const sent = [1, 2, 3, 4].map(() => new Promise((resolve) => client.send(data, resolve)));
    if (i % 4 === 0) client.terminate();
    if (i % 4 === 1) setImmediate(() => client.terminate());
    if (i % 4 === 2) setTimeout(() => client.terminate(), i % 7);
    await Promise.all([closed(client), ...sent]);
  }
  await stop(server);
  return [...seen].sort();
}

async function hundreds() {
  const perMessageDeflate = { threshold: 0, concurrencyLimit: 5 };
  const { server, url } = await serve({ perMessageDeflate }, echo);
  const talk = async (_, i) => {
    const client = await connect(url);
    const seen = [];
    for (let k = 0; k < 3; k++) {
      client.send(text(200 + i * 20, i * 7 + k));
      const [data] = await once(client, 'message');
      seen.push(digest(data));
    }
    client.close();
    await closed(client);
    return seen;
  };
  const results = await Promise.all(Array.from({ length: CONNECTIONS }, talk));
  await stop(server);
  return results;
}

/** Callbacks of send() keep their order, compressed or not. */
async function sendOrder() {
  const order = [];
  const { server, url } = await serve({ perMessageDeflate: { threshold: 0 } }, () => {});
  const client = await connect(url);
  const messages = [text(100_000), 'a', text(100), noise(1000), zeros(1 << 20), 'b'];
  const sent = messages.map(
    (message, i) =>
      new Promise((resolve) => {
        client.send(message, { compress: i % 4 !== 3 }, () => resolve(order.push(i)));
      }),
  );
  await Promise.all(sent);
  client.close();
  await closed(client);
  await stop(server);
  return order;
}

const SCENES = {
  corrupt,
  fragments,
  hundreds,
  large,
  manySmall,
  maxPayload,
  readByPako,
  sendOrder,
  takeOver,
  terminate,
  threshold,
  windowBits,
  zlibOptions,
};

/** Runs the scenes named and resolves to {name: what was seen}. */
module.exports = async (names) => {
  const results = {};
  for (const name of names) results[name] = await SCENES[name]();
  return results;
};
