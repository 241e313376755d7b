// The end of the process: at once when idle, and unharmed in the middle of work.

const assert = require('node:assert/strict');
const { runScene } = require('../support/child');
const { test } = require('../support/bounded');

const RUNS = 20;
const FEWER_RUNS = 6;
const AT_ONCE = 2;

async function repeat(runs, task) {
  for (let i = 0; i < runs; i += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, k) => task(i + k)));
  }
}

const IDLE = {
  'loaded only': () => {},
  'a stream made and not used': (zlib) => {
    zlib.createGzip();
  },
  'a stream written to and left open': (zlib) => {
    const gzip = zlib.createGzip();
    gzip.on('data', () => {});
    gzip.write(Buffer.alloc(300_000, 'x'));
  },
  'a stream that nobody reads': (zlib) => {
    zlib.createGzip().end(Buffer.alloc(3_000_000, 'x'));
  },
  'sync calls': (zlib) => {
    zlib.gunzipSync(zlib.gzipSync(Buffer.alloc(3_000_000, 'x')));
  },
  callbacks: (zlib) => {
    zlib.gzip(Buffer.alloc(3_000_000, 'x'), (error, packed) => {
      if (error) throw error;
      zlib.gunzip(packed, (again, plain) => {
        if (again || plain.length !== 3_000_000) throw again ?? new Error('wrong length');
        process.exitCode = 5;
      });
    });
  },
  'a destroyed stream': (zlib) => {
    const gzip = zlib.createGzip();
    gzip.write(Buffer.alloc(3_000_000, 'x'));
    gzip.destroy();
  },
};

for (const [title, scene] of Object.entries(IDLE)) {
  test(`idle process exits by itself: ${title}`, async () => {
    const { code, signal, stderr } = await runScene(scene);
    assert.equal(signal, null, 'it did not exit');
    assert.equal(code, title === 'callbacks' ? 5 : 0, stderr);
    assert.equal(stderr, '');
  });
}

const MIDDLE = {
  'process.exit() with streams in flight': (zlib) => {
    for (let i = 0; i < 10; i++) {
      const gzip = zlib.createGzip();
      gzip.on('data', () => {});
      gzip.write(Buffer.alloc(2_000_000, `data ${i} `));
    }
    setImmediate(() => process.exit(7));
  },
  'process.exit() at once': (zlib) => {
    for (let i = 0; i < 20; i++) zlib.gzip(Buffer.alloc(1_000_000, `${i}`), () => {});
    process.exit(7);
  },
  'process.exit() in a callback, with more in flight': (zlib) => {
    for (let i = 0; i < 20; i++) {
      zlib.gzip(Buffer.alloc(100_000 * (i + 1), `${i} `), () => process.exit(7));
    }
  },
  'process.exit() in a data listener': (zlib) => {
    const gunzip = zlib.createGunzip();
    gunzip.on('data', () => process.exit(7));
    gunzip.end(zlib.gzipSync(Buffer.alloc(5_000_000, 'x')));
  },
  'process.exit() in an exit listener that uses it again': (zlib) => {
    process.on('exit', () => {
      process.exitCode = zlib.gunzipSync(zlib.gzipSync('still here')).toString() ? 7 : 1;
    });
    zlib.gzip(Buffer.alloc(3_000_000, 'x'), () => {});
    setImmediate(() => process.exit());
  },
  'an uncaught error': (zlib) => {
    for (let i = 0; i < 20; i++) zlib.gzip(Buffer.alloc(1_000_000, `${i}`), () => {});
    process.on('uncaughtException', () => process.exit(7));
    setImmediate(() => {
      throw new Error('on purpose');
    });
  },
};

for (const [number, [title, scene]] of Object.entries(MIDDLE).entries()) {
  const runs = number === 0 ? RUNS : FEWER_RUNS;
  test(`${title}: exit code 7, ${runs} times`, () =>
    repeat(runs, async (i) => {
      const { code, signal, stderr } = await runScene(scene);
      assert.deepEqual({ code, signal, stderr }, { code: 7, signal: null, stderr: '' }, `run ${i}`);
    }));
}

test('killed by a signal', async () => {
  const scene = (zlib) => {
    setInterval(() => zlib.gzip(Buffer.alloc(2_000_000, 'x'), () => {}), 1);
    setTimeout(() => process.kill(process.pid, 'SIGTERM'), 50);
  };
  const { code, signal } = await runScene(scene);
  assert.deepEqual({ code, signal }, { code: null, signal: 'SIGTERM' });
});
