/** A value as one piece of text on one line. */
function cell(value: unknown): string {
  if (value === undefined || value === null) return '-';
  if (Array.isArray(value)) return value.length > 0 ? value.map(cell).join(', ') : '-';
  if (typeof value === 'object') {
    const fields = Object.entries(value).map(([key, inner]) => `${key}=${cell(inner)}`);
    return fields.join(' ') || '-';
  }
  return String(value);
}

/** Lines of columns, each as wide as its widest cell; what `rows` are called heads them. */
export function renderTable(rows: Record<string, unknown>[]): string {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = [
    keys.map((key) => key.toUpperCase()),
    ...rows.map((row) => keys.map((key) => cell(row[key]))),
  ];
  const widths = keys.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((text, i) => text.padEnd(widths[i] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** One `name  value` line for every field. */
export function renderFields(fields: Record<string, unknown>, indent = ''): string {
  const width = Math.max(0, ...Object.keys(fields).map((name) => name.length));
  return Object.entries(fields)
    .map(([name, value]) => `${indent}${name.padEnd(width)}  ${cell(value)}\n`)
    .join('');
}
