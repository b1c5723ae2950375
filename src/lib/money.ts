/**
 * Currencies with a different number of decimals at Stripe than in ISO 4217:
 * https://docs.stripe.com/currencies#special-cases and #zero-decimal. Node agrees with Stripe about MGA; browsers that
 * follow ISO 4217 do not.
 */
const DECIMALS_AT_STRIPE: Readonly<Record<string, number>> = { isk: 2, ugx: 2, mga: 0 };

/** 4200, "usd" → "$42.00"; 4200, "jpy" → "¥4,200". The amount is in the smallest unit of the currency, as Stripe counts. */
export function money(amount: number, currency: string): string {
  const format = new Intl.NumberFormat("en-US", { style: "currency", currency });
  const decimals = DECIMALS_AT_STRIPE[currency] ?? format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(amount / 10 ** decimals);
}
