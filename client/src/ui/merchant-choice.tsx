import type { Me } from '@tonegate/api-schema';
import { Choice } from './choice.tsx';
import { useTranslate } from './use-translate.ts';

export interface MerchantChoiceProps {
  readonly me: Me;
  readonly testId: string;
  readonly merchant: string;
  readonly choose: (merchant: string) => void;
}

/** Which merchant it is about. */
export function MerchantChoice({ me, testId, merchant, choose }: MerchantChoiceProps) {
  const t = useTranslate();
  return (
    <Choice testId={testId} label={t('reports.merchant')} value={merchant} choose={choose}>
      {me.merchants.map((one) => (
        <option key={one.id} value={one.id}>
          {one.name}
        </option>
      ))}
    </Choice>
  );
}
