// @ts-check

/** @typedef {'ja' | 'en'} Language */

const en = {
  title: "Customer's phone",
  subtitle: 'Tonegate demo',
  language: 'Language',
  phone: 'Phone',
  number: 'Number to call',
  'own-number': 'This phone: {number}',
  keypad: 'Keypad',
  messages: 'Text messages',
  'key-star': 'star',
  'key-hash': 'hash',
  call: 'Call',
  answer: 'Answer',
  'hang-up': 'Hang up',
  'turn-away': 'Decline',
  'heard-level': 'What you hear',
  sample: 'Play a sample voice',
  'sample-stop': 'Stop the sample voice',
  microphone: 'Use my microphone',
  'microphone-stop': 'Microphone off',
  'microphone-unsupported': 'The microphone only works when this page is opened on the machine itself (127.0.0.1).',
  'microphone-denied':
    'The browser was told not to give this page the microphone. Allow it in the address bar, then try again.',
  'microphone-missing': 'No microphone was found. The sample voice works without one.',
  'status.connecting': 'Connecting to the phone…',
  'status.lost': 'The demo has stopped. Waiting for it…',
  'status.taken': 'All five phones are taken. Close another window of this page.',
  'status.idle': 'Ready',
  'status.calling': 'Calling…',
  'status.ringing-there': 'It is ringing…',
  'status.ringing': '{far} is calling',
  'status.ringing-withheld': 'Someone is calling',
  'status.talking': 'Connected',
  'status.held': 'On hold',
  'ended.they-hung-up': 'The other side hung up.',
  'ended.you-hung-up': 'Call ended.',
  'ended.missed': 'Missed call',
  'ended.busy': 'The line is busy.',
  'ended.no-answer': 'Nobody answers.',
  'ended.unknown-number': "This number doesn't exist.",
  'ended.refused': 'The call was not accepted.',
  'ended.unreachable': "The call centre can't be reached. Is it running?",
  'ended.trouble': 'The call broke off.',
  'no-keys': "This call can't carry key presses.",
  cards: 'Test cards',
  'cards-hint': 'Only these published test cards work here. Never key a real card.',
  'key-in': 'Key it in',
  stop: 'Stop',
  then: 'Then the guide asks for',
  expiry: 'Expiry',
  'expiry-hint': 'any month to come',
  code: 'Security code',
  'code-hint': 'any three digits',
  'cards-when': 'Ready to key once you are connected.',
  'card.approved': 'Approved',
  'card.approved-text': 'The payment goes through.',
  'card.declined': 'Declined',
  'card.declined-text': "The card's bank says no.",
  'card.funds': 'Declined',
  'card.funds-text': 'Not enough money on it.',
  'card.slow': 'Slow',
  'card.slow-text': 'Approved, but it takes its time.',
  'card.late': 'Answer lost',
  'card.late-text': 'After 20 seconds it is looked up: approved.',
  'card.lost': 'No answer',
  'card.lost-text': 'The agent sees “not known yet”; settled after two minutes.',
  'card.mistyped': 'Mistyped',
  'card.mistyped-text': 'The last digit is wrong: the guide asks again.',
};

/** @typedef {keyof typeof en} Word */

/** @type {Record<Word, string>} */
const ja = {
  title: 'お客様の電話',
  subtitle: 'Tonegate デモ',
  language: '言語',
  phone: '電話機',
  number: 'かける番号',
  'own-number': 'この電話: {number}',
  keypad: '番号ボタン',
  messages: 'メッセージ',
  'key-star': '米印',
  'key-hash': 'シャープ',
  call: '電話をかける',
  answer: '電話に出る',
  'hang-up': '電話を切る',
  'turn-away': '出ない',
  'heard-level': '聞こえている音',
  sample: '見本の声を流す',
  'sample-stop': '見本の声を止める',
  microphone: 'マイクを使う',
  'microphone-stop': 'マイクを切る',
  'microphone-unsupported': 'マイクは、このページを同じパソコン(127.0.0.1)で開いたときだけ使えます。',
  'microphone-denied': 'ブラウザーがマイクの使用を止めています。アドレスバーで許可して、もう一度押してください。',
  'microphone-missing': 'マイクが見つかりません。見本の声はマイクなしで流せます。',
  'status.connecting': '電話につないでいます…',
  'status.lost': 'デモが止まっています。再開を待っています…',
  'status.taken': '電話は5台とも使用中です。ほかのウィンドウを閉じてください。',
  'status.idle': '待機中',
  'status.calling': '発信しています…',
  'status.ringing-there': '呼び出しています…',
  'status.ringing': '{far} から着信',
  'status.ringing-withheld': '非通知の着信',
  'status.talking': '通話中',
  'status.held': '保留中',
  'ended.they-hung-up': '相手が電話を切りました。',
  'ended.you-hung-up': '通話を終えました。',
  'ended.missed': '不在着信がありました。',
  'ended.busy': '話し中です。',
  'ended.no-answer': '応答がありません。',
  'ended.unknown-number': 'この番号は使われていません。',
  'ended.refused': '電話に出てもらえませんでした。',
  'ended.unreachable': 'コールセンターにつながりません。動いていますか。',
  'ended.trouble': '通話が途切れました。',
  'no-keys': 'この通話では番号ボタンを使えません。',
  cards: 'テストカード',
  'cards-hint': '使えるのは公開されたテストカードだけです。本物のカード番号は押さないでください。',
  'key-in': '押す',
  stop: '止める',
  then: '続けて聞かれるもの',
  expiry: '有効期限',
  'expiry-hint': 'これからの年月ならいつでも',
  code: 'セキュリティコード',
  'code-hint': '3けたなら何でも',
  'cards-when': '通話がつながると押せます。',
  'card.approved': '承認',
  'card.approved-text': '支払いが完了します。',
  'card.declined': '拒否',
  'card.declined-text': 'カード会社が認めません。',
  'card.funds': '拒否',
  'card.funds-text': '残高が足りません。',
  'card.slow': '遅い',
  'card.slow-text': '承認されますが、時間がかかります。',
  'card.late': '返事が不明',
  'card.late-text': '20秒後に照会され、承認だとわかります。',
  'card.lost': '返事なし',
  'card.lost-text': '担当者には「まだわかりません」と出て、2分後に決着します。',
  'card.mistyped': '押し間違い',
  'card.mistyped-text': '最後の数字が違うので、もう一度聞かれます。',
};

const WORDS = { en, ja };
const STORED = 'tonegate-demo-language';

/** @returns {Language} what was chosen here before, else what the browser speaks */
export function firstLanguage() {
  const stored = localStorage.getItem(STORED);
  if (stored === 'ja' || stored === 'en') return stored;
  return navigator.language.startsWith('ja') ? 'ja' : 'en';
}

/** @param {Language} language */
export function keepLanguage(language) {
  localStorage.setItem(STORED, language);
}

/**
 * @param {Language} language
 * @param {Word} word
 * @param {Record<string, string>} [values] put in place of `{name}`
 */
export function say(language, word, values = {}) {
  return WORDS[language][word].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? '');
}
