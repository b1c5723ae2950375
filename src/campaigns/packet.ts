import { z } from "zod";

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
    this.bytes = Buffer.from(`[${mails.join(",")}]`);
    this.count = mails.length;
  }

  /** Those mails alone, `to` not included. */
  slice(from: number, to: number): Packet {
    const mails = array.parse(JSON.parse(this.bytes.toString()));
    return new Packet(mails.slice(from, to).map((mail) => JSON.stringify(mail)));
  }
}
