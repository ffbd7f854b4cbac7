import type { Operation } from './description.ts';

/** Of JSON Schema what both descriptions use, references resolved. */
interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly anyOf?: readonly Schema[];
}
type Side = 'request' | 'answer';

/**
 * Where a description of a part says something of an operation that the whole one doesn't: a request may hold less, never
 * miss what is required; an answer may be described in part, its values whole.
 * @param elsewhere statuses that the whole description names in its text, apart from its operations
 */
export function differences(ours: Operation, theirs: Operation, elsewhere: ReadonlySet<string>): string[] {
  const name = `${ours.method} ${ours.path}`;
  const found = schemaDifferences(bodyOf(ours), bodyOf(theirs), `${name} request`, 'request');
  const headers = new Map((theirs.request?.headers ?? []).map((header) => [header.name.toLowerCase(), header]));
  for (const { name: header, schema } of ours.request?.headers ?? []) {
    const known = headers.get(header.toLowerCase());
    if (known)
      found.push(...schemaDifferences(schema as Schema, known.schema as Schema, `${name} ${header}`, 'request'));
  }
  for (const header of theirs.request?.headers ?? []) {
    const sent = ours.request?.headers?.some((one) => one.name.toLowerCase() === header.name.toLowerCase());
    if (header.required && !sent) found.push(`${name}: the header ${header.name} is required`);
  }
  for (const { code, contents = [] } of ours.responses) {
    const known = theirs.responses.find((one) => one.code === code);
    if (!known && !elsewhere.has(code)) found.push(`${name}: there is no answer ${code}`);
    for (const { mediaType, schema } of known ? contents : []) {
      const same = known?.contents?.find((one) => one.mediaType === mediaType);
      if (!same) found.push(`${name} ${code}: not as ${mediaType}`);
      else found.push(...schemaDifferences(schema as Schema, same.schema as Schema, `${name} ${code}`, 'answer'));
    }
  }
  return found;
}

function bodyOf({ request }: Operation): Schema {
  return (request?.body?.contents?.[0]?.schema ?? {}) as Schema;
}

function schemaDifferences(ours: Schema, theirs: Schema, at: string, side: Side): string[] {
  if (theirs.anyOf && !theirs.properties && !theirs.enum) {
    // One of its forms is ours: that with the fewest differences.
    const [best = [`${at}: has no form`]] = theirs.anyOf
      .map((form) => schemaDifferences(ours, form, at, side))
      .sort((one, other) => one.length - other.length);
    return best;
  }
  const found: string[] = [];
  const type = ours.type ?? typeof ours.const;
  if (theirs.type !== undefined && theirs.type !== type) found.push(`${at}: is ${theirs.type}, not ${type}`);
  if (theirs.format !== undefined && ours.format !== undefined && theirs.format !== ours.format)
    found.push(`${at}: is a ${theirs.format}, not a ${ours.format}`);
  found.push(...valueDifferences(ours, theirs, at, side));
  for (const [name, schema] of Object.entries(ours.properties ?? {})) {
    const known = theirs.properties?.[name];
    if (known) found.push(...schemaDifferences(schema, known, `${at}.${name}`, side));
    else found.push(`${at}.${name}: isn't there`);
  }
  if (side === 'request') {
    for (const name of theirs.required ?? [])
      if (!ours.required?.includes(name)) found.push(`${at}.${name}: is required`);
  }
  if (ours.items) found.push(...schemaDifferences(ours.items, theirs.items ?? {}, `${at}[]`, side));
  return found;
}

function valueDifferences(ours: Schema, theirs: Schema, at: string, side: Side): string[] {
  const found: string[] = [];
  const values = ours.enum ?? (ours.const === undefined ? undefined : [ours.const]);
  if (theirs.enum) {
    const unknown = values?.filter((value) => !theirs.enum?.includes(value)) ?? ['any value'];
    const missing = side === 'answer' ? theirs.enum.filter((value) => !values?.includes(value)) : [];
    if (unknown.length > 0) found.push(`${at}: can't be ${unknown.join(', ')}`);
    if (missing.length > 0) found.push(`${at}: can be ${missing.join(', ')}`);
  }
  if (side === 'answer' || values) return found;
  // Whether one pattern takes all that another does, requests show; that there is one, can be seen.
  if (theirs.pattern !== undefined && ours.pattern === undefined) found.push(`${at}: has to match ${theirs.pattern}`);
  if (theirs.maxLength !== undefined && (ours.maxLength ?? (ours.pattern ? 0 : Infinity)) > theirs.maxLength)
    found.push(`${at}: has ${theirs.maxLength} characters at most`);
  return found;
}
