import { type DevCertificate, devCertificate } from './shared/dev-ca.ts';

/** Names in the certificates: who each end is, whatever its address. The settings' defaults ask for these. */
export const SERVER_NAME = 'tonegate-server';
export const CARD_NAME = 'tonegate-card';

/**
 * A development authority of its own for the connection between a server and a card process on another host, and a
 * certificate for each of the two. Nothing else is to have one of it: the authority is what both ends trust.
 *
 * @param hosts further names and addresses of the card host
 */
export async function cardCertificates(
  folder: string,
  hosts: readonly string[] = [],
): Promise<{ readonly server: DevCertificate; readonly card: DevCertificate }> {
  const server = await devCertificate(folder, { name: 'server', hosts: [SERVER_NAME], use: 'client', keys: 'rsa' });
  const card = await devCertificate(folder, { name: 'card', hosts: [CARD_NAME, ...hosts], use: 'server', keys: 'rsa' });
  return { server, card };
}
