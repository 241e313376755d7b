import { parseArgs } from 'node:util';

/** What one run of warpgzip was asked to do. */
export interface Options {
  decompress: boolean;
  /** Results go to stdout, or nowhere (-t, -l): no output file, the input stays. */
  toStdout: boolean;
  test: boolean;
  list: boolean;
  force: boolean;
  keep: boolean;
  quiet: boolean;
  verbose: boolean;
  recursive: boolean;
  synchronous: boolean;
  /** -N (true) or -n (false); undefined means gzip's default: save, but do not restore. */
  name: boolean | undefined;
  suffix: string;
  /** 1 to 9. */
  level: number;
  /** 1 to 256. */
  threads: number | undefined;
}

export type Command =
  | { kind: 'run'; options: Options; files: string[] }
  | { kind: 'help' }
  | { kind: 'version' }
  | { kind: 'error'; message: string };

interface Flag {
  short?: string;
  set?: Partial<Options>;
  /** For options that take a value: what it sets, or what is wrong with it. */
  read?(value: string, option: string): Partial<Options> | string;
  /** gzip has it, this program does not. */
  unsupported?: true;
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
}

/** As many as warpdrive.configure() takes. */
const MAX_THREADS = 256;

function readThreads(text: string, option: string): Partial<Options> | string {
  const threads = /^\d+$/.test(text) ? Number(text) : 0;
  if (threads >= 1 && threads <= MAX_THREADS) return { threads };
  return `${option}: '${text}' is not a number from 1 to ${MAX_THREADS}`;
}

function readBits(text: string): Partial<Options> | string {
  return /^\d*$/.test(text) ? {} : '-b operand is not an integer';
}

function readSuffix(suffix: string): Partial<Options> | string {
  const valid = suffix !== '' && suffix.length <= 30 && !/[/\0]/.test(suffix);
  return valid ? { suffix } : `invalid suffix '${suffix}'`;
}

const flags: Record<string, Flag> = {
  // Of no effect in today's gzip either.
  ascii: { short: 'a' },
  bits: { short: 'b', read: readBits },
  rsyncable: { unsupported: true },
  stdout: { short: 'c', set: { toStdout: true } },
  'to-stdout': { set: { toStdout: true } },
  decompress: { short: 'd', set: { decompress: true } },
  uncompress: { set: { decompress: true } },
  force: { short: 'f', set: { force: true } },
  keep: { short: 'k', set: { keep: true } },
  list: { short: 'l', set: { list: true, decompress: true, toStdout: true } },
  test: { short: 't', set: { test: true, decompress: true, toStdout: true } },
  'no-name': { short: 'n', set: { name: false } },
  name: { short: 'N', set: { name: true } },
  // As in gzip, the later of -q and -v wins.
  quiet: { short: 'q', set: { quiet: true, verbose: false } },
  silent: { set: { quiet: true, verbose: false } },
  verbose: { short: 'v', set: { verbose: true, quiet: false } },
  recursive: { short: 'r', set: { recursive: true } },
  synchronous: { set: { synchronous: true } },
  suffix: { short: 'S', read: readSuffix },
  threads: { short: 'p', read: readThreads },
  fast: { short: '1', set: { level: 1 } },
  best: { short: '9', set: { level: 9 } },
  help: { short: 'h' },
  version: { short: 'V' },
};
// -2 to -8 have no long name in gzip; these names only exist because parseArgs wants one.
const hidden = new Map<string, Flag>();
for (let n = 2; n <= 8; n++) hidden.set(`level-${n}`, { short: `${n}`, set: { level: n } });
const allFlags = new Map<string, Flag>([...Object.entries(flags), ...hidden]);

/** getopt_long's rule: any unambiguous beginning of a long option stands for it. */
function expandAbbreviation(arg: string): string | { candidates: string[] } {
  const [, typed = '', rest = ''] = /^--([^=]+)(.*)$/s.exec(arg) ?? [];
  if (typed === '' || Object.hasOwn(flags, typed)) return arg;
  const candidates = Object.keys(flags).filter((name) => name.startsWith(typed));
  if (candidates.length > 1) return { candidates };
  return candidates.length === 1 ? `--${candidates[0]}${rest}` : arg;
}

function usageError(message: string): Command {
  return { kind: 'error', message: `${message}\nTry \`warpgzip --help' for more information.` };
}

function expandAll(argv: string[]): string[] | Command {
  const args: string[] = [];
  const end = argv.indexOf('--');
  for (const [i, arg] of argv.entries()) {
    const expanded = end === -1 || i < end ? expandAbbreviation(arg) : arg;
    if (typeof expanded !== 'string') {
      const list = expanded.candidates.map((name) => `'--${name}'`).join(' ');
      return usageError(`option '${arg}' is ambiguous; possibilities: ${list}`);
    }
    args.push(expanded);
  }
  return args;
}

function tokenize(args: string[]) {
  const config: Record<string, { type: 'boolean' | 'string'; short?: string }> = {};
  for (const [name, { short, read }] of allFlags) {
    config[name] = { type: read ? 'string' : 'boolean', ...(short && { short }) };
  }
  // Not strict: the checks and the wording below are getopt's.
  return parseArgs({ args, options: config, strict: false, tokens: true }).tokens;
}

/** The flag an option token stands for, or what getopt says about it. */
function flagOf({ name, rawName, value }: OptionToken): Flag | string {
  const isLong = rawName.startsWith('--');
  const flag = isLong && hidden.has(name) ? undefined : allFlags.get(name);
  const shown = isLong
    ? `'${rawName}${!flag && value !== undefined ? `=${value}` : ''}'`
    : `-- '${rawName.slice(1)}'`;
  if (!flag) return isLong ? `unrecognized option ${shown}` : `invalid option ${shown}`;
  if (flag.read && value === undefined) {
    return isLong ? `option ${shown} requires an argument` : `option requires an argument ${shown}`;
  }
  if (!flag.read && value !== undefined) return `option ${shown} doesn't allow an argument`;
  return flag.unsupported ? `option ${shown} is not supported` : flag;
}

/** Reads gzip's command line. `argv` is without the program's own name. */
export function parseCommandLine(argv: string[]): Command {
  const args = expandAll(argv);
  if (!Array.isArray(args)) return args;
  const options: Options = {
    decompress: false,
    toStdout: false,
    test: false,
    list: false,
    force: false,
    keep: false,
    quiet: false,
    verbose: false,
    recursive: false,
    synchronous: false,
    name: undefined,
    suffix: '.gz',
    level: 6,
    threads: undefined,
  };
  const files: string[] = [];
  for (const token of tokenize(args)) {
    if (token.kind === 'positional') files.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = flagOf(token);
    if (typeof flag === 'string') return usageError(flag);
    if (token.name === 'help' || token.name === 'version') return { kind: token.name };
    const read = flag.read?.(token.value ?? '', token.rawName);
    if (typeof read === 'string') return { kind: 'error', message: read };
    Object.assign(options, flag.set, read);
  }
  return { kind: 'run', options, files };
}
