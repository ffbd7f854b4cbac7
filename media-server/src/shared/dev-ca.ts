// @peculiar/x509's dependency injection needs this first.
import 'reflect-metadata';
import { createPrivateKey, randomBytes, type webcrypto, X509Certificate } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
  X509Certificate as X509,
} from '@peculiar/x509';

/** Files of a development authority and of one certificate that it signed, PEM. */
export interface DevCertificate {
  /** What clients trust. */
  readonly caFile: string;
  /** The certificate for the hosts. */
  readonly certFile: string;
  /** Its key (mode 0600). */
  readonly keyFile: string;
}

const DAY_MS = 86_400_000;
const CA_DAYS = 3650;
/** Apple's limit for certificates of private authorities is 825 days; what users add themselves is held to 398. */
const LEAF_DAYS = 397;
/** Renewed when less than this is left. */
const RENEW_DAYS = 30;
const EC = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
/** What PKCS#12 bundles can hold that old software reads. */
const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 3072,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: 'SHA-256',
} as const;

/** What a certificate of a development authority is to be good for. */
export interface DevCertificateRequest {
  /** Base name of its two files. */
  readonly name: string;
  /** Names and addresses that it is for. */
  readonly hosts: readonly string[];
  /** Which end of a TLS connection may show it; default: both. */
  readonly use?: 'server' | 'client';
  /** Default: `ec`, P-256. One authority makes one sort. */
  readonly keys?: 'ec' | 'rsa';
}

/**
 * A development authority and a certificate for `hosts` (names and IP addresses; LAN ones too), good for https, wss,
 * SIP over TLS and as a client's: `ca.pem`, `ca.key`, `cert.pem`, `cert.key` in `folder` (made with mode 0700). What is
 * there and still good is left as it is; a certificate that lacks a host, comes from another authority or ends within 30
 * days is made anew, the authority only when it is broken or about to end (users have trusted it by hand).
 */
export function devCa(folder: string, hosts: readonly string[]): Promise<DevCertificate> {
  return devCertificate(folder, { name: 'cert', hosts });
}

/** As `devCa`, for a certificate of another name, use or sort of keys. */
export async function devCertificate(folder: string, request: DevCertificateRequest): Promise<DevCertificate> {
  const { name, hosts } = request;
  const algorithm = request.keys === 'rsa' ? RSA : EC;
  const files = {
    caFile: join(folder, 'ca.pem'),
    certFile: join(folder, `${name}.pem`),
    keyFile: join(folder, `${name}.key`),
  };
  const caKeyFile = join(folder, 'ca.key');
  await mkdir(folder, { recursive: true, mode: 0o700 });

  let ca = await certificate(files.caFile, caKeyFile);
  if (!ca || !lasts(ca)) {
    await makeCa(files.caFile, caKeyFile, algorithm);
    ca = await certificate(files.caFile, caKeyFile);
    if (!ca) throw new Error(`${files.caFile} can't be read back`);
  }
  const leaf = await certificate(files.certFile, files.keyFile);
  const good = leaf && lasts(leaf) && leaf.verify(ca.publicKey) && hosts.every((host) => covers(leaf, host));
  if (!good) await makeLeaf(files, caKeyFile, request, algorithm);
  return files;
}

type Algorithm = typeof EC | typeof RSA;

async function makeCa(file: string, keyFile: string, algorithm: Algorithm): Promise<void> {
  const keys = await newKeys(algorithm);
  const made = await X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    // A name of its own, so that two machines' authorities can be told apart in a trust store.
    name: [{ CN: [`Tonegate development ${randomBytes(4).toString('hex')}`] }],
    ...period(CA_DAYS),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  await save(keyFile, await pemOf(keys.privateKey), 0o600);
  await save(file, made.toString('pem'), 0o644);
}

async function makeLeaf(
  files: DevCertificate,
  caKeyFile: string,
  { hosts, use }: DevCertificateRequest,
  algorithm: Algorithm,
): Promise<void> {
  const [issuer, caKeyPem] = await Promise.all([readFile(files.caFile, 'utf8'), readFile(caKeyFile, 'utf8')]);
  const ca = new X509(issuer);
  const signingKey = await crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(caKeyPem), algorithm, false, [
    'sign',
  ]);
  const keys = await newKeys(algorithm);
  const made = await X509CertificateGenerator.create({
    serialNumber: serial(),
    subject: [{ CN: [hosts[0] ?? 'localhost'] }],
    issuer: ca.subject,
    ...period(LEAF_DAYS),
    signingAlgorithm: algorithm,
    signingKey,
    publicKey: keys.publicKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([
        ...(use === 'client' ? [] : [ExtendedKeyUsage.serverAuth]),
        ...(use === 'server' ? [] : [ExtendedKeyUsage.clientAuth]),
      ]),
      new SubjectAlternativeNameExtension(
        hosts.map((host) => ({ type: isIP(host) ? ('ip' as const) : ('dns' as const), value: host })),
      ),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
      await AuthorityKeyIdentifierExtension.create(ca.publicKey),
    ],
  });
  await save(files.keyFile, await pemOf(keys.privateKey), 0o600);
  await save(files.certFile, made.toString('pem'), 0o644);
}

/** The certificate in a file, if it is one and its key stands beside it. */
async function certificate(file: string, keyFile: string): Promise<X509Certificate | undefined> {
  try {
    const [pem, keyPem] = await Promise.all([readFile(file), readFile(keyFile)]);
    const found = new X509Certificate(pem);
    return found.checkPrivateKey(createPrivateKey(keyPem)) ? found : undefined;
  } catch {
    return undefined;
  }
}

function lasts(certificate: X509Certificate): boolean {
  const now = Date.now();
  return certificate.validFromDate.getTime() <= now && certificate.validToDate.getTime() - now > RENEW_DAYS * DAY_MS;
}

function covers(certificate: X509Certificate, host: string): boolean {
  return (isIP(host) ? certificate.checkIP(host) : certificate.checkHost(host)) !== undefined;
}

function newKeys(algorithm: Algorithm): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;
}

function period(days: number): { notBefore: Date; notAfter: Date } {
  // An hour back: clocks of other machines on the LAN.
  const from = Date.now() - 3_600_000;
  return { notBefore: new Date(from), notAfter: new Date(from + days * DAY_MS) };
}

function serial(): string {
  const bytes = randomBytes(16);
  // Positive and without a leading zero byte (RFC 5280 §4.1.2.2).
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

async function pemOf(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function save(file: string, text: string, mode: number): Promise<void> {
  const half = `${file}.${process.pid}.new`;
  await writeFile(half, text, { mode });
  await rename(half, file);
}
