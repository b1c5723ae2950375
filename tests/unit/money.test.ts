import { expect, test } from "vitest";
import { money } from "#lib/money.ts";

test.each([
  [4200, "usd", "$42.00"],
  [4200, "eur", "€42.00"],
  [4200, "jpy", "¥4,200"],
  [4200, "kwd", "KWD 4.200"],
  // Stripe counts these otherwise than ISO 4217.
  [4200, "isk", "ISK 42"],
  [4200, "ugx", "UGX 42"],
  [4200, "mga", "MGA 4,200"],
])("%s of the smallest units of %s are %s", (amount, currency, written) => {
  expect(money(amount, currency).replace(/\s/g, " ")).toBe(written);
});
