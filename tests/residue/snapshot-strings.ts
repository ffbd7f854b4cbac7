// Every string of a V8 heap snapshot as it lay in memory: `node snapshot-strings.ts <snapshot> <out>`. A process of its own,
// for a snapshot is large and the audit's phones mustn't stand still.
import { readFileSync, writeFileSync } from 'node:fs';
import process from 'node:process';

const [, , from = '', to = ''] = process.argv;
const { strings } = JSON.parse(readFileSync(from, 'utf8')) as { strings: readonly string[] };
const apart = Buffer.from([0xe5]);
const written = strings.flatMap((text) => [Buffer.from(text, /[^\x00-\xff]/.test(text) ? 'utf16le' : 'latin1'), apart]);
writeFileSync(to, Buffer.concat(written));
