// How well keys are heard in the sound, beside spandsp and multimon-ng on the same corpus in the same run.
//   npm run bench:dtmf -- [--hours N] [--seed N]
// `--hours`: of speech and music in which no key is; 3 without it. `--seed`: the third
// seed, which is a fresh one in each run and printed. Ours is fed through scripts/dtmf.ts, as by anyone with a recording.
import { randomInt } from 'node:crypto';
import { cpus } from 'node:os';
import { ROWS, type Row, take } from './dtmf/corpus.ts';
import { DETECTORS, type DetectorName, detectors } from './dtmf/detectors.ts';
import { installLines } from './dtmf/programs.ts';
import { type Score, Tally } from './dtmf/score.ts';
import { missingForTalkOff, talkOff } from './dtmf/talk-off.ts';
import { option } from './lib/options.ts';

const SEEDS = [1, 2];
const HOURS = 3;
/** Per 100 presses, on rows that ITU-T Q.24 wants heard. */
const AIM: Score = { hit: 99.5, extra: 0.5 };
const CPU_AIM = 3;
/** In JSON and aims; the other columns are for people. */
const COMPARED = ['ours', 'spandsp', 'multimon'] as const;
const NAME_WIDTH = 44;
const WIDTH = 20;

type Scores = Readonly<Record<DetectorName, Score | null>>;
type Numbers = Record<DetectorName, number>;

const hours = option('hours', HOURS, 24);
const fresh = option('seed', randomInt(1, 2 ** 31), 2 ** 31);
const { there, missing } = detectors();

/** All seeds' presses of one row; null: the detector, or the program that recodes the row, is missing. */
function scored(row: Row): Scores {
  const tallies = DETECTORS.map((name) => ({ name, hear: there[name], tally: new Tally() }));
  for (const seed of [...SEEDS, fresh]) {
    const taken = take(row, seed);
    if (!taken) return Object.fromEntries(DETECTORS.map((name) => [name, null])) as Scores;
    for (const { hear, tally } of tallies) if (hear) tally.add(taken.pressed, hear(taken.bytes).keys);
  }
  return Object.fromEntries(tallies.map(({ name, hear, tally }) => [name, hear ? tally.score : null])) as Scores;
}

function line(name: string, cell: (detector: DetectorName) => string): void {
  console.log(name.padEnd(NAME_WIDTH) + DETECTORS.map((each) => cell(each).padEnd(WIDTH)).join(''));
}

function zeros(): Numbers {
  return Object.fromEntries(DETECTORS.map((name) => [name, 0])) as Numbers;
}

/** What was heard in speech and music; seconds 0: nothing could be made or found. */
function heardInTalk(): { seconds: number; keys: Numbers; cpuMs: Numbers } {
  const total = { seconds: 0, keys: zeros(), cpuMs: zeros() };
  const bySource = new Map<string, { seconds: number; keys: Numbers }>();
  for (const { source, bytes } of talkOff(hours * 3600, fresh)) {
    const own = bySource.get(source) ?? { seconds: 0, keys: zeros() };
    bySource.set(source, own);
    const seconds = bytes.length / 8000;
    own.seconds += seconds;
    total.seconds += seconds;
    for (const name of DETECTORS) {
      const heard = there[name]?.(bytes);
      if (!heard) continue;
      own.keys[name] += heard.keys.length;
      total.keys[name] += heard.keys.length;
      total.cpuMs[name] += heard.cpuMs;
    }
  }
  for (const [source, { seconds, keys }] of bySource) {
    line(`${source}, ${(seconds / 60).toFixed(0)} min`, (name) => (there[name] ? `${keys[name]}` : '–'));
  }
  return total;
}

console.log(
  `Seeds ${SEEDS.join(', ')} and, fresh, ${fresh} (again: --seed ${fresh}); ${cpus()[0]?.model ?? 'a CPU'}\n`,
);
line('keys heard + extra keys, per 100 presses', (name) => name);
const short: string[] = [];
const rows = ROWS.map((row) => {
  const scores = scored(row);
  const { ours } = scores;
  const name = row.wanted === 'refused' ? `${row.name} (to be refused)` : row.name;
  line(name, (each) => (scores[each] ? `${scores[each].hit} + ${scores[each].extra}` : '–'));
  const good =
    row.wanted === 'refused'
      ? ours?.hit === 0 && ours.extra === 0
      : ours && ours.hit >= AIM.hit && ours.extra <= AIM.extra;
  if (ours && !good) short.push(name);
  return { row: name, ...Object.fromEntries(COMPARED.map((each) => [each, scores[each]])) };
});

console.log('\nKeys heard in speech and music without any:');
const talk = heardInTalk();
const perHour = (numbers: Numbers, name: DetectorName) =>
  there[name] && talk.seconds > 0 ? Math.round((numbers[name] * 3600 * 100) / talk.seconds) / 100 : null;
line(`per hour, of ${(talk.seconds / 3600).toFixed(2)} h`, (name) => `${perHour(talk.keys, name) ?? '–'}`);
line('CPU for an hour of sound, ms', (name) => `${perHour(talk.cpuMs, name)?.toFixed() ?? '–'}`);
const ratio = (name: DetectorName) =>
  there[name] && there.spandsp ? talk.cpuMs[name] / talk.cpuMs.spandsp : Number.NaN;
line("against spandsp's", (name) => (ratio(name) > 0 ? ratio(name).toFixed(2) : '–'));
if (talk.keys.ours > 0) short.push(`${talk.keys.ours} keys heard in speech and music`);
if (ratio('ours') > CPU_AIM) short.push(`${ratio('ours').toFixed(2)} times spandsp's CPU`);

console.log(`\nShort of the aim: ${short.length === 0 ? 'nothing' : short.join('; ')}`);
for (const hint of installLines([...missing, ...missingForTalkOff()])) console.log(hint);
console.log(
  JSON.stringify({
    bench: 'dtmf',
    rows,
    talkoff_per_hour: Object.fromEntries(COMPARED.map((name) => [name, perHour(talk.keys, name)])),
  }),
);
