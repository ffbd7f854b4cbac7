import { parseMessage } from '../messages/parse.ts';
import type { SipMessage, SipRequest } from '../messages/message.ts';
import { serialize } from '../messages/serialize.ts';
import type { Flow } from '../transport/flow.ts';

const LIMITS = { messageBytes: 65_536, headers: 128, lineBytes: 8192 };

export interface RequestParts {
  readonly method?: string;
  readonly uri?: string;
  readonly branch?: string;
  readonly via?: string;
  readonly callId?: string;
  readonly from?: string;
  readonly to?: string;
  readonly cseq?: number;
  readonly headers?: readonly string[];
  readonly body?: string;
}

/** A request as it would come from a phone at 10.0.0.9:5060. */
export function request(parts: RequestParts = {}): SipRequest {
  const method = parts.method ?? 'INVITE';
  const body = parts.body ?? '';
  const lines = [
    `${method} ${parts.uri ?? 'sip:0312345678@10.0.0.1'} SIP/2.0`,
    `Via: ${parts.via ?? `SIP/2.0/UDP 10.0.0.9:5060;branch=${parts.branch ?? 'z9hG4bKone'};rport`}`,
    'Max-Forwards: 70',
    `From: ${parts.from ?? '"Caller" <sip:09012345678@10.0.0.9>;tag=far'}`,
    `To: ${parts.to ?? '<sip:0312345678@10.0.0.1>'}`,
    `Call-ID: ${parts.callId ?? 'call-a'}`,
    `CSeq: ${parts.cseq ?? 1} ${method}`,
    'Contact: <sip:phone@10.0.0.9:5060>',
    ...(parts.headers ?? []),
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ];
  const parsed = parse(Buffer.from(lines.join('\r\n')));
  if (parsed.kind !== 'request') throw new Error('not a request');
  return parsed;
}

export function parse(bytes: Buffer): SipMessage {
  const parsed = parseMessage(bytes, LIMITS, 'datagram');
  if (!parsed.ok) throw new Error(`${parsed.error.status} ${parsed.error.reason}: ${bytes.toString('latin1')}`);
  return parsed.value;
}

/** A flow that keeps what is written to it, parsed. */
export interface NotedFlow extends Flow {
  readonly written: SipMessage[];
  alive: boolean;
}

export function notedFlow(changes: Partial<Flow> = {}): NotedFlow {
  const written: SipMessage[] = [];
  return {
    transport: 'udp',
    local: { ip: '10.0.0.1', port: 5060 },
    remote: { ip: '10.0.0.9', port: 5060 },
    reliable: false,
    alive: true,
    close: () => {},
    ...changes,
    written,
    write: (bytes) => void written.push(parse(bytes)),
  };
}

/** `INVITE`, `200 INVITE`: what a message is. */
export function nameOf(message: SipMessage): string {
  const cseq = message.headers.get('CSeq') ?? '';
  return message.kind === 'request' ? message.method : `${message.status} ${cseq.split(' ')[1]}`;
}

/** The message as if it had crossed a network. */
export function sent<T extends SipMessage>(message: T): T {
  return parse(serialize(message)) as T;
}
