import { spawn } from "node:child_process";
import { connect } from "node:net";
import { childOfTheStack } from "#stack/child.ts";

/**
 * Runs a program that is not part of this project as a process of the stack: `<port> <program> <arguments…>`. The
 * process is ready when the port answers.
 */
const [port, program = "", ...args] = process.argv.slice(2);

// A shell beside the program reads a pipe that only this process holds open. When this process ends, even by `kill -9`,
// the shell ends the program.
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
