import { createLogger } from '@stoplight/prism-core';
import { createInstance, getHttpOperationsFromSpec, type IHttpRequest } from '@stoplight/prism-http';
import type { PeerReply, PeerRequest, Wire } from './wire.ts';

type Operations = Awaited<ReturnType<typeof getHttpOperationsFromSpec>>;
export type Operation = Operations[number];

/** One of the answers that a description shows. */
export interface Shown {
  readonly operation: string;
  readonly status: number;
  readonly example: string;
}

const MOCK = { isProxy: false, checkSecurity: true, validateRequest: true, validateResponse: true } as const;
const CONFIG = { ...MOCK, errors: false, mock: { dynamic: false }, upstreamProxy: undefined };
const logger = createLogger('descriptions', { enabled: false });

/** An OpenAPI description, by prism: says what of an exchange isn't as described, and mocks answers. */
export class Description {
  readonly operations: Operations;
  readonly #below: string;

  private constructor(operations: Operations, below: string) {
    this.operations = operations;
    this.#below = below;
  }

  /**
   * @param spec a file's path, or the document
   * @param below what a request's path begins with before the described one
   */
  static async of(spec: string | object, below = ''): Promise<Description> {
    return new Description(await getHttpOperationsFromSpec(spec), below);
  }

  /** The answers that it shows by example. */
  get shown(): Shown[] {
    return this.operations.flatMap(({ iid = '', responses }) =>
      responses.flatMap(({ code, contents = [] }) =>
        contents.flatMap(({ examples = [] }) =>
          examples.map(({ key }) => ({ operation: iid, status: Number(code), example: key })),
        ),
      ),
    );
  }

  /** The name of the operation that a request asks for. */
  operationOf({ method, path }: PeerRequest): string | undefined {
    const asked = `${method.toLowerCase()} ${this.#own(path)}`;
    return this.operations.find((one) =>
      new RegExp(`^${one.method} ${one.path.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(asked),
    )?.iid;
  }

  /** What isn't as described in requests and in the answers to them, in words; nothing where all is. */
  async faultsIn(exchanges: Wire['exchanges']): Promise<string[]> {
    const all = exchanges.map(async ({ request, reply }) => {
      const faults = reply
        ? await this.#faults(request, reply)
        : (await this.mocked(request)).faults.filter((fault) => fault.startsWith('request'));
      return faults.map((fault) => `${request.method} ${request.path} ${reply?.status ?? ''} ${fault}`);
    });
    return (await Promise.all(all)).flat();
  }

  async #faults(request: PeerRequest, reply: PeerReply): Promise<string[]> {
    const answering = createInstance(CONFIG, {
      logger,
      mock: () => () => ({
        _tag: 'Right',
        right: {
          statusCode: reply.status,
          headers: { 'content-type': reply.contentType ?? 'application/json' },
          body: reply.body,
        },
      }),
    });
    const asked = await answering.request(this.#asPrism(request), this.operations)();
    return asked._tag === 'Right' ? inWords(asked.right.validations) : [asked.left.message];
  }

  /** An answer that it shows (else one of success), and what isn't as described in the request or in that answer. */
  async mocked(request: PeerRequest, shown?: Pick<Shown, 'status' | 'example'>) {
    const mock = shown ? { dynamic: false, code: shown.status, exampleKey: shown.example } : { dynamic: false };
    const mocking = createInstance({ ...CONFIG, mock }, { logger });
    const asked = await mocking.request(this.#asPrism(request), this.operations)();
    if (asked._tag !== 'Right') return { faults: [asked.left.message], reply: { status: 599, body: '' } };
    const { output, validations } = asked.right;
    const reply: PeerReply = {
      status: output.statusCode,
      body: output.body,
      contentType: output.headers?.['Content-type'] ?? 'application/json',
    };
    return { faults: inWords(validations), reply };
  }

  #own(path: string): string {
    return path.startsWith(this.#below) ? path.slice(this.#below.length) : path;
  }

  #asPrism({ method, path, query, headers, body }: PeerRequest): IHttpRequest {
    return {
      method: method.toLowerCase() as IHttpRequest['method'],
      url: { path: this.#own(path), query: Object.fromEntries(query) },
      // Services say what went wrong as problem+json to whoever accepts JSON; prism would have that named.
      headers: Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'accept')),
      ...(body !== '' && { body: JSON.parse(body) as unknown }),
    };
  }
}

type Validations = Record<'input' | 'output', { readonly path?: readonly unknown[]; readonly message: string }[]>;

function inWords({ input, output }: Validations): string[] {
  const line = (side: string) => (one: Validations['input'][number]) =>
    `${side} ${one.path?.join('.') ?? ''}: ${one.message}`;
  return [...input.map(line('request')), ...output.map(line('answer'))];
}
