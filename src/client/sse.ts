/** One message of a server-sent event stream. Its data is not parsed yet. */
export type Frame = { id: string | undefined; event: string; data: string | undefined };

/**
 * Parses a stream of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html) as its pieces
 * arrive. A message counts only when its final empty line has arrived: after a break inside a message, the reader
 * requests the message again. A message with an id and no data is returned too, because it moves the position.
 */
export function createFrameReader() {
  /** The pieces are joined when a message ends, because a long message may arrive in many pieces. */
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
    // The flag s lets the dot match U+2028 and U+2029 too, which end no line of a stream.
    const [, name, value = ""] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
    if (name === "id") frame.id = value;
    else if (name === "event") frame.event = value;
    else if (name === "data") frame.data = frame.data === undefined ? value : `${frame.data}\n${value}`;
  }
  return frame;
}
