import { expect, test } from 'vitest';
import { KeyDoctor } from './key-doctor.ts';

const advices = (doctor: KeyDoctor) => [doctor.view(true).advice, doctor.view(false).advice];

test('negotiated events are trusted until something speaks against them, tones only when they were heard', () => {
  expect(advices(new KeyDoctor())).toEqual(['sure', 'unknown']);
  const heard = new KeyDoctor();
  heard.seen('tone');
  expect(advices(heard)).toEqual(['sure', 'sure']);
});

test('keys by INFO alone are no way for a card; with a tone or an event beside them they do no harm', () => {
  const doctor = new KeyDoctor();
  doctor.byInfo();
  expect(advices(doctor)).toEqual(['unknown', 'info-only']);
  doctor.seen('event');
  expect(advices(doctor)).toEqual(['sure', 'sure']);
  expect(doctor.view(false)).toMatchObject({ event: 1, tone: 0, both: 0, info: 1 });
});

test('a key test in which nothing came leaves no way where no events were negotiated, until a key comes', () => {
  const doctor = new KeyDoctor();
  doctor.tested('nothing');
  expect(advices(doctor)).toEqual(['unknown', 'none']);
  doctor.seen('tone');
  expect(advices(doctor)).toEqual(['sure', 'sure']);
});

test('a press that came both ways counts as an event and in both, whichever way was first', () => {
  const doctor = new KeyDoctor();
  for (const transport of ['tone', 'both', 'event', 'both', 'tone', 'event'] as const) doctor.seen(transport);
  expect(doctor.view(true)).toEqual({ advice: 'sure', negotiated: true, event: 3, tone: 1, both: 2, info: 0 });
});

test('a second sight of one press never makes a count negative', () => {
  const doctor = new KeyDoctor();
  for (const transport of ['tone', 'both', 'both'] as const) doctor.seen(transport);
  expect(doctor.view(false)).toMatchObject({ event: 1, tone: 0, both: 2 });
});
