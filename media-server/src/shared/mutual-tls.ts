import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket, type TlsOptions } from 'node:tls';

/** One end of a connection in which both show a certificate, PEM files. */
export interface TlsIdentity {
  readonly certFile: string;
  readonly keyFile: string;
  /** The only authority whose certificates the other end may show. */
  readonly caFile: string;
}

/** A silent peer of another host is given up after this: see `FrameConnectionOptions.pulse`. */
export const HOST_PULSE = { everyMs: 1000, silentMs: 5000 } as const;
const HANDSHAKE_LIMIT_MS = 5000;

/**
 * Options of a listener that takes TLS 1.3 alone, and only whoever shows a certificate of the authority. Whether its name
 * is the right one is asked by `isNamed`.
 *
 * @throws if a file can't be read
 */
export function mutualTls(identity: TlsIdentity): TlsOptions {
  return {
    ...credentials(identity),
    requestCert: true,
    rejectUnauthorized: true,
    handshakeTimeout: HANDSHAKE_LIMIT_MS,
  };
}

/** Whether the certificate that the peer has shown is this name's (RFC 9525: its subject alternative names). */
export function isNamed(socket: TLSSocket, name: string): boolean {
  return socket.authorized && nameFault(name, socket.getPeerCertificate()) === undefined;
}

/**
 * Connects; resolves with the connection, or why there is none: a word of Node's or the system's. A listener that takes
 * exception to our certificate says so after that, by closing.
 */
export function dialMutualTls(
  to: { readonly host: string; readonly port: number; readonly name: string },
  identity: TlsIdentity,
): Promise<TLSSocket | string> {
  return new Promise((resolve) => {
    let socket: TLSSocket;
    try {
      socket = connect({
        ...credentials(identity),
        host: to.host,
        port: to.port,
        // An address is no server name (RFC 6066 §3); the certificate is asked for it all the same.
        servername: isIP(to.name) ? '' : to.name,
        checkServerIdentity: (_host, certificate) => nameFault(to.name, certificate),
        timeout: HANDSHAKE_LIMIT_MS,
      });
    } catch (error) {
      return resolve(codeOf(error));
    }
    const failed = (error: Error) => resolve(codeOf(error));
    const late = () => socket.destroy(new Error('ETIMEDOUT'));
    socket.once('error', failed);
    socket.once('timeout', late);
    socket.once('secureConnect', () => {
      socket.off('error', failed);
      socket.off('timeout', late);
      socket.setTimeout(0);
      socket.setNoDelay(true);
      resolve(socket);
    });
  });
}

function credentials({ certFile, keyFile, caFile }: TlsIdentity) {
  return {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    ca: readFileSync(caFile),
    minVersion: 'TLSv1.3',
  } as const;
}

function nameFault(name: string, certificate: PeerCertificate): Error | undefined {
  // Without names of its own Node would go by the common name, which says nothing.
  if (!certificate.subjectaltname) return new Error('ERR_TLS_CERT_ALTNAME_INVALID');
  return checkServerIdentity(name, certificate);
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}
