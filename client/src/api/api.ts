import type {
  AgentState,
  Call,
  CallPage,
  Me,
  Payment,
  SignIn,
  SipCredential,
  StartCall,
  StartPayment,
} from '@tonegate/api-schema';
import type { Result } from './result.ts';
import type { Http } from './http.ts';
import type { ApiProblem } from './problem.ts';

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
  startPayment(body: ReturnType<(typeof StartPayment)['parse']>): Answer<Payment>;
  cancelPayment(payment: string): Answer<unknown>;
  acknowledgePayment(payment: string): Answer<unknown>;
}

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
    startPayment: (body) => http.post('/v1/payments', body),
    cancelPayment: (payment) => http.post(`/v1/payments/${payment}/cancel`),
    acknowledgePayment: (payment) => http.post(`/v1/payments/${payment}/acknowledge`),
  };
}
