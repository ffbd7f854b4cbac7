import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Server as TlsServer } from 'node:tls';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { Registry } from 'prom-client';
import { createApi } from './api/api.ts';
import { type ApiParts, createApiParts } from './api/parts.ts';
import { Books } from './calls/books.ts';
import { Calls } from './calls/calls.ts';
import { StoredDirectory } from './calls/directory.ts';
import { GatewayDesk } from './calls/gateway-desk.ts';
import { canaryHealth, canaryShown } from './canary/report.ts';
import { cardDetail } from './card-detail.ts';
import { CardLink } from './card-link/card-link.ts';
import type { CardOwner } from './card-link/launch.ts';
import type { RemoteCard } from './card-link/session.ts';
import { cardFolders, cardGateway, cardOwner, cardSettings } from './card-settings.ts';
import { readOwnGateway } from './cde/gateways/own-gateway.ts';
import type { CardSettings } from './cde/settings.ts';
import { soundConverter } from './integrations/prompts/converter.ts';
import { MerchantPrompts } from './integrations/prompts/merchant-prompts.ts';
import { CallMedia } from './media/call-media.ts';
import { MediaWorkers } from './media/workers.ts';
import { systemClock } from './shared/clock.ts';
import { devCa } from './shared/dev-ca.ts';
import type { Logger } from './shared/logger.ts';
import { announcedAddress, mediaAddresses } from './server-addresses.ts';
import { measure } from './server-metrics.ts';
import { canaryOf, codesOf, funnelOf, readyPrompts, webhooksOf } from './server-parts.ts';
import { ownAddresses, type Settings, SettingsError } from './settings.ts';
import { isPrivate } from './shared/private-address.ts';
import { SipServer } from './sip/sip-server.ts';
import { endCallsLeftOpen } from './storage/calls.ts';
import { type Demo, seedDemo } from './storage/demo.ts';
import { findDevice } from './storage/devices.ts';
import { scopeFindings, scopeMap } from './scope-map.ts';
import { drawScope } from './scope-map-svg.ts';
import { readSeen, settingsSeen, startFacts, writeSeen } from './settings-trail.ts';
import { writeAudit } from './storage/audit.ts';
import { AuditSeal } from './storage/audit-seal.ts';
import { receiptSigner } from './storage/receipt-key.ts';
import { RetentionRunner } from './storage/retention-runner.ts';
import { openStorage, type Storage } from './storage/storage.ts';

export interface ServerOptions {
  readonly settings: Settings;
  readonly log: Logger;
  readonly version: string;
  /** Another main file for the card process: tests take one valve out with it, to prove that the other holds. */
  readonly cardEntry?: string;
  /** Another way to open a call in the SFU, for the same proof of the other valve. */
  readonly createMedia?: typeof CallMedia.create;
}

export interface RunningServer {
  readonly calls: Calls;
  readonly sip: SipServer;
  readonly workers: MediaWorkers;
  readonly link: CardLink;
  readonly demo: Demo | undefined;
  /** Certificates, and merchants with their numbers and people, are read anew. */
  reload(): Promise<void>;
  /** No new calls or payments; resolves when the running ones have ended, or after the limit. */
  drain(limitMs: number): Promise<void>;
  close(): Promise<void>;
}

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../..');
const DRAIN_POLL_MS = 200;

/**
 * Puts the parts together and starts them. What fails ends the start with an error that names the setting; what was
 * started before is closed again.
 */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { settings, log, version } = options;
  const undo: (() => void | Promise<void>)[] = [];
  try {
    return await start(options, undo, settings, log, version);
  } catch (cause) {
    for (const step of undo.reverse()) await Promise.resolve(step()).catch(() => {});
    throw cause;
  }
}

async function start(
  options: ServerOptions,
  undo: (() => void | Promise<void>)[],
  settings: Settings,
  log: Logger,
  version: string,
): Promise<RunningServer> {
  const data = settings.dataFolder;
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const certificate = await certificateOf(settings);
  const tls = () => ({
    cert: readFileSync(certificate.certFile, 'utf8'),
    key: readFileSync(certificate.keyFile, 'utf8'),
  });

  const opened = await openStorage({ kind: 'sqlite', file: path.join(data, 'tonegate.sqlite') }, systemClock.now());
  if (!opened.ok) throw new SettingsError(opened.error.message);
  const storage = opened.value;
  undo.push(() => storage.destroy());
  await endCallsLeftOpen(storage, systemClock.now());
  const realm = settings.sip.domain;
  const demo = settings.demo ? await seedDemo(storage, { folder: data, realm, now: systemClock.now() }) : undefined;
  const directory = new StoredDirectory(storage, settings.calls.outgoingTrunk ?? settings.sip.trunks[0]?.name);
  await directory.load();

  const workers = new MediaWorkers({
    workerBin: workerBinary(settings),
    count: settings.media.workers,
    basePort: settings.media.webRtcPort,
    listen: mediaAddresses(settings),
    log,
  });
  undo.push(() => workers.close());
  await workers.start();

  const { remote } = settings.card;
  const owner = cardOwner(settings.card.user, cardFolders(settings).folder);
  if (settings.card.user !== undefined && !owner)
    log.warn('card.user is set, but only root can start the card process as another user');
  // The parts below call each other: each is reached through what is declared here, when all of them are there.
  const link: CardLink = new CardLink({
    card: remote ? remoteCard(remote) : settingsOfCard(settings, owner, certificate.caFile),
    ...(owner && { owner }),
    ...(options.cardEntry !== undefined && { entry: options.cardEntry }),
    log,
    clock: systemClock,
    events: {
      up: (instance, restarted) => {
        log.info({ instance, restarted }, 'the card process is up');
        if (!restarted && link.unconfined.length > 0) {
          log.warn({ unconfined: link.unconfined }, 'not everything that confines the card process is in force');
        }
        prompts.cardUp();
        calls.cardUp(restarted);
        if (restarted) canary?.restarted();
        else canary?.due();
      },
      down: () => {
        log.warn('the card process is gone');
        gateways.cardDown();
        calls.cardDown();
        canary?.cardDown();
      },
      message: (message) => {
        if (!gateways.heard(message) && !canary?.heard(message)) calls.heard(message);
      },
    },
  });
  const gateways: GatewayDesk = new GatewayDesk({
    link,
    clock: systemClock,
    faults: (given, credentials) => {
      const read = readOwnGateway(given, credentials);
      return read.ok ? [] : read.error;
    },
  });
  const prompts: MerchantPrompts = new MerchantPrompts({
    storage,
    clock: systemClock,
    log,
    convert: soundConverter(new URL('prompt-thread.ts', import.meta.url)),
    ready: readyPrompts(),
    send: (command) => link.send(command),
  });
  const signer = receiptSigner(path.join(data, 'receipt-key.pem'));
  const auditSeal = new AuditSeal({
    storage,
    signer,
    file: path.join(data, 'audit.seal'),
    clock: systemClock,
    log,
  });
  await auditSeal.start();
  undo.push(() => auditSeal.stop());
  const map = scopeMap(settings);
  drawScope(data, map);
  const scope = scopeFindings(path.join(data, 'scope-map.approved.json'), map);
  const unapproved = scope.changes;
  if (unapproved.length > 0)
    log.warn({ unapproved }, 'the scope map is another than the approved one: npm run scope-map');
  const seenFile = path.join(data, 'settings-seen.json');
  const seen = settingsSeen(settings);
  const started = { version, ...startFacts(readSeen(seenFile), seen), notApproved: unapproved.length };
  await writeAudit(storage, { actorKind: 'server', action: 'server-start', detail: started }, systemClock.now());
  writeSeen(seenFile, seen);
  const retention = new RetentionRunner({
    storage,
    clock: systemClock,
    log,
    signer,
    days: settings.retention,
    isAuditBroken: () => auditSeal.findings.length > 0,
  });
  retention.start();
  undo.push(() => retention.stop());
  const registry = new Registry();
  const sending = codesOf(settings, storage, log, registry);
  undo.push(() => sending.close());
  const funnel = funnelOf(settings, storage, log, registry);
  undo.push(() => funnel.close());
  const webhooks = webhooksOf(settings, storage, log, registry);
  undo.push(() => webhooks.close());
  const createMedia = (codec: 'PCMU' | 'PCMA') =>
    options.createMedia?.(workers, codec, remote?.media) ?? CallMedia.create(workers, codec, remote?.media);
  const canary = canaryOf(settings, registry, storage, { link, createMedia, log });
  const sip: SipServer = new SipServer({
    settings: settings.sip,
    clock: systemClock,
    logger: log,
    tls: tls(),
    policy: {
      credential: (user) => credentialOf(parts, storage, user, realm),
      allowAnonymous: ({ ip }) => settings.demo && isPrivate(ip),
      incoming: (leg) => calls.incoming(leg),
      registered: (registration) => calls.registered(registration),
      unregistered: (registration) => calls.unregistered(registration),
    },
  });
  const books = new Books(storage, log, signer, (payment) => void webhooks.news(payment), systemClock.now());
  await books.receiptsLeft(systemClock.now());
  const calls: Calls = new Calls({
    parts: {
      sip,
      link,
      createMedia,
      paymentsClosed: (trunk) => canary?.refusal(trunk),
      clock: systemClock,
      log,
      bind: settings.media.bind,
      announced: ({ ip, trunk }) => announcedAddress(settings, link.host?.announced, ip, trunk),
      awaitAgentMs: settings.calls.awaitAgentSeconds * 1000,
      queueMs: settings.calls.queueSeconds * 1000,
      nobody: settings.calls.nobody,
      codes: sending.codes,
    },
    directory,
    books,
    funnel,
    limit: settings.calls.limit,
  });
  const parts: ApiParts = createApiParts({
    storage,
    calls,
    clock: systemClock,
    logger: log,
    registry,
    signer,
    auditSeal,
    sipDomain: realm,
    languages: () => link.languages,
    prompts,
    gateways,
    merchantsChanged: () => directory.load(),
    health: () => [
      {
        name: 'card-process',
        ok: link.up,
        ...cardDetail(link, settings.media.bind),
      },
      {
        name: 'scope map',
        ok: true,
        detail:
          unapproved.length === 0 ? 'as approved, or never approved' : `${unapproved.length} changes not approved`,
      },
      {
        name: 'audit',
        ok: auditSeal.findings.length === 0,
        detail: auditSeal.findings.length === 0 ? 'whole' : 'tampered with: see GET /v1/audit/check',
      },
      ...(canary ? [canaryHealth(canary.state)] : []),
      {
        name: 'media',
        ok: workers.up === settings.media.workers,
        detail: `${workers.up} of ${settings.media.workers} workers`,
      },
      ...sip.trunks().map(({ name, state }) => ({ name: `trunk ${name}`, ok: state !== 'down', detail: state })),
    ],
    state: () => ({
      canary: canary ? canaryShown(canary.state, (trunk) => canary.calledAt(trunk)) : null,
      cardProcess: { up: link.up, notInForce: [...link.unconfined] },
      scopeMap: scope,
    }),
    credentialEnded: (person) => sip.drop(person),
  });
  measure(registry, calls, link, workers);

  await link.start();
  undo.push(() => link.stop());
  undo.push(() => canary?.stop());
  const listening = await sip.start();
  if (!listening.ok) throw new SettingsError(listening.error.message);
  undo.push(() => sip.close());

  const apis: FastifyInstance[] = [];
  const listen = async (https: boolean, host: string, port: number, setting: string) => {
    const api = await createApi({
      parts,
      version,
      clientFolder: path.join(root, 'client/dist'),
      acceptSip: (socket, remote) =>
        sip.acceptWebSocket(socket, { ip: remote.ip, port: remote.port, secure: remote.transport === 'wss' }),
      ...(https && { https: tls() }),
    });
    undo.push(() => api.close());
    await api.listen({ host, port }).catch((cause: NodeJS.ErrnoException) => {
      throw new SettingsError(
        `port ${port} (setting ${setting}) can't be taken on ${host}: ${cause.code ?? cause.message}`,
      );
    });
    apis.push(api);
  };
  await listen(true, settings.http.bind, settings.http.port, 'http.port');
  if (settings.http.loopbackPort) await listen(false, '127.0.0.1', settings.http.loopbackPort, 'http.loopbackPort');

  return {
    calls,
    sip,
    workers,
    link,
    demo,
    reload: async () => {
      await directory.load();
      const keys = await gateways.readKeys();
      const { wrapped = 0, shut = 0 } = keys.ok ? keys.value : {};
      const read = keys.ok ? { wrapped, shut } : { why: keys.error.message };
      await writeAudit(storage, { actorKind: 'server', action: 'reload', detail: read }, systemClock.now());
      if (keys.ok) log.info(read, "keys of merchants' credentials read");
      else log.error(read, "keys of merchants' credentials not read");
      sip.reloadTls(tls());
      for (const api of apis) if (api.server instanceof TlsServer) api.server.setSecureContext(tls());
    },
    drain: async (limitMs) => {
      canary?.stop();
      calls.drain();
      sip.drain();
      const deadline = systemClock.monotonic() + limitMs;
      while (calls.count > 0 && systemClock.monotonic() < deadline) {
        await new Promise<void>((resolve) => systemClock.after(DRAIN_POLL_MS, resolve));
      }
    },
    close: async () => {
      calls.close();
      for (const step of undo.reverse()) await step();
    },
  };
}

async function certificateOf(settings: Settings): Promise<{ certFile: string; keyFile: string; caFile: string }> {
  const { certFile, keyFile, hosts } = settings.http;
  const folder = path.join(settings.dataFolder, 'certificates');
  const dev = await devCa(folder, ['localhost', '127.0.0.1', '::1', ...ownAddresses(), ...hosts]);
  for (const [name, file] of Object.entries({ certFile, keyFile })) {
    if (file !== undefined && !existsSync(file))
      throw new SettingsError(`http.${name} = "${file}": there is no such file`);
  }
  return certFile !== undefined && keyFile !== undefined ? { ...dev, certFile, keyFile } : dev;
}

async function credentialOf(parts: ApiParts, storage: Storage, user: string, realm: string) {
  return parts.sipCredentials.lookup(user) ?? (await findDevice(storage, user, realm));
}

function workerBinary(settings: Settings): string {
  if (settings.media.workerBin !== undefined) return settings.media.workerBin;
  const found = path.join(root, 'build/mediasoup-worker.path');
  if (!existsSync(found)) {
    throw new SettingsError('media.workerBin: there is no media worker yet; `npm start` sets one up, or name one here');
  }
  return readFileSync(found, 'utf8').trim();
}

/**
 * The card process's own settings. A user of its own can't read our folder: of the practice service it gets copies, in a
 * folder that it can't write.
 */
function settingsOfCard(settings: Settings, owner: CardOwner | undefined, devCaFile: string): CardSettings {
  const { dataFolder, gateway, media } = settings;
  const practice = { caFile: devCaFile, keyFile: path.join(dataFolder, 'sandbox.key') };
  if (owner && gateway.kind === 'sandbox') {
    const { folder } = cardFolders(settings);
    mkdirSync(folder, { recursive: true, mode: 0o711 });
    for (const name of ['caFile', 'keyFile'] as const) {
      if (gateway[name] !== undefined) continue;
      const copy = path.join(folder, `practice-${path.basename(practice[name])}`);
      copyFileSync(practice[name], copy);
      chownSync(copy, process.getuid?.() ?? 0, owner.gid);
      chmodSync(copy, 0o640);
      practice[name] = copy;
    }
  }
  return cardSettings({ ...settings, rtpPorts: media.rtpPorts }, cardGateway(gateway, practice));
}

function remoteCard(remote: NonNullable<Settings['card']['remote']>): RemoteCard {
  const { host, port, name } = remote;
  return {
    host,
    port,
    name,
    certFile: path.resolve(remote.certFile),
    keyFile: path.resolve(remote.keyFile),
    caFile: path.resolve(remote.caFile),
  };
}
