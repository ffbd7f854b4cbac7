import { randomBytes } from 'node:crypto';
import forge from 'node-forge';

const ROUNDS = 100_000;
const PASSWORD_BYTES = 18;

export function newPassword(): string {
  return randomBytes(PASSWORD_BYTES).toString('base64url');
}

/**
 * A certificate, its authority's and its key as a PKCS#12 bundle (RFC 7292), AES-256. Only makes them: nothing of
 * this library ever verifies.
 *
 * @param given PEM; RSA keys
 */
export function pkcs12(given: {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
  readonly name: string;
  readonly password: string;
}): Buffer {
  const { cert, key, ca, name, password } = given;
  const bundle = forge.pkcs12.toPkcs12Asn1(
    forge.pki.privateKeyFromPem(key),
    [cert, ca].map(forgeCertificate),
    password,
    {
      algorithm: 'aes256',
      count: ROUNDS,
      friendlyName: name,
      generateLocalKeyId: true,
    },
  );
  return Buffer.from(forge.asn1.toDer(bundle).getBytes(), 'binary');
}

function forgeCertificate(pem: string): forge.pki.Certificate {
  return forge.pki.certificateFromPem(pem);
}
