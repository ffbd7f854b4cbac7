import { ProblemBody, RequestSipCredential, SetAgentState, SipCredential } from '@tonegate/api-schema';
import { personOf } from './auth.ts';
import type { Http } from './http.ts';
import type { ApiParts } from './parts.ts';

/** The agent's state and SIP credential. */
export function meRoutes(app: Http, parts: ApiParts): void {
  app.put(
    '/me/state',
    {
      schema: {
        summary: 'Ready or not ready for calls',
        body: SetAgentState,
        response: { 200: SetAgentState, '4xx': ProblemBody },
      },
    },
    async (request) => {
      parts.calls.setState(personOf(request).person.id, request.body.state);
      return { state: request.body.state };
    },
  );

  app.post(
    '/sip-credential',
    {
      config: { idempotency: 'memory' },
      schema: {
        summary: "A SIP credential for five minutes; another window's ends by it",
        body: RequestSipCredential,
        response: { 201: SipCredential, '4xx': ProblemBody },
      },
    },
    async (request, reply) => {
      const { person, session } = personOf(request);
      const window = request.body.window ?? session.id;
      const { credential, replaced } = parts.sipCredentials.issue(person.id, window, session.id);
      if (replaced) parts.credentialEnded(person.id, 'replaced');
      parts.windows.replacedBy(person.id, window);
      return reply.code(201).send(credential);
    },
  );
}
