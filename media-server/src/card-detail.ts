import type { Listener } from './card-link/contract.ts';

/** What the status page says of the card process: what of its confinement isn't in force, and all that it listens on. */
export function cardDetail(
  card: { readonly unconfined: readonly string[]; readonly listens: readonly Listener[] },
  bind: string,
): { detail?: string } {
  const parts = [
    ...(card.unconfined.length > 0 ? [`not in force: ${card.unconfined.join(', ')}`] : []),
    ...(card.listens.length > 0 ? [`listens: ${card.listens.map((each) => place(each, bind)).join(', ')}`] : []),
  ];
  return parts.length > 0 ? { detail: parts.join('; ') } : {};
}

function place({ from, over, ip: own, ports }: Listener, bind: string): string {
  const ip = own ?? bind;
  if (over === 'unix') return `${from} unix socket`;
  if (!ports) return `${from} ${over} ${ip}`;
  const { min, max } = ports;
  return `${from} ${over} ${ip}:${min === max ? min : `${min}-${max}`}`;
}
