// How well the prompts are understood, by a machine that knows no Tonegate: Debian's pocketsphinx with its model of
// American English (pocketsphinx, pocketsphinx-en-us) listens to them through a telephone's band.
//   npm run voices:check [-- --voice mei_normal.htsvoice]     prints the figures and writes them to docs/voices-measured.json
// It hears one utterance at a time and says which one of its group it was: a sentence among all sentences, an amount among
// sixty. Guessing is right once in a group. Japanese is heard by the English model, whose sounds stand for the Japanese
// ones: what it scores is the least that can be said. Readings come from open_jtalk, the words' sounds from CMU's dictionary.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { PROMPTS_FOLDER } from '../media-server/src/cde/prompts/language.ts';
import { type PromptName, SENTENCES } from '../media-server/src/cde/prompts/names.ts';
import { loadPrompts, type Pace, type PromptBook } from '../media-server/src/cde/prompts/prompts.ts';
import { AMOUNT_LIMIT_MINOR } from '../media-server/src/shared/money.ts';
import { japanesePhones } from './japanese-phones.ts';
import { OpenJtalk } from './open-jtalk.ts';

const MODEL = '/usr/share/pocketsphinx/model/en-us';
const RESULT = path.resolve(import.meta.dirname, '../docs/voices-measured.json');
const AMOUNTS = 60;
const REFERENCES = 40;
const ONES = [
  ...['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten', 'eleven', 'twelve'],
  ...['thirteen', 'fourteen', 'fifteen', 'sixteen', 'seventeen', 'eighteen', 'nineteen'],
];

/** What is heard: prompts played one after the other. */
type Utterance = readonly PromptName[];
/** The words of a prompt, each with its sounds in CMU's letters. */
type Words = readonly { readonly word: string; readonly phones: readonly string[] }[];

export interface Figure {
  readonly language: string;
  readonly group: string;
  readonly pace: Pace;
  readonly right: number;
  readonly of: number;
  /** Those that were taken for another one, and for which. */
  readonly mistaken: readonly string[];
}

/** A digest over every prompt's sound: figures of other sounds are no figures. */
export function promptsDigest(): string {
  const hash = createHash('sha256');
  for (const language of ['en', 'ja']) {
    const folder = path.join(PROMPTS_FOLDER, language);
    for (const file of readdirSync(folder).sort()) {
      if (file.endsWith('.ulaw')) hash.update(`${language}/${file}\n`).update(readFileSync(path.join(folder, file)));
    }
  }
  return hash.digest('hex');
}

function groupsOf(book: PromptBook, language: string): Record<string, Utterance[]> {
  const speech = book.speech(language);
  const random = randomOf(4);
  const amounts = Array.from({ length: AMOUNTS }, () => {
    // As many of each length: prices are short.
    const amountMinor =
      1 + Math.floor(random() * Math.min(AMOUNT_LIMIT_MINOR - 1, 10 ** (2 + Math.floor(random() * 5))));
    const currency = language === 'ja' || random() < 0.5 ? 'JPY' : 'USD';
    return ['amount-is', ...speech.amount({ amountMinor, currency })] as const;
  });
  const references = Array.from({ length: REFERENCES }, () => {
    const signs = Array.from({ length: 5 }, () => '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ'[Math.floor(random() * 36)]);
    return ['reference-is', ...speech.spell(signs.join(''))] as const;
  });
  return {
    sentences: SENTENCES.map((name) => [name]),
    'keys so far': Array.from({ length: 19 }, (_, i) => speech.keys(i + 1)),
    'choice of a language': Array.from({ length: 9 }, (_, i) => speech.choice(i + 1)),
    amounts,
    'order numbers': references,
  };
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** The text that the engine was given for each prompt. */
function textsOf(language: string): Map<string, string> {
  const list = JSON.parse(readFileSync(path.join(PROMPTS_FOLDER, language, 'prompts.json'), 'utf8')) as {
    prompts: Record<string, { text: string; spoken?: string }>;
  };
  return new Map(Object.entries(list.prompts).map(([name, { text, spoken }]) => [name, spoken ?? text]));
}

function englishWords(texts: Map<string, string>): (name: string) => Words {
  const lines = readFileSync(path.join(MODEL, 'cmudict-en-us.dict'), 'utf8').split('\n');
  const dictionary = new Map<string, string[]>();
  for (const line of lines) {
    const [entry = '', ...phones] = line.split(' ');
    const word = entry.replace(/\(\d+\)$/, '');
    dictionary.set(word, [...(dictionary.get(word) ?? []), phones.join(' ')]);
  }
  return (name) => {
    const text = texts.get(name) ?? '';
    const letter = /^([A-Z]),$/.exec(text)?.[1];
    const words = letter
      ? [`${letter.toLowerCase()}.`]
      : text
          .toLowerCase()
          .replace('2027', 'twenty twenty seven')
          .replace(/\d+/g, (digits) => ONES[Number(digits)] ?? digits)
          .match(/[a-z']+/g);
    return (words ?? []).map((word) => {
      const phones = dictionary.get(word);
      if (!phones) throw new Error(`CMU's dictionary doesn't have "${word}" of ${name}`);
      return { word, phones };
    });
  };
}

function japaneseWords(texts: Map<string, string>, engine: OpenJtalk, scratch: string): (name: string) => Words {
  const known = new Map<string, Words>();
  return (name) => {
    const found = known.get(name);
    if (found) return found;
    const sentences = (texts.get(name) ?? '').match(/[^。?!]+[。?!]*/g) ?? [];
    // A pause may stand at a comma and nowhere else.
    const phrases = sentences.flatMap((sentence) =>
      engine
        .speak(sentence, 1, path.join(scratch, 'speech.wav'))
        .join('')
        .split(/[、?!]/)
        .filter((phrase) => phrase !== ''),
    );
    const words = phrases.map((phrase) => ({ word: phrase, phones: [japanesePhones(phrase)] }));
    known.set(name, words);
    return words;
  };
}

/** Has each utterance of a group heard, with nothing but the group's utterances to choose from. */
function hear(
  scratch: string,
  book: PromptBook,
  language: string,
  pace: Pace,
  utterances: readonly Utterance[],
  wordsOf: (name: string) => Words,
): { right: number; mistaken: string[] } {
  const folder = path.join(scratch, `${language}-${pace}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const dictionary = new Map<string, { id: string; phones: readonly string[] }>();
  const sayings = utterances.map((utterance) =>
    utterance
      .flatMap((name) => wordsOf(name))
      .map(({ word, phones }) => {
        const id = dictionary.get(word)?.id ?? `w${letters(dictionary.size)}`;
        dictionary.set(word, { id, phones });
        return id;
      })
      .join(' '),
  );
  const file = (name: string) => path.join(folder, name);
  const entries = [...dictionary.values()].flatMap(({ id, phones }) =>
    phones.map((sounds, i) => `${id}${i === 0 ? '' : `(${i + 1})`} ${sounds}`),
  );
  writeFileSync(file('dict'), `${entries.join('\n')}\n`);
  const grammar = `#JSGF V1.0;\ngrammar group;\npublic <one> = ${[...new Set(sayings)].join(' | ')} ;\n`;
  writeFileSync(file('grammar'), grammar);
  for (const [at, utterance] of utterances.entries()) {
    const sound = Buffer.concat(utterance.map((name) => book.get(name, language, 'PCMU', pace)));
    const form = ['-t', 'raw', '-r', '8000', '-e', 'mu-law', '-c', '1', '-'];
    const wav = ['-r', '16000', '-b', '16', '-e', 'signed', file(`${at}.wav`), 'pad', '0.3', '0.3'];
    execFileSync('sox', ['-D', ...form, ...wav], { input: sound });
  }
  writeFileSync(file('list'), `${utterances.map((_, at) => at).join('\n')}\n`);
  execFileSync(
    'pocketsphinx_batch',
    [
      ...['-hmm', path.join(MODEL, 'en-us'), '-jsgf', file('grammar'), '-dict', file('dict')],
      ...['-ctl', file('list'), '-cepdir', folder, '-cepext', '.wav', '-adcin', 'yes', '-adchdr', '44'],
      // A line is never silent as digits can be; and the search is wide: giving up early would be its own mistake.
      ...['-dither', 'yes', '-seed', '1', '-lw', '1', '-fillprob', '1e-60'],
      ...['-beam', '1e-120', '-wbeam', '1e-100', '-pbeam', '1e-120', '-hyp', file('heard')],
    ],
    { stdio: 'ignore' },
  );
  const heard = new Map<number, string>();
  for (const line of readFileSync(file('heard'), 'utf8').split('\n')) {
    const parts = /^(.*?) ?\((\d+) -?\d+\)$/.exec(line);
    if (parts) heard.set(Number(parts[2]), parts[1]?.trim() ?? '');
  }
  const title = (at: number) =>
    utterances[at]?.length === 1 ? `${utterances[at][0]}` : (utterances[at] ?? []).join(' ');
  const mistaken = sayings.flatMap((saying, at) => {
    if (heard.get(at) === saying) return [];
    const other = sayings.indexOf(heard.get(at) ?? '');
    return [`${title(at)} → ${other < 0 ? 'nothing' : title(other)}`];
  });
  return { right: utterances.length - mistaken.length, mistaken };
}

function letters(number: number): string {
  return [...String(number)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
}

function main(): void {
  const scratch = mkdtempSync(path.join(tmpdir(), 'voices-'));
  try {
    const given = process.argv.indexOf('--voice');
    const engine = new OpenJtalk(scratch, given > 0 ? process.argv[given + 1] : undefined);
    const book = loadPrompts();
    const figures: Figure[] = [];
    for (const language of ['ja', 'en']) {
      const texts = textsOf(language);
      const wordsOf = language === 'ja' ? japaneseWords(texts, engine, scratch) : englishWords(texts);
      for (const [group, utterances] of Object.entries(groupsOf(book, language))) {
        for (const pace of ['normal', 'slow'] as const) {
          const { right, mistaken } = hear(scratch, book, language, pace, utterances, wordsOf);
          figures.push({ language, group, pace, right, of: utterances.length, mistaken });
          console.log(`${language} ${group}, ${pace}: ${right} of ${utterances.length}`);
          for (const line of mistaken) console.log(`  ${line}`);
        }
      }
    }
    writeFileSync(RESULT, `${JSON.stringify({ prompts: promptsDigest(), figures }, null, 2)}\n`);
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

if (process.argv[1] && path.resolve(process.argv[1]) === import.meta.filename) main();
