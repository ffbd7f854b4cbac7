// Proves the house's rules: formatting, types, oxlint's rules, and who may import whom (docs/architecture.md).
//   npm run lint            prints every finding; ends with 1 if there is one
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const source = path.join(root, 'media-server/src');

/** A folder of media-server/src, and the folders (or single files) that it may import from besides itself. */
const LAYERS: Record<string, readonly string[]> = {
  shared: [],
  rtp: ['shared'],
  sql: ['shared'],
  storage: ['shared', 'sql'],
  cde: ['shared', 'rtp', 'sql'],
  'card-link': ['shared', 'cde/contract.ts', 'cde/settings.ts'],
  sip: ['shared'],
  media: ['shared'],
  calls: ['shared', 'sip', 'media', 'storage', 'card-link'],
  canary: ['shared', 'rtp', 'media', 'card-link', 'calls'],
  integrations: ['shared', 'calls', 'storage'],
  api: ['shared', 'calls', 'storage', 'integrations'],
  sandbox: ['shared'],
  demo: ['shared', 'rtp', 'sip'],
};
/** client/src: dependencies point from `ui` through `state` to `phone` and `api`. */
const CLIENT_LAYERS: Record<string, readonly string[]> = {
  i18n: [],
  api: ['i18n'],
  phone: ['i18n', 'api'],
  state: ['i18n', 'api', 'phone'],
  ui: ['i18n', 'api', 'phone', 'state'],
};

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"](\.[^'"]+)['"]|import\(\s*['"](\.[^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"](\.[^'"]+)['"]/g;

function sourceFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.includes('node_modules') && !file.startsWith('dist'))
    .map((file) => path.join(folder, file));
}

/** Every import in `base` that crosses its layers, in words. */
export function layerFindings(base: string, layers: Record<string, readonly string[]>): string[] {
  const findings: string[] = [];
  for (const file of sourceFiles(base)) {
    const inside = path.relative(base, file);
    const layer = inside.split(path.sep)[0] ?? '';
    // What stands at the top (main.ts, settings.ts) puts the parts together and may import all.
    if (!inside.includes(path.sep)) continue;
    const allowed = layers[layer];
    if (!allowed) {
      findings.push(
        `${inside}: the folder ${layer}/ is in no layer: name it in scripts/lint.ts and docs/architecture.md`,
      );
      continue;
    }
    for (const match of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const target = path.relative(base, path.resolve(path.dirname(file), match[1] ?? match[2] ?? match[3] ?? ''));
      const fits =
        target.startsWith(`${layer}/`) || allowed.some((place) => target === place || target.startsWith(`${place}/`));
      // Tests may use a neighbour to play the other side.
      if (!fits && !/\.test\.tsx?$|(^|\/)test-[^/]*\.ts$/.test(inside)) {
        findings.push(`${inside}: ${layer}/ may not import ${target} (allowed: ${allowed.join(', ') || 'nothing'})`);
      }
    }
  }
  return findings;
}

/** A planted violation has to be found, or the check proves nothing. */
function plantedIsFound(): boolean {
  const folder = mkdtempSync(path.join(root, 'build', 'planted-'));
  try {
    for (const layer of ['sip', 'calls']) spawnSync('mkdir', [path.join(folder, layer)]);
    writeFileSync(path.join(folder, 'calls/call.ts'), 'export const call = 1;\n');
    writeFileSync(
      path.join(folder, 'sip/leg.ts'),
      "import { call } from '../calls/call.ts';\nexport const leg = call;\n",
    );
    return layerFindings(folder, LAYERS).length === 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function step(name: string, command: string, args: string[]): boolean {
  const { status } = spawnSync(process.execPath, [path.join(root, 'node_modules', command), ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'} ${name}`);
  return status === 0;
}

function main(): void {
  spawnSync('mkdir', ['-p', path.join(root, 'build')]);
  const findings = [...layerFindings(source, LAYERS), ...layerFindings(path.join(root, 'client/src'), CLIENT_LAYERS)];
  if (!plantedIsFound()) findings.push('the planted violation was not found: the layer check is broken');
  for (const finding of findings) console.log(`layers: ${finding}`);
  console.log(`${findings.length === 0 ? 'ok  ' : 'FAIL'} layers`);
  const steps = [
    findings.length === 0,
    step('format (npm run format mends it)', '@biomejs/biome/bin/biome', ['format', '.']),
    step('types', 'typescript/bin/tsc', ['-p', 'tsconfig.json']),
    step("types of the demo's phone page", 'typescript/bin/tsc', ['-p', 'media-server/src/demo/page/tsconfig.json']),
    step('types of the softphone', 'typescript/bin/tsc', ['-p', 'client/tsconfig.json']),
    step('oxlint', 'oxlint/bin/oxlint', ['--type-aware', '--max-warnings', '0']),
    step('unused files and exports', 'knip/bin/knip.js', ['--no-progress']),
  ];
  process.exit(steps.every(Boolean) ? 0 : 1);
}

if (process.argv[1] && existsSync(process.argv[1]) && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url))
  main();
