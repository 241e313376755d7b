// A bare HTTP server and client for scenes. Bodies are decoded by pako, which is none of ours.

const http = require('node:http');
const { once } = require('node:events');
const { Gunzip, Unzlib } = require('fflate');
const pako = require('pako');
const { sha256, text: makeText } = require('../../support/data');

/** Serves on a free port of this machine; `close()` also ends the connections. */
async function listen(handlerOrServer) {
  const isServer = handlerOrServer instanceof http.Server;
  const server = isServer ? handlerOrServer : http.createServer(handlerOrServer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = () => {
    server.close();
    server.closeAllConnections();
    return once(server, 'close');
  };
  return { port: server.address().port, close };
}

/**
 * Sends a request; resolves to the response, none of whose body is read yet.
 * Options: `headers`, `method`, `agent`, and `body` (bytes or a readable stream).
 */
async function open(port, path, { body, ...options } = {}) {
  const request = http.request({ host: '127.0.0.1', port, path, ...options });
  if (body?.pipe) body.pipe(request);
  else request.end(body);
  const [response] = await once(request, 'response');
  return response;
}

/** Sends a request and reads the answer: {status, headers, body, complete}. */
async function get(port, path, options) {
  const response = await open(port, path, options);
  const parts = [];
  response.on('data', (part) => parts.push(part));
  // A connection that breaks off gives 'error' before 'close'; `complete` tells.
  response.on('error', () => {});
  await new Promise((resolve) => response.once('close', resolve));
  const { statusCode: status, headers, complete } = response;
  return { status, headers, body: Buffer.concat(parts), complete };
}

/** The decoded body of an answer. Throws if it is broken. */
function decoded({ headers, body }) {
  const encoding = headers['content-encoding'];
  if (encoding === 'gzip') return Buffer.from(pako.ungzip(body));
  if (encoding === 'deflate') return Buffer.from(pako.inflate(body));
  return body;
}

const TOLD = ['content-encoding', 'vary', 'etag', 'content-type', 'content-range', 'accept-ranges'];

/** What of an answer does not depend on compressed bytes, for comparison. */
function picture(answer) {
  const { status, headers, complete } = answer;
  const told = Object.fromEntries(TOLD.map((name) => [name, headers[name]]));
  const encoded = headers['content-encoding'] !== undefined;
  // The length of a compressed body is the codec's; whether the server tells it is not.
  const length = headers['content-length'];
  told['content-length'] = encoded && length !== undefined ? 'told' : length;
  const body = decoded(answer);
  return { status, ...told, complete, size: body.length, hash: sha256(body) };
}

const texts = new Map();

/** The first `size` bytes of one text, made once: making it takes longer than compressing it. */
function text(size) {
  if (!texts.has(size)) texts.set(size, makeText(size));
  return texts.get(size);
}

/** Calls `onBytes` with what a compressed response decodes to, as it arrives. */
function decodeAsItComes(response, onBytes) {
  const Decoder = response.headers['content-encoding'] === 'gzip' ? Gunzip : Unzlib;
  const decoder = new Decoder((bytes) => onBytes(Buffer.from(bytes)));
  response.on('data', (part) => decoder.push(part, false));
}

module.exports = { decodeAsItComes, decoded, get, listen, open, picture, text };
