// Holds a file's bytes in memory until it is killed, as bytes and as strings: for cards that are planted in a process.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const bytes = readFileSync(process.argv[2] ?? '');
// A heap snapshot has a thousand letters of a string.
const texts: string[] = [];
for (let from = 0, to = 0; to >= 0; from = to + 100) {
  to = bytes.indexOf(Buffer.alloc(100, 0xe5), from);
  texts.push(bytes.toString('latin1', from, to < 0 ? bytes.length : to));
}
process.send?.(bytes.length);
setInterval(() => [bytes.at(0), texts.at(0)], 1000);
