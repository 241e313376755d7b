// What is deprecated warns as often, and in the same words, as in the running Node.

const { runScene } = require('../support/child');
const { CLASSES } = require('../support/formats');
const { assertEqualTo } = require('../support/same');
const { test } = require('../support/bounded');

const SCENES = {
  'classes without new': (zlib, { CLASSES: names }) => {
    for (const name of [...names, ...names]) zlib[name]().destroy();
  },
  'create functions and new': (zlib, { CLASSES: names }) => {
    for (const name of names) {
      new zlib[name]().destroy();
      zlib[`create${name}`]().destroy();
    }
  },
  'bytesRead is read': (zlib) => {
    for (const stream of [new zlib.Gzip(), new zlib.Gunzip(), new zlib.Gzip()]) {
      console.log(stream.bytesRead);
      stream.destroy();
    }
  },
  'bytesRead is set': (zlib) => {
    for (const stream of [new zlib.Gzip(), new zlib.Gunzip()]) {
      stream.bytesRead = 5;
      console.log(stream.bytesRead, stream.bytesWritten);
      stream.destroy();
    }
  },
  'constants on the module': (zlib) => {
    for (const name of Object.getOwnPropertyNames(zlib)) {
      if (/^Z_/.test(name)) console.log(name, zlib[name]);
    }
  },
  'all exports are read': (zlib) => {
    console.log(Object.keys(zlib).map((name) => typeof zlib[name]).length);
  },
  'an object of a class is shown': (zlib) => {
    const stream = new zlib.Gzip();
    console.log(require('node:util').inspect(stream).length > 0);
    stream.destroy();
  },
};

/** stderr without what differs from run to run. */
const told = (stderr) => stderr.replace(/\(node:\d+\)/g, '(node)').split('\n');

for (const [title, scene] of Object.entries(SCENES)) {
  test(title, async () => {
    const [actual, expected] = await Promise.all([
      runScene(scene, { CLASSES }),
      runScene(scene, { CLASSES }, { zlib: 'node:zlib' }),
    ]);
    assertEqualTo(
      [actual.code, String(actual.stdout), told(actual.stderr)],
      [expected.code, String(expected.stdout), told(expected.stderr)],
      title,
    );
  });
}
