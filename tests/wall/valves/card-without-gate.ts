// A card process with the first valve taken out.
import { runCardProcess } from '../../../media-server/src/cde/run-card-process.ts';

await runCardProcess(new URL('./leg-thread.ts', import.meta.url));
