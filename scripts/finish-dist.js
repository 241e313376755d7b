// Completes dist/ after tsc: the ES module entry, and types that include zlib's type names.

const { copyFileSync, chmodSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

const dist = join(__dirname, '..', 'dist');

/**
 * Names that `import { ... }` can take. ES modules must name their exports beforehand, so this is
 * what any supported Node has; a name that the running Node lacks is undefined there.
 */
function exportNames() {
  const zlib = require('node:zlib');
  const newer = [
    'ZstdCompress ZstdDecompress createZstdCompress createZstdDecompress',
    'zstdCompress zstdCompressSync zstdDecompress zstdDecompressSync',
    'ZipEntry ZipFile ZipBuffer createZipArchive createZipArchiveSync zipFiles',
    'getMaxZipContentSize setMaxZipContentSize',
  ];
  return [...new Set([...Object.keys(zlib), ...newer.join(' ').split(' ')])];
}

const lines = [
  '// Made by scripts/finish-dist.js.',
  "import zlib from './index.js';",
  'export default zlib;',
  'export const { warpdrive } = zlib;',
  `export const {\n${exportNames()
    .map((name) => `  ${name},`)
    .join('\n')}\n} = zlib;`,
];
writeFileSync(join(dist, 'index.mjs'), `${lines.join('\n')}\n`);

for (const file of ['index.d.ts', 'index.d.mts']) {
  copyFileSync(join(__dirname, '..', 'types', file), join(dist, file));
}
for (const command of ['warpgzip.js', 'warpdrive.js']) chmodSync(join(dist, 'cli', command), 0o755);
