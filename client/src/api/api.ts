import type {
  AgentState,
  AskAgain,
  AuditActors,
  AuditCheck,
  AuditPage,
  Call,
  CallPage,
  DoMoney,
  Funnel,
  GatewayTest,
  Hint,
  KeyTest,
  ManualPage,
  Me,
  MerchantGateway,
  MerchantPrompt,
  MerchantPrompts,
  MerchantRules,
  Payment,
  PaymentPage,
  PutGateway,
  ReceiptKey,
  Receipts,
  ResolveManual,
  ServerState,
  SignIn,
  SipCredential,
  StartCall,
  StartPayment,
  TrunkKeysPage,
} from '@tonegate/api-schema';
import type { Result } from './result.ts';
import type { Http } from './http.ts';
import type { ApiProblem, Refusal } from './problem.ts';

export type Answer<T> = Promise<Result<T, ApiProblem>>;

/** Every request the softphone makes, by name. What becomes of calls and payments comes by events, not by these answers. */
export interface Api {
  signIn(body: ReturnType<(typeof SignIn)['parse']>): Answer<Me>;
  signOut(): Answer<unknown>;
  me(): Answer<Me>;
  sipCredential(): Answer<ReturnType<(typeof SipCredential)['parse']>>;
  setAgentState(state: AgentState): Answer<unknown>;
  startCall(body: ReturnType<(typeof StartCall)['parse']>): Answer<Call>;
  recentCalls(): Answer<CallPage>;
  hangUp(call: string): Answer<unknown>;
  hold(call: string, on: boolean): Answer<unknown>;
  sendKey(call: string, key: string): Answer<unknown>;
  /** Has the customer press 1; answers when a key came or the time for it is over. */
  testKeys(call: string): Answer<KeyTest>;
  startPayment(body: StartPayment): Answer<Payment>;
  payment(payment: string): Answer<Payment>;
  cancelPayment(payment: string): Answer<unknown>;
  acknowledgePayment(payment: string): Answer<unknown>;
  askAgain(payment: string, field: AskAgain['field']): Answer<unknown>;
  giveHint(payment: string, hint: Hint): Answer<unknown>;
  giveMoreTime(payment: string): Answer<unknown>;
  setGentle(payment: string, on: boolean): Answer<unknown>;
  /** `key` names the intent: the same for each try of it, so that money moves once at most. */
  doMoney(payment: string, body: DoMoney, key: string): Answer<Payment>;
  funnel(query: FunnelWish): Answer<Funnel>;
  trunks(): Answer<ReturnType<(typeof TrunkKeysPage)['parse']>>;
  prompts(merchant: string, language: string): Answer<MerchantPrompts>;
  replacePrompt(prompt: PromptPlace, file: File): Answer<MerchantPrompt>;
  /** The ready one is played again. */
  dropPrompt(prompt: PromptPlace): Answer<unknown>;
  /** Every payment of a call, oldest first. */
  paymentsOfCall(call: string): Answer<PaymentPage>;
  receipts(merchant: string, page: ReceiptsWish): Answer<Receipts>;
  receiptKey(): Answer<ReturnType<(typeof ReceiptKey)['parse']>>;
  audit(wish: AuditWish): Answer<AuditPage>;
  auditActors(): Answer<AuditActors>;
  auditCheck(): Answer<AuditCheck>;
  state(): Answer<ServerState>;
  manual(): Answer<ManualList>;
  resolveManual(payment: string, as: ResolveManual['as']): Answer<Payment>;
  gateway(merchant: string): Answer<MerchantGateway>;
  putGateway(merchant: string, body: PutGateway): Promise<Result<MerchantGateway, Refusal>>;
  dropGateway(merchant: string): Answer<unknown>;
  testGateway(merchant: string): Answer<GatewayTest>;
  rules(merchant: string): Answer<MerchantRules>;
  putRules(merchant: string, rules: MerchantRules): Answer<MerchantRules>;
}

export type ManualList = ReturnType<(typeof ManualPage)['parse']>;

/** Which receipts; times are UTC ms, `until` excluded. */
export interface ReceiptsWish {
  readonly from: number;
  readonly since: number;
  readonly until: number;
}

/** What the audit is narrowed by; what isn't named is all. Times are UTC ms, `until` excluded. */
export interface AuditWish {
  readonly actor?: string;
  readonly action?: string;
  readonly since?: number;
  readonly until?: number;
  /** `next` of the page before. */
  readonly before?: number;
  readonly limit: number;
  /** The page leaves the house: the audit is told. */
  readonly export?: true;
}

/** Which prompt of which merchant. */
export interface PromptPlace {
  readonly merchant: string;
  readonly language: string;
  readonly name: string;
}

/** Where a prompt's sound is. */
export function promptPath({ merchant, language, name }: PromptPlace): string {
  return `/v1/merchants/${merchant}/prompts/${language}/${name}`;
}

/** What a funnel is narrowed by; times are UTC ms, `to` excluded. */
export interface FunnelWish {
  readonly from: number;
  readonly to: number;
  readonly merchant?: string;
  readonly language?: string;
  readonly trunk?: string;
  readonly purpose?: string;
}

/** The guide asks, then listens for ten seconds: longer than any other answer takes. */
const KEY_TEST_TIMEOUT_MS = 30_000;
/** The server waits ten seconds for the payment service before it answers that the action is under way. */
const MONEY_TIMEOUT_MS = 20_000;

/** A chain is followed from its beginning, or a thousand receipts are read. */
const LONG_TIMEOUT_MS = 60_000;
/** The server gives a payment service 25 s to answer its test. */
const GATEWAY_TIMEOUT_MS = 35_000;

/** `window` is this page load's own id: a second window that signs in ends the first one's session by it. */
export function createApi(http: Http, window: string): Api {
  return {
    signIn: (body) => http.post('/v1/sign-in', body),
    signOut: () => http.post('/v1/sign-out'),
    me: () => http.get('/v1/me'),
    sipCredential: () => http.post('/v1/sip-credential', { window }),
    setAgentState: (state) => http.put('/v1/me/state', { state }),
    startCall: (body) => http.post('/v1/calls', body),
    recentCalls: () => http.get('/v1/calls?limit=20'),
    hangUp: (call) => http.post(`/v1/calls/${call}/hang-up`),
    hold: (call, on) => http.post(`/v1/calls/${call}/hold`, { on }),
    sendKey: (call, key) => http.post(`/v1/calls/${call}/keys`, { key }),
    testKeys: (call) => http.post(`/v1/calls/${call}/key-test`, {}, { timeoutMs: KEY_TEST_TIMEOUT_MS }),
    startPayment: (body) => http.post('/v1/payments', body),
    payment: (payment) => http.get(`/v1/payments/${payment}`),
    cancelPayment: (payment) => http.post(`/v1/payments/${payment}/cancel`),
    acknowledgePayment: (payment) => http.post(`/v1/payments/${payment}/acknowledge`),
    askAgain: (payment, field) => http.post(`/v1/payments/${payment}/ask-again`, { field }),
    giveHint: (payment, hint) => http.post(`/v1/payments/${payment}/hint`, { hint }),
    giveMoreTime: (payment) => http.post(`/v1/payments/${payment}/more-time`),
    setGentle: (payment, on) => http.post(`/v1/payments/${payment}/gentle`, { on }),
    doMoney: (payment, body, key) =>
      http.post(`/v1/payments/${payment}/money`, body, { key, timeoutMs: MONEY_TIMEOUT_MS }),
    funnel: (query) => http.get(`/v1/funnel?${queryOf(query)}`),
    trunks: () => http.get('/v1/trunks'),
    prompts: (merchant, language) => http.get(`/v1/merchants/${merchant}/prompts?language=${language}`),
    replacePrompt: (prompt, file) =>
      http.putFile(`${promptPath(prompt)}?${new URLSearchParams({ file: file.name.slice(0, 120) })}`, file),
    dropPrompt: (prompt) => http.delete(promptPath(prompt)),
    paymentsOfCall: (call) => http.get(`/v1/calls/${call}/payments`),
    receipts: (merchant, page) => http.get(`/v1/merchants/${merchant}/receipts?${queryOf(page)}`, LONG_TIMEOUT_MS),
    receiptKey: () => http.get('/v1/receipts/key'),
    audit: (wish) => http.get(`/v1/audit?${queryOf(wish)}`),
    auditActors: () => http.get('/v1/audit/actors'),
    auditCheck: () => http.get('/v1/audit/check', LONG_TIMEOUT_MS),
    state: () => http.get('/v1/state'),
    manual: () => http.get('/v1/manual'),
    resolveManual: (payment, as) => http.post(`/v1/manual/${payment}/resolve`, { as }),
    gateway: (merchant) => http.get(`/v1/merchants/${merchant}/gateway`, GATEWAY_TIMEOUT_MS),
    putGateway: (merchant, body) => http.putSaying(`/v1/merchants/${merchant}/gateway`, body, GATEWAY_TIMEOUT_MS),
    dropGateway: (merchant) => http.delete(`/v1/merchants/${merchant}/gateway`),
    testGateway: (merchant) =>
      http.post(`/v1/merchants/${merchant}/gateway/test`, {}, { timeoutMs: GATEWAY_TIMEOUT_MS }),
    rules: (merchant) => http.get(`/v1/merchants/${merchant}/rules`),
    putRules: (merchant, rules) => http.put(`/v1/merchants/${merchant}/rules`, rules),
  };
}

function queryOf(wish: object): URLSearchParams {
  return new URLSearchParams(Object.entries(wish).map(([name, value]) => [name, String(value)]));
}
