/** The outcome of something that can fail for a reason the caller must handle. Exceptions are for bugs. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/**
 * An error that a person or an API client acts on. `code` is from a fixed list of the part that makes it (kebab-case,
 * stable across versions); `message` says in English what happened, to what, and what to do.
 */
export interface Problem<Code extends string = string> {
  readonly code: Code;
  readonly message: string;
}
