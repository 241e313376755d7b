// In gzip's order: `known` also decides which of two matching endings is named in messages.
const known = ['.gz', '.z', '.taz', '.tgz', '-gz', '-z', '_z'];

/** The ending of `path` that says it is compressed, as it is written there; '' if none. */
export function compressedSuffix(path: string, custom: string): string {
  const lower = path.toLowerCase();
  for (const suffix of [custom.toLowerCase(), ...known]) {
    const stem = path.length - suffix.length;
    if (stem > 0 && path[stem - 1] !== '/' && lower.endsWith(suffix)) return path.slice(stem);
  }
  return '';
}

/** `path` without its compressed suffix; `.tgz` and `.taz` become `.tar`. */
export function withoutSuffix(path: string, custom: string): string {
  const suffix = compressedSuffix(path, custom);
  const stem = path.slice(0, path.length - suffix.length);
  return /^\.t[ag]z$/i.test(suffix) ? `${stem}.tar` : stem;
}

/** Names to try when there is no `path` to decompress, the most likely first. */
export function withGuessedSuffix(path: string, custom: string): string[] {
  if (compressedSuffix(path, custom) !== '') return [];
  return [...new Set([custom, '.gz', '.z', '-z', '.Z'])].map((suffix) => path + suffix);
}
