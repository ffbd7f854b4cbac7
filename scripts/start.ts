// `npm start`: the demo, complete, on this machine.
//   npm start                     starts all and prints where to go
//   npm start -- --check          starts all, makes one demo payment by itself, prints one line of JSON and ends
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { ownAddresses } from '../media-server/src/settings.ts';
import { runCheck } from './check.ts';
import { DEMO_NUMBER, type Stack, startStack } from './demo-stack.ts';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
/** When npm was started, as the set-up before this wrote it down; started by hand, when this was. */
const startedAt =
  process.env.npm_lifecycle_event === 'start'
    ? Number(readFileSync(path.join(root, 'build/started-at'), 'utf8'))
    : Date.now() - process.uptime() * 1000;

async function main(): Promise<void> {
  if (process.argv.includes('--check')) process.exit(await runCheck(root, startedAt));
  const stack = await startStack({ folder: path.join(root, 'data'), ports: 'standard' });
  show(stack);
  let ending = false;
  const stop = () => {
    if (ending) return;
    ending = true;
    console.error('tonegate: ending');
    void stack.stop().then(() => process.exit(0));
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  // A terminal that is closed says SIGHUP too, and would leave everything running unseen.
  process.on('SIGHUP', process.stdin.isTTY ? stop : () => stack.server.kill('SIGHUP'));
  const name = await stack.ended;
  if (ending) return;
  console.error(`tonegate: ${name} ended by itself; its last words are in data/${name}.log`);
  await stack.stop();
  process.exit(1);
}

function show(stack: Stack): void {
  const { ports, secrets } = stack;
  const lan = ownAddresses()[0];
  const seconds = Math.round((Date.now() - startedAt) / 100) / 10;
  console.log(`
Tonegate is ready after ${seconds} s.

  Softphone           ${stack.softphone}
                      name hanako   password ${secrets.hanako}
                      (a second agent: taro   ${secrets.taro};  their supervisor: keiko   ${secrets.keiko};
                      their administrator: akira   ${secrets.akira})
  Customer's phone    ${stack.phone}

  Any SIP phone       sip:${DEMO_NUMBER}@${lan ?? '127.0.0.1'}:${ports.sip}   (UDP or TCP; TLS on ${ports.sipTls})
                      user customer   password ${secrets.customer}
  From other machines https://${lan ?? '127.0.0.1'}:${ports.https}   (trust data/certificates/ca.pem first)
  API                 ${stack.softphone}/v1/openapi.json   key ${secrets.apiKey}

  Test cards: 4242 4242 4242 4242 is approved, 4000 0000 0000 0002 is declined; any later month, any code.
  Ctrl-C ends it.
`);
}

main().catch((cause: Error) => {
  console.error(`tonegate: ${cause.message}`);
  if (/in use|EADDRINUSE/i.test(cause.message))
    console.error('tonegate: does it run already? End that one, or see "Troubles" in docs/operations.md');
  process.exit(1);
});
