import { clearAtEnd } from './signals.js';

/** Whoever waits shorter than this sees nothing, in milliseconds. */
const DELAY = 500;
const INTERVAL = 100;

/** `9s`, `2m05s`, `1h02m`. */
export function formatSeconds(seconds: number): string {
  if (seconds < 60) return `${seconds}s`;
  const [large, small, units] =
    seconds < 3600
      ? [Math.floor(seconds / 60), seconds % 60, 'ms']
      : [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), 'hm'];
  return `${large}${units[0]}${String(small).padStart(2, '0')}${units[1]}`;
}

/** A bar on stderr that shows how much of one file has been read. */
export class Progress {
  readonly #name: string;
  readonly #total: number;
  readonly #done: () => number;
  #timer: NodeJS.Timeout;
  #clear = () => {};
  #stopped = false;
  readonly #startedAt = Date.now();

  constructor(name: string, total: number, done: () => number) {
    this.#name = name;
    this.#total = total;
    this.#done = done;
    this.#timer = setTimeout(() => {
      // A bar that cannot be shown is no reason to fail.
      this.#show().catch(() => {});
    }, DELAY).unref();
  }

  /** Takes the bar away. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#clear();
  }

  /** At the mean speed so far; '' while that is 0. */
  #remaining(): string {
    const done = this.#done();
    if (done === 0) return '';
    const seconds = Math.ceil(
      (((this.#total - done) / done) * (Date.now() - this.#startedAt)) / 1000,
    );
    return ` ETA ${formatSeconds(seconds)}`;
  }

  async #show(): Promise<void> {
    // Loaded only now: most runs never get here.
    const { SingleBar } = (await import('cli-progress')).default;
    if (this.#stopped) return;
    const bar = new SingleBar({
      format: '{name} {bar} {percentage}%{remaining}',
      barCompleteChar: '#',
      barIncompleteChar: '.',
      clearOnComplete: true,
      // A killed run must leave the terminal as it was.
      hideCursor: false,
      linewrap: true,
      gracefulExit: false,
    });
    bar.start(this.#total, this.#done(), { name: this.#name, remaining: '' });
    const forget = clearAtEnd(() => bar.stop());
    this.#clear = () => {
      forget();
      bar.stop();
    };
    this.#timer = setInterval(
      () => bar.update(this.#done(), { remaining: this.#remaining() }),
      INTERVAL,
    ).unref();
  }
}
