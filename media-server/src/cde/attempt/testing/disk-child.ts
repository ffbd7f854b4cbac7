import { systemClock } from '../../../shared/clock.ts';
import { createLogger } from '../../../shared/logger.ts';
import type { CardSettings } from '../../settings.ts';
import { GatewayBook } from '../gateway-book.ts';
import { Payments } from '../payments.ts';
import { FakeGateway } from './fake-gateway.ts';
import { payUntilRefused } from './pay-until-refused.ts';

/** A card process's money part under limits that only a process of its own can have; says in JSON how far it came. */
const settings = JSON.parse(process.argv[2] ?? '') as CardSettings;
const gateway = new FakeGateway();
const logger = createLogger('trace', process.stderr);
const payments = await Payments.open(settings, systemClock, logger, new GatewayBook(gateway));
await payments.start();
const paid = await payUntilRefused(payments, gateway);
// As a process ends whose disk is full: without another word.
process.stdout.write(JSON.stringify(paid), () => process.exit());
