/** Asks one question after the other; only the newest one's answer counts, for what it is about may have changed. */
export class Latest {
  #number = 0;

  /** The answer, or null where another question was asked meanwhile. */
  async ask<A>(request: () => Promise<A>): Promise<A | null> {
    this.#number += 1;
    const mine = this.#number;
    const answer = await request();
    return mine === this.#number ? answer : null;
  }

  /** No answer that is on its way counts any more. */
  forget(): void {
    this.#number += 1;
  }
}
