import { z } from "zod";

/** Types of environment variables. */

export const url = z.url({ protocol: /^https?$/, error: "must be an http(s) URL" });
export const flag = z
  .enum(["true", "false", "1", "0"], { error: "must be true or false" })
  .transform((v) => v === "true" || v === "1");
export const number = (min: number, max: number) =>
  z.coerce.number({ error: "must be a number" }).min(min).max(max);
export const count = (min: number, max: number) => number(min, max).int();
