#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { checkChain } from './chain.mjs';

const USAGE = `tonegate-verify <receipts.json> [--key <public-key.pem>] [--first]

Checks a chain of receipts of silence, offline: each signature, that none is missing, changed or in another place, and
that none tells of packets that passed the wall. Ends with 0 where all is well, with 1 where something was found, with 2
where it can't check. Without --key the key is taken that came with the file: that shows that nothing was changed since
whoever has that key signed it, and not who that is, so compare its id with the one that you know.
--first: the chain must begin with receipt 1.`;

/** @param {string} what @returns {never} */
function unusable(what) {
  console.error(`${what}\n\n${USAGE}`);
  process.exit(2);
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return unusable(`${file} can't be read (${/** @type {NodeJS.ErrnoException} */ (error).code})`);
  }
}

const given = process.argv.slice(2);
if (given.includes('--help')) {
  console.log(USAGE);
  process.exit(0);
}
const keyAt = given.indexOf('--key');
const keyFile = keyAt < 0 ? undefined : given[keyAt + 1];
const files = given.filter((word, index) => !word.startsWith('--') && (keyAt < 0 || index !== keyAt + 1));
if (files.length !== 1 || files[0] === undefined) unusable('Name one file of receipts.');

/** @type {{ receipts?: unknown, publicKey?: unknown, head?: import('./chain.mjs').Head | null }} */
let file;
try {
  file = JSON.parse(read(files[0]));
} catch {
  unusable(`${files[0]} is no JSON.`);
}
if (!Array.isArray(file.receipts)) unusable(`${files[0]} holds no list "receipts".`);

if (keyAt >= 0 && keyFile === undefined) unusable('Name the public key: --key <public-key.pem>.');
const key = keyFile !== undefined ? read(keyFile) : file.publicKey;
if (typeof key !== 'string') {
  unusable(`${files[0]} came without a public key. Name one: --key <public-key.pem>.`);
}
let verdict;
try {
  verdict = checkChain(file.receipts, key, file.head ?? null);
} catch (error) {
  unusable(`${keyFile ?? 'What came with the file'} is no usable key: ${/** @type {Error} */ (error).message}`);
}
if (given.includes('--first') && verdict.first !== 1) {
  verdict.findings.push({ at: 1, what: `the chain begins with receipt ${String(verdict.first)}` });
}
for (const { at, what } of verdict.findings) console.log(`${files[0]}, entry ${at}: ${what}`);
if (keyFile === undefined) {
  console.log(`Signed by the key ${verdict.key}, which came with the file: compare it with the one that you know.`);
}
if (verdict.findings.length === 0) {
  console.log(
    verdict.endedAt === null
      ? `This file doesn't hold the end of the chain: what came after its last receipt isn't missed.`
      : `Receipt ${String(verdict.last)} was the last one on ${new Date(verdict.endedAt).toISOString()}.`,
  );
}
const range = verdict.first === null ? 'no receipts' : `receipts ${verdict.first} to ${String(verdict.last)}`;
console.log(
  verdict.findings.length === 0
    ? `${range}: complete, unchanged, and no packet passed the wall.`
    : `${range}: ${verdict.findings.length} findings.`,
);
process.exit(verdict.findings.length === 0 ? 0 : 1);
