import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type FromCard, type LegCounts, type LegOpen, type PaymentOpen, type ToCard } from '../cde/contract.ts';
import { CardSettings } from '../cde/settings.ts';
import { systemClock } from '../shared/clock.ts';
import { devCa } from '../shared/dev-ca.ts';
import { newId } from '../shared/ids.ts';
import { silentLogger } from '../shared/logger.ts';
import { CardLink } from './card-link.ts';
import { type CardOwner, launch } from './launch.ts';
import { type RemoteCard, Session } from './session.ts';

const KEYS = '0123456789*#';
const KEY_TYPE = 101;
/** A Visa number can be longer than this one, so `#` ends it. */
const VISA = { number: '4242424242424242#', code: '123' };

/** A folder with a practice payment service of its own, and the settings of a card process that uses it. */
export class TestHouse {
  readonly folder: string;
  readonly settings: CardSettings;
  readonly #sandbox: ChildProcess;

  private constructor(folder: string, settings: CardSettings, sandbox: ChildProcess) {
    this.folder = folder;
    this.settings = settings;
    this.#sandbox = sandbox;
  }

  static async build(): Promise<TestHouse> {
    const folder = mkdtempSync(join(tmpdir(), 'card-house-'));
    const certificate = await devCa(join(folder, 'ca'), ['127.0.0.1', 'localhost']);
    const keyFile = join(folder, 'merchant.key');
    writeFileSync(keyFile, 'key-of-the-test-house\n', { mode: 0o600 });
    const sandboxFile = join(folder, 'sandbox.json');
    writeFileSync(
      sandboxFile,
      JSON.stringify({
        port: 0,
        certFile: certificate.certFile,
        keyFile: certificate.keyFile,
        apiKeyFile: keyFile,
        booksFolder: join(folder, 'books'),
        slowMs: 1500,
      }),
    );
    const entry = fileURLToPath(new URL('../sandbox/main.ts', import.meta.url));
    const sandbox = spawn(process.execPath, [entry, sandboxFile], { stdio: ['ignore', 'pipe', 'inherit'] });
    const port = await readyPort(sandbox);
    mkdirSync(join(folder, 'card'), { mode: 0o700 });
    // Each house has ports of its own, far from those that the system gives out.
    const min = 12_000 + 40 * Math.floor(Math.random() * 400);
    const settings = CardSettings.parse({
      socket: join(folder, 'card', 'card.sock'),
      ledgerFolder: join(folder, 'ledger'),
      kekFile: join(folder, 'kek.json'),
      fingerprintKeyFile: join(folder, 'fingerprint-keys.json'),
      logFile: join(folder, 'card.log'),
      logLevel: 'trace',
      rtpPorts: { min, max: min + 39 },
      threads: 2,
      gateway: {
        kind: 'sandbox',
        url: `https://127.0.0.1:${port}`,
        caFile: certificate.caFile,
        keyFile,
        timeoutMs: 1500,
      },
      lookupDelaysMs: [100, 1000],
      reverseAfterMs: 600_000,
      absentAgainAfterMs: 1000,
      dialogue: {
        firstKeyMs: 20_000,
        nextKeyMs: 10_000,
        totalMs: 120_000,
        mistakesPerField: 3,
        moreTimeMs: 60_000,
        moreTimes: 3,
      },
    });
    return new TestHouse(folder, settings, sandbox);
  }

  /** What the card process and its shell wrote. */
  log(): string {
    return readFileSync(this.settings.logFile, 'utf8');
  }

  /** The process id of the card process that started last. */
  pid(): number {
    const ready = this.log()
      .split('\n')
      .filter((line) => line.includes('card process is ready'))
      .at(-1);
    return (JSON.parse(ready ?? '{}') as { pid: number }).pid;
  }

  async destroy(): Promise<void> {
    this.#sandbox.kill('SIGTERM');
    if (this.#sandbox.exitCode === null) await once(this.#sandbox, 'exit');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

async function readyPort(sandbox: ChildProcess): Promise<number> {
  if (!sandbox.stdout) throw new Error('the sandbox has no output');
  for await (const line of createInterface({ input: sandbox.stdout })) {
    const entry = JSON.parse(line) as { msg: string; port: number };
    if (entry.msg === 'sandbox ready') return entry.port;
  }
  throw new Error('the sandbox did not start');
}

/** The server's side: a link, and everything that came over it, to be waited for. */
export class Desk {
  readonly heard: FromCard[] = [];
  readonly ups: { instance: string; restarted: boolean }[] = [];
  downs = 0;
  readonly link: CardLink;
  /** A bare connection in the link's place. */
  #session: Session | undefined;
  #waiters: (() => void)[] = [];

  constructor(settings: CardSettings | RemoteCard, owner?: CardOwner) {
    this.link = new CardLink({
      card: settings,
      ...(owner && { owner }),
      log: silentLogger,
      clock: systemClock,
      events: {
        up: (instance, restarted) => {
          this.ups.push({ instance, restarted });
          this.#changed();
        },
        down: () => {
          this.downs++;
          this.#changed();
        },
        message: (message) => this.#hear(message),
      },
    });
  }

  /** Another server with a card process of its own start, whose death can be played: see `die`. */
  async startBare(settings: CardSettings): Promise<void> {
    launch(settings, fileURLToPath(new URL('../cde/main.ts', import.meta.url)));
    while (!this.#session) {
      await new Promise((resolve) => setImmediate(resolve));
      const opened = await Session.open(settings.socket, systemClock);
      if (opened.ok) this.#session = opened.value;
    }
    if (this.#session.greeting.kind === 'ready') {
      this.ups.push({ instance: this.#session.greeting.instance, restarted: false });
    }
    this.#session.listen({ onMessage: (message) => this.#hear(message), onClose: () => {} });
  }

  /** The server is gone from one moment to the next. */
  die(): void {
    this.#session?.close('died');
  }

  send(command: ToCard): void {
    if (!(this.#session?.send(command) ?? this.link.send(command)))
      throw new Error(`${command.type} could not be sent`);
  }

  #changed(): void {
    for (const wake of this.#waiters.splice(0)) wake();
  }

  #hear(message: FromCard): void {
    this.heard.push(message);
    this.#changed();
  }

  /** Waits until it holds; the test's time limit is the only clock. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiters.push(resolve));
  }

  /** The first message of a type that fits, of those from `from` on; waits for it. */
  async message<T extends FromCard['type']>(
    type: T,
    fits: (message: Extract<FromCard, { type: T }>) => boolean = () => true,
    from = 0,
  ): Promise<Extract<FromCard, { type: T }>> {
    const find = () =>
      this.heard
        .slice(from)
        .find((message) => message.type === type && fits(message as Extract<FromCard, { type: T }>));
    await this.until(() => find() !== undefined);
    return find() as Extract<FromCard, { type: T }>;
  }

  /** Asks for a leg between this phone and this SFU. */
  openLeg(leg: string, phone: RtpPeer, sfu: RtpPeer, more: Partial<LegOpen> = {}): void {
    this.send({
      type: 'leg-open',
      leg,
      codec: 'PCMU',
      bind: '127.0.0.1',
      wall: 'open',
      far: {
        rtp: { ip: '127.0.0.1', port: phone.port },
        payloadType: 0,
        ptime: 20,
        wantsSound: true,
        keysIn: [{ payloadType: KEY_TYPE, rate: 8000 }],
      },
      sfu: { address: { ip: '127.0.0.1', port: sfu.port }, payloadType: 0 },
      ...more,
    });
  }

  openPayment(leg: string, over: Partial<PaymentOpen> = {}): PaymentOpen {
    const open: PaymentOpen = {
      type: 'payment-open',
      payment: newId(),
      leg,
      merchant: newId(),
      purpose: 'charge',
      language: 'en',
      order: { reference: `A-${newId()}`, amountMinor: 12_800, currency: 'JPY' },
      ...over,
    };
    this.send(open);
    return open;
  }

  /** Shuts the gate and waits until it has kept in so many of the customer's packets since the leg was opened. */
  async keptIn(leg: string, packets: number): Promise<LegCounts> {
    for (;;) {
      const from = this.heard.length;
      this.send({ type: 'wall', leg, want: 'shut' });
      const { counts } = await this.message('wall', (wall) => wall.leg === leg, from);
      if (counts.keptIn >= packets) return counts;
    }
  }

  /** Presses keys on the phone one after the other, each when the one before was heard. */
  async press(phone: RtpPeer, leg: string, keys: string): Promise<void> {
    for (const key of keys) {
      const from = this.heard.length;
      phone.press(key);
      await this.message('keys-seen', (seen) => seen.leg === leg, from);
    }
  }

  /** Keys a whole payment, each key when the one before was heard. */
  async pay(phone: RtpPeer, leg: string, payment: string, card = VISA): Promise<void> {
    await this.step(payment, 'confirmation');
    await this.press(phone, leg, '1');
    await this.keyCard(phone, leg, payment, card);
  }

  /** Keys a card, from when its number is asked for the next time. */
  async keyCard(phone: RtpPeer, leg: string, payment: string, card = VISA): Promise<void> {
    await this.step(payment, 'card-number');
    await this.press(phone, leg, card.number);
    await this.step(payment, 'expiry');
    await this.press(phone, leg, '1230');
    await this.step(payment, 'security-code');
    await this.press(phone, leg, card.code);
  }

  /** Waits until the dialogue asks for this. */
  async step(payment: string, step: string): Promise<void> {
    await this.message('progress', (progress) => progress.payment === payment && progress.step === step);
  }
}

/** One end of an RTP stream: the customer's phone, or the SFU. Its packets are written here and nowhere else. */
export class RtpPeer {
  readonly got: Buffer[] = [];
  readonly #socket: Socket;
  readonly #ssrc: number;
  #to = 0;
  #sequence = 1000;
  #timestamp = 160_000;
  #changed = () => {};

  readonly #gate: string;

  private constructor(socket: Socket, ssrc: number, gate: string) {
    this.#gate = gate;
    this.#socket = socket;
    this.#ssrc = ssrc;
    socket.on('message', (packet) => {
      this.got.push(packet);
      this.#changed();
    });
  }

  /** @param gate address of the gate that it speaks with */
  static async open(ssrc: number, gate = '127.0.0.1'): Promise<RtpPeer> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new RtpPeer(socket, ssrc, gate);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Where it sends to from now on. */
  to(port: number): void {
    this.#to = port;
  }

  /** Sends 20 ms of sound, each byte the same. */
  sound(byte: number): void {
    this.#timestamp += 160;
    this.#send(0, false, this.#timestamp, Buffer.alloc(160, byte));
  }

  /** Presses a key for 100 ms as RFC 4733 has it: reports on one timestamp, the last one three times. */
  press(key: string): void {
    const event = KEYS.indexOf(key);
    this.#timestamp += 1600;
    for (const [at, duration] of [160, 400, 800, 800, 800].entries()) {
      const payload = Buffer.from([event, at >= 2 ? 0x8a : 0x0a, duration >> 8, duration & 0xff]);
      this.#send(KEY_TYPE, at === 0, this.#timestamp, payload);
    }
  }

  /** Waits until a packet fits, of those from `from` on. */
  async heard(fits: (packet: Buffer) => boolean, from = 0): Promise<void> {
    while (!this.got.slice(from).some(fits)) {
      await new Promise<void>((resolve) => {
        this.#changed = resolve;
      });
    }
  }

  close(): void {
    this.#socket.close();
  }

  #send(payloadType: number, marker: boolean, timestamp: number, payload: Buffer): void {
    const header = Buffer.alloc(12);
    header[0] = 0x80;
    header[1] = (marker ? 0x80 : 0) | payloadType;
    header.writeUInt16BE(this.#sequence++ & 0xffff, 2);
    header.writeUInt32BE(timestamp, 4);
    header.writeUInt32BE(this.#ssrc, 8);
    this.#socket.send(Buffer.concat([header, payload]), this.#to, this.#gate);
  }
}
