import type { FastifyReply, FastifyRequest } from 'fastify';
import { findMerchant } from '../storage/merchants.ts';
import type { Merchant } from '../storage/tables.ts';
import { personOf } from './auth.ts';
import type { ApiParts } from './parts.ts';
import { sendProblem } from './problems.ts';

/** The merchant, if the caller is an administrator of its organisation; else the refusal was sent. */
export async function administeredMerchant(
  request: FastifyRequest,
  reply: FastifyReply,
  { storage }: Pick<ApiParts, 'storage'>,
  id: string,
): Promise<Merchant | undefined> {
  const { person } = personOf(request);
  if (person.role !== 'administrator') {
    await sendProblem(reply, 'not-allowed', 'This is for administrators.');
    return undefined;
  }
  const merchant = await findMerchant(storage, id);
  if (merchant?.organisation === person.organisation) return merchant;
  await sendProblem(reply, 'not-found', 'There is no such merchant.');
  return undefined;
}
