import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DevCertificate, devCa } from '../../media-server/src/shared/dev-ca.ts';
import { type AnsweringServer, description, PASSWORD, startAnsweringServer, USER } from './peers/answering-server.ts';
import { Baresip } from './peers/baresip.ts';

let folder: string;
let certificate: DevCertificate;
let server: AnsweringServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tonegate-customer-'));
  certificate = await devCa(folder, ['127.0.0.1', 'localhost']);
  const [cert, key] = [await readFile(certificate.certFile, 'utf8'), await readFile(certificate.keyFile, 'utf8')];
  server = await startAnsweringServer({ answerMs: 100, tls: { cert, key }, policy: { allowAnonymous: () => false } });
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

for (const transport of ['udp', 'tcp', 'tls'] as const) {
  test(`a customer's phone registers, calls and is called over ${transport}`, { timeout: 30_000 }, async () => {
    const { udp, tcp, tls } = server.server.ports;
    const port = { udp, tcp, tls }[transport];
    const phone = await Baresip.start({
      user: USER,
      password: PASSWORD,
      transport,
      registrar: `127.0.0.1:${port}`,
      ...(transport === 'tls' && { caFile: certificate.caFile }),
    });
    try {
      await phone.registered();
      const registration = server.server.registrations(USER).find((each) => each.transport === transport);
      expect(registration).toMatchObject({ user: USER, alive: true });

      // It adds the account's transport to the URI itself.
      await phone.dial(`sip:0312345678@127.0.0.1:${port}`);
      const incoming = await server.nextCall();
      expect(incoming.leg.peer).toEqual({ kind: 'account', user: USER });
      await phone.event('CALL_ESTABLISHED');
      await incoming.established;
      await phone.event('CALL_REMOTE_SDP');
      await phone.hold();
      await phone.event('CALL_REMOTE_SDP');
      await phone.resume();
      await phone.event('CALL_REMOTE_SDP');
      await phone.hangup();
      expect(await incoming.ended).toEqual({ by: 'far', cause: 'hung-up' });
      expect(incoming.events.filter((event) => event === 'reoffered')).toHaveLength(2);
      await phone.event('CALL_CLOSED');

      const answered = Promise.withResolvers<void>();
      const ended = Promise.withResolvers<unknown>();
      const outgoing = server.server.callRegistration(registration?.id ?? '', {
        offer: description(),
        from: { user: '0398765432' },
        handlers: {
          established: () => answered.resolve(),
          reoffered: () => ({ ok: true, value: description() }),
          offerWanted: description,
          ended: ended.resolve,
        },
      });
      await phone.event('CALL_INCOMING');
      await phone.accept();
      await answered.promise;
      outgoing.end();
      await phone.event('CALL_CLOSED');
      expect(await ended.promise).toEqual({ by: 'us', cause: 'hung-up' });
    } finally {
      await phone.stop();
    }
  });
}
