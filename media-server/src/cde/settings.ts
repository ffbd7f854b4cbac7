import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { gatewaySettings } from './gateways/gateway-settings.ts';

const path = z.string().refine(isAbsolute, 'has to be an absolute path');
const ip = z.union([z.ipv4(), z.ipv6()]);

/**
 * What the card process is started with: one JSON file, written by `card-link/` (path as the only argument). No secret
 * stands in it, only the names of files that hold one.
 */
export const CardSettings = z.strictObject({
  /** Unix socket on which the one media-server connects (mode 0600), in a folder of its own (0700). */
  socket: path.max(100),
  /** Folder of the ledger (0700). */
  ledgerFolder: path,
  logFile: path,
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']),
  /** Customers' RTP: even ports from `min`, RTCP on the next. */
  rtpPorts: z.strictObject({ min: z.int().min(1024).max(65_534), max: z.int().min(1025).max(65_535) }),
  /** It runs on another host than the server, which connects over mutual TLS. Absent: on the server's, by the socket. */
  remote: z
    .strictObject({
      listen: z.strictObject({
        ip,
        port: z.int().min(1).max(65_535),
        /** Its own certificate, and the only authority whose certificates of servers are taken. */
        certFile: path,
        keyFile: path,
        caFile: path,
        /** A name that the server's certificate has to have. */
        serverName: z.string().min(1).max(253),
      }),
      /** Local address of customers' RTP, and the one that they are told. */
      bind: ip,
      announced: ip,
      /** Local address and ports of RTP with the SFU. */
      sfu: z.strictObject({ ip, ports: z.strictObject({ min: z.int().min(1024), max: z.int().max(65_535) }) }),
    })
    .optional(),
  /** Gate threads; legs are spread over them. */
  threads: z.int().min(1).max(64),
  gateway: gatewaySettings(path, path),
  /** Waiting times of recovery in ms: when to look an unknown result up again. */
  lookupDelaysMs: z.array(z.int().min(10)).min(1).max(20),
  /** Money that moved and that nobody was told of is given back after this, ms. */
  reverseAfterMs: z.int().min(100),
  /** An order whose money was taken isn't taken again for this long, ms; 0: never mind. Default: a day. */
  paidAgainAfterMs: z.int().min(0).optional(),
  /** Keys of card fingerprints, apart from the ledger; made where it isn't there. Absent: no fingerprints are kept. */
  fingerprintKeyFile: path.optional(),
  /** Keys that merchants' own gateway credentials are sealed under; made where it isn't there and nothing is sealed yet. */
  kekFile: path,
  /** What to do at the start while a program captures this machine's packets. Default: refuse. */
  packetCapture: z.enum(['refuse', 'report']).optional(),
  /** "Absent" counts only when found twice, this far apart, ms. */
  absentAgainAfterMs: z.int().min(10),
  /** Time-outs of the dialogue; tests shorten them. */
  dialogue: z.strictObject({
    /** First key after a question, ms. */
    firstKeyMs: z.int().min(500),
    /** Between keys, ms. */
    nextKeyMs: z.int().min(500),
    /** The whole payment without the gateway's time, ms. */
    totalMs: z.int().min(1000),
    mistakesPerField: z.int().min(1).max(9),
    /** What one `more-time` adds, ms, and how many of them a payment has. */
    moreTimeMs: z.int().min(1000),
    moreTimes: z.int().min(0).max(20),
  }),
});
export type CardSettings = z.infer<typeof CardSettings>;
