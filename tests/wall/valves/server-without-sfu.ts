import { runServer, WITHOUT_SFU } from './server.ts';

await runServer(WITHOUT_SFU);
