import { spawn } from "node:child_process";
import { connect } from "node:net";
import { childOfTheStack } from "#stack/child.ts";

/**
 * Runs a program that does not know the stack as one of its processes: `<port> <program> <arguments…>`. It is ready
 * when the port answers.
 */
const [port, program = "", ...args] = process.argv.slice(2);

// The watch reads a pipe that only this process holds open: when this process ends, even by `kill -9`, the watch ends
// the program.
const watch = '( { read -r _ <&3; kill -TERM $$; } >/dev/null 2>&1 & ) 3<&0; exec "$@" </dev/null';
const running = spawn("/bin/sh", ["-c", watch, "sh", program, ...args], {
  stdio: ["pipe", "inherit", "inherit"],
});
running.once("exit", (code) => process.exit(code ?? 1));
const child = childOfTheStack({
  stop: () =>
    new Promise((resolve) => {
      running.removeAllListeners("exit").once("exit", () => resolve());
      running.kill("SIGTERM");
    }),
});

const knock = () => {
  const socket = connect(Number(port), "127.0.0.1");
  socket.once("connect", () => {
    socket.destroy();
    child.ready({ port: Number(port) });
  });
  socket.once("error", () => setTimeout(knock, 50));
};
knock();
