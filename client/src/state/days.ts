/** A period of whole days where the window's person sits, as date fields have them: `2026-05-12`, both days included. */
export interface Days {
  readonly from: string;
  readonly to: string;
}

const DAY_MS = 86_400_000;

/** The last days up to that of `now` (UTC ms), it included. */
export function lastDays(count: number, now: number): Days {
  return { from: dayOf(now - (count - 1) * DAY_MS), to: dayOf(now) };
}

/** The period in UTC ms, `until` excluded; null where a day is missing or they stand the wrong way round. */
export function timesOf({ from, to }: Days): { readonly since: number; readonly until: number } | null {
  const since = midnight(from, 0);
  const until = midnight(to, 1);
  return Number.isNaN(since) || Number.isNaN(until) || since >= until ? null : { since, until };
}

function dayOf(at: number): string {
  const date = new Date(at);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

// By the calendar, not by 24 hours: a day on which clocks change is as whole as any.
function midnight(day: string, later: number): number {
  const [year, month, date] = day.split('-').map(Number);
  return new Date(year ?? Number.NaN, (month ?? Number.NaN) - 1, (date ?? Number.NaN) + later).getTime();
}
