// @ts-check
import { EXPIRY, SECURITY_CODE, SHAPES, TEST_CARDS } from './cards.js';
import { Keypad, KeyList } from './keypad.js';
import { Microphone } from './microphone.js';
import { SoundSocket } from './sound-socket.js';
import { Speaker } from './speaker.js';
import { Tones } from './tones.js';
import { firstLanguage, keepLanguage, say } from './words.js';

/** @typedef {import('./words.js').Word} Word */

/** The quietest level that the meter shows, dBFS. */
const METER_FLOOR = -50;
const METER_MS = 100;
const MESSAGES_SHOWN = 2;

/** What the page shows is all in here; `render` writes it down. */
const state = {
  language: firstLanguage(),
  /** @type {'connecting' | 'open' | 'lost' | 'taken'} */
  link: 'connecting',
  /** @type {import('./sound-socket.js').CallMessage} */
  call: { type: 'state', call: 'idle' },
  demoNumber: '',
  ownNumber: '',
  /** Whether someone has typed into the number. */
  typed: false,
  samplePlaying: false,
  microphoneOn: false,
  /** @type {Word | undefined} */
  note: undefined,
  /** The last text messages, the newest first. @type {string[]} */
  messages: [],
  /** The keys that are being keyed in, '' for none. */
  keying: '',
  talkingSince: 0,
};

/** @type {{ context: AudioContext, speaker: Speaker, tones: Tones, microphone: Microphone } | undefined} */
let audio;
let loudest = 0;

/** @template {HTMLElement} T @param {string} id @param {new () => T} type @returns {T} */
function part(id, type) {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`the page has no ${id}`);
  return element;
}

const ui = {
  status: part('status', HTMLElement),
  time: part('time', HTMLElement),
  number: part('number', HTMLInputElement),
  own: part('own', HTMLElement),
  level: part('level', HTMLElement),
  levelFill: part('level-fill', HTMLElement),
  call: part('call', HTMLButtonElement),
  answer: part('answer', HTMLButtonElement),
  hangUp: part('hang-up', HTMLButtonElement),
  sample: part('sample', HTMLButtonElement),
  microphone: part('microphone', HTMLButtonElement),
  note: part('note', HTMLElement),
  messages: part('messages', HTMLElement),
  cards: part('cards', HTMLElement),
  more: part('more', HTMLElement),
  cardsWhen: part('cards-when', HTMLElement),
};

const words = (/** @type {Word} */ word, /** @type {Record<string, string>} */ values = {}) =>
  say(state.language, word, values);

const socket = new SoundSocket({
  message(message) {
    state.link = 'open';
    if (message.type === 'hello') {
      state.demoNumber = message.number;
      state.ownNumber = message.caller;
    } else if (message.type === 'sample') {
      state.samplePlaying = message.playing;
    } else if (message.type === 'text') {
      showText(message.text);
    } else {
      callChanged(message);
    }
    render();
  },
  heard(samples) {
    audio?.speaker.play(samples);
    let sum = 0;
    for (const sample of samples) sum += sample * sample;
    loudest = Math.max(loudest, Math.sqrt(sum / samples.length) / 32_768);
  },
  lost(taken) {
    state.link = taken ? 'taken' : 'lost';
    state.samplePlaying = false;
    callChanged({ type: 'state', call: 'idle' });
    render();
  },
});

const keypad = new Keypad(part('keypad', HTMLElement), {
  down(key) {
    audio?.tones.keyDown(key);
    if (state.call.call === 'talking') socket.send({ type: 'key-down', key });
    else if (state.call.call === 'idle') {
      ui.number.value = state.typed ? (ui.number.value + key).slice(0, ui.number.maxLength) : key;
      state.typed = true;
    }
  },
  up() {
    audio?.tones.keyUp();
    socket.send({ type: 'key-up' });
  },
});
const keyList = new KeyList(keypad, () => {
  state.keying = '';
  render();
});

/** @param {import('./sound-socket.js').CallMessage} next */
function callChanged(next) {
  const before = state.call.call;
  state.call = next;
  if (next.call === 'talking' && before !== 'talking') state.talkingSince = Date.now();
  if (next.call !== 'talking') keyList.stop();
  if (next.call === 'idle' && before !== 'idle') {
    state.typed = false;
    if (state.microphoneOn) stopMicrophone();
    if (next.ended !== 'you-hung-up') audio?.tones.ended();
  }
  const ringingThere = next.call === 'ringing-there' && !next.earlySound;
  audio?.tones.signal(next.call === 'ringing' ? 'bell' : ringingThere ? 'ringing-there' : '');
}

function stopMicrophone() {
  audio?.microphone.stop();
  state.microphoneOn = false;
}

/** Browsers allow sound only after somebody has touched the page. */
function wakeAudio() {
  if (!audio) {
    const context = new AudioContext({ latencyHint: 'interactive' });
    audio = {
      context,
      speaker: new Speaker(context),
      tones: new Tones(context),
      microphone: new Microphone(context, (frame) => socket.speak(frame)),
    };
    if (state.call.call === 'ringing') audio.tones.signal('bell');
  }
  if (audio.context.state !== 'running') void audio.context.resume();
  return audio;
}

async function toggleMicrophone() {
  state.note = undefined;
  if (state.microphoneOn) stopMicrophone();
  else {
    const trouble = await wakeAudio().microphone.start();
    if (trouble) state.note = `microphone-${trouble}`;
    else if (state.call.call === 'talking') state.microphoneOn = true;
    // The call ended while the browser asked.
    else stopMicrophone();
  }
  render();
}

function dial() {
  state.note = undefined;
  const number = ui.number.value.replace(/[^0-9*#+]/g, '') || state.demoNumber;
  socket.send({ type: 'dial', number });
}

/**
 * @param {HTMLElement} list
 * @param {string} keys
 * @param {string} shown
 * @param {() => (string | Node)[]} below
 * @param {(() => void)[]} into
 */
function addKeyRow(list, keys, shown, below, into = renderers) {
  const row = document.createElement('li');
  const text = document.createElement('div');
  const button = document.createElement('button');
  button.type = 'button';
  button.dataset['testid'] = `key-in-${keys}`;
  button.addEventListener('click', () => {
    if (state.keying === keys) return keyList.stop();
    keyList.start(keys);
    state.keying = keys;
    return render();
  });
  row.append(text, button);
  list.append(row);
  into.push(() => {
    const isThis = state.keying === keys;
    const number = document.createElement('div');
    number.className = 'card-number';
    number.textContent = shown;
    text.replaceChildren(number, ...below());
    button.textContent = words(isThis ? 'stop' : 'key-in');
    button.setAttribute('aria-label', isThis ? words('stop') : `${words('key-in')}: ${shown}`);
    button.disabled = !state.call.keys || (state.keying !== '' && !isThis);
  });
}

/** @type {(() => void)[]} */
const renderers = [];
/** Those of the messages, which go when they go. @type {(() => void)[]} */
const messageRenderers = [];

for (const { number, outcome } of TEST_CARDS) {
  addKeyRow(ui.cards, number.replaceAll(' ', ''), number, () => {
    const badge = document.createElement('span');
    badge.className = 'outcome';
    badge.dataset['outcome'] = outcome;
    badge.textContent = `${SHAPES[outcome]} ${words(`card.${outcome}`)}`;
    const text = document.createElement('span');
    text.className = 'quiet';
    text.textContent = words(`card.${outcome}-text`);
    return [badge, text];
  });
}
for (const { keys, name, hint } of /** @type {const} */ ([
  { keys: EXPIRY, name: 'expiry', hint: 'expiry-hint' },
  { keys: SECURITY_CODE, name: 'code', hint: 'code-hint' },
])) {
  addKeyRow(ui.more, keys, keys, () => {
    const text = document.createElement('span');
    text.className = 'quiet';
    text.textContent = `${words(name)} (${words(hint)})`;
    return [text];
  });
}

/** @param {string} text */
function showText(text) {
  audio?.tones.message();
  state.messages = [text, ...state.messages].slice(0, MESSAGES_SHOWN);
  ui.messages.replaceChildren();
  messageRenderers.length = 0;
  for (const each of state.messages) {
    const code = /\d{6}/.exec(each)?.[0];
    if (code === undefined) {
      const row = document.createElement('li');
      row.textContent = each;
      ui.messages.append(row);
    } else addKeyRow(ui.messages, code, each, () => [], messageRenderers);
  }
}

function statusText() {
  const { link, call } = state;
  if (link !== 'open') return words(`status.${link}`);
  if (call.call === 'idle')
    return call.ended ? words(/** @type {Word} */ (`ended.${call.ended}`)) : words('status.idle');
  if (call.call === 'ringing')
    return call.far ? words('status.ringing', { far: call.far }) : words('status.ringing-withheld');
  if (call.call === 'talking') return words(call.held ? 'status.held' : 'status.talking');
  return words(`status.${call.call}`);
}

/** @param {HTMLElement} element @param {string} text */
function write(element, text) {
  // Unchanged text stays untouched, or screen readers say it again.
  if (element.textContent !== text) element.textContent = text;
}

function render() {
  const { link, call, language } = state;
  document.documentElement.lang = language;
  document.title = words('title');
  for (const element of document.querySelectorAll('[data-words]')) {
    if (element instanceof HTMLElement) write(element, words(/** @type {Word} */ (element.dataset['words'])));
  }
  for (const element of document.querySelectorAll('[data-name]')) {
    if (element instanceof HTMLElement)
      element.setAttribute('aria-label', words(/** @type {Word} */ (element.dataset['name'])));
  }
  for (const button of document.querySelectorAll('[data-language]')) {
    if (button instanceof HTMLElement)
      button.setAttribute('aria-pressed', String(button.dataset['language'] === language));
  }
  const idle = call.call === 'idle';
  const talking = call.call === 'talking';
  write(ui.status, statusText());
  ui.status.dataset['state'] = link !== 'open' ? link : talking && call.held ? 'held' : call.call;
  ui.status.dataset['ended'] = call.ended ?? '';
  write(ui.own, state.ownNumber && words('own-number', { number: state.ownNumber }));
  ui.number.readOnly = !idle;
  ui.number.placeholder = state.demoNumber;
  if (!idle) ui.number.value = call.far ?? '';
  else if (!state.typed) ui.number.value = state.demoNumber;
  ui.call.hidden = call.call === 'ringing';
  ui.call.disabled = link !== 'open' || !idle;
  ui.answer.hidden = call.call !== 'ringing';
  ui.hangUp.disabled = idle;
  write(ui.hangUp, words(call.call === 'ringing' ? 'turn-away' : 'hang-up'));
  ui.sample.disabled = !talking;
  ui.sample.setAttribute('aria-pressed', String(state.samplePlaying));
  write(ui.sample, words(state.samplePlaying ? 'sample-stop' : 'sample'));
  ui.microphone.disabled = !talking;
  ui.microphone.setAttribute('aria-pressed', String(state.microphoneOn));
  write(ui.microphone, words(state.microphoneOn ? 'microphone-stop' : 'microphone'));
  const noKeys = talking && !call.held && !call.keys;
  write(ui.note, state.note ? words(state.note) : noKeys ? words('no-keys') : '');
  ui.cardsWhen.style.visibility = call.keys ? 'hidden' : 'visible';
  for (const each of [...renderers, ...messageRenderers]) each();
}

function renderLevel() {
  const dbfs = loudest > 0 ? 20 * Math.log10(loudest) : METER_FLOOR;
  loudest = 0;
  const share = Math.max(0, Math.min(1, 1 - dbfs / METER_FLOOR));
  ui.levelFill.style.transform = `scaleX(${share})`;
  ui.level.setAttribute('aria-valuenow', String(Math.round(share * 100)));
  const seconds = state.call.call === 'talking' ? Math.floor((Date.now() - state.talkingSince) / 1000) : -1;
  write(
    ui.time,
    seconds < 0 ? '' : `${String(Math.floor(seconds / 60)).padStart(2, '0')}:${String(seconds % 60).padStart(2, '0')}`,
  );
}

document.addEventListener('pointerdown', wakeAudio, { capture: true });
document.addEventListener('keydown', wakeAudio, { capture: true });
document.addEventListener('click', wakeAudio, { capture: true });
ui.call.addEventListener('click', dial);
ui.answer.addEventListener('click', () => socket.send({ type: 'answer' }));
ui.hangUp.addEventListener('click', () => socket.send({ type: 'hang-up' }));
ui.sample.addEventListener('click', () =>
  socket.send({ type: 'sample', play: !state.samplePlaying, language: state.language }),
);
ui.microphone.addEventListener('click', () => void toggleMicrophone());
ui.number.addEventListener('input', () => {
  state.typed = true;
});
ui.number.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && !ui.call.disabled) dial();
});
for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => {
    state.language = button instanceof HTMLElement && button.dataset['language'] === 'ja' ? 'ja' : 'en';
    keepLanguage(state.language);
    render();
  });
}
setInterval(renderLevel, METER_MS);
render();
