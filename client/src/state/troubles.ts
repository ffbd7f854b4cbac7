import type { MicrophoneProblem } from '../phone/microphone.ts';

/** Something lastingly wrong that the agent must know of, most urgent first. */
export type Trouble =
  | 'server-gone'
  | 'phone-gone'
  | `microphone-${MicrophoneProblem}`
  | 'sound-blocked'
  | 'notifications-blocked'
  | 'draining';

/** What troubles are judged by. */
export interface Condition {
  /** The events connection is gone, and since when (our clock, ms). */
  readonly serverLostAt: number | null;
  /** Since when the phone isn't registered (our clock, ms). */
  readonly phoneLostAt: number | null;
  readonly microphone: MicrophoneProblem | null;
  readonly soundBlocked: boolean;
  readonly notifications: NotificationPermission | 'unsupported';
  readonly draining: boolean;
}

/** How long a connection may be gone before it is worth a word, ms: most come back by themselves sooner. */
export const GRACE_MS = 3_000;

/** Whether a connection that is gone since then has been gone for longer than most that come back by themselves. */
export function isOverdue(since: number | null, now: number): boolean {
  return since !== null && now - since >= GRACE_MS;
}

export function troublesOf(condition: Condition, now: number): Trouble[] {
  const troubles: Trouble[] = [];
  if (isOverdue(condition.serverLostAt, now)) troubles.push('server-gone');
  // Without the server there is no phone either: one message, not two.
  else if (isOverdue(condition.phoneLostAt, now)) troubles.push('phone-gone');
  if (condition.microphone !== null) troubles.push(`microphone-${condition.microphone}`);
  if (condition.soundBlocked) troubles.push('sound-blocked');
  if (condition.notifications === 'denied') troubles.push('notifications-blocked');
  if (condition.draining) troubles.push('draining');
  return troubles;
}
