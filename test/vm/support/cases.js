// Makes each TAP line of a guest a subtest of a node:test file.

const { EventEmitter, once } = require('node:events');
const { test } = require('node:test');
const { has } = require('./run');
const { runGuest } = require('./guest');

const NEEDED = [
  ...[
    'apt-get',
    'apt-cache',
    'dpkg-deb',
    'xz',
    'gcc',
    'make',
    'modinfo',
    'cpio',
    'strip',
    'busybox',
  ],
  'qemu-system-x86_64',
  'strace',
  'python3',
  'perl',
];

/** Why guests cannot run here; undefined if they can. */
function missing() {
  if (process.platform !== 'linux' || process.arch !== 'x64') return 'needs Linux on x86-64';
  const absent = NEEDED.filter((program) => !has(program));
  if (!absent.length) return undefined;
  return `needs ${absent.join(', ')} (Debian: qemu-system-x86 busybox-static cpio kmod xz-utils gcc make strace python3 perl)`;
}

/**
 * A test that runs one guest: the results it prints become subtests, and what it prints about a
 * failure becomes that subtest's error.
 * @param {string} name
 * @param {() => object} prepare gives (or promises) runGuest()'s options but for `onLine`, and
 *   `after()`, which is called when the guest has ended, and `checks`, functions by the names of
 *   the subtests that they are, run after that
 * @param {{minimum: number}} expectations `minimum`: how many results there must be at least
 */
function guestTest(name, prepare, { minimum }) {
  const why = missing();
  // CI sets WARPDRIVE_VM_REQUIRED: there, a guest that cannot run is a failure.
  const skip = why && !process.env.WARPDRIVE_VM_REQUIRED ? why : false;
  test(name, { skip }, async (t) => {
    if (why) throw new Error(why);
    const results = [];
    const news = new EventEmitter();
    let ended = false;
    const { after, checks, ...options } = await prepare();
    const guest = runGuest({
      ...options,
      onLine(line) {
        const found = line.match(/^(not )?ok \d+ - (.*)$/);
        if (found)
          results.push({
            ok: !found[1],
            name: found[2].replace(/ # (.*)/, ' ($1 in the guest)'),
            notes: [],
          });
        else if (results.length && line.startsWith('#')) results.at(-1).notes.push(line);
        else if (!/^1\.\.\d+$/.test(line)) t.diagnostic(line);
        news.emit('news');
      },
    }).finally(async () => {
      await after?.();
      ended = true;
      news.emit('news');
    });
    guest.catch(() => {});
    // A result is reported when the next one, or the end, shows that its notes are complete.
    for (let i = 0; !(ended && i >= results.length); ) {
      if (i + 1 < results.length || (ended && i < results.length)) {
        const { ok, name: what, notes } = results[i++];
        await t.test(what, (subtest) => {
          if (ok) for (const line of notes) subtest.diagnostic(line);
          if (!ok) throw new Error(notes.join('\n') || 'failed in the guest');
        });
      } else {
        await once(news, 'news');
      }
    }
    await guest;
    for (const [what, check] of Object.entries(checks ?? {})) await t.test(what, check);
    if (results.length < minimum) {
      throw new Error(`${results.length} results; the guest's scripts have at least ${minimum}`);
    }
  });
}

module.exports = { guestTest };
