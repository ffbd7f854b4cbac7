import { Me, ProblemBody, SignIn } from '@tonegate/api-schema';
import { z } from 'zod';
import { writeAudit } from '../storage/audit.ts';
import { checkPassword, findPersonByName, merchantsOfPerson, organisationOf } from '../storage/people.ts';
import { addSession, endSession } from '../storage/sessions.ts';
import type { Storage } from '../storage/storage.ts';
import type { Person } from '../storage/tables.ts';
import { clearSessionCookie, findCaller, personOf, setSessionCookie } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

const NO_ANSWER = z.undefined().describe('Done');

/** Sign-in, sign-out, and who one is. */
export function signInRoutes(app: Http, parts: ApiParts, tls: boolean): void {
  const { storage, clock, languages, signInGuard, metrics } = parts;

  /** Whom it was tried for is written down where there is such a person; a name that is nobody's may be a password. */
  async function refused(name: string, ip: string, why: 'wrong' | 'locked'): Promise<void> {
    const { id = null, organisation = null } = (await findPersonByName(storage, name)) ?? {};
    await writeAudit(
      storage,
      { actorKind: 'nobody', action: 'sign-in-refused', organisation, subject: id, detail: { ip, why } },
      clock.now(),
    );
  }

  app.post(
    '/sign-in',
    {
      // Whatever the names are: each try costs 50 ms of a core.
      config: { who: 'anybody', idempotency: 'none', rateLimit: { max: 60, keyGenerator: (request) => request.ip } },
      schema: {
        summary: 'Signs a person in: sets the session cookie for 12 hours',
        body: SignIn,
        response: { 200: Me, '4xx': ProblemBody },
      },
    },
    async (request, reply) => {
      const { name, password } = request.body;
      const now = clock.now();
      const locked = signInGuard.take(name, request.ip, now);
      if (locked > 0) {
        metrics.signIns.inc({ result: 'locked' });
        await refused(name, request.ip, 'locked');
        const minutes = Math.ceil(locked / 60_000);
        reply.header('retry-after', Math.ceil(locked / 1000));
        return sendProblem(reply, 'too-many-tries', `Too many wrong passwords. Try again in ${minutes} minutes.`);
      }
      const person = await checkPassword(storage, name, password);
      if (!person) {
        metrics.signIns.inc({ result: 'wrong' });
        await refused(name, request.ip, 'wrong');
        return sendProblem(reply, 'wrong-password', 'Name or password is wrong.');
      }
      signInGuard.succeeded(name, request.ip);
      metrics.signIns.inc({ result: 'right' });
      const { token } = await addSession(storage, person.id, now);
      const { id, organisation } = person;
      await writeAudit(
        storage,
        { actorKind: 'person', actor: id, organisation, action: 'sign-in', detail: { ip: request.ip } },
        now,
      );
      setSessionCookie(reply, token.reveal(), tls);
      return reply.code(200).send(await meOf(storage, person, languages()));
    },
  );

  app.post(
    '/sign-out',
    {
      config: { who: 'anybody', idempotency: 'none' },
      schema: { summary: 'Ends the session, its windows and its SIP credential', response: { 204: NO_ANSWER } },
    },
    async (request, reply) => {
      const caller = await findCaller(request, parts, tls);
      if (caller?.kind === 'person') {
        const { person, session } = caller;
        await endSession(storage, session.id);
        parts.windows.endSession(person.id, session.id);
        if (parts.sipCredentials.revoke(person.id, session.id)) parts.credentialEnded(person.id, 'signed-out');
        const { id, organisation } = person;
        await writeAudit(storage, { actorKind: 'person', actor: id, organisation, action: 'sign-out' }, clock.now());
      }
      clearSessionCookie(reply, tls);
      return reply.code(204).send();
    },
  );

  app.get(
    '/me',
    { schema: { summary: 'The signed-in person and the merchants', response: { 200: Me, '4xx': ProblemBody } } },
    async (request) => meOf(storage, personOf(request).person, languages()),
  );
}

async function meOf(storage: Storage, person: Person, languages: readonly string[]): Promise<Me> {
  const organisation = await organisationOf(storage, person);
  const merchants = await merchantsOfPerson(storage, person.id);
  return {
    id: person.id,
    name: person.name,
    displayName: person.displayName,
    role: person.role,
    organisation: { id: organisation.id, name: organisation.name },
    merchants: merchants.map(({ id, name, timeZone, currency, language, gentle, agentsTypePhones }) => ({
      id,
      name,
      timeZone,
      currency,
      language,
      gentle: gentle === 1,
      agentsTypePhones: agentsTypePhones === 1,
    })),
    language: person.language,
    languages: [...languages],
  };
}
