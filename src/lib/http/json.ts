import { AppError } from "#lib/errors.ts";

/** Our own bodies have at most five levels. */
const MAX_DEPTH = 32;
const [QUOTE, COMMA, MINUS, ZERO, NINE] = [0x22, 0x2c, 0x2d, 0x30, 0x39];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT, BACKSLASH] = [0x5b, 0x5d, 0x7b, 0x7d, 0x5c];

/**
 * Parses foreign JSON. Before parsing, refuses nesting that would exhaust the stack and numbers that JavaScript would
 * round. After parsing, refuses text that Postgres cannot store.
 */
export function parseJson(text: string): unknown {
  refuseHostileJson(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError("invalid_json", "The body is not valid JSON", { cause });
  }
  if (text.includes("\\u")) JSON.stringify(value, refuseUnstorable);
  return value;
}

/** Reads each character once. Does not check whether the text is valid JSON, because the parser does. */
export function refuseHostileJson(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at);
    else if (unit === OPEN_ARRAY || unit === OPEN_OBJECT) depth += 1;
    else if (unit === CLOSE_ARRAY || unit === CLOSE_OBJECT) depth -= 1;
    else if (unit === MINUS || (unit >= ZERO && unit <= NINE)) at = endOfNumber(text, at);
    if (depth > MAX_DEPTH) {
      throw new AppError("invalid_json", `The JSON is nested deeper than ${MAX_DEPTH} levels`);
    }
  }
}

/** The end of the string that begins at `start`: a quote without a backslash before it, or the end of the text. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) at += 1;
    else if (unit === QUOTE) return at;
  }
  return text.length;
}

function endOfNumber(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && isInNumber(text.charCodeAt(end))) end += 1;
  const number = Number(text.slice(start, end));
  if (Math.abs(number) > Number.MAX_SAFE_INTEGER) {
    throw new AppError("invalid_request", "A number is larger than 2^53 - 1 and would be rounded", {
      hint: "Send large numbers as text.",
    });
  }
  return end - 1;
}

/** Whether the character is a digit, `.`, `e`, `E`, `+` or `-`. */
const isInNumber = (unit: number): boolean =>
  (unit >= ZERO && unit <= NINE) ||
  (unit > COMMA && unit <= 0x2e) ||
  unit === 0x2b ||
  unit === 0x45 ||
  unit === 0x65;

/** NUL and lone surrogates are valid in JSON, but Postgres cannot store them. */
function refuseUnstorable(key: string, value: unknown): unknown {
  if (isUnstorable(key) || (typeof value === "string" && isUnstorable(value))) {
    throw new AppError("invalid_request", "Text must not contain NUL or half of a surrogate pair");
  }
  return value;
}

export const isUnstorable = (text: string): boolean => /\0|\p{Surrogate}/u.test(text);
