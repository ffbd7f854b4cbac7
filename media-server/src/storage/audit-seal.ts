import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/logger.ts';
import type { RecordSigner } from '../shared/signed-chain.ts';
import { type AuditHead, auditHead, checkAudit } from './audit.ts';
import type { Storage } from './storage.ts';

/** How often the audit's head is sealed, ms: what is cut off sooner than that isn't missed. */
const EVERY_MS = 10_000;

export interface AuditSealParts {
  readonly storage: Storage;
  readonly signer: RecordSigner;
  /** Beside the database, better on another disk. */
  readonly file: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Keeps the audit's head signed in a file of its own, so that a chain that was written anew or cut short, and would else
 * be whole in itself, is found. `findings` is what the last check found.
 */
export class AuditSeal {
  readonly #parts: AuditSealParts;
  #findings: readonly string[] = [];
  #sealed = 0;
  #stop = () => {};

  constructor(parts: AuditSealParts) {
    this.#parts = parts;
  }

  get findings(): readonly string[] {
    return this.#findings;
  }

  /** Checks the whole audit against the last seal, then seals from now on. Where something is wrong nothing is sealed. */
  async start(): Promise<void> {
    await this.check();
    if (this.#findings.length === 0) await this.seal();
    this.#again();
  }

  async check(): Promise<readonly string[]> {
    const { storage, log, signer } = this.#parts;
    const sealed = this.#read();
    this.#findings =
      sealed === 'damaged'
        ? ["the seal's signature doesn't fit"]
        : await checkAudit(storage, sealed ?? undefined, signer);
    if (this.#findings.length > 0) log.error({ findings: this.#findings }, 'the audit was tampered with');
    return this.#findings;
  }

  async seal(): Promise<void> {
    const { storage, signer, file } = this.#parts;
    const head = await auditHead(storage);
    if (!head || head.number === this.#sealed || this.#findings.length > 0) return;
    const seal = { head: { ...head }, signature: signer.sign({ ...head, kind: 'audit-head' }) };
    writeFileSync(`${file}.new`, JSON.stringify(seal), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    this.#sealed = head.number;
  }

  async stop(): Promise<void> {
    this.#stop();
    await this.seal();
  }

  #again(): void {
    const { clock, log } = this.#parts;
    this.#stop = clock.after(EVERY_MS, () => {
      void this.seal()
        .catch((error: unknown) => log.error({ err: error }, 'the audit could not be sealed'))
        .finally(() => this.#again());
    });
  }

  #read(): AuditHead | undefined | 'damaged' {
    const { file, signer } = this.#parts;
    let text: string;
    try {
      text = readFileSync(file, 'utf8');
    } catch {
      return undefined;
    }
    try {
      const { head, signature } = JSON.parse(text) as { head: AuditHead; signature: string };
      const { number, digest } = head;
      return signer.fits({ number, digest, kind: 'audit-head' }, signature) ? { number, digest } : 'damaged';
    } catch {
      return 'damaged';
    }
  }
}
