// What HTTP clients make of the bodies of http-bodies.js.

const { once } = require('node:events');
const { setImmediate: turn } = require('node:timers/promises');
const { consume, describe, digest, getAll, serve } = require('./http-server');

const OPTIONS = { retry: { limit: 0 }, throwHttpErrors: false };

// got decodes this body as zlib's format and fails at its second byte; whether it tells of that or
// of a server that aborted depends on whether the rest has come by then, with node:zlib as well.
const gotAccepts = (name) => name !== 'raw byte by byte';

/** By `for await`, so that what comes before an error counts. */
const stepwise = (fetch) => async (url, method) => {
  const response = await fetch(url, { method });
  const encoding = response.headers.get('content-encoding');
  return [response.status, encoding, ...(await consume(response.body ?? []))];
};

const globalFetch = () => getAll(stepwise(fetch));
const undiciFetch = () => getAll(stepwise(require('undici').fetch));

function undiciRequest() {
  const { Agent, interceptors, request } = require('undici');
  process.removeAllListeners('warning'); // that the interceptor is experimental
  const dispatcher = new Agent().compose(interceptors.decompress({ skipErrorResponses: false }));
  // What follows the end of a stream makes this interceptor fail or not, as it happens.
  const accept = (name) => !/three|twice|and |cut|,/.test(name);
  return getAll(async (url, method) => {
    const { body, statusCode } = await request(url, { dispatcher, method });
    return [statusCode, ...(await consume(body))];
  }, accept);
}

async function got() {
  const { got: get } = await import('got');
  return getAll(async (url, method) => {
    const options = { ...OPTIONS, method, responseType: 'buffer' };
    const { body, headers, statusCode } = await get(url, options);
    return [statusCode, body.length, digest(body), headers['content-encoding']];
  }, gotAccepts);
}

async function gotStream() {
  const { got: get } = await import('got');
  return getAll(async (url, method) => {
    const events = [];
    const stream = get.stream(url, { ...OPTIONS, method });
    for (const event of ['response', 'end', 'error']) stream.on(event, () => events.push(event));
    return [...(await consume(stream)), ...events];
  }, gotAccepts);
}

/** Stops by AbortSignal and by leaving the loop, early and late, and a server that breaks off. */
async function abortFetch(fetch) {
  const { base, stop } = await serve();
  const results = {};
  for (const path of ['slow', 'gzip%20of%20zeros']) {
    for (const after of [1, 3]) {
      const controller = new AbortController();
      const { body } = await fetch(`${base}/${path}`, { signal: controller.signal });
      let chunks = 0;
      try {
        for await (const _ of body) if (++chunks === after) controller.abort();
      } catch (error) {
        results[`${path} ${after}`] = describe(error);
      }
    }
    const { body } = await fetch(`${base}/${path}`);
    for await (const chunk of body) {
      results[`${path} left`] = chunk.length > 0;
      break;
    }
  }
  const { body } = await fetch(`${base}/broken`);
  const [, , ...errors] = await consume(body);
  stop();
  return { ...results, broken: errors };
}

async function abortGot() {
  const { got: get } = await import('got');
  const { base, stop } = await serve();
  const results = {};
  for (const path of ['slow', 'gzip%20of%20zeros']) {
    for (const how of ['abort', 'destroy']) {
      const events = [];
      const controller = new AbortController();
      const stream = get.stream(`${base}/${path}`, { ...OPTIONS, signal: controller.signal });
      for (const event of ['end', 'error', 'close']) {
        stream.on(event, (error) => events.push(`${event} ${error?.code}`));
      }
      stream.once('data', () => (how === 'abort' ? controller.abort() : stream.destroy()));
      if (!stream.closed) await once(stream, 'close').catch(() => {});
      for (let i = 0; i < 5; i++) await turn();
      results[`${how} ${path}`] = events;
    }
  }
  const broken = await get(`${base}/broken`, OPTIONS).catch(describe);
  stop();
  return { ...results, broken };
}

async function abort() {
  return {
    fetch: await abortFetch(fetch),
    undici: await abortFetch(require('undici').fetch),
    got: await abortGot(),
  };
}

const SCENES = {
  abort,
  globalFetch,
  got,
  gotStream,
  undiciFetch,
  undiciRequest,
};

/** Runs the scenes named and resolves to {name: what was seen}. */
module.exports = async (names) => {
  const results = {};
  for (const name of names) results[name] = await SCENES[name]();
  return results;
};
