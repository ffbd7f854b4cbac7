import type { Gateway, GatewayAbilities } from '../../media-server/src/cde/gateways/gateway.ts';
import type { World, Wrong } from './world.ts';

/** A promise that every adapter keeps, and a world in which it is broken: there the clause has to fail. */
export interface Clause {
  readonly name: string;
  readonly needs?: (abilities: GatewayAbilities) => boolean;
  readonly wrong: Wrong;
  run(world: World): Promise<void>;
}

export function can(purpose: GatewayAbilities['purposes'][number]): (abilities: GatewayAbilities) => boolean {
  return ({ purposes }) => purposes.includes(purpose);
}

export function does(action: GatewayAbilities['actions'][number]): (abilities: GatewayAbilities) => boolean {
  return ({ actions }) => actions.includes(action);
}

/** A wrong adapter: the right one with something put in its place. */
export function changed(change: (gateway: Gateway) => { [K in keyof Gateway]?: Gateway[K] | undefined }) {
  return (gateway: Gateway): Gateway => {
    const others = change(gateway);
    return new Proxy(gateway, {
      get(target, key) {
        if (key in others) return others[key as keyof Gateway];
        const value = Reflect.get(target, key, target) as unknown;
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
  };
}
