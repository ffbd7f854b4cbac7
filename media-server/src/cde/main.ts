/**
 * The card process: `node cde/main.ts <settings.json>`. It is started by `card-link/` in a session of its own, holds
 * every customer's leg, and outlives the server. Ends with 0 when its work is done, 64 without settings, 70 after a
 * bug, 75 where another one holds the socket, 77 under a debugger, 78 with settings that don't fit or can't be met.
 */
import { runCardProcess } from './run-card-process.ts';

await runCardProcess(new URL('./leg-thread.ts', import.meta.url));
