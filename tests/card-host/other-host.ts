// Another host for the card process, as far as one machine can be two: a network namespace with nothing but a cable to
// this one, where that can be made (by root); else an address of loopback of its own.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import process from 'node:process';

/** Lets 127.0.0.1:<first argument> inside lead to <second> and <third> outside. */
const FORWARD = `
const net = require('node:net');
const [port, host, far] = process.argv.slice(1);
net.createServer((near) => {
  const out = net.connect(Number(far), host);
  for (const socket of [near, out]) socket.on('error', () => {}).on('close', () => { near.destroy(); out.destroy(); });
  near.pipe(out).pipe(near);
}).listen(Number(port), '127.0.0.1', () => console.log('forwards'));
`;

export class OtherHost {
  /** Its address, and ours on the way to it. */
  readonly ip: string;
  readonly ours: string;
  /** A network namespace of its own, by its name. */
  readonly namespace: string | undefined;
  readonly #ends: (() => void)[] = [];

  private constructor(ip: string, ours: string, namespace: string | undefined) {
    this.ip = ip;
    this.ours = ours;
    this.namespace = namespace;
  }

  static open(): OtherHost {
    const name = `tonegate-${process.pid}`;
    const [near, far] = [`tg${process.pid}a`, `tg${process.pid}b`];
    const net = `10.213.${process.pid % 256}`;
    const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'pipe' });
    try {
      ip('netns', 'add', name);
    } catch {
      return new OtherHost('127.0.0.2', '127.0.0.1', undefined);
    }
    try {
      ip('link', 'add', near, 'type', 'veth', 'peer', 'name', far, 'netns', name);
      ip('addr', 'add', `${net}.1/30`, 'dev', near);
      ip('link', 'set', near, 'up');
      ip('-n', name, 'addr', 'add', `${net}.2/30`, 'dev', far);
      ip('-n', name, 'link', 'set', far, 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    } catch {
      ip('netns', 'del', name);
      return new OtherHost('127.0.0.2', '127.0.0.1', undefined);
    }
    const host = new OtherHost(`${net}.2`, `${net}.1`, name);
    host.#ends.push(() => ip('netns', 'del', name));
    return host;
  }

  /** What a command begins with to run there. */
  get prefix(): string[] {
    return this.namespace === undefined ? [] : ['ip', 'netns', 'exec', this.namespace];
  }

  /** A service of this machine's loopback is to be had at the same port of its own. */
  async reaches(port: number): Promise<void> {
    if (this.namespace === undefined) return;
    const cable = await Cable.open(this.ours, { host: '127.0.0.1', port });
    const [command, ...args] = [...this.prefix, process.execPath, '-e', FORWARD, `${port}`, this.ours, `${cable.port}`];
    const inside: ChildProcess = spawn(command as string, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(inside.stdout as NonNullable<typeof inside.stdout>, 'data');
    this.#ends.push(
      () => cable.close(),
      () => inside.kill('SIGKILL'),
    );
  }

  close(): void {
    for (const end of this.#ends.reverse()) end();
  }
}

/** A TCP connection's way, that can be cut and mended. */
export class Cable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;

  private constructor(to: { host: string; port: number }) {
    this.#server = createServer((near) => {
      if (this.#cut) return near.destroy();
      const far = connect(to.port, to.host);
      for (const socket of [near, far]) {
        this.#sockets.add(socket);
        socket.on('error', () => {});
        socket.on('close', () => {
          this.#sockets.delete(socket);
          near.destroy();
          far.destroy();
        });
      }
      near.pipe(far).pipe(near);
    });
  }

  static async open(ip: string, to: { host: string; port: number }): Promise<Cable> {
    const cable = new Cable(to);
    cable.#server.listen(0, ip);
    await once(cable.#server, 'listening');
    return cable;
  }

  get port(): number {
    return (this.#server.address() as { port: number }).port;
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  close(): void {
    this.cut();
    this.#server.close();
  }
}
