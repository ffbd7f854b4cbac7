import { runServer, WITHOUT_GATE } from './server.ts';

await runServer(WITHOUT_GATE);
