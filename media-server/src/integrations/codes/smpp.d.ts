/** What of the library is used here; it has no types of its own. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events';
  import type { ConnectionOptions } from 'node:tls';

  export interface Pdu {
    readonly command: string;
    readonly command_status: number;
    readonly sequence_number: number;
    isResponse(): boolean;
    response(options?: { command_status?: number }): Pdu;
  }

  export interface Session extends EventEmitter {
    /** False: nothing was written, the socket is closed. */
    send(pdu: Pdu): boolean;
    destroy(): void;
  }

  const smpp: {
    connect(options: ConnectionOptions & { tls: boolean }, connected: () => void): Session;
    PDU: new (command: string, fields?: Readonly<Record<string, string | number | Buffer>>) => Pdu;
  };
  export default smpp;
}
