import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Id } from '../shared/ids.ts';
import { findApiKey } from '../storage/api-keys.ts';
import { merchantsOfPerson } from '../storage/people.ts';
import { findSession, SESSION_MS } from '../storage/sessions.ts';
import type { ApiKey, Person, Session } from '../storage/tables.ts';
import type { Who } from './call-control.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

/** Who asks, as the cookie or the key says. */
export type Caller =
  | { readonly kind: 'person'; readonly person: Person; readonly session: Session; readonly who: Who }
  | { readonly kind: 'api-key'; readonly apiKey: ApiKey; readonly who: Who };

/** With TLS the name's prefix makes the browser insist on Secure and on this very host. */
function cookieName(tls: boolean): string {
  return tls ? '__Host-tonegate' : 'tonegate';
}

export function setSessionCookie(reply: FastifyReply, token: string, tls: boolean): void {
  reply.setCookie(cookieName(tls), token, {
    path: '/',
    httpOnly: true,
    sameSite: 'strict',
    secure: tls,
    maxAge: SESSION_MS / 1000,
  });
}

export function clearSessionCookie(reply: FastifyReply, tls: boolean): void {
  reply.clearCookie(cookieName(tls), { path: '/', httpOnly: true, sameSite: 'strict', secure: tls });
}

/** Asks every request of this scope who it is, and refuses those whom the route isn't for. */
export function authenticate(app: FastifyInstance, parts: ApiParts, tls: boolean): void {
  app.addHook('onRequest', async (request, reply) => {
    // Answers are for one caller, and some hold credentials.
    reply.header('cache-control', 'no-store');
    const wanted = request.routeOptions.config.who ?? 'person';
    if (wanted === 'anybody') return;
    const caller = await findCaller(request, parts, tls);
    if (!caller) return sendProblem(reply, 'not-signed-in', 'Sign in first, or send a valid API key.');
    if (caller.kind === 'api-key' && wanted === 'person') {
      return sendProblem(reply, 'not-allowed', 'This is for signed-in people, not for API keys.');
    }
    if (caller.kind === 'person' && wanted === 'key') {
      return sendProblem(reply, 'not-allowed', 'This is for API keys, not for signed-in people.');
    }
    request.caller = caller;
  });
}

/** The session of this request, if it has a live one; for routes that are for anybody. */
export async function findCaller(
  request: FastifyRequest,
  parts: Pick<ApiParts, 'storage' | 'clock'>,
  tls: boolean,
): Promise<Caller | undefined> {
  const { authorization } = request.headers;
  if (authorization !== undefined) {
    const key = /^Bearer ([\x21-\x7e]{16,256})$/i.exec(authorization)?.[1];
    const found = key === undefined ? undefined : await findApiKey(parts.storage, key);
    return (
      found && {
        kind: 'api-key',
        apiKey: found.apiKey,
        who: { apiKey: found.apiKey.id, merchants: found.merchants },
      }
    );
  }
  const token = request.cookies[cookieName(tls)];
  if (token === undefined || token.length > 256) return undefined;
  const found = await findSession(parts.storage, token, parts.clock.now());
  if (!found) return undefined;
  const merchants = await merchantsOfPerson(parts.storage, found.person.id);
  return { kind: 'person', ...found, who: { person: found.person.id, merchants: merchants.map(({ id }) => id) } };
}

/** Who asks. Only for handlers behind `authenticate`. */
export function callerOf(request: FastifyRequest): Caller {
  if (!request.caller) throw new Error(`${request.routeOptions.url} needs no sign-in, yet asks who it is`);
  return request.caller;
}

/** The person who asks. Only for handlers of routes that are for people. */
export function personOf(request: FastifyRequest): Caller & { kind: 'person' } {
  const caller = callerOf(request);
  if (caller.kind !== 'person') throw new Error(`${request.routeOptions.url} lets keys in, yet asks for a person`);
  return caller;
}

/** Whether the caller may act for this merchant. */
export function mayActFor(caller: Caller, merchant: Id): boolean {
  return caller.who.merchants.includes(merchant);
}

/** Whether the caller may look over this merchant's business: its supervisors and administrators, and its API keys. */
export function mayOversee(caller: Caller, merchant: Id): boolean {
  return mayActFor(caller, merchant) && (caller.kind === 'api-key' || caller.person.role !== 'agent');
}

/** Whether the caller sees everything of their merchants, not only what is their own. */
export function seesAll(caller: Caller): boolean {
  return caller.kind === 'api-key' || caller.person.role !== 'agent';
}

/** For the audit: who did it. */
export function actorOf(caller: Caller): {
  actorKind: 'person' | 'api-key';
  actor: Id;
  organisation: Id;
} {
  return caller.kind === 'person'
    ? { actorKind: 'person', actor: caller.person.id, organisation: caller.person.organisation }
    : { actorKind: 'api-key', actor: caller.apiKey.id, organisation: caller.apiKey.organisation };
}
