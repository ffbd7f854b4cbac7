import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A card process as if on another host, by its own command and settings file. */
export class TestCardHost {
  readonly #child: ChildProcess;
  /** The card process itself, under its command. */
  readonly pid: number;
  readonly lines: string[];
  /** Resolves when its command has ended. */
  readonly ended: Promise<unknown>;

  private constructor(child: ChildProcess, pid: number, lines: string[]) {
    this.#child = child;
    this.pid = pid;
    this.lines = lines;
    this.ended = once(child, 'exit');
  }

  /** Rejects with what it said, where it doesn't start. `prefix`: a command that runs it somewhere else. */
  static async start(folder: string, settings: unknown, prefix: readonly string[] = []): Promise<TestCardHost> {
    const file = join(folder, 'card-host.json');
    writeFileSync(file, JSON.stringify(settings));
    const entry = fileURLToPath(new URL('card-host.ts', import.meta.url));
    const [command, ...args] = [...prefix, process.execPath, entry, file];
    const child = spawn(command as string, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const lines: string[] = [];
    child.stderr.on('data', (bytes: Buffer) => lines.push(bytes.toString()));
    const output = createInterface({ input: child.stdout });
    return new Promise((resolve, reject) => {
      output.on('line', (line) => {
        lines.push(line);
        if (!line.includes('card process is ready')) return;
        resolve(new TestCardHost(child, (JSON.parse(line) as { pid: number }).pid, lines));
      });
      child.once('exit', (code) => reject(new Error(`the card host ended with ${code}: ${lines.join('\n')}`)));
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    this.#child.kill('SIGTERM');
    await this.ended;
  }
}

/** A TCP port that is free on this address now. */
export async function freePort(ip: string): Promise<number> {
  const server = createServer();
  server.listen(0, ip);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
