import type { GatewayTest, MerchantGateway } from '@tonegate/api-schema';
import { createStore } from 'zustand/vanilla';
import type { Api } from '../api/api.ts';
import type { ApiProblem } from '../api/problem.ts';
import {
  emptyFields,
  firstValues,
  type GatewayKind,
  type GatewayValues,
  gatewayKind,
  gatewayRequest,
  noSecrets,
} from './gateway-form.ts';
import { Latest } from './latest.ts';

export interface GatewayState {
  readonly merchant: string | null;
  readonly kept: MerchantGateway | null;
  readonly kind: GatewayKind;
  readonly values: GatewayValues;
  /** Fields that are empty though needed, or that the server found unfit. */
  readonly wrong: readonly string[];
  /** What the harmless call showed of what is typed, when nothing was kept because of it. */
  readonly refusedAs: string | null;
  /** What the last test of what is kept showed. */
  readonly tested: GatewayTest['result'] | null;
  /** Kept just now. */
  readonly saved: boolean;
  readonly busy: 'loading' | 'saving' | 'testing' | 'dropping' | null;
  readonly problem: ApiProblem | null;
}

const FIRST_KIND = 'gmo-openapi';
const NOTHING: GatewayState = {
  merchant: null,
  kept: null,
  kind: FIRST_KIND,
  values: firstValues(FIRST_KIND, null),
  wrong: [],
  refusedAs: null,
  tested: null,
  saved: false,
  busy: null,
  problem: null,
};

export interface GatewayDeskParts {
  readonly api: Pick<Api, 'gateway' | 'putGateway' | 'dropGateway' | 'testGateway'>;
  readonly signedOut: () => void;
}

/** Which payment service a merchant's payments go to. Secrets are held only while they are typed. */
export class GatewayDesk {
  readonly state = createStore<GatewayState>(() => NOTHING);
  readonly #parts: GatewayDeskParts;
  readonly #latest = new Latest();

  constructor(parts: GatewayDeskParts) {
    this.#parts = parts;
  }

  async choose(merchant: string): Promise<void> {
    this.state.setState({ ...NOTHING, merchant, busy: 'loading' }, true);
    const answer = await this.#latest.ask(() => this.#parts.api.gateway(merchant));
    if (answer === null) return;
    if (answer.ok) this.#kept(answer.value);
    else this.#refused(answer.error);
  }

  chooseKind(kind: GatewayKind): void {
    const { kept } = this.state.getState();
    this.state.setState({ kind, values: firstValues(kind, kept), wrong: [], refusedAs: null, saved: false });
  }

  edit(name: string, value: string): void {
    this.state.setState(({ values, wrong }) => ({
      values: { ...values, [name]: value },
      wrong: wrong.filter((one) => one !== name),
      refusedAs: null,
      saved: false,
    }));
  }

  /** Has it tried and kept; `force`: kept even if it doesn't work. False: a field is to be put right first. */
  async save(force: boolean): Promise<boolean> {
    const { merchant, kind, values, busy } = this.state.getState();
    if (merchant === null || busy !== null) return true;
    const wrong = emptyFields(kind, values);
    if (wrong.length > 0) {
      this.state.setState({ wrong });
      return false;
    }
    this.state.setState({ busy: 'saving', problem: null, refusedAs: null, wrong: [], saved: false });
    const answer = await this.#latest.ask(() =>
      this.#parts.api.putGateway(merchant, gatewayRequest(kind, values, force)),
    );
    if (answer === null) return true;
    if (answer.ok) {
      this.#kept(answer.value);
      this.state.setState({ saved: true });
      return true;
    }
    const { code, reason, fields } = answer.error;
    if (code !== 'gateway-unfit' || (reason === null && fields.length === 0)) this.#refused(code);
    else this.state.setState({ busy: null, refusedAs: reason, wrong: fields });
    return fields.length === 0;
  }

  /** A harmless call to the service that is kept. */
  async test(): Promise<void> {
    const { merchant, busy } = this.state.getState();
    if (merchant === null || busy !== null) return;
    this.state.setState({ busy: 'testing', problem: null, tested: null });
    const answer = await this.#latest.ask(() => this.#parts.api.testGateway(merchant));
    if (answer === null) return;
    if (answer.ok) this.state.setState({ busy: null, tested: answer.value.result });
    else this.#refused(answer.error);
  }

  /** Back to the service of the server's settings. */
  async drop(): Promise<void> {
    const { merchant, busy } = this.state.getState();
    if (merchant === null || busy !== null) return;
    this.state.setState({ busy: 'dropping', problem: null });
    const answer = await this.#latest.ask(() => this.#parts.api.dropGateway(merchant));
    if (answer === null) return;
    if (answer.ok) await this.choose(merchant);
    else this.#refused(answer.error);
  }

  /** Nobody looks at the form any more. */
  forgetSecrets(): void {
    this.state.setState(({ kind, values }) => ({ values: { ...values, ...noSecrets(kind) } }));
  }

  clear(): void {
    this.#latest.forget();
    this.state.setState(NOTHING, true);
  }

  #kept(kept: MerchantGateway): void {
    const kind = kept.own ? (gatewayKind(kept.kind) ?? FIRST_KIND) : this.state.getState().kind;
    const tested = kept.tested?.result ?? null;
    this.state.setState({ kept, kind, values: firstValues(kind, kept), tested, busy: null, wrong: [] });
  }

  #refused(problem: ApiProblem): void {
    if (problem === 'not-signed-in') return this.#parts.signedOut();
    this.state.setState({ busy: null, problem });
  }
}
