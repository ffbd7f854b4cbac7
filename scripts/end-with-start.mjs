// Preloaded into what `demo-stack.ts` starts: when the start is gone without a word (killed, a crash), these end too, and
// the next start finds its ports free.
import process from 'node:process';

/** A second signal ends a drain that waits for running calls, ms. */
const AGAIN_MS = 500;

process.once('disconnect', () => {
  process.kill(process.pid, 'SIGINT');
  setTimeout(() => process.kill(process.pid, 'SIGINT'), AGAIN_MS).unref();
});
