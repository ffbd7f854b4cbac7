import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { LINEAR } from '../rtp/g711.ts';
import type { Clock } from '../shared/clock.ts';
import type { Logger } from '../shared/logger.ts';
import { SipSettings } from '../sip/settings.ts';
import { SipServer } from '../sip/sip-server.ts';
import { Exchange, TRUNK } from './exchange.ts';
import { pageServer } from './page-server.ts';
import { type DemoSettings, DemoSettingsError } from './settings.ts';

export interface RunningDemo {
  /** Where it listens: TCP port of the page, UDP port of SIP. */
  readonly port: number;
  readonly sipPort: number;
  /** Ends the calls and closes everything. */
  close(): Promise<void>;
}

/**
 * Starts the demo's outside world: the carrier at the far end of the demo trunk, and the customer's phone page.
 *
 * @param settings ports may be 0 here: any free one
 * @throws DemoSettingsError naming the setting whose port can't be taken
 */
export async function startDemo(settings: DemoSettings, clock: Clock, log: Logger): Promise<RunningDemo> {
  const sip: SipServer = new SipServer({
    settings: sipSettings(settings),
    clock,
    logger: log,
    policy: {
      credential: async () => undefined,
      allowAnonymous: () => false,
      incoming: (leg) => exchange.incoming(leg),
      registered: () => {},
      unregistered: () => {},
    },
  });
  const samples = { ja: readSample('ja'), en: readSample('en') };
  const exchange = new Exchange({
    sip,
    clock,
    ip: settings.sipIp,
    caller: settings.caller,
    number: settings.number,
    sample: (language) => samples[language],
  });
  const pages = pageServer(exchange, log);

  const started = await sip.start();
  if (!started.ok) throw cannotListen('sipPort', settings.sipPort, settings.sipIp, started.error.message);
  try {
    await new Promise<void>((resolve, reject) => {
      pages.server.once('error', reject);
      pages.server.listen(settings.port, settings.bind, resolve);
    });
  } catch (cause) {
    await sip.close();
    throw cannotListen('port', settings.port, settings.bind, (cause as Error).message);
  }
  return {
    port: (pages.server.address() as AddressInfo).port,
    sipPort: sip.ports.udp,
    close: async () => {
      await pages.close();
      await sip.close();
    },
  };
}

function sipSettings({ sipIp, sipPort, server }: DemoSettings): SipSettings {
  const settings = SipSettings.parse({
    domain: sipIp,
    bind: sipIp,
    // No OPTIONS: the media-server may start after us, and a call to one that isn't there says so itself.
    trunks: [{ name: TRUNK, host: server.host, port: server.port, optionsEvery: 0 }],
  });
  return { ...settings, udpPort: sipPort, tcpPort: sipPort };
}

function cannotListen(setting: string, port: number, ip: string, why: string): DemoSettingsError {
  return new DemoSettingsError(`port ${port} (setting ${setting}) can't be taken on ${ip}: ${why}`);
}

/** A customer's words, recorded as G.711 µ. */
function readSample(language: 'ja' | 'en'): Int16Array {
  const bytes = readFileSync(path.join(import.meta.dirname, 'voices', language, 'customer.ulaw'));
  return Int16Array.from(bytes, (byte) => LINEAR.PCMU[byte] as number);
}
