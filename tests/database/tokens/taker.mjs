// @ts-check
/**
 * One process that takes from buckets as fast as it can, on its own connection. Plain JavaScript, so that ten of them
 * start at once. `node taker.mjs <database url> <milliseconds> <wants as JSON>` prints what was granted: [[asked,
 * answered], …] in the machine's milliseconds.
 */
import pg from "pg";

const [url, milliseconds, wants] = process.argv.slice(2);
/** @typedef {{ rows: { taken: { granted: boolean, waitMs: number } }[] }} Answer */
const client = new pg.Client({ connectionString: url });
await client.connect();
/** @type {[number, number][]} */
const granted = [];
const endMs = Date.now() + Number(milliseconds);
while (Date.now() < endMs) {
  const askedMs = Date.now();
  /** @type {Answer} */
  const { rows } = await client.query("select take_tokens($1, $2) as taken", [wants, new Date(askedMs)]);
  const taken = rows[0]?.taken;
  if (!taken) throw new Error("no answer");
  if (taken.granted) granted.push([askedMs, Date.now()]);
  else await new Promise((resolve) => setTimeout(resolve, Math.min(taken.waitMs, 20) * Math.random()));
}
await client.end();
process.stdout.write(JSON.stringify(granted));
