import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Secret } from '../../shared/secret.ts';

/** Of one SMS in UCS-2 (3GPP TS 23.038): a longer text would go in two, which some phones show in the wrong order. */
const TEXT_LIMIT = 70;
/** A merchant's name gets at least so many. */
const NAME_LEAST = 12;
const FILE = 'code-message.txt';

/** The message's sentence by language, with `{merchant}` and `{code}` in it. */
export type CodeTexts = ReadonlyMap<string, string>;

/**
 * Reads `code-message.txt` of every language's folder.
 *
 * @throws Error naming the file that doesn't fit
 */
export function readCodeTexts(folder: string): CodeTexts {
  const texts = new Map<string, string>();
  for (const language of readdirSync(folder).sort()) {
    const file = path.join(folder, language, FILE);
    if (!existsSync(file)) continue;
    const text = readFileSync(file, 'utf8').trim();
    const fits = text.split('{merchant}').length === 2 && text.split('{code}').length === 2;
    if (!fits || NAME_LEAST > spaceForName(text)) {
      throw new Error(`${file}: needs {merchant} and {code} once each, and ${NAME_LEAST} characters for the name`);
    }
    texts.set(language, text);
  }
  if (!texts.has('en')) throw new Error(`${path.join(folder, 'en', FILE)} is missing`);
  return texts;
}

/** The message: at most 70 UCS-2 characters, a long name cut. Languages without a sentence of their own get English. */
export function codeText(texts: CodeTexts, language: string, merchant: string, code: Secret): Secret {
  const text = texts.get(language) ?? texts.get('en');
  if (text === undefined) throw new Error('there is no English code message');
  const name = cut(merchant.replace(/[\p{C}\s]+/gu, ' ').trim(), spaceForName(text));
  // Functions: a name with a dollar sign is no pattern.
  return new Secret(text.replace('{merchant}', () => name).replace('{code}', () => code.reveal()));
}

function spaceForName(text: string): number {
  return TEXT_LIMIT - text.replace('{merchant}', '').replace('{code}', '000000').length;
}

/** By whole characters; `length` counts UCS-2 ones. */
function cut(name: string, limit: number): string {
  if (name.length <= limit) return name;
  let kept = '';
  for (const character of name) {
    if (kept.length + character.length > limit - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
