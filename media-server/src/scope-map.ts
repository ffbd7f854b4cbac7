import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { canonical } from './shared/signed-chain.ts';
import type { Settings } from './settings.ts';

/** How near a part is to card data. `cde`: it holds card digits for seconds · `connected`: it speaks with a part that does. */
export type Scope = 'cde' | 'connected' | 'outside';

export interface ScopePart {
  readonly name: string;
  readonly scope: Scope;
  readonly what: string;
  /** Addresses and ports on which it listens. */
  readonly listens: readonly string[];
  /** What it keeps on disk. */
  readonly keeps: readonly string[];
}

export interface ScopeFlow {
  readonly from: string;
  readonly to: string;
  readonly what: string;
  readonly protection: string;
  /** Card digits pass here. */
  readonly cardData: boolean;
}

/**
 * The data-flow diagram of a running configuration (PCI DSS 4.0.1, 1.2.4 and 12.5.2): every part, where it listens, what
 * it keeps, and what flows between them.
 */
export interface ScopeMap {
  readonly parts: readonly ScopePart[];
  readonly flows: readonly ScopeFlow[];
}

const CUSTOMER = "Customer's phone";
const CARD = 'Card process';
const SERVER = 'Media server';
const SFU = 'Media workers (SFU)';
const AGENT = "Agent's window";
const SYSTEMS = "Merchant's systems";
const OWN_SERVICES = 'Payment services of merchants';

export function scopeMap(settings: Settings): ScopeMap {
  const { card, http, sip, media, gateway, codes, webhooks } = settings;
  const { remote } = card;
  const service = remote ? 'Payment service' : `Payment service (${gateway.kind})`;
  const link = remote ? 'TLS 1.3, both ends by certificate' : 'unix socket, mode 0600';
  const texts = codes.sender && `Text messages (${codes.sender.kind})`;
  const signalling = [
    `udp ${sip.bind}:${sip.udpPort}`,
    `tcp ${sip.bind}:${sip.tcpPort}`,
    `tls ${sip.bind}:${sip.tlsPort}`,
  ];
  const parts: ScopePart[] = [
    {
      name: CUSTOMER,
      scope: 'outside',
      what: 'a telephone, reached through a carrier',
      listens: [],
      keeps: [],
    },
    ...sip.trunks.map((trunk) => ({
      name: `Trunk ${trunk.name}`,
      scope: 'outside' as const,
      what: `carrier at ${trunk.host}`,
      listens: [],
      keeps: [],
    })),
    {
      name: CARD,
      scope: 'cde',
      what: `gate, keys, guide, gateways, ledger; a process of its own${placeOf(card)}`,
      listens: cardListens(settings),
      keeps: ['ledger: brand, last four digits, keyed fingerprint; no number, no expiry, no security code'],
    },
    {
      name: SERVER,
      scope: 'connected',
      what: 'signalling, calls, API; gets words, counts and four digits',
      listens: [
        ...signalling,
        `https ${http.bind}:${http.port}`,
        ...(http.loopbackPort ? [`http 127.0.0.1:${http.loopbackPort}`] : []),
      ],
      keeps: ["tonegate.sqlite: calls, payments, audit, receipts, members' telephone numbers"],
    },
    {
      name: SFU,
      scope: 'connected',
      what: `${media.workers} × mediasoup; nothing of a customer during a payment`,
      listens: [
        `udp and tcp ${media.webRtcPort}–${media.webRtcPort + media.workers - 1}`,
        ...(remote ? [`udp ${remote.media.ip}:${remote.media.ports.min}–${remote.media.ports.max} (gates)`] : []),
      ],
      keeps: [],
    },
    { name: AGENT, scope: 'outside', what: 'browser or desktop application', listens: [], keeps: [] },
    { name: SYSTEMS, scope: 'outside', what: 'core systems with an API key', listens: [], keeps: [] },
    ...(codes.sender && texts !== undefined
      ? [
          {
            name: texts,
            scope: 'outside' as const,
            what: `${hostOf(codes.sender)}: on to customers' phones`,
            listens: [],
            keeps: [],
          },
        ]
      : []),
    {
      name: service,
      scope: 'outside',
      what: remote ? "as the card host's own settings say" : new URL(gateway.url).host,
      listens: [],
      keeps: [],
    },
    {
      name: OWN_SERVICES,
      scope: 'outside',
      what: 'where administrators entered one: each entry is in the audit (gateway-put)',
      listens: [],
      keeps: [],
    },
  ];
  const carriers = sip.trunks.length > 0 ? sip.trunks.map(({ name }) => `Trunk ${name}`) : [CUSTOMER];
  const flows: ScopeFlow[] = [
    ...(sip.trunks.length > 0
      ? carriers.map((carrier) => flow(CUSTOMER, carrier, 'voice and keys', "the carrier's network", true))
      : []),
    ...carriers.flatMap((carrier) => [
      flow(carrier, CARD, 'RTP: voice, key events, tones', 'none (RTP); keep it on a private line or VPN', true),
      flow(CARD, carrier, "RTP: the guide's voice, the agent's voice", 'none (RTP)', false),
      flow(carrier, SERVER, 'SIP; key bodies in INFO are counted, never read', 'TLS where the trunk uses it', false),
    ]),
    flow(CARD, SFU, 'RTP: voice, never during a payment', remote ? 'SRTP (AEAD_AES_256_GCM)' : 'loopback', false),
    flow(SERVER, CARD, 'contract: commands, order text without card numbers', link, false),
    flow(CARD, SERVER, 'contract: words of fixed lists, counts, brand, last four digits', link, false),
    ...[service, OWN_SERVICES].map((to) =>
      flow(CARD, to, 'authorization: number, expiry, security code', 'TLS 1.2 or later, verified', true),
    ),
    flow(SFU, AGENT, 'voice, never during a payment', 'DTLS-SRTP', false),
    flow(AGENT, SERVER, 'SIP and API', 'TLS', false),
    flow(SYSTEMS, SERVER, 'API: orders, outcomes', 'TLS, API key', false),
    ...(webhooks.length > 0
      ? [flow(SERVER, SYSTEMS, 'webhooks: outcomes without anything of the card', 'TLS, verified; signed', false)]
      : []),
    ...(codes.sender && texts !== undefined
      ? [flow(SERVER, texts, 'telephone numbers and one-time codes', protectionOf(codes.sender), false)]
      : []),
  ];
  return { parts, flows };
}

function placeOf({ remote, user }: Settings['card']): string {
  if (remote) return `, on ${remote.host}`;
  return user === undefined ? '' : `, of the user ${user}`;
}

function cardListens({ card, media }: Settings): string[] {
  if (card.remote) return [`tls ${card.remote.host}:${card.remote.port}`, "udp as the card host's own settings say"];
  const { min, max } = media.rtpPorts;
  return [`udp ${media.bind}:${min}–${max}`, 'udp loopback (SFU)', 'unix card/card.sock (0600)'];
}

type Sender = NonNullable<Settings['codes']['sender']>;

function hostOf(sender: Sender): string {
  return sender.kind === 'smpp' ? `${sender.host}:${sender.port}` : new URL(sender.url).host;
}

function protectionOf(sender: Sender): string {
  const tls = sender.kind === 'smpp' ? sender.tls : sender.url.startsWith('https:');
  return tls ? 'TLS 1.2 or later, verified' : 'none; keep it on this machine or a private line';
}

function flow(from: string, to: string, what: string, protection: string, cardData: boolean): ScopeFlow {
  return { from, to, what, protection, cardData };
}

/** SHA-256 of the map, hex: what an approval names. */
export function scopeDigest(map: ScopeMap): string {
  return createHash('sha256')
    .update(canonical(JSON.parse(JSON.stringify(map))))
    .digest('hex');
}

/** What is another than in the approved map, in words; empty where nothing is. */
export function scopeDifferences(approved: ScopeMap, now: ScopeMap): string[] {
  const lines = (map: ScopeMap) => [
    ...map.parts.map((part) => `${part.name} [${part.scope}]: ${part.what}`),
    ...map.parts.flatMap((part) => part.listens.map((where) => `${part.name} listens on ${where}`)),
    ...map.parts.flatMap((part) => part.keeps.map((kept) => `${part.name} keeps ${kept}`)),
    ...map.flows.map((f) => `${f.from} → ${f.to}: ${f.what} (${f.protection})${f.cardData ? ' CARD DATA' : ''}`),
  ];
  const [before, after] = [new Set(lines(approved)), new Set(lines(now))];
  return [
    ...[...after].filter((line) => !before.has(line)).map((line) => `new: ${line}`),
    ...[...before].filter((line) => !after.has(line)).map((line) => `gone: ${line}`),
  ];
}

/** The approved map. `none`: nobody has approved one. `altered`: what lies there isn't what was approved. */
export function approvedScope(file: string): ScopeMap | 'none' | 'altered' {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'none' : 'altered';
  }
  try {
    const { map, digest } = JSON.parse(text) as { map: ScopeMap; digest: string };
    return scopeDigest(map) === digest ? map : 'altered';
  } catch {
    return 'altered';
  }
}

/** What of a running configuration nobody has approved, in words; of one that never was (a demo, a first start), nothing. */
export function scopeFindings(file: string, now: ScopeMap): { approved: boolean; changes: string[] } {
  const approved = approvedScope(file);
  if (approved === 'none') return { approved: false, changes: [] };
  if (approved === 'altered') return { approved: false, changes: ['the approved map was altered: approve it anew'] };
  return { approved: true, changes: scopeDifferences(approved, now) };
}
