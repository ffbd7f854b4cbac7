#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { checkChain } from './chain.mjs';

const USAGE = `tonegate-verify <receipts.json> --key <public-key.pem> [--first]

Checks a chain of receipts of silence, offline: each signature, that none is missing, changed or in another place, and
that none tells of packets that passed the wall. Ends with 0 where all is well, with 1 where something was found, with 2
where it can't check. --first: the chain must begin with receipt 1.`;

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
const files = given.filter((word, index) => !word.startsWith('--') && index !== keyAt + 1);
if (files.length !== 1 || files[0] === undefined) unusable('Name one file of receipts.');
if (keyFile === undefined) unusable('Name the public key: --key <public-key.pem>.');

/** @type {{ receipts?: unknown, head?: { number: number, digest: string } | null }} */
let file;
try {
  file = JSON.parse(read(files[0]));
} catch {
  unusable(`${files[0]} is no JSON.`);
}
if (!Array.isArray(file.receipts)) unusable(`${files[0]} holds no list "receipts".`);

let verdict;
try {
  verdict = checkChain(file.receipts, read(keyFile), file.head ?? null);
} catch (error) {
  unusable(`${keyFile} is no usable key: ${/** @type {Error} */ (error).message}`);
}
if (given.includes('--first') && verdict.first !== 1) {
  verdict.findings.push({ at: 1, what: `the chain begins with receipt ${String(verdict.first)}` });
}
for (const { at, what } of verdict.findings) console.log(`${files[0]}, entry ${at}: ${what}`);
const range = verdict.first === null ? 'no receipts' : `receipts ${verdict.first} to ${String(verdict.last)}`;
console.log(
  verdict.findings.length === 0
    ? `${range}: complete, unchanged, and no packet passed the wall.`
    : `${range}: ${verdict.findings.length} findings.`,
);
process.exit(verdict.findings.length === 0 ? 0 : 1);
