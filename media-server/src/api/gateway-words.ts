/** What a harmless call to a payment service showed, in words for administrators. Keyed by the contract's results. */
const WORDS: Readonly<Record<string, string>> = {
  works: 'The payment service answered and takes these credentials.',
  'gateway-unreachable':
    "The payment service can't be reached: check the address, the network, the proxy, and whether its certificate is one that is trusted.",
  'gateway-settings':
    "The payment service doesn't take these credentials, or its contract doesn't allow this: check key, shop ID and passwords, whether they belong to this address (practice or earnest), and that the contract takes card numbers.",
  'gateway-busy': 'The payment service has too much to do just now: try again in a minute.',
  'gateway-refused': 'The payment service answered, but not as one of this kind does: check kind and address.',
  'not-possible': "The payment service's contract doesn't allow this.",
};

/** Words for a result, whatever it is. */
export function gatewayWords(result: string): string {
  return WORDS[result] ?? `The payment service refused the test (${result}).`;
}
