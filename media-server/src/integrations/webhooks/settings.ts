import { z } from 'zod';
import { ID_PATTERN } from '../../shared/ids.ts';
import { SecretSource } from '../secret-source.ts';
import { ServiceUrl } from '../service-url.ts';

/** A merchant's system that is told of every payment's outcome. */
export const WebhookSettings = z.strictObject({
  merchant: z.string().regex(ID_PATTERN).describe('Id of the merchant.'),
  url: ServiceUrl.describe('Where outcomes are posted.'),
  secret: SecretSource.describe('Key of the signature.'),
  caFile: z.string().optional().describe('PEM of the only authority trusted for it; default: those of Node.'),
  timeoutMs: z.int().min(500).max(30_000).default(10_000).describe('Without an answer by then it is told again.'),
});
export type WebhookSettings = z.infer<typeof WebhookSettings>;
