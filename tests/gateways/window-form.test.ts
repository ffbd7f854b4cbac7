import { expect, test } from 'vitest';
import { en } from '../../client/src/i18n/en.ts';
import { knownKey } from '../../client/src/i18n/translate.ts';
import {
  emptyFields,
  firstValues,
  GATEWAY_FIELDS,
  GATEWAY_KINDS,
  type GatewayField,
  gatewayRequest,
} from '../../client/src/state/gateway-form.ts';
import { readOwnGateway } from '../../media-server/src/cde/gateways/own-gateway.ts';
import { CONFINEMENTS } from '../../media-server/src/cde/contract.ts';

const SAMPLES: Readonly<Record<string, string>> = {
  url: 'https://service.example',
  proxy: 'http://proxy.example:8080',
  'merchant.nameKana': 'タナカ',
  'merchant.contactEmail': 'a@b.example',
  'merchant.contactPhone': '03-1234-5678',
  'merchant.contactOpeningHours': '10:00-18:00',
};

function sampleOf({ name, form, choices }: GatewayField): string {
  return form === 'choices' ? choices.join(' ') : form === 'switch' ? 'true' : (SAMPLES[name] ?? 'Sample');
}

for (const kind of GATEWAY_KINDS) {
  const fields = GATEWAY_FIELDS[kind];

  test(`what the window's form of ${kind} sends is what the server takes: all of it, and only what is needed`, () => {
    for (const filled of [fields, fields.filter(({ needed }) => needed)]) {
      const values = Object.fromEntries(filled.map((field) => [field.name, sampleOf(field)]));
      const { gateway, credentials } = gatewayRequest(kind, values, false);
      const read = readOwnGateway(gateway, credentials);
      expect(read.ok ? [] : read.error).toEqual([]);
      expect(read.ok && Object.keys(read.value.secrets).sort()).toEqual(
        filled
          .filter(({ secret }) => secret)
          .map(({ name }) => name)
          .sort(),
      );
    }
  });

  test(`the window asks for all that ${kind} needs`, () => {
    expect(emptyFields(kind, {})).toEqual(fields.filter(({ needed }) => needed).map(({ name }) => name));
    for (const { name } of fields.filter(({ needed, preset }) => needed && preset === '')) {
      const values = Object.fromEntries(
        fields.filter((one) => one.needed && one.name !== name).map((one) => [one.name, sampleOf(one)]),
      );
      const { gateway, credentials } = gatewayRequest(kind, { ...firstValues(kind, null), ...values }, false);
      const read = readOwnGateway(gateway, credentials);
      expect(read.ok ? '' : read.error.join(), `${kind} without ${name}`).toContain(name);
    }
  });

  test(`every field of ${kind} has words`, () => {
    expect(fields.map(({ name }) => `gateway.field.${name}`).filter((key) => knownKey(key) === undefined)).toEqual([]);
    expect(en).toHaveProperty([`gateway.kind.${kind}`]);
  });
}

test('every confinement has words in the window', () => {
  expect(CONFINEMENTS.filter((name) => knownKey(`state.confinement.${name}`) === undefined)).toEqual([]);
});
