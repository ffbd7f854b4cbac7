import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/logger.ts';
import { Secret } from '../../shared/secret.ts';
import type { Storage } from '../../storage/storage.ts';
import { OneTimeCodes } from './code-maker.ts';
import { readCodeTexts } from './code-text.ts';
import { openSender } from './open-sender.ts';
import type { CodeSettings } from './settings.ts';

export interface StartCodesOptions {
  readonly settings: CodeSettings;
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  /** Where the key of the numbers' digests is kept. */
  readonly dataFolder: string;
  /** A folder for each language, with `code-message.txt` in it. */
  readonly textsFolder: string;
}

/**
 * One-time codes as the settings have them; `close` ends the sender.
 *
 * @throws Error naming the setting or file that is wrong
 */
export function startCodes(options: StartCodesOptions): { codes: OneTimeCodes; close(): Promise<void> } {
  const { settings, storage, clock, log, registry, dataFolder, textsFolder } = options;
  const texts = readCodeTexts(textsFolder);
  const sender = settings.sender && openSender(settings.sender, { clock, log });
  const registers = [registry];
  const sent = new Counter({
    name: 'tonegate_codes_total',
    help: 'One-time codes by sender and result',
    labelNames: ['sender', 'result'],
    registers,
  });
  new Gauge({
    name: 'tonegate_code_sender_up',
    help: '1 while the sender of one-time codes is there, as far as is known',
    registers,
    collect() {
      if (sender) this.set(Number(sender.up));
    },
  });
  const codes = new OneTimeCodes({
    storage,
    clock,
    log,
    sender,
    texts,
    limits: {
      perPayment: settings.perPayment,
      betweenMs: settings.betweenSeconds * 1000,
      perPhone: settings.perPhoneADay,
      perAgent: settings.perAgentADay,
      perKey: settings.perKeyADay,
    },
    validMs: settings.validSeconds * 1000,
    phoneKey: phoneKey(path.join(dataFolder, 'phone-digest.key')),
    counted: (name, result) => sent.inc({ sender: name, result }),
  });
  return {
    codes,
    close: async () => {
      await sender?.close();
    },
  };
}

/** Without it nobody can find out which numbers the list of sent codes is about; a new one forgets the day's counts. */
function phoneKey(file: string): Secret<Buffer> {
  if (!existsSync(file)) writeFileSync(file, randomBytes(32), { mode: 0o600 });
  return new Secret(readFileSync(file));
}
