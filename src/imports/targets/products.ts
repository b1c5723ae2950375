import { z } from "zod";
import type { Target } from "#imports/targets/target.ts";
import { given, numberCell, optionalText, requiredText } from "#imports/targets/values.ts";

/** An example of a target that you add; docs/imports.md explains the steps. */
export const products: Target = {
  name: "products",
  title: "Products",
  fields: [
    { name: "sku", required: true, aliases: ["Article number", "Item number"] },
    { name: "name", aliases: ["Title", "Product"] },
    { name: "price", aliases: ["Unit price"], hint: "Write a price like 12.50, with a point." },
    { name: "stock", aliases: ["Quantity", "In stock"], hint: "Write a whole number." },
  ],
  isOpen: false,
  options: z.strictObject({}),
  merge: "upsert",
  absent: "keep",
  row: z
    .object({
      sku: requiredText(100),
      name: optionalText(200),
      price: numberCell(/^\d{1,9}(?:\.\d{1,2})?$/, "is not a price"),
      stock: numberCell(/^-?\d{1,9}$/, "is not a whole number"),
    })
    .transform(({ sku, name, price, stock }) => ({
      key: sku,
      columns: given({
        sku,
        name,
        price_cents: typeof price === "number" ? Math.round(price * 100) : price,
        stock,
      }),
    })),
};
