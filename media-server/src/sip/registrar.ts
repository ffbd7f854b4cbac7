import type { Clock } from '../shared/clock.ts';
import { newId } from '../shared/ids.ts';
import type { Logger } from '../shared/logger.ts';
import { type Binding, Bindings, type ContactWish } from './bindings.ts';
import type { Registration, SipPolicy } from './leg.ts';
import { parseSeconds } from './messages/fields.ts';
import type { SipRequest, SipResponse } from './messages/message.ts';
import { formatNameAddr, parseNameAddr } from './messages/name-addr.ts';
import { responseTo } from './messages/response.ts';
import { splitList } from './messages/scan.ts';
import { parseUri } from './messages/uri.ts';
import { cseqOf } from './transactions/transaction-key.ts';
import type { Flow } from './transport/flow.ts';

/** What we grant: at most, at least (423 below it) and where nothing is asked, seconds. */
const MOST_S = 3600;
const LEAST_S = 30;
const DEFAULT_S = 600;
const BINDING_LIMIT = 20_000;
const CONTACTS_PER_REQUEST = 8;

export interface RegistrarOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly policy: Pick<SipPolicy, 'registered' | 'unregistered'>;
  /** Where a registration has moved to another flow, so that its dialogs move too. */
  readonly moved: (from: Flow, to: Flow) => void;
}

/** Keeps who is registered where (RFC 3261 §10.3); whoever asks has been authenticated before. Path is ignored. */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #bindings = new Bindings(BINDING_LIMIT, newId);
  #cancelExpiry: (() => void) | undefined;

  constructor(options: RegistrarOptions) {
    this.#options = options;
  }

  /** Answers a REGISTER of the authenticated `user`. */
  register(request: SipRequest, flow: Flow, user: string): SipResponse {
    const contacts = contactsOf(request);
    if (contacts === 'malformed') return responseTo(request, 400);
    if (contacts === 'too-brief') {
      const response = responseTo(request, 423);
      response.headers.set('Min-Expires', String(LEAST_S));
      return response;
    }
    const now = this.#options.clock.monotonic();
    const callId = request.headers.get('Call-ID') ?? '';
    const changes = this.#bindings.register({ user, contacts, callId, cseq: cseqOf(request).number, flow }, now);
    if (changes === 'out-of-order') return responseTo(request, 500);
    if (changes === 'full') return responseTo(request, 503);
    const response = responseTo(request, 200);
    for (const { contact, expiresAt } of this.#bindings.of(user)) {
      const seconds = String(Math.max(0, Math.round((expiresAt - now) / 1000)));
      response.headers.add('Contact', formatNameAddr({ uri: contact, params: new Map([['expires', seconds]]) }));
    }
    this.#expireNext();
    for (const { binding, before } of changes.refreshed) {
      if (before !== binding.flow) this.#options.moved(before, binding.flow);
    }
    for (const binding of changes.removed) this.#options.policy.unregistered(registrationOf(binding));
    for (const binding of changes.added) this.#options.policy.registered(registrationOf(binding));
    return response;
  }

  get(id: string): Binding | undefined {
    return this.#bindings.get(id);
  }

  of(user: string): Registration[] {
    return this.#bindings.of(user).map(registrationOf);
  }

  flowLost(flow: Flow): void {
    const dead = this.#bindings.flowLost(flow, this.#options.clock.monotonic());
    for (const binding of dead) this.#options.policy.unregistered(registrationOf(binding));
  }

  drop(user: string): Binding[] {
    const dropped = this.#bindings.drop(user);
    for (const binding of dropped) this.#options.policy.unregistered(registrationOf(binding));
    return dropped;
  }

  close(): void {
    this.#cancelExpiry?.();
  }

  #expireNext(): void {
    this.#cancelExpiry?.();
    const { clock, policy } = this.#options;
    const next = this.#bindings.nextExpiry;
    if (next === undefined) return;
    this.#cancelExpiry = clock.after(Math.max(0, next - clock.monotonic()) + 1, () => {
      for (const binding of this.#bindings.expire(clock.monotonic())) policy.unregistered(registrationOf(binding));
      this.#expireNext();
    });
  }
}

function registrationOf({ id, user, flow }: Binding): Registration {
  return { id, user, transport: flow.transport, alive: flow.alive };
}

function contactsOf(request: SipRequest): ContactWish[] | '*' | 'malformed' | 'too-brief' {
  const values = request.headers.all('Contact').flatMap(splitList);
  const expires = parseSeconds(request.headers.get('Expires') ?? '');
  if (values.includes('*')) {
    return values.length === 1 && expires.ok && expires.value.seconds === 0 ? '*' : 'malformed';
  }
  if (values.length > CONTACTS_PER_REQUEST) return 'malformed';
  const wishes: ContactWish[] = [];
  for (const value of values) {
    const address = parseNameAddr(value);
    const uri = address.ok ? parseUri(address.value.uri) : undefined;
    if (!address.ok || !uri?.ok) return 'malformed';
    const { params } = address.value;
    const own = parseSeconds(params.get('expires') ?? '');
    const asked = own.ok ? own.value.seconds : expires.ok ? expires.value.seconds : DEFAULT_S;
    if (asked > 0 && asked < LEAST_S) return 'too-brief';
    const instance = params.get('+sip.instance');
    const key = instance === undefined ? address.value.uri : `${instance} ${params.get('reg-id') ?? ''}`;
    wishes.push({ contact: address.value.uri, key, seconds: Math.min(asked, MOST_S) });
  }
  return wishes;
}
