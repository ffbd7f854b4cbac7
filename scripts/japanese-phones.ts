// The sounds of Japanese, as near as those of American English come to them (CMU's letters).

const VOWELS = ['AA', 'IY', 'UH', 'EH', 'OW'];
/** Consonants, and their kana with a, i, u, e, o; those that are said otherwise stand in `OTHERS`. */
const ROWS = {
  '': 'アイウエオ',
  K: 'カキクケコ',
  G: 'ガギグゲゴ',
  S: 'サ・スセソ',
  Z: 'ザ・ズゼゾ',
  T: 'タ・・テト',
  D: 'ダ・・デド',
  N: 'ナニヌネノ',
  HH: 'ハヒ・ヘホ',
  B: 'バビブベボ',
  P: 'パピプペポ',
  M: 'マミムメモ',
  L: 'ラリルレロ',
};
const OTHERS = {
  シ: 'SH IY',
  ジ: 'JH IY',
  チ: 'CH IY',
  ヂ: 'JH IY',
  ツ: 'T S UH',
  ヅ: 'Z UH',
  フ: 'F UH',
  ヤ: 'Y AA',
  ユ: 'Y UH',
  ヨ: 'Y OW',
  ワ: 'W AA',
  ヲ: 'OW',
  ン: 'N',
  ヴ: 'V UH',
};
const SMALL = new Map(
  Object.entries({ ャ: 'AA', ュ: 'UH', ョ: 'OW', ァ: 'AA', ィ: 'IY', ゥ: 'UH', ェ: 'EH', ォ: 'OW' }),
);

const KANA = new Map([
  ...Object.entries(ROWS).flatMap(([consonant, kana]) =>
    [...kana].map((sign, i) => [sign, `${consonant} ${VOWELS[i]}`.trim()] as const),
  ),
  ...Object.entries(OTHERS),
]);

/** The sounds of a phrase in katakana as open_jtalk writes it: `ー` lengthens, `’` takes the vowel's voice away. */
export function japanesePhones(phrase: string): string {
  const phones: string[] = [];
  for (const sign of phrase) {
    const small = SMALL.get(sign);
    if (sign === 'ー') phones.push(phones.at(-1) === 'EH' ? 'IY' : (phones.at(-1) ?? ''));
    else if (sign === '’') {
      if (phones.length > 1 && VOWELS.includes(phones.at(-1) ?? '')) phones.pop();
    } else if (small !== undefined) {
      if (VOWELS.includes(phones.at(-1) ?? '')) phones.pop();
      if ('ャュョ'.includes(sign) && !['SH', 'CH', 'JH'].includes(phones.at(-1) ?? '')) phones.push('Y');
      phones.push(small);
    } else if (sign !== 'ッ') {
      const sounds = KANA.get(sign);
      if (sounds === undefined) throw new Error(`No sounds are known for ${sign} in ${phrase}`);
      phones.push(...sounds.split(' '));
    }
  }
  return phones.join(' ');
}
