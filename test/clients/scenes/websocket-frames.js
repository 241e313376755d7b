// WebSocket frames (RFC 6455 §5.2, RFC 7692) without ws: what it sent is read with pako, and what
// it would never send can be sent to it.

const { createHash, randomBytes } = require('node:crypto');
const net = require('node:net');
const pako = require('pako');

const MASK = Buffer.from([1, 2, 3, 4]);
const CLOSE = 8;
const FLUSH_TAIL = Buffer.from([0, 0, 0xff, 0xff]);
const Z_SYNC_FLUSH = 2;

const digest = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

/** A client's frame with at most 64 KiB of payload. */
function frame(payload, { fin = true, compressed = true, opcode = 2 } = {}) {
  const short = payload.length < 126;
  const head = Buffer.alloc(short ? 2 : 4);
  head[0] = (fin ? 0x80 : 0) | (compressed ? 0x40 : 0) | opcode;
  head[1] = 0x80 | (short ? payload.length : 126);
  if (!short) head.writeUInt16BE(payload.length, 2);
  const masked = payload.map((byte, i) => byte ^ MASK[i % MASK.length]);
  return Buffer.concat([head, MASK, masked]);
}

/** Splits what a server sent after its handshake into whole frames. */
function split(bytes) {
  const frames = [];
  let offset = 0;
  while (offset + 2 <= bytes.length) {
    const [first, second] = bytes.subarray(offset, offset + 2);
    const extra = { 126: 2, 127: 8 }[second] ?? 0;
    const start = offset + 2 + extra;
    if (start > bytes.length) break;
    const length =
      extra === 0 ? second : bytes.readUIntBE(start - Math.min(extra, 6), Math.min(extra, 6));
    if (start + length > bytes.length) break;
    const payload = bytes.subarray(start, start + length);
    frames.push({ compressed: (first & 0x40) !== 0, opcode: first & 15, payload });
    offset = start + length;
  }
  return frames;
}

/** What a compressed message holds; `inflate` keeps the window of those before. */
function read(inflate, payload) {
  const parts = [];
  inflate.onData = (part) => parts.push(Buffer.from(part));
  inflate.push(Buffer.concat([payload, FLUSH_TAIL]), Z_SYNC_FLUSH);
  return inflate.err ? `pako: ${inflate.msg}` : digest(Buffer.concat(parts));
}

/** [opcode, compressed, digest of what is in it or, of a close frame, its code] per frame. */
function describe(frames, takeOver) {
  let inflate = new pako.Inflate({ raw: true });
  return frames.map(({ opcode, compressed, payload }) => {
    if (opcode === CLOSE) return [opcode, compressed, payload.toString('hex', 0, 2)];
    if (!compressed) return [opcode, compressed, digest(payload)];
    if (!takeOver) inflate = new pako.Inflate({ raw: true });
    return [opcode, compressed, read(inflate, payload)];
  });
}

/** Sends `frames`, each in a packet of its own if `apart`, as long as the server listens. */
async function sendFrames(socket, frames, apart) {
  for (const bytes of apart ? frames : [Buffer.concat(frames)]) {
    if (!socket.writable) return;
    await new Promise((resolve) => socket.write(bytes, () => setTimeout(resolve, 5)));
  }
}

/**
 * Connects to a server, sends `frames` and resolves to what the server sent up to its close frame.
 */
function converse(port, extensions, frames = [], apart = false) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(port, '127.0.0.1');
    let received = Buffer.alloc(0);
    let body = -1;
    const key = randomBytes(16).toString('base64');
    socket.write(
      `GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n` +
        `Sec-WebSocket-Extensions: ${extensions}\r\n\r\n`,
    );
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (body < 0) {
        if (!received.includes('\r\n\r\n')) return;
        body = received.indexOf('\r\n\r\n') + 4;
        sendFrames(socket, frames, apart);
      }
      const answers = split(received.subarray(body));
      if (answers.some(({ opcode }) => opcode === CLOSE)) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => {
      const takeOver = !received.subarray(0, body).includes('server_no_context_takeover');
      resolve(describe(split(received.subarray(body)), takeOver));
    });
  });
}

module.exports = { CLOSE, converse, digest, frame };
