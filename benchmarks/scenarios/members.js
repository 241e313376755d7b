// createGunzip on files of several members, which can be decoded on all cores.

const fs = require('node:fs');
const { cached } = require('../corpus/corpora.js');
const { KINDS, writeMembers } = require('../corpus/members.js');
const { prepare, verify, warmUp, run } = require('./gunzip.js');

function compressed(file, kind) {
  const { mtimeMs } = fs.statSync(file.path);
  const name = `${kind}/${file.name.replaceAll('/', '_')}-${file.size}-${Math.round(mtimeMs)}.gz`;
  return cached(name, async (partial) => writeMembers(file.path, partial, kind));
}

async function tests({ corpora }) {
  const chosen = corpora.filter(({ name }) => ['silesia', 'log'].includes(name));
  const found = [];
  for (const corpus of chosen.length > 0 ? chosen : corpora.slice(0, 1)) {
    for (const kind of KINDS) {
      const packed = [];
      for (const file of corpus.files) packed.push(await compressed(file, kind));
      found.push({ name: `${kind} members`, corpus, params: { members: kind, packed } });
    }
  }
  return found;
}

module.exports = {
  title: 'createGunzip stream of several members, MB/s of output',
  tests,
  prepare,
  verify,
  warmUp,
  run,
};
