/** All names of a new job, derived from `<room>/<verb-noun>`. */
export type Names = {
  /** `invoices` */
  room: string;
  /** `remind-customer`: the name of the function and its file. */
  job: string;
  /** `invoices`, as an identifier. */
  roomName: string;
  /** `remindCustomer` */
  functionName: string;
  /** `remindCustomerRequested` */
  eventName: string;
  /** `invoices/remind.customer` */
  event: string;
  /** `customerId` */
  idField: string;
  /** `Remind customer` */
  title: string;
  /** `Reminds customer`: what the job does, for people. */
  summary: string;
};

const WORDS = "[a-z][a-z0-9]*(?:-[a-z0-9]+)*";
const ROOM_AND_JOB = new RegExp(`^(${WORDS})/(${WORDS})$`);
/** Names that src already uses, and the reserved words of TypeScript: a room's name becomes an identifier. */
const RESERVED = new Set(
  `app client dashboard events functions lib platform room rooms
  arguments await break case catch class const continue debugger default delete do else enum eval export extends false
  finally for function if implements import in instanceof interface let new null package private protected public return
  static super switch this throw true try typeof undefined var void while with yield`.split(/\s+/),
);

const camel = (words: string): string => words.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

const capitalized = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** `sends`, `fetches`, `copies`. */
const thirdPerson = (verb: string): string =>
  /(?:s|x|z|ch|sh|o)$/.test(verb) ? `${verb}es` : `${verb.replace(/(?<=[^aeiou])y$/, "ie")}s`;

/** Throws an error of one sentence when the name is not valid for a job. */
export function namesOf(wanted: string | undefined): Names {
  if (wanted === undefined)
    throw new Error("Name the room and the job: npm run new:job -- invoices/remind-customer");
  const [, room = "", job = ""] = ROOM_AND_JOB.exec(wanted) ?? [];
  const [verb = "", ...noun] = job.split("-");
  if (wanted.length > 80 || verb === "" || noun.length === 0)
    throw new Error(
      `"${wanted.slice(0, 80)}" is not <room>/<verb-noun> in small letters, such as invoices/remind-customer.`,
    );
  if (RESERVED.has(room)) throw new Error(`"${room}" cannot be a room: the name has another use.`);
  return {
    room,
    job,
    roomName: camel(room),
    functionName: camel(job),
    eventName: `${camel(job)}Requested`,
    event: `${room}/${verb}.${noun.join("-")}`,
    idField: `${camel(noun.join("-"))}Id`,
    title: capitalized([verb, ...noun].join(" ")),
    summary: capitalized([thirdPerson(verb), ...noun].join(" ")),
  };
}
