// Writes the tables of docs/settings.md from the schema of the settings; what stands above the mark is written by hand.
//   node scripts/run.mjs scripts/settings-docs.ts
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { CardHostSettings } from '../media-server/src/card-host-settings.ts';
import { Settings } from '../media-server/src/settings.ts';

const file = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../docs/settings.md');
const MARK = '<!-- Below this line: made by scripts/settings-docs.ts. -->';
/** Defaults that depend on the machine. */
const OF_THE_MACHINE: Record<string, string> = { 'media.workers': 'one a core', 'card.threads': 'one a core' };

interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly anyOf?: readonly Schema[];
  /** Kinds of one thing, told apart by the constant of their `kind`. */
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

/** The text of docs/settings.md with its tables as the schema has them now. */
export function withTables(text: string): string {
  const at = text.indexOf(MARK);
  if (at < 0) throw new Error(`docs/settings.md has lost its mark: ${MARK}`);
  return `${text.slice(0, at)}${MARK}\n\n${tables()}\n`;
}

const CARD_HOST = `# A card host's settings

Of \`npm run card -- settings.json\`, which runs the card process [on a host of its own](operations.md#the-card-process-on-a-host-of-its-own). \`gateway\` is as above, and has to be given; of files all have to be named.`;

function tables(): string {
  const server = tablesOf(Settings.toJSONSchema({ io: 'input' }) as Schema);
  const { gateway: _same, ...properties } = (CardHostSettings.toJSONSchema({ io: 'input' }) as Schema).properties ?? {};
  const required = ['dataFolder', 'listen', 'media'];
  return `${server}\n\n${CARD_HOST}\n\n${tablesOf({ properties, required }, 'Card host: ')}`;
}

function tablesOf(all: Schema, prefix = ''): string {
  const groups: { title: string; rows: string[] }[] = [{ title: 'General', rows: [] }];
  for (const [name, schema] of Object.entries(all.properties ?? {})) {
    if (schema.properties) addGroup(groups, name, schema);
    else if (schema.oneOf) addKinds(groups, name, schema);
    else {
      groups[0]?.rows.push(row(name, schema, all));
      if (schema.items?.properties) addGroup(groups, `${name}[]`, schema.items);
    }
  }
  const head = '| setting | values | default | meaning |\n| --- | --- | --- | --- |';
  return groups.map(({ title, rows }) => `## ${prefix}${title}\n\n${[head, ...rows].join('\n')}`).join('\n\n');
}

/** One table for each kind. */
function addKinds(groups: { title: string; rows: string[] }[], name: string, { oneOf = [] }: Schema): void {
  for (const schema of oneOf) {
    const tables: { title: string; rows: string[] }[] = [];
    addGroup(tables, name, schema);
    const kind = String(schema.properties?.['kind']?.const);
    for (const { title, rows } of tables) groups.push({ title: `${title}, kind \`${kind}\``, rows });
  }
}

/** One table for an object's settings and those of the objects in it; lists of objects get a table of their own. */
function addGroup(groups: { title: string; rows: string[] }[], title: string, schema: Schema): void {
  const group = { title, rows: [] as string[] };
  groups.push(group);
  const collect = (prefix: string, object: Schema): void => {
    for (const [name, property] of Object.entries(object.properties ?? {})) {
      const key = `${prefix}.${name}`;
      if (property.properties) {
        if (property.description !== undefined) group.rows.push(row(key, property, object));
        collect(key, property);
        continue;
      }
      group.rows.push(row(key, property, object));
      if (property.oneOf) addKinds(groups, key, property);
      if (property.items?.properties) addGroup(groups, `${key}[]`, property.items);
    }
  };
  collect(title, schema);
}

function row(key: string, schema: Schema, parent: Schema): string {
  const name = key.split('.').at(-1) ?? key;
  const required = parent.required?.includes(name) ?? false;
  const usual = OF_THE_MACHINE[key] ?? defaultOf(schema, required);
  return `| \`${key}\` | ${valuesOf(schema)} | ${usual} | ${cell(schema.description ?? '')} |`;
}

function defaultOf(schema: Schema, required: boolean): string {
  if (schema.properties || schema.default === undefined) return required ? 'has to be given' : '–';
  return `\`${cell(JSON.stringify(schema.default))}\``;
}

function valuesOf(schema: Schema): string {
  if (schema.properties) return 'group';
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${JSON.stringify(value)}\``).join(', ');
  if (schema.oneOf)
    return schema.oneOf.map(({ properties }) => `\`${String(properties?.['kind']?.const)}\``).join(', ');
  if (schema.anyOf?.some(({ properties }) => properties?.['environment']))
    return '`{"file": "…"}`, `{"environment": "…"}`';
  if (schema.anyOf)
    return schema.anyOf.some(({ format }) => format?.startsWith('cidr')) ? 'range (CIDR)' : 'IP address';
  switch (schema.type) {
    case 'array': {
      const least = schema.minItems ?? 0;
      const most = schema.maxItems === undefined ? '' : `${least}–${schema.maxItems} `;
      return `list of ${most}× ${schema.items ? valuesOf(schema.items) : 'anything'}`;
    }
    case 'integer':
    case 'number':
      return numbers(schema);
    case 'boolean':
      return '`true`, `false`';
    case 'string':
      return text(schema);
    default:
      return schema.type ?? 'anything';
  }
}

function numbers({ type, minimum, maximum }: Schema): string {
  const kind = type === 'integer' ? 'whole number' : 'number';
  // Without a limit of its own the schema has the greatest safe integer.
  if (maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER) {
    return minimum === undefined ? kind : `${kind} from ${minimum}`;
  }
  return `${kind} ${minimum ?? ''}–${maximum}`;
}

function text({ format, pattern, minLength, maxLength }: Schema): string {
  if (format === 'uri') return 'https URL';
  if (pattern !== undefined) return `text like \`${cell(pattern)}\``;
  if (maxLength === undefined) return 'text';
  return `text of ${minLength ?? 0}–${maxLength} characters`;
}

function cell(words: string): string {
  return words.replaceAll('|', '\\|').replaceAll('\n', ' ');
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  writeFileSync(file, withTables(readFileSync(file, 'utf8')));
}
