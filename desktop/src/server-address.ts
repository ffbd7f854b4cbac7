/**
 * The server's address: `--server=…` among the arguments, else the environment's `TONEGATE_URL`. Only https, or http on
 * this very machine: browsers give no microphone to anything else. The problem says what to do.
 */
export function serverAddress(
  argv: readonly string[],
  environment: string | undefined,
): { readonly url: URL } | { readonly problem: string } {
  const flag = argv.find((argument) => argument.startsWith('--server='))?.slice('--server='.length);
  const text = flag ?? environment;
  if (text === undefined || text === '') {
    return { problem: 'No server is set. Start with --server=https://… or set TONEGATE_URL.' };
  }
  if (!URL.canParse(text))
    return { problem: `The server address "${text}" can't be read. It looks like https://host or https://host:port.` };
  const url = new URL(text);
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && local)) {
    return { problem: `The server address "${text}" must begin with https:// (http:// only for this machine).` };
  }
  return { url };
}
