import { expect, test } from 'vitest';
import { calledOf, callerOf } from './party.ts';
import { request } from './testing/requests.ts';

test('a trunk says who calls by P-Asserted-Identity, a stranger by From alone', () => {
  const invite = request({
    headers: ['P-Asserted-Identity: "Sato" <sip:+81312340000@carrier.example>, <tel:+81312340000>'],
  });
  expect(callerOf(invite, true)).toEqual({ user: '+81312340000', displayName: 'Sato', withheld: false });
  expect(callerOf(invite, false)).toEqual({ user: '09012345678', displayName: 'Caller', withheld: false });
});

test('Privacy: id and an anonymous From mean withheld', () => {
  expect(callerOf(request({ headers: ['Privacy: id'] }), true).withheld).toBe(true);
  const anonymous = request({ from: '"Payphone" <sip:anonymous@anonymous.invalid>;tag=far' });
  expect(callerOf(anonymous, true)).toEqual({ user: 'anonymous', displayName: 'Payphone', withheld: true });
});

test('tel: and parameters within the user part give the bare number', () => {
  const tel = request({ headers: ['P-Asserted-Identity: <tel:+81-3-1234-0000;phone-context=x>'] });
  expect(callerOf(tel, true).user).toBe('+81312340000');
  expect(calledOf(request({ uri: 'sip:+81312345678;npdi@10.0.0.1' })).user).toBe('+81312345678');
});
