/** One message of a server-sent event stream, its data still as text. */
export type Frame = { id: string | undefined; event: string; data: string | undefined };

/**
 * Takes a stream of server-sent events apart (https://html.spec.whatwg.org/multipage/server-sent-events.html), piece by
 * piece as it arrives. A message whose empty last line has not come yet does not exist: a reader who is cut off inside
 * one asks for it again. An id without data is given too: it moves the position.
 */
export function createFrameReader() {
  /** Joined when a message ends, not with every piece: a long message may come in many of them. */
  let unread: string[] = [];
  let endsLine = false;
  return function read(piece: string): Frame[] {
    unread.push(piece);
    const endsMessage = piece.includes("\n\n") || (endsLine && piece.startsWith("\n"));
    if (piece !== "") endsLine = piece.endsWith("\n");
    if (!endsMessage) return [];
    const blocks = unread.join("").split("\n\n");
    unread = [blocks.pop() ?? ""];
    return blocks.map(toFrame).filter(({ id, data }) => id !== undefined || data !== undefined);
  };
}

function toFrame(block: string): Frame {
  const frame: Frame = { id: undefined, event: "message", data: undefined };
  for (const line of block.split("\n")) {
    const [, name, value = ""] = /^(\w+): ?(.*)$/.exec(line) ?? [];
    if (name === "id") frame.id = value;
    else if (name === "event") frame.event = value;
    else if (name === "data") frame.data = frame.data === undefined ? value : `${frame.data}\n${value}`;
  }
  return frame;
}
