/** The HTTP status for a SQLSTATE, by the rules of PostgREST (`mapSQLtoHTTP` in its Error.hs). */
export const statusOfSqlState = (code: string, message: string, authenticated: boolean): number => {
  const exact = exactStatus(code, message, authenticated);
  if (exact !== undefined) return exact;
  if (code.startsWith("PT")) return raisedStatus(code.slice(2));
  return statusByClass[code.slice(0, 2)] ?? 400;
};

const exactStatus = (code: string, message: string, authenticated: boolean): number | undefined => {
  switch (code) {
    case "23503":
    case "23505":
      return 409;
    case "25006":
      return 405;
    case "21000":
      return message.endsWith("requires a WHERE clause") ? 400 : 500;
    case "22023":
      return /^role .* does not exist$/.test(message) ? 401 : 400;
    case "53400":
    case "42P17":
      return 500;
    case "57P01":
      return 503;
    case "P0001":
      return 400;
    case "42883":
      return message.startsWith("function xmlagg(") ? 406 : 404;
    case "42P01":
      return 404;
    case "42501":
      return authenticated ? 403 : 401;
    default:
      return undefined;
  }
};

const statusByClass: Readonly<Record<string, number>> = {
  "08": 503,
  "09": 500,
  "0L": 403,
  "0P": 403,
  "25": 500,
  "28": 403,
  "2D": 500,
  "38": 500,
  "39": 500,
  "3B": 500,
  "40": 500,
  "53": 503,
  "54": 500,
  "55": 500,
  "57": 500,
  "58": 500,
  F0: 500,
  HV: 500,
  P0: 500,
  XX: 500,
};

/** `raise sqlstate 'PT404'` means HTTP 404. */
const raisedStatus = (digits: string) => {
  const status = Number(digits);
  return Number.isInteger(status) && status >= 200 && status <= 599 ? status : 500;
};
