// Holds a file's bytes in memory until it is killed: for a card that is planted in another process.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const held = readFileSync(process.argv[2] ?? '');
process.send?.(held.length);
setInterval(() => held.at(0), 1000);
