import { readFileSync } from 'node:fs';
import type { Clock } from '../../shared/clock.ts';
import type { Logger } from '../../shared/logger.ts';
import { Secret } from '../../shared/secret.ts';
import { basic } from '../http-post.ts';
import { readSecret } from '../secret-source.ts';
import { HttpSender } from './http-sender.ts';
import type { CodeSender } from './sender.ts';
import type { SenderSettings } from './settings.ts';
import { SmppSender } from './smpp-sender.ts';

/**
 * The sender that the settings name.
 *
 * @throws Error naming the setting whose file or variable is missing
 */
export function openSender(
  settings: SenderSettings,
  parts: { readonly clock: Clock; readonly log: Logger },
): CodeSender {
  switch (settings.kind) {
    case 'http': {
      const { url, headers, format, body, caFile, timeoutMs, bearer, basic: login } = settings;
      let authorization: Secret | undefined;
      if (bearer) authorization = new Secret(`Bearer ${readSecret(bearer, 'codes.sender.bearer').reveal()}`);
      if (login) {
        authorization = new Secret(basic(login.user, readSecret(login.password, 'codes.sender.basic.password')));
      }
      return new HttpSender({
        ...{ name: 'http', url: new URL(url), headers, authorization, format, body, timeoutMs },
        caFile,
      });
    }
    case 'twilio': {
      const { url, account, token, from, caFile, timeoutMs } = settings;
      const source = from.startsWith('MG') ? { MessagingServiceSid: from } : { From: from };
      return new HttpSender({
        name: 'twilio',
        url: new URL(`/2010-04-01/Accounts/${account}/Messages.json`, url),
        headers: {},
        authorization: new Secret(basic(account, readSecret(token, 'codes.sender.token'))),
        format: 'form',
        body: { To: '{phone}', ...source, Body: '{text}' },
        caFile,
        timeoutMs,
      });
    }
    case 'smpp': {
      const { kind: _, password, caFile, enquireSeconds, ...rest } = settings;
      return new SmppSender({
        ...rest,
        ...parts,
        password: readSecret(password, 'codes.sender.password'),
        ca: caFile === undefined ? undefined : readFileSync(caFile, 'utf8'),
        enquireMs: enquireSeconds * 1000,
      });
    }
    case 'log-only':
      return new HttpSender({
        name: 'log-only',
        url: new URL(settings.url),
        headers: {},
        authorization: undefined,
        format: 'json',
        body: { to: '{phone}', text: '{text}', id: '{id}' },
        caFile: undefined,
        timeoutMs: 2000,
      });
  }
}
