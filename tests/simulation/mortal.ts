/** A process that may die, as what it uses sees it. */
export interface Mortal {
  /** When its disk has done what was asked of it, true time, ms. */
  diskFreeAt: number;
  /** It may die at this point. @returns whether it is dead */
  mayDie(point: string): boolean;
  /** Does something after `ms`, if it lives then. @returns what takes it back */
  later(ms: number, what: () => void): () => void;
}

/** What a dead process promised. */
export function never<T>(): Promise<T> {
  return new Promise(() => {});
}
