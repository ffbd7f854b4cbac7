import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readDemoSettings } from './settings.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'demo-'));
const file = path.join(folder, 'settings.json');
afterAll(() => rmSync(folder, { recursive: true }));

function read(text: string) {
  writeFileSync(file, text);
  return readDemoSettings(file);
}

test('without any setting it is the demo on this machine', () => {
  expect(read('{}')).toEqual({
    port: 7090,
    bind: '127.0.0.1',
    sipPort: 5070,
    sipIp: '127.0.0.1',
    server: { host: '127.0.0.1', port: 5060 },
    number: '+81312345678',
    caller: '+819012345678',
    logLevel: 'info',
  });
});

test('a wrong setting is named with its value and what would be right', () => {
  expect(() => read('{"port": 70000}')).toThrow(/port = 70000: .*65535/);
  expect(() => read('{"number": "sip:a@b"}')).toThrow(/number = "sip:a@b": a telephone number/);
  expect(() => read('{"prot": 1}')).toThrow(/prot/);
  expect(() => read('{')).toThrow(file);
  expect(() => readDemoSettings('/nowhere/demo.json')).toThrow('/nowhere/demo.json');
});
