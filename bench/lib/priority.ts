import { writeFileSync } from 'node:fs';
import { constants, setPriority } from 'node:os';
import process from 'node:process';

/** Where Linux groups processes by session (sched(7)), one's own group has to go first, too. */
const GROUP = '/proc/self/autogroup';

/**
 * Lets whatever else runs on this machine give way to this process and the threads that it starts from now on. False:
 * it may not (root may).
 */
export function goFirst(): boolean {
  const highest = constants.priority.PRIORITY_HIGHEST;
  try {
    setPriority(highest);
  } catch {
    return false;
  }
  try {
    writeFileSync(GROUP, `${highest}`);
    process.once('exit', () => writeFileSync(GROUP, '0'));
  } catch {
    // A kernel without such groups.
  }
  return true;
}
