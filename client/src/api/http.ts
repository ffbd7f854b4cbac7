import { IDEMPOTENCY_HEADER, ProblemBody } from '@tonegate/api-schema';
import { err, ok, type Result } from './result.ts';
import type { ApiProblem, Refusal } from './problem.ts';

/** Longest wait for an answer, ms. */
const TIMEOUT_MS = 10_000;
/** Longest wait until a file is taken, ms: it may be of megabytes, and is converted. */
const FILE_TIMEOUT_MS = 60_000;
/** Pauses before a request is sent again because no answer came, ms. It carries the same key, so it can't act twice. */
const RETRY_PAUSES_MS = [300, 1_200];

export interface Http {
  /** `timeoutMs`: longest wait for the answer; default: 10 s. */
  get<T>(path: string, timeoutMs?: number): Promise<Result<T, ApiProblem>>;
  /** Sent with an `Idempotency-Key`; repeated with the same key when no answer comes. */
  post<T>(path: string, body?: unknown, how?: PostOptions): Promise<Result<T, ApiProblem>>;
  put<T>(path: string, body: unknown): Promise<Result<T, ApiProblem>>;
  /** The same, where a refusal says more than its code. */
  putSaying<T>(path: string, body: unknown, timeoutMs: number): Promise<Result<T, Refusal>>;
  /** A file as it is. */
  putFile<T>(path: string, file: Blob): Promise<Result<T, ApiProblem>>;
  delete<T>(path: string): Promise<Result<T, ApiProblem>>;
}

export interface PostOptions {
  /** The key of an intent that is tried again; default: a new one. */
  readonly key?: string;
  /** Longest wait for one answer, ms; default: 10 s. */
  readonly timeoutMs?: number;
}

export interface HttpOptions {
  /** Where the server is, e.g. `https://tonegate.example`; the page's own origin in a browser. */
  readonly origin: string;
  readonly fetch: typeof fetch;
  readonly pause: (ms: number) => Promise<void>;
  readonly newKey: () => string;
}

/** The HTTP half of the API: JSON both ways, problems as values. */
export function createHttp(options: HttpOptions): Http {
  async function once<T>(path: string, init: RequestInit, timeoutMs?: number): Promise<Result<T, ApiProblem>> {
    const answer = await saying<T>(path, init, timeoutMs);
    return answer.ok ? answer : err(answer.error.code);
  }

  async function saying<T>(path: string, init: RequestInit, timeoutMs = TIMEOUT_MS): Promise<Result<T, Refusal>> {
    let response: Response;
    try {
      response = await options.fetch(options.origin + path, {
        ...init,
        credentials: 'same-origin',
        signal: AbortSignal.timeout(timeoutMs),
      });
    } catch {
      return err({ code: 'unreachable', reason: null, fields: [] });
    }
    const text = await response.text().catch(() => '');
    if (response.ok) return ok((text === '' ? undefined : JSON.parse(text)) as T);
    return err(refusalOf(response.status, text));
  }

  const json = { 'content-type': 'application/json' };
  return {
    get: (path, timeoutMs) => once(path, { method: 'GET' }, timeoutMs),
    put: (path, body) => once(path, { method: 'PUT', headers: json, body: JSON.stringify(body) }),
    putSaying: (path, body, timeoutMs) =>
      saying(path, { method: 'PUT', headers: json, body: JSON.stringify(body) }, timeoutMs),
    putFile: (path, file) =>
      once(
        path,
        { method: 'PUT', headers: { 'content-type': file.type || 'application/octet-stream' }, body: file },
        FILE_TIMEOUT_MS,
      ),
    // The server takes no change without a type, which pages of other sites can't set.
    delete: (path) => once(path, { method: 'DELETE', headers: json, body: '{}' }),
    async post<T>(path: string, body?: unknown, { key, timeoutMs }: PostOptions = {}) {
      const init: RequestInit = {
        method: 'POST',
        headers: { ...json, [IDEMPOTENCY_HEADER]: key ?? options.newKey() },
        body: JSON.stringify(body ?? {}),
      };
      for (const pause of RETRY_PAUSES_MS) {
        const answer = await once<T>(path, init, timeoutMs);
        if (answer.ok || answer.error !== 'unreachable') return answer;
        await options.pause(pause);
      }
      return once<T>(path, init, timeoutMs);
    },
  };
}

function refusalOf(status: number, text: string): Refusal {
  try {
    const body = ProblemBody.safeParse(JSON.parse(text));
    if (body.success) {
      const { code, reason = null, fields = [] } = body.data;
      return { code, reason, fields };
    }
  } catch {
    // Not ours: a proxy's error page. Its status is all there is to go by.
  }
  return { code: problemOf(status), reason: null, fields: [] };
}

function problemOf(status: number): ApiProblem {
  if (status === 401) return 'not-signed-in';
  if (status === 403) return 'not-allowed';
  if (status === 404) return 'not-found';
  if (status === 429) return 'too-many-tries';
  return status === 502 || status === 503 || status === 504 ? 'unreachable' : 'server-error';
}
