/** Parts of the server as the settings want them, each with what it counts. */
import path from 'node:path';
import { Counter, type Registry } from 'prom-client';
import { FunnelRecorder } from './calls/funnel-recorder.ts';
import { CanaryRunner, type CanaryRunnerParts } from './canary/canary-runner.ts';
import { canaryMetrics } from './canary/report.ts';
import type { CardLink } from './card-link/card-link.ts';
import { languagesIn, PROMPTS_FOLDER, readLanguage } from './cde/prompts/language.ts';
import { startCodes } from './integrations/codes/start-codes.ts';
import type { ReadyPrompts } from './integrations/prompts/merchant-prompts.ts';
import { Webhooks } from './integrations/webhooks/webhooks.ts';
import { systemClock } from './shared/clock.ts';
import type { Logger } from './shared/logger.ts';
import { type Settings, SettingsError } from './settings.ts';
import { writeAudit } from './storage/audit.ts';
import type { Storage } from './storage/storage.ts';

/** The words and sounds of every language, read when they are first asked for. */
export function readyPrompts(): ReadyPrompts {
  const read = new Map<string, ReturnType<ReadyPrompts['prompts']>>();
  return {
    languages: languagesIn(),
    prompts: (language) => {
      const prompts = read.get(language) ?? readLanguage(PROMPTS_FOLDER, language).prompts;
      read.set(language, prompts);
      return prompts;
    },
  };
}

export function codesOf(settings: Settings, storage: Storage, log: Logger, registry: Registry) {
  const { codes, dataFolder } = settings;
  const textsFolder = path.join(import.meta.dirname, 'cde/prompts');
  try {
    return startCodes({ settings: codes, storage, clock: systemClock, log, registry, dataFolder, textsFolder });
  } catch (cause) {
    throw new SettingsError((cause as Error).message);
  }
}

export function webhooksOf(settings: Settings, storage: Storage, log: Logger, registry: Registry): Webhooks {
  const told = new Counter({
    name: 'tonegate_webhooks_total',
    help: 'Tries to tell merchants of outcomes, by result',
    labelNames: ['result'],
    registers: [registry],
  });
  try {
    return new Webhooks(settings.webhooks, {
      storage,
      clock: systemClock,
      log,
      counted: (result) => told.inc({ result }),
    });
  } catch (cause) {
    throw new SettingsError((cause as Error).message);
  }
}

export function funnelOf(settings: Settings, storage: Storage, log: Logger, registry: Registry): FunnelRecorder {
  const steps = new Counter({
    name: 'tonegate_payment_steps_total',
    help: 'Steps of payments that have ended, by how they were left',
    labelNames: ['step', 'left'],
    registers: [registry],
  });
  return new FunnelRecorder({
    storage,
    clock: systemClock,
    log,
    keepMs: settings.funnel.keepDays * 86_400_000,
    counted: (step, left) => steps.inc({ step, left }),
  });
}

/** The leak canary, unless it is off. Its first round begins when the card process is up. */
export function canaryOf(
  settings: Settings,
  registry: Registry,
  storage: Storage,
  parts: Pick<CanaryRunnerParts, 'createMedia' | 'log'> & { readonly link: CardLink },
): CanaryRunner | undefined {
  const { canary, card, gateway, media, sip } = settings;
  if (canary.everyMinutes === 0) return undefined;
  const runner: CanaryRunner = new CanaryRunner({
    ...parts,
    clock: systemClock,
    bind: media.bind,
    remote: card.remote?.media,
    // The card process's word: on another host it has its own settings.
    get practice() {
      return parts.link.gateway === 'sandbox';
    },
    currency: ('currencies' in gateway && gateway.currencies?.[0]) || 'JPY',
    // Phones with an account of their own come through none.
    trunks: [...sip.trunks.map(({ name }) => name), ''],
    everyMs: canary.everyMinutes * 60_000,
    counted: canaryMetrics(registry, () => runner.state),
    turned: (trunk, payments, why) => {
      const action = payments === 'open' ? 'payments-open' : 'payments-closed';
      writeAudit(storage, { actorKind: 'server', action, detail: { trunk, why } }, systemClock.now()).catch(
        (cause: unknown) => parts.log.error({ cause }, 'what the leak canary found could not be written to the audit'),
      );
    },
  });
  return runner;
}
