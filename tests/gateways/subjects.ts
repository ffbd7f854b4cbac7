import { gmoIdPass } from './peers/gmo-idpass.ts';
import { gmoOpenApi } from './peers/gmo-openapi.ts';
import { http } from './peers/http.ts';
import { komoju } from './peers/komoju.ts';
import { sandbox } from './peers/sandbox.ts';
import { stripe } from './peers/stripe.ts';
import type { Subject } from './subject.ts';

/** Every gateway that there is an adapter for. */
export const SUBJECTS: readonly Subject[] = [sandbox, http, gmoOpenApi, gmoIdPass, stripe, komoju];
