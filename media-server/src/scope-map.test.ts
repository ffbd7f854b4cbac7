import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { approvedScope, scopeDifferences, scopeDigest, scopeFindings, scopeMap } from './scope-map.ts';
import { scopeSvg } from './scope-map-svg.ts';
import { Settings } from './settings.ts';

const settings = (over: object = {}) => Settings.parse(over);
const trunk = { name: 'carrier', host: '192.0.2.1', transport: 'udp' };

const told = {
  codes: {
    sender: { kind: 'smpp', host: 'smsc.example', tls: false, systemId: 's', password: { file: 'p' }, from: 'T' },
  },
  webhooks: [{ merchant: 'a'.repeat(26), url: 'https://shop.example/hook', secret: { file: 's' } }],
};

test('card digits pass between carrier, card process and payment service, and nowhere else', () => {
  for (const map of [scopeMap(settings()), scopeMap(settings({ sip: { trunks: [trunk] }, ...told }))]) {
    const touched = new Set(map.flows.filter((flow) => flow.cardData).flatMap(({ from, to }) => [from, to]));
    expect(map.parts.filter(({ scope }) => scope === 'cde').map(({ name }) => name)).toEqual(['Card process']);
    for (const name of touched) expect(name).toMatch(/phone|^Trunk|Card process|Payment service/);
    for (const { from, to } of map.flows) {
      expect(map.parts.map(({ name }) => name)).toEqual(expect.arrayContaining([from, to]));
    }
  }
});

test('a new trunk, another port and another payment service are told against the approved map', () => {
  const approved = scopeMap(settings());
  expect(scopeDifferences(approved, scopeMap(settings()))).toEqual([]);
  const changed = scopeMap(settings({ http: { port: 8443 }, sip: { trunks: [trunk] } }));
  const said = scopeDifferences(approved, changed);
  expect(said).toContain('new: Trunk carrier [outside]: carrier at 192.0.2.1');
  expect(said).toContain('new: Media server listens on https 0.0.0.0:8443');
  expect(said).toContain('gone: Media server listens on https 0.0.0.0:7443');
});

test('a card process on another host is told, with what seals the way to it', () => {
  const files = { certFile: 's.pem', keyFile: 's.key', caFile: 'ca.pem' };
  const remote = { host: 'card.example', media: { ip: '10.0.0.1' }, ...files };
  const said = scopeDifferences(scopeMap(settings()), scopeMap(settings({ card: { remote } })));
  expect(said).toContain('new: Card process listens on tls card.example:7600');
  expect(said).toContain(
    'new: Card process → Media workers (SFU): RTP: voice, never during a payment (SRTP (AEAD_AES_256_GCM))',
  );
  expect(said).toContain('new: Media workers (SFU) listens on udp 10.0.0.1:45000–46999 (gates)');
  expect(said).toContain('gone: Card process listens on unix card/card.sock (0600)');
});

test('where codes and outcomes go is told, and what protects them', () => {
  const said = scopeDifferences(scopeMap(settings()), scopeMap(settings(told)));
  expect(said).toContain("new: Text messages (smpp) [outside]: smsc.example:2775: on to customers' phones");
  expect(said.find((line) => line.includes('telephone numbers and one-time codes'))).toContain('none; keep it on');
  expect(said.some((line) => line.includes('webhooks: outcomes'))).toBe(true);
});

test('against an approved map every change is told at the start; an approval that was altered is told too', () => {
  const folder = mkdtempSync(join(tmpdir(), 'scope-'));
  const file = join(folder, 'approved.json');
  const map = scopeMap(settings());
  expect(approvedScope(file)).toBe('none');
  expect(scopeFindings(file, map)).toEqual({ approved: false, changes: [] });
  writeFileSync(file, JSON.stringify({ map, digest: scopeDigest(map) }));
  expect(approvedScope(file)).toEqual(map);
  expect(scopeFindings(file, map)).toEqual({ approved: true, changes: [] });
  expect(scopeFindings(file, scopeMap(settings({ http: { port: 8443 } }))).changes).toHaveLength(2);
  for (const text of [JSON.stringify({ map: { ...map, flows: [] }, digest: scopeDigest(map) }), '{', 'null']) {
    writeFileSync(file, text);
    expect(scopeFindings(file, map)).toEqual({ approved: false, changes: [expect.stringContaining('altered')] });
  }
  rmSync(folder, { recursive: true });
});

test('the drawing shows every part and numbers every flow', () => {
  const map = scopeMap(settings({ sip: { trunks: [trunk] }, ...told }));
  const svg = scopeSvg(map);
  for (const { name } of map.parts) expect(svg).toContain(`>${name.replaceAll('&', '&amp;')}</text>`);
  map.flows.forEach((_flow, index) => expect(svg).toContain(`>${index + 1}</text>`));
  expect(svg).not.toMatch(/NaN|undefined/);
});
