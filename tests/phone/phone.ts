// A customer's phone for tests: a small SIP user agent over UDP with real RTP, in one file (with `sound.ts`) that imports
// nothing of the product, so that faults don't cancel out. Loopback only.
import { createHash, randomBytes, randomInt } from 'node:crypto';
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { addTone, decode, encode, KEY_TONES, type Law, levelAt, loudness } from './sound.ts';

export interface PhoneOptions {
  /** Local address; default 127.0.0.1. */
  readonly ip?: string;
  readonly user?: string;
  /** Codecs offered or accepted, in order; default PCMU, PCMA. */
  readonly codecs?: readonly Law[];
  /** telephone-event payload type; null: none is negotiated. */
  readonly keysType?: number | null;
  /** Account for a digest challenge. */
  readonly account?: { readonly user: string; readonly password: string };
  readonly sipPort?: number;
  /** Milliseconds of sound in a packet; default 20. */
  readonly ptime?: number;
}

export interface KeyTiming {
  /** How a press leaves: RFC 4733 events, tones in the sound, or both. */
  readonly how?: 'event' | 'tone' | 'both';
  /** Milliseconds pressed and between; default 100 and 100. */
  readonly on?: number;
  readonly off?: number;
}

interface Heard {
  /** performance.now() at arrival. */
  readonly at: number;
  readonly samples: Int16Array;
}

const SAMPLES_PER_MS = 8;
const STATIC = { PCMU: 0, PCMA: 8 } as const;
const HISTORY_MS = 120_000;
const KEY_ORDER = '0123456789*#';

export class Phone {
  readonly #options: Required<Omit<PhoneOptions, 'account'>> & Pick<PhoneOptions, 'account'>;
  readonly #sip: Socket;
  readonly #rtp: Socket;
  readonly #tag = randomBytes(4).toString('hex');
  #callId = '';
  #branch = '';
  #cseq = 0;
  #remoteUri = '';
  #remoteContact = '';
  #to = '';
  #from = '';
  #routes: string[] = [];
  #server: { host: string; port: number } = { host: '127.0.0.1', port: 5060 };
  #invite = '';
  #ack = '';
  #handlers = new Map<string, (response: Message) => void>();
  #onInvite: ((request: Message, remote: RemoteInfo) => void) | undefined;
  #law: Law = 'PCMU';
  #payloadType = 0;
  #farKeys: number | undefined;
  #far: { ip: string; port: number } | undefined;
  #sending: ReturnType<typeof setTimeout> | undefined;
  #seq = randomInt(0, 65_536);
  #timestamp = randomInt(0, 2 ** 31);
  #ssrc = randomInt(1, 2 ** 31);
  #position = 0;
  #tones: { hz: number; dbfs: number }[] = [];
  #keyTones: readonly [number, number] | undefined;
  #eventRunning: { timestamp: number; event: number; frames: number } | undefined;
  #heard: Heard[] = [];
  #waiting = new Set<() => void>();
  #ended = false;
  #up = false;
  /** Why the call ended or failed: a SIP status, or 'bye'. */
  end: number | 'bye' | 'us' | undefined;
  readonly counts = { sent: 0, received: 0, eventsSent: 0, eventsReceived: 0, keysReceived: '' };
  #lastEvent = -1;

  private constructor(options: PhoneOptions, sip: Socket, rtp: Socket) {
    this.#options = {
      ip: '127.0.0.1',
      user: '09012345678',
      codecs: ['PCMU', 'PCMA'],
      keysType: 101,
      sipPort: 0,
      ptime: 20,
      ...options,
    };
    this.#sip = sip;
    this.#rtp = rtp;
    sip.on('message', (bytes, remote) => this.#onSip(bytes.toString('latin1'), remote));
    rtp.on('message', (bytes) => this.#onRtp(bytes));
  }

  static async open(options: PhoneOptions = {}): Promise<Phone> {
    const ip = options.ip ?? '127.0.0.1';
    const [sip, rtp] = await Promise.all([bound(ip, options.sipPort ?? 0), bound(ip, 0)]);
    return new Phone(options, sip, rtp);
  }

  get sipPort(): number {
    return this.#sip.address().port;
  }

  get rtpPort(): number {
    return this.#rtp.address().port;
  }

  get up(): boolean {
    return this.#up && !this.#ended;
  }

  get codec(): Law {
    return this.#law;
  }

  /** Samples of a packet. */
  get #frame(): number {
    return this.#options.ptime * SAMPLES_PER_MS;
  }

  // ---- calling ----

  /** Calls `number` at host:port; resolves when it is answered, rejects with the status when it is refused. */
  async dial(number: string, server: { host: string; port: number }): Promise<void> {
    this.#server = server;
    this.#callId = `${randomBytes(8).toString('hex')}@phone`;
    this.#remoteUri = `sip:${number}@${server.host}:${server.port}`;
    this.#from = `<sip:${this.#options.user}@${this.#options.ip}:${this.sipPort}>;tag=${this.#tag}`;
    this.#to = `<${this.#remoteUri}>`;
    this.#ended = false;
    await this.#inviteOnce(undefined);
  }

  async #inviteOnce(authorization: string | undefined): Promise<void> {
    this.#cseq++;
    this.#branch = newBranch();
    const body = this.#sdp();
    this.#invite = this.#request('INVITE', this.#remoteUri, this.#branch, this.#cseq, {
      body,
      extra: authorization === undefined ? [] : [`Authorization: ${authorization}`],
    });
    await new Promise<void>((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      let interval = 500;
      const send = () => {
        this.#sendSip(this.#invite);
        timer = setTimeout(send, interval);
        interval *= 2;
      };
      this.#handlers.set(this.#branch, (response) => {
        clearTimeout(timer);
        const { status } = response;
        if (status < 200) return;
        const tagged = response.header('to');
        if (status >= 300) {
          this.#sendSip(this.#request('ACK', this.#remoteUri, this.#branch, this.#cseq, { to: tagged }));
          const challenge = response.header('www-authenticate') || response.header('proxy-authenticate');
          if ((status === 401 || status === 407) && authorization === undefined && this.#options.account && challenge) {
            this.#inviteOnce(this.#digest(challenge, 'INVITE', this.#remoteUri)).then(resolve, reject);
            return;
          }
          this.end = status;
          this.#ended = true;
          reject(new Error(`refused with ${status}`));
          return;
        }
        // A repeated 200 is acknowledged again (RFC 3261 §13.2.2.4).
        if (!this.#up) {
          this.#to = tagged;
          this.#remoteContact = contactOf(response) || this.#remoteUri;
          this.#routes = response.headers('record-route').reverse();
          this.#takeSdp(response.body);
          this.#ack = this.#request('ACK', this.#remoteContact, newBranch(), this.#cseq, { to: this.#to });
          this.#up = true;
          this.#startRtp();
          resolve();
        }
        this.#sendSip(this.#ack);
      });
      send();
    });
  }

  /** Cancels a call that rings. */
  cancel(): void {
    this.#sendSip(this.#request('CANCEL', this.#remoteUri, this.#branch, this.#cseq, {}));
  }

  /** Takes the next incoming call after `ringMs`; resolves when the ACK came. `reject` answers with that status instead. */
  answer(options: { ringMs?: number; reject?: number } = {}): Promise<void> {
    return new Promise((resolve) => {
      this.#onInvite = (request, remote) => {
        this.#onInvite = undefined;
        this.#server = { host: remote.address, port: remote.port };
        this.#callId = request.header('call-id');
        this.#from = `${request.header('to')};tag=${this.#tag}`;
        this.#to = request.header('from');
        this.#remoteContact = contactOf(request);
        this.#routes = request.headers('record-route');
        this.#ended = false;
        this.#reply(request, 180, 'Ringing', remote);
        setTimeout(() => {
          if (options.reject !== undefined) {
            this.#reply(request, options.reject, 'Refused', remote);
            this.end = options.reject;
            resolve();
            return;
          }
          this.#takeSdp(request.body);
          this.#reply(request, 200, 'OK', remote, this.#sdp());
          this.#up = true;
          this.#startRtp();
          resolve();
        }, options.ringMs ?? 100);
      };
    });
  }

  /** Registers the account at the server (RFC 3261 §10), for `expires` seconds. */
  async register(server: { host: string; port: number }, expires = 300): Promise<number> {
    this.#server = server;
    const uri = `sip:${server.host}`;
    const user = this.#options.account?.user ?? this.#options.user;
    const aor = `<sip:${user}@${server.host}>`;
    const callId = `${randomBytes(8).toString('hex')}@phone`;
    const once = (cseq: number, authorization?: string) => {
      const branch = newBranch();
      const lines = [
        `REGISTER ${uri} SIP/2.0`,
        `Via: SIP/2.0/UDP ${this.#options.ip}:${this.sipPort};branch=${branch};rport`,
        'Max-Forwards: 70',
        `From: ${aor};tag=${this.#tag}`,
        `To: ${aor}`,
        `Call-ID: ${callId}`,
        `CSeq: ${cseq} REGISTER`,
        `Contact: <sip:${user}@${this.#options.ip}:${this.sipPort}>`,
        `Expires: ${expires}`,
        ...(authorization === undefined ? [] : [`Authorization: ${authorization}`]),
        'Content-Length: 0',
        '',
        '',
      ];
      return new Promise<Message>((resolve) => {
        this.#handlers.set(branch, (response) => response.status >= 200 && resolve(response));
        this.#sendSip(lines.join('\r\n'));
      });
    };
    const first = await once(1);
    const challenge = first.header('www-authenticate');
    if (first.status !== 401 || !challenge) return first.status;
    return (await once(2, this.#digest(challenge, 'REGISTER', uri))).status;
  }

  hangUp(): void {
    if (!this.#up || this.#ended) return;
    this.#cseq++;
    this.#sendSip(this.#request('BYE', this.#remoteContact, newBranch(), this.#cseq, { to: this.#to }));
    this.#over('us');
  }

  /** Resolves when the call is over, whoever ended it. */
  async untilEnded(ms: number): Promise<void> {
    await this.#until(() => this.#ended, ms, 'the call to end');
  }

  /** Hangs up and is gone; resolves when the BYE has left. */
  async close(): Promise<void> {
    this.hangUp();
    this.#stopRtp();
    // What was sent before leaves before this.
    await new Promise<void>((resolve) =>
      this.#sip.send('\r\n\r\n', this.#server.port, this.#server.host, () => resolve()),
    );
    this.#sip.close();
    this.#rtp.close();
  }

  // ---- sound and keys ----

  /** Speaks these tones until told otherwise. */
  speak(...tones: { hz: number; dbfs: number }[]): void {
    this.#tones = tones;
  }

  /** Presses the keys one after the other; resolves when the last one is released. */
  async keys(keys: string, timing: KeyTiming = {}): Promise<void> {
    const { how = 'event', on = 100, off = 100 } = timing;
    for (const key of keys) {
      this.#press(key, how);
      await wait(on);
      this.#release();
      await wait(off);
    }
  }

  /** Sends a key as SIP INFO; resolves with the status that it is answered with. */
  info(key: string, contentType = 'application/dtmf-relay'): Promise<number> {
    this.#cseq++;
    const branch = newBranch();
    const body = contentType === 'application/dtmf-relay' ? `Signal=${key}\r\nDuration=160\r\n` : key;
    const sent = this.#request('INFO', this.#remoteContact, branch, this.#cseq, { body, contentType });
    return new Promise((resolve) => {
      this.#handlers.set(branch, ({ status }) => status >= 200 && resolve(status));
      this.#sendSip(sent);
    });
  }

  #press(key: string, how: 'event' | 'tone' | 'both'): void {
    if (how !== 'event') this.#keyTones = KEY_TONES[key];
    if (how !== 'tone' && this.#farKeys !== undefined) {
      this.#eventRunning = { timestamp: this.#timestamp, event: KEY_ORDER.indexOf(key), frames: 0 };
    }
  }

  #release(): void {
    this.#keyTones = undefined;
    const running = this.#eventRunning;
    this.#eventRunning = undefined;
    if (!running) return;
    for (let i = 0; i < 3; i++) this.#sendEvent(running, true, false);
  }

  /** What was heard in the last `ms`, as samples. */
  heard(ms: number): Int16Array {
    return this.heardBetween(performance.now() - ms, performance.now());
  }

  heardBetween(from: number, to: number): Int16Array {
    const parts = this.#heard.filter((part) => part.at >= from && part.at <= to).map((part) => part.samples);
    const all = new Int16Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }

  /** Resolves when `hz` is heard above −40 dBFS for 200 ms, at least 15 dB above what its neighbours have. */
  async hears(hz: number, ms = 5000): Promise<void> {
    await this.#until(
      () => {
        const samples = this.heard(200);
        if (samples.length < 1200) return false;
        const level = levelAt(samples, hz);
        return level > -40 && level - Math.max(levelAt(samples, hz * 1.3), levelAt(samples, hz * 0.77)) > 15;
      },
      ms,
      `to hear ${hz} Hz`,
    );
  }

  /** Resolves when something like speech is heard: 300 ms louder than −45 dBFS. */
  async hearsVoice(ms = 10_000): Promise<void> {
    await this.#until(() => loudness(this.heard(300)) > -45, ms, 'to hear a voice');
  }

  // ---- RTP ----

  #startRtp(): void {
    if (this.#sending) return;
    const { ptime } = this.#options;
    const started = performance.now();
    let frames = 0;
    const tick = () => {
      while (started + frames * ptime <= performance.now()) {
        this.#sendFrame();
        frames++;
      }
      this.#sending = setTimeout(tick, Math.max(1, started + frames * ptime - performance.now()));
    };
    tick();
  }

  #stopRtp(): void {
    clearTimeout(this.#sending);
    this.#sending = undefined;
  }

  #sendFrame(): void {
    const running = this.#eventRunning;
    if (running) {
      running.frames++;
      this.#sendEvent(running, false, running.frames === 1);
    }
    // As phones do, the sound pauses while an event runs, unless the tone is in it too.
    if (!running || this.#keyTones) {
      const samples = new Int16Array(this.#frame);
      for (const { hz, dbfs } of this.#tones) addTone(samples, hz, dbfs, this.#position);
      for (const hz of this.#keyTones ?? []) addTone(samples, hz, -12, this.#position);
      this.#sendRtp(this.#payloadType, false, this.#timestamp, encode(this.#law, samples));
      this.counts.sent++;
    }
    this.#position += this.#frame;
    this.#timestamp = (this.#timestamp + this.#frame) >>> 0;
  }

  #sendEvent(running: { timestamp: number; event: number; frames: number }, end: boolean, marker: boolean): void {
    const payload = Buffer.alloc(4);
    payload[0] = running.event;
    payload[1] = (end ? 0x80 : 0) | 10;
    payload.writeUInt16BE(Math.min(65_535, Math.max(1, running.frames) * this.#frame), 2);
    this.#sendRtp(this.#farKeys ?? 101, marker, running.timestamp, payload);
    this.counts.eventsSent++;
  }

  #sendRtp(type: number, marker: boolean, timestamp: number, payload: Uint8Array): void {
    if (!this.#far) return;
    const packet = Buffer.alloc(12 + payload.length);
    packet[0] = 0x80;
    packet[1] = type | (marker ? 0x80 : 0);
    packet.writeUInt16BE(this.#seq, 2);
    this.#seq = (this.#seq + 1) & 0xffff;
    packet.writeUInt32BE(timestamp >>> 0, 4);
    packet.writeUInt32BE(this.#ssrc, 8);
    packet.set(payload, 12);
    this.#rtp.send(packet, this.#far.port, this.#far.ip);
  }

  /** From now on under another SSRC, or to be called from outside after a network change. */
  changeSource(): void {
    this.#ssrc = randomInt(1, 2 ** 31);
    this.#seq = randomInt(0, 65_536);
    this.#timestamp = randomInt(0, 2 ** 31);
  }

  #onRtp(packet: Buffer): void {
    if (packet.length < 12 || (packet[0] ?? 0) >> 6 !== 2) return;
    const type = (packet[1] ?? 0) & 0x7f;
    const csrcs = (packet[0] ?? 0) & 0x0f;
    if ((packet[0] ?? 0) & 0x10) throw new Error('a header extension came: a carrier must not see one');
    const payload = packet.subarray(12 + 4 * csrcs);
    if (type === this.#options.keysType) {
      this.counts.eventsReceived++;
      const timestamp = packet.readUInt32BE(4);
      if (timestamp !== this.#lastEvent) this.counts.keysReceived += KEY_ORDER[payload[0] ?? 0] ?? '?';
      this.#lastEvent = timestamp;
      return;
    }
    this.counts.received++;
    const now = performance.now();
    this.#heard.push({ at: now, samples: decode(this.#law, payload) });
    while ((this.#heard[0]?.at ?? now) < now - HISTORY_MS) this.#heard.shift();
    for (const check of this.#waiting) check();
  }

  async #until(met: () => boolean, ms: number, what: string): Promise<void> {
    if (met()) return;
    await new Promise<void>((resolve, reject) => {
      const check = () => {
        if (!met()) return;
        clearTimeout(timer);
        this.#waiting.delete(check);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(check);
        reject(
          new Error(
            `waited ${ms} ms for ${what}; last 300 ms at ${Math.round(loudness(this.heard(300)))} dBFS, end: ${this.end}`,
          ),
        );
      }, ms);
      this.#waiting.add(check);
    });
  }

  // ---- SIP ----

  #onSip(text: string, remote: RemoteInfo): void {
    if (text.trim() === '') return;
    const message = new Message(text);
    if (message.status) return this.#handlers.get(message.branch)?.(message);
    switch (message.method) {
      case 'INVITE':
        if (message.header('call-id') === this.#callId && this.#up) {
          // A re-INVITE: take what they offer.
          if (message.body) this.#takeSdp(message.body);
          this.#reply(message, 200, 'OK', remote, this.#sdp());
        } else if (this.#onInvite) this.#onInvite(message, remote);
        return;
      case 'ACK':
        return;
      case 'BYE':
        this.#reply(message, 200, 'OK', remote);
        return this.#over('bye');
      case 'CANCEL':
        this.#reply(message, 200, 'OK', remote);
        return;
      default:
        this.#reply(message, 200, 'OK', remote);
    }
  }

  #over(end: 'bye' | 'us'): void {
    if (this.#ended) return;
    this.#ended = true;
    this.end = end;
    this.#stopRtp();
    for (const check of this.#waiting) check();
  }

  #reply(request: Message, status: number, reason: string, remote: RemoteInfo, body = ''): void {
    const to = request.header('to');
    const tagged = /;tag=/.test(to) ? to : `${to};tag=${this.#tag}`;
    const lines = [
      `SIP/2.0 ${status} ${reason}`,
      ...request.headers('via').map((via) => `Via: ${via}`),
      ...request.headers('record-route').map((route) => `Record-Route: ${route}`),
      `From: ${request.header('from')}`,
      `To: ${tagged}`,
      `Call-ID: ${request.header('call-id')}`,
      `CSeq: ${request.header('cseq')}`,
      `Contact: <sip:${this.#options.user}@${this.#options.ip}:${this.sipPort}>`,
      ...(body ? ['Content-Type: application/sdp'] : []),
      `Content-Length: ${body.length}`,
      '',
      body,
    ];
    this.#sip.send(lines.join('\r\n'), remote.port, remote.address);
  }

  #request(
    method: string,
    uri: string,
    branch: string,
    cseq: number,
    more: { to?: string; body?: string; contentType?: string; extra?: string[] },
  ): string {
    const body = more.body ?? '';
    return [
      `${method} ${uri} SIP/2.0`,
      `Via: SIP/2.0/UDP ${this.#options.ip}:${this.sipPort};branch=${branch};rport`,
      'Max-Forwards: 70',
      ...this.#routes.map((route) => `Route: ${route}`),
      `From: ${this.#from}`,
      `To: ${more.to ?? this.#to}`,
      `Call-ID: ${this.#callId}`,
      `CSeq: ${cseq} ${method}`,
      `Contact: <sip:${this.#options.user}@${this.#options.ip}:${this.sipPort}>`,
      'Allow: INVITE, ACK, CANCEL, BYE, OPTIONS',
      ...(more.extra ?? []),
      ...(body ? [`Content-Type: ${more.contentType ?? 'application/sdp'}`] : []),
      `Content-Length: ${body.length}`,
      '',
      body,
    ].join('\r\n');
  }

  #sendSip(text: string): void {
    this.#sip.send(Buffer.from(text, 'latin1'), this.#server.port, this.#server.host);
  }

  #sdp(): string {
    const { ip, codecs, keysType } = this.#options;
    const laws = this.#up ? [this.#law] : codecs;
    const types = [...laws.map((law) => STATIC[law]), ...(keysType === null ? [] : [keysType])];
    return [
      'v=0',
      `o=phone 1 1 IN IP4 ${ip}`,
      's=-',
      `c=IN IP4 ${ip}`,
      't=0 0',
      `m=audio ${this.rtpPort} RTP/AVP ${types.join(' ')}`,
      ...laws.map((law) => `a=rtpmap:${STATIC[law]} ${law}/8000`),
      ...(keysType === null ? [] : [`a=rtpmap:${keysType} telephone-event/8000`, `a=fmtp:${keysType} 0-15`]),
      `a=ptime:${this.#options.ptime}`,
      'a=sendrecv',
      '',
    ].join('\r\n');
  }

  #takeSdp(sdp: string): void {
    const ip = /^c=IN IP4 (\S+)/m.exec(sdp)?.[1];
    const line = /^m=audio (\d+) RTP\/AVP ([\d ]+)/m.exec(sdp);
    if (!ip || !line) return;
    this.#far = { ip, port: Number(line[1]) };
    const types = (line[2] ?? '').trim().split(' ').map(Number);
    const law = this.#options.codecs.find((codec) => types.includes(STATIC[codec]));
    if (law) {
      this.#law = law;
      this.#payloadType = STATIC[law];
    }
    const keys = /^a=rtpmap:(\d+) telephone-event\/8000/im.exec(sdp)?.[1];
    this.#farKeys = keys === undefined ? undefined : Number(keys);
  }

  #digest(challenge: string, method: string, uri: string): string {
    const { user, password } = this.#options.account ?? { user: '', password: '' };
    const field = (name: string) => new RegExp(`${name}="?([^",]+)`, 'i').exec(challenge)?.[1] ?? '';
    const md5 = (text: string) => createHash('md5').update(text).digest('hex');
    const cnonce = randomBytes(6).toString('hex');
    const ha1 = md5(`${user}:${field('realm')}:${password}`);
    const ha2 = md5(`${method}:${uri}`);
    const response = md5(`${ha1}:${field('nonce')}:00000001:${cnonce}:auth:${ha2}`);
    return `Digest username="${user}", realm="${field('realm')}", nonce="${field('nonce')}", uri="${uri}", response="${response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="${cnonce}"`;
  }
}

/** A SIP message, read just far enough for a test. */
class Message {
  readonly #lines: string[];
  readonly body: string;

  constructor(text: string) {
    const end = text.indexOf('\r\n\r\n');
    this.#lines = (end < 0 ? text : text.slice(0, end)).split('\r\n');
    this.body = end < 0 ? '' : text.slice(end + 4);
  }

  /** 0 for a request. */
  get status(): number {
    return Number(/^SIP\/2\.0 (\d+)/.exec(this.#lines[0] ?? '')?.[1] ?? 0);
  }

  get method(): string {
    return (this.#lines[0] ?? '').split(' ')[0] ?? '';
  }

  get branch(): string {
    return /branch=([^;,\s]+)/.exec(this.header('via'))?.[1] ?? '';
  }

  headers(name: string): string[] {
    return this.#lines
      .filter((line) => line.toLowerCase().startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).trim());
  }

  header(name: string): string {
    return this.headers(name)[0] ?? '';
  }
}

function contactOf(message: Message): string {
  return /<([^>]+)>/.exec(message.header('contact'))?.[1] ?? message.header('contact');
}

function newBranch(): string {
  return `z9hG4bK${randomBytes(8).toString('hex')}`;
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function bound(ip: string, port: number): Promise<Socket> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(port, ip, resolve);
  });
  return socket;
}
