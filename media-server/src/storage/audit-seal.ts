import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/logger.ts';
import { NO_DIGEST, type RecordSigner } from '../shared/signed-chain.ts';
import { type AuditHead, auditHead, checkAudit, writeAudit } from './audit.ts';
import type { Storage } from './storage.ts';

/** What a seal says before the first entry. */
const BEFORE_ALL: AuditHead = { number: 0, digest: NO_DIGEST };
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
  #sealed: number | undefined;
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
    const { storage, log, signer, file } = this.#parts;
    const sealed = this.#read();
    if (sealed === 'damaged') this.#findings = ["the seal's signature doesn't fit"];
    else if (sealed === undefined && (await auditHead(storage)))
      this.#findings = [`the seal ${file} is missing: what was cut off the end can't be told`];
    else this.#findings = await checkAudit(storage, sealed, signer);
    if (this.#findings.length > 0) log.error({ findings: this.#findings }, 'the audit was tampered with');
    return this.#findings;
  }

  async seal(): Promise<void> {
    const { storage, signer, file } = this.#parts;
    const head = (await auditHead(storage)) ?? BEFORE_ALL;
    if (head.number === this.#sealed || this.#findings.length > 0) return;
    const seal = { head: { ...head }, signature: signer.sign({ ...head, kind: 'audit-head' }) };
    writeFileSync(`${file}.new`, JSON.stringify(seal), { mode: 0o600 });
    renameSync(`${file}.new`, file);
    this.#sealed = head.number;
  }

  /**
   * An operator has looked into what was found, and goes on from what is there: that stands in the audit. What is wrong
   * within the chain stays found at every check.
   */
  async accept(now: number): Promise<readonly string[]> {
    const { storage } = this.#parts;
    const found = await this.check();
    const [first = 'nothing'] = found;
    const detail = { findings: found.length, first };
    await writeAudit(storage, { actorKind: 'server', action: 'audit-accepted', detail }, now);
    this.#findings = [];
    this.#sealed = undefined;
    await this.seal();
    return this.check();
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
