// The data-flow diagram of a configuration (PCI DSS 12.5.2).
//   npm run scope-map -- [settings.json]             writes scope-map.json and scope-map.svg into the data folder, and says
//                                                    what is another than in the approved one; ends with 1 if anything is
//   npm run scope-map -- [settings.json] --approve   the same, and makes it the approved one
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { approvedScope, scopeDifferences, scopeDigest, scopeMap } from '../media-server/src/scope-map.ts';
import { drawScope } from '../media-server/src/scope-map-svg.ts';
import { readSettings } from '../media-server/src/settings.ts';

const words = process.argv.slice(2);
const settings = readSettings(words.find((word) => !word.startsWith('--')));
const folder = settings.dataFolder;
const map = scopeMap(settings);
mkdirSync(folder, { recursive: true, mode: 0o700 });
drawScope(folder, map);
console.log(`${path.join(folder, 'scope-map.svg')} and .json: ${map.parts.length} parts, ${map.flows.length} flows`);

const approvedFile = path.join(folder, 'scope-map.approved.json');
const approved = approvedScope(approvedFile);
const whyNone = { none: 'nothing was approved yet', altered: 'the approved map was altered' };
const differences = typeof approved === 'string' ? [whyNone[approved]] : scopeDifferences(approved, map);
for (const line of differences) console.log(`  ${line}`);
if (words.includes('--approve')) {
  const approval = { digest: scopeDigest(map), approvedAt: new Date().toISOString(), map };
  writeFileSync(approvedFile, `${JSON.stringify(approval, null, 2)}\n`, { mode: 0o600 });
  console.log('approved');
} else if (differences.length === 0) console.log('as approved');
else process.exitCode = 1;
