import type { Me } from '@tonegate/api-schema';
import { useEffect } from 'react';
import { useGateway, useSoftphone } from '../state/hooks.ts';
import { GatewayView } from './gateway-view.tsx';
import { MerchantChoice } from './merchant-choice.tsx';
import styles from './reports.module.css';
import { RulesView } from './rules-view.tsx';

/** A merchant's payment service and rules. */
export function MerchantView({ me }: { me: Me }) {
  const { gateway, rules } = useSoftphone().oversight;
  const { merchant } = useGateway();
  const choose = (id: string): void => {
    const chosen = me.merchants.find((one) => one.id === id);
    if (chosen === undefined) return;
    void gateway.choose(chosen.id);
    void rules.choose(chosen.id, chosen.currency);
  };
  const first = me.merchants[0];
  useEffect(() => {
    const { merchant: shown, kept, busy } = gateway.state.getState();
    const chosen = me.merchants.find((one) => one.id === shown) ?? first;
    // What couldn't be had is asked for anew when the view is opened again.
    if (chosen === undefined || busy !== null || (shown !== null && kept !== null)) return;
    void gateway.choose(chosen.id);
    void rules.choose(chosen.id, chosen.currency);
  }, [gateway, rules, me, first]);
  // What was typed may wait for its person while a call is taken; a key may not.
  useEffect(() => () => gateway.forgetSecrets(), [gateway]);
  if (merchant === null) return null;
  return (
    <div className={styles.report}>
      <div className={styles.filters}>
        <MerchantChoice me={me} testId="merchant-choice" merchant={merchant} choose={choose} />
      </div>
      <GatewayView />
      <RulesView />
    </div>
  );
}
