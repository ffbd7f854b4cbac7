import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { freePort, requireProgram } from './programs.ts';

export interface BaresipOptions {
  readonly user?: string;
  readonly transport?: 'udp' | 'tcp' | 'tls';
  /** `host:port` of the registrar; without it the phone doesn't register. */
  readonly registrar?: string;
  readonly password?: string;
  /** PEM file of authorities it trusts, for TLS. */
  readonly caFile?: string;
  /** What it says: `ausine,440` (a tone), or `aufile,/path.wav`. */
  readonly source?: string;
  /** Codecs it offers, in its order. */
  readonly codecs?: string;
}

export interface BaresipEvent {
  readonly type: string;
  readonly param?: string;
  readonly peeruri?: string;
}

interface Answer {
  readonly ok?: boolean;
  readonly data?: string;
}

const MODULES = ['g711', 'aubridge', 'aufile', 'ausine', 'sndfile', 'uuid', 'srtp', 'stun'];
const APPLICATIONS = ['account', 'menu', 'ctrl_tcp'];
const ANSWER_MS = 5000;

/** A foreign phone without a screen: baresip, driven by its control port. It writes what it hears to WAV files. */
export class Baresip {
  readonly #process: ChildProcess;
  readonly #control: Socket;
  readonly #folder: string;
  readonly #events: BaresipEvent[] = [];
  readonly #waiting: { type: string; resolve: (event: BaresipEvent) => void }[] = [];
  readonly #pending = new Map<string, (answer: Answer) => void>();
  #token = 0;
  #input = Buffer.alloc(0);

  private constructor(process: ChildProcess, control: Socket, folder: string) {
    this.#process = process;
    this.#control = control;
    this.#folder = folder;
    control.on('error', () => {});
    control.on('data', (bytes) => this.#received(bytes));
  }

  static async start(options: BaresipOptions = {}): Promise<Baresip> {
    requireProgram('baresip');
    const folder = await mkdtemp(join(tmpdir(), 'tonegate-baresip-'));
    const [sipPort, controlPort, mediaPort] = [await freePort(2), await freePort(), await freePort(8)];
    await writeFile(join(folder, 'config'), config(options, folder, sipPort, controlPort, mediaPort));
    await writeFile(join(folder, 'accounts'), `${account(options, sipPort)}\n`);
    await writeFile(join(folder, 'contacts'), '');
    const process = spawn('baresip', ['-f', folder], { stdio: 'ignore' });
    return new Baresip(process, await connected(controlPort, process), folder);
  }

  dial(uri: string): Promise<Answer> {
    return this.#command('dial', uri);
  }

  accept(): Promise<Answer> {
    return this.#command('accept');
  }

  hangup(): Promise<Answer> {
    return this.#command('hangup');
  }

  hold(): Promise<Answer> {
    return this.#command('hold');
  }

  resume(): Promise<Answer> {
    return this.#command('resume');
  }

  /** Presses one key: an RFC 4733 event. The next one not before 240 ms. */
  key(key: string): Promise<Answer> {
    return this.#command('sndcode', key);
  }

  /** The next event of that type, one that has come already included; each is given once. */
  event(type: string, ms = 10_000): Promise<BaresipEvent> {
    const at = this.#events.findIndex((event) => event.type === type);
    if (at >= 0) return Promise.resolve(this.#events.splice(at, 1)[0] ?? { type });
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        const had = this.#events.map((event) => event.type).join(', ');
        reject(new Error(`baresip: no ${type} within ${ms} ms; other events: ${had || 'none'}`));
      }, ms);
      this.#waiting.push({
        type,
        resolve: (event) => {
          clearTimeout(timer);
          resolve(event);
        },
      });
    });
  }

  /** Waits until it is registered. Asked, not listened for: the event may come before the control connection. */
  async registered(ms = 10_000): Promise<void> {
    for (const end = Date.now() + ms; Date.now() < end; await wait(100)) {
      if (/OK/.test((await this.#command('reginfo')).data ?? '')) return;
    }
    throw new Error(`baresip: not registered within ${ms} ms`);
  }

  /** Ends it; gives the WAV files of what it heard to `read`, then removes them. */
  async stop(read?: (files: readonly string[]) => Promise<void>): Promise<void> {
    const gone = new Promise((resolve) => this.#process.once('exit', resolve));
    const kill = setTimeout(() => this.#process.kill('SIGKILL'), 3000);
    if (this.#process.exitCode === null) {
      void this.#command('quit').catch(() => {});
      await gone;
    }
    clearTimeout(kill);
    this.#control.destroy();
    const files = (await readdir(this.#folder)).filter((name) => name.endsWith('.wav'));
    await read?.(files.map((name) => join(this.#folder, name)));
    await rm(this.#folder, { recursive: true });
  }

  #command(command: string, params?: string): Promise<Answer> {
    const token = `t${++this.#token}`;
    const text = JSON.stringify({ command, params, token });
    this.#control.write(`${Buffer.byteLength(text)}:${text},`);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`baresip: no answer to ${command}`)), ANSWER_MS);
      this.#pending.set(token, (answer) => {
        clearTimeout(timer);
        resolve(answer);
      });
    });
  }

  /** Netstrings of JSON: `12:{"event":true},`. */
  #received(bytes: Buffer): void {
    this.#input = Buffer.concat([this.#input, bytes]);
    for (;;) {
      const colon = this.#input.indexOf(':');
      const length = Number(this.#input.subarray(0, Math.max(colon, 0)).toString());
      if (colon < 0 || this.#input.length < colon + length + 2) return;
      const message = JSON.parse(this.#input.subarray(colon + 1, colon + 1 + length).toString());
      this.#input = this.#input.subarray(colon + length + 2);
      if (message.event) this.#happened(message);
      else {
        this.#pending.get(message.token)?.(message);
        this.#pending.delete(message.token);
      }
    }
  }

  #happened(event: BaresipEvent): void {
    const at = this.#waiting.findIndex(({ type }) => type === event.type);
    if (at < 0) this.#events.push(event);
    else this.#waiting.splice(at, 1)[0]?.resolve(event);
  }
}

function account(options: BaresipOptions, sipPort: number): string {
  const { user = 'phone', transport = 'udp', registrar, password, codecs = 'PCMU,PCMA' } = options;
  const credentials = password === undefined ? '' : `;auth_user=${user};auth_pass=${password}`;
  const host = registrar ?? `127.0.0.1:${sipPort}`;
  return `<sip:${user}@${host};transport=${transport}>;regint=${registrar ? 60 : 0};answermode=manual;audio_codecs=${codecs}${credentials}`;
}

function config(
  options: BaresipOptions,
  folder: string,
  sipPort: number,
  controlPort: number,
  mediaPort: number,
): string {
  const source = options.source ?? 'ausine,440';
  // Its tone generator works at 48 kHz stereo only.
  const isTone = source.startsWith('ausine');
  return [
    `sip_listen 127.0.0.1:${sipPort}`,
    ...(options.caFile ? [`sip_cafile ${options.caFile}`] : []),
    'call_local_timeout 120',
    'call_max_calls 20',
    'audio_player aubridge,sink',
    `audio_source ${source}`,
    'audio_alert aubridge,sink',
    `ausrc_srate ${isTone ? 48_000 : 8000}`,
    `ausrc_channels ${isTone ? 2 : 1}`,
    'auplay_srate 8000',
    'auplay_channels 1',
    'audio_txmode thread',
    'ausrc_format s16',
    'auplay_format s16',
    'auenc_format s16',
    'audec_format s16',
    'audio_buffer 20-160',
    `rtp_ports ${mediaPort}-${mediaPort + 7}`,
    'rtcp_mux no',
    'jitter_buffer_delay 5-10',
    'module_path /usr/lib/baresip/modules',
    ...MODULES.map((name) => `module ${name}.so`),
    ...APPLICATIONS.map((name) => `module_app ${name}.so`),
    `ctrl_tcp_listen 127.0.0.1:${controlPort}`,
    `snd_path ${folder}`,
    'menu_bell no',
    'redial_attempts 0',
    '',
  ].join('\n');
}

async function connected(port: number, process: ChildProcess): Promise<Socket> {
  for (const end = Date.now() + 10_000; Date.now() < end && process.exitCode === null; await wait(50)) {
    const socket = await new Promise<Socket | undefined>((resolve) => {
      const trying = connect(port, '127.0.0.1', () => resolve(trying));
      trying.once('error', () => resolve(undefined));
    });
    if (socket) return socket;
  }
  throw new Error('baresip did not open its control port');
}
