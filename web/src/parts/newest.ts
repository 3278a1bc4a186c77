/** Asks for one thing at a time: what is wanted meanwhile replaces what waits, and only the newest is asked next. */
export class Newest<Wanted, Answer> {
  readonly #ask: (wanted: Wanted) => Promise<Answer>;
  readonly #receive: (wanted: Wanted, answer: Answer, isNewest: boolean) => void;
  #waiting: { wanted: Wanted } | null = null;
  #busy = false;

  /** The last argument of `receive` is whether nothing newer is wanted. */
  constructor(
    ask: (wanted: Wanted) => Promise<Answer>,
    receive: (wanted: Wanted, answer: Answer, isNewest: boolean) => void,
  ) {
    this.#ask = ask;
    this.#receive = receive;
  }

  /** `ask` must not reject. */
  want(wanted: Wanted): void {
    this.#waiting = { wanted };
    if (!this.#busy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#busy = true;
    while (this.#waiting) {
      const { wanted } = this.#waiting;
      this.#waiting = null;
      const answer = await this.#ask(wanted);
      this.#receive(wanted, answer, this.#waiting === null);
    }
    this.#busy = false;
  }
}
