import type { z } from "zod";
import type { Clock } from "#lib/clock.ts";
import { type DatabaseClient, unwrap } from "#lib/database/client.ts";
import type { Database } from "#lib/database/database.types.ts";

type Statements = Database["public"]["Functions"];
type Statement = keyof Statements;
type Timed = {
  [Name in Statement]: "p_now" extends keyof Statements[Name]["Args"] ? Name : never;
}[Statement];

type Camel<Text extends string> = Text extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Text;
/** The caller writes `eventId` for `p_event_id`; undefined becomes null. */
type Given<Name extends Statement> = {
  [Key in keyof Statements[Name]["Args"] as Key extends "p_now"
    ? never
    : Key extends `p_${infer Rest}`
      ? Camel<Rest>
      : never]: Statements[Name]["Args"][Key] | undefined;
};

/**
 * How repositories call SQL functions. Arguments have their TypeScript names, and the clock's time is sent as `p_now`.
 * Our own errors become an AppError with their code. `schema` parses the answer; without a schema the function returns
 * nothing.
 */
export function createCall(db: DatabaseClient, clock: Clock) {
  return { call, callTimeless };

  /** Calls a function that takes `p_now`. */
  function call<Name extends Timed>(name: Name, given: Given<Name>): Promise<void>;
  function call<Name extends Timed, Answer>(
    name: Name,
    given: Given<Name>,
    schema: z.ZodType<Answer>,
  ): Promise<Answer>;
  function call(name: Timed, given: object, schema?: z.ZodType): Promise<unknown> {
    return ask(name, { ...given, now: clock.now().toISOString() }, schema);
  }

  /** Calls a function that does not take `p_now`. */
  function callTimeless<Name extends Exclude<Statement, Timed>>(
    name: Name,
    given: Given<Name>,
  ): Promise<void>;
  function callTimeless<Name extends Exclude<Statement, Timed>, Answer>(
    name: Name,
    given: Given<Name>,
    schema: z.ZodType<Answer>,
  ): Promise<Answer>;
  function callTimeless(name: Statement, given: object, schema?: z.ZodType): Promise<unknown> {
    return ask(name, given, schema);
  }

  async function ask(name: Statement, given: object, schema: z.ZodType | undefined): Promise<unknown> {
    const args = Object.entries(given).map(([key, value]): [string, unknown] => [
      `p_${key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`,
      value ?? null,
    ]);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the signatures above say what belongs to which name
    const answer: unknown = await unwrap(db.rpc(name, Object.fromEntries(args) as never));
    return schema?.parse(answer);
  }
}
