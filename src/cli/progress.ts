import { clearAtEnd } from './signals.js';

/** Whoever waits shorter than this sees nothing, in milliseconds. */
const DELAY = 500;
const INTERVAL = 100;

/** A bar on stderr that shows how much of one file has been read. */
export class Progress {
  readonly #name: string;
  readonly #total: number;
  readonly #done: () => number;
  #timer: NodeJS.Timeout;
  #clear = () => {};
  #stopped = false;

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

  async #show(): Promise<void> {
    // Loaded only now: most runs never get here.
    const { SingleBar } = (await import('cli-progress')).default;
    if (this.#stopped) return;
    const bar = new SingleBar({
      format: '{name} {bar} {percentage}% ETA {eta_formatted}',
      barCompleteChar: '#',
      barIncompleteChar: '.',
      clearOnComplete: true,
      // A killed run must leave the terminal as it was.
      hideCursor: false,
      linewrap: true,
      gracefulExit: false,
    });
    bar.start(this.#total, this.#done(), { name: this.#name });
    const forget = clearAtEnd(() => bar.stop());
    this.#clear = () => {
      forget();
      bar.stop();
    };
    this.#timer = setInterval(() => bar.update(this.#done()), INTERVAL).unref();
  }
}
