import { isAscii } from "node:buffer";
import { z } from "zod";
import { asciiJson } from "#mail/template.ts";

const array = z.array(z.unknown());

/**
 * The mails of one request as the bytes of a JSON array. Many of these wait for their turn: as bytes each is one thing
 * to hold, as objects and strings a garbage collector would walk and copy every one of them.
 */
export class Packet {
  readonly bytes: Buffer<ArrayBuffer>;
  readonly count: number;

  /** Takes the JSON of each mail. */
  constructor(mails: readonly string[]) {
    this.bytes = arrayOf(mails);
    this.count = mails.length;
  }

  /** Those mails alone, `to` not included. */
  slice(from: number, to: number): Packet {
    const mails = array.parse(JSON.parse(this.bytes.toString()));
    return new Packet(mails.slice(from, to).map(asciiJson));
  }
}

const [OPEN, COMMA, CLOSE] = [0x5b, 0x2c, 0x5d];

/** ASCII is as many bytes as characters, so each mail is copied to its place once; joined first it is copied twice. */
function arrayOf(mails: readonly string[]): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafe(mails.reduce((size, { length }) => size + length + 1, 1));
  let at = 0;
  for (const mail of mails) {
    bytes[at] = at === 0 ? OPEN : COMMA;
    bytes.write(mail, at + 1);
    at += mail.length + 1;
  }
  bytes[at] = CLOSE;
  return at > 0 && isAscii(bytes) ? bytes : Buffer.from(`[${mails.join(",")}]`);
}
