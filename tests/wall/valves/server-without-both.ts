import { runServer, WITHOUT_GATE, WITHOUT_SFU } from './server.ts';

await runServer({ ...WITHOUT_GATE, ...WITHOUT_SFU });
