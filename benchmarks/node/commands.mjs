// Commands come as JSON lines on stdin, each is answered with one on stdout.

import { createInterface } from "node:readline";

export async function answer(commands) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { op, ...fields } = JSON.parse(line);
    let told;
    try {
      told = await commands[op](fields);
    } catch (error) {
      told = { error: String(error.stack) };
    }
    process.stdout.write(`${JSON.stringify(told)}\n`);
  }
  process.exit(0);
}
