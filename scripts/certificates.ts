// A development authority and certificates for a card process on a host of its own (docs/operations.md):
//   npm run certificates -- <folder> [names and addresses of the card host …]
// What is there and still good stays. Production brings its own, by the same settings.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { cardCertificates } from '../media-server/src/card-certificates.ts';
import { newPassword, pkcs12 } from './pkcs12.ts';

const [folder, ...hosts] = process.argv.slice(2);
if (folder === undefined) {
  console.error('usage: npm run certificates -- <folder> [names and addresses of the card host …]');
  process.exit(2);
}
const { server, card } = await cardCertificates(folder, hosts);
for (const [name, { certFile, keyFile, caFile }] of Object.entries({ server, card })) {
  const [cert, key, ca] = [certFile, keyFile, caFile].map((file) => readFileSync(file, 'utf8')) as [
    string,
    string,
    string,
  ];
  const passwordFile = path.join(folder, `${name}.p12.password`);
  if (!existsSync(passwordFile)) writeFileSync(passwordFile, `${newPassword()}\n`, { mode: 0o600 });
  const bundle = pkcs12({
    cert,
    key,
    ca,
    name: `tonegate ${name}`,
    password: readFileSync(passwordFile, 'utf8').trim(),
  });
  writeFileSync(path.join(folder, `${name}.p12`), bundle, { mode: 0o600 });
}
console.log(`In ${folder}:
  to the server     server.pem server.key ca.pem   card.remote.certFile, keyFile, caFile
  to the card host  card.pem card.key ca.pem       listen.certFile, keyFile, caFile
  as PKCS#12        server.p12 card.p12            their passwords beside them
  nowhere           ca.key                         whoever has it can be either`);
